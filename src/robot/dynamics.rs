//! How the fingers move in free space: closed-form dynamics of one finger.
//!
//! M(q) q̈ = τ - bias(q, q̇) + drag(q, q̇), with bias the Coriolis, centrifugal and gravity terms.
//! A finger has four parts: upper, middle and lower link, and the tip, fixed to the lower link,
//! which feels drag of its own. Its masses are those of the base, upper, middle and lower link in
//! the order of [`RobotState::links`]; a link's inertia scales with its mass, the tip's is fixed.
//!
//! Vectors are expressed in the upper link's frame, which stands still for the instant: there the
//! three joint axes are constant, and the upper joint's angle enters through gravity alone.

use std::sync::LazyLock;

use nalgebra::{Matrix3, Vector3};

use super::semi_implicit;
use super::{
    FINGERS, Finger, JOINTS_PER_FINGER, LINKS_PER_FINGER, Nine, RobotState, description, kinematics,
};
use crate::math::{self, Triple, sin_cos};

/// The number of a finger's parts.
const PARTS: usize = JOINTS_PER_FINGER + 1;

/// One finger's equation of motion at one instant, joint space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dynamics {
    /// The mass matrix M, kg m².
    pub mass_matrix: Matrix3<f64>,
    /// Coriolis and centrifugal torques, N m.
    pub coriolis: Vector3<f64>,
    /// Torques of gravity, N m, on the side of the applied torques.
    pub gravity: Vector3<f64>,
    /// Torques of drag, N m, on the side of the applied torques.
    pub drag: Vector3<f64>,
}

impl Dynamics {
    /// The equation of motion at these angles (rad) and velocities (rad/s).
    ///
    /// `gravity` is in the world frame, m/s²; `drag` is the coefficient d of facts 1.6: every part
    /// feels the force -m v (d + d |v|) at its centre and the torque -I ω (d + d |ω|).
    pub fn of(
        finger: usize,
        joints: Triple,
        velocities: Triple,
        masses: [f64; LINKS_PER_FINGER],
        gravity: Triple,
        drag: f64,
    ) -> Self {
        Self::along(&Chain::of(finger, joints, velocities), masses, gravity, drag)
    }

    fn along(chain: &Chain, masses: [f64; LINKS_PER_FINGER], gravity: Triple, drag: f64) -> Self {
        let gravity = chain.gravity(gravity);
        let mut dynamics = Self {
            mass_matrix: Matrix3::zeros(),
            coriolis: Vector3::zeros(),
            gravity: Vector3::zeros(),
            drag: Vector3::zeros(),
        };
        for part in &chain.model.parts {
            let (mass, inertia, joint) = (part.mass(masses), part.inertia(masses), part.joint);
            let arm = chain.rotation[joint] * part.com;
            let at = chain.origin[joint] + arm;
            let inertia = chain.rotation[joint] * inertia * chain.rotation[joint].transpose();
            let spin = chain.spin[joint];
            let momentum = inertia * spin;
            let acceleration = chain.acceleration(joint, arm);
            let torque = inertia * chain.spin_rate[joint] + spin.cross(&momentum);
            dynamics.coriolis += chain.project(joint, at, mass * acceleration, torque);
            dynamics.gravity += chain.project(joint, at, mass * gravity, Vector3::zeros());
            let velocity = chain.velocity[joint] + spin.cross(&arm);
            dynamics.drag += chain.project(
                joint,
                at,
                velocity * (-mass * drag * (1.0 + velocity.norm())),
                momentum * (-drag * (1.0 + spin.norm())),
            );
            add_mass(&mut dynamics.mass_matrix, chain, joint, at, mass, &inertia);
        }
        dynamics
    }

    /// The acceleration under the given joint torques (N m), rad/s².
    pub fn acceleration(&self, torques: Vector3<f64>) -> Vector3<f64> {
        self.solve(torques + self.gravity + self.drag - self.coriolis)
    }

    /// M⁻¹ times a vector of torques.
    pub fn solve(&self, torques: Vector3<f64>) -> Vector3<f64> {
        // Positive definite for positive masses, so the factorisation exists.
        self.mass_matrix.cholesky().map_or_else(Vector3::zeros, |factor| factor.solve(&torques))
    }
}

