//! Transitions in columns: what augmentation and learners read by the million.
//!
//! A row holds what changes of a transition; constants stand once per context, the run of steps
//! between two interventions. What is left out of a row moves nothing: seeds of an episode stand in
//! its context, and the queue of past actions is empty, for without delay and smoothing the newest
//! alone acts.

mod buffer;
mod columns;
mod context;
mod file;
mod folder;
mod layout;
mod mapping;
mod sampling;

use std::sync::Arc;
use std::sync::atomic::{Ordering, compiler_fence};

use buffer::Buffer;
pub use columns::Columns;
pub(crate) use columns::{bits, set_bits};
pub use context::Context;
pub(crate) use context::{agreed, transplant};
pub(crate) use file::{get, put, read_contexts, write_contexts};
use folder::Folder;
pub use layout::{BLOCK, FINGER, GOAL, Layout};
pub use sampling::{Hindsight, Priorities, Prioritised};

use super::{LocalMask, Transition};
use crate::error::{Error, Result};
use crate::robot::JOINTS;
use crate::world::{Physics, Region, Scene, State, Sweep};

/// The context of a row that is being written.
const UNFINISHED: u32 = u32::MAX;

/// A buffer of transitions of one scene; when it is full, the oldest row gives way.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    columns: Columns,
    capacity: usize,
    /// Rows ever pushed; the newest is row `(pushed - 1) % capacity`.
    pushed: u64,
    contexts: Vec<Arc<Context>>,
    context: Buffer<u32>,
    step: Buffer<u64>,
    touching: Buffer<u8>,
    /// The least body of every body's component, row by row.
    labels: Buffer<u8>,
    /// A hash of what a body was, did and became, row by row.
    digests: Buffer<u64>,
    /// Bounds of every part's regions over all ticks, row by row: lows of x of all parts, of y, of
    /// z, then highs; empty where no sweeps were recorded.
    regions: Buffer<f32>,
    guessed: bool,
    /// Where the columns lie, if not in memory.
    folder: Folder,
}

