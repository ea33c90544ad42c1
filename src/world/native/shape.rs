//! The form of a block: a box, or the convex pieces of its mesh.

use std::sync::Arc;

use rapier3d_f64::parry::shape::{ConvexPolyhedron, Cuboid, PolygonalFeatureMap};
use rapier3d_f64::prelude::{Matrix, Vector};

use crate::math::{self, Triple};
use crate::world::mass::box_inertia;
use crate::world::{BlockDescription, Mesh};

/// A block's form, and what of its mass follows from it.
pub(super) struct Shape {
    mesh: Option<Arc<Mesh>>,
    size: Triple,
    /// The box, which bounds the mesh where there is one.
    pub(super) bounds: Cuboid,
    hulls: Vec<ConvexPolyhedron>,
    /// Half its space diagonal, m.
    pub(super) radius: f64,
    /// The centre of mass, block frame, m.
    pub(super) center: Vector,
    /// Inertia about the centre of mass per mass, block frame, m².
    pub(super) gyration: Matrix,
}

impl Shape {
    pub(super) fn of(description: &BlockDescription, size: Triple) -> Self {
        let half = math::to_rapier(size) * 0.5;
        let mut shape = Self {
            mesh: description.mesh.clone(),
            size,
            bounds: Cuboid::new(half),
            hulls: Vec::new(),
            radius: math::length(half),
            center: Vector::ZERO,
            gyration: Matrix::from_diagonal(math::to_rapier(box_inertia(1.0, size))),
        };
        if let Some(mesh) = &description.mesh {
            let properties = mesh.mass_properties(1.0, size);
            shape.center = math::to_rapier(properties.center);
            let [x, y, z] = properties.inertia.map(math::to_rapier);
            shape.gyration = Matrix::from_cols(x, y, z);
            shape.hulls = polyhedra(mesh, size);
        }
        shape
    }

    /// Whether it is the form of this block still.
    pub(super) fn is_of(&self, description: &BlockDescription, size: Triple) -> bool {
        let same = match (&self.mesh, &description.mesh) {
            (None, None) => true,
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        };
        same && self.size == size
    }

    /// The box, where the form is one.
    pub(super) fn as_box(&self) -> Option<&Cuboid> {
        self.mesh.is_none().then_some(&self.bounds)
    }

    /// The convex pieces, of a box itself.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &dyn PolygonalFeatureMap> {
        let cuboid = self.as_box().map(|cuboid| cuboid as &dyn PolygonalFeatureMap);
        let hulls = self.hulls.iter().map(|hull| hull as &dyn PolygonalFeatureMap);
        cuboid.into_iter().chain(hulls)
    }

    /// The corners, block frame, in a fixed order.
    pub(super) fn corners(&self) -> impl Iterator<Item = Vector> {
        let half = self.bounds.half_extents;
        let corner = move |corner: u32| {
            let sign = |bit: u32| if corner >> bit & 1 == 0 { -1.0 } else { 1.0 };
            half * Vector::new(sign(0), sign(1), sign(2))
        };
        let of_box = (0..if self.mesh.is_none() { 8 } else { 0 }).map(corner);
        of_box.chain(self.hulls.iter().flat_map(|hull| hull.points().iter().copied()))
    }
}

/// The pieces of a mesh at a size; Rapier's own build of it where their faces can be told apart.
pub(in crate::world) fn polyhedra(mesh: &Mesh, size: Triple) -> Vec<ConvexPolyhedron> {
    let stretch = math::to_rapier(size);
    let polyhedron = |hull: &crate::world::Hull| {
        let points: Vec<_> = hull.vertices.iter().map(|v| math::to_rapier(*v) * stretch).collect();
        ConvexPolyhedron::from_convex_mesh(points.clone(), &hull.triangles)
            .or_else(|| ConvexPolyhedron::from_convex_hull(&points))
    };
    mesh.hulls().iter().filter_map(polyhedron).collect()
}
