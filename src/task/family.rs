//! A task family: a checked document with its parameters set.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::document::{
    Document, EpisodeSeconds, ObservationKey, RewardDocument, StructureKeys, StructureOrder,
};
use super::parameter::Parameter;
use super::registry;
use super::reward::Weights;
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::intervention::structure::{self, Arrangement};
use crate::rng::fnv1a;
use crate::saved;
use crate::space::BoxSpace;
use crate::variable::{Rules, Subspace, Variable, obstacle_count, obstacle_name};
use crate::world::{BlockKind, Scene, State};

/// Parameters that every family has beside its own (facts 5.1).
const DENSE_WEIGHTS: &str = "dense_reward_weights";
const FRACTIONAL_WEIGHT: &str = "fractional_reward_weight";
const SPARSE: &str = "activate_sparse_reward";

/// What is wanted: scene, start, goals, reward and variables of a task, as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    document: Document,
    rules: Rules,
    start: State,
}

impl Family {
    /// The built-in family of that name, with its default parameters.
    ///
    /// # Errors
    /// [`Error::UnknownName`], with the names there are.
    pub fn named(name: &str) -> Result<Self> {
        Self::from_json(registry::document(name)?)
    }

    /// The family that a JSON document describes (`task_generators/schema.json`).
    ///
    /// Meshes' files are looked for from the working folder.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place in the document and what was expected there.
    pub fn from_json(json: &str) -> Result<Self> {
        Self::from_document(Document::parse(json)?.resolved(Path::new(""))?)
    }

    /// The family that a document describes.
    ///
    /// # Errors
    /// As [`Family::from_json`]; meshes must stand in it as numbers, as in
    /// [`Document::resolved`].
    pub fn from_document(document: Document) -> Result<Self> {
        let (rules, start) = (document.rules(), document.check()?);
        Ok(Self { document, rules, start })
    }

    /// The family that a JSON file describes; meshes' files are looked for from its folder.
    ///
    /// # Errors
    /// [`Error::File`] where it can not be read, [`Error::Malformed`] with the place in it.
    pub fn from_file(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let read = |json: &str| Self::from_document(Document::parse(json)?.resolved(folder)?);
        read(&saved::read_file(path)?).map_err(|error| match error {
            Error::Malformed { path: place, reason, .. } => {
                Error::Malformed { what: path.display().to_string(), path: place, reason }
            }
            other => other,
        })
    }

