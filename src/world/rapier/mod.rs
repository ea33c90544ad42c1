//! Rapier's own articulated bodies and contact solver as an engine: restore from a template,
//! write numbers, tick, read numbers.

mod build;
mod constants;
mod order;

use rapier3d_f64::prelude::*;

use build::{Built, Sets};
use constants::Constants;
use order::Order;

use super::contacts::{Contacts, Coupling};
use super::settings::Physics;
use super::{BlockState, State};
use crate::math;
use crate::robot::{self, FINGERS, JOINTS, JOINTS_PER_FINGER, Nine, dynamics};

/// Joint angles at which no link is near another, the floor or a block, rad.
const SPREAD: Nine = robot::every_finger([0.0, 1.0, -1.0]);

/// Leaves to the solver only the contacts that can close within a tick.
///
/// Whether one can is a function of its two bodies alone, so it ties no other body to them; far
/// fewer pairs are coupled than with all contacts inside the prediction distance.
struct Closing {
    tick: f64,
    margin: f64,
}

impl PhysicsHooks for Closing {
    fn modify_solver_contacts(&self, context: &mut ContactModificationContext) {
        let bodies = context.bodies;
        let body = |handle: Option<RigidBodyHandle>| handle.and_then(|h| bodies.get(h));
        let (first, second) = (body(context.rigid_body1), body(context.rigid_body2));
        let velocity = |body: Option<&RigidBody>, point| {
            body.map_or(Vector::ZERO, |body| body.velocity_at_point(point))
        };
        if let Some(manifold) = context.rigid_mut() {
            let normal = *manifold.normal;
            manifold.solver_contacts.retain(|contact| {
                let apart = velocity(second, contact.anchor2) - velocity(first, contact.anchor1);
                contact.dist + apart.dot(normal) * self.tick < self.margin
            });
        }
    }
}

/// A place for an engine, built on first use from the state at hand.
pub(super) struct Slot {
    physics: Physics,
    engine: Option<Rapier>,
}

impl Slot {
    pub(super) fn new(physics: &Physics) -> Self {
        Self { physics: *physics, engine: None }
    }

    /// The engine with the state written into it.
    pub(super) fn at(&mut self, state: &State) -> &mut Rapier {
        let engine = self.engine.get_or_insert_with(|| Rapier::new(&self.physics, state));
        engine.restore(state);
        engine
    }
}

/// A Rapier world whose every step starts from plain numbers.
///
/// The template is the world as built from the constants, with its trees populated and nothing in
/// contact. A control step puts the template's bodies, islands and phases in place of the live
/// ones and writes the numbers of the state into them; joints and shapes hold no history once the
/// numbers are written and stay.
pub(super) struct Rapier {
    constants: Constants,
    template: Built,
    live: Sets,
    parameters: IntegrationParameters,
    robot_drag: f64,
    hooks: ActiveHooks,
    closing: Closing,
    pipeline: PhysicsPipeline,
    impulse_joints: ImpulseJointSet,
    soft_bodies: SoftBodySet,
    ccd_solver: CCDSolver,
    // The constants of the state at hand, read here to be compared without allocation.
    wanted: Constants,
    order: Order,
}

impl Rapier {
    fn new(physics: &Physics, state: &State) -> Self {
        let constants = Constants::of(state);
        let closing = Closing { tick: physics.tick, margin: physics.contact_margin };
        // Where every contact found is solved there is nothing to leave out.
        let hooks = if physics.contact_margin < physics.prediction_distance {
            ActiveHooks::MODIFY_SOLVER_CONTACTS
        } else {
            ActiveHooks::empty()
        };
        let template = build::build(&constants, hooks);
        let mut engine = Self {
            wanted: constants.clone(),
            order: Order::new(&template.sets),
            live: template.sets.clone(),
            constants,
            template,
            parameters: build::parameters(physics),
            robot_drag: physics.robot_drag,
            hooks,
            closing,
            pipeline: PhysicsPipeline::new(),
            impulse_joints: ImpulseJointSet::new(),
            soft_bodies: SoftBodySet::new(),
            ccd_solver: CCDSolver::new(),
        };
        engine.settle();
        engine
    }

    /// Two steps without time fill trees and islands; the result becomes the template.
    ///
    /// The fingers stand spread while that happens: a template must hold no contact.
    fn settle(&mut self) {
        self.write_joints(&SPREAD, &[0.0; JOINTS]);
        let dt = std::mem::replace(&mut self.parameters.dt, 0.0);
        self.pipeline_step(Vector::ZERO);
        self.order.part(&mut self.live, &self.parameters);
        self.order.keep(&mut self.live, &self.parameters);
        self.pipeline_step(Vector::ZERO);
        self.parameters.dt = dt;
        self.template.sets = self.live.clone();
    }

