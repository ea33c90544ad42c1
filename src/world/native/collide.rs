//! Which parts can meet within a tick, and where: contact points by Rapier's collision detection.
//!
//! A contact is kept where the two bodies' present velocities would bring its points nearer than
//! the margin within the tick. That is a function of the two bodies alone, so it ties no other
//! body to them.

use rapier3d_f64::parry::bounding_volume::Aabb;
use rapier3d_f64::parry::query::ContactManifold;
use rapier3d_f64::parry::query::details::contact_manifold_capsule_capsule;
use rapier3d_f64::parry::shape::{Cuboid, PolygonalFeatureMap};
use rapier3d_f64::prelude::Pose;

use super::ahead::Ahead;
use super::geometry::Geometry;
use super::point::{Kind, Part, Point, Side, point_velocity};
use crate::robot::JOINTS_PER_FINGER;
use crate::world::arena;
use crate::world::contacts::Entity;
use crate::world::settings::Physics;
use crate::world::{BlockKind, State};

/// The numbers of parts: capsules from 0, then blocks, each with room for the pieces of its mesh,
/// the wall's segments, the floor.
const BLOCKS: u32 = 1 << 8;
const PIECES: u32 = 1 << 12;
pub(super) const WALLS: u32 = 1 << 30;
pub(super) const FLOOR: u32 = 1 << 31;

/// Finds contacts; holds buffers only.
pub(super) struct Collider {
    pub(super) points: Vec<Point>,
    pub(super) manifold: ContactManifold<(), ()>,
    pub(super) segments: Vec<Segment>,
    pub(super) ahead: Ahead,
}

/// A straight piece of the ring wall.
pub(super) struct Segment {
    pub(super) pose: Pose,
    pub(super) shape: Cuboid,
    pub(super) around: Aabb,
}

impl Collider {
    pub(super) fn new() -> Self {
        let segments = arena::wall_segments()
            .into_iter()
            .map(|(pose, half)| {
                let shape = Cuboid::new(half);
                Segment { pose, shape, around: shape.aabb(&pose) }
            })
            .collect();
        Self {
            points: Vec::new(),
            manifold: ContactManifold::default(),
            segments,
            ahead: Ahead::nothing(),
        }
    }

    /// Finds every contact that can close within a tick.
    pub(super) fn find(&mut self, state: &State, geometry: &Geometry, physics: &Physics) {
        self.ahead.read(state, geometry, physics);
        self.all_pairs(state, geometry);
        let speed = |side: &Side| point_velocity(side, state, geometry);
        self.points.retain(|point| {
            let apart = speed(&point.sides[1]) - speed(&point.sides[0]);
            point.distance + apart.dot(point.normal) * physics.tick < physics.contact_margin
        });
    }

    /// Finds every overlap, whatever the velocities.
    pub(super) fn find_overlaps(&mut self, state: &State, geometry: &Geometry) {
        self.ahead.clear(state.blocks.len());
        self.all_pairs(state, geometry);
        self.points.retain(|point| point.distance < 0.0);
    }

    /// Looks at every pair of parts that may meet, in an order that depends on the scene alone.
    fn all_pairs(&mut self, state: &State, geometry: &Geometry) {
        self.points.clear();
        let capsules = geometry.capsules.len();
        for i in 0..capsules {
            for j in i + 1..capsules {
                self.links(state, geometry, i, j);
            }
        }
        for i in 0..capsules {
            for block in 0..geometry.blocks.len() {
                self.link_and_block(state, geometry, i, block);
            }
        }
        for i in 0..geometry.blocks.len() {
            for j in i + 1..geometry.blocks.len() {
                self.blocks(state, geometry, i, j);
            }
        }
        if !state.scene.without_wall {
            self.wall(state, geometry);
        }
        self.floor(state, geometry);
    }

