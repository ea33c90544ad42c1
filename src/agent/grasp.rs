//! Which two fingers take a block by which two faces, and how far they can carry it.

use super::clearance::{around, between, capsules};
use super::motion::KNEES_OUT;
use crate::math::{Quat, Triple, atan2, sin_cos};
use crate::robot::{FINGERS, Nine, kinematics};
use crate::world::State;

/// Radius of a fingertip, m (facts 1.8).
pub(super) const TIP_RADIUS: f64 = 0.0105;
/// How far beside the block the fingertips come down, m.
pub(super) const OPENING: f64 = 0.016;
/// Heights of the fingertips that are tried, m: low ones do not tip the block, high ones reach
/// further.
const HEIGHTS: [f64; 3] = [0.035, 0.045, 0.055];
/// How far below the block's upper edge the fingertips stay, m.
const BELOW_EDGE: f64 = 0.01;
/// Room that a posture must leave between fingers and beside the block, m.
const ROOM: f64 = 0.003;
/// How far a link may lean into a block by this rough measure, m: contacts give way as much.
const SLACK: f64 = 0.001;
/// Edges that differ by less make a square, m.
const SQUARE: f64 = 1e-6;
/// Points of the way at which a grasp is tried.
const POINTS: usize = 16;
/// What a radian of wrong yaw is worth in metres of wrong place: about half a block's width.
pub(super) const YAW_WEIGHT: f64 = 0.03;

/// A pose in the plane of the floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Planar {
    /// x and y, world frame, m.
    pub(super) place: [f64; 2],
    /// Angle about z, rad.
    pub(super) yaw: f64,
}

impl Planar {
    /// What of a pose lies in the plane.
    pub(super) fn of(position: Triple, [x, y, z, w]: Quat) -> Self {
        let yaw = atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z));
        Self { place: [position[0], position[1]], yaw }
    }

    /// The direction of the pose's own x (0) or y (1) axis.
    pub(super) fn direction(&self, axis: usize) -> [f64; 2] {
        let (sin, cos) = sin_cos(self.yaw);
        if axis == 0 { [cos, sin] } else { [-sin, cos] }
    }

    /// The pose a share of the way from here, moved by `offset` and turned by `turn` in all.
    pub(super) fn part_way(&self, offset: [f64; 2], turn: f64, share: f64) -> Self {
        let place = [self.place[0] + share * offset[0], self.place[1] + share * offset[1]];
        Self { place, yaw: self.yaw + share * turn }
    }
}

/// The scalar product.
pub(super) fn along(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// The angle in (-π, π] that means the same, rad.
pub(super) fn wrapped(angle: f64) -> f64 {
    let (sin, cos) = sin_cos(angle);
    atan2(sin, cos)
}

/// Two fingers at opposite faces of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grasp {
    /// The finger at the face that the axis points to, and the one opposite.
    pub(super) fingers: [usize; 2],
    /// The block's axis between the two faces: 0 for x, 1 for y.
    pub(super) axis: usize,
    /// Height of the fingertips, m.
    pub(super) height: f64,
    /// The turn that ends at the goal's yaw, or at one that looks the same, rad.
    pub(super) turn: f64,
    /// How much of the way to the goal the two fingers reach, 0 to 1.
    pub(super) share: f64,
}

impl Grasp {
    /// Where the two fingertips are, `gap` beside the faces of a block at that pose.
    pub(super) fn tips(&self, block: &Planar, size: Triple, gap: f64) -> [Triple; 2] {
        let direction = block.direction(self.axis);
        let out = 0.5 * size[self.axis] + TIP_RADIUS + gap;
        [out, -out].map(|out| {
            let [x, y] = block.place;
            [x + out * direction[0], y + out * direction[1], self.height]
        })
    }
}

