//! Which two fingers take a block by which two faces, and how far they can carry it.

use serde::{Deserialize, Serialize};

use super::clearance::{Body, around, between, capsules};
use super::errand::{Errand, YAW_WEIGHT};
use super::motion::{KNEES_OUT, flipped};
use super::pose::{Upright, Way, distance, turns};
use crate::math::Triple;
use crate::robot::{FINGERS, Nine, kinematics};
use crate::world::State;

/// Radius of a fingertip, m (facts 1.8).
pub(super) const TIP_RADIUS: f64 = 0.0105;
/// How far beside the block the fingertips come down, m.
pub(super) const OPENING: f64 = 0.016;
/// Heights of the fingertips above the block's lower face that are tried, m: low ones do not tip
/// the block, high ones reach further.
const HEIGHTS: [f64; 3] = [0.035, 0.045, 0.055];
/// How far below the block's upper edge the fingertips stay, m.
const BELOW_EDGE: f64 = 0.01;
/// How far above its centre a block is taken that shall hang from the fingers, m.
const ABOVE_CENTRE: f64 = 0.005;
/// Room that a posture must leave between fingers and beside the block, m.
const ROOM: f64 = 0.003;
/// How far a link may lean into a block by this rough measure, m: contacts give way as much.
const SLACK: f64 = 0.001;
/// Points of the way at which a grasp is tried.
const POINTS: usize = 24;

/// Two fingers at opposite faces of a block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Grasp {
    /// The finger at the face that the axis points to, and the one opposite.
    pub(super) fingers: [usize; 2],
    /// The block's axis between the two faces: 0 for x, 1 for y.
    pub(super) axis: usize,
    /// Height of the fingertips above the block's lower face, m.
    pub(super) height: f64,
    /// The way to the goal's pose, or to one that looks the same.
    pub(super) way: Way,
    /// How much of the way the two fingers reach, 0 to 1.
    pub(super) share: f64,
}

impl Grasp {
    /// Where the two fingertips are, `gap` beside the faces of a block at that pose.
    pub(super) fn tips(&self, block: &Upright, size: Triple, gap: f64) -> [Triple; 2] {
        let direction = block.direction(self.axis);
        let out = 0.5 * size[self.axis] + TIP_RADIUS + gap;
        let [x, y, z] = block.position;
        let z = z - 0.5 * size[2] + self.height;
        [out, -out].map(|out| [x + out * direction[0], y + out * direction[1], z])
    }
}

/// The grasp that carries the errand's block nearest to its goal.
///
/// `parked` are the joint angles of the finger that is not needed. `None` where no pair of
/// fingers gets hold of the block.
pub(super) fn plan(state: &State, errand: &Errand, parked: &Nine) -> Option<Grasp> {
    let (size, from) = (errand.size(state), errand.from(state));
    let length = distance(&from.position, &errand.to.position);
    let mut best: Option<(f64, Grasp)> = None;
    for turn in turns(errand.to.yaw - from.yaw, size) {
        let way = errand.way(state, turn);
        let lowest = if way.over.is_some() { 0.5 * size[2] + ABOVE_CENTRE } else { 0.0 };
        let heights = HEIGHTS.into_iter().filter(|h| (lowest..=size[2] - BELOW_EDGE).contains(h));
        for axis in [0, 1] {
            for height in heights.clone() {
                for fingers in pairs() {
                    let grasp = Grasp { fingers, axis, height, way, share: 1.0 };
                    let Some(share) = reach(state, errand, &grasp, parked) else { continue };
                    let all = length + YAW_WEIGHT * turn.abs();
                    // Where two carry equally far: the one that turns less, and along the floor
                    // the lower; what hangs is steadier the farther above its centre it is held.
                    let high = if way.over.is_some() { size[2] - height } else { height };
                    let cost = (1.0 - share) * all + 0.1 * high + 0.002 * turn.abs();
                    if best.is_none_or(|(least, _)| cost < least) {
                        best = Some((cost, Grasp { share, ..grasp }));
                    }
                }
            }
        }
    }
    best.map(|(_, grasp)| grasp)
}

/// Every two fingers, either way round.
fn pairs() -> impl Iterator<Item = [usize; 2]> {
    let second = |first| (0..FINGERS).filter(move |second| *second != first);
    (0..FINGERS).flat_map(move |first| second(first).map(move |second| [first, second]))
}

/// The share of the way on which the grasp can be held; `None` where it can not be taken.
fn reach(state: &State, errand: &Errand, grasp: &Grasp, parked: &Nine) -> Option<f64> {
    let size = errand.size(state);
    let others: Vec<Body> = errand.others(state).collect();
    let mut last_joints: [Option<Triple>; FINGERS] = [None; FINGERS];
    let mut holds = |pose: Upright, gap: f64| {
        let height = state.robot.height;
        let block = Body { pose, size };
        let mut links =
            std::array::from_fn(|f| capsules(f, kinematics::of_finger(parked, f), height));
        for (finger, tip) in grasp.fingers.into_iter().zip(grasp.tips(&pose, size, gap)) {
            let inverse = kinematics::inverse(finger, tip, height, KNEES_OUT);
            let before = last_joints[finger].replace(inverse.joints);
            let turned_over = before.is_some_and(|before| flipped(&before, &inverse.joints));
            if !inverse.reached || turned_over {
                return false;
            }
            links[finger] = capsules(finger, inverse.joints, height);
            let blocked = others.iter().any(|other| around(&links[finger], other, false) < ROOM);
            if blocked || around(&links[finger], &block, true) < gap.min(ROOM) - SLACK {
                return false;
            }
        }
        between(&links) >= ROOM
    };
    if !holds(grasp.way.from, OPENING) {
        return None;
    }
    let step = grasp.way.seconds() / POINTS as f64;
    let last = (0..=POINTS).take_while(|i| holds(grasp.way.after(step * *i as f64), 0.0)).last()?;
    Some(last as f64 / POINTS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::IDENTITY;

    #[test]
    fn grasped_fingertips_touch_opposite_faces() {
        let from = Upright::of([0.02, 0.05, 0.03], IDENTITY);
        let way = Way { from, to: from.position, turn: 0.0, over: None };
        let grasp = Grasp { fingers: [0, 1], axis: 1, height: 0.04, way, share: 1.0 };
        let [first, second] = grasp.tips(&from, [0.06, 0.08, 0.06], 0.0);
        for (found, y) in [(first, 0.1005), (second, -0.0005)] {
            assert!(distance(&found, &[0.02, y, 0.04]) < 1e-12, "{found:?}");
        }
    }

    #[test]
    fn there_are_six_ways_to_choose_two_fingers() {
        let pairs: Vec<_> = pairs().collect();
        assert_eq!(pairs, [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]);
    }
}
