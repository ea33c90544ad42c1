//! Meshes as plain numbers: convex pieces in the frame of a block whose edges are 1 long.

mod decompose;
mod read;

use std::collections::BTreeMap;
use std::path::Path;

use nalgebra::{Matrix3, Vector3};
use serde::{Deserialize, Serialize};

use crate::math::{self, Triple};

/// How far rounding may carry a vertex beyond a face or the bounding box, in edges of the block.
const ROUNDING: f64 = 1e-9;
/// The least volume of a convex piece, in volumes of the block.
const LEAST_VOLUME: f64 = 1e-9;

/// A convex piece of a mesh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hull {
    /// The corners; a coordinate of ±0.5 is a face of the block's bounding box.
    pub vertices: Vec<Triple>,
    /// The faces: indices of corners, counter-clockwise from outside.
    pub triangles: Vec<[u32; 3]>,
}

/// A body's or goal's form: closed convex pieces that together touch all six sides of a box.
///
/// A block of the size (x, y, z) has its mesh's coordinates times x, y, z: its size is the edges of
/// its bounding box, its position the box's centre, and another size stretches the mesh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Pieces", into = "Pieces")]
pub struct Mesh {
    hulls: Vec<Hull>,
}

/// How a mesh is written down.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pieces {
    hulls: Vec<Hull>,
}

impl TryFrom<Pieces> for Mesh {
    type Error = String;

    fn try_from(pieces: Pieces) -> Result<Self, String> {
        Self::new(pieces.hulls)
    }
}

impl From<Mesh> for Pieces {
    fn from(mesh: Mesh) -> Self {
        Self { hulls: mesh.hulls }
    }
}

/// What a block's motion needs to know of its mass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassProperties {
    /// The centre of mass, block frame, m.
    pub center: Triple,
    /// The inertia about the centre of mass along the block's axes, kg m²; symmetric.
    pub inertia: [Triple; 3],
}

impl Mesh {
    /// A mesh of convex pieces, or why they make none.
    ///
    /// # Errors
    /// The first piece that is not closed, not convex or has no volume, in words; or that they
    /// leave, or do not fill, the bounding box.
    pub fn new(hulls: Vec<Hull>) -> Result<Self, String> {
        for (i, hull) in hulls.iter().enumerate() {
            hull.check().map_err(|reason| format!("piece {i}: {reason}"))?;
        }
        let corners = || hulls.iter().flat_map(|hull| &hull.vertices);
        for axis in 0..3 {
            let low = corners().map(|p| p[axis]).fold(f64::INFINITY, f64::min);
            let high = corners().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max);
            if (low + 0.5).abs() > ROUNDING || (high - 0.5).abs() > ROUNDING {
                return Err(format!(
                    "its pieces must reach from -0.5 to 0.5 along {}, not from {low} to {high}",
                    ["x", "y", "z"][axis]
                ));
            }
        }
        Ok(Self { hulls })
    }

    /// The mesh in a file, Wavefront OBJ or STL, cut into at most so many convex pieces.
    ///
    /// One piece is its convex hull. More are an approximate decomposition (Mamou 2016, V-HACD),
    /// whose pieces can overlap a little, joined until they are few enough. Both are functions of the file's numbers alone.
    ///
    /// # Errors
    /// Why the file can not be read, or encloses no volume, in words that name the file.
    pub fn read(path: &Path, pieces: u32) -> Result<Self, String> {
        let (mut points, triangles) = read::read(path)?;
        let told = |reason| format!("{}: {reason}", path.display());
        to_unit_box(&mut points.iter_mut().collect::<Vec<_>>()).map_err(told)?;
        let mut hulls = decompose::decompose(&points, &triangles, pieces).map_err(told)?;
        // Pieces may keep a little off the sides that the whole reached.
        let corners = hulls.iter_mut().flat_map(|hull| &mut hull.vertices);
        to_unit_box(&mut corners.collect::<Vec<_>>()).map_err(told)?;
        Self::new(hulls).map_err(told)
    }

    /// The convex pieces; there is at least one.
    pub fn hulls(&self) -> &[Hull] {
        &self.hulls
    }

    /// Centre of mass and inertia of a block of that mass (kg) and size (m), its pieces of one
    /// density; where pieces overlap, what they share counts for each.
    pub fn mass_properties(&self, mass: f64, size: Triple) -> MassProperties {
        let (mut volume, mut first, mut second) = (0.0, Vector3::zeros(), Matrix3::zeros());
        for hull in &self.hulls {
            let (v, f, s) = hull.moments();
            (volume, first, second) = (volume + v, first + f, second + s);
        }
        let stretch = Matrix3::from_diagonal(&math::vector(size));
        let center = stretch * first / volume;
        let about_origin = stretch * second * stretch / volume;
        let about_center = about_origin - center * center.transpose();
        let inertia = (Matrix3::identity() * about_center.trace() - about_center) * mass;
        let row = |i: usize| [inertia[(i, 0)], inertia[(i, 1)], inertia[(i, 2)]];
        MassProperties { center: math::triple(center), inertia: [row(0), row(1), row(2)] }
    }
}

