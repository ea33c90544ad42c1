//! Deterministic mathematics and the one place where nalgebra and Rapier's glam types meet.
//!
//! Everything on the state's path calls these functions: they are pure Rust (`libm`), so their
//! bits do not depend on the platform's C library. Where IEEE 754 fixes the result (`sqrt`, `abs`,
//! `floor`), the standard library's functions give the same bits on every machine and compile to
//! one instruction; libm's `sqrt` is inline assembly that stalls in code built for AVX. The
//! dependencies are built on libm, so lengths are computed here, not by their methods.

use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use rapier3d_f64::math::{Pose as RapierPose, Rotation, Vector};

pub use libm::{acos, asin, atan2, cos, exp, hypot, log as ln, pow, sin, tanh};

/// A vector of three numbers as the outside of the crate sees it.
pub type Triple = [f64; 3];

/// A unit quaternion in the order x, y, z, w.
pub type Quat = [f64; 4];

/// The Euclidean length of a nalgebra vector.
///
/// The same bits as its `norm`, which takes libm's square root.
pub fn norm(v: &Vector3<f64>) -> f64 {
    v.norm_squared().sqrt()
}

/// The Euclidean length of Rapier's vector.
///
/// The same bits as its `length`, which takes libm's square root.
pub(crate) fn length(v: Vector) -> f64 {
    v.length_squared().sqrt()
}

/// Rapier's vector scaled to length 1; it must not be zero.
///
/// The same bits as its `normalize`, which takes libm's square root.
pub(crate) fn direction(v: Vector) -> Vector {
    v * (1.0 / length(v))
}

/// The identity rotation.
pub const IDENTITY: Quat = [0.0, 0.0, 0.0, 1.0];

/// Sine and cosine of an angle in radians.
pub fn sin_cos(angle: f64) -> (f64, f64) {
    (libm::sin(angle), libm::cos(angle))
}

/// The plain triple as a nalgebra vector.
pub fn vector(v: Triple) -> Vector3<f64> {
    Vector3::new(v[0], v[1], v[2])
}

/// A nalgebra vector as a plain triple.
pub fn triple(v: Vector3<f64>) -> Triple {
    [v.x, v.y, v.z]
}

/// The quaternion (x, y, z, w) as a nalgebra rotation; it must be of unit length already.
pub fn rotation(q: Quat) -> UnitQuaternion<f64> {
    UnitQuaternion::new_unchecked(Quaternion::new(q[3], q[0], q[1], q[2]))
}

/// A nalgebra rotation as a quaternion (x, y, z, w).
pub fn quat(r: UnitQuaternion<f64>) -> Quat {
    [r.i, r.j, r.k, r.w]
}

/// The quaternion scaled to unit length, or `None` where its length is zero or not finite.
///
/// A quaternion that is already of unit length to within 1e-12 keeps its bits, so that what was
/// written can be read back exactly.
pub fn normalized(q: Quat) -> Option<Quat> {
    let squared = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    if !squared.is_finite() || squared < 1e-24 {
        return None;
    }
    if (squared - 1.0).abs() < 1e-12 {
        return Some(q);
    }
    let length = squared.sqrt();
    Some(q.map(|x| x / length))
}

/// The quaternion, which is nearly of unit length already, scaled to it.
pub(crate) fn unit(q: Quat) -> Quat {
    let length = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).sqrt();
    q.map(|x| x / length)
}

/// The unit quaternion of a rotation vector (axis times angle, rad).
pub fn from_rotation_vector(v: Triple) -> Quat {
    let angle = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    if angle < 1e-12 {
        return IDENTITY;
    }
    let (s, c) = sin_cos(0.5 * angle);
    [v[0] / angle * s, v[1] / angle * s, v[2] / angle * s, c]
}

/// The rotation vector (axis times angle in \[0, π\], rad) of a unit quaternion.
pub fn to_rotation_vector(q: Quat) -> Triple {
    let q = if q[3] < 0.0 { q.map(|x| -x) } else { q };
    let s = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]).sqrt();
    if s < 1e-12 {
        return [2.0 * q[0], 2.0 * q[1], 2.0 * q[2]];
    }
    let angle = 2.0 * atan2(s, q[3]);
    [q[0] / s * angle, q[1] / s * angle, q[2] / s * angle]
}

/// Cartesian coordinates (m) of cylindrical ones (radius m, angle rad, height m).
pub fn from_cylindrical(c: Triple) -> Triple {
    let (s, k) = sin_cos(c[1]);
    [c[0] * k, c[0] * s, c[2]]
}

/// Cylindrical coordinates (radius m, angle in (-π, π] rad, height m) of cartesian ones.
pub fn to_cylindrical(p: Triple) -> Triple {
    [hypot(p[0], p[1]), atan2(p[1], p[0]), p[2]]
}

/// The plain triple as Rapier's vector.
pub(crate) fn to_rapier(v: Triple) -> Vector {
    Vector::new(v[0], v[1], v[2])
}

/// Rapier's vector as a plain triple.
pub(crate) fn of_rapier(v: Vector) -> Triple {
    [v.x, v.y, v.z]
}

/// A position and a quaternion as Rapier's pose.
pub(crate) fn to_rapier_pose(position: Triple, orientation: Quat) -> RapierPose {
    RapierPose::from_parts(
        to_rapier(position),
        Rotation::from_xyzw(orientation[0], orientation[1], orientation[2], orientation[3]),
    )
}
