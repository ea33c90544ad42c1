//! Closed-form inverse kinematics of one finger in its own frame, projecting what is out of reach.
//!
//! With (a, c) the tip in the plane in which the middle and lower joint work, the upper joint
//! turns (`LATERAL`, c) about x: y = `LATERAL` cos q0 + c sin q0, z = -`LATERAL` sin q0 + c cos q0,
//! and a = -l (sin q1 + sin(q1 + q2)), c = -l (cos q1 + cos(q1 + q2)) with l = `SEGMENT`.

use std::f64::consts::PI;

use nalgebra::Vector3;

use super::kinematics::{LATERAL, SEGMENT, tip_from_shoulder};
use crate::math::{self, Triple, atan2, hypot, sin_cos};

/// How near the tip must come to count as having reached the target, m.
pub(super) const REACHED: f64 = 1e-9;
/// How far past a limit a solution may lie by rounding, rad; it is then put on the limit.
const SLACK: f64 = 1e-9;
/// Solutions whose distances differ by less are equally good, m; the nearer joints win.
const TIE: f64 = 1e-12;
/// Into how many intervals an arc is cut in search of minima.
const INTERVALS: usize = 24;

/// The joint angles that bring the tip nearest to `point`, and how near that is, m.
///
/// The distance's minimum within the limits is at a solution, or where the finger is singular,
/// or on a limit; all of these are tried.
pub(super) fn solve(point: Vector3<f64>, near: Triple, low: Triple, high: Triple) -> (Triple, f64) {
    let fallback = [0, 1, 2].map(|j| near[j].max(low[j]).min(high[j]));
    let mut search = Search { point, near, low, high, best: fallback, distance: f64::INFINITY };
    let radius = hypot(point.y, point.z);
    if radius >= LATERAL.abs() {
        let c = ((radius - LATERAL) * (radius + LATERAL)).sqrt();
        search.turn_to_plane_point(-c);
        search.turn_to_plane_point(c);
    }
    if search.distance > REACHED {
        search.turn_to_plane_point(0.0);
        search.on_arcs(radius);
        search.on_shoulder_limit(low[0]);
        search.on_shoulder_limit(high[0]);
    }
    (search.best, search.distance)
}

struct Search {
    point: Vector3<f64>,
    near: Triple,
    low: Triple,
    high: Triple,
    best: Triple,
    distance: f64,
}

impl Search {
    /// Keeps a solution if it lies within the limits and is better than the best so far.
    fn consider(&mut self, joints: Triple) {
        let mut clamped = joints.map(wrapped);
        for (j, angle) in clamped.iter_mut().enumerate() {
            if !(self.low[j] - SLACK..=self.high[j] + SLACK).contains(angle) {
                return;
            }
            *angle = angle.max(self.low[j]).min(self.high[j]);
        }
        let distance = math::norm(&(tip_from_shoulder(clamped) - self.point));
        let nearer = || self.far_from(clamped) < self.far_from(self.best);
        if distance < self.distance - TIE || (distance < self.distance + TIE && nearer()) {
            (self.best, self.distance) = (clamped, distance);
        }
    }

    fn far_from(&self, joints: Triple) -> f64 {
        [0, 1, 2].map(|j| (joints[j] - self.near[j]) * (joints[j] - self.near[j])).iter().sum()
    }

    /// With the upper joint turned so that a plane point at height `c` faces the target.
    fn shoulder(&self, c: f64) -> f64 {
        atan2(c, LATERAL) - atan2(self.point.z, self.point.y)
    }

    fn turn_to_plane_point(&mut self, c: f64) {
        let q0 = self.shoulder(c);
        self.bend_to(q0, c);
    }

    /// Tries both ways of bending the middle and lower joint to the plane point (target's x, c).
    fn bend_to(&mut self, q0: f64, c: f64) {
        let reach = hypot(self.point.x, c);
        let full = 2.0 * SEGMENT;
        if reach > full + REACHED {
            return;
        }
        let half = atan2(((full - reach) * (full + reach)).max(0.0).sqrt(), reach);
        for half in [half, -half] {
            // Folded back onto the middle joint, the finger may point anywhere.
            let q1 = if reach < 1e-12 {
                self.near[1].max(self.low[1]).min(self.high[1])
            } else {
                atan2(-self.point.x, -c) - half
            };
            self.consider([q0, q1, 2.0 * half]);
        }
    }

    /// Minima along the arcs on which one of the lower two joints is fixed: at a limit, or
    /// stretched out; the upper joint faces the target.
    fn on_arcs(&mut self, radius: f64) {
        let (low, high) = (self.low, self.high);
        for q2 in [low[2], 0.0_f64.max(low[2]).min(high[2]), high[2]] {
            let reach = 2.0 * SEGMENT * sin_cos(0.5 * q2).1;
            let arc = Arc { x: 0.0, z: 0.0, reach, target: (self.point.x, radius) };
            let half = 0.5 * q2;
            arc.minima(low[1] + half, high[1] + half, |angle, c| {
                self.consider([self.shoulder(c), angle - half, q2]);
            });
        }
        for q1 in [low[1], high[1]] {
            let (sin, cos) = sin_cos(q1);
            let (x, z) = (-SEGMENT * sin, -SEGMENT * cos);
            let arc = Arc { x, z, reach: SEGMENT, target: (self.point.x, radius) };
            arc.minima(low[2] + q1, high[2] + q1, |angle, c| {
                self.consider([self.shoulder(c), q1, angle - q1]);
            });
        }
    }

