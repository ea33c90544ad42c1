//! Velocities of everything that moves, and how they answer impulses.

use rapier3d_f64::prelude::{Matrix, Rotation, Vector};

use super::geometry::Geometry;
use super::shape::Shape;
use crate::math;
use crate::robot::dynamics::Motion;
use crate::robot::{FINGERS, JOINTS_PER_FINGER};
use crate::world::settings::Physics;
use crate::world::{BlockKind, BlockState, State};

/// A body's velocity or an impulse on it: a finger's three joints and three zeros, or a block's
/// linear and angular part, world frame.
pub(super) type Six = [f64; 6];

/// How a block answers impulses.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockMass {
    /// 1/kg; zero where the block is fixed.
    pub(super) inverse_mass: f64,
    /// World frame, 1/(kg m²).
    pub(super) inverse_inertia: Matrix,
}

/// The bodies: the three fingers, then every block.
#[derive(Default)]
pub(super) struct Bodies {
    pub(super) velocities: Vec<Six>,
    accelerations: Vec<Six>,
    pub(super) fingers: Vec<Motion>,
    pub(super) blocks: Vec<BlockMass>,
}

impl Bodies {
    /// Reads masses, velocities and what accelerates each body from a state.
    pub(super) fn prepare(
        &mut self,
        state: &State,
        geometry: &Geometry,
        physics: &Physics,
        step: f64,
    ) {
        self.velocities.clear();
        self.accelerations.clear();
        self.fingers.clear();
        self.blocks.clear();
        for finger in 0..FINGERS {
            let motion =
                Motion::of(finger, &state.robot, physics.robot_drag, &state.arena.gravity, step);
            let first = finger * JOINTS_PER_FINGER;
            let rates = &state.robot.joint_velocities[first..first + JOINTS_PER_FINGER];
            self.velocities.push([rates[0], rates[1], rates[2], 0.0, 0.0, 0.0]);
            let a = motion.acceleration;
            self.accelerations.push([a.x, a.y, a.z, 0.0, 0.0, 0.0]);
            self.fingers.push(motion);
        }
        let gravity = math::to_rapier(state.arena.gravity);
        for (index, block) in state.blocks.iter().enumerate() {
            let description = &state.scene.blocks[index];
            if description.kind == BlockKind::Fixed {
                self.velocities.push([0.0; 6]);
                self.accelerations.push([0.0; 6]);
                self.blocks.push(BlockMass { inverse_mass: 0.0, inverse_inertia: Matrix::ZERO });
            } else {
                let (velocity, acceleration, mass) =
                    free_block(block, &geometry.shapes[index], gravity, step);
                self.velocities.push(velocity);
                self.accelerations.push(acceleration);
                self.blocks.push(mass);
            }
        }
    }

    /// Adds what a step without contacts would.
    pub(super) fn accelerate(&mut self, step: f64) {
        for (velocity, acceleration) in self.velocities.iter_mut().zip(&self.accelerations) {
            for (v, a) in velocity.iter_mut().zip(acceleration) {
                *v += step * a;
            }
        }
    }

    /// Moves the state by a step at the present velocities.
    pub(super) fn integrate(&self, state: &mut State, geometry: &Geometry, step: f64) {
        for (finger, velocity) in self.velocities[..FINGERS].iter().enumerate() {
            let first = finger * JOINTS_PER_FINGER;
            let positions = &mut state.robot.joint_positions[first..first + JOINTS_PER_FINGER];
            for (position, rate) in positions.iter_mut().zip(velocity) {
                *position += step * rate;
            }
        }
        for (index, (block, velocity)) in
            state.blocks.iter_mut().zip(&self.velocities[FINGERS..]).enumerate()
        {
            if state.scene.blocks[index].kind == BlockKind::Fixed {
                continue;
            }
            for (x, v) in block.position.iter_mut().zip(velocity) {
                *x += step * v;
            }
            let turn = math::from_rotation_vector([3, 4, 5].map(|i| step * velocity[i]));
            let turned = math::rotation(turn) * math::rotation(block.orientation);
            block.orientation = math::unit(math::quat(turned));
            let center = geometry.shapes[index].center;
            if center != Vector::ZERO {
                let [x, y, z, w] = block.orientation;
                let moved = Vector::new(velocity[0], velocity[1], velocity[2]) * step;
                let at = geometry.centers[index] + moved;
                let offset = Rotation::from_xyzw(x, y, z, w) * center;
                block.position = math::of_rapier(at - offset);
            }
        }
    }