    /// Makes the engine's numbers those of the state, and nothing else.
    fn restore(&mut self, state: &State) {
        self.wanted.read(state);
        if self.wanted != self.constants {
            std::mem::swap(&mut self.wanted, &mut self.constants);
            self.template = build::build(&self.constants, self.hooks);
            self.order = Order::new(&self.template.sets);
            self.live = self.template.sets.clone();
            self.settle();
        } else {
            let template = &self.template.sets;
            self.live.bodies.clone_from(&template.bodies);
            self.live.islands.clone_from(&template.islands);
            self.live.broad_phase.clone_from(&template.broad_phase);
            self.live.narrow_phase.clone_from(&template.narrow_phase);
        }
        self.write_joints(&state.robot.joint_positions, &state.robot.joint_velocities);
        self.write_blocks(&state.blocks);
        self.order.begin(&mut self.live, &self.parameters);
    }

    fn write_joints(&mut self, positions: &Nine, velocities: &Nine) {
        for finger in 0..FINGERS {
            let handles = self.template.links[finger];
            let Some(id) = self.live.multibodies.rigid_body_link(handles[0]).copied() else {
                continue;
            };
            let Some(multibody) = self.live.multibodies.get_multibody_mut(id.multibody) else {
                continue;
            };
            let first = finger * JOINTS_PER_FINGER;
            let wanted = &positions[first..first + JOINTS_PER_FINGER];
            // Back to zero, then to the value: one displacement would leave a rounding error.
            let back: [f64; JOINTS_PER_FINGER] = std::array::from_fn(|j| -coordinate(multibody, j));
            multibody.apply_displacements(&back);
            multibody.apply_displacements(wanted);
            let velocities = &velocities[first..first + JOINTS_PER_FINGER];
            multibody.generalized_velocity_mut().copy_from_slice(velocities);
            multibody.forward_kinematics(&self.live.bodies, true);
            for (joint, handle) in handles.into_iter().enumerate() {
                // Through the body, so that its colliders are known to have moved.
                if let (Some(link), Some(body)) =
                    (multibody.link(joint + 1), self.live.bodies.get_mut(handle))
                {
                    body.set_position(*link.local_to_world(), true);
                }
            }
        }
    }

    fn write_blocks(&mut self, blocks: &[BlockState]) {
        for (block, handle) in blocks.iter().zip(&self.template.blocks) {
            if let Some(body) = handle.and_then(|h| self.live.bodies.get_mut(h)) {
                body.set_position(math::to_rapier_pose(block.position, block.orientation), true);
                let angular = math::to_rapier(block.angular_velocity);
                let offset = center_of_mass(body);
                let linear = math::to_rapier(block.linear_velocity) + angular.cross(offset);
                body.set_linvel(linear, true);
                body.set_angvel(angular, true);
            }
        }
    }

    /// Reads the joints' angles and velocities.
    fn read_joints(&self, positions: &mut Nine, velocities: &mut Nine) {
        for finger in 0..FINGERS {
            let handle = self.template.links[finger][0];
            let Some(id) = self.live.multibodies.rigid_body_link(handle) else { continue };
            let Some(multibody) = self.live.multibodies.get_multibody(id.multibody) else {
                continue;
            };
            for joint in 0..JOINTS_PER_FINGER {
                let index = finger * JOINTS_PER_FINGER + joint;
                positions[index] = coordinate(multibody, joint);
                velocities[index] = multibody.generalized_velocity()[joint];
            }
        }
    }

    /// Reads the movable blocks' poses and velocities.
    fn read_blocks(&self, blocks: &mut [BlockState]) {
        for (block, handle) in blocks.iter_mut().zip(&self.template.blocks) {
            if let Some(body) = handle.and_then(|h| self.live.bodies.get(h)) {
                let rotation = body.rotation();
                block.position = math::of_rapier(body.translation());
                block.orientation = [rotation.x, rotation.y, rotation.z, rotation.w];
                // A state's velocity is that of the block's position, Rapier's of the centre of mass.
                let offset = center_of_mass(body);
                let linear = body.linvel() - body.angvel().cross(offset);
                block.linear_velocity = math::of_rapier(linear);
                block.angular_velocity = math::of_rapier(body.angvel());
            }
        }
    }

    /// Sets the joints' torques, N m, as pairs on each link and its parent.
    fn set_joint_torques(&mut self, torques: &[f64; JOINTS]) {
        for finger in 0..FINGERS {
            let handles = self.template.links[finger];
            let world: [Vector; JOINTS_PER_FINGER] = std::array::from_fn(|joint| {
                let axis = math::to_rapier(self.template.axes[joint]);
                let torque = torques[finger * JOINTS_PER_FINGER + joint];
                self.live.bodies[handles[joint]].rotation() * axis * torque
            });
            for joint in 0..JOINTS_PER_FINGER {
                let reaction = world.get(joint + 1).copied().unwrap_or(Vector::ZERO);
                if let Some(body) = self.live.bodies.get_mut(handles[joint]) {
                    body.reset_torques(false);
                    body.add_torque(world[joint] - reaction, true);
                }
            }
        }
    }

