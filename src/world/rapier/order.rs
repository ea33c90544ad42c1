//! Keeps the order in which contacts are solved free of what other bodies do.
//!
//! Rapier solves contacts in the order of its list of pairs, and two things let a body change the
//! order of pairs that it has no part in. A pair that ends is replaced by the last of the list,
//! whichever bodies that one is about. And in a tick in which few leaves of the broad phase's tree
//! change, Rapier moves leaves about in the tree, whose form decides the order of later pairs.

use rapier3d_f64::prelude::*;

use super::build::Sets;

/// Rapier moves leaves about in its tree where fewer than one in this many changed in a tick.
const MOVED_SHARE: usize = 16;

/// The leaves of one world's broad phase.
pub(super) struct Order {
    moving: Vec<ColliderHandle>,
    fixed: Vec<ColliderHandle>,
    // What each moving collider's leaf has covered in this control step.
    reach: Vec<Aabb>,
}

impl Order {
    /// For the colliders of these sets.
    pub(super) fn new(sets: &Sets) -> Self {
        let colliders = &sets.colliders;
        let moves = |handle: &ColliderHandle| colliders[*handle].parent().is_some();
        let (moving, fixed) = colliders.iter().map(|(handle, _)| handle).partition(moves);
        Self { moving, fixed, reach: Vec::new() }
    }

    /// Writes leaves far from each other and from everything, so that the next tick ends all pairs.
    ///
    /// A template's pair that a state does not have would end in the first tick. Pairs with the
    /// floor, whose leaf is all of space, never end.
    pub(super) fn part(&mut self, sets: &mut Sets, parameters: &IntegrationParameters) {
        for (i, handle) in self.moving.iter().enumerate() {
            let center = Vector::new(0.0, 0.0, 1000.0 + i as f64);
            let aabb = Aabb::from_half_extents(center, Vector::splat(0.1));
            sets.broad_phase.set_aabb(parameters, *handle, aabb);
        }
        self.reach.clear();
    }

    /// Fits the leaves to where the colliders are at the start of a control step.
    pub(super) fn begin(&mut self, sets: &mut Sets, parameters: &IntegrationParameters) {
        let Sets { bodies, colliders, broad_phase, .. } = sets;
        bodies.propagate_modified_body_positions_to_colliders(colliders);
        for handle in &self.moving {
            let aabb = colliders[*handle].compute_broad_phase_aabb(parameters, bodies);
            broad_phase.set_aabb(parameters, *handle, aabb);
        }
        self.reach.clear();
        self.reach.extend(self.moving.iter().map(|handle| leaf(sets, *handle)));
    }

    /// Prepares the leaves for a tick: none is smaller than before in this control step, so that
    /// no pair ends, and enough count as changed that Rapier moves none about.
    pub(super) fn keep(&mut self, sets: &mut Sets, parameters: &IntegrationParameters) {
        // Without a margin a leaf becomes what is written.
        let exact = IntegrationParameters { length_unit: 0.0, ..*parameters };
        for (handle, reach) in self.moving.iter().zip(&mut self.reach) {
            let leaf = leaf(sets, *handle);
            if !leaf.contains(reach) {
                reach.merge(&leaf);
                sets.broad_phase.set_aabb(&exact, *handle, *reach);
            }
        }
        let leaves = self.moving.len() + self.fixed.len();
        for handle in self.fixed.iter().cycle().take(leaves / MOVED_SHARE + 1) {
            let leaf = leaf(sets, *handle);
            sets.broad_phase.set_aabb(&exact, *handle, leaf);
        }
    }
}

/// The box that the broad phase holds for a collider.
fn leaf(sets: &Sets, handle: ColliderHandle) -> Aabb {
    let Sets { bodies, colliders, broad_phase, narrow_phase, .. } = sets;
    let dispatcher = narrow_phase.query_dispatcher();
    let query =
        broad_phase.as_query_pipeline(dispatcher, bodies, colliders, QueryFilter::default());
    let node = query.bvh.leaf_node(handle.into_raw_parts().0);
    node.map_or_else(Aabb::new_invalid, |node| node.aabb())
}
