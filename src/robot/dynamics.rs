//! How the fingers move in free space: closed-form dynamics of one finger.
//!
//! M(q) q̈ = τ - bias(q, q̇) + drag(q, q̇), with bias the Coriolis, centrifugal and gravity terms.
//! A finger has four parts: upper, middle and lower link, and the tip, fixed to the lower link,
//! which feels drag of its own. Its masses are those of the base, upper, middle and lower link in
//! the order of [`RobotState::links`]; a link's inertia scales with its mass, the tip's is fixed.

use nalgebra::{Matrix3, Vector3};

use super::chain::Chain;
use super::semi_implicit;
use super::{JOINTS, JOINTS_PER_FINGER, LINKS_PER_FINGER, Nine, RobotState, kinematics};
use crate::math::{self, Triple};

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
                velocity * (-mass * drag * (1.0 + math::norm(&velocity))),
                momentum * (-drag * (1.0 + math::norm(&spin))),
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

/// What one finger does in an internal step on its own, and how it answers joint torques.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Motion {
    /// Change of the joint velocities per impulse on the joints, 1/(kg m²).
    pub(crate) inverse_mass: Matrix3<f64>,
    /// Under motor torques, gravity, drag and joint damping, rad/s².
    pub(crate) acceleration: Vector3<f64>,
}

impl Motion {
    /// The motion under `robot.torques`; gravity is in the world frame, m/s², `step` in s.
    ///
    /// Viscous joint damping is taken implicitly, so that it is stable however large.
    pub(crate) fn of(
        finger: usize,
        robot: &RobotState,
        drag: f64,
        gravity: &Triple,
        step: f64,
    ) -> Self {
        let of_finger = |values| kinematics::of_finger(values, finger);
        let velocities = of_finger(&robot.joint_velocities);
        let first = finger * LINKS_PER_FINGER;
        let masses = [0, 1, 2, 3].map(|link| robot.links[first + link].mass);
        let joints = of_finger(&robot.joint_positions);
        let dynamics = Dynamics::of(finger, joints, velocities, masses, *gravity, drag);
        let damping = robot.joint_damping;
        let damped = dynamics.mass_matrix + Matrix3::from_diagonal_element(step * damping);
        let motor = math::vector(of_finger(&robot.torques));
        let torques = motor + dynamics.gravity + dynamics.drag
            - dynamics.coriolis
            - damping * math::vector(velocities);
        // Positive definite for positive masses, so the inverse exists.
        let inverse_mass = damped.try_inverse().unwrap_or_else(Matrix3::zeros);
        Self { inverse_mass, acceleration: inverse_mass * torques }
    }
}

/// The torques of all nine joints, N m, to add to the controller's for one engine tick.
///
/// They are drag (coefficient `drag`), viscous joint damping, taken implicitly so that it is
/// stable however large, and the correction of [`semi_implicit`], which assumes that besides
/// gravity (world frame, m/s²) `robot.torques` and these act. `dt` is the engine's internal step, s.
pub fn passive_torques(robot: &RobotState, drag: f64, gravity: &Triple, dt: f64) -> Nine {
    let mut passive = [0.0; JOINTS];
    for (finger, passive) in passive.chunks_exact_mut(JOINTS_PER_FINGER).enumerate() {
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
        passive.copy_from_slice(torques.as_slice());
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