    /// Sets the drag on the movable blocks from their velocities (facts 1.6, 7.2); it brings a block
    /// to rest within a tick at most.
    fn set_block_drag(&mut self, blocks: &[BlockState]) {
        let most = 1.0 / self.parameters.dt;
        for (block, handle) in blocks.iter().zip(&self.template.blocks) {
            let Some(body) = handle.and_then(|h| self.live.bodies.get_mut(h)) else { continue };
            let linear = body.linvel();
            let angular = body.angvel();
            let drag = -block.mass * block.linear_damping * (1.0 + math::length(linear));
            let force = linear * drag.max(-block.mass * most);
            let rotation = *body.rotation();
            let local = rotation.inverse() * angular;
            let properties = body.mass_properties().local_mprops;
            let frame = properties.principal_inertia_local_frame;
            let momentum = frame * (properties.principal_inertia() * (frame.inverse() * local));
            let brake = (-block.angular_damping * (1.0 + math::length(angular))).max(-most);
            let torque = rotation * momentum * brake;
            body.reset_forces(false);
            body.reset_torques(false);
            body.add_force(force, true);
            body.add_torque(torque, true);
        }
    }

    /// One tick under the motor torques of `state.robot`, with that many solver passes.
    pub(super) fn tick(
        &mut self,
        state: &mut State,
        tick: u32,
        passes: u32,
        contacts: &mut Contacts,
    ) {
        let robot = &state.robot;
        let step = self.parameters.dt / self.parameters.num_solver_iterations as f64;
        let gravity = state.arena.gravity;
        let free = dynamics::passive_torques(robot, self.robot_drag, &gravity, step);
        self.set_joint_torques(&std::array::from_fn(|i| robot.torques[i] + free[i]));
        self.set_block_drag(&state.blocks);
        self.parameters.num_internal_pgs_iterations = passes as usize;
        self.order.keep(&mut self.live, &self.parameters);
        self.pipeline_step(math::to_rapier(gravity));
        let robot = &mut state.robot;
        self.read_joints(&mut robot.joint_positions, &mut robot.joint_velocities);
        self.read_blocks(&mut state.blocks);
        if state.hold() {
            self.write_joints(&state.robot.joint_positions, &state.robot.joint_velocities);
            self.write_blocks(&state.blocks);
        }
        self.report(tick, contacts);
    }

    /// Adds the contacts at the numbers written to a report; no time passes.
    pub(super) fn detect(&mut self, contacts: &mut Contacts) {
        let dt = std::mem::replace(&mut self.parameters.dt, 0.0);
        self.pipeline_step(Vector::ZERO);
        self.parameters.dt = dt;
        self.report(0, contacts);
    }

    /// Adds this tick's contacts to a report.
    fn report(&self, tick: u32, contacts: &mut Contacts) {
        for pair in self.live.narrow_phase.contact_pairs() {
            if !pair.has_any_active_contact() {
                continue;
            }
            let (Some(first), Some(second)) =
                (self.live.colliders.get(pair.collider1), self.live.colliders.get(pair.collider2))
            else {
                continue;
            };
            let bodies = [first, second].map(|collider| build::entity(collider.user_data));
            let (mut impulse, mut gap) = (0.0, f64::INFINITY);
            let (mut place, mut push) = (Vector::ZERO, Vector::ZERO);
            for manifold in pair.solver_manifolds() {
                let own = manifold.subshape_pos1().copied().unwrap_or_default();
                for point in &manifold.points {
                    impulse += point.data.impulse;
                    gap = gap.min(point.dist);
                    let at = own.transform_point(point.local_p1);
                    place += first.position().transform_point(at) * point.data.impulse;
                    push += manifold.data.normal * point.data.impulse;
                }
            }
            let place = if impulse > 0.0 { place / impulse } else { place };
            let [place, push] = [place, push].map(|v| [v.x, v.y, v.z]);
            let [first, second] = bodies;
            contacts.add(Coupling { tick, first, second, impulse, gap, place, push });
        }
    }

    fn pipeline_step(&mut self, gravity: Vector) {
        self.pipeline.step(
            gravity,
            &self.parameters,
            &mut self.live.islands,
            &mut self.live.broad_phase,
            &mut self.live.narrow_phase,
            &mut self.live.bodies,
            &mut self.live.colliders,
            &mut self.impulse_joints,
            &mut self.live.multibodies,
            &mut self.soft_bodies,
            &mut self.ccd_solver,
            &self.closing,
            &(),
        );
    }
}

/// The angle of a finger's joint: Rapier keeps a revolute joint's angle as its first angular
/// coordinate, after the three linear ones.
fn coordinate(multibody: &Multibody, joint: usize) -> f64 {
    multibody.link(joint + 1).map_or(0.0, |link| link.joint().coords()[3])
}

/// Where a body's centre of mass is from its position, world frame, m.
fn center_of_mass(body: &RigidBody) -> Vector {
    *body.rotation() * body.mass_properties().local_mprops.local_com
}
