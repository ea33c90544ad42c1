//! One finger's parts and how its links move at an instant: what its dynamics are made of.
//!
//! Vectors are expressed in the upper link's frame, which stands still for the instant: there the
//! three joint axes are constant, and the upper joint's angle enters through gravity alone.

use std::sync::LazyLock;

use nalgebra::{Matrix3, Vector3};

use super::{FINGERS, Finger, JOINTS_PER_FINGER, LINKS_PER_FINGER, description};
use crate::math::{self, Triple, sin_cos};

/// The number of a finger's parts: its moving links and the tip.
const PARTS: usize = JOINTS_PER_FINGER + 1;

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
    /// Their rates, rad/s².
    pub(super) spin_rate: [Vector3<f64>; JOINTS_PER_FINGER],
    /// Velocity of each joint's origin, m/s.
    pub(super) velocity: [Vector3<f64>; JOINTS_PER_FINGER],
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
    pub(super) fn acceleration(&self, joint: usize, arm: Vector3<f64>) -> Vector3<f64> {
        let spin = self.spin[joint];
        self.origin_acceleration[joint]
            + self.spin_rate[joint].cross(&arm)
            + spin.cross(&spin.cross(&arm))
    }

    pub(super) fn gravity(&self, gravity: Triple) -> Vector3<f64> {
        let g = self.model.from_world * math::vector(gravity);
        // The upper link is turned by the joint's angle about -x.
        let (sin, cos) = sin_cos(self.upper);
        Vector3::new(g.x, cos * g.y - sin * g.z, sin * g.y + cos * g.z)
    }

    /// The joint torques of a force at a point and a torque on the link that a joint carries.
    pub(super) fn project(
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
