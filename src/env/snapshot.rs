//! Where an environment stands: what a copy of it needs beyond what it is made of.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Env;
use super::episode::check_state;
use crate::error::Result;
use crate::intervention::Tracker;
use crate::task::reward::Outcome;
use crate::world::{Contacts, State};

/// Where an environment stands, whole: a copy that is put there answers as the original does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The present state.
    pub state: State,
    /// The state that resets return to, before seed and episode are written into it.
    pub starting: State,
    /// Whether an episode was begun, by a reset or by a state that was set.
    pub begun: bool,
    // What the last step brought; none after a reset or an intervention.
    terms: Option<Vec<f64>>,
    outcome: Outcome,
    contacts: Contacts,
    sweeps: bool,
    tracker: Tracker,
    director: Option<Value>,
}

impl Snapshot {
    /// Whether two environments of one kind stand in the same place, to the last bit of their
    /// states.
    pub fn same(&self, other: &Self) -> bool {
        let Self { state, starting, begun, terms, outcome, contacts, sweeps, tracker, director } =
            self;
        state.same_bits(&other.state)
            && starting.same_bits(&other.starting)
            && (begun, sweeps, terms) == (&other.begun, &other.sweeps, &other.terms)
            && (outcome, contacts) == (&other.outcome, &other.contacts)
            && (tracker, director) == (&other.tracker, &other.director)
    }
}

impl Env {
    /// The state that every reset returns to, before seed and episode are written into it.
    pub fn starting_state(&self) -> &State {
        &self.starting
    }

    /// The starting state where it is not the family's own, as of seed, episode and step 0.
    pub fn own_start(&self) -> Option<State> {
        let mut own = self.family().initial_state();
        own.world = self.starting.world;
        (!self.starts_as(&own)).then(|| as_of_the_beginning(&self.starting))
    }

    /// Whether resets return to a state like this one, whatever its seed, episode and step.
    pub fn starts_as(&self, state: &State) -> bool {
        as_of_the_beginning(&self.starting).same_bits(&as_of_the_beginning(state))
    }

    /// Makes a state the one that resets return to, without a reset; before the first reset it is
    /// the present state too.
    ///
    /// # Errors
    /// Those of [`Env::set_state`]; nothing changes then.
    pub fn start_from(&mut self, state: &State) -> Result<()> {
        self.check_world(state)?;
        check_state(&self.starting, self.world.physics(), state)?;
        let shown = self.shown_of(state)?;
        if !self.ready {
            self.adopt(state)?;
        }
        self.starting.clone_from(state);
        self.starting_shown = shown;
        Ok(())
    }

    /// Whether an episode was begun, by a reset or by a state that was set.
    pub fn has_begun(&self) -> bool {
        self.ready
    }

    /// Where the environment stands, for a copy of it.
    ///
    /// Of the sweeps of the last step ([`Env::sweep`]) it says only whether they are recorded.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.state.clone(),
            starting: self.starting.clone(),
            begun: self.ready,
            terms: self.terms.map(|terms| terms.iter().map(|term| term.1).collect()),
            outcome: self.outcome,
            contacts: self.world.contacts().clone(),
            sweeps: self.sweep().is_some(),
            tracker: self.tracker.clone(),
            director: self.director.as_ref().map(|director| director.progress()),
        }
    }

    /// Puts the environment where another one of the same configuration stands.
    ///
    /// # Errors
    /// [`Error::OtherWorld`](crate::Error::OtherWorld), or what is impossible in one of the
    /// states; nothing changes then.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.check_world(&snapshot.starting)?;
        check_state(&self.starting, self.world.physics(), &snapshot.starting)?;
        let starting_shown = self.shown_of(&snapshot.starting)?;
        self.check_state(&snapshot.state)?;
        if let (Some(director), Some(progress)) = (&mut self.director, &snapshot.director) {
            director.resume(progress)?;
        }
        self.set_state(&snapshot.state)?;
        self.starting.clone_from(&snapshot.starting);
        self.starting_shown = starting_shown;
        self.ready = snapshot.begun;
        self.outcome = snapshot.outcome;
        let tips = [&self.tips, &self.tips];
        let named =
            |values: &Vec<f64>| self.task.terms(&self.state, &self.state, tips).with_values(values);
        self.terms = snapshot.terms.as_ref().map(named);
        self.tracker.clone_from(&snapshot.tracker);
        self.world.set_contacts(&snapshot.contacts);
        if snapshot.sweeps != self.sweep().is_some() {
            self.record_sweeps(snapshot.sweeps);
        }
        Ok(())
    }
}

/// The same state of seed, episode and step 0.
fn as_of_the_beginning(state: &State) -> State {
    let mut state = state.clone();
    (state.seed, state.episode, state.step) = (0, 0, 0);
    state
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Env};
    use super::*;
    use crate::intervention::Intervention;
    use crate::task::registry;

    fn answers(env: &Env) -> String {
        let (info, contacts) = (env.info(), env.contacts());
        format!("{info:?} {contacts:?} {:?} {}", env.tracker(), env.has_stepped())
    }

    #[test]
    fn a_restored_copy_answers_as_the_original_in_every_family_at_every_moment() {
        for name in registry::names() {
            let mut env = Env::new(Config::new(name)).unwrap();
            let start = Intervention::new().with("floor/friction", [0.7]);
            let noise = Intervention::new().with("robot/torque_limit", [0.3]);
            for moment in 0..5 {
                match moment {
                    0 => {}
                    1 => env.reset(Some(5)),
                    2 => env.set_starting_state(&start, false).unwrap(),
                    3 => {
                        env.step(&[0.5; 9]).unwrap();
                    }
                    _ => env.do_intervention(&noise, false).unwrap(),
                }
                let text = serde_json::to_string(&env.snapshot()).unwrap();
                let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
                assert!(snapshot.same(&env.snapshot()), "{name} {moment}");
                let mut copy = Env::new(Config::new(name)).unwrap();
                copy.restore(&snapshot).unwrap();
                assert_eq!(answers(&copy), answers(&env), "{name} {moment}");
                assert!(copy.snapshot().same(&snapshot), "{name} {moment}");
                copy.reset(None);
                let started = moment >= 2;
                assert_eq!(copy.state().arena.floor.friction == 0.7, started, "{name} {moment}");
            }
        }
    }

    #[test]
    fn a_restore_of_another_family_changes_nothing() {
        let mut env = Env::new(Config::new("pushing")).unwrap();
        let other = Env::new(Config::new("reaching")).unwrap().snapshot();
        let before = env.snapshot();
        let [own, others] =
            [&before, &other].map(|snapshot| (snapshot.state.clone(), snapshot.starting.clone()));
        let mut with = |state: &State, starting: &State| {
            let (state, starting) = (state.clone(), starting.clone());
            env.restore(&Snapshot { state, starting, ..before.clone() }).is_err()
        };
        assert!(with(&others.0, &others.1));
        assert!(with(&own.0, &others.1));
        assert!(with(&others.0, &own.1));
        assert!(env.snapshot().same(&before));
    }
}
