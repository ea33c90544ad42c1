//! Poses of blocks that stand upright, and the ways between them.

use serde::{Deserialize, Serialize};

use nalgebra::Vector3;

use crate::math::{self, Quat, Triple, atan2, sin_cos};

/// Speed at which a grasped block is carried, m/s.
const CARRYING: f64 = 0.08;
/// Mean speed at which a lifted block is carried, m/s.
const LIFTED: f64 = 0.06;
/// Speed at which a grasped block is turned, rad/s.
const TURNING: f64 = 0.8;
/// Edges that differ by less make a square, m.
const SQUARE: f64 = 1e-6;

/// The pose of a block that stands on one of its faces, or nearly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Upright {
    /// The centre, world frame, m.
    pub(super) position: Triple,
    /// Angle about z, rad.
    pub(super) yaw: f64,
}

impl Upright {
    /// A block's or a goal's, whichever of its faces points up.
    pub(super) fn of(position: Triple, orientation: Quat) -> Self {
        let side = column(orientation, (upward(orientation) + 1) % 3);
        Self { position, yaw: atan2(side.y, side.x) }
    }

    /// The direction of the pose's own x (0) or y (1) axis in the plane of the floor.
    pub(super) fn direction(&self, axis: usize) -> [f64; 2] {
        let (sin, cos) = sin_cos(self.yaw);
        if axis == 0 { [cos, sin] } else { [-sin, cos] }
    }

    /// Where a point lies in the pose's own frame, m.
    pub(super) fn inside(&self, point: Triple) -> Triple {
        let offset = [point[0] - self.position[0], point[1] - self.position[1]];
        let [x, y] = [0, 1].map(|axis| along(offset, self.direction(axis)));
        [x, y, point[2] - self.position[2]]
    }
}

/// One of the body's own axes in the world frame.
fn column(orientation: Quat, axis: usize) -> Vector3<f64> {
    let mut unit = Vector3::zeros();
    unit[axis] = 1.0;
    math::rotation(orientation) * unit
}

/// Which of the body's own axes is nearest to the vertical.
fn upward(orientation: Quat) -> usize {
    let steep = |axis: &usize| column(orientation, *axis).z.abs();
    // The later of equals, so that what is upright stays so.
    (0..3).max_by(|a, b| steep(a).total_cmp(&steep(b))).unwrap_or(2)
}

/// The edges of a body as it stands: along the pose's own x and y, and up, m.
pub(super) fn standing(size: Triple, orientation: Quat) -> Triple {
    let up = upward(orientation);
    [(up + 1) % 3, (up + 2) % 3, up].map(|axis| size[axis])
}

/// The horizontal part of the direction that a standing body calls up.
pub(super) fn leaning(orientation: Quat) -> [f64; 2] {
    let up = column(orientation, upward(orientation));
    [up.x * up.z.signum(), up.y * up.z.signum()]
}

/// The scalar product.
pub(super) fn along(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// The distance of two points, m.
pub(super) fn distance(a: &Triple, b: &Triple) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The angle in (-π, π] that means the same, rad.
pub(super) fn wrapped(angle: f64) -> f64 {
    let (sin, cos) = sin_cos(angle);
    atan2(sin, cos)
}

/// The angle after which a block of that size fills the same place again, rad.
fn period(size: Triple) -> f64 {
    let square = (size[0] - size[1]).abs() < SQUARE;
    if square { std::f64::consts::FRAC_PI_2 } else { std::f64::consts::PI }
}

/// The least turn that leads a block of that size to the same place as `turn` does, rad.
pub(super) fn nearest(turn: f64, size: Triple) -> f64 {
    let period = period(size);
    turn - period * (turn / period).round()
}

/// The two least turns that lead a block of that size to the same place as `turn` does, rad.
pub(super) fn turns(turn: f64, size: Triple) -> [f64; 2] {
    let least = nearest(turn, size);
    [least, least - period(size).copysign(least)]
}

/// From where to where a block is moved, and how far up in between.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Way {
    /// Where it begins.
    pub(super) from: Upright,
    /// Where it ends.
    pub(super) to: Triple,
    /// The turn on the way, rad.
    pub(super) turn: f64,
    /// The least height of the centre on the way across, m; `None` along the floor.
    pub(super) over: Option<f64>,
}

impl Way {
    /// Up, across and down: where each leg ends.
    fn corners(&self) -> [Triple; 3] {
        let (from, to) = (self.from.position, self.to);
        let top = self.over.map_or(from[2], |over| over.max(from[2]).max(to[2]));
        let down = if self.over.is_some() { to } else { [to[0], to[1], from[2]] };
        [[from[0], from[1], top], [to[0], to[1], top], down]
    }

