//! How much of the goals the blocks fill: exact volumes of the intersections of oriented boxes and
//! of meshes' convex pieces.

mod boxes;
mod part;
mod piece;

use nalgebra::Vector3;

use self::part::Part;
use self::piece::{Edge, Edges, Fixed, HalfSpace, cut, volume};
use crate::math::{self, Quat, Triple};
use crate::world::{BlockKind, BlockState, GoalState, Mesh, Scene, State};

/// Which figure is reported as the fractional success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The exact share of the goals' volume that is filled, see [`fractional_success`].
    #[default]
    Volume,
    /// The reference's figure from axis-aligned bounds, see [`aabb_fraction`].
    Aabb,
}

impl Overlap {
    /// The figure over the movable blocks and the goals of a state; 1 where there are no goals.
    pub fn of_state(self, state: &State) -> f64 {
        let movable = |(i, block): (usize, &BlockState)| {
            let kind = state.scene.blocks.get(i).map(|b| b.kind);
            (kind == Some(BlockKind::Movable)).then(|| Cuboid::from(block))
        };
        let blocks = || state.blocks.iter().enumerate().filter_map(movable);
        let goals = || state.goals.iter().map(Cuboid::from);
        match self {
            Self::Aabb => aabb_fraction(blocks(), goals()),
            Self::Volume if has_meshes(&state.scene) => filled_with_meshes(state),
            Self::Volume => boxes::filled(blocks(), goals()).unwrap_or_else(|| {
                parts_filled(&blocks().collect::<Vec<_>>(), &goals().collect::<Vec<_>>())
            }),
        }
    }

    /// The figure over some blocks and goals; 1 where there are no goals.
    pub fn of_solids(self, blocks: &[Solid<'_>], goals: &[Solid<'_>]) -> f64 {
        let bounds = |solids: &[Solid<'_>]| -> Vec<_> { solids.iter().map(|s| s.0).collect() };
        let meshes = blocks.iter().chain(goals).any(|(_, mesh)| mesh.is_some());
        match self {
            Self::Aabb => aabb_fraction(bounds(blocks).into_iter(), bounds(goals).into_iter()),
            Self::Volume if meshes => part::filled(&parts_of(blocks), &parts_of(goals)),
            Self::Volume => fractional_success(&bounds(blocks), &bounds(goals)),
        }
    }
}

/// A block or goal: its bounds, and its mesh where it is no box.
pub type Solid<'a> = (Cuboid, Option<&'a Mesh>);

fn parts_of<'a>(solids: &[Solid<'a>]) -> Vec<Part<'a>> {
    solids.iter().flat_map(|(bounds, mesh)| Part::of(*bounds, *mesh)).collect()
}

fn has_meshes(scene: &Scene) -> bool {
    scene.blocks.iter().any(|block| block.mesh.is_some())
        || scene.goals.iter().any(|goal| goal.mesh.is_some())
}

/// The exact share where some blocks or goals are meshes, each of them its pieces' union.
fn filled_with_meshes(state: &State) -> f64 {
    let mut blocks = Vec::new();
    for (description, block) in state.scene.blocks.iter().zip(&state.blocks) {
        if description.kind == BlockKind::Movable {
            blocks.extend(Part::of(block.into(), description.mesh.as_deref()));
        }
    }
    let goals = state.scene.goals.iter().zip(&state.goals);
    let goals: Vec<_> =
        goals.flat_map(|(d, goal)| Part::of(goal.into(), d.mesh.as_deref())).collect();
    part::filled(&blocks, &goals)
}

/// An oriented box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuboid {
    /// Centre, world frame, m.
    pub center: Triple,
    /// Unit quaternion x, y, z, w.
    pub orientation: Quat,
    /// Edge lengths, m.
    pub size: Triple,
}

impl From<&BlockState> for Cuboid {
    fn from(block: &BlockState) -> Self {
        Self { center: block.position, orientation: block.orientation, size: block.size }
    }
}

