//! What an environment is made of: a value, the keyword arguments of `gym.make`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::observation::{Context, Mode};
use crate::error::{Error, Result};
use crate::robot::ActionMode;
use crate::task::overlap::Overlap;
use crate::variable::Subspace;
use crate::world::{self, Physics};

/// How to make an [`Env`](super::Env); names and defaults are the reference's (facts 9.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The task family's name, such as `pushing`.
    pub family: String,
    /// Parameters of the family, by the reference's names (facts 5.1); empty for the defaults.
    pub task_params: Map<String, Value>,
    /// Ticks of 4 ms per control step.
    pub skip_frame: u32,
    /// What an action means.
    pub action_mode: ActionMode,
    /// What is observed and in which form.
    pub observation_mode: Mode,
    /// Which parameters of the world are shown beside it.
    pub context: Context,
    /// Globs over the observation's keys, in entity sets over its columns: what they fit is left
    /// out.
    pub drop: Vec<String>,
    /// The most blocks, and the most goals, that there will be: a structured observation and goal
    /// arrays then have that many slots always, an entity set that many rows for either.
    pub max_blocks: Option<usize>,
    /// The most rows of an entity set, which then has that many always.
    pub max_entities: Option<usize>,
    /// Whether the goals stand apart from the observation and alone decide the reward; then what
    /// was achieved can be made what was desired (hindsight).
    ///
    /// The reward is [`GoalReward`](crate::task::goal::GoalReward): no dense terms.
    pub goal_conditioned: bool,
    /// Whether actions lie in \[-1, 1\] instead of physical units.
    pub normalize_actions: bool,
    /// Whether observations are mapped to \[-1, 1\], without clipping.
    pub normalize_observations: bool,
    /// Control steps until an episode is truncated; `None` for the family's own length in seconds.
    pub max_episode_length: Option<u64>,
    /// The intervention space in force.
    pub variables_space: Subspace,
    /// The physics settings.
    #[serde(with = "world::physics")]
    pub physics: Physics,
    /// What `fractional_success` measures.
    pub overlap: Overlap,
}

impl Config {
    /// The default configuration of a family.
    pub fn new(family: &str) -> Self {
        Self {
            family: family.to_string(),
            task_params: Map::new(),
            skip_frame: 10,
            action_mode: ActionMode::JointPositions,
            observation_mode: Mode::Structured,
            context: Context::None,
            drop: Vec::new(),
            max_blocks: None,
            max_entities: None,
            goal_conditioned: false,
            normalize_actions: true,
            normalize_observations: true,
            max_episode_length: None,
            variables_space: Subspace::Both,
            physics: Physics::default(),
            overlap: Overlap::Volume,
        }
    }

    /// The configuration of a JSON document; what it leaves out has its default.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place: a setting that is unknown or of the wrong kind.
    pub fn from_json(json: &str) -> Result<Self> {
        let mut reader = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let mut reason = error.into_inner().to_string();
            // The document is one line that nobody wrote.
            if let Some(end) = reason.find(" at line ") {
                reason.truncate(end);
            }
            Error::Malformed { what: "settings".to_string(), path, reason }
        })
    }
}

impl Default for Config {
    /// Pushing.
    fn default() -> Self {
        Self::new("pushing")
    }
}
