//! Where the fingers are: closed-form forward kinematics, Jacobian and inverse kinematics.
//!
//! Points are in the world frame, m; its z is that of the reference's observations. `height` is
//! the variable `robot_height`. Inside, a finger's own frame has its origin at the shoulder, x
//! along the first joint's axis (backwards) and z up.

use nalgebra::{Matrix3, Vector3};

use super::inverse;
use super::{
    FINGERS, HEIGHT, HEIGHT_OFFSET, JOINT_POSITIONS_HIGH, JOINT_POSITIONS_LOW, JOINTS_PER_FINGER,
    LINKS_PER_FINGER, Nine, description,
};
use crate::math::{self, Quat, Triple, sin_cos};

/// Distance from the robot's axis to a finger's shoulder, m (facts 1.3).
const SHOULDER: f64 = 0.0455;
/// Offset of the fingertip along the lower joints' axis, m (facts 1.5).
pub(super) const LATERAL: f64 = -0.05945;
/// Distance from the middle joint to the lower one, and from there to the fingertip, m (facts 1.3).
pub(super) const SEGMENT: f64 = 0.16;
/// Half the square root of three.
const HALF_SQRT_3: f64 = 0.866_025_403_784_438_6;
/// Cosine and sine of the fingers' yaw: -90, -210 and -330 degrees (facts 1.5).
const YAW: [(f64, f64); FINGERS] = [(0.0, -1.0), (-HALF_SQRT_3, 0.5), (HALF_SQRT_3, 0.5)];

/// A solution of the inverse kinematics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inverse {
    /// The finger's joint angles, rad, within the limits.
    pub joints: [f64; JOINTS_PER_FINGER],
    /// Whether they bring the tip to the target (to 1e-9 m), not only as near as it gets.
    pub reached: bool,
    /// Where they bring the tip, m.
    pub tip: Triple,
}

/// The position of one fingertip (facts 1.5).
pub fn tip(finger: usize, joints: [f64; JOINTS_PER_FINGER], height: f64) -> Triple {
    to_world(finger, tip_from_shoulder(joints), height)
}

/// The positions of the three fingertips, finger by finger.
pub fn tips(joints: &Nine, height: f64) -> Nine {
    let mut tips = [0.0; 3 * FINGERS];
    for (finger, place) in tips.chunks_exact_mut(3).enumerate() {
        place.copy_from_slice(&tip(finger, of_finger(joints, finger), height));
    }
    tips
}

/// The three joints (or coordinates) of one finger in a nine-vector.
pub fn of_finger(values: &Nine, finger: usize) -> Triple {
    [values[3 * finger], values[3 * finger + 1], values[3 * finger + 2]]
}

/// The derivative of one fingertip's position by its finger's joints, m/rad, world frame.
///
/// Rows are x, y, z; columns the upper, middle and lower joint.
pub fn jacobian(finger: usize, joints: [f64; JOINTS_PER_FINGER]) -> Matrix3<f64> {
    let (s0, c0) = sin_cos(joints[0]);
    let (s1, c1) = sin_cos(joints[1]);
    let (s12, c12) = sin_cos(joints[1] + joints[2]);
    let (a, c) = (-SEGMENT * (s1 + s12), -SEGMENT * (c1 + c12));
    let upper = Vector3::new(0.0, -LATERAL * s0 + c * c0, -LATERAL * c0 - c * s0);
    let middle = Vector3::new(c, -a * s0, -a * c0);
    let lower = SEGMENT * Vector3::new(-c12, s12 * s0, s12 * c0);
    let (cos, sin) = YAW[finger];
    Matrix3::from_columns(&[upper, middle, lower].map(|v| turned(v, cos, sin)))
}

/// Origin and orientation of a finger's base, upper, middle and lower link, by its URDF's chain.
pub fn link_poses(
    finger: usize,
    joints: [f64; JOINTS_PER_FINGER],
    height: f64,
) -> [(Triple, Quat); LINKS_PER_FINGER] {
    let finger = &description().fingers[finger];
    let mut position = math::vector(finger.position);
    position.z += height - HEIGHT;
    let mut orientation = math::rotation(finger.orientation);
    let mut poses = [(math::triple(position), finger.orientation); LINKS_PER_FINGER];
    for ((joint, angle), pose) in finger.joints.iter().zip(joints).zip(&mut poses[1..]) {
        let axis = joint.axis.unwrap_or_default();
        let turn = math::from_rotation_vector(axis.map(|x| x * angle));
        position += orientation * math::vector(joint.position);
        orientation *= math::rotation(joint.orientation) * math::rotation(turn);
        *pose = (math::triple(position), math::quat(orientation));
    }
    poses
}

/// The joint angles that bring a fingertip to `target`, within the limits of joint actions.
///
/// Of several solutions the nearest to `near` (the finger's joint angles, rad). A target out of
/// reach gets the angles that bring the tip nearest to it. All numbers must be finite.
pub fn inverse(
    finger: usize,
    target: Triple,
    height: f64,
    near: [f64; JOINTS_PER_FINGER],
) -> Inverse {
    inverse_within(finger, target, height, near, JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH)
}

/// As [`inverse`], within the given limits, rad, which lie in \[-π, π\] with `low` below `high`.
pub fn inverse_within(
    finger: usize,
    target: Triple,
    height: f64,
    near: [f64; JOINTS_PER_FINGER],
    low: [f64; JOINTS_PER_FINGER],
    high: [f64; JOINTS_PER_FINGER],
) -> Inverse {
    let (joints, distance) = inverse::solve(to_finger(finger, target, height), near, low, high);
    Inverse { joints, reached: distance <= inverse::REACHED, tip: tip(finger, joints, height) }
}

/// The tip's position in the finger's own frame, m.
pub(super) fn tip_from_shoulder(joints: [f64; JOINTS_PER_FINGER]) -> Vector3<f64> {
    let (s0, c0) = sin_cos(joints[0]);
    let (s1, c1) = sin_cos(joints[1]);
    let (s12, c12) = sin_cos(joints[1] + joints[2]);
    let (a, c) = (-SEGMENT * (s1 + s12), -SEGMENT * (c1 + c12));
    Vector3::new(a, LATERAL * c0 + c * s0, -LATERAL * s0 + c * c0)
}

fn to_world(finger: usize, point: Vector3<f64>, height: f64) -> Triple {
    let (cos, sin) = YAW[finger];
    let p = turned(Vector3::new(point.x - SHOULDER, point.y, point.z), cos, sin);
    [p.x, p.y, p.z + (height - HEIGHT_OFFSET)]
}

fn to_finger(finger: usize, point: Triple, height: f64) -> Vector3<f64> {
    let (cos, sin) = YAW[finger];
    let from_base = Vector3::new(point[0], point[1], point[2] - (height - HEIGHT_OFFSET));
    turned(from_base, cos, -sin) + Vector3::new(SHOULDER, 0.0, 0.0)
}

fn turned(v: Vector3<f64>, cos: f64, sin: f64) -> Vector3<f64> {
    Vector3::new(cos * v.x - sin * v.y, sin * v.x + cos * v.y, v.z)
}