impl From<&GoalState> for Cuboid {
    /// The goal's box; a sphere counts as the cube around it, as in the reference (facts 6).
    fn from(goal: &GoalState) -> Self {
        Self { center: goal.position, orientation: goal.orientation, size: goal.size }
    }
}

impl Cuboid {
    /// The volume, m³; 0 of a box that is none: with an edge that is not above 0 m, or a zero
    /// quaternion.
    pub fn volume(&self) -> f64 {
        if self.is_none() { 0.0 } else { self.size[0] * self.size[1] * self.size[2] }
    }

    fn is_none(&self) -> bool {
        let turned: f64 = self.orientation.iter().map(|x| x * x).sum();
        let solid = self.size.iter().all(|&edge| edge > 0.0) && turned > 1e-24;
        !solid
    }

    /// The axis-aligned bounds (low, high), world frame, m (facts 6, steps 1 and 2).
    pub fn bounds(&self) -> [Triple; 2] {
        let axes = self.axes();
        let mut bounds = [self.center; 2];
        for i in 0..3 {
            let reach: f64 = (0..3).map(|j| 0.5 * self.size[j] * axes[j][i].abs()).sum();
            bounds[0][i] -= reach;
            bounds[1][i] += reach;
        }
        bounds
    }

    fn axes(&self) -> [Vector3<f64>; 3] {
        let rotation = math::rotation(self.orientation);
        [Vector3::x(), Vector3::y(), Vector3::z()].map(|axis| rotation * axis)
    }

    fn half_spaces(&self, origin: &Vector3<f64>) -> [HalfSpace; 6] {
        let (axes, center) = (self.axes(), math::vector(self.center) - origin);
        std::array::from_fn(|i| {
            let normal = if i % 2 == 0 { axes[i / 2] } else { -axes[i / 2] };
            (normal, normal.dot(&center) + 0.5 * self.size[i / 2])
        })
    }

    fn boundary(&self, origin: &Vector3<f64>) -> [Edge; 24] {
        // Corner k lies on the upper side of axis j where bit j of k is set.
        const FACES: [[usize; 4]; 6] =
            [[1, 3, 7, 5], [0, 4, 6, 2], [2, 6, 7, 3], [0, 1, 5, 4], [4, 5, 7, 6], [0, 2, 3, 1]];
        let (axes, center) = (self.axes(), math::vector(self.center) - origin);
        let corner = |k: usize| {
            (0..3).fold(center, |point, j| {
                point + axes[j] * (if k >> j & 1 == 1 { 0.5 } else { -0.5 } * self.size[j])
            })
        };
        std::array::from_fn(|i| {
            let (face, k) = (i / 4, i % 4);
            let (from, to) = (corner(FACES[face][k]), corner(FACES[face][(k + 1) % 4]));
            Edge { from, to, face, cut: false }
        })
    }

    /// Whether the spheres around the two boxes are disjoint.
    fn far_from(&self, other: &Self) -> bool {
        let reach =
            0.5 * (math::norm(&math::vector(self.size)) + math::norm(&math::vector(other.size)));
        math::norm(&(math::vector(self.center) - math::vector(other.center))) > reach
    }
}

/// The volume of the intersection of two oriented boxes, m³.
///
/// Exact up to rounding, continuous in all arguments, never negative and never above either
/// volume; 0 where either is none, see [`Cuboid::volume`]. It allocates nothing.
pub fn intersection(a: &Cuboid, b: &Cuboid) -> f64 {
    shared(a, &[b])
}

/// The volume that a box and all the others have in common, m³.
fn shared(a: &Cuboid, others: &[&Cuboid]) -> f64 {
    let limit = others.iter().fold(a.volume(), |least, other| least.min(other.volume()));
    if a.is_none() || others.iter().any(|other| other.is_none() || a.far_from(other)) {
        return 0.0;
    }
    // Two boxes' intersection has twelve faces, and so at most 60 directed edges; rounding may add
    // a few.
    let fixed = [&mut Fixed::<96>::new(), &mut Fixed::<96>::new()];
    let volume = shared_within(a, others, fixed, |fixed| !fixed.overflowed)
        .or_else(|| shared_within(a, others, [&mut Vec::new(), &mut Vec::new()], |_| true));
    volume.unwrap_or(0.0).min(limit)
}

