//! Convex parts of blocks and goals: boxes, and the pieces of meshes.

use nalgebra::Vector3;

use super::piece::{Edge, HalfSpace, subtract, volume};
use super::{Cuboid, share};
use crate::math;
use crate::world::{Hull, Mesh};

/// A convex part of a block or goal.
pub(super) enum Part<'a> {
    /// The whole of it, a box.
    Box(Cuboid),
    /// A piece of its mesh, stretched into its bounding box.
    Hull(&'a Hull, Cuboid),
}

impl<'a> Part<'a> {
    /// The parts of a block or goal with these bounds.
    pub(super) fn of(bounds: Cuboid, mesh: Option<&'a Mesh>) -> Vec<Self> {
        match mesh {
            None => vec![Self::Box(bounds)],
            Some(mesh) => mesh.hulls().iter().map(|hull| Self::Hull(hull, bounds)).collect(),
        }
    }

    fn bounds(&self) -> &Cuboid {
        match self {
            Self::Box(bounds) | Self::Hull(_, bounds) => bounds,
        }
    }

    /// Its faces, seen from `origin`.
    fn boundary(&self, origin: &Vector3<f64>) -> Vec<Edge> {
        match self {
            Self::Box(bounds) => bounds.boundary(origin).to_vec(),
            Self::Hull(hull, bounds) => faces(hull, bounds, origin)
                .enumerate()
                .flat_map(|(face, corners)| {
                    [0, 1, 2].map(|i| {
                        let (from, to) = (corners[i], corners[(i + 1) % 3]);
                        Edge { from, to, face, cut: false }
                    })
                })
                .collect(),
        }
    }

    /// The half-spaces that it is the intersection of, seen from `origin`.
    fn half_spaces(&self, origin: &Vector3<f64>) -> Vec<HalfSpace> {
        match self {
            Self::Box(bounds) => bounds.half_spaces(origin).to_vec(),
            Self::Hull(hull, bounds) => {
                let mut planes: Vec<HalfSpace> = Vec::new();
                for [a, b, c] in faces(hull, bounds, origin) {
                    let normal = (b - a).cross(&(c - a));
                    // A sliver has no direction to cut by; its neighbours bound the piece there.
                    let Some(normal) = normal.try_normalize(SLIVER * bounds.volume()) else {
                        continue;
                    };
                    let offset = normal.dot(&a).max(normal.dot(&b)).max(normal.dot(&c));
                    if !planes.contains(&(normal, offset)) {
                        planes.push((normal, offset));
                    }
                }
                planes
            }
        }
    }
}

/// A face of less than this area (m²) per volume of the block (m³) gives no half-space.
const SLIVER: f64 = 1e-9;

/// The corners of a hull's faces, seen from `origin`.
fn faces(
    hull: &Hull,
    bounds: &Cuboid,
    origin: &Vector3<f64>,
) -> impl Iterator<Item = [Vector3<f64>; 3]> {
    let (axes, center) = (bounds.axes(), math::vector(bounds.center) - origin);
    let corner = move |i: u32| {
        let p = hull.vertices[i as usize];
        (0..3).fold(center, |point, j| point + axes[j] * (p[j] * bounds.size[j]))
    };
    hull.triangles.iter().map(move |triangle| triangle.map(&corner))
}

/// The share of the goals' united volume that the blocks fill, as
/// [`fractional_success`](super::fractional_success) of boxes.
pub(super) fn filled(blocks: &[Part], goals: &[Part]) -> f64 {
    let (mut whole, mut missing) = (0.0, 0.0);
    for (i, goal) in goals.iter().enumerate().filter(|(_, goal)| !goal.bounds().is_none()) {
        let origin = math::vector(goal.bounds().center);
        let near = |parts: &[Part]| -> Vec<_> {
            let solid = parts.iter().filter(|part| !part.bounds().is_none());
            let close = solid.filter(|part| !part.bounds().far_from(goal.bounds()));
            close.map(|part| part.half_spaces(&origin)).collect()
        };
        let (earlier, blocks) = (near(&goals[..i]), near(blocks));
        let negligible = 1e-14 * goal.bounds().volume();
        subtract(&goal.boundary(&origin), &earlier, negligible, &mut |left| {
            whole += volume(left);
            subtract(left, &blocks, negligible, &mut |left| missing += volume(left));
        });
    }
    let filled =
        if whole > 0.0 { 1.0 - missing / whole } else { share(0.0, whole, !goals.is_empty()) };
    filled.clamp(0.0, 1.0)
}