    /// The nearest plane point with the upper joint at a limit, where all is closed form.
    fn on_shoulder_limit(&mut self, q0: f64) {
        let (sin, cos) = sin_cos(q0);
        let (x, c) = (self.point.x, self.point.y * sin + self.point.z * cos);
        self.bend_to(q0, c);
        let (low, high) = (self.low, self.high);
        for q2 in [low[2], 0.0_f64.max(low[2]).min(high[2]), high[2]] {
            self.consider([q0, atan2(-x, -c) - 0.5 * q2, q2]);
        }
        for q1 in [low[1], high[1]] {
            let (sin, cos) = sin_cos(q1);
            self.consider([q0, q1, atan2(-SEGMENT * sin - x, -SEGMENT * cos - c) - q1]);
            self.consider([q0, q1, low[2]]);
            self.consider([q0, q1, high[2]]);
        }
    }
}

/// An arc of plane points a = x - reach sin(angle), c = z - reach cos(angle), and a target at
/// a = target.0 whose distance from the x axis is target.1.
struct Arc {
    x: f64,
    z: f64,
    reach: f64,
    target: (f64, f64),
}

/// Half the first derivative of the squared distance along an arc, its own derivative, and c.
struct Slope {
    value: f64,
    rate: f64,
    c: f64,
}

impl Arc {
    /// How the squared distance changes with the angle, given by its sine and cosine.
    ///
    /// The squared distance is (a - target.0)² + (R - target.1)² with R² = `LATERAL`² + c²: the
    /// upper joint is taken to face the target.
    fn slope(&self, (sin, cos): (f64, f64)) -> Slope {
        let (a, c) = (self.x - self.reach * sin, self.z - self.reach * cos);
        let (da, dc) = (-self.reach * cos, self.reach * sin);
        let radius = (LATERAL * LATERAL + c * c).sqrt();
        let dr = c * dc / radius;
        let ddr = (dc * dc + c * self.reach * cos - dr * dr) / radius;
        let (ea, er) = (a - self.target.0, radius - self.target.1);
        Slope {
            value: ea * da + er * dr,
            rate: da * da + ea * self.reach * sin + dr * dr + er * ddr,
            c,
        }
    }

    /// Calls `found` with the angle and c of both ends and of every minimum in between.
    fn minima(&self, from: f64, to: f64, mut found: impl FnMut(f64, f64)) {
        let step = (to - from) / INTERVALS as f64;
        let turn = sin_cos(step);
        let mut at = sin_cos(from);
        let mut before = self.slope(at);
        found(from, before.c);
        for i in 0..INTERVALS {
            // The angles' sines by addition theorem: they only bracket, so rounding may gather.
            at = (at.0 * turn.1 + at.1 * turn.0, at.1 * turn.1 - at.0 * turn.0);
            let after = self.slope(at);
            let (left, right) = (from + step * i as f64, from + step * (i + 1) as f64);
            let bracket = match (before.value < 0.0, after.value < 0.0) {
                (true, false) => Some((left, right)),
                (false, true) => None,
                (falls, _) => self.dip(falls, (left, &before), (right, &after)),
            };
            if let Some((left, right)) = bracket {
                let angle = self.refined(left, right);
                found(angle, self.slope(sin_cos(angle)).c);
            }
            before = after;
        }
        found(to, before.c);
    }

    /// Where the slope rises through zero between two angles at which its sign is the same.
    ///
    /// It then turns in between, towards zero, and the tangents at both ends meet beyond zero.
    fn dip(
        &self,
        falls: bool,
        (mut left, before): (f64, &Slope),
        (mut right, after): (f64, &Slope),
    ) -> Option<(f64, f64)> {
        let towards = |rate: f64| if falls { rate > 0.0 } else { rate < 0.0 };
        if !towards(before.rate) || towards(after.rate) {
            return None;
        }
        let meet =
            (after.value - before.value - after.rate * (right - left)) / (before.rate - after.rate);
        if (before.value + before.rate * meet < 0.0) == falls {
            return None;
        }
        let (first, last) = (left, right);
        for _ in 0..20 {
            let middle = 0.5 * (left + right);
            let slope = self.slope(sin_cos(middle));
            if (slope.value < 0.0) != falls {
                return Some(if falls { (first, middle) } else { (middle, last) });
            }
            if towards(slope.rate) {
                left = middle;
            } else {
                right = middle;
            }
        }
        None
    }

    /// The zero of the slope between two angles where it rises through zero: Newton's steps,
    /// halving the interval where they would leave it.
    fn refined(&self, mut left: f64, mut right: f64) -> f64 {
        let mut angle = 0.5 * (left + right);
        for _ in 0..60 {
            let slope = self.slope(sin_cos(angle));
            if slope.value < 0.0 {
                left = angle;
            } else {
                right = angle;
            }
            let newton = angle - slope.value / slope.rate;
            let next = if newton > left && newton < right { newton } else { 0.5 * (left + right) };
            if (next - angle).abs() < 1e-14 {
                break;
            }
            angle = next;
        }
        angle
    }
}

/// The same angle in (-π, π\], where it lies within two turns of it.
fn wrapped(angle: f64) -> f64 {
    if angle > PI {
        angle - 2.0 * PI
    } else if angle <= -PI - SLACK {
        angle + 2.0 * PI
    } else {
        angle
    }
}
