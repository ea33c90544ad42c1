//! Policies without learning: inverse kinematics in a closed loop.

use super::Policy;
use super::grasp::{Grasp, KNEES_OUT, OPENING, Planar, YAW_WEIGHT, along, plan, wrapped};
use crate::math::Triple;
use crate::robot::{FINGERS, Nine, description, kinematics};
use crate::world::State;

/// Where an idle fingertip waits: outwards from the robot's axis and up, m.
const PARKED: [f64; 2] = [0.16, 0.15];
/// Fingertips pass this far above a block, m.
const OVER: f64 = 0.04;
/// Speed of a fingertip in the air, m/s.
const FAST: f64 = 0.5;
/// Speed of a fingertip near a block, m/s.
const SLOW: f64 = 0.12;
/// How far inside the block the fingertips of a grasp aim, m: what presses them on.
const SQUEEZE: f64 = 0.012;
/// Speed at which a grasped block is carried, m/s.
const CARRYING: f64 = 0.08;
/// Speed at which a grasped block is turned, rad/s.
const TURNING: f64 = 0.8;
/// A block this far behind its way makes the way wait, m.
const LAG: f64 = 0.012;
/// A block this far from its way has slipped out of the fingers, m.
const LOST: f64 = 0.03;
/// How fast a standing error of the grasped block is corrected, 1/s.
const CORRECTION: f64 = 3.0;
/// The largest such correction, m and rad.
const LARGEST_CORRECTION: [f64; 2] = [0.03, 0.3];
/// Near enough to the goal to let go, m; a radian counts as much as `YAW_WEIGHT`.
const ARRIVED: f64 = 0.0015;
/// A block this far from its goal is taken again, m.
const AGAIN: f64 = 0.005;
/// How long a fingertip or a block may take to settle, s.
const PATIENCE: f64 = 0.6;
/// A fingertip has arrived this near to its aim, m.
const CLOSE: f64 = 0.008;

/// Pushes the first block to the first goal: two fingers take it by opposite faces, slide and
/// turn it along the floor, let go, and take it again where that was not enough.
#[derive(Clone, Debug)]
pub struct ScriptedPush {
    dt: f64,
    phase: Phase,
    // What the fingertips are driven to now, and since when they do not move on, s.
    aims: Option<[Triple; FINGERS]>,
    waited: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    /// Chooses a grasp, once the fingers are out of the way.
    Choose,
    /// The fingertips rise, pass over, come down beside the block and close on it.
    Approach(Grasp, Stage),
    /// The block is on its way.
    Carry(Carry),
    /// The fingertips open, along the directions at hand, and rise.
    LetGo { away: [Triple; FINGERS], open: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Rise,
    Over,
    Down,
    Close,
}

#[derive(Clone, Debug, PartialEq)]
struct Carry {
    grasp: Grasp,
    from: Planar,
    offset: [f64; 2],
    share: f64,
    correction: [f64; 3],
}

impl ScriptedPush {
    /// A policy for control steps of that length, s.
    pub fn new(dt: f64) -> Self {
        Self { dt, phase: Phase::Choose, aims: None, waited: 0.0 }
    }

    /// Moves the aims towards `goals`; whether the fingertips have arrived, or never will.
    fn travel(&mut self, state: &State, goals: &[Triple; FINGERS], speed: f64) -> bool {
        let tips = tips(state);
        let aims = self.aims.get_or_insert(tips);
        let mut there = true;
        let mut close = true;
        for ((aim, goal), tip) in aims.iter_mut().zip(goals).zip(&tips) {
            there &= approach(aim, goal, speed * self.dt);
            close &= distance(tip, goal) < CLOSE;
        }
        self.waited = if there { self.waited + self.dt } else { 0.0 };
        let arrived = there && (close || self.waited > PATIENCE);
        if arrived {
            self.waited = 0.0;
        }
        arrived
    }

    fn choose(&mut self, state: &State) {
        let idle = idle(state);
        let still_needed = remaining(state) > AGAIN;
        if self.travel(state, &idle, FAST)
            && still_needed
            && let Some(grasp) = plan(state, &joints(state, &idle))
        {
            self.phase = Phase::Approach(grasp, Stage::Rise);
        }
    }

