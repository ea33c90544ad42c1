//! Blocks brought to their goals by two fingers: inverse kinematics in a closed loop.

use serde::{Deserialize, Serialize};

use super::errand::{Errand, YAW_WEIGHT};
use super::grasp::{Grasp, OPENING, plan};
use super::motion::{Tips, approach, flipped, inverse, joints, leading, parked, tips};
use super::pose::{Upright, Way, along, distance, leaning, nearest, wrapped};
use super::{MEMORY, Policy};
use crate::error::Result;
use crate::math::Triple;
use crate::robot::{FINGERS, Nine, kinematics};
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
/// A block this far behind its way makes the way wait, m.
const LAG: f64 = 0.012;
/// A block this far from its way has slipped out of the fingers, m.
const LOST: f64 = 0.03;
/// How fast a standing error of the grasped block is corrected, 1/s.
const CORRECTION: f64 = 3.0;
/// How fast the fingers follow a hanging block's lean so that it stops swinging, m/s per unit.
const SWAY: f64 = 0.3;
/// How fast that is forgotten, 1/s.
const FORGETTING: f64 = 3.0;
/// The largest such correction of place, m, and of yaw, rad.
const LARGEST_CORRECTION: [f64; 2] = [0.015, 0.15];
/// Near enough to the goal to let go, m; a radian counts as much as `YAW_WEIGHT`.
const ARRIVED: f64 = 0.0015;
/// How long a fingertip or a block may take to settle, s.
const PATIENCE: f64 = 0.6;
/// How long the fingertips press on before they move the block, s.
const CLOSING: f64 = 0.1;
/// A fingertip has arrived this near to its aim, m.
const CLOSE: f64 = 0.008;

/// Brings blocks to their goals, one after the other, from the lowest goal up.
///
/// Two fingers take a block by opposite faces and slide it along the floor, or lift and lower it
/// where its goal is above the floor or something fixed is in the way; they let go, and take it
/// again where that was not enough. A block whose goal hangs in the air is held there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedBlocks {
    dt: f64,
    phase: Phase,
    // What the fingertips are driven to and the joint angles of that; none before the first step.
    aims: Option<Tips>,
    joints: Option<Nine>,
    // For how long nothing has moved on, s.
    waited: f64,
}

