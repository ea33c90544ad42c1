//! Policies without learning: inverse kinematics in a closed loop.

use super::Policy;
use super::grasp::{Grasp, OPENING, Planar, YAW_WEIGHT, along, nearest, plan, wrapped};
use super::motion::{Tips, approach, distance, joints, leading, parked, tips};
use crate::robot::Nine;
use crate::world::State;

/// Fingertips pass this far above a block, m.
const OVER: f64 = 0.04;
/// Speed of a fingertip in the air, m/s.
const FAST: f64 = 0.5;
/// Speed of a fingertip beside a block, m/s.
const MEDIUM: f64 = 0.25;
/// Speed of a fingertip that closes on a block or opens, m/s.
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
/// The largest such correction of place, m, and of yaw, rad.
const LARGEST_CORRECTION: [f64; 2] = [0.015, 0.15];
/// Near enough to the goal to let go, m; a radian counts as much as `YAW_WEIGHT`.
const ARRIVED: f64 = 0.0015;
/// A block this far from its goal is taken again, m.
const AGAIN: f64 = 0.005;
/// How long a fingertip or a block may take to settle, s.
const PATIENCE: f64 = 0.6;
/// How long the fingertips press on before they move the block, s.
const CLOSING: f64 = 0.1;
/// A fingertip has arrived this near to its aim, m.
const CLOSE: f64 = 0.008;

/// Pushes the first block to the first goal: two fingers take it by opposite faces, slide and
/// turn it along the floor, let go, and take it again where that was not enough.
#[derive(Clone, Debug)]
pub struct ScriptedPush {
    dt: f64,
    phase: Phase,
    // What the fingertips are driven to and the joint angles of that; none before the first step.
    aims: Option<Tips>,
    joints: Option<Nine>,
    // For how long nothing has moved on, s.
    waited: f64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The fingers move out of the way, then a grasp is chosen.
    Choose,
    /// The fingertips go to the block where it stood when the grasp was chosen.
    Approach(Grasp, Planar, Stage),
    /// The block is on its way.
    Carry(Carry),
    /// The fingertips open, then rise.
    LetGo { opened: Tips, rising: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Rise,
    Over,
    Down,
    Close,
}

#[derive(Clone, Copy, Debug)]
struct Carry {
    grasp: Grasp,
    from: Planar,
    offset: [f64; 2],
    share: f64,
    // What is added to place and yaw of the way so that the block, not the fingers, follows it.
    correction: [f64; 3],
}

impl ScriptedPush {
    /// A policy for control steps of that length, s.
    pub fn new(dt: f64) -> Self {
        Self { dt, phase: Phase::Choose, aims: None, joints: None, waited: 0.0 }
    }

    /// Moves the aims towards `goals`; whether the fingertips have arrived, or never will.
    fn travel(&mut self, state: &State, goals: &Tips, speed: f64, patience: f64) -> bool {
        let tips = tips(state);
        let aims = self.aims.get_or_insert(tips);
        let (mut there, mut close) = (true, true);
        for ((aim, goal), tip) in aims.iter_mut().zip(goals).zip(&tips) {
            there &= approach(aim, goal, speed * self.dt);
            close &= distance(tip, goal) < CLOSE;
        }
        self.waited = if there { self.waited + self.dt } else { 0.0 };
        let arrived = there && (close || self.waited > patience);
        if arrived {
            self.waited = 0.0;
        }
        arrived
    }

    fn choose(&mut self, state: &State) {
        let parked = parked();
        if self.travel(state, &parked, FAST, PATIENCE)
            && remaining(state) > AGAIN
            && let Some(grasp) = plan(state, &joints(state, &parked))
        {
            self.phase = Phase::Approach(grasp, block(state), Stage::Rise);
        }
    }

    fn approach(&mut self, state: &State, grasp: Grasp, from: Planar, stage: Stage) {
        let size = state.blocks[0].size;
        let over = size[2] + OVER;
        let gap = if stage == Stage::Close { -SQUEEZE } else { OPENING };
        let mut goals = parked();
        let aims = self.aims.unwrap_or(goals);
        for (finger, beside) in grasp.fingers.into_iter().zip(grasp.tips(&from, size, gap)) {
            goals[finger] = match stage {
                Stage::Rise => [aims[finger][0], aims[finger][1], over.max(aims[finger][2])],
                Stage::Over => [beside[0], beside[1], over],
                Stage::Down | Stage::Close => beside,
            };
        }
        let (speed, patience, next) = match stage {
            Stage::Rise => (FAST, PATIENCE, Some(Stage::Over)),
            Stage::Over => (FAST, PATIENCE, Some(Stage::Down)),
            Stage::Down => (MEDIUM, PATIENCE, Some(Stage::Close)),
            Stage::Close => (SLOW, CLOSING, None),
        };
        if self.travel(state, &goals, speed, patience) {
            self.phase = match next {
                Some(stage) => Phase::Approach(grasp, from, stage),
                None => Phase::Carry(Carry::begin(state, grasp)),
            };
        }
    }