    fn approach(&mut self, state: &State, grasp: Grasp, stage: Stage) {
        let block = block(state);
        let size = state.blocks[0].size;
        let over = size[2] + OVER;
        let gap = if stage == Stage::Close { -SQUEEZE } else { OPENING };
        let beside = grasp.tips(&block, size, gap);
        let mut goals = idle(state);
        let aims = self.aims.unwrap_or(goals);
        for (finger, beside) in grasp.fingers.into_iter().zip(beside) {
            goals[finger] = match stage {
                Stage::Rise => [aims[finger][0], aims[finger][1], over.max(aims[finger][2])],
                Stage::Over => [beside[0], beside[1], over],
                Stage::Down | Stage::Close => beside,
            };
        }
        let speed = if stage == Stage::Close { SLOW } else { FAST };
        if !self.travel(state, &goals, speed) {
            return;
        }
        self.phase = match stage {
            Stage::Rise => Phase::Approach(grasp, Stage::Over),
            Stage::Over => Phase::Approach(grasp, Stage::Down),
            Stage::Down => Phase::Approach(grasp, Stage::Close),
            Stage::Close => {
                let goal = goal(state);
                let offset = [goal.place[0] - block.place[0], goal.place[1] - block.place[1]];
                let mut turn = grasp.turn;
                // The block may have turned a little while it was grasped.
                turn += nearest_quarter(wrapped(goal.yaw - block.yaw - turn));
                let grasp = Grasp { turn, ..grasp };
                Phase::Carry(Carry { grasp, from: block, offset, share: 0.0, correction: [0.0; 3] })
            }
        };
    }

    fn carry(&mut self, state: &State, mut carry: Carry) {
        let Carry { grasp, from, offset, .. } = carry;
        let block = block(state);
        let wanted = from.part_way(offset, grasp.turn, carry.share);
        let error = [
            wanted.place[0] - block.place[0],
            wanted.place[1] - block.place[1],
            wrapped(wanted.yaw - block.yaw),
        ];
        let off = along([error[0], error[1]], [error[0], error[1]]).sqrt();
        if off < LAG {
            let length = along(offset, offset).sqrt();
            let duration = (length / CARRYING).max(grasp.turn.abs() / TURNING).max(self.dt);
            carry.share = (carry.share + self.dt / duration).min(grasp.share);
        }
        for (i, (correction, error)) in carry.correction.iter_mut().zip(error).enumerate() {
            let most = LARGEST_CORRECTION[i / 2];
            *correction = (*correction + CORRECTION * self.dt * error).clamp(-most, most);
        }
        let mut held = from.part_way(offset, grasp.turn, carry.share);
        held.place[0] += carry.correction[0];
        held.place[1] += carry.correction[1];
        held.yaw += carry.correction[2];
        let mut aims = idle(state);
        for (finger, tip) in
            grasp.fingers.into_iter().zip(grasp.tips(&held, state.blocks[0].size, -SQUEEZE))
        {
            aims[finger] = tip;
        }
        self.aims = Some(aims);
        let at_end = carry.share >= grasp.share;
        self.waited = if at_end { self.waited + self.dt } else { 0.0 };
        let arrived = at_end && off + YAW_WEIGHT * error[2].abs() < ARRIVED;
        if arrived || off > LOST || self.waited > PATIENCE {
            self.waited = 0.0;
            let mut away = aims;
            let open = grasp.tips(&block, state.blocks[0].size, OPENING);
            for (finger, tip) in grasp.fingers.into_iter().zip(open) {
                away[finger] = tip;
            }
            self.phase = Phase::LetGo { away, open: false };
        } else {
            self.phase = Phase::Carry(carry);
        }
    }

