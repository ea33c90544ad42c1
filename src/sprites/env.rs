//! The sprites as a decision process: some of them have to be brought to their targets.

use serde::{Deserialize, Serialize};

use super::{EPISODE, MOST_SPEED, SPRITES, SpriteTransition, Sprites, TARGETS, step};
use crate::error::{Error, Result, all_finite};
use crate::math;
use crate::rng::Rng;
use crate::saved::Format;

/// Nearer to its target than this a sprite has arrived.
const ARRIVED: f64 = 0.25;
/// Standard deviation of the noise on the velocity of the sprite that is pushed.
const NOISE: f64 = 0.01;

/// What a state pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reward {
    /// The share of the sprites that have arrived.
    #[default]
    Partial,
    /// One where all have arrived, and else nothing.
    Sparse,
}

/// The sprites with a task: the last `place` of the four have to be at their targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpriteEnv {
    place: usize,
    reward: Reward,
    state: Sprites,
    seed: u64,
    episode: u64,
    step: u64,
    begun: bool,
}

const FORMAT: Format = Format { what: "sprites", version: 1 };

/// What a step brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// The step itself, with its mask.
    pub transition: SpriteTransition,
    /// The reward.
    pub reward: f64,
    /// Whether the episode's time is over; the task itself never ends one.
    pub truncated: bool,
}

impl SpriteEnv {
    /// The task of the last so many sprites, 1 to 4; call [`SpriteEnv::reset`] before the first step.
    ///
    /// # Errors
    /// [`Error::Setting`] for another number.
    pub fn new(place: usize, reward: Reward) -> Result<Self> {
        if !(1..=SPRITES).contains(&place) {
            let (name, value) = ("place", place.to_string());
            return Err(Error::Setting { name, value, reason: "must be between 1 and 4" });
        }
        let state = Sprites::default();
        Ok(Self { place, reward, state, seed: 0, episode: 0, step: 0, begun: false })
    }

    /// Begins an episode: with a seed its first one, without the next of the present seed.
    ///
    /// Sprites lie anywhere, overlapping ones among them, as in the reference (facts 3.1).
    pub fn reset(&mut self, seed: Option<u64>) -> Sprites {
        (self.seed, self.episode) = match seed {
            Some(seed) => (seed, 0),
            None if self.begun => (self.seed, self.episode + 1),
            None => (self.seed, self.episode),
        };
        (self.step, self.begun) = (0, true);
        let mut rng = Rng::stream(self.seed, self.episode, "sprites/start");
        self.state = Sprites(std::array::from_fn(|_| {
            let [x, y] = [(); 2].map(|()| rng.uniform(0.05, 0.95));
            let [u, v] = [(); 2].map(|()| rng.uniform(-MOST_SPEED, MOST_SPEED));
            [x, y, u, v]
        }));
        self.state
    }

    /// Takes a step; actions beyond \[-1, 1\] are clipped.
    ///
    /// # Errors
    /// [`Error::Order`] before the first reset, [`Error::NotFinite`].
    pub fn step(&mut self, action: &[f64; 2]) -> Result<Taken> {
        if !self.begun {
            return Err(Error::Order("step was called before reset; call reset first"));
        }
        all_finite("action", action)?;
        let mut rng = Rng::at_step(self.seed, self.episode, "sprites/noise", self.step);
        let noise = [NOISE * rng.normal(), NOISE * rng.normal()];
        let transition = step(&self.state, action, &noise);
        self.state = transition.after;
        self.step += 1;
        let reward = self.worth(&self.state);
        Ok(Taken { transition, reward, truncated: self.step >= EPISODE })
    }

    /// What a state pays.
    pub fn worth(&self, state: &Sprites) -> f64 {
        let arrived = |i: &usize| {
            let [x, y, ..] = state.0[*i];
            math::hypot(x - TARGETS[*i][0], y - TARGETS[*i][1]) < ARRIVED
        };
        let count = (SPRITES - self.place..SPRITES).filter(arrived).count();
        match self.reward {
            Reward::Partial => count as f64 / self.place as f64,
            Reward::Sparse => f64::from(u8::from(count == self.place)),
        }
    }

    /// The environment as JSON: task, state, and what the next random numbers follow from.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON cannot say.
    pub fn to_json(&self) -> Result<String> {
        FORMAT.write(self)
    }

    /// The environment that [`SpriteEnv::to_json`] wrote, which goes on the same.
    ///
    /// # Errors
    /// [`Error::Malformed`]; as [`SpriteEnv::new`] and [`SpriteEnv::set_state`].
    pub fn from_json(text: &str) -> Result<Self> {
        let read: Self = FORMAT.read(text)?;
        Self::new(read.place, read.reward)?.set_state(&read.state)?;
        Ok(read)
    }

    /// The state.
    pub fn state(&self) -> &Sprites {
        &self.state
    }

    /// Continues from a state, at the same step of the same episode.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn set_state(&mut self, state: &Sprites) -> Result<()> {
        all_finite("state", &state.numbers())?;
        self.state = *state;
        self.begun = true;
        Ok(())
    }
}
