//! Manifests: recipes that make a data set again from nothing, bit for bit.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Dataset, Episode, Header, Kind, Precision, Row, Writer};
use crate::causal::{ACTIONS, LocalMask, Strength};
use crate::env::{Description, Env};
use crate::error::{Error, Result};
use crate::intervention::{Event, Target};
use crate::robot::Nine;
use crate::saved::{self, Format};
use crate::world::State;

/// How manifests are written.
const MANIFEST: Format = Format { what: "manifest", version: 1 };

/// From what a data set can be made again: its world, its seeds, what was set, and the actions or
/// the name of the policy that chose them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The world.
    pub world: Description,
    /// How exactly observations are kept; `None` where they are not.
    pub observations: Option<Precision>,
    /// What counts as influence in the masks; `None` where there are none.
    pub masks: Option<Strength>,
    /// What chose the actions.
    pub policy: String,
    /// What is kept with the data set.
    pub notes: String,
    /// The last episode's digest, 64 hexadecimal digits, by which the made one is told to be the
    /// same.
    pub digest: String,
    /// The episodes, in the data set's order.
    pub episodes: Vec<Recipe>,
}

/// How an episode came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Which world of a batch it was.
    pub world: u32,
    /// The seed.
    pub seed: u64,
    /// The episode of that seed.
    pub episode: u64,
    /// What led to its first row.
    pub begins: Kind,
    /// The state in that row, where it is not the one that a reset leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<State>,
    /// The interventions in that row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interventions: Vec<Event>,
    /// What followed.
    pub then: Vec<Deed>,
}

/// What was done in an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// That many steps with the policy's actions.
    Steps(u64),
    /// A step with this action.
    Act(Nine),
    /// Variables were set between two steps.
    Intervene(Vec<Event>),
    /// A row that none of these explains, whole: its kind, its interventions, its state.
    Set(Kind, Vec<Event>, Box<State>),
    /// A step with this action and whether an actor intervened, as these, within it, to this state.
    ActAndSet(Nine, Vec<Event>, Box<State>),
}

/// Chooses actions: told of a state, and whether an episode begins with it.
pub type Act<'a> = dyn FnMut(&State, bool, &mut Nine) + 'a;

impl Manifest {
    /// The manifest of a data set; with `by_policy` it names the policy and lists no actions.
    ///
    /// # Errors
    /// As [`Dataset::episodes`] and [`Header::env`].
    pub fn of(dataset: &Dataset, by_policy: bool) -> Result<Self> {
        let header = dataset.header();
        let mut env = header.env()?;
        let episodes = dataset.episodes().map(|episode| recipe(&mut env, &episode?, by_policy));
        let episodes = episodes.collect::<Result<_>>()?;
        Ok(Self {
            world: header.world.clone(),
            observations: header.observations,
            masks: header.masks,
            policy: header.policy.clone(),
            notes: header.notes.clone(),
            digest: hexadecimal(&dataset.last_digest()?),
            episodes,
        })
    }

    /// The manifest as JSON.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON cannot say.
    pub fn to_json(&self) -> Result<String> {
        MANIFEST.write(self)
    }

    /// The manifest that [`Manifest::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place.
    pub fn from_json(json: &str) -> Result<Self> {
        MANIFEST.read(json)
    }

    /// The manifest in a file.
    ///
    /// # Errors
    /// [`Error::File`], or as [`Manifest::from_json`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::from_json(&saved::read_file(path)?)
    }

    /// Whether it lists actions: then no policy is needed.
    pub fn lists_actions(&self) -> bool {
        let deeds = self.episodes.iter().flat_map(|recipe| &recipe.then);
        !deeds.into_iter().any(|deed| matches!(deed, Deed::Steps(_)))
    }

    /// Makes the data set again; `act` is asked for the actions of steps that list none.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where this release would make another world, or where what was made
    /// is not what the manifest is of; as [`Writer::create`].
    pub fn regenerate(&self, path: &Path, act: &mut Act<'_>) -> Result<()> {
        let header = Header {
            world: self.world.clone(),
            observations: self.observations,
            masks: self.masks,
            policy: self.policy.clone(),
            notes: self.notes.clone(),
        };
        let mut env = header.env()?;
        let mut writer = Writer::create(path, &header)?;
        for recipe in &self.episodes {
            let mut rows = Rows { env: &mut env, header: &header, rows: Vec::new() };
            rows.follow(recipe, act)?;
            writer.write(&Episode { world: recipe.world, rows: rows.rows })?;
        }
        writer.close()?;
        let found = hexadecimal(&Dataset::open(path)?.last_digest()?);
        match found == self.digest {
            true => Ok(()),
            false => Err(Error::OtherWorld {
                reason: format!(
                    "the digest of what was made is {found}, the manifest's is {}; {} is kept",
                    self.digest,
                    path.display()
                ),
            }),
        }
    }
}