/// Moves and stretches points so that their bounding box reaches from -0.5 to 0.5.
fn to_unit_box(points: &mut [&mut Triple]) -> Result<(), String> {
    for axis in 0..3 {
        let low = points.iter().map(|p| p[axis]).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max);
        let extent = high - low;
        if !(extent.is_finite() && extent > 0.0) {
            return Err("it encloses no volume".to_string());
        }
        for p in points.iter_mut() {
            p[axis] = ((p[axis] - low) / extent - 0.5).clamp(-0.5, 0.5);
        }
    }
    Ok(())
}

impl Hull {
    /// The corners of a face.
    fn corners(&self, triangle: [u32; 3]) -> [Vector3<f64>; 3] {
        triangle.map(|i| math::vector(self.vertices[i as usize]))
    }

    /// Volume, first and second moments about the origin, by tetrahedra to it.
    fn moments(&self) -> (f64, Vector3<f64>, Matrix3<f64>) {
        let (mut volume, mut first, mut second) = (0.0, Vector3::zeros(), Matrix3::zeros());
        for &triangle in &self.triangles {
            let [a, b, c] = self.corners(triangle);
            let v = a.dot(&b.cross(&c)) / 6.0;
            let sum = a + b + c;
            let squares = a * a.transpose() + b * b.transpose() + c * c.transpose();
            volume += v;
            first += sum * (v / 4.0);
            second += (squares + sum * sum.transpose()) * (v / 20.0);
        }
        (volume, first, second)
    }