    /// The same family with parameters changed; null leaves a parameter as it is.
    ///
    /// # Errors
    /// [`Error::UnknownName`] with the known parameters, [`Error::Malformed`] for a value of the
    /// wrong kind, or whatever is wrong with the value.
    pub fn with_params(mut self, params: &Map<String, Value>) -> Result<Self> {
        let mut own = Vec::new();
        for (name, value) in params.iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                DENSE_WEIGHTS => self.set_weights(&numbers(name, value)?)?,
                FRACTIONAL_WEIGHT => {
                    self.document.reward.fractional_weight = self::number(name, value)?;
                }
                SPARSE => {
                    self.document.reward.sparse =
                        value.as_bool().ok_or_else(|| mistyped(name, "true or false"))?;
                }
                _ => own.push((name, self.parameter(name)?, numbers(name, value)?)),
            }
        }
        // What sets much first, so that what sets little can refine it.
        own.sort_by_key(|(_, parameter, _)| std::cmp::Reverse(parameter.targets().len()));
        for (name, parameter, value) in own {
            parameter.write(name, &mut self.start, &self.rules, &value)?;
        }
        if !self.start.task.same_structure(&self.document.structure) {
            structure::build(&mut self.start, Arrangement::Default)?;
        }
        Ok(self)
    }

    fn parameter(&self, name: &str) -> Result<Parameter> {
        self.document.parameters.get(name).cloned().ok_or_else(|| {
            let own = self.document.parameters.keys().map(String::as_str);
            let known = own.chain([DENSE_WEIGHTS, FRACTIONAL_WEIGHT, SPARSE]);
            Error::UnknownName {
                what: "task parameter",
                name: name.to_string(),
                known: known.collect::<Vec<_>>().join(", "),
            }
        })
    }

    fn set_weights(&mut self, weights: &[f64]) -> Result<()> {
        let reward = &mut self.document.reward;
        reward.rules.check_weights(&Weights { dense: weights.to_vec(), ..reward.weights() })?;
        let terms = &mut reward.terms;
        for (term, weight) in terms.iter_mut().zip(weights) {
            term.weight = *weight;
        }
        Ok(())
    }

    /// The parameters and their present values, by the reference's names (facts 5.1).
    pub fn params(&self) -> Map<String, Value> {
        let mut params = Map::new();
        for (name, parameter) in &self.document.parameters {
            if let Ok(value) = parameter.read(&self.start, &self.rules) {
                let scalar = value.len() == 1;
                params.insert(name.clone(), if scalar { json!(value[0]) } else { json!(value) });
            }
        }
        let reward = &self.document.reward;
        params.insert(DENSE_WEIGHTS.to_string(), json!(reward.weights().dense));
        params.insert(FRACTIONAL_WEIGHT.to_string(), json!(reward.fractional_weight));
        params.insert(SPARSE.to_string(), json!(reward.sparse));
        params
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// What is wanted, in one sentence.
    pub fn description(&self) -> &str {
        &self.document.description
    }

    /// What it says about variables.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Its reward: the rules, the terms by name, the weights.
    pub fn reward(&self) -> &RewardDocument {
        &self.document.reward
    }

    /// The state of every default episode; seed, episode, step and world id are zero.
    pub fn initial_state(&self) -> State {
        self.start.clone()
    }

    /// The document, with the parameters of the reward in it; those of the start are not.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// A number that differs between families and parameters: FNV-1a over document and parameters.
    pub fn digest(&self) -> u64 {
        // As JSON, which tells every bit of every number and in which what is added to a later
        // release's families and left out in this one leaves no trace.
        let whole = json!([self.document, self.params()]).to_string();
        fnv1a(whole.as_bytes(), 0xcbf2_9ce4_8422_2325)
    }

    /// How long an episode lasts that starts in this state, s (facts 5.2).
    pub fn episode_seconds(&self, state: &State) -> f64 {
        match self.document.episode_seconds {
            EpisodeSeconds::Fixed(seconds) => seconds,
            EpisodeSeconds::PerBlock(seconds) => seconds * state.blocks.len() as f64,
        }
    }

    /// How long an episode lasts at most, s; infinite where that follows the number of blocks.
    pub fn longest_episode_seconds(&self) -> f64 {
        match self.document.episode_seconds {
            EpisodeSeconds::Fixed(seconds) => seconds,
            EpisodeSeconds::PerBlock(_) => f64::INFINITY,
        }
    }

    /// The keys of the structured observation of a state: the family's, then those of each
    /// obstacle that an intervention has added (facts 3.4).
    pub fn observation(&self, state: &State) -> Vec<String> {
        let mut keys = Vec::new();
        for key in &self.document.observation {
            match key {
                ObservationKey::Key(key) => keys.push(key.clone()),
                ObservationKey::Structure(order) => structure_keys(&state.scene, *order, &mut keys),
            }
        }
        for index in obstacle_count(&self.start.scene)..obstacle_count(&state.scene) {
            object_keys(&obstacle_name(index), &RESTING_KEYS, &mut keys);
        }
        keys
    }

    /// New goals for a state, drawn from the goals' ranges; an intervention, not yet applied.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`] where the state is of another family.
    pub fn sample_goal(&self, state: &State, subspace: Subspace) -> Result<Intervention> {
        self.document.goal_sampling.sample(state, &self.rules, subspace)
    }

    /// Every variable of a state with its value, in the reference's order.
    pub fn variables(&self, state: &State) -> Vec<(String, Vec<f64>)> {
        let all = Variable::all(&state.scene, &self.rules);
        all.iter().map(|v| (v.path(&state.scene), v.read(state))).collect()
    }

    /// Every variable of a state that has a range in a subspace, with the range.
    pub fn spaces(&self, state: &State, subspace: Subspace) -> Vec<(String, BoxSpace)> {
        let all = Variable::all(&state.scene, &self.rules);
        let ranged =
            |v: &Variable| Some((v.path(&state.scene), v.space(state, &self.rules, subspace)?));
        all.iter().filter_map(ranged).collect()
    }
}

/// What is observed of a goal or a fixed block (facts 3.3).
const RESTING_KEYS: [&str; 4] = ["type", "size", "cartesian_position", "orientation"];
/// What is observed of a movable block beside that (facts 3.3).
const MOVING_KEYS: [&str; 2] = ["linear_velocity", "angular_velocity"];

fn object_keys(name: &str, attributes: &[&str], keys: &mut Vec<String>) {
    keys.extend(attributes.iter().map(|attribute| format!("{name}_{attribute}")));
}

/// The keys of every movable block and every goal; `tool_…` has the goal `goal_…`.
fn structure_keys(scene: &Scene, keys_of: StructureKeys, keys: &mut Vec<String>) {
    for block in scene.blocks.iter().filter(|block| block.kind == BlockKind::Movable) {
        object_keys(&block.name, &RESTING_KEYS, keys);
        object_keys(&block.name, &MOVING_KEYS, keys);
        let goal = block.name.replacen("tool", "goal", 1);
        if keys_of.structure == StructureOrder::Interleaved && scene.goal_index(&goal).is_some() {
            object_keys(&goal, &RESTING_KEYS, keys);
        }
    }
    if keys_of.structure == StructureOrder::BlocksFirst {
        scene.goals.iter().for_each(|goal| object_keys(&goal.name, &RESTING_KEYS, keys));
    }
}

fn numbers(name: &str, value: &Value) -> Result<Vec<f64>> {
    let list = match value {
        Value::Array(list) => list.iter().map(Value::as_f64).collect(),
        value => value.as_f64().map(|number| vec![number]),
    };
    list.ok_or_else(|| mistyped(name, "a number or a list of numbers"))
}

fn number(name: &str, value: &Value) -> Result<f64> {
    value.as_f64().ok_or_else(|| mistyped(name, "a number"))
}

fn mistyped(name: &str, expected: &str) -> Error {
    Error::Malformed {
        what: "task_params".to_string(),
        path: name.to_string(),
        reason: format!("expected {expected}"),
    }
}
