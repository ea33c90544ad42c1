//! Which bodies the solver coupled in every tick of a control step.

use serde::{Deserialize, Serialize};

use super::Scene;
use crate::math::Triple;
use crate::robot::FINGER_NAMES;

/// A body of the world, as the mask and the contact report know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A finger, 0 to 2: all of its links.
    Finger(usize),
    /// A block, by its index in the scene, movable or fixed.
    Block(usize),
    /// The floor.
    Floor,
    /// The ring wall.
    Wall,
}

impl Entity {
    /// Its name in a scene, as images' entities are called.
    pub fn name(self, scene: &Scene) -> String {
        match self {
            Self::Finger(i) => {
                format!("robot_finger_{}", FINGER_NAMES.get(i).copied().unwrap_or_default())
            }
            Self::Block(i) => {
                scene.blocks.get(i).map(|block| block.name.clone()).unwrap_or_default()
            }
            Self::Floor => "floor".to_string(),
            Self::Wall => "stage".to_string(),
        }
    }
}

/// Two bodies that the solver coupled in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coupling {
    /// The tick within the control step, from 0.
    pub tick: u32,
    /// The lesser of the two bodies.
    pub first: Entity,
    /// The greater of the two bodies.
    pub second: Entity,
    /// Sum of the normal impulses in this tick, N s; zero where the contact was only predicted.
    pub impulse: f64,
    /// Smallest distance between the two at the tick's start, m; negative where they penetrate.
    pub gap: f64,
    /// Where they touch, world frame, m: the mean over their points, by impulse.
    #[serde(default)]
    pub place: Triple,
    /// The sum of the normal impulses on the second body, world frame, N s.
    #[serde(default)]
    pub push: Triple,
}

/// The couplings of one control step, ordered by tick and bodies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contacts {
    /// Every coupled pair of every tick.
    pub couplings: Vec<Coupling>,
}

impl Contacts {
    /// Whether the two bodies pushed on each other in any tick.
    pub fn touched(&self, a: Entity, b: Entity) -> bool {
        let (first, second) = if a <= b { (a, b) } else { (b, a) };
        self.couplings.iter().any(|c| c.first == first && c.second == second && c.impulse > 0.0)
    }

    /// Whether any finger pushed on any block in any tick.
    pub fn finger_on_block(&self) -> bool {
        self.couplings.iter().any(|c| {
            matches!((c.first, c.second), (Entity::Finger(_), Entity::Block(_))) && c.impulse > 0.0
        })
    }

    /// The deepest penetration at the start of any tick between two bodies, m (0 where none).
    pub fn deepest(&self, a: Entity, b: Entity) -> f64 {
        let (first, second) = if a <= b { (a, b) } else { (b, a) };
        self.couplings
            .iter()
            .filter(|c| c.first == first && c.second == second)
            .fold(0.0, |deepest, c| f64::max(deepest, -c.gap))
    }

    /// Adds one contact to its tick, its bodies in any order, merging those of the same two bodies.
    pub(super) fn add(&mut self, contact: Coupling) {
        let Coupling { tick, first: a, second: b, impulse, gap, place, push } = contact;
        let turned = a > b;
        let (first, second) = if turned { (b, a) } else { (a, b) };
        let push = if turned { push.map(|x| -x) } else { push };
        let same = |c: &&mut Coupling| c.tick == tick && c.first == first && c.second == second;
        // Ticks are added one after the other.
        match self.couplings.iter_mut().rev().take_while(|c| c.tick == tick).find(same) {
            Some(c) => {
                if c.impulse + impulse > 0.0 {
                    let share = impulse / (c.impulse + impulse);
                    c.place = [0, 1, 2].map(|i| c.place[i] + share * (place[i] - c.place[i]));
                }
                c.impulse += impulse;
                c.gap = c.gap.min(gap);
                c.push = [0, 1, 2].map(|i| c.push[i] + push[i]);
            }
            None => {
                let merged = Coupling { tick, first, second, impulse, gap, place, push };
                self.couplings.push(merged);
            }
        }
    }

    /// Puts the couplings in order, so that the report does not depend on how they were found.
    pub(super) fn sort(&mut self) {
        self.couplings.sort_unstable_by_key(|c| (c.tick, c.first, c.second));
    }
}
