//! Episodes as values: rows of what happened, and the transitions among them.

use serde::{Deserialize, Serialize};

use crate::causal::Edge;
use crate::error::{Error, Result};
use crate::intervention::Event;
use crate::robot::Nine;
use crate::world::State;

/// What led to a row's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An episode began.
    #[default]
    Reset,
    /// A control step.
    Step,
    /// Interventions between two steps; where all were refused the state is the row's before.
    Intervention,
    /// A state that was set from outside.
    State,
    /// Nothing: an episode goes on that was too long for one batch.
    Continued,
}

impl Kind {
    /// Every kind with its name in files.
    const NAMES: [(Self, &str); 5] = [
        (Self::Reset, "reset"),
        (Self::Step, "step"),
        (Self::Intervention, "intervention"),
        (Self::State, "state"),
        (Self::Continued, "continued"),
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for any other.
    pub fn parse(name: &str) -> Result<Self> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(kind, _)| *kind).ok_or_else(|| Error::UnknownName {
            what: "kind of row",
            name: name.to_string(),
            known: Self::NAMES.map(|(_, name)| name).join(", "),
        })
    }
}

/// One thing that happened, and the state that it led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What led to the state.
    pub kind: Kind,
    /// What an agent did, as [`Env::step`](crate::Env::step) was given it; of steps alone.
    pub action: Option<Nine>,
    /// What the step paid; of steps alone.
    pub reward: Option<f64>,
    /// Whether the task ended the episode with this step.
    pub terminated: bool,
    /// Whether time ended it.
    pub truncated: bool,
    /// Whether an actor intervened within this step: then it is no transition of the dynamics.
    pub intervened: bool,
    /// Whether the goal is reached in the state.
    pub success: bool,
    /// How much of the goal is achieved in the state, 0 to 1.
    pub fractional_success: f64,
    /// The state's observation, as [`Env::observe`](crate::Env::observe) writes it; empty where
    /// observations are not recorded.
    pub observation: Vec<f64>,
    /// The interventions that were tried since the row before, or by actors within this step.
    pub interventions: Vec<Event>,
    /// The step's local causal mask, as [`LocalMask::write`](crate::causal::LocalMask::write)
    /// writes it; of steps alone, where masks are recorded.
    pub mask: Option<Vec<bool>>,
    /// The pairs of nodes that the solver coupled in the step, as
    /// [`LocalMask::edges`](crate::causal::LocalMask::edges) tells them; where masks are recorded.
    pub pairs: Vec<Edge>,
    /// The state.
    pub state: State,
}

impl Row {
    /// A row without observation, action and mask.
    pub fn new(kind: Kind, state: State) -> Self {
        Self {
            kind,
            action: None,
            reward: None,
            terminated: false,
            truncated: false,
            intervened: false,
            success: false,
            fractional_success: 0.0,
            observation: Vec::new(),
            interventions: Vec::new(),
            mask: None,
            pairs: Vec::new(),
            state,
        }
    }
}

/// One control step of the dynamics alone: nothing was set between the two states.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// The state in which the action was taken.
    pub before: &'a State,
    /// The action.
    pub action: &'a Nine,
    /// The state it led to.
    pub after: &'a State,
    /// What the step paid.
    pub reward: f64,
    /// The step's row: its number in the episode, from 0.
    pub index: usize,
    /// The step's row.
    pub row: &'a Row,
}

/// An episode of one world, or the part of it that is in one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Which world of a batch it was, from 0.
    pub world: u32,
    /// What happened, in order; the first row is no step.
    pub rows: Vec<Row>,
}

impl Episode {
    /// The steps whose outcome is that of the dynamics: those in which no actor intervened.
    pub fn transitions(&self) -> impl Iterator<Item = Transition<'_>> {
        self.rows.windows(2).enumerate().filter_map(|(index, pair)| {
            let [before, row] = pair else { return None };
            let (Kind::Step, false) = (row.kind, row.intervened) else { return None };
            let (action, reward) = (row.action.as_ref()?, row.reward?);
            let (before, after, index) = (&before.state, &row.state, index + 1);
            Some(Transition { before, action, after, reward, index, row })
        })
    }

    /// How many control steps there are.
    pub fn steps(&self) -> usize {
        self.rows.iter().filter(|row| row.kind == Kind::Step).count()
    }

    /// The sum of the rewards.
    pub fn total_reward(&self) -> f64 {
        self.rows.iter().filter_map(|row| row.reward).sum()
    }

    /// Whether the task or time ended it.
    pub fn ended(&self) -> bool {
        self.rows.last().is_some_and(|row| row.terminated || row.truncated)
    }
}