/// The grasp of the first block that carries it nearest to the first goal.
///
/// `parked` are the joint angles of the finger that is not needed. `None` where no pair of
/// fingers gets hold of the block.
pub(super) fn plan(state: &State, parked: &Nine) -> Option<Grasp> {
    let (block, goal) = (&state.blocks[0], &state.goals[0]);
    let from = Planar::of(block.position, block.orientation);
    let to = Planar::of(goal.position, goal.orientation);
    let offset = [to.place[0] - from.place[0], to.place[1] - from.place[1]];
    let length = along(offset, offset).sqrt();
    let mut best: Option<(f64, Grasp)> = None;
    for turn in turns(to.yaw - from.yaw, block.size) {
        for axis in [0, 1] {
            for height in HEIGHTS.into_iter().filter(|h| *h <= block.size[2] - BELOW_EDGE) {
                for first in 0..FINGERS {
                    for second in (0..FINGERS).filter(|second| *second != first) {
                        let fingers = [first, second];
                        let grasp = Grasp { fingers, axis, height, turn, share: 1.0 };
                        let Some(share) = reach(state, &grasp, &from, offset, parked) else {
                            continue;
                        };
                        let all = length + YAW_WEIGHT * turn.abs();
                        // Where two carry equally far: the lower, and the one that turns less.
                        let cost = (1.0 - share) * all + 0.1 * height + 0.002 * turn.abs();
                        if best.is_none_or(|(least, _)| cost < least) {
                            best = Some((cost, Grasp { share, ..grasp }));
                        }
                    }
                }
            }
        }
    }
    best.map(|(_, grasp)| grasp)
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

/// The turns that lead a block of that size to the same place as `turn` does, rad.
fn turns(turn: f64, size: Triple) -> impl Iterator<Item = f64> {
    let least = nearest(turn, size);
    let period = period(size);
    [0.0, -period.copysign(least)].into_iter().map(move |more| least + more)
}

/// The share of the way on which the grasp can be held; `None` where it can not be taken.
fn reach(
    state: &State,
    grasp: &Grasp,
    from: &Planar,
    offset: [f64; 2],
    parked: &Nine,
) -> Option<f64> {
    let holds = |pose: &Planar, gap: f64| {
        let (block, height) = (&state.blocks[0], state.robot.height);
        let mut links =
            std::array::from_fn(|f| capsules(f, kinematics::of_finger(parked, f), height));
        for (finger, tip) in grasp.fingers.into_iter().zip(grasp.tips(pose, block.size, gap)) {
            let inverse = kinematics::inverse(finger, tip, height, KNEES_OUT);
            if !inverse.reached {
                return false;
            }
            links[finger] = capsules(finger, inverse.joints, height);
            if around(&links[finger], pose, block.size) < gap.min(ROOM) - SLACK {
                return false;
            }
        }
        between(&links) >= ROOM
    };
    if !holds(from, OPENING) {
        return None;
    }
    let last = (0..=POINTS)
        .take_while(|i| holds(&from.part_way(offset, grasp.turn, *i as f64 / POINTS as f64), 0.0))
        .last()?;
    Some(last as f64 / POINTS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::motion::distance;
    use crate::math::IDENTITY;

    #[test]
    fn turns_are_the_two_least_that_look_the_same() {
        let (square, oblong) = ([0.06, 0.06, 0.1], [0.06, 0.08, 0.1]);
        let pi = std::f64::consts::PI;
        let close = |found: Vec<f64>, expected: [f64; 2]| {
            found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12)
        };
        assert!(close(turns(0.3 + 4.0 * pi, square).collect(), [0.3, 0.3 - pi / 2.0]));
        assert!(close(turns(-0.3 + pi, square).collect(), [-0.3, -0.3 + pi / 2.0]));
        assert!(close(turns(0.5 - pi, oblong).collect(), [0.5, 0.5 - pi]));
    }

    #[test]
    fn grasped_fingertips_touch_opposite_faces() {
        let pose = Planar::of([0.02, 0.05, 0.03], IDENTITY);
        let grasp = Grasp { fingers: [0, 1], axis: 1, height: 0.04, turn: 0.0, share: 1.0 };
        let [first, second] = grasp.tips(&pose, [0.06, 0.08, 0.06], 0.0);
        for (found, y) in [(first, 0.1005), (second, -0.0005)] {
            assert!(distance(&found, &[0.02, y, 0.04]) < 1e-12, "{found:?}");
        }
    }
}