    /// Writes the velocities into the state.
    pub(super) fn write_velocities(&self, state: &mut State, geometry: &Geometry) {
        for (finger, velocity) in self.velocities[..FINGERS].iter().enumerate() {
            let first = finger * JOINTS_PER_FINGER;
            state.robot.joint_velocities[first..first + JOINTS_PER_FINGER]
                .copy_from_slice(&velocity[..JOINTS_PER_FINGER]);
        }
        for (index, velocity) in self.velocities[FINGERS..].iter().enumerate() {
            if state.scene.blocks[index].kind == BlockKind::Movable {
                let [x, y, z, a, b, c] = *velocity;
                let block = &mut state.blocks[index];
                block.linear_velocity = [x, y, z];
                block.angular_velocity = [a, b, c];
                let center = geometry.shapes[index].center;
                if center != Vector::ZERO {
                    let [i, j, k, w] = block.orientation;
                    let offset = Rotation::from_xyzw(i, j, k, w) * center;
                    let turning = Vector::new(a, b, c).cross(offset);
                    block.linear_velocity = math::of_rapier(Vector::new(x, y, z) - turning);
                }
            }
        }
    }
}

/// A block's velocity, its acceleration under gravity and drag (facts 1.6, 7.2), and its mass.
fn free_block(
    block: &BlockState,
    shape: &Shape,
    gravity: Vector,
    step: f64,
) -> (Six, Six, BlockMass) {
    let angular = math::to_rapier(block.angular_velocity);
    let [x, y, z, w] = block.orientation;
    let rotation = Rotation::from_xyzw(x, y, z, w);
    // A state's velocity is that of the block's position, the box's centre.
    let linear = math::to_rapier(block.linear_velocity) + angular.cross(rotation * shape.center);
    let inertia = shape.gyration * block.mass;
    // Drag brings a block to rest within a step at most.
    let rate = |damping: f64, speed: f64| (damping * (1.0 + speed)).min(1.0 / step);
    let drag = linear * -rate(block.linear_damping, math::length(linear));
    let brake = angular * -rate(block.angular_damping, math::length(angular));
    let axes = Matrix::from_quat(rotation);
    let inverse_inertia = axes * inertia.inverse() * axes.transpose();
    let spin = gyroscopic(rotation, inertia, angular, step) + brake;
    let acceleration = gravity + drag;
    (
        [linear.x, linear.y, linear.z, angular.x, angular.y, angular.z],
        [acceleration.x, acceleration.y, acceleration.z, spin.x, spin.y, spin.z],
        BlockMass { inverse_mass: 1.0 / block.mass, inverse_inertia },
    )
}

/// The angular acceleration of a free spin, world frame, rad/s²: one Newton step of the implicit
/// equation in the body's frame, which adds no energy however fast the block turns.
fn gyroscopic(rotation: Rotation, inertia: Matrix, angular: Vector, step: f64) -> Vector {
    let local = rotation.inverse() * angular;
    let momentum = inertia * local;
    let residual = local.cross(momentum) * step;
    if residual == Vector::ZERO {
        return Vector::ZERO;
    }
    let skew = |v: Vector| {
        Matrix::from_cols(
            Vector::new(0.0, v.z, -v.y),
            Vector::new(-v.z, 0.0, v.x),
            Vector::new(v.y, -v.x, 0.0),
        )
    };
    let jacobian = inertia + (skew(local) * inertia - skew(momentum)) * step;
    rotation * (jacobian.inverse() * -residual) / step
}
