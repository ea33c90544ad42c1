//! Recorded data sets as replays, and what is made of them as data sets.
//!
//! A data set keeps no sweeps, so its steps are taken again as they are read: every one must come
//! out as it was recorded, bit for bit. What is written can be verified like any data set: each
//! sample is an episode of its own, a state that was set and the steps from it.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::augment::{Certificate, Method, Resimulator, Samples, Verdict};
use crate::causal::{ACTIONS, Distance, Edge, LocalMask, Replay, Transition};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::record::{Dataset, Header, Kind, Row, Writer};
use crate::robot::Nine;
use crate::saved::Format;
use crate::world::State;

/// The names of what [`Recorded::method`] knows.
pub const METHODS: [&str; 5] = ["cut", "simulation", "distance", "unchecked", "blind"];

/// A recorded data set as a replay.
pub struct Recorded {
    replay: Replay,
    /// The actions as the environment was given them, row by row.
    given: Vec<Nine>,
    /// The pairs that the solver coupled, row by row.
    pairs: Vec<Vec<Edge>>,
    header: Header,
    env: Env,
}

impl Recorded {
    /// Reads a data set, and takes its every step again.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where a step does not come out as it was recorded, or where episodes
    /// have not the same blocks and goals; [`Error::Order`] for a data set without transitions; as
    /// [`Dataset::episodes`] and [`Replay::push`].
    pub fn read(dataset: &Dataset) -> Result<Self> {
        let mut count = 0;
        for episode in dataset.episodes() {
            count += episode?.transitions().count();
        }
        let header = dataset.header().clone();
        let mut env = header.env()?;
        env.record_sweeps(true);
        let (mut replay, mut given, mut pairs) = (None, Vec::with_capacity(count), Vec::new());
        for_each(dataset, &mut env, |t, action, found, place| {
            let Some(found) = found else {
                let reason = format!("{place} does not come out as it was recorded");
                return Err(Error::OtherWorld { reason });
            };
            pairs.push(found);
            let replay = match &mut replay {
                Some(replay) => replay,
                None => replay.insert(Replay::new(&t.before.scene, count)?),
            };
            given.push(*action);
            replay.push(&t)
        })?;
        let none = Error::Order("the data set has no transitions; record some steps first");
        Ok(Self { replay: replay.ok_or(none)?, given, pairs, header, env })
    }

    /// Its transitions.
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// Its transitions, and nothing else of it.
    pub fn into_replay(self) -> Replay {
        self.replay
    }

    /// The method of that name, one of [`METHODS`].
    ///
    /// # Errors
    /// [`Error::UnknownName`] for any other; as [`Recorded::oracle`].
    pub fn method(&self, name: &str) -> Result<Method> {
        Ok(match name {
            "cut" => Method::Cut,
            "simulation" => Method::Simulation(Box::new(self.oracle()?)),
            "distance" => Method::Model(Box::new(Distance::default())),
            "unchecked" => Method::Unchecked,
            "blind" => Method::Blind,
            _ => {
                let (name, known) = (name.to_string(), METHODS.join(", "));
                return Err(Error::UnknownName { what: "method", name, known });
            }
        })
    }

    /// An oracle of its world.
    ///
    /// # Errors
    /// As [`Env::twin_in_units`].
    pub fn oracle(&self) -> Result<Resimulator> {
        Resimulator::new(self.env.twin_in_units()?)
    }

    /// Writes samples that were made of its replay as a data set, so many steps to an episode, with
    /// what they are worth, observations as the data set has them, and sound masks.
    ///
    /// # Errors
    /// As [`Writer::create`], [`Writer::push`], [`Env::worth`].
    pub fn write(&self, samples: &Samples, steps: usize, path: &Path, notes: &str) -> Result<()> {
        let header = Header {
            masks: Some(crate::causal::Strength::Sound),
            policy: format!("coda of {}", self.header.policy),
            notes: notes.to_string(),
            ..self.header.clone()
        };
        let (mut env, mut writer) = (self.env.twin()?, Writer::create(path, &header)?);
        for sample in 0..samples.len() {
            let mut t = samples.transition(sample);
            if sample % steps == 0 {
                writer.flush(0)?;
                writer.push(0, &self.state_row(&mut env, &t.before)?)?;
            }
            // The first of these is the state that was set; a later one goes on with its queue.
            t.before.robot.actions = env.state().robot.actions;
            t.after.robot.actions = t.before.robot.actions;
            t.after.robot.actions.push(t.action);
            let mut row = self.step_row(&mut env, &t, self.action(sample, samples))?;
            row.pairs = self.pairs(sample, samples);
            writer.push(0, &row)?;
        }
        writer.close()
    }

    /// What an agent would have done: every finger's part of its row's action, as it was given.
    fn action(&self, sample: usize, samples: &Samples) -> Nine {
        let sources = samples.sources(sample);
        std::array::from_fn(|joint| self.given[sources[joint / ACTIONS] as usize][joint])
    }