fn shared_within<E: Edges>(
    a: &Cuboid,
    others: &[&Cuboid],
    [mut piece, mut next]: [&mut E; 2],
    complete: impl Fn(&E) -> bool,
) -> Option<f64> {
    let origin = math::vector(a.center);
    a.boundary(&origin).into_iter().for_each(|edge| piece.push(edge));
    for other in others {
        for half_space in &other.half_spaces(&origin) {
            cut(piece.all(), half_space, next);
            (piece, next) = (next, piece);
        }
    }
    (complete(piece) && complete(next)).then(|| volume(piece.all()))
}

/// The share of the goals' united volume that the blocks fill, in \[0, 1\]; 1 without goals, 0
/// where none of them has a volume.
///
/// Exact up to rounding for any number of boxes, with nothing counted twice where goals or
/// blocks overlap. It allocates nothing unless three goals, or three blocks, overlap at one place;
/// the cost then grows with the number of boxes at that place, which physics keeps small.
/// This is the paper's measure; the reference's code computes [`aabb_fraction`] instead (facts 6).
pub fn fractional_success(blocks: &[Cuboid], goals: &[Cuboid]) -> f64 {
    boxes::filled(blocks.iter().copied(), goals.iter().copied())
        .unwrap_or_else(|| parts_filled(blocks, goals))
}

/// The same by cutting goals into pieces, whatever overlaps.
fn parts_filled(blocks: &[Cuboid], goals: &[Cuboid]) -> f64 {
    let parts = |boxes: &[Cuboid]| -> Vec<_> { boxes.iter().map(|b| Part::Box(*b)).collect() };
    part::filled(&parts(blocks), &parts(goals))
}

/// The reference's figure: overlaps of axis-aligned bounds, summed over all pairs, by the sum of
/// the goals' bounds; 1 without goals, 0 where none of them has a volume, and above 1 where bounds of
/// several overlap (facts 6).
pub fn aabb_fraction(
    blocks: impl Iterator<Item = Cuboid> + Clone,
    goals: impl Iterator<Item = Cuboid>,
) -> f64 {
    let extent = |low: Triple, high: Triple| -> f64 {
        (0..3).map(|i| (high[i] - low[i]).max(0.0)).product()
    };
    let (mut shared, mut whole, mut wanted) = (0.0, 0.0, false);
    let blocks = blocks.filter(|block| !block.is_none());
    for goal in goals {
        wanted = true;
        if goal.is_none() {
            continue;
        }
        let [goal_low, goal_high] = goal.bounds();
        whole += extent(goal_low, goal_high);
        for [low, high] in blocks.clone().map(|block| block.bounds()) {
            shared += extent(
                std::array::from_fn(|i| low[i].max(goal_low[i])),
                std::array::from_fn(|i| high[i].min(goal_high[i])),
            );
        }
    }
    share(shared, whole, wanted)
}

/// The part of a volume; of none nothing, and all where nothing is wanted.
fn share(part: f64, whole: f64, wanted: bool) -> f64 {
    match (whole > 0.0, wanted) {
        (true, _) => part / whole,
        (false, true) => 0.0,
        (false, false) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_says_so_and_the_growing_one_has_the_same_volume() {
        let orientation = math::from_rotation_vector([0.3, 0.5, 0.7]);
        let a = Cuboid { center: [0.0; 3], orientation: math::IDENTITY, size: [0.065; 3] };
        let b = Cuboid { orientation, ..a };
        let short = [&mut Fixed::<30>::new(), &mut Fixed::<30>::new()];
        assert_eq!(shared_within(&a, &[&b], short, |fixed| !fixed.overflowed), None);
        let growing = shared_within(&a, &[&b], [&mut Vec::new(), &mut Vec::new()], |_| true);
        assert_eq!(growing, Some(intersection(&a, &b)));
    }
}
