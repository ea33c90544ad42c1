//! Other values of a node: a donor's, one that is near, one that is as near as can be.

use super::Taken;
use super::nodes::{bodies, copy, movable};
use crate::causal::Source;
use crate::rng::Rng;
use crate::robot::{FINGERS, Nine};
use crate::space::BoxSpace;
use crate::world::State;

/// Where a node's other value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Perturbation {
    /// The value in another recorded step; a finger brings its action with it. This is what CoDA
    /// does.
    Donor,
    /// A push: 1 mm, 1 cm/s, 0.01 rad, 0.1 rad/s, 5 % of an action's range.
    Push,
    /// The same directions with 10⁻⁶ in every unit: the Jacobian's mask, beside the others because
    /// a contact's outcome is often constant nearby.
    Infinitesimal,
}

impl Perturbation {
    /// Every one, in order.
    pub const ALL: [Self; 3] = [Self::Donor, Self::Push, Self::Infinitesimal];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Donor => "donor swaps",
            Self::Push => "finite pushes",
            Self::Infinitesimal => "infinitesimal perturbations",
        }
    }
}

/// How far a value is changed.
struct Sizes {
    /// m
    position: f64,
    /// m/s
    velocity: f64,
    /// rad
    angle: f64,
    /// rad/s
    rate: f64,
    /// Of an action's range.
    action: f64,
}

const PUSH: Sizes = Sizes { position: 1e-3, velocity: 1e-2, angle: 1e-2, rate: 1e-1, action: 5e-2 };
const INFINITESIMAL: Sizes =
    Sizes { position: 1e-6, velocity: 1e-6, angle: 1e-6, rate: 1e-6, action: 1e-6 };

/// A state and an action of which one node is otherwise.
pub(super) struct Perturbed {
    pub(super) state: State,
    pub(super) action: Nine,
}

impl Perturbed {
    /// The step with another value of a node; a goal's place stands for all goals. `None` for a
    /// donor's fixed block, which is part of the context.
    pub(super) fn new(
        t: &Taken,
        source: Source,
        kind: Perturbation,
        donor: Option<&Taken>,
        space: &BoxSpace,
        rng: &mut Rng,
    ) -> Option<Self> {
        let mut changed = Self { state: t.before.clone(), action: t.action };
        let sizes = match (kind, donor) {
            (Perturbation::Donor, Some(donor)) => {
                let moves = !matches!(source, Source::Node(node) if !movable(&t.before, node));
                return moves.then(|| changed.swapped(source, donor));
            }
            (Perturbation::Infinitesimal, _) => INFINITESIMAL,
            _ => PUSH,
        };
        changed.push(source, &sizes, space, rng);
        Some(changed)
    }

    fn swapped(mut self, source: Source, donor: &Taken) -> Self {
        let count = bodies(&self.state);
        match source {
            Source::Node(node) if node >= count => self.state.goals.clone_from(&donor.before.goals),
            Source::Node(node) => copy(node, &donor.before, &mut self.state),
            Source::Action(_) => {}
        }
        if let Source::Action(finger) | Source::Node(finger @ 0..FINGERS) = source {
            let own = 3 * finger..3 * finger + 3;
            self.action[own.clone()].copy_from_slice(&donor.action[own]);
        }
        self
    }

    fn push(&mut self, source: Source, sizes: &Sizes, space: &BoxSpace, rng: &mut Rng) {
        let mut add = |numbers: &mut [f64], size: f64| {
            numbers.iter_mut().for_each(|n| *n += if rng.below(2) == 0 { size } else { -size });
        };
        let count = bodies(&self.state);
        match source {
            Source::Action(finger) => {
                for i in 3 * finger..3 * finger + 3 {
                    let (low, high) = (space.low[i], space.high[i]);
                    let size = sizes.action * (high - low);
                    add(&mut self.action[i..=i], size);
                    // At a bound the action has one side to go to.
                    if !(low..=high).contains(&self.action[i]) {
                        self.action[i] = self.action[i].clamp(low + size, high - size);
                    }
                }
            }
            Source::Node(finger @ 0..FINGERS) => {
                let own = 3 * finger..3 * finger + 3;
                add(&mut self.state.robot.joint_positions[own.clone()], sizes.angle);
                add(&mut self.state.robot.joint_velocities[own], sizes.rate);
            }
            Source::Node(node) if node < count => {
                let fixed = !movable(&self.state, node);
                let block = &mut self.state.blocks[node - FINGERS];
                add(&mut block.position, sizes.position);
                if !fixed {
                    add(&mut block.linear_velocity, sizes.velocity);
                    add(&mut block.angular_velocity, sizes.rate);
                }
            }
            Source::Node(_) => {
                self.state.goals.iter_mut().for_each(|g| add(&mut g.position, sizes.position));
            }
        }
    }
}
