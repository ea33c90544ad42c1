//! How far ahead of each part contacts are looked for.

use super::geometry::Geometry;
use crate::math;
use crate::robot::{JOINTS, JOINTS_PER_FINGER};
use crate::world::settings::Physics;
use crate::world::{BlockKind, State};

/// No point of a finger is farther from any of its joints' axes than this, m (facts 1.3).
const REACH_OF_FINGER: f64 = 0.4;

/// How fast a part moves, m/s.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// None of its points is faster.
    any: f64,
    /// Of a block's centre. The bound on a link's points is several times their speed, and
    /// turning takes no point of a block out of the ball around it, so neither counts here.
    flight: f64,
}

/// The distances within which contacts are looked for, by the paces of a state's parts.
pub(super) struct Ahead {
    pub(super) links: [Pace; JOINTS],
    pub(super) blocks: Vec<Pace>,
    prediction: f64,
    margin: f64,
    tick: f64,
}

impl Ahead {
    /// Nothing ahead of anything.
    pub(super) fn nothing() -> Self {
        let links = [Pace::default(); JOINTS];
        Self { links, blocks: Vec::new(), prediction: 0.0, margin: 0.0, tick: 0.0 }
    }

    /// Sets every pace to zero, with room for `blocks` blocks.
    pub(super) fn clear(&mut self, blocks: usize) {
        let empty = Self { blocks: std::mem::take(&mut self.blocks), ..Self::nothing() };
        *self = empty;
        self.blocks.clear();
        self.blocks.resize(blocks, Pace::default());
    }

    /// Reads the paces from a state's velocities.
    pub(super) fn read(&mut self, state: &State, geometry: &Geometry, physics: &Physics) {
        self.prediction = physics.prediction_distance;
        self.margin = physics.contact_margin;
        self.tick = physics.tick;
        self.blocks.clear();
        let described = state.blocks.iter().zip(&state.scene.blocks);
        for ((block, description), shape) in described.zip(&geometry.shapes) {
            let flight = math::length(math::to_rapier(block.linear_velocity));
            let angular = math::length(math::to_rapier(block.angular_velocity));
            self.blocks.push(match description.kind {
                BlockKind::Fixed => Pace::default(),
                BlockKind::Movable => Pace { any: flight + angular * shape.radius, flight },
            });
        }
        for (link, pace) in self.links.iter_mut().enumerate() {
            let (finger, joint) = (link / JOINTS_PER_FINGER, link % JOINTS_PER_FINGER);
            let first = finger * JOINTS_PER_FINGER;
            let rates = &state.robot.joint_velocities[first..=first + joint];
            let any = rates.iter().map(|rate| rate.abs()).sum::<f64>() * REACH_OF_FINGER;
            *pace = Pace { any, flight: 0.0 };
        }
    }

    /// The distance within which contacts of two parts are looked for, m.
    ///
    /// Within the prediction distance; where blocks fly farther in a tick than that, as far as
    /// both come.
    pub(super) fn between(&self, first: Pace, second: Pace) -> f64 {
        if self.tick * (first.flight + second.flight) > self.prediction {
            return self.of(first) + self.of(second);
        }
        self.prediction.min(self.margin + self.tick * (first.any + second.any))
    }

    /// A part's share of that distance, m: two parts' shares are never less.
    pub(super) fn of(&self, pace: Pace) -> f64 {
        let half = 0.5 * self.margin;
        let near = (half + self.tick * pace.any).min(self.prediction);
        near.max(half + self.tick * pace.flight)
    }
}
