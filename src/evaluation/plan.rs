//! What a policy is evaluated in: protocols, each with its frozen worlds.

use rayon::prelude::*;

use super::episode::{Episode, EpisodeScore};
use crate::curriculum::{Protocol, ProtocolWorld};
use crate::env::{Config, Description, Env};
use crate::error::{Error, Result};
use crate::robot::Nine;
use crate::task::Family;
use crate::vec_env::Pool;
use crate::world::State;

/// A policy in one episode: writes the action for a state.
///
/// Actions are what the plan's environment takes.
pub type Driver = Box<dyn FnMut(&State, &mut Nine) -> Result<()>>;

/// What came of one run in the worlds of a protocol, in their order.
pub type ProtocolRun = Vec<EpisodeScore>;

/// Protocols with their frozen worlds, and the environment that a policy acts in.
pub struct Plan {
    pub(super) arenas: Vec<Arena>,
    description: Description,
    family_digest: u64,
    seed: u64,
    pool: Pool,
}

/// The worlds of one protocol.
pub(super) struct Arena {
    pub(super) protocol: Protocol,
    pub(super) worlds: Vec<ProtocolWorld>,
    /// What its environments are made like.
    pub(super) model: Env,
}

impl Plan {
    /// The first worlds of some protocols, to be run in environments like `env`.
    ///
    /// `seed` is what the worlds are drawn from; `threads` counts the threads that run them, 0 for
    /// as many as the machine runs at once.
    ///
    /// # Errors
    /// [`Error::Setting`] for no protocol or no world; as [`Protocol::worlds`].
    pub fn new(
        env: &Env,
        protocols: &[Protocol],
        worlds: usize,
        seed: u64,
        threads: usize,
    ) -> Result<Self> {
        for (name, count) in [("worlds", worlds), ("protocols", protocols.len())] {
            if count == 0 {
                let reason = "must be at least 1";
                return Err(Error::Setting { name, value: "0".to_string(), reason });
            }
        }
        let mut pool = Pool::new(threads);
        let one = |protocol: &Protocol| Arena::new(env, protocol, worlds, seed);
        let arenas = pool.run(|many| match many {
            true => protocols.par_iter().with_max_len(1).map(one).collect::<Result<Vec<_>>>(),
            false => protocols.iter().map(one).collect(),
        })??;
        let (description, family_digest) = (env.description(), env.family().digest());
        Ok(Self { arenas, description, family_digest, seed, pool })
    }

    /// The protocols.
    pub fn protocols(&self) -> impl ExactSizeIterator<Item = &Protocol> {
        self.arenas.iter().map(|arena| &arena.protocol)
    }

    /// The worlds of the protocol of that number; none beyond the last.
    pub fn worlds(&self, protocol: usize) -> &[ProtocolWorld] {
        self.arenas.get(protocol).map_or(&[], |arena| &arena.worlds)
    }

    /// The environment that a policy acts in, as a description.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The digest of the family that the policy was trained on.
    pub fn family_digest(&self) -> u64 {
        self.family_digest
    }

    /// What the worlds were drawn from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Runs every world of the protocol of that number, a world a thread.
    ///
    /// `driver` makes the policy for an episode in an environment; `tick` is called after each
    /// episode. The result does not depend on the threads.
    ///
    /// # Errors
    /// [`Error::InWorld`] with the first world that does not take its start or an action, or why it
    /// has no policy.
    ///
    /// # Panics
    /// Where there is no protocol of that number.
    pub fn each(
        &mut self,
        protocol: usize,
        driver: &(dyn Fn(&Env) -> Result<Driver> + Sync),
        tick: &(dyn Fn() + Sync),
    ) -> Result<ProtocolRun> {
        let Arena { worlds, model, .. } = &self.arenas[protocol];
        let one = |(index, world): (usize, &ProtocolWorld)| {
            let score = episode(model, world, driver).map_err(|e| e.in_world(index));
            tick();
            score
        };
        self.pool.run(|many| match many {
            true => worlds.par_iter().enumerate().with_max_len(1).map(one).collect(),
            false => worlds.iter().enumerate().map(one).collect(),
        })?
    }
}

impl Arena {
    fn new(env: &Env, protocol: &Protocol, worlds: usize, seed: u64) -> Result<Self> {
        let home = protocol.home(env.family())?;
        let worlds = protocol.worlds(env.family(), worlds, seed)?;
        let model = match home.name() == env.family().name() {
            true => env.twin()?,
            false => elsewhere(env, home)?,
        };
        Ok(Self { protocol: protocol.clone(), worlds, model })
    }
}

/// An environment of another family that is otherwise configured alike.
fn elsewhere(env: &Env, family: Family) -> Result<Env> {
    let config = Config {
        family: family.name().to_string(),
        task_params: serde_json::Map::new(),
        ..env.config().clone()
    };
    let other = Env::with_family(config, family)?;
    match other.observation_len() == env.observation_len() {
        true => Ok(other),
        false => Err(Error::OutOfBatch {
            what: "observation",
            found: other.observation_len(),
            expected: env.observation_len(),
        }),
    }
}

fn episode(
    model: &Env,
    world: &ProtocolWorld,
    driver: &(dyn Fn(&Env) -> Result<Driver> + Sync),
) -> Result<EpisodeScore> {
    let mut episode = Episode::begin(model.twin()?, world.clone())?;
    let (mut act, mut action) = (driver(episode.env())?, [0.0; 9]);
    loop {
        act(episode.env().state(), &mut action)?;
        if let Some(score) = episode.step(&action)? {
            return Ok(score);
        }
    }
}

/// The protocols that a list names, comma separated.
///
/// `all` are the reference's for the family, and for a family that it has none for the generated
/// ones; `generated` are those; every other word is one protocol's name ([`Protocol::named`]).
///
/// # Errors
/// [`Error::UnknownName`] with the names there are.
pub fn protocols(family: &Family, list: &str) -> Result<Vec<Protocol>> {
    let mut found: Vec<Protocol> = Vec::new();
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        found.extend(match (name, Protocol::benchmark(family)) {
            ("all", benchmark) if !benchmark.is_empty() => benchmark,
            ("all" | "generated", _) => Protocol::generated(family),
            _ => vec![Protocol::named(family, name)?],
        });
    }
    let mut names = std::collections::BTreeSet::new();
    found.retain(|protocol| names.insert(protocol.name.clone()));
    Ok(found)
}