    fn let_go(&mut self, state: &State, away: [Triple; FINGERS], open: bool) {
        let over = state.blocks[0].size[2] + OVER;
        let goals = if open { away.map(|[x, y, z]| [x, y, z.max(over)]) } else { away };
        if self.travel(state, &goals, if open { FAST } else { SLOW }) {
            self.phase = if open { Phase::Choose } else { Phase::LetGo { away, open: true } };
        }
    }
}

impl Policy for ScriptedPush {
    fn reset(&mut self) {
        *self = Self::new(self.dt);
    }

    fn act(&mut self, state: &State, action: &mut Nine) {
        if state.blocks.is_empty() || state.goals.is_empty() {
            *action = state.robot.target;
            return;
        }
        match self.phase.clone() {
            Phase::Choose => self.choose(state),
            Phase::Approach(grasp, stage) => self.approach(state, grasp, stage),
            Phase::Carry(carry) => self.carry(state, carry),
            Phase::LetGo { away, open } => self.let_go(state, away, open),
        }
        let aims = self.aims.unwrap_or_else(|| tips(state));
        *action = joints(state, &aims);
    }
}

/// Moves each fingertip to the goal of its finger.
#[derive(Clone, Debug, Default)]
pub struct ScriptedReach;

impl Policy for ScriptedReach {
    fn reset(&mut self) {}

    fn act(&mut self, state: &State, action: &mut Nine) {
        let mut aims = tips(state);
        for (aim, goal) in aims.iter_mut().zip(&state.goals) {
            *aim = goal.position;
        }
        *action = joints(state, &aims);
    }
}

fn block(state: &State) -> Planar {
    Planar::of(state.blocks[0].position, state.blocks[0].orientation)
}

fn goal(state: &State) -> Planar {
    Planar::of(state.goals[0].position, state.goals[0].orientation)
}

/// How far the block is from its goal, m, with yaw at its weight.
fn remaining(state: &State) -> f64 {
    let (block, goal) = (block(state), goal(state));
    let offset = [goal.place[0] - block.place[0], goal.place[1] - block.place[1]];
    let yaw = nearest_quarter(wrapped(goal.yaw - block.yaw));
    along(offset, offset).sqrt() + YAW_WEIGHT * yaw.abs()
}

/// The least turn that means the same for a square, rad.
fn nearest_quarter(angle: f64) -> f64 {
    let quarter = std::f64::consts::FRAC_PI_2;
    angle - quarter * (angle / quarter).round()
}

fn tips(state: &State) -> [Triple; FINGERS] {
    let tips = kinematics::tips(&state.robot.joint_positions, state.robot.height);
    std::array::from_fn(|finger| kinematics::of_finger(&tips, finger))
}

/// Where the fingertips wait: each outwards from its shoulder.
fn idle(_: &State) -> [Triple; FINGERS] {
    std::array::from_fn(|finger| {
        let [x, y, _] = description().fingers[finger].position;
        let length = (x * x + y * y).sqrt();
        let [radius, height] = PARKED;
        [radius * x / length, radius * y / length, height]
    })
}

fn joints(state: &State, tips: &[Triple; FINGERS]) -> Nine {
    let mut joints = [0.0; 9];
    for (finger, tip) in tips.iter().enumerate() {
        let found = kinematics::inverse(finger, *tip, state.robot.height, KNEES_OUT);
        joints[3 * finger..3 * finger + 3].copy_from_slice(&found.joints);
    }
    joints
}

fn distance(a: &Triple, b: &Triple) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// Moves a point by at most `step` towards another; whether it is there.
fn approach(point: &mut Triple, goal: &Triple, step: f64) -> bool {
    let far = distance(point, goal);
    if far <= step {
        *point = *goal;
        return true;
    }
    for (p, g) in point.iter_mut().zip(goal) {
        *p += (g - *p) * (step / far);
    }
    false
}
impl ScriptedPush {
    /// scratch
    pub fn phase_name(&self) -> String {
        match &self.phase { Phase::Choose => "choose".into(), Phase::Approach(g, s) => format!("approach {s:?} {g:.2?}"), Phase::Carry(c) => format!("carry {:.2} {:.3?} {:?}", c.share, c.correction, c.grasp), Phase::LetGo { open, .. } => format!("letgo {open}") }
    }
}