/// Pushing is what [`ScriptedBlocks`] does with one block and a goal on the floor.
pub type ScriptedPush = ScriptedBlocks;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Phase {
    /// The fingers move out of the way, then a grasp is chosen.
    Choose,
    /// The fingertips go to the block where it stood when the grasp was chosen.
    Approach(Errand, Grasp, Stage),
    /// The block is on its way.
    Carry(Carry),
    /// The fingertips open, then rise.
    LetGo { opened: Tips, fingers: [usize; 2], rising: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    Rise,
    Over,
    Down,
    Close,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Carry {
    errand: Errand,
    grasp: Grasp,
    // How far along the way, s.
    time: f64,
    // What is added to place and yaw of the way so that the block, not the fingers, follows it.
    correction: [f64; 4],
    // What is added to its place so that it does not swing between the fingers, m, and about
    // which lean it swings.
    sway: f64,
    lean: f64,
}

impl ScriptedBlocks {
    /// A policy for control steps of that length, s.
    pub fn new(dt: f64) -> Self {
        Self { dt, phase: Phase::Choose, aims: None, joints: None, waited: 0.0 }
    }

    /// Moves the aims towards `goals`; whether the fingertips have arrived, or never will.
    fn travel(&mut self, state: &State, goals: &Tips, speed: f64, patience: f64) -> bool {
        let tips = tips(state);
        let aims = self.aims.get_or_insert(tips);
        let (mut there, mut close) = (true, true);
        for finger in 0..FINGERS {
            let mut aim = aims[finger];
            let arrived = approach(&mut aim, &goals[finger], speed * self.dt);
            let turned_over = self.joints.is_some_and(|joints| {
                let before = kinematics::of_finger(&joints, finger);
                flipped(&before, &inverse(state, finger, &aim))
            });
            // Short of the goal is near enough where the finger would have to turn over.
            if !turned_over {
                aims[finger] = aim;
                there &= arrived;
            }
            close &= distance(&tips[finger], &goals[finger]) < CLOSE;
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
            && let Some(errand) = Errand::next(state)
            && let Some(grasp) = plan(state, &errand, &joints(state, &parked))
        {
            self.phase = Phase::Approach(errand, grasp, Stage::Rise);
        }
    }

    fn approach(&mut self, state: &State, errand: Errand, grasp: Grasp, stage: Stage) {
        let over = over(state);
        let gap = if stage == Stage::Close { -SQUEEZE } else { OPENING };
        let mut goals = parked();
        let aims = self.aims.unwrap_or(goals);
        let beside = grasp.tips(&grasp.way.from, errand.size(state), gap);
        for (finger, beside) in grasp.fingers.into_iter().zip(beside) {
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
                Some(stage) => Phase::Approach(errand, grasp, stage),
                None => Phase::Carry(Carry::begin(state, errand, grasp)),
            };
        }
    }

    fn carry(&mut self, state: &State, mut carry: Carry) {
        let (off, yaw_off) = carry.follow(state, self.dt);
        let size = carry.errand.size(state);
        let mut aims = parked();
        let tips = carry.grasp.tips(&carry.held(), size, -SQUEEZE);
        for (finger, tip) in carry.grasp.fingers.into_iter().zip(tips) {
            aims[finger] = tip;
        }
        self.aims = Some(aims);
        let ended = carry.ended();
        let still = ended && carry.errand.hangs;
        self.waited = if (ended && !still) || off >= LAG { self.waited + self.dt } else { 0.0 };
        let arrived = ended && !still && off + YAW_WEIGHT * yaw_off.abs() < ARRIVED;
        if !arrived && off < LOST && self.waited < PATIENCE {
            self.phase = Phase::Carry(carry);
            return;
        }
        self.waited = 0.0;
        let mut opened = aims;
        let beside = carry.grasp.tips(&carry.errand.from(state), size, OPENING);
        for (finger, tip) in carry.grasp.fingers.into_iter().zip(beside) {
            opened[finger] = tip;
        }
        let fingers = carry.grasp.fingers;
        self.phase = Phase::LetGo { opened, fingers, rising: false };
    }

    fn let_go(&mut self, state: &State, opened: Tips, fingers: [usize; 2], rising: bool) {
        let (mut goals, speed) = (opened, if rising { MEDIUM } else { SLOW });
        if rising {
            for finger in fingers {
                goals[finger][2] = goals[finger][2].max(over(state));
            }
        }
        if self.travel(state, &goals, speed, PATIENCE) {
            let risen = Phase::LetGo { opened, fingers, rising: true };
            self.phase = if rising { Phase::Choose } else { risen };
        }
    }
}

impl Carry {
    fn begin(state: &State, errand: Errand, grasp: Grasp) -> Self {
        let (from, goal) = (errand.from(state), errand.to);
        let turn = grasp.way.turn;
        // The block may have turned a little while it was grasped.
        let missed = nearest(goal.yaw - from.yaw - turn, errand.size(state));
        let way = Way { from, turn: turn + missed, ..grasp.way };
        Self {
            errand,
            grasp: Grasp { way, ..grasp },
            time: 0.0,
            correction: [0.0; 4],
            sway: 0.0,
            lean: 0.0,
        }
    }

    /// Whether the way is at its end, or as far as the fingers reach.
    fn ended(&self) -> bool {
        self.time >= self.grasp.share * self.grasp.way.seconds()
    }

    /// Moves on along the way if the block keeps up; how far it is off, m and rad.
    fn follow(&mut self, state: &State, dt: f64) -> (f64, f64) {
        let wanted = self.grasp.way.after(self.time);
        let block = self.errand.from(state);
        let place: Triple = std::array::from_fn(|i| wanted.position[i] - block.position[i]);
        let yaw = wrapped(wanted.yaw - block.yaw);
        let errors = [place[0], place[1], place[2], yaw];
        for (i, (correction, error)) in self.correction.iter_mut().zip(errors).enumerate() {
            let most = LARGEST_CORRECTION[i / 3];
            *correction = (*correction + CORRECTION * dt * error).clamp(-most, most);
        }
        let swing = along(leaning(state.blocks[self.errand.block].orientation), self.across());
        self.lean += dt * FORGETTING * (swing - self.lean);
        self.sway -= dt * (SWAY * (swing - self.lean) + FORGETTING * self.sway);
        let off = distance(&place, &[0.0; 3]);
        if off < LAG {
            let end = self.grasp.share * self.grasp.way.seconds();
            self.time = (self.time + dt).min(end);
        }
        (off, yaw)
    }

    /// The horizontal direction in which the block can swing.
    fn across(&self) -> [f64; 2] {
        let [x, y] = self.grasp.way.after(self.time).direction(self.grasp.axis);
        [-y, x]
    }

    /// Where the fingers hold the block to be.
    fn held(&self) -> Upright {
        let Upright { position, yaw } = self.grasp.way.after(self.time);
        let [x, y, z, turn] = self.correction;
        let across = if self.grasp.way.over.is_some() { self.across() } else { [0.0; 2] };
        let [along, beside] = across.map(|direction| self.sway * direction);
        let position = [position[0] + x + along, position[1] + y + beside, position[2] + z];
        Upright { position, yaw: yaw + turn }
    }
}

impl Policy for ScriptedBlocks {
    fn reset(&mut self) {
        *self = Self::new(self.dt);
    }

    fn memory(&self) -> Result<String> {
        MEMORY.write(self)
    }

    fn recall(&mut self, memory: &str) -> Result<()> {
        *self = MEMORY.read(memory)?;
        Ok(())
    }

    fn act(&mut self, state: &State, action: &mut Nine) {
        if state.blocks.is_empty() || state.goals.is_empty() {
            *action = state.robot.target;
            return;
        }
        match self.phase {
            Phase::Choose => self.choose(state),
            Phase::Approach(errand, grasp, stage) => self.approach(state, errand, grasp, stage),
            Phase::Carry(carry) => self.carry(state, carry),
            Phase::LetGo { opened, fingers, rising } => {
                self.let_go(state, opened, fingers, rising);
            }
        }
        let wanted = joints(state, &self.aims.unwrap_or_else(|| tips(state)));
        let before = self.joints.replace(wanted).unwrap_or(wanted);
        let rates = std::array::from_fn(|j| (wanted[j] - before[j]) / self.dt);
        *action = leading(state, &wanted, &rates);
    }
}

/// The height at which fingertips pass over everything, m.
fn over(state: &State) -> f64 {
    let tops = state.blocks.iter().map(|block| block.position[2] + 0.5 * block.size[2]);
    tops.fold(0.0, f64::max) + OVER
}
