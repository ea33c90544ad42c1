//! One episode in a frozen world, and what is measured of it.

use std::sync::Arc;

use super::Metric;
use super::film::Film;
use super::statistics::mean;
use crate::curriculum::ProtocolWorld;
use crate::env::Env;
use crate::error::Result;
use crate::task::overlap::Overlap;

/// Over how many steps at the end the last integrated fractional success is a mean.
///
/// The reference takes the first step and the last 19 where the last 20 are meant (facts 8.5).
pub const LAST_STEPS: usize = 20;

/// What came of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeScore {
    /// The figures in the order of [`Metric::ALL`].
    pub values: [f64; Metric::ALL.len()],
    /// Control steps.
    pub steps: u64,
    /// Interventions within the episode of which no try was accepted.
    pub missed: u64,
    /// What it looked like; none of a score that was made up.
    pub film: Option<Arc<Film>>,
}

/// An episode that is under way.
pub(super) struct Episode {
    env: Env,
    world: ProtocolWorld,
    // Fractional success after every step, by volume and by bounds.
    achieved: Vec<[f64; 2]>,
    returned: f64,
    missed: u64,
    film: Film,
}

impl Episode {
    pub(super) fn begin(mut env: Env, world: ProtocolWorld) -> Result<Self> {
        world.begin(&mut env)?;
        let film = Film::begin(&env);
        Ok(Self { env, world, achieved: Vec::new(), returned: 0.0, missed: 0, film })
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    /// Begins an episode in another world of the same family.
    pub(super) fn begin_again(&mut self, world: ProtocolWorld) -> Result<()> {
        world.begin(&mut self.env)?;
        self.world = world;
        self.achieved.clear();
        (self.returned, self.missed) = (0.0, 0);
        self.film = Film::begin(&self.env);
        Ok(())
    }

    /// Takes a step; the score where it was the last.
    pub(super) fn step(&mut self, action: &[f64]) -> Result<Option<EpisodeScore>> {
        let step = self.env.step(action)?;
        self.returned += step.reward;
        let achieved = [Overlap::Volume, Overlap::Aabb].map(|o| self.env.fractional_success(o));
        self.achieved.push(achieved);
        if step.terminated || step.truncated {
            self.film.finish(&self.env);
            return Ok(Some(self.score()));
        }
        // What an agent did by then can leave no room for an intervention; that is its score.
        let intervened = self.world.follow(&mut self.env);
        self.missed += u64::from(intervened.is_err());
        self.film.follow(&self.env, intervened == Ok(true));
        Ok(None)
    }

    fn score(&self) -> EpisodeScore {
        let all = |i: usize| self.achieved.iter().map(|both| both[i]).collect::<Vec<f64>>();
        let three = |i: usize| {
            let all = all(i);
            let last = &all[all.len().saturating_sub(LAST_STEPS)..];
            [all[all.len() - 1], mean(&all), mean(last)]
        };
        let ([last, full, integrated], boxes) = (three(0), three(1));
        let success = f64::from(u8::from(self.env.info().success));
        let values = [last, full, integrated, boxes[0], boxes[1], boxes[2], success, self.returned];
        let (steps, film) = (self.achieved.len() as u64, Some(Arc::new(self.film.clone())));
        EpisodeScore { values, steps, missed: self.missed, film }
    }
}
