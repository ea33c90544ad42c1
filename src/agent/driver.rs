//! Policies by name, as commands, evaluations and Python drive them.

use serde::{Deserialize, Serialize};

use super::{MEMORY, Mpc, MpcSettings, Policy, action, scripted};
use crate::env::{Config, Env};
use crate::error::{Error, Result};
use crate::evaluation::Driver;
use crate::rng::Rng;
use crate::robot::Nine;
use crate::space::BoxSpace;
use crate::world::State;

/// The names of the policies that need no learning, which [`BuiltIn`] and everything that takes a
/// policy's name know.
pub const NAMES: [&str; 4] = ["scripted", "mpc", "random", "idle"];

/// A policy without learning, by its name.
///
/// `scripted` is [`scripted`]; `mpc` is [`Mpc`] with its default settings; `random` draws every
/// action uniformly between the bounds; `idle` stays where the episode begins.
pub struct BuiltIn {
    config: Config,
    bounds: BoxSpace,
    kind: Kind,
}

enum Kind {
    Joints(Box<dyn Policy + Send + Sync>),
    Random,
    /// With the action that stays, once an episode has begun.
    Idle(Option<Nine>),
}

/// What `idle` remembers: the action that stays.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Idle {
    stay: Option<Nine>,
}

impl BuiltIn {
    /// The policy of that name for the worlds of an environment.
    ///
    /// # Errors
    /// [`Error::UnknownName`] lists [`NAMES`]; those of [`Mpc::new`]; but for `random`, those of
    /// [`action`].
    pub fn new(name: &str, env: &Env) -> Result<Self> {
        let kind = match name {
            "scripted" => Kind::Joints(scripted(env.family(), env.dt())),
            "mpc" => Kind::Joints(Box::new(Mpc::new(env, MpcSettings::default())?)),
            "random" => Kind::Random,
            "idle" => Kind::Idle(None),
            _ => {
                let (what, name, known) = ("policy", name.to_string(), NAMES.join(", "));
                return Err(Error::UnknownName { what, name, known });
            }
        };
        let config = env.config().clone();
        if !matches!(kind, Kind::Random) {
            action(&config, &env.state().robot.target)?;
        }
        Ok(Self { config, bounds: env.action_space(), kind })
    }

    /// Forgets the past: the next state begins an episode.
    pub fn reset(&mut self) {
        match &mut self.kind {
            Kind::Joints(policy) => policy.reset(),
            Kind::Random => (),
            Kind::Idle(stay) => *stay = None,
        }
    }

    /// Writes the environment's action for a state.
    ///
    /// # Errors
    /// As [`action`].
    pub fn act(&mut self, state: &State, chosen: &mut Nine) -> Result<()> {
        match &mut self.kind {
            Kind::Joints(policy) => {
                let mut joints = state.robot.target;
                policy.act(state, &mut joints);
                *chosen = action(&self.config, &joints)?;
            }
            Kind::Random => {
                let mut rng = Rng::at_step(state.seed, state.episode, "agent/random", state.step);
                let bounds = self.bounds.low.iter().zip(&self.bounds.high);
                let each = chosen.iter_mut().zip(bounds);
                each.for_each(|(number, (low, high))| *number = rng.uniform(*low, *high));
            }
            Kind::Idle(stay) => {
                let joints = &state.robot.joint_positions;
                *chosen = match *stay {
                    Some(stay) => stay,
                    None => *stay.insert(action(&self.config, joints)?),
                };
            }
        }
        Ok(())
    }

    /// What it remembers of the episode, as JSON; `random` remembers nothing.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON cannot say.
    pub fn memory(&self) -> Result<String> {
        match &self.kind {
            Kind::Joints(policy) => policy.memory(),
            Kind::Random => Ok(String::new()),
            Kind::Idle(stay) => MEMORY.write(&Idle { stay: *stay }),
        }
    }

    /// Remembers what [`BuiltIn::memory`] of the policy of the same name wrote, and goes on as that
    /// one would.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn recall(&mut self, memory: &str) -> Result<()> {
        match &mut self.kind {
            Kind::Joints(policy) => policy.recall(memory)?,
            Kind::Random => (),
            Kind::Idle(stay) => *stay = MEMORY.read::<Idle>(memory)?.stay,
        }
        Ok(())
    }
}

/// [`BuiltIn`] for one episode of an evaluation, which begins in an environment.
///
/// # Errors
/// As [`BuiltIn::new`].
pub fn driver(name: &str, env: &Env) -> Result<Driver> {
    let mut policy = BuiltIn::new(name, env)?;
    Ok(Box::new(move |state: &State, chosen: &mut Nine| policy.act(state, chosen)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_policy_and_another_is_refused_with_all_of_them() {
        let env = Env::new(Config::new("pushing")).unwrap();
        for name in NAMES {
            let (mut policy, mut chosen) = (BuiltIn::new(name, &env).unwrap(), [f64::NAN; 9]);
            if name != "mpc" {
                policy.act(env.state(), &mut chosen).unwrap();
                assert!(chosen.iter().all(|number| number.abs() <= 1.0), "{name}: {chosen:?}");
            }
        }
        let refusal = BuiltIn::new("ppo", &env).err().unwrap();
        assert!(matches!(&refusal, Error::UnknownName { known, .. } if *known == NAMES.join(", ")));
    }

    #[test]
    fn an_idle_policy_stays_where_each_episode_begins() {
        let env = Env::new(Config::new("reaching")).unwrap();
        let (mut policy, mut chosen) = (BuiltIn::new("idle", &env).unwrap(), [0.0; 9]);
        let mut state = env.state().clone();
        let mut stays = |policy: &mut BuiltIn, shift: f64| {
            state.robot.joint_positions[1] += shift;
            policy.act(&state, &mut chosen).unwrap();
            chosen
        };
        let first = stays(&mut policy, 0.0);
        assert_eq!(stays(&mut policy, 0.1), first);
        policy.reset();
        assert_ne!(stays(&mut policy, 0.0), first);
    }
}