    /// How long each leg takes, s.
    fn legs(&self) -> [f64; 3] {
        let [up, across, down] = self.corners();
        let speed = if self.over.is_some() { LIFTED } else { CARRYING };
        [
            distance(&self.from.position, &up) / speed,
            (distance(&up, &across) / speed).max(self.turn.abs() / TURNING),
            distance(&across, &down) / speed,
        ]
    }

    /// How long all of it takes, s.
    pub(super) fn seconds(&self) -> f64 {
        self.legs().iter().sum()
    }

    /// The pose after some seconds; what hangs is moved smoothly, lest it swing.
    pub(super) fn after(&self, seconds: f64) -> Upright {
        let mut left = seconds;
        let smooth = |t: f64| if self.over.is_some() { t * t * (3.0 - 2.0 * t) } else { t };
        let [up, across, down] = self.legs().map(|leg| {
            let spent = left.min(leg);
            left -= spent;
            smooth(if leg > 0.0 { spent / leg } else { 1.0 })
        });
        let corners = self.corners();
        let mut position = self.from.position;
        for (i, x) in position.iter_mut().enumerate() {
            *x += up * (corners[0][i] - self.from.position[i])
                + across * (corners[1][i] - corners[0][i])
                + down * (corners[2][i] - corners[1][i]);
        }
        Upright { position, yaw: self.from.yaw + across * self.turn }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::math::{IDENTITY, from_rotation_vector};

    #[test]
    fn a_block_on_its_side_has_the_edges_and_the_yaw_that_are_seen() {
        let lying = from_rotation_vector([PI / 2.0, 0.0, 0.0]);
        let turned = math::rotation(from_rotation_vector([0.0, 0.0, 0.3]));
        let lying = math::quat(turned * math::rotation(lying));
        let pose = Upright::of([0.0; 3], lying);
        let [a, b, c] = standing([1.0, 2.0, 3.0], lying);
        // On the face that its y points away from: x and z lie in the plane.
        assert_eq!((a.min(b), a.max(b), c), (1.0, 3.0, 2.0));
        let longest = usize::from(b > a);
        let direction = pose.direction(longest);
        let (sin, cos) = sin_cos(0.3);
        let expected = [sin, -cos];
        assert!((along(direction, expected).abs() - 1.0).abs() < 1e-12, "{direction:?}");
        assert_eq!(Upright::of([0.0; 3], IDENTITY).yaw, 0.0);
    }

    #[test]
    fn turns_are_the_two_least_that_look_the_same() {
        let (square, oblong) = ([0.06, 0.06, 0.1], [0.06, 0.08, 0.1]);
        let close = |found: [f64; 2], expected: [f64; 2]| {
            found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12)
        };
        assert!(close(turns(0.3 + 4.0 * PI, square), [0.3, 0.3 - PI / 2.0]));
        assert!(close(turns(-0.3 + PI, square), [-0.3, -0.3 + PI / 2.0]));
        assert!(close(turns(0.5 - PI, oblong), [0.5, 0.5 - PI]));
    }

    #[test]
    fn a_way_over_something_rises_crosses_and_comes_down() {
        let from = Upright::of([0.0, -0.1, 0.03], IDENTITY);
        let way = Way { from, to: [0.0, 0.1, 0.05], turn: 0.4, over: Some(0.13) };
        let near = |time: f64, expected: Triple, yaw: f64| {
            let found = way.after(time);
            assert!(distance(&found.position, &expected) < 1e-12, "{found:?}");
            assert!((found.yaw - yaw).abs() < 1e-12, "{found:?}");
        };
        // At 0.06 m/s: 5/3 s up, 10/3 s across and 4/3 s down, each of them halfway at its middle.
        assert!((way.seconds() - 19.0 / 3.0).abs() < 1e-12);
        near(5.0 / 6.0, [0.0, -0.1, 0.08], 0.0);
        near(10.0 / 3.0, [0.0, 0.0, 0.13], 0.2);
        near(17.0 / 3.0, [0.0, 0.1, 0.09], 0.4);
        near(9.0, [0.0, 0.1, 0.05], 0.4);
    }

    #[test]
    fn a_way_along_the_floor_stays_on_it() {
        let from = Upright::of([0.0, -0.1, 0.03], IDENTITY);
        let way = Way { from, to: [0.0, 0.1, 0.05], turn: 0.0, over: None };
        assert_eq!(way.after(9.0).position, [0.0, 0.1, 0.03]);
    }
}