    pub(super) fn link<'a>(
        &self,
        state: &State,
        geometry: &'a Geometry,
        capsule: usize,
    ) -> Part<'a> {
        let link = geometry.capsules[capsule].link;
        Part {
            entity: Entity::Finger(link / JOINTS_PER_FINGER),
            number: capsule as u32,
            kind: Kind::Link(link),
            pose: &geometry.links[link],
            material: [state.robot.friction, state.robot.restitution],
            pace: self.ahead.links[link],
        }
    }

    pub(super) fn block<'a>(
        &self,
        state: &State,
        geometry: &'a Geometry,
        block: usize,
    ) -> Part<'a> {
        let fixed = state.scene.blocks[block].kind == BlockKind::Fixed;
        Part {
            entity: Entity::Block(block),
            number: BLOCKS + block as u32 * PIECES,
            kind: if fixed { Kind::Still } else { Kind::Block(block) },
            pose: &geometry.blocks[block],
            material: [state.blocks[block].friction, state.blocks[block].restitution],
            pace: self.ahead.blocks[block],
        }
    }

    fn links(&mut self, state: &State, geometry: &Geometry, i: usize, j: usize) {
        let [a, b] = [i, j].map(|i| geometry.capsules[i].link);
        let distance = self.ahead.between(self.ahead.links[a], self.ahead.links[b]);
        let boxes = &geometry.capsule_boxes;
        if !near(&boxes[i], &boxes[j], distance) {
            return;
        }
        let (first, second) = (self.link(state, geometry, i), self.link(state, geometry, j));
        let upper = |link: usize| link.is_multiple_of(JOINTS_PER_FINGER);
        // A finger's own links overlap at the joints by design; upper links never meet.
        if first.entity == second.entity || (upper(a) && upper(b)) {
            return;
        }
        let between = first.pose.inverse() * *second.pose;
        self.manifold.clear();
        let shapes = [i, j].map(|i| &geometry.capsules[i].shape);
        let manifold = &mut self.manifold;
        contact_manifold_capsule_capsule(&between, shapes[0], shapes[1], distance, manifold);
        self.take(first, second);
    }

    fn blocks(&mut self, state: &State, geometry: &Geometry, i: usize, j: usize) {
        let distance = self.ahead.between(self.ahead.blocks[i], self.ahead.blocks[j]);
        if !near(&geometry.block_boxes[i], &geometry.block_boxes[j], distance) {
            return;
        }
        let (first, second) = (self.block(state, geometry, i), self.block(state, geometry, j));
        if matches!((first.kind, second.kind), (Kind::Still, Kind::Still)) {
            return;
        }
        match (geometry.shapes[i].as_box(), geometry.shapes[j].as_box()) {
            (Some(a), Some(b)) => self.boxes(first, second, [a, b], distance),
            _ => self.meshes(first, second, [&geometry.shapes[i], &geometry.shapes[j]], distance),
        }
    }

    fn link_and_block(&mut self, state: &State, geometry: &Geometry, capsule: usize, block: usize) {
        let link = geometry.capsules[capsule].link;
        let distance = self.ahead.between(self.ahead.links[link], self.ahead.blocks[block]);
        if !near(&geometry.capsule_boxes[capsule], &geometry.block_boxes[block], distance) {
            return;
        }
        let first = self.link(state, geometry, capsule);
        let second = self.block(state, geometry, block);
        match geometry.shapes[block].as_box() {
            Some(cuboid) => {
                self.capsule_and_box(geometry, first, second, capsule, cuboid, distance);
            }
            None => {
                let shape = &geometry.capsules[capsule].shape;
                for (i, piece) in geometry.shapes[block].pieces().enumerate() {
                    let link = (&shape.segment as &dyn PolygonalFeatureMap, shape.radius);
                    self.convex(first, second.piece(i), link, (piece, 0.0), distance);
                }
            }
        }
    }
}

/// Whether two boxes come nearer to each other than a distance along every axis.
pub(super) fn near(a: &Aabb, b: &Aabb, distance: f64) -> bool {
    let (a_low, a_high, b_low, b_high) = (a.mins, a.maxs, b.mins, b.maxs);
    a_low.x - b_high.x < distance
        && b_low.x - a_high.x < distance
        && a_low.y - b_high.y < distance
        && b_low.y - a_high.y < distance
        && a_low.z - b_high.z < distance
        && b_low.z - a_high.z < distance
}
