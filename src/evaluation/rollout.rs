//! Many episodes side by side, for policies that act on a batch of observations.

use std::ops::Range;

use rayon::prelude::*;

use super::episode::{Episode, EpisodeScore};
use super::plan::{Arena, Plan, ProtocolRun};
use crate::curriculum::ProtocolWorld;
use crate::env::Env;
use crate::env::observation::Number;
use crate::error::{Error, Result};
use crate::robot::JOINTS;
use crate::vec_env::Pool;

/// The worlds of one protocol, run side by side.
///
/// There are some rows, each an environment. A row whose episode has ended begins the next world
/// that is left, and rests once none is. What a row holds depends on nothing that other rows do.
pub struct Rollout {
    rows: Vec<Row>,
    worlds: Vec<ProtocolWorld>,
    waiting: Range<usize>,
    scores: Vec<Option<EpisodeScore>>,
    pool: Pool,
}

struct Row {
    episode: Episode,
    /// The world that it is in; none once it rests.
    world: Option<usize>,
    begun: bool,
    outcome: Result<Option<EpisodeScore>>,
}

impl Plan {
    /// The worlds of the protocol of that number, in at most so many rows; all begin.
    ///
    /// # Errors
    /// [`Error::InWorld`] with the first world that does not take its start; [`Error::Setting`]
    /// for no rows.
    ///
    /// # Panics
    /// Where there is no protocol of that number.
    pub fn rollout(&self, protocol: usize, most_rows: usize, threads: usize) -> Result<Rollout> {
        if most_rows == 0 {
            let (value, reason) = ("0".to_string(), "must be at least 1");
            return Err(Error::Setting { name: "batch_size", value, reason });
        }
        let Arena { worlds, model, .. } = &self.arenas[protocol];
        // As many as fill every wave, because episodes of a family are equally long.
        let count = worlds.len().div_ceil(worlds.len().div_ceil(most_rows));
        let row = |world: usize| {
            let mut env = model.twin()?;
            env.fix_lengths();
            let episode = Episode::begin(env, worlds[world].clone());
            let episode = episode.map_err(|error| error.in_world(world))?;
            Ok(Row { episode, world: Some(world), begun: true, outcome: Ok(None) })
        };
        Ok(Rollout {
            rows: (0..count).map(row).collect::<Result<_>>()?,
            worlds: worlds.clone(),
            waiting: count..worlds.len(),
            scores: vec![None; worlds.len()],
            pool: Pool::new(threads),
        })
    }
}

impl Rollout {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Every row's environment, to be asked.
    pub fn envs(&self) -> impl ExactSizeIterator<Item = &Env> {
        self.rows.iter().map(|row| row.episode.env())
    }

    /// Which rows are at the start of an episode, so that a policy with a memory can clear it.
    pub fn begun(&self) -> Vec<bool> {
        self.rows.iter().map(|row| row.begun).collect()
    }

    /// How many episodes have ended.
    pub fn ended(&self) -> usize {
        self.scores.iter().flatten().count()
    }

    /// Whether every world's episode has ended.
    pub fn is_over(&self) -> bool {
        self.rows.iter().all(|row| row.world.is_none())
    }

    /// Writes every row's observation; that of a row that rests is its last.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length than rows times an observation's.
    pub fn observe<T: Number>(&self, observations: &mut [T]) -> Result<()> {
        let length = observations.len() / self.rows.len();
        let rows = observations.chunks_mut(length.max(1));
        self.envs().zip(rows).try_for_each(|(env, row)| env.observe(row))
    }

    /// Takes one control step in every row that does not rest; `actions` are nine numbers a row.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length, [`Error::InWorld`] with the first world that refuses.
    pub fn step(&mut self, actions: &[f64]) -> Result<()> {
        if actions.len() != self.rows.len() * JOINTS {
            return Err(Error::Shape {
                what: "actions".to_string(),
                expected: format!("{} in all", self.rows.len() * JOINTS),
                found: actions.len().to_string(),
            });
        }
        let one = |(row, action): (&mut Row, &[f64])| {
            row.begun = false;
            if row.world.is_some() {
                row.outcome = row.episode.step(action);
            }
        };
        let rows = &mut self.rows;
        self.pool.run(|many| match many {
            true => {
                rows.par_iter_mut().zip(actions.par_chunks(JOINTS)).with_max_len(1).for_each(one);
            }
            false => rows.iter_mut().zip(actions.chunks(JOINTS)).for_each(one),
        })?;
        self.collect()
    }

    /// Takes the scores of the episodes that have ended and begins others in their rows.
    fn collect(&mut self) -> Result<()> {
        for row in &mut self.rows {
            let Some(world) = row.world else { continue };
            let outcome = std::mem::replace(&mut row.outcome, Ok(None));
            let Some(score) = outcome.map_err(|error| error.in_world(world))? else { continue };
            self.scores[world] = Some(score);
            row.world = self.waiting.next();
            if let Some(next) = row.world {
                let begun = row.episode.begin_again(self.worlds[next].clone());
                begun.map_err(|error| error.in_world(next))?;
                row.begun = true;
            }
        }
        Ok(())
    }

    /// The scores, in the order of the worlds.
    ///
    /// # Errors
    /// [`Error::Order`] where an episode has not ended.
    pub fn finish(self) -> Result<ProtocolRun> {
        let all: Option<Vec<_>> = self.scores.into_iter().collect();
        all.ok_or(Error::Order("an episode has not ended; step until the rollout is over"))
    }
}
