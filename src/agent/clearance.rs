//! How much room a planned posture leaves between the fingers and around a block.

use nalgebra::Vector3;

use super::pose::{Upright, along, standing};
use crate::math::{self, Triple};
use crate::robot::{FINGERS, JOINTS_PER_FINGER, LINKS_PER_FINGER, description, kinematics};
use crate::world::BlockState;

/// Points along a link at which its distance to a block is taken.
const SAMPLES: usize = 8;
/// The share of the lower link, from the fingertip up, that is there to touch the block.
const TOUCHING: f64 = 0.1;

/// A capsule in the world frame, m; for the lower link `b` is the fingertip's end.
#[derive(Clone, Copy)]
pub(super) struct Capsule {
    a: Vector3<f64>,
    b: Vector3<f64>,
    radius: f64,
}

/// The capsules of the upper, middle and lower link of one finger.
pub(super) fn capsules(finger: usize, joints: Triple, height: f64) -> [Capsule; JOINTS_PER_FINGER] {
    let poses = kinematics::link_poses(finger, joints, height);
    let links: &[_; LINKS_PER_FINGER] = &description().fingers[finger].links;
    std::array::from_fn(|i| {
        let (position, orientation) = poses[i + 1];
        let place =
            |p: Triple| math::vector(position) + math::rotation(orientation) * math::vector(p);
        let capsule = links[i + 1].capsules[0];
        let (a, b) = (place(capsule.a), place(capsule.b));
        let (a, b) = if a.z >= b.z { (a, b) } else { (b, a) };
        Capsule { a, b, radius: capsule.radius }
    })
}

/// The least distance between the links of different fingers, m.
pub(super) fn between(fingers: &[[Capsule; JOINTS_PER_FINGER]; FINGERS]) -> f64 {
    let mut least = f64::INFINITY;
    for (first, second) in [(0, 1), (1, 2), (2, 0)] {
        for p in &fingers[first] {
            for q in &fingers[second] {
                least = least.min(segments(p, q) - p.radius - q.radius);
            }
        }
    }
    least
}

/// A block that stands upright, to keep clear of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    pub(super) pose: Upright,
    /// Edges along the pose's own x and y, and up, m.
    pub(super) size: Triple,
}

impl Body {
    /// A block as it stands.
    pub(super) fn of(block: &BlockState) -> Self {
        let pose = Upright::of(block.position, block.orientation);
        Self { pose, size: standing(block.size, block.orientation) }
    }

    /// The height of its upper face, m.
    pub(super) fn top(&self) -> f64 {
        self.pose.position[2] + 0.5 * self.size[2]
    }

    /// Half of its extent along a direction in the plane of the floor, m.
    fn half_along(&self, direction: [f64; 2]) -> f64 {
        let axes = [0, 1].map(|axis| along(self.pose.direction(axis), direction).abs());
        0.5 * (axes[0] * self.size[0] + axes[1] * self.size[1])
    }
}

/// The widest gap between two standing blocks, m: along the vertical or the normal of a side;
/// negative where they overlap.
pub(super) fn apart(a: &Body, b: &Body) -> f64 {
    let [x, y, z] = [0, 1, 2].map(|i| b.pose.position[i] - a.pose.position[i]);
    let mut gap = z.abs() - 0.5 * (a.size[2] + b.size[2]);
    for direction in [a, b].into_iter().flat_map(|body| [0, 1].map(|i| body.pose.direction(i))) {
        let between = along([x, y], direction).abs();
        gap = gap.max(between - a.half_along(direction) - b.half_along(direction));
    }
    gap
}

/// The least distance of a finger's middle and lower link to a block, m; of the lower one without
/// its fingertip where that is there to touch the block.
pub(super) fn around(links: &[Capsule; JOINTS_PER_FINGER], body: &Body, touching: bool) -> f64 {
    let ends = [(&links[1], 0.0), (&links[2], if touching { TOUCHING } else { 0.0 })];
    let mut least = f64::INFINITY;
    for (link, from) in ends {
        for i in 0..=SAMPLES {
            let share = from + (1.0 - from) * i as f64 / SAMPLES as f64;
            let p = body.pose.inside(math::triple(link.b + (link.a - link.b) * share));
            let outside = p.iter().zip(body.size).map(|(p, size)| (p.abs() - 0.5 * size).max(0.0));
            least = least.min(outside.map(|d| d * d).sum::<f64>().sqrt() - link.radius);
        }
    }
    least
}

/// The distance between the axes of two capsules, m.
fn segments(p: &Capsule, q: &Capsule) -> f64 {
    let (d, e, r) = (p.b - p.a, q.b - q.a, p.a - q.a);
    let (dd, ee, de) = (d.norm_squared(), e.norm_squared(), d.dot(&e));
    let (dr, er) = (d.dot(&r), e.dot(&r));
    let denominator = dd * ee - de * de;
    let s =
        if denominator > 1e-12 { ((de * er - dr * ee) / denominator).clamp(0.0, 1.0) } else { 0.0 };
    // The best point of one axis for the other's, then back once: exact for two segments.
    let t = ((de * s + er) / ee).clamp(0.0, 1.0);
    let s = ((de * t - dr) / dd).clamp(0.0, 1.0);
    math::norm(&(p.a + d * s - (q.a + e * t)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::{RAISED, REST};

    fn capsule(a: Triple, b: Triple) -> Capsule {
        Capsule { a: math::vector(a), b: math::vector(b), radius: 0.0 }
    }

    #[test]
    fn segment_distances_are_exact() {
        let base = capsule([0.0; 3], [1.0, 0.0, 0.0]);
        let cases = [
            (capsule([0.5, -1.0, 0.3], [0.5, 1.0, 0.3]), 0.3),
            (capsule([2.0, 0.0, 0.0], [3.0, 0.0, 0.0]), 1.0),
            (capsule([0.2, 0.4, 0.0], [0.8, 0.4, 0.0]), 0.4),
            (capsule([-3.0, 4.0, 0.0], [-3.0, 9.0, 0.0]), 5.0),
        ];
        for (other, distance) in cases {
            assert!((segments(&base, &other) - distance).abs() < 1e-12);
            assert!((segments(&other, &base) - distance).abs() < 1e-12);
        }
    }

    #[test]
    fn blocks_are_apart_by_the_widest_gap() {
        let cube = |position, yaw| Body { pose: Upright { position, yaw }, size: [0.06; 3] };
        let first = cube([0.0, 0.0, 0.03], 0.0);
        for (second, gap) in [
            (cube([0.1, 0.0, 0.03], 0.0), 0.04),
            (cube([0.1, 0.02, 0.03], 0.0), 0.04),
            (cube([0.0, 0.0, 0.1], 0.3), 0.01),
            // A corner points at the face.
            (cube([0.1, 0.0, 0.03], std::f64::consts::FRAC_PI_4), 0.07 - 0.03 * 2_f64.sqrt()),
            (cube([0.05, 0.0, 0.03], 0.0), -0.01),
        ] {
            assert!((apart(&first, &second) - gap).abs() < 1e-12, "{second:?}");
            assert!((apart(&second, &first) - gap).abs() < 1e-12, "{second:?}");
        }
    }

    #[test]
    fn resting_and_raised_fingers_are_apart() {
        for posture in [REST, RAISED] {
            let links = std::array::from_fn(|f| {
                capsules(f, kinematics::of_finger(&posture, f), crate::robot::HEIGHT)
            });
            assert!(between(&links) > 0.0);
        }
    }
}