/// The torques of all nine joints, N m, to add to the controller's for one engine tick.
///
/// They are drag (coefficient `drag`), viscous joint damping, taken implicitly so that it is
/// stable however large, and the correction of [`semi_implicit`], which assumes that besides
/// gravity (world frame, m/s²) `robot.torques` and these act. `dt` is the engine's internal step, s.
pub fn passive_torques(robot: &RobotState, drag: f64, gravity: &Triple, dt: f64) -> Nine {
    let mut passive = [0.0; 9];
    for finger in 0..FINGERS {
        let joints = kinematics::of_finger(&robot.joint_positions, finger);
        let velocities = kinematics::of_finger(&robot.joint_velocities, finger);
        let first = finger * LINKS_PER_FINGER;
        let masses = [0, 1, 2, 3].map(|link| robot.links[first + link].mass);
        let chain = Chain::of(finger, joints, velocities);
        let dynamics = Dynamics::along(&chain, masses, *gravity, drag);
        let motor = math::vector(kinematics::of_finger(&robot.torques, finger));
        let velocity = math::vector(velocities);
        let damping = joint_damping(&dynamics, motor, velocity, robot.joint_damping, dt);
        let applied = motor + dynamics.drag + damping;
        let correction = semi_implicit::correction(&chain, masses, &dynamics, applied, dt);
        let torques = dynamics.drag + damping + correction;
        let first = finger * JOINTS_PER_FINGER;
        passive[first..first + JOINTS_PER_FINGER].copy_from_slice(torques.as_slice());
    }
    passive
}

/// The torque of viscous damping at the velocity after the step, (M + dt d) a = f - d q̇.
fn joint_damping(
    dynamics: &Dynamics,
    motor: Vector3<f64>,
    velocity: Vector3<f64>,
    damping: f64,
    dt: f64,
) -> Vector3<f64> {
    if damping == 0.0 {
        return Vector3::zeros();
    }
    let mut damped = *dynamics;
    damped.mass_matrix += Matrix3::from_diagonal_element(dt * damping);
    let acceleration = damped.acceleration(motor - damping * velocity);
    -damping * (velocity + dt * acceleration)
}

/// One rigid part of a finger.
pub(super) struct Part {
    /// The joint that carries it.
    pub(super) joint: usize,
    /// Centre of mass in the frame of the link that this joint carries, m.
    pub(super) com: Vector3<f64>,
    /// Which of the finger's masses is its mass; `None` for the tip.
    link: Option<usize>,
    mass: f64,
    inertia: Matrix3<f64>,
}

impl Part {
    pub(super) fn mass(&self, masses: [f64; LINKS_PER_FINGER]) -> f64 {
        self.link.map_or(self.mass, |link| masses[link])
    }

    /// Inertia about the centre of mass, link frame, kg m².
    pub(super) fn inertia(&self, masses: [f64; LINKS_PER_FINGER]) -> Matrix3<f64> {
        self.inertia * (self.mass(masses) / self.mass)
    }
}

/// What of a finger the dynamics need, in matrices.
pub(super) struct Model {
    pub(super) parts: [Part; PARTS],
    /// Origin of the middle and of the lower link in the link before, m.
    offsets: [Vector3<f64>; 2],
    /// From the world frame into that of the finger's base.
    from_world: Matrix3<f64>,
}

/// The matrices of one finger, computed once from the description.
fn model(finger: usize) -> &'static Model {
    static MODELS: LazyLock<[Model; FINGERS]> =
        LazyLock::new(|| description().fingers.each_ref().map(Model::of));
    &MODELS[finger]
}

impl Model {
    fn of(finger: &Finger) -> Self {
        let part = |joint: usize, link: Option<usize>| {
            let (body, offset) = match link {
                Some(link) => (&finger.links[link], [0.0; 3]),
                None => (&finger.tip, finger.tip_position),
            };
            let frame = *math::rotation(body.inertia_frame).to_rotation_matrix().matrix();
            let principal = Matrix3::from_diagonal(&math::vector(body.inertia));
            Part {
                joint,
                com: math::vector(body.com) + math::vector(offset),
                link,
                mass: body.mass,
                inertia: frame * principal * frame.transpose(),
            }
        };
        Self {
            parts: [part(0, Some(1)), part(1, Some(2)), part(2, Some(3)), part(2, None)],
            offsets: [1, 2].map(|joint| math::vector(finger.joints[joint].position)),
            from_world: math::rotation(finger.orientation).inverse().to_rotation_matrix().into(),
        }
    }
}

/// The joints' frames and motions, in the upper link's frame; accelerations are those at q̈ = 0.
pub(super) struct Chain {
    pub(super) model: &'static Model,
    /// The upper joint's angle, rad.
    upper: f64,
    /// Joint velocities, rad/s.
    pub(super) rates: Triple,
    pub(super) origin: [Vector3<f64>; JOINTS_PER_FINGER],
    pub(super) axis: [Vector3<f64>; JOINTS_PER_FINGER],
    pub(super) rotation: [Matrix3<f64>; JOINTS_PER_FINGER],
    /// Angular velocity of the link that each joint carries, rad/s.
    pub(super) spin: [Vector3<f64>; JOINTS_PER_FINGER],
    spin_rate: [Vector3<f64>; JOINTS_PER_FINGER],
    velocity: [Vector3<f64>; JOINTS_PER_FINGER],
    origin_acceleration: [Vector3<f64>; JOINTS_PER_FINGER],
}