    fn carry(&mut self, state: &State, mut carry: Carry) {
        let (off, yaw_off) = carry.follow(state, self.dt);
        let held = carry.held();
        let size = state.blocks[0].size;
        let mut aims = parked();
        for (finger, tip) in
            carry.grasp.fingers.into_iter().zip(carry.grasp.tips(&held, size, -SQUEEZE))
        {
            aims[finger] = tip;
        }
        self.aims = Some(aims);
        let ended = carry.share >= carry.grasp.share;
        self.waited = if ended || off >= LAG { self.waited + self.dt } else { 0.0 };
        let arrived = ended && off + YAW_WEIGHT * yaw_off.abs() < ARRIVED;
        if !arrived && off < LOST && self.waited < PATIENCE {
            self.phase = Phase::Carry(carry);
            return;
        }
        self.waited = 0.0;
        let mut opened = aims;
        let beside = carry.grasp.tips(&block(state), size, OPENING);
        for (finger, tip) in carry.grasp.fingers.into_iter().zip(beside) {
            opened[finger] = tip;
        }
        self.phase = Phase::LetGo { opened, rising: false };
    }

    fn let_go(&mut self, state: &State, opened: Tips, rising: bool) {
        let over = state.blocks[0].size[2] + OVER;
        let (goals, speed) = if rising {
            (opened.map(|[x, y, z]| [x, y, z.max(over)]), MEDIUM)
        } else {
            (opened, SLOW)
        };
        if self.travel(state, &goals, speed, PATIENCE) {
            self.phase = if rising { Phase::Choose } else { Phase::LetGo { opened, rising: true } };
        }
    }
}

impl Carry {
    fn begin(state: &State, grasp: Grasp) -> Self {
        let (from, goal) = (block(state), goal(state));
        let offset = [goal.place[0] - from.place[0], goal.place[1] - from.place[1]];
        // The block may have turned a little while it was grasped.
        let missed = nearest(goal.yaw - from.yaw - grasp.turn, state.blocks[0].size);
        let grasp = Grasp { turn: grasp.turn + missed, ..grasp };
        Self { grasp, from, offset, share: 0.0, correction: [0.0; 3] }
    }

    /// Moves on along the way if the block keeps up; how far it is off, m and rad.
    fn follow(&mut self, state: &State, dt: f64) -> (f64, f64) {
        let wanted = self.from.part_way(self.offset, self.grasp.turn, self.share);
        let block = block(state);
        let error = [
            wanted.place[0] - block.place[0],
            wanted.place[1] - block.place[1],
            wrapped(wanted.yaw - block.yaw),
        ];
        for (i, (correction, error)) in self.correction.iter_mut().zip(error).enumerate() {
            let most = LARGEST_CORRECTION[i / 2];
            *correction = (*correction + CORRECTION * dt * error).clamp(-most, most);
        }
        let off = along([error[0], error[1]], [error[0], error[1]]).sqrt();
        if off < LAG {
            let length = along(self.offset, self.offset).sqrt();
            let seconds = (length / CARRYING).max(self.grasp.turn.abs() / TURNING).max(dt);
            self.share = (self.share + dt / seconds).min(self.grasp.share);
        }
        (off, error[2])
    }

    /// Where the fingers hold the block to be.
    fn held(&self) -> Planar {
        let way = self.from.part_way(self.offset, self.grasp.turn, self.share);
        let [x, y, yaw] = self.correction;
        Planar { place: [way.place[0] + x, way.place[1] + y], yaw: way.yaw + yaw }
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
        match self.phase {
            Phase::Choose => self.choose(state),
            Phase::Approach(grasp, from, stage) => self.approach(state, grasp, from, stage),
            Phase::Carry(carry) => self.carry(state, carry),
            Phase::LetGo { opened, rising } => self.let_go(state, opened, rising),
        }
        let wanted = joints(state, &self.aims.unwrap_or_else(|| tips(state)));
        let before = self.joints.replace(wanted).unwrap_or(wanted);
        let rates = std::array::from_fn(|j| (wanted[j] - before[j]) / self.dt);
        *action = leading(state, &wanted, &rates);
    }
}

/// Moves each fingertip to the goal of its finger.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptedReach;

impl Policy for ScriptedReach {
    fn reset(&mut self) {}

    fn act(&mut self, state: &State, action: &mut Nine) {
        let mut aims = tips(state);
        for (aim, goal) in aims.iter_mut().zip(&state.goals) {
            *aim = goal.position;
        }
        *action = leading(state, &joints(state, &aims), &[0.0; 9]);
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
    let yaw = nearest(goal.yaw - block.yaw, state.blocks[0].size);
    along(offset, offset).sqrt() + YAW_WEIGHT * yaw.abs()
}
