//! How much room a planned posture leaves between the fingers and around a block.

use nalgebra::Vector3;

use super::grasp::{Planar, along};
use crate::math::{self, Triple};
use crate::robot::{FINGERS, JOINTS_PER_FINGER, LINKS_PER_FINGER, description, kinematics};

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

/// The least distance of a finger's middle and lower link to a block, m, the fingertip left out.
pub(super) fn around(links: &[Capsule; JOINTS_PER_FINGER], block: &Planar, size: Triple) -> f64 {
    let ends = [(&links[1], 0.0), (&links[2], TOUCHING)];
    let mut least = f64::INFINITY;
    for (link, from) in ends {
        for i in 0..=SAMPLES {
            let share = from + (1.0 - from) * i as f64 / SAMPLES as f64;
            let p = link.b + (link.a - link.b) * share;
            let offset = [p.x - block.place[0], p.y - block.place[1]];
            let outside = [
                along(offset, block.direction(0)).abs() - 0.5 * size[0],
                along(offset, block.direction(1)).abs() - 0.5 * size[1],
                p.z - size[2],
            ];
            let squared: f64 = outside.iter().map(|d| d.max(0.0) * d.max(0.0)).sum();
            least = least.min(squared.sqrt() - link.radius);
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
    (p.a + d * s - (q.a + e * t)).norm()
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
    fn resting_and_raised_fingers_are_apart() {
        for posture in [REST, RAISED] {
            let links = std::array::from_fn(|f| {
                capsules(f, kinematics::of_finger(&posture, f), crate::robot::HEIGHT)
            });
            assert!(between(&links) > 0.0);
        }
    }
}
