//! Parts that can meet, and the points where they do.

use rapier3d_f64::prelude::{Pose, Vector};

use super::ahead::Pace;
use super::geometry::Geometry;
use crate::math;
use crate::robot::JOINTS_PER_FINGER;
use crate::world::State;
use crate::world::contacts::{Coupling, Entity};

/// One side of a contact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    /// A point of a link, in the link's frame; links are counted as joints.
    Link(usize, Vector),
    /// A point of a movable block, in the block's frame.
    Block(usize, Vector),
    /// A point that does not move, world frame.
    Still(Vector),
}

/// One contact point between two parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) first: Entity,
    pub(super) second: Entity,
    pub(super) sides: [Side; 2],
    /// From the first part to the second, world frame.
    pub(super) normal: Vector,
    /// Between the two sides along the normal, m; negative where they overlap.
    pub(super) distance: f64,
    pub(super) friction: f64,
    pub(super) restitution: f64,
    /// Tells this point from others of a tick, and finds it again in the next tick.
    pub(super) key: [u32; 4],
}

impl Point {
    /// What a report says of it, after that impulse.
    pub(super) fn coupling(&self, geometry: &Geometry, tick: u32, impulse: f64) -> Coupling {
        let place = match self.sides[0] {
            Side::Still(point) => point,
            Side::Block(block, local) => geometry.blocks[block].transform_point(local),
            Side::Link(link, local) => geometry.links[link].transform_point(local),
        };
        let [place, push] = [place, self.normal * impulse].map(|v| [v.x, v.y, v.z]);
        let (first, second, gap) = (self.first, self.second, self.distance);
        Coupling { tick, first, second, impulse, gap, place, push }
    }
}

/// A part that a contact is about.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) entity: Entity,
    /// Tells the parts of all entities apart.
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) pose: &'a Pose,
    /// Friction and restitution.
    pub(super) material: [f64; 2],
    pub(super) pace: Pace,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Link(usize),
    Block(usize),
    Still,
}

impl Part<'_> {
    /// The same part, a piece of its mesh.
    pub(super) fn piece(self, piece: usize) -> Self {
        Self { number: self.number + piece as u32, ..self }
    }

    pub(super) fn side(&self, local: Vector) -> Side {
        match self.kind {
            Kind::Link(link) => Side::Link(link, local),
            Kind::Block(block) => Side::Block(block, local),
            Kind::Still => Side::Still(self.pose.transform_point(local)),
        }
    }
}

/// A point of two parts; `feature` tells it from others of the same two.
pub(super) fn new_point(
    first: Part,
    second: Part,
    sides: [Side; 2],
    normal: Vector,
    distance: f64,
    feature: [u32; 2],
) -> Point {
    Point {
        first: first.entity,
        second: second.entity,
        sides,
        normal,
        distance,
        friction: first.material[0] * second.material[0],
        restitution: first.material[1] * second.material[1],
        key: [first.number, second.number, feature[0], feature[1]],
    }
}

/// The velocity of a side's point, world frame, m/s.
pub(super) fn point_velocity(side: &Side, state: &State, geometry: &Geometry) -> Vector {
    match *side {
        Side::Still(_) => Vector::ZERO,
        Side::Block(block, local) => {
            let arm = geometry.blocks[block].rotation * local;
            let block = &state.blocks[block];
            math::to_rapier(block.linear_velocity)
                + math::to_rapier(block.angular_velocity).cross(arm)
        }
        Side::Link(link, local) => {
            let at = geometry.links[link].transform_point(local);
            let finger = link / JOINTS_PER_FINGER * JOINTS_PER_FINGER;
            (finger..=link).fold(Vector::ZERO, |velocity, joint| {
                let (origin, axis) = geometry.joint(joint);
                velocity + axis.cross(at - origin) * state.robot.joint_velocities[joint]
            })
        }
    }
}
