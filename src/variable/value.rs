//! Values of variables: their shape, which of them can be meant, and twin coordinates.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, all_finite};
use crate::math;
use crate::robot::description;
pub use crate::world::limits::SIZE;

/// The shape of a variable's value, which travels as a plain list of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// One number; written without brackets.
    Scalar,
    /// That many numbers.
    Vector(usize),
}

impl Shape {
    /// How many numbers a value has.
    pub fn len(self) -> usize {
        match self {
            Self::Scalar => 1,
            Self::Vector(length) => length,
        }
    }

    /// Whether a value has no number; never so.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Which values of a variable can be meant at all, whatever the intervention space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// Every number lies in this closed interval.
    Within(f64, f64),
    /// A whole number in this closed interval.
    Whole(f64, f64),
    /// Three edge lengths, m, each in [`SIZE`].
    Edges,
    /// A sphere's diameter in [`SIZE`], m, three times over.
    Diameter,
    /// A quaternion x, y, z, w of any length but zero; it is scaled to unit length.
    Rotation,
    /// Nine joint angles inside the joints' hard limits, rad.
    Joints,
}

impl Domain {
    /// Every number lies between these two, both included.
    pub(super) const fn within([low, high]: [f64; 2]) -> Self {
        Self::Within(low, high)
    }

    /// The value in its one canonical form: rotations of unit length, whole numbers without a
    /// negative zero.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], or [`Error::Impossible`] with what it must be.
    pub fn admit(self, path: &str, shape: Shape, values: &[f64]) -> Result<Vec<f64>> {
        if values.len() != shape.len() {
            return Err(Error::Shape {
                what: path.to_string(),
                expected: counted(shape.len()),
                found: counted(values.len()),
            });
        }
        all_finite(path, values)?;
        let impossible = |reason: String| {
            Err(Error::Impossible { path: path.to_string(), value: values.to_vec(), reason })
        };
        let inside = |low: f64, high: f64| values.iter().all(|v| (low..=high).contains(v));
        match self {
            Self::Within(low, high) if !inside(low, high) => {
                impossible(format!("it must lie in [{low}, {high}]"))
            }
            Self::Whole(low, high)
                if !inside(low, high) || values.iter().any(|v| v.trunc() != *v) =>
            {
                impossible(format!("it must be a whole number from {low} to {high}"))
            }
            Self::Whole(..) => Ok(values.iter().map(|v| v + 0.0).collect()),
            Self::Edges | Self::Diameter if !inside(SIZE[0], SIZE[1]) => {
                impossible(format!("every edge must lie in [{}, {}] m", SIZE[0], SIZE[1]))
            }
            Self::Diameter if values.iter().any(|v| *v != values[0]) => {
                impossible("a sphere's three sizes are one diameter".to_string())
            }
            Self::Joints => match outside_limits(values) {
                None => Ok(values.to_vec()),
                Some((joint, [low, high])) => {
                    impossible(format!("joint {joint} turns from {low} to {high} rad"))
                }
            },
            Self::Rotation => match math::normalized(std::array::from_fn(|i| values[i])) {
                Some(unit) => Ok(unit.to_vec()),
                None => impossible("a quaternion must not be zero".to_string()),
            },
            _ => Ok(values.to_vec()),
        }
    }
}

/// The first joint beyond its hard limits, and these.
fn outside_limits(values: &[f64]) -> Option<(usize, [f64; 2])> {
    let joints = description().fingers.iter().flat_map(|finger| &finger.joints);
    let limits = joints.map(|joint| [joint.low, joint.high]).enumerate();
    limits.zip(values).find(|((_, [low, high]), v)| *v < low || *v > high).map(|(joint, _)| joint)
}

fn counted(length: usize) -> String {
    if length == 1 { "1 number".to_string() } else { format!("{length} numbers") }
}

/// The attribute that stores a pose given in other coordinates.
///
/// Positions are stored cartesian and rotations as quaternions; `cylindrical_position` and
/// `euler_orientation` (in truth a rotation vector, facts 4.2) are other coordinates of them.
pub(crate) fn store(attribute: &str) -> Option<&'static str> {
    match attribute {
        "cylindrical_position" => Some("cartesian_position"),
        "euler_orientation" => Some("orientation"),
        _ => None,
    }
}

/// The value in the coordinates of [`store`].
pub(crate) fn stored(attribute: &str, v: &[f64]) -> Option<Vec<f64>> {
    match attribute {
        "cylindrical_position" => Some(math::from_cylindrical([v[0], v[1], v[2]]).to_vec()),
        "euler_orientation" => Some(math::from_rotation_vector([v[0], v[1], v[2]]).to_vec()),
        _ => None,
    }
}

/// The attribute whose coordinates a stored pose has its range in, and the value there.
pub(crate) fn ranged(attribute: &str, v: &[f64]) -> Option<(&'static str, Vec<f64>)> {
    match attribute {
        "cartesian_position" => {
            Some(("cylindrical_position", math::to_cylindrical([v[0], v[1], v[2]]).to_vec()))
        }
        "orientation" => {
            Some(("euler_orientation", math::to_rotation_vector([v[0], v[1], v[2], v[3]]).to_vec()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_can_not_be_meant_are_refused_and_named() {
        let admit = |domain: Domain, shape, v: &[f64]| domain.admit("x/y", shape, v);
        assert!(admit(Domain::Within(0.0, 1.0), Shape::Scalar, &[1.5]).is_err());
        assert!(admit(Domain::Within(0.0, 1.0), Shape::Scalar, &[f64::NAN]).is_err());
        assert!(admit(Domain::Within(0.0, 1.0), Shape::Scalar, &[0.5, 0.5]).is_err());
        assert!(admit(Domain::Whole(0.0, 7.0), Shape::Scalar, &[1.5]).is_err());
        assert!(admit(Domain::Edges, Shape::Vector(3), &[0.065, 0.065, 0.0]).is_err());
        assert!(admit(Domain::Diameter, Shape::Vector(3), &[0.03, 0.03, 0.04]).is_err());
        assert!(admit(Domain::Rotation, Shape::Vector(4), &[0.0; 4]).is_err());
        let mut joints = [0.0; 9];
        joints[4] = 1.58;
        let message = admit(Domain::Joints, Shape::Vector(9), &joints).unwrap_err().to_string();
        assert!(message.contains("x/y") && message.contains("joint 4"), "{message}");
    }

    #[test]
    fn admitted_values_have_one_canonical_form() {
        let quat = Domain::Rotation.admit("x/y", Shape::Vector(4), &[0.0, 0.0, 0.0, 2.0]).unwrap();
        assert_eq!(quat, [0.0, 0.0, 0.0, 1.0]);
        let whole = Domain::Whole(0.0, 7.0).admit("x/y", Shape::Scalar, &[-0.0]).unwrap();
        assert_eq!(whole[0].to_bits(), 0.0_f64.to_bits());
    }
}
