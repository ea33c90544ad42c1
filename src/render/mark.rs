//! What is drawn into a picture that is not there: rods, arrows and balls.

use nalgebra::{UnitQuaternion, Vector3};

use super::mesh::Mesh;
use crate::math::{self, IDENTITY, Quat, Triple};

/// Something drawn into a picture to show what is not seen, such as a force or an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// What it looks like.
    pub shape: MarkShape,
    /// RGB, each in \[0, 1\].
    pub color: Triple,
}

/// The form of a mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MarkShape {
    /// A round rod between two points.
    Rod {
        /// One end, world frame, m.
        from: Triple,
        /// The other end, world frame, m.
        to: Triple,
        /// Radius, m.
        radius: f64,
    },
    /// A cone, such as the head of an arrow.
    Cone {
        /// The middle of its base, world frame, m.
        base: Triple,
        /// Its tip, world frame, m.
        tip: Triple,
        /// Radius of its base, m.
        radius: f64,
    },
    /// A ball.
    Ball {
        /// Its centre, world frame, m.
        center: Triple,
        /// Radius, m.
        radius: f64,
    },
}

impl Mark {
    /// Three rods from a point, red, green and blue, along the axes of a frame.
    pub fn axes(position: Triple, orientation: Quat, length: f64) -> [Self; 3] {
        let turn = math::rotation(orientation);
        [0, 1, 2].map(|axis| {
            let tip = math::vector(position) + turn * Vector3::ith(axis, length);
            let radius = 0.03 * length;
            let shape = MarkShape::Rod { from: position, to: math::triple(tip), radius };
            let mut color = [0.1; 3];
            color[axis] = 0.95;
            Self { shape, color }
        })
    }

    /// An arrow: a shaft of that radius and a head.
    pub fn arrow(from: Triple, to: Triple, radius: f64, color: Triple) -> [Self; 2] {
        let along = math::vector(to) - math::vector(from);
        let head = math::norm(&along).min(6.0 * radius);
        let direction = along.try_normalize(1e-12).unwrap_or_else(Vector3::zeros);
        let base = math::triple(math::vector(to) - direction * head);
        let shapes = [
            MarkShape::Rod { from, to: base, radius },
            MarkShape::Cone { base, tip: to, radius: 2.5 * radius },
        ];
        shapes.map(|shape| Self { shape, color })
    }

    pub(super) fn mesh(&self) -> &'static Mesh {
        match self.shape {
            MarkShape::Rod { .. } => Mesh::rod(),
            MarkShape::Cone { .. } => Mesh::cone(),
            MarkShape::Ball { .. } => Mesh::ball(),
        }
    }

    /// Position, orientation and scale of its mesh.
    pub(super) fn place(&self) -> (Triple, Quat, Triple) {
        match self.shape {
            MarkShape::Ball { center, radius } => (center, IDENTITY, [2.0 * radius; 3]),
            MarkShape::Rod { from, to, radius }
            | MarkShape::Cone { base: from, tip: to, radius } => {
                let along = math::vector(to) - math::vector(from);
                let turn = UnitQuaternion::rotation_between(&Vector3::z(), &along);
                // Straight down there is no one way to turn.
                let turn = turn.map_or([1.0, 0.0, 0.0, 0.0], math::quat);
                (from, turn, [radius, radius, math::norm(&along)])
            }
        }
    }
}
