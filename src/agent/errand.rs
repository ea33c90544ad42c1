//! What is to be done: which block to where, and in which manner.

use serde::{Deserialize, Serialize};

use super::clearance::{Body, apart};
use super::pose::{Upright, Way, distance, nearest};
use crate::math::{self, Triple};
use crate::world::{BlockKind, State};

/// What a radian of wrong yaw is worth in metres of wrong place: about half a block's width.
pub(super) const YAW_WEIGHT: f64 = 0.03;
/// A block this far from its goal is taken again, m.
const AGAIN: f64 = 0.005;
/// A goal whose lower face is this far above what is under it hangs in the air, m.
const HANGING: f64 = 0.005;
/// A carried block passes this far above what stands on the floor, m.
const CLEARANCE: f64 = 0.025;
/// A pushed block passes this far beside what stands on the floor, m.
const BESIDE: f64 = 0.004;
/// A block that is in the way is put this far from everything else, m.
const ASIDE: f64 = 0.03;
/// Where it may be put: distances from the middle, m, and how many directions.
const PLACES: ([f64; 3], usize) = ([0.06, 0.09, 0.12], 16);
/// Points of a way at which a pushed block is tried.
const POINTS: usize = 24;

/// One block and where it is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Errand {
    /// The block's index.
    pub(super) block: usize,
    /// Where it shall stand.
    pub(super) to: Upright,
    /// Whether nothing would bear it there: then it has to be held.
    pub(super) hangs: bool,
}

impl Errand {
    /// What is to be done next; `None` where all blocks are at their goals.
    ///
    /// Goals are filled from the lowest up, the i-th by the i-th block that moves. What stands
    /// where a block is to go is put aside first; what another block stands on is left alone.
    pub(super) fn next(state: &State) -> Option<Self> {
        let movable = (0..state.blocks.len()).filter(|block| moves(state, *block));
        let mut all: Vec<(usize, usize)> = movable.zip(0..state.goals.len()).collect();
        all.sort_by(|(_, a), (_, b)| bottom(state, *a).total_cmp(&bottom(state, *b)));
        let errand = all
            .into_iter()
            .map(|(block, goal)| {
                let to = Upright::of(state.goals[goal].position, state.goals[goal].orientation);
                Self { block, to, hangs: hangs(state, goal) }
            })
            .find(|errand| errand.remaining(state) > AGAIN && !bears(state, errand.block))?;
        let wanted = Body { pose: errand.to, size: errand.size(state) };
        let in_the_way =
            |(block, body): &(usize, Body)| moves(state, *block) && apart(&wanted, body) < 0.0;
        let other = others(state, errand.block).find(in_the_way);
        Some(other.and_then(|(block, body)| aside(state, block, &body, &wanted)).unwrap_or(errand))
    }

    /// The block's edges as it stands, m.
    pub(super) fn size(&self, state: &State) -> Triple {
        body(state, self.block).size
    }

    /// Where the block stands.
    pub(super) fn from(&self, state: &State) -> Upright {
        body(state, self.block).pose
    }

    /// How far the block is from where it shall stand, m, with yaw at its weight.
    pub(super) fn remaining(&self, state: &State) -> f64 {
        let from = self.from(state);
        let yaw = nearest(self.to.yaw - from.yaw, self.size(state));
        distance(&from.position, &self.to.position) + YAW_WEIGHT * yaw.abs()
    }

    /// The other blocks.
    pub(super) fn others(&self, state: &State) -> impl Iterator<Item = Body> {
        others(state, self.block).map(|(_, body)| body)
    }

    /// The way with that turn: along the floor where it is free and leads there, else above all
    /// that stands on it.
    pub(super) fn way(&self, state: &State, turn: f64) -> Way {
        let (from, size) = (self.from(state), self.size(state));
        let floor = Way { from, to: self.to.position, turn, over: None };
        let step = floor.seconds() / POINTS as f64;
        let free = |i: usize| {
            let block = Body { pose: floor.after(step * i as f64), size };
            self.others(state).all(|other| apart(&block, &other) > BESIDE)
        };
        let lies = |pose: &Upright| pose.position[2] - 0.5 * size[2] <= HANGING;
        if lies(&from) && lies(&self.to) && (1..=POINTS).all(free) {
            return floor;
        }
        let tops = self.others(state).map(|other| other.top() + CLEARANCE);
        Way { over: Some(0.5 * size[2] + tops.fold(0.0, f64::max)), ..floor }
    }
}

fn moves(state: &State, block: usize) -> bool {
    state.scene.blocks[block].kind == BlockKind::Movable
}

fn body(state: &State, block: usize) -> Body {
    Body::of(&state.blocks[block])
}

fn others(state: &State, block: usize) -> impl Iterator<Item = (usize, Body)> {
    let others = (0..state.blocks.len()).filter(move |other| *other != block);
    others.map(|other| (other, body(state, other)))
}

/// Whether another block stands on a block.
fn bears(state: &State, block: usize) -> bool {
    let below = body(state, block);
    others(state, block).any(|(_, above)| {
        let [x, y, z] = [0, 1, 2].map(|i| above.pose.position[i] - below.pose.position[i]);
        let gap = z - 0.5 * (below.size[2] + above.size[2]);
        gap.abs() < HANGING
            && apart(&below, &above) < HANGING
            && x * x + y * y < below.size[0] * below.size[1]
    })
}

fn bottom(state: &State, goal: usize) -> f64 {
    state.goals[goal].position[2] - 0.5 * state.goals[goal].size[2]
}

/// Whether neither the floor nor another goal's block would bear a block at a goal.
fn hangs(state: &State, goal: usize) -> bool {
    let (low, above) = (bottom(state, goal), &state.goals[goal]);
    let bears = |other: usize| {
        let below = &state.goals[other];
        let [dx, dy] = [0, 1].map(|i| (above.position[i] - below.position[i]).abs());
        let top = below.position[2] + 0.5 * below.size[2];
        (top - low).abs() < HANGING && dx < 0.5 * below.size[0] && dy < 0.5 * below.size[1]
    };
    low > HANGING && !(0..state.goals.len()).any(|other| other != goal && bears(other))
}

/// The errand that puts a block out of the way of what is wanted, as near as there is room.
fn aside(state: &State, block: usize, body: &Body, wanted: &Body) -> Option<Errand> {
    let (radii, directions) = PLACES;
    let mut best: Option<(f64, Errand)> = None;
    for radius in radii {
        for i in 0..directions {
            let angle = 2.0 * std::f64::consts::PI * i as f64 / directions as f64;
            let position = math::from_cylindrical([radius, angle, 0.5 * body.size[2]]);
            let pose = Upright { position, yaw: body.pose.yaw };
            let there = Body { pose, size: body.size };
            let free = apart(&there, wanted) > ASIDE
                && others(state, block).all(|(_, other)| apart(&there, &other) > ASIDE);
            let far = distance(&position, &body.pose.position);
            if free && best.is_none_or(|(least, _)| far < least) {
                best = Some((far, Errand { block, to: pose, hangs: false }));
            }
        }
    }
    best.map(|(_, errand)| errand)
}
