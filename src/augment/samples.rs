//! What augmentation makes: transitions in columns, with the rows that each part came from.

use std::sync::Arc;

use super::origins::Origins;
use crate::causal::replay::{Columns, Layout, bits, set_bits, transplant};
use crate::causal::{ACTIONS, Replay, Transition};
use crate::env::{Env, Worth};
use crate::error::Result;
use crate::math::Triple;
use crate::world::State;

/// Made-up transitions, a row each; every part of a row is a part of a row of the replay.
///
/// They hold all that they need: what becomes of the replay afterwards does not reach them.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    pub(super) columns: Columns,
    pub(super) origins: Origins,
    /// Colours of links, blocks, goals, floor and wall, sample by sample; empty where all are those
    /// of the sources.
    pub(super) colors: Vec<Triple>,
}

impl Samples {
    /// No samples yet.
    pub fn new(layout: &Layout) -> Self {
        let columns = Columns::new(layout.clone());
        Self { columns, origins: Origins::default(), colors: Vec::new() }
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Takes all samples away, and keeps the memory for others.
    pub fn clear(&mut self) {
        self.truncate(0);
        self.origins.forget();
    }

    /// The matrices.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The replay's row that each finger and block of a sample comes from.
    pub fn sources(&self, sample: usize) -> &[u32] {
        let bodies = self.columns.layout().bodies();
        &self.origins.rows[sample * bodies..(sample + 1) * bodies]
    }

    /// The replay's row that all else of a sample comes from.
    pub fn base(&self, sample: usize) -> usize {
        self.origins.bases[sample] as usize
    }

    /// A sample as a transition, with the constants that travelled with its parts.
    pub fn transition(&self, sample: usize) -> Transition {
        let mut t = self.columns.transition(sample, &self.constants(sample));
        t.before.step = self.origins.steps[sample];
        t.after.step = t.before.step + 1;
        t
    }

    /// What a sample is worth by an environment's task: reward and success, computed from its two
    /// states.
    ///
    /// # Errors
    /// As [`Env::worth`].
    pub fn worth(&self, sample: usize, env: &Env) -> Result<Worth> {
        let t = self.transition(sample);
        env.worth(&t.before, &t.after)
    }

    /// The constants of a sample, as a state in which everything that changes is zero.
    pub fn constants(&self, sample: usize) -> State {
        let bodies = self.columns.layout().bodies();
        let of = |body: usize| self.origins.context(sample, body, bodies);
        let base = of(bodies);
        let mut constants = base.state().clone();
        for body in (0..bodies).filter(|body| !Arc::ptr_eq(of(*body), base)) {
            transplant(body, of(body).state(), &mut constants);
        }
        let width = colors_of(&constants).len();
        if let Some(colors) = self.colors.get(sample * width..(sample + 1) * width) {
            paint(&mut constants, colors);
        }
        constants
    }

    /// Adds a sample: every body from the row that its choice names, all else from the first row.
    pub(super) fn push(&mut self, replay: &Replay, rows: &[usize], choice: &[u8]) {
        let (from, sample) = (replay.columns(), self.len());
        let row_of = |body: usize| rows[usize::from(choice[body])];
        let mut first = 0;
        // Bodies next to each other that come from the same row are copied at once.
        for run in choice.chunk_by(|a, b| a == b) {
            self.columns.extend_bodies(from, row_of(first), first..first + run.len());
            first += run.len();
        }
        self.columns.push_rest(from, rows[0]);
        let layout = replay.layout();
        let (words, bodies) = (layout.mask_words(), layout.bodies());
        let mask = &mut self.columns.mask[sample * words..];
        for body in (0..bodies).filter(|body| choice[*body] != 0) {
            let other = from.mask_row(row_of(body));
            let mut copy = |entry: usize| {
                let own = bits(other, entry * bodies, bodies);
                set_bits(mask, entry * bodies, bodies, own);
            };
            copy(body);
            if body < ACTIONS {
                copy(bodies + body);
            }
        }
        self.origins.push(replay, (0..bodies).map(row_of), rows[0]);
        if !self.colors.is_empty() {
            self.colors.extend(colors_of(&self.constants(sample)));
        }
    }

    /// Gives a sample these goals.
    pub(super) fn set_goals(&mut self, sample: usize, goals: &[f64]) {
        let width = self.columns.layout().goal_width();
        self.columns.goals[sample * width..(sample + 1) * width].copy_from_slice(goals);
    }

    /// Gives everything in a sample another colour; other samples keep theirs.
    pub(super) fn set_colors(&mut self, sample: usize, color: impl FnMut() -> Triple) {
        if self.colors.is_empty() {
            let of = |sample| colors_of(&self.constants(sample));
            self.colors = (0..self.len()).flat_map(of).collect();
        }
        let width = self.colors.len() / self.len();
        self.colors[sample * width..(sample + 1) * width].fill_with(color);
    }

    /// What a step of a sample really led to, in place of what was stitched.
    pub(super) fn correct(&mut self, sample: usize, truth: &Transition) {
        let layout = self.columns.layout().clone();
        let (width, words, bodies) = (layout.width(), layout.mask_words(), layout.bodies());
        layout.write(&truth.after, &mut self.columns.after[sample * width..(sample + 1) * width]);
        let mask = &mut self.columns.mask[sample * words..(sample + 1) * words];
        for (i, row) in truth.mask.rows().iter().enumerate() {
            set_bits(mask, i * bodies, bodies, *row);
        }
    }

    /// Keeps the first `samples` samples and drops the rest.
    pub(super) fn truncate(&mut self, samples: usize) {
        let width = self.colors.len().checked_div(self.len()).unwrap_or(0);
        self.colors.truncate(samples * width);
        self.origins.truncate(samples, self.columns.layout().bodies());
        self.columns.truncate(samples);
    }
}

/// The colour of everything in a state: links, blocks, goals, floor, wall.
pub(super) fn colors_of(state: &State) -> Vec<Triple> {
    let arena = &state.arena;
    (state.robot.links.iter().map(|link| link.color))
        .chain(state.blocks.iter().map(|block| block.color))
        .chain(state.goals.iter().map(|goal| goal.color))
        .chain([arena.floor.color, arena.wall.color])
        .collect()
}

/// Gives everything in a state its colour, in the same order.
fn paint(state: &mut State, colors: &[Triple]) {
    let arena = &mut state.arena;
    let places = (state.robot.links.iter_mut().map(|link| &mut link.color))
        .chain(state.blocks.iter_mut().map(|block| &mut block.color))
        .chain(state.goals.iter_mut().map(|goal| &mut goal.color))
        .chain([&mut arena.floor.color, &mut arena.wall.color]);
    for (place, color) in places.zip(colors) {
        *place = *color;
    }
}