impl Chain {
    pub(super) fn of(finger: usize, joints: Triple, velocities: Triple) -> Self {
        let model = model(finger);
        let zeros = [Vector3::zeros(); JOINTS_PER_FINGER];
        let mut chain = Self {
            model,
            upper: joints[0],
            rates: velocities,
            origin: zeros,
            // The axes of the description, -x, y and y; a test holds them together.
            axis: [-Vector3::x(), Vector3::y(), Vector3::y()],
            rotation: [Matrix3::identity(), about_y(joints[1]), about_y(joints[1] + joints[2])],
            spin: [-Vector3::x() * velocities[0]; JOINTS_PER_FINGER],
            spin_rate: zeros,
            velocity: zeros,
            origin_acceleration: zeros,
        };
        for (before, offset) in model.offsets.iter().enumerate() {
            let joint = before + 1;
            let arm = chain.rotation[before] * offset;
            let spin = chain.spin[before];
            let turn = chain.axis[joint] * velocities[joint];
            chain.origin[joint] = chain.origin[before] + arm;
            chain.velocity[joint] = chain.velocity[before] + spin.cross(&arm);
            chain.origin_acceleration[joint] = chain.acceleration(before, arm);
            chain.spin[joint] = spin + turn;
            chain.spin_rate[joint] = chain.spin_rate[before] + spin.cross(&turn);
        }
        chain
    }

    /// The acceleration at q̈ = 0 of a point fixed to a joint's link, `arm` away from the joint.
    fn acceleration(&self, joint: usize, arm: Vector3<f64>) -> Vector3<f64> {
        let spin = self.spin[joint];
        self.origin_acceleration[joint]
            + self.spin_rate[joint].cross(&arm)
            + spin.cross(&spin.cross(&arm))
    }

    fn gravity(&self, gravity: Triple) -> Vector3<f64> {
        let g = self.model.from_world * math::vector(gravity);
        // The upper link is turned by the joint's angle about -x.
        let (sin, cos) = sin_cos(self.upper);
        Vector3::new(g.x, cos * g.y - sin * g.z, sin * g.y + cos * g.z)
    }

    /// The joint torques of a force at a point and a torque on the link that a joint carries.
    fn project(
        &self,
        joint: usize,
        at: Vector3<f64>,
        force: Vector3<f64>,
        torque: Vector3<f64>,
    ) -> Vector3<f64> {
        let mut projected = Vector3::zeros();
        for i in 0..=joint {
            projected[i] = self.axis[i].dot(&((at - self.origin[i]).cross(&force) + torque));
        }
        projected
    }

    /// How fast a point of the link that `joint` carries moves per unit velocity of joint `i`.
    pub(super) fn lever(&self, i: usize, joint: usize, at: Vector3<f64>) -> Vector3<f64> {
        if i > joint { Vector3::zeros() } else { self.axis[i].cross(&(at - self.origin[i])) }
    }
}

fn add_mass(
    mass_matrix: &mut Matrix3<f64>,
    chain: &Chain,
    joint: usize,
    at: Vector3<f64>,
    mass: f64,
    inertia: &Matrix3<f64>,
) {
    for i in 0..=joint {
        let (momentum, spin) = (chain.lever(i, joint, at) * mass, inertia * chain.axis[i]);
        for k in 0..=i {
            let element = momentum.dot(&chain.lever(k, joint, at)) + spin.dot(&chain.axis[k]);
            mass_matrix[(i, k)] += element;
            if k < i {
                mass_matrix[(k, i)] += element;
            }
        }
    }
}

fn about_y(angle: f64) -> Matrix3<f64> {
    let (sin, cos) = sin_cos(angle);
    Matrix3::new(cos, 0.0, sin, 0.0, 1.0, 0.0, -sin, 0.0, cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_are_those_of_the_description() {
        for (index, finger) in description().fingers.iter().enumerate() {
            let chain = Chain::of(index, [0.0; 3], [0.0; 3]);
            for (joint, axis) in finger.joints.iter().zip(chain.axis) {
                assert_eq!(joint.axis, Some(math::triple(axis)));
                assert_eq!(joint.orientation, math::IDENTITY);
            }
            assert_eq!(finger.joints[0].position, [0.0; 3]);
        }
    }
}