/// The recipe of an episode.
fn recipe(env: &mut Env, episode: &Episode, by_policy: bool) -> Result<Recipe> {
    let Some(first) = episode.rows.first() else { return Err(Error::Order("an empty episode")) };
    let State { seed, episode: number, .. } = first.state;
    let is_reset =
        first.kind == Kind::Reset && reset_state(env, seed, number).same_bits(&first.state);
    env.set_state(&first.state)?;
    let mut then: Vec<Deed> = Vec::new();
    for row in &episode.rows[1..] {
        let deed = match (row.kind, row.action) {
            (Kind::Step, Some(action)) if !row.intervened => match then.last_mut() {
                Some(Deed::Steps(count)) if by_policy => {
                    *count += 1;
                    env.set_state(&row.state)?;
                    continue;
                }
                _ if by_policy => Deed::Steps(1),
                _ => Deed::Act(action),
            },
            (Kind::Step, Some(action)) => {
                Deed::ActAndSet(action, row.interventions.clone(), Box::new(row.state.clone()))
            }
            (Kind::Intervention, _) if explained(env, row) => {
                Deed::Intervene(row.interventions.clone())
            }
            (kind, _) => Deed::Set(kind, row.interventions.clone(), Box::new(row.state.clone())),
        };
        env.set_state(&row.state)?;
        then.push(deed);
    }
    Ok(Recipe {
        world: episode.world,
        seed,
        episode: number,
        begins: first.kind,
        start: (!is_reset).then(|| first.state.clone()),
        interventions: first.interventions.clone(),
        then,
    })
}

/// The state that a reset leads to.
fn reset_state(env: &Env, seed: u64, episode: u64) -> State {
    let mut state = env.starting_state().clone();
    (state.seed, state.episode, state.step) = (seed, episode, 0);
    state
}

/// Whether a row's interventions lead from the present state to the row's.
fn explained(env: &mut Env, row: &Row) -> bool {
    apply(env, &row.interventions).is_ok() && env.state().same_bits(&row.state)
}

/// Sets what was set; what was refused is not tried again.
fn apply(env: &mut Env, events: &[Event]) -> Result<()> {
    let set = |event: &&Event| event.refused.is_none() && event.target == Target::State;
    events.iter().filter(set).try_for_each(|event| env.intervene_as(&event.by, &event.values, None))
}

/// Rows that are made by following a recipe.
struct Rows<'a> {
    env: &'a mut Env,
    header: &'a Header,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn follow(&mut self, recipe: &Recipe, act: &mut Act<'_>) -> Result<()> {
        let reset = || reset_state(self.env, recipe.seed, recipe.episode);
        let start = recipe.start.clone().unwrap_or_else(reset);
        self.env.set_state(&start)?;
        self.add(recipe.begins, &recipe.interventions, None)?;
        // A part of an episode goes on with what the policy remembers.
        let mut begins = recipe.begins != Kind::Continued;
        for deed in &recipe.then {
            match deed {
                Deed::Steps(count) => {
                    for _ in 0..*count {
                        let mut action = Nine::default();
                        act(self.env.state(), begins, &mut action);
                        begins = false;
                        self.step(&action, &[], None)?;
                    }
                }
                Deed::Act(action) => self.step(action, &[], None)?,
                Deed::Intervene(events) => {
                    apply(self.env, events)?;
                    self.add(Kind::Intervention, events, None)?;
                }
                Deed::Set(kind, events, state) => {
                    self.env.set_state(state)?;
                    self.add(*kind, events, None)?;
                }
                Deed::ActAndSet(action, events, state) => self.step(action, events, Some(state))?,
            }
        }
        Ok(())
    }

    fn step(&mut self, action: &Nine, events: &[Event], set: Option<&State>) -> Result<()> {
        let step = self.env.step(action)?;
        let (mask, pairs) = match self.header.masks {
            Some(strength) if set.is_none() => {
                let (contacts, scene) = (self.env.contacts(), &self.env.state().scene);
                let mask = LocalMask::of(contacts, scene, strength)?;
                let mut entries = vec![false; (mask.nodes() + ACTIONS) * mask.nodes()];
                mask.write(&mut entries)?;
                (Some(entries), LocalMask::edges(contacts))
            }
            _ => (None, Vec::new()),
        };
        if let Some(state) = set {
            self.env.set_state(state)?;
        }
        self.add(Kind::Step, events, Some((action, step, mask)))?;
        if let Some(row) = self.rows.last_mut() {
            (row.intervened, row.pairs) = (set.is_some(), pairs);
        }
        Ok(())
    }

    fn add(
        &mut self,
        kind: Kind,
        events: &[Event],
        step: Option<(&Nine, crate::Step, Option<Vec<bool>>)>,
    ) -> Result<()> {
        let info = self.env.info();
        let mut row = Row::new(kind, self.env.state().clone());
        (row.success, row.fractional_success) = (info.success, info.fractional_success);
        row.interventions = events.to_vec();
        if self.header.observations.is_some() {
            row.observation = vec![0.0; self.env.observation_len()];
            self.env.observe(&mut row.observation)?;
        }
        if let Some((action, step, mask)) = step {
            (row.action, row.reward, row.mask) = (Some(*action), Some(step.reward), mask);
            (row.terminated, row.truncated) = (step.terminated, step.truncated);
        }
        self.rows.push(row);
        Ok(())
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