    /// Says what keeps it from being a closed convex polytope with its faces outward.
    fn check(&self) -> Result<(), String> {
        let count = self.vertices.len();
        if let Some(p) = self.vertices.iter().find(|p| !p.iter().all(|x| x.abs() <= 0.5 + ROUNDING))
        {
            return Err(format!("the corner {p:?} is outside of the box from -0.5 to 0.5"));
        }
        let mut edges = BTreeMap::new();
        for triangle in &self.triangles {
            if let Some(i) = triangle.iter().find(|i| **i as usize >= count) {
                return Err(format!("a face has the corner {i}, of {count}"));
            }
            let [a, b, c] = *triangle;
            for (from, to) in [(a, b), (b, c), (c, a)] {
                let edge = (from.min(to), from.max(to));
                *edges.entry(edge).or_insert(0) += if from < to { 1 } else { -1 };
            }
        }
        if edges.values().any(|sum| *sum != 0) {
            return Err("its faces do not close".to_string());
        }
        if !self.moments().0.is_finite() || self.moments().0 < LEAST_VOLUME {
            return Err("it encloses no volume".to_string());
        }
        for &triangle in &self.triangles {
            let [a, b, c] = self.corners(triangle);
            let normal = (b - a).cross(&(c - a));
            let beyond = |p: &Triple| normal.dot(&(math::vector(*p) - a));
            // A sliver has hardly a direction, and what lies beyond it weighs as little.
            if self
                .vertices
                .iter()
                .any(|p| beyond(p) > ROUNDING * math::norm(&normal).max(ROUNDING))
            {
                return Err("it is not convex".to_string());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The unit cube as one piece.
    fn cube() -> Hull {
        let corner = |k: usize| [0, 1, 2].map(|axis| if k >> axis & 1 == 1 { 0.5 } else { -0.5 });
        let faces =
            [[1, 3, 7, 5], [0, 4, 6, 2], [2, 6, 7, 3], [0, 1, 5, 4], [4, 5, 7, 6], [0, 2, 3, 1]];
        let halves = |[a, b, c, d]: [u32; 4]| [[a, b, c], [a, c, d]];
        Hull {
            vertices: (0..8).map(corner).collect(),
            triangles: faces.into_iter().flat_map(halves).collect(),
        }
    }

    #[test]
    fn a_box_as_a_mesh_has_the_inertia_of_a_box() {
        let mesh = Mesh::new(vec![cube()]).unwrap();
        let (mass, size) = (0.3, [0.02, 0.05, 0.09]);
        let MassProperties { center, inertia } = mesh.mass_properties(mass, size);
        assert!(center.iter().all(|x| x.abs() < 1e-15));
        let expected = crate::world::mass::box_inertia(mass, size);
        for i in 0..3 {
            for j in 0..3 {
                let expected = if i == j { expected[i] } else { 0.0 };
                assert!((inertia[i][j] - expected).abs() < 1e-15, "{inertia:?}");
            }
        }
    }

    #[test]
    fn two_boxes_of_unequal_size_balance_where_the_lever_says() {
        // A box of the whole width below, one of half of it above on the side of positive x.
        let part = |low: Triple, high: Triple| {
            let mut hull = cube();
            for p in &mut hull.vertices {
                *p = [0, 1, 2].map(|i| if p[i] < 0.0 { low[i] } else { high[i] });
            }
            hull
        };
        let lower = part([-0.5, -0.5, -0.5], [0.5, 0.5, 0.0]);
        let upper = part([0.0, -0.5, 0.0], [0.5, 0.5, 0.5]);
        let mesh = Mesh::new(vec![lower, upper]).unwrap();
        let size = [0.08, 0.04, 0.06];
        let MassProperties { center, inertia } = mesh.mass_properties(0.3, size);
        // Masses 0.2 kg at (0, -h/4) and 0.1 kg at (w/4, h/4).
        let lever = [0.25 * size[0] / 3.0, 0.0, -0.25 * size[2] / 3.0];
        assert!((0..3).all(|i| (center[i] - lever[i]).abs() < 1e-15), "{center:?}");
        let (w, h) = (size[0], size[2]);
        let own = 0.2 * (w * w + h * h / 4.0) / 12.0 + 0.1 * (w * w / 4.0 + h * h / 4.0) / 12.0;
        let steiner = (0.2 * 0.1 / 0.3) * (w * w / 16.0 + h * h / 4.0);
        assert!((inertia[1][1] - own - steiner).abs() < 1e-15);
    }

    #[test]
    fn what_is_no_mesh_is_refused_in_words() {
        let refused = |change: &dyn Fn(&mut Hull)| {
            let mut hull = cube();
            change(&mut hull);
            Mesh::new(vec![hull]).unwrap_err()
        };
        assert!(refused(&|h| h.vertices[0][1] = f64::NAN).contains("outside"));
        assert!(refused(&|h| h.vertices[0][1] = 0.7).contains("outside"));
        assert!(refused(&|h| h.triangles[0][1] = 8).contains("the corner 8, of 8"));
        assert!(refused(&|h| h.triangles.truncate(11)).contains("close"));
        assert!(refused(&|h| h.triangles.clear()).contains("no volume"));
        assert!(refused(&|h| h.triangles.iter_mut().for_each(|t| t.swap(0, 1))).contains("volume"));
        assert!(refused(&|h| h.vertices[0] = [0.4, 0.4, 0.4]).contains("convex"));
        let small = |h: &mut Hull| h.vertices.iter_mut().for_each(|p| p[2] *= 0.5);
        assert!(refused(&small).contains("along z"));
        assert!(Mesh::new(Vec::new()).is_err());
    }
}
