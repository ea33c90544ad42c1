//! Convex pieces of space, cut by half-spaces.
//!
//! A convex piece is the boundary of its faces as directed edges, each face's cycle
//! counter-clockwise from outside. Cutting by a half-space keeps every face's edges a cycle and
//! closes the hole with a new face, whatever the rounding of single points, so the divergence
//! theorem gives the volume with no error beyond that rounding, at coplanar faces too.

use nalgebra::Vector3;

/// A half-space: the points p with normal · p ≤ offset.
pub(super) type HalfSpace = (Vector3<f64>, f64);

/// A directed edge of one face of a convex piece; a face's edges stand together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) from: Vector3<f64>,
    pub(super) to: Vector3<f64>,
    pub(super) face: usize,
    /// Whether the cut in progress has made this edge.
    pub(super) cut: bool,
}

/// Where a cut writes its edges.
pub(super) trait Edges {
    fn clear(&mut self);
    fn push(&mut self, edge: Edge);
    fn all(&mut self) -> &mut [Edge];
}

impl Edges for Vec<Edge> {
    fn clear(&mut self) {
        self.clear();
    }
    fn push(&mut self, edge: Edge) {
        self.push(edge);
    }
    fn all(&mut self) -> &mut [Edge] {
        self
    }
}

/// At most `N` edges without allocation; one too many is dropped and remembered.
pub(super) struct Fixed<const N: usize> {
    edges: [Edge; N],
    count: usize,
    pub(super) overflowed: bool,
}

impl<const N: usize> Fixed<N> {
    pub(super) fn new() -> Self {
        let zero = Vector3::zeros();
        let edge = Edge { from: zero, to: zero, face: 0, cut: false };
        Self { edges: [edge; N], count: 0, overflowed: false }
    }
}

impl<const N: usize> Edges for Fixed<N> {
    fn clear(&mut self) {
        self.count = 0;
    }
    fn push(&mut self, edge: Edge) {
        match self.edges.get_mut(self.count) {
            Some(place) => (*place, self.count) = (edge, self.count + 1),
            None => self.overflowed = true,
        }
    }
    fn all(&mut self) -> &mut [Edge] {
        &mut self.edges[..self.count]
    }
}

/// Writes into `out` the part of a convex piece that lies in the half-space.
pub(super) fn cut(piece: &[Edge], (normal, offset): &HalfSpace, out: &mut impl Edges) {
    out.clear();
    for face in piece.chunk_by(|a, b| a.face == b.face) {
        // The hole in the face is closed through its first crossing, so that the face stays a
        // cycle even where rounding has made it cross the plane more than twice.
        let mut pivot = None;
        let mut close = |crossing: Vector3<f64>, leaving: bool, out: &mut _| {
            let pivot = *pivot.get_or_insert(crossing);
            if pivot != crossing {
                let (from, to) = if leaving { (crossing, pivot) } else { (pivot, crossing) };
                Edges::push(out, Edge { from, to, face: face[0].face, cut: true });
            }
        };
        for edge in face {
            let a = normal.dot(&edge.from) - offset;
            let b = normal.dot(&edge.to) - offset;
            match (a <= 0.0, b <= 0.0) {
                (true, true) => out.push(*edge),
                (true, false) => {
                    let crossing = crossing(&edge.from, a, &edge.to, b);
                    out.push(Edge { to: crossing, ..*edge });
                    close(crossing, true, out);
                }
                (false, true) => {
                    let crossing = crossing(&edge.to, b, &edge.from, a);
                    out.push(Edge { from: crossing, ..*edge });
                    close(crossing, false, out);
                }
                (false, false) => {}
            }
        }
    }
    let cap = piece.last().map_or(0, |edge| edge.face + 1);
    for i in 0..out.all().len() {
        let edge = &mut out.all()[i];
        if std::mem::take(&mut edge.cut) {
            let (from, to) = (edge.to, edge.from);
            out.push(Edge { from, to, face: cap, cut: false });
        }
    }
}

/// The point where an edge leaves the half-space; always from the inner end, so that the two
/// faces at the edge get the same bits.
fn crossing(inner: &Vector3<f64>, a: f64, outer: &Vector3<f64>, b: f64) -> Vector3<f64> {
    inner + (outer - inner) * (a / (a - b))
}

/// The volume of a convex piece by the divergence theorem.
pub(super) fn volume(piece: &[Edge]) -> f64 {
    let Some(apex) = piece.first().map(|edge| edge.from) else { return 0.0 };
    let face_sum = |face: &[Edge]| -> f64 {
        let base = face[0].from;
        let area: Vector3<f64> =
            face.iter().map(|edge| (edge.from - base).cross(&(edge.to - base))).sum();
        area.dot(&(base - apex))
    };
    let sum: f64 = piece.chunk_by(|a, b| a.face == b.face).map(face_sum).sum();
    (sum / 6.0).max(0.0)
}

/// Visits disjoint convex pieces that make up `piece` without the convex bodies, each given by the
/// half-spaces that it is the intersection of.
///
/// Pieces smaller than `negligible` (m³) count as empty, so slivers of rounding do not multiply.
pub(super) fn subtract(
    piece: &[Edge],
    bodies: &[impl AsRef<[HalfSpace]>],
    negligible: f64,
    visit: &mut dyn FnMut(&[Edge]),
) {
    let Some((first, others)) = bodies.split_first() else { return visit(piece) };
    let first = first.as_ref();
    let (mut rest, mut next, mut outside) = (piece.to_vec(), Vec::new(), Vec::new());
    for half_space in first {
        cut(&rest, half_space, &mut next);
        std::mem::swap(&mut rest, &mut next);
    }
    if volume(&rest) <= negligible {
        return subtract(piece, others, negligible, visit);
    }
    rest.clear();
    rest.extend_from_slice(piece);
    for (normal, offset) in first {
        cut(&rest, &(-normal, -offset), &mut outside);
        if volume(&outside) > negligible {
            subtract(&outside, others, negligible, visit);
        }
        cut(&rest, &(*normal, *offset), &mut next);
        std::mem::swap(&mut rest, &mut next);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cuboid;
    use super::*;
    use crate::math;

    #[test]
    fn a_cut_and_its_complement_make_up_the_whole() {
        let orientation = math::from_rotation_vector([0.3, 0.5, 0.7]);
        let cuboid = Cuboid { center: [0.1, 0.2, 0.3], orientation, size: [0.03, 0.06, 0.1] };
        let whole = cuboid.boundary(&Vector3::zeros());
        assert!((volume(&whole) - cuboid.volume()).abs() < 1e-13 * cuboid.volume());
        let normal = Vector3::new(2.0, -1.0, 2.0) / 3.0;
        let offset = normal.dot(&math::vector(cuboid.center)) + 0.01;
        let (mut below, mut above) = (Vec::new(), Vec::new());
        cut(&whole, &(normal, offset), &mut below);
        cut(&whole, &(-normal, -offset), &mut above);
        let (below, above) = (volume(&below), volume(&above));
        assert!(above > 0.1 * below && below > above, "{below} {above}");
        assert!((below + above - cuboid.volume()).abs() < 1e-13 * cuboid.volume());
    }
}
