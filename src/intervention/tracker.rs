//! What was intervened on, when, by whom, and what became of it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::Intervention;

/// How many events a tracker remembers one by one; older ones are only counted.
const REMEMBERED: usize = 1000;

/// Who intervened, where no actor said its name: the caller of the environment.
pub const USER: &str = "user";

/// What an intervention was aimed at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The present state.
    #[default]
    State,
    /// The state that every later reset returns to.
    StartingState,
}

/// An intervention that was tried: what, when, by whom, accepted or refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The actor's name; [`USER`] for the caller.
    pub by: String,
    /// The seed of the state in which it was tried.
    pub seed: u64,
    /// That state's episode.
    pub episode: u64,
    /// That state's control step.
    pub step: u64,
    /// What it was aimed at.
    pub target: Target,
    /// What was asked for.
    pub values: Intervention,
    /// Why it was refused; `None` where it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// How often interventions were accepted and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Accepted.
    pub accepted: u64,
    /// Refused.
    pub refused: u64,
}

impl Count {
    fn add(&mut self, accepted: bool) {
        *if accepted { &mut self.accepted } else { &mut self.refused } += 1;
    }
}

/// The interventions that were tried on one world: all of them counted, the last thousand whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracker {
    total: Count,
    // By actor, then by the variable's path.
    counts: BTreeMap<String, BTreeMap<String, Count>>,
    recent: VecDeque<Event>,
}

impl Tracker {
    /// Adds an event.
    pub fn add(&mut self, event: Event) {
        let accepted = event.refused.is_none();
        self.total.add(accepted);
        let counts = self.counts.entry(event.by.clone()).or_default();
        for path in event.values.values.keys() {
            counts.entry(path.clone()).or_default().add(accepted);
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(event);
    }

    /// How many interventions there were.
    pub fn total(&self) -> Count {
        self.total
    }

    /// How many events there were, of either outcome: the number of the next one, from 0.
    pub fn len(&self) -> u64 {
        self.total.accepted + self.total.refused
    }

    /// Whether nothing was tried.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By actor and by path: how often that variable was in an intervention of that actor's.
    pub fn counts(&self) -> &BTreeMap<String, BTreeMap<String, Count>> {
        &self.counts
    }

    /// The events that are remembered, the oldest first.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &Event> {
        self.recent.iter()
    }

    /// The remembered events from the one with that number on.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &Event> {
        let forgotten = self.len() - self.recent.len() as u64;
        self.recent.iter().skip(number.saturating_sub(forgotten) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(by: &str, step: u64, refused: bool) -> Event {
        let values = Intervention::new().with("tool_block/mass", [0.1]);
        let refused = refused.then(|| "too heavy".to_string());
        let target = Target::State;
        Event { by: by.to_string(), seed: 1, episode: 2, step, target, values, refused }
    }

    #[test]
    fn events_are_counted_by_actor_and_path_and_the_last_are_remembered() {
        let mut tracker = Tracker::default();
        for step in 0..1500 {
            tracker.add(event(if step % 3 == 0 { "goal" } else { USER }, step, step % 5 == 0));
        }
        assert_eq!(tracker.total(), Count { accepted: 1200, refused: 300 });
        let of_goal = tracker.counts()["goal"]["tool_block/mass"];
        assert_eq!(of_goal, Count { accepted: 400, refused: 100 });
        assert_eq!(tracker.events().len(), 1000);
        let steps = |from| tracker.since(from).map(|event| event.step).collect::<Vec<_>>();
        assert_eq!(steps(1497), [1497, 1498, 1499]);
        assert_eq!((steps(0).len(), steps(0)[0]), (1000, 500));
        assert!(steps(1500).is_empty());
        let text = serde_json::to_string(&tracker).unwrap();
        assert_eq!(serde_json::from_str::<Tracker>(&text).unwrap(), tracker);
    }
}
