//! The correction that makes the engine's fingers accelerate as their dynamics say.
//!
//! The engine's articulated bodies solve (M + dt C) a = f instead of M a = f, where f holds all
//! torques less the Coriolis ones and C is its derivative of the Coriolis terms by the joint
//! velocities. With dt C a added to f the solution is M⁻¹ f. Where its velocities are large the
//! engine checks the energy that the step would add and, if it finds too much, solves M a = f
//! itself; the correction keeps to one side of that check.

use nalgebra::{Matrix3, Vector3};

use super::chain::{Chain, Model};
use super::dynamics::Dynamics;
use super::{JOINTS_PER_FINGER, LINKS_PER_FINGER};

/// From which change of angle per step the engine checks the energy, rad.
const CHECKED_FROM: f64 = 1e-3;
/// What the check forgives: this share of the kinetic energy, and this energy, J.
const FORGIVEN: (f64, f64) = (1e-2, 1e-8);

/// The joint torques to add, N m, so that under `applied` (N m, gravity excepted) the engine's
/// acceleration in a step of `dt` (s) is that of `dynamics`.
pub(super) fn correction(
    chain: &Chain,
    masses: [f64; LINKS_PER_FINGER],
    dynamics: &Dynamics,
    applied: Vector3<f64>,
    dt: f64,
) -> Vector3<f64> {
    let implicit = dt * coriolis_matrix(chain, masses);
    let external = applied + dynamics.gravity;
    let total = external - dynamics.coriolis;
    let wanted = dynamics.solve(total);
    let correction = implicit * wanted;
    let velocity = Vector3::from(chain.rates);
    let check = Check { mass_matrix: &dynamics.mass_matrix, velocity, dt };
    if dt * velocity.amax() < CHECKED_FROM
        || check.passes(wanted, total + correction, external + correction)
    {
        correction
    } else {
        // Corrected, the step would be solved anew without C, and so the correction be all error.
        Vector3::zeros()
    }
}

/// The engine's check that a step adds no more energy than its forces do work.
struct Check<'a> {
    mass_matrix: &'a Matrix3<f64>,
    velocity: Vector3<f64>,
    dt: f64,
}

impl Check<'_> {
    fn passes(&self, a: Vector3<f64>, total: Vector3<f64>, external: Vector3<f64>) -> bool {
        let (dt, v) = (self.dt, self.velocity);
        let gained = self.mass_matrix * a;
        let energy = dt * v.dot(&gained) + 0.5 * dt * dt * a.dot(&gained);
        let work = dt * v.dot(&total) + 0.5 * dt * dt * a.dot(&external);
        let kinetic = 0.5 * v.dot(&(self.mass_matrix * v));
        energy - work <= FORGIVEN.0 * kinetic + FORGIVEN.1
    }
}

/// The engine's C: its Coriolis terms linear in the joint velocities, per joint velocity.
fn coriolis_matrix(chain: &Chain, masses: [f64; LINKS_PER_FINGER]) -> Matrix3<f64> {
    let zeros = [Vector3::zeros(); JOINTS_PER_FINGER];
    let mut matrix = Matrix3::zeros();
    // Per column: how the link's spin and its centre of mass accelerate; then those of its parent.
    let (mut spinning, mut moving) = (zeros, zeros);
    let (mut parent_at, mut parent_spin) = (Vector3::zeros(), Vector3::zeros());
    for joint in 0..JOINTS_PER_FINGER {
        let (mass, com, inertia) = body(chain.model, joint, masses);
        let arm = chain.rotation[joint] * com;
        let at = chain.origin[joint] + arm;
        let inertia = chain.rotation[joint] * inertia * chain.rotation[joint].transpose();
        let (spin, turn) = (chain.spin[joint], chain.axis[joint] * chain.rates[joint]);
        let to_joint = chain.origin[joint] - parent_at;
        for i in 0..=joint {
            let axis = chain.axis[i];
            if i < joint {
                moving[i] += spinning[i].cross(&to_joint)
                    + axis.cross(&spin.cross(&to_joint))
                    + parent_spin.cross(&axis.cross(&to_joint));
                spinning[i] -= turn.cross(&axis);
            } else {
                spinning[i] = parent_spin.cross(&axis);
            }
            moving[i] += spinning[i].cross(&arm)
                + axis.cross(&spin.cross(&arm))
                + spin.cross(&axis.cross(&arm));
            let gyration = spin.cross(&(inertia * axis)) - (inertia * spin).cross(&axis);
            let (force, torque) = (mass * moving[i], inertia * spinning[i] + gyration);
            for k in 0..=joint {
                let lever = chain.lever(k, joint, at);
                matrix[(k, i)] += lever.dot(&force) + chain.axis[k].dot(&torque);
            }
        }
        (parent_at, parent_spin) = (at, spin);
    }
    matrix
}

/// Mass, centre of mass and inertia about it of all parts that a joint carries, link frame.
fn body(
    model: &Model,
    joint: usize,
    masses: [f64; LINKS_PER_FINGER],
) -> (f64, Vector3<f64>, Matrix3<f64>) {
    let parts = || model.parts.iter().filter(|part| part.joint == joint);
    let mass: f64 = parts().map(|part| part.mass(masses)).sum();
    let com = parts().map(|part| part.com * part.mass(masses)).sum::<Vector3<f64>>() / mass;
    let inertia = parts().map(|part| {
        let offset = part.com - com;
        let shift =
            Matrix3::from_diagonal_element(offset.norm_squared()) - offset * offset.transpose();
        part.inertia(masses) + part.mass(masses) * shift
    });
    (mass, com, inertia.sum())
}