    /// The pairs that were coupled: those of every source among what comes from it. What is fixed
    /// is the same in all.
    fn pairs(&self, sample: usize, samples: &Samples) -> Vec<Edge> {
        let (layout, sources) = (self.replay.layout(), samples.sources(sample));
        let rows: BTreeSet<u32> = sources.iter().copied().collect();
        let mut all: Vec<Edge> = Vec::new();
        for row in rows {
            let own = |body: usize| sources[body] == row || !layout.moves(body);
            let moves = |edge: &&Edge| layout.moves(edge.first) || layout.moves(edge.second);
            let found = self.pairs[row as usize].iter().filter(moves);
            all.extend(found.filter(|edge| own(edge.first) && own(edge.second)));
        }
        all.sort_by_key(|edge| (edge.first, edge.second));
        all
    }

    fn state_row(&self, env: &mut Env, state: &State) -> Result<Row> {
        env.set_state(state)?;
        let info = env.info();
        let mut row = Row::new(Kind::State, env.state().clone());
        (row.success, row.fractional_success) = (info.success, info.fractional_success);
        row.observation = self.observation(env)?;
        Ok(row)
    }

    fn step_row(&self, env: &mut Env, t: &Transition, action: Nine) -> Result<Row> {
        let worth = env.worth(&t.before, &t.after)?;
        let mut row = Row { kind: Kind::Step, ..self.state_row(env, &t.after)? };
        (row.action, row.reward, row.terminated) =
            (Some(action), Some(worth.reward), worth.terminated);
        row.truncated = t.after.step >= env.max_episode_length();
        let nodes = t.mask.nodes();
        let mut entries = vec![false; (nodes + ACTIONS) * nodes];
        t.mask.write(&mut entries)?;
        row.mask = Some(entries);
        Ok(row)
    }

    fn observation(&self, env: &Env) -> Result<Vec<f64>> {
        let length = if self.header.observations.is_some() { env.observation_len() } else { 0 };
        let mut observation = vec![0.0; length];
        if length > 0 {
            env.observe(&mut observation)?;
        }
        Ok(observation)
    }
}

/// Takes every transition of a data set again; hands on what was recorded of it with the mask and
/// sweep found, the action as it was given, the pairs that were coupled if the step came out as
/// recorded, and its place.
fn for_each(
    dataset: &Dataset,
    env: &mut Env,
    mut take: impl FnMut(Transition, &Nine, Option<Vec<Edge>>, &str) -> Result<()>,
) -> Result<()> {
    for (index, episode) in dataset.episodes().enumerate() {
        for recorded in episode?.transitions() {
            env.set_state(recorded.before)?;
            env.step(recorded.action)?;
            let found = Transition::last(env, recorded.before.clone())?;
            let repeated = found.after.same_bits(recorded.after);
            let pairs = repeated.then(|| LocalMask::edges(env.contacts()));
            let t = Transition { after: recorded.after.clone(), ..found };
            let place = format!("episode {index}, row {}", recorded.index);
            take(t, recorded.action, pairs, &place)?;
        }
    }
    Ok(())
}

/// Every transition of a data set, with the masks of its steps taken again.
///
/// # Errors
/// As [`Dataset::episodes`], and where a step is refused.
pub fn transitions(dataset: &Dataset) -> Result<Vec<Transition>> {
    let mut all = Vec::new();
    for_each(dataset, &mut dataset.header().env()?, |t, _, _, _| {
        all.push(t);
        Ok(())
    })?;
    Ok(all)
}

const CERTIFICATES: Format = Format { what: "certificates", version: 1 };

/// The certificates of a data set's transitions, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// One for every transition.
    pub all: Vec<Certificate>,
}

impl Certificates {
    /// Those of samples, by taking their steps.
    ///
    /// # Errors
    /// As [`Certificate::of`].
    pub fn of(method: &str, samples: &Samples, recorded: &Recorded) -> Result<Self> {
        let mut oracle = recorded.oracle()?;
        let of = |i| Certificate::of(method, i, samples, &mut oracle);
        Ok(Self { all: (0..samples.len()).map(of).collect::<Result<_>>()? })
    }

    /// Writes them as a document.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, path: &Path) -> Result<()> {
        crate::saved::write_file(path, &CERTIFICATES.write(self)?)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Malformed`].
    pub fn load(path: &Path) -> Result<Self> {
        CERTIFICATES.read(&crate::saved::read_file(path)?)
    }

    /// Checks every certificate against its transition of a data set and by taking its step; the
    /// numbers of those that are false, with the reason.
    ///
    /// # Errors
    /// [`Error::Shape`] where there are more or fewer transitions; as [`Certificate::verify`].
    pub fn verify(&self, dataset: &Dataset) -> Result<Vec<(usize, &'static str)>> {
        let mut env = dataset.header().env()?;
        let mut oracle = Resimulator::new(env.twin_in_units()?)?;
        let (mut forged, mut count) = (Vec::new(), 0);
        for_each(dataset, &mut env, |t, _, _, _| {
            if let Some(certificate) = self.all.get(count)
                && let Verdict::Forged(reason) = certificate.verify(&t, &mut oracle)?
            {
                forged.push((count, reason));
            }
            count += 1;
            Ok(())
        })?;
        if count == self.all.len() {
            return Ok(forged);
        }
        let (what, expected) = ("certificates".to_string(), format!("{count} of them"));
        Err(Error::Shape { what, expected, found: self.all.len().to_string() })
    }
}