impl Replay {
    /// An empty buffer for transitions of a scene, with room for so many.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more than 128 fingers and blocks, [`Error::Setting`] without room.
    pub fn new(scene: &Arc<Scene>, capacity: usize) -> Result<Self> {
        if capacity == 0 || u32::try_from(capacity).is_err() {
            let (name, value) = ("capacity", capacity.to_string());
            return Err(Error::Setting { name, value, reason: "must be between 1 and 2^32 - 1" });
        }
        Ok(Self {
            columns: Columns::new(Layout::new(scene)?),
            capacity,
            pushed: 0,
            contexts: Vec::new(),
            context: Buffer::default(),
            step: Buffer::default(),
            touching: Buffer::default(),
            labels: Buffer::default(),
            digests: Buffer::default(),
            regions: Buffer::default(),
            guessed: false,
            folder: Folder::default(),
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The matrices.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Which column is what.
    pub fn layout(&self) -> &Layout {
        self.columns.layout()
    }

    /// The contexts, in the order in which they began; there are only ever more of them.
    pub fn contexts(&self) -> &[Arc<Context>] {
        &self.contexts
    }

    /// The number of a row's context.
    pub fn context_of(&self, row: usize) -> usize {
        self.context[row] as usize
    }

    /// How many control steps of its episode a row has before it.
    pub fn step_of(&self, row: usize) -> u64 {
        self.step[row]
    }

    /// Whether a finger and a block, or two blocks, pushed on each other in a row.
    pub fn touching(&self, row: usize) -> bool {
        self.touching[row] != 0
    }

    /// The share of rows in which a finger and a block, or two blocks, pushed on each other.
    pub fn touching_share(&self) -> f64 {
        self.touching.iter().filter(|touching| **touching != 0).count() as f64 / self.len() as f64
    }

    /// Whether the rows have the regions that the cut test needs.
    pub fn has_regions(&self) -> bool {
        !self.regions.is_empty()
    }

    /// Whether the rows' regions were guessed from their states, and not recorded.
    pub fn guessed_regions(&self) -> bool {
        self.guessed
    }

    /// Guesses every row's regions from its two states, for data without recorded sweeps.
    ///
    /// A part's region is the box around its poses before and after, widened by the reach of
    /// contact detection at the speeds then and, as nothing is known of the way between the two,
    /// by half of `slack`, m. Transitions with sweeps cannot be added afterwards.
    pub fn guess_regions(&mut self, physics: &Physics, slack: f64) {
        let numbers = 6 * self.layout().parts();
        self.regions = vec![0.0; self.len() * numbers].into();
        self.guessed = true;
        for row in 0..self.len() {
            let t = self.transition(row);
            let mut whole = Sweep::of(&t.before, physics).whole();
            for (region, other) in whole.iter_mut().zip(Sweep::of(&t.after, physics).whole()) {
                region.join(&other);
                region.low = region.low.map(|x| x - 0.5 * slack);
                region.high = region.high.map(|x| x + 0.5 * slack);
            }
            write_regions(&whole, &mut self.regions[row * numbers..(row + 1) * numbers]);
        }
    }

    /// The least body of the component of every body in a row.
    pub fn labels(&self, row: usize) -> &[u8] {
        let bodies = self.layout().bodies();
        &self.labels[row * bodies..(row + 1) * bodies]
    }

    /// A hash of what every body was, did and became in a row.
    pub(crate) fn digests(&self, row: usize) -> &[u64] {
        let bodies = self.layout().bodies();
        &self.digests[row * bodies..(row + 1) * bodies]
    }

    /// The bounds of the regions of a row's parts.
    pub(crate) fn regions(&self, row: usize) -> &[f32] {
        let numbers = 6 * self.layout().parts();
        &self.regions[row * numbers..(row + 1) * numbers]
    }

    /// Adds a transition.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] for another scene, [`Error::Setting`] for a robot with action delay or
    /// smoothing, [`Error::Order`] where some transitions have a sweep and others none,
    /// [`Error::File`] from a replay in a folder; nothing is added then.
    pub fn push(&mut self, t: &Transition) -> Result<()> {
        self.layout().check(&t.before)?;
        self.layout().check(&t.after)?;
        let robot = &t.before.robot;
        if robot.action_delay > 0 || robot.action_smoothing > 1 {
            let name = "action_delay, action_smoothing";
            let value = format!("{}, {}", robot.action_delay, robot.action_smoothing);
            let reason = "must be 0 and 1 in a replay, where past actions are not kept";
            return Err(Error::Setting { name, value, reason });
        }
        let parts = self.layout().parts();
        let sweep = t.sweep.as_ref().filter(|sweep| sweep.parts() == parts && sweep.ticks() > 0);
        if self.guessed || (!self.is_empty() && sweep.is_some() != self.has_regions()) {
            return Err(Error::Order("record sweeps of all transitions of a replay, or of none"));
        }
        let regions = sweep.map(|sweep| sweep.whole());
        let context = self.context_number(&t.before);
        let row = (self.pushed % self.capacity as u64) as usize;
        if row == self.len() {
            self.grow(regions.is_some());
        } else {
            self.folder.announce(&self.contexts)?;
        }
        self.pushed += 1;
        // On disk a row is one with a context before and after this, and none in between.
        self.context[row] = UNFINISHED;
        compiler_fence(Ordering::SeqCst);
        self.write(row, t);
        self.step[row] = t.before.step;
        self.touching[row] = u8::from(t.touching);
        if let Some(regions) = regions {
            let numbers = 6 * parts;
            write_regions(&regions, &mut self.regions[row * numbers..(row + 1) * numbers]);
        }
        compiler_fence(Ordering::SeqCst);
        self.context[row] = context;
        Ok(())
    }

    fn grow(&mut self, regions: bool) {
        self.columns.grow();
        let (rows, bodies, parts) = (self.len(), self.layout().bodies(), self.layout().parts());
        self.context.resize(rows, 0);
        self.step.resize(rows, 0);
        self.touching.resize(rows, 0);
        self.labels.resize(rows * bodies, 0);
        self.digests.resize(rows * bodies, 0);
        if regions {
            self.regions.resize(rows * 6 * parts, 0.0);
        }
    }

    /// The number of a state's context, a new one where it is not that of the last row.
    fn context_number(&mut self, state: &State) -> u32 {
        let state = context::constants(state);
        if self.contexts.last().is_none_or(|last| last.state != state) {
            let own = agreed(&state);
            let same = |other: &&Arc<Context>| agreed(&other.state) == own;
            // Newest first: most of the time it is the episode before that agrees.
            let known = self.contexts.iter().rev().find(same).map(|other| other.group);
            let next = || self.contexts.iter().map(|other| other.group + 1).max().unwrap_or(0);
            let group = known.unwrap_or_else(next);
            self.contexts.push(Arc::new(Context { state, group }));
        }
        self.contexts.len() as u32 - 1
    }

    fn write(&mut self, row: usize, t: &Transition) {
        let layout = self.layout().clone();
        let (bodies, width) = (layout.bodies(), layout.width());
        let own = row * width..(row + 1) * width;
        layout.write(&t.before, &mut self.columns.before[own.clone()]);
        layout.write(&t.after, &mut self.columns.after[own]);
        self.columns.action[row * JOINTS..(row + 1) * JOINTS].copy_from_slice(&t.action);
        let goals = layout.goal_width();
        layout.write_goals(&t.before, &mut self.columns.goals[row * goals..(row + 1) * goals]);
        let words = layout.mask_words();
        let mask = &mut self.columns.mask[row * words..(row + 1) * words];
        mask.fill(0);
        for (i, bits) in t.mask.rows().iter().enumerate() {
            set_bits(mask, i * bodies, bodies, *bits);
        }
        self.derive(row, &t.mask);
    }

    /// Computes what follows from a row's columns.
    fn derive(&mut self, row: usize, mask: &LocalMask) {
        let bodies = self.layout().bodies();
        let own = mask.labels(self.layout().scene());
        self.labels[row * bodies..(row + 1) * bodies].copy_from_slice(&own);
        for body in 0..bodies {
            self.digests[row * bodies + body] = self.columns.digest(row, body);
        }
    }

    /// A row as a transition, without its sweep; the queue of past actions is empty.
    pub fn transition(&self, row: usize) -> Transition {
        let context = &self.contexts[self.context_of(row)].state;
        let mut t = self.columns.transition(row, context);
        t.before.step = self.step[row];
        t.after.step = self.step[row] + 1;
        t.touching = self.touching(row);
        t
    }

    /// The row of the step after a row's, in the same context.
    pub fn following(&self, row: usize) -> Option<usize> {
        let next = (row + 1) % self.capacity;
        let same = next < self.len()
            && self.context[next] == self.context[row]
            && self.step[next] == self.step[row] + 1;
        same.then_some(next)
    }

    /// How two rows differ in what must agree, or `None` where they may exchange their parts.
    pub fn difference(&self, first: usize, second: usize) -> Option<String> {
        let [a, b] = [first, second].map(|row| &self.contexts[self.context_of(row)]);
        if a.group == b.group {
            return None;
        }
        let pairs = agreed(&a.state).into_iter().zip(agreed(&b.state));
        let mut names: Vec<String> =
            pairs.filter(|(a, b)| a != b).map(|((name, _), _)| name).collect();
        names.dedup();
        Some(names.join(", "))
    }

    /// The group of a row: rows of one group agree in all that must agree.
    pub fn group_of(&self, row: usize) -> u32 {
        self.contexts[self.context_of(row)].group
    }
}

/// Writes bounds as f32, rounded outwards.
fn write_regions(regions: &[Region], out: &mut [f32]) {
    let parts = regions.len();
    let down = |x: f64| if f64::from(x as f32) <= x { x as f32 } else { (x as f32).next_down() };
    let up = |x: f64| if f64::from(x as f32) >= x { x as f32 } else { (x as f32).next_up() };
    for (part, region) in regions.iter().enumerate() {
        for axis in 0..3 {
            out[axis * parts + part] = down(region.low[axis]);
            out[(3 + axis) * parts + part] = up(region.high[axis]);
        }
    }
}
