//! Where a segment and a box are nearest: exact, in closed form.

use rapier3d_f64::prelude::Vector;

use crate::math;

/// A point of a segment and the point of a box it faces, in the box's frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Touch {
    /// Where on the segment, 0 at its start and 1 at its end.
    pub(super) along: f64,
    pub(super) on_box: Vector,
    /// Unit vector from the box to the segment.
    pub(super) normal: Vector,
    /// Along the normal, m; negative where the segment is inside.
    pub(super) distance: f64,
    /// Tells which features face each other.
    pub(super) feature: u32,
}

/// From which share of its length on the two ends of a contact count as two.
const DISTINCT: f64 = 1e-6;
/// Below which distance, m, the direction between the two nearest points says nothing.
const TOUCHING: f64 = 1e-9;

/// One touch, or two where the segment faces a side of the box.
///
/// `ends` of the segment in the frame of the box of these half edges, m.
pub(super) fn touches(ends: [Vector; 2], half: Vector) -> [Option<Touch>; 2] {
    let along = nearest(ends, half);
    let at = ends[0] + (ends[1] - ends[0]) * along;
    let on_box = at.clamp(-half, half);
    let apart = at - on_box;
    let distance = math::length(apart);
    if distance < TOUCHING {
        let (axis, sign) = least_deep(ends, half);
        return facing(ends, half, axis, sign);
    }
    let beyond = apart.to_array().map(|x| x != 0.0);
    if let [true, false, false] | [false, true, false] | [false, false, true] = beyond {
        let axis = beyond.iter().position(|x| *x).unwrap_or(0);
        return facing(ends, half, axis, apart[axis].signum());
    }
    let feature = beyond.iter().zip(apart.to_array()).fold(0, |feature, (beyond, x)| {
        feature * 3 + if *beyond { 1 + u32::from(x > 0.0) } else { 0 }
    });
    let normal = apart / distance;
    [Some(Touch { along, on_box, normal, distance, feature: 16 + feature }), None]
}

/// Where on the segment its distance to the box is least: the root of a rising, piecewise linear
/// function, the derivative of the squared distance.
fn nearest(ends: [Vector; 2], half: Vector) -> f64 {
    let step = ends[1] - ends[0];
    let slope = |t: f64| {
        let at = ends[0] + step * t;
        (at - at.clamp(-half, half)).dot(step)
    };
    let (mut low, mut low_slope) = (0.0, slope(0.0));
    if low_slope >= 0.0 {
        return 0.0;
    }
    let (mut high, mut high_slope) = (1.0, slope(1.0));
    if high_slope <= 0.0 {
        return 1.0;
    }
    for axis in 0..3 {
        for face in [-half[axis], half[axis]] {
            let t = (face - ends[0][axis]) / step[axis];
            if t > low && t < high {
                let found = slope(t);
                if found < 0.0 {
                    (low, low_slope) = (t, found);
                } else {
                    (high, high_slope) = (t, found);
                }
            }
        }
    }
    if high_slope == 0.0 { high } else { low - low_slope * (high - low) / (high_slope - low_slope) }
}

/// The side of the box through which a segment inside it is nearest to leaving.
fn least_deep(ends: [Vector; 2], half: Vector) -> (usize, f64) {
    let mut best = (0, 1.0, f64::NEG_INFINITY);
    for axis in 0..3 {
        for sign in [1.0, -1.0] {
            let deepest = (sign * ends[0][axis]).min(sign * ends[1][axis]) - half[axis];
            if deepest > best.2 {
                best = (axis, sign, deepest);
            }
        }
    }
    (best.0, best.1)
}

/// The touches of the part of the segment that is over one side of the box: its two ends.
fn facing(ends: [Vector; 2], half: Vector, axis: usize, sign: f64) -> [Option<Touch>; 2] {
    let step = ends[1] - ends[0];
    let (mut from, mut to) = (0.0, 1.0);
    for other in (0..3).filter(|other| *other != axis) {
        if step[other] == 0.0 {
            continue;
        }
        let cross = [-half[other], half[other]].map(|face| (face - ends[0][other]) / step[other]);
        from = f64::max(from, cross[0].min(cross[1]));
        to = f64::min(to, cross[0].max(cross[1]));
    }
    let to = f64::max(from, to);
    let touch = |along: f64, end: u32| {
        let at = ends[0] + step * along;
        let mut on_box = at.clamp(-half, half);
        on_box[axis] = sign * half[axis];
        let mut normal = Vector::ZERO;
        normal[axis] = sign;
        let feature = 4 * axis as u32 + 2 * u32::from(sign > 0.0) + end;
        Touch { along, on_box, normal, distance: sign * at[axis] - half[axis], feature }
    };
    [Some(touch(from, 0)), (to - from > DISTINCT).then(|| touch(to, 1))]
}
