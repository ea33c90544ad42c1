//! Masses and inertias of bodies made of parts.

use nalgebra::{Matrix3, SymmetricEigen};
use rapier3d_f64::prelude::*;

use crate::math::{self, Quat, Triple};
use crate::robot;

/// A rigid part of a body.
pub(super) struct Part {
    mass: f64,
    com: Triple,
    inertia: Triple,
    frame: Quat,
}

impl Part {
    /// A link of another mass, whose inertia scales with it, at an offset in the body's frame.
    pub(super) fn of(link: &robot::Link, mass: f64, offset: Triple) -> Self {
        Self {
            mass,
            com: std::array::from_fn(|i| link.com[i] + offset[i]),
            inertia: link.inertia.map(|moment| moment * (mass / link.mass)),
            frame: link.inertia_frame,
        }
    }
}

/// Mass, centre of mass, principal inertia and principal frame of a rigid set of bodies.
///
/// The eigenvectors come from nalgebra, whose iteration uses arithmetic and square roots only.
pub(super) fn mass_properties(bodies: &[Part]) -> MassProperties {
    let mass: f64 = bodies.iter().map(|b| b.mass).sum();
    let mut com = nalgebra::Vector3::zeros();
    for body in bodies {
        com += math::vector(body.com) * (body.mass / mass);
    }
    let mut inertia = Matrix3::zeros();
    for body in bodies {
        let frame = math::rotation(body.frame).to_rotation_matrix();
        let principal = Matrix3::from_diagonal(&math::vector(body.inertia));
        let offset = math::vector(body.com) - com;
        inertia += frame.matrix() * principal * frame.matrix().transpose()
            + (Matrix3::identity() * offset.norm_squared() - offset * offset.transpose())
                * body.mass;
    }
    principal(math::to_rapier(math::triple(com)), mass, SymmetricEigen::new(inertia))
}

/// Mass properties from the inertia's eigenvectors and eigenvalues.
pub(super) fn principal(
    center: Vector,
    mass: f64,
    eigen: SymmetricEigen<f64, nalgebra::U3>,
) -> MassProperties {
    let mut axes = eigen.eigenvectors;
    if axes.determinant() < 0.0 {
        axes.column_mut(2).neg_mut();
    }
    let rotation = nalgebra::Rotation3::from_matrix_unchecked(axes);
    let frame = math::quat(nalgebra::UnitQuaternion::from_rotation_matrix(&rotation));
    MassProperties::with_principal_inertia_frame(
        center,
        mass,
        math::to_rapier(math::triple(eigen.eigenvalues)),
        math::to_rapier_pose([0.0; 3], frame).rotation,
    )
}

/// Principal moments of inertia of a homogeneous box, kg m².
pub(super) fn box_inertia(mass: f64, size: Triple) -> Triple {
    let [x, y, z] = size.map(|s| s * s);
    [y + z, x + z, x + y].map(|sum| mass / 12.0 * sum)
}
