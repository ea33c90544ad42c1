//! Which bodies the solver coupled in every tick of a control step.

use serde::{Deserialize, Serialize};

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

    /// Adds one collider pair's contact to its tick, merging pairs of the same two bodies.
    pub(super) fn add(&mut self, tick: u32, a: Entity, b: Entity, impulse: f64, gap: f64) {
        let (first, second) = if a <= b { (a, b) } else { (b, a) };
        let same = |c: &&mut Coupling| c.tick == tick && c.first == first && c.second == second;
        // Ticks are added one after the other.
        match self.couplings.iter_mut().rev().take_while(|c| c.tick == tick).find(same) {
            Some(c) => {
                c.impulse += impulse;
                c.gap = c.gap.min(gap);
            }
            None => self.couplings.push(Coupling { tick, first, second, impulse, gap }),
        }
    }

    /// Puts the couplings in order, so that the report does not depend on how they were found.
    pub(super) fn sort(&mut self) {
        self.couplings.sort_unstable_by_key(|c| (c.tick, c.first, c.second));
    }
}
