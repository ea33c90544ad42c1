//! Contacts with what never moves: the ring wall and the floor.

use rapier3d_f64::parry::bounding_volume::Aabb;
use rapier3d_f64::parry::shape::Cuboid;
use rapier3d_f64::prelude::{Pose, Vector};

use super::ahead::Pace;
use super::collide::{Collider, FLOOR, WALLS, near};
use super::geometry::Geometry;
use super::point::{Kind, Part, Side, new_point};
use crate::robot::JOINTS_PER_FINGER;
use crate::world::State;
use crate::world::arena;
use crate::world::contacts::Entity;

impl Collider {
    pub(super) fn wall(&mut self, state: &State, geometry: &Geometry) {
        for (block, around) in geometry.block_boxes.iter().enumerate() {
            let part = self.block(state, geometry, block);
            let distance = self.ahead.between(part.pace, Pace::default());
            if matches!(part.kind, Kind::Still) || inside_ring(around, distance) {
                continue;
            }
            let shape = &geometry.shapes[block];
            self.at_segments(state, around, distance, |collider, segment, wall| {
                if let Some(cuboid) = shape.as_box() {
                    collider.boxes(part, segment, [cuboid, wall], distance);
                    return;
                }
                for (i, piece) in shape.pieces().enumerate() {
                    collider.convex(part.piece(i), segment, (piece, 0.0), (wall, 0.0), distance);
                }
            });
        }
        for (capsule, around) in geometry.capsule_boxes.iter().enumerate() {
            let part = self.link(state, geometry, capsule);
            let distance = self.ahead.between(part.pace, Pace::default());
            let upper = geometry.capsules[capsule].link.is_multiple_of(JOINTS_PER_FINGER);
            if upper || inside_ring(around, distance) {
                continue;
            }
            self.at_segments(state, around, distance, |collider, segment, shape_of| {
                collider.capsule_and_box(geometry, part, segment, capsule, shape_of, distance);
            });
        }
    }

    /// Visits the wall's segments that a box is near.
    fn at_segments(
        &mut self,
        state: &State,
        around: &Aabb,
        distance: f64,
        mut visit: impl FnMut(&mut Self, Part, &Cuboid),
    ) {
        let wall = &state.arena.wall;
        let segments = std::mem::take(&mut self.segments);
        for (index, segment) in segments.iter().enumerate() {
            if near(around, &segment.around, distance) {
                let part = Part {
                    entity: Entity::Wall,
                    number: WALLS + index as u32,
                    kind: Kind::Still,
                    pose: &segment.pose,
                    material: [wall.friction, wall.restitution],
                    pace: Pace::default(),
                };
                visit(self, part, &segment.shape);
            }
        }
        self.segments = segments;
    }

    pub(super) fn floor(&mut self, state: &State, geometry: &Geometry) {
        let floor = Part {
            entity: Entity::Floor,
            number: FLOOR,
            kind: Kind::Still,
            pose: &Pose::IDENTITY,
            material: [state.arena.floor.friction, state.arena.floor.restitution],
            pace: Pace::default(),
        };
        for (capsule, around) in geometry.capsule_boxes.iter().enumerate() {
            let part = self.link(state, geometry, capsule);
            let lower = geometry.capsules[capsule].link % JOINTS_PER_FINGER == 2;
            if !lower || around.mins.z >= self.ahead.between(part.pace, floor.pace) {
                continue;
            }
            let shape = &geometry.capsules[capsule].shape;
            let down = part.pose.rotation.inverse() * -Vector::Z;
            for (end, local) in [shape.segment.a, shape.segment.b].into_iter().enumerate() {
                self.above_floor(part, floor, local + down * shape.radius, end as u32);
            }
        }
        for (block, around) in geometry.block_boxes.iter().enumerate() {
            let part = self.block(state, geometry, block);
            if matches!(part.kind, Kind::Still)
                || around.mins.z >= self.ahead.between(part.pace, floor.pace)
            {
                continue;
            }
            for (corner, local) in geometry.shapes[block].corners().enumerate() {
                self.above_floor(part, floor, local, corner as u32);
            }
        }
    }

    fn above_floor(&mut self, part: Part, floor: Part, local: Vector, feature: u32) {
        let at = part.pose.transform_point(local);
        if at.z < self.ahead.between(part.pace, floor.pace) {
            let sides = [part.side(local), Side::Still(Vector::new(at.x, at.y, 0.0))];
            self.points.push(new_point(part, floor, sides, -Vector::Z, at.z, [feature, 0]));
        }
    }
}

/// Whether a box is farther than a distance from the ring wall, on its inside.
fn inside_ring(around: &Aabb, distance: f64) -> bool {
    let x = around.mins.x.abs().max(around.maxs.x.abs());
    let y = around.mins.y.abs().max(around.maxs.y.abs());
    let free = arena::WALL_RADIUS - distance;
    free > 0.0 && x * x + y * y < free * free
}
