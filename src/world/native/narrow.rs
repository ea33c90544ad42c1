//! The points where two parts meet: boxes and capsules in closed form or by Rapier, meshes piece by
//! piece by Rapier.

use rapier3d_f64::parry::query::details::{
    contact_manifold_cuboid_cuboid, contact_manifold_pfm_pfm,
};
use rapier3d_f64::parry::shape::{Cuboid, PolygonalFeatureMap};
use rapier3d_f64::prelude::Vector;

use super::collide::Collider;
use super::geometry::Geometry;
use super::point::{Part, new_point};
use super::segment_box;
use super::shape::Shape;

impl Collider {
    /// Contacts of two forms of which at least one is a mesh: every piece with every piece.
    pub(super) fn meshes(&mut self, first: Part, second: Part, shapes: [&Shape; 2], distance: f64) {
        for (i, a) in shapes[0].pieces().enumerate() {
            for (j, b) in shapes[1].pieces().enumerate() {
                let (first, second) = (first.piece(i), second.piece(j));
                self.convex(first, second, (a, 0.0), (b, 0.0), distance);
            }
        }
    }

    /// Contacts of two convex forms, each with the radius of a rounding around it.
    pub(super) fn convex(
        &mut self,
        first: Part,
        second: Part,
        (a, rounding_a): (&dyn PolygonalFeatureMap, f64),
        (b, rounding_b): (&dyn PolygonalFeatureMap, f64),
        distance: f64,
    ) {
        let between = first.pose.inverse() * *second.pose;
        // What an earlier pair left there would be where the search begins.
        self.manifold.clear();
        self.manifold.local_n1 = Vector::ZERO;
        let manifold = &mut self.manifold;
        contact_manifold_pfm_pfm(
            &between, a, rounding_a, None, b, rounding_b, None, distance, manifold,
        );
        self.take(first, second);
    }

    pub(super) fn boxes(&mut self, first: Part, second: Part, shapes: [&Cuboid; 2], distance: f64) {
        let between = first.pose.inverse() * *second.pose;
        self.manifold.clear();
        let manifold = &mut self.manifold;
        contact_manifold_cuboid_cuboid(&between, shapes[0], shapes[1], distance, manifold);
        self.take(first, second);
    }

    /// Takes the contacts that Rapier found between two parts.
    pub(super) fn take(&mut self, first: Part, second: Part) {
        let normal = first.pose.rotation * self.manifold.local_n1;
        for point in &self.manifold.points {
            let sides = [first.side(point.local_p1), second.side(point.local_p2)];
            let feature = [point.fid1.0, point.fid2.0];
            self.points.push(new_point(first, second, sides, normal, point.dist, feature));
        }
    }

    pub(super) fn capsule_and_box(
        &mut self,
        geometry: &Geometry,
        first: Part,
        second: Part,
        capsule: usize,
        shape: &Cuboid,
        distance: f64,
    ) {
        let capsule = &geometry.capsules[capsule].shape;
        let segment = capsule.segment;
        let ends = [segment.a, segment.b]
            .map(|end| second.pose.inverse_transform_point(first.pose.transform_point(end)));
        for touch in segment_box::touches(ends, shape.half_extents).into_iter().flatten() {
            let gap = touch.distance - capsule.radius;
            if gap >= distance {
                continue;
            }
            // The normal points from the box to the segment: the contact's is the other way.
            let normal = -(second.pose.rotation * touch.normal);
            let on_link = segment.a + (segment.b - segment.a) * touch.along;
            let outwards = first.pose.rotation.inverse() * normal;
            let sides =
                [first.side(on_link + outwards * capsule.radius), second.side(touch.on_box)];
            self.points.push(new_point(first, second, sides, normal, gap, [touch.feature, 0]));
        }
    }
}
