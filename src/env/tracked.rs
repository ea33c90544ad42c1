//! Interventions, each with a trace: what was tried, when, by whom, and what became of it.

use super::Env;
use crate::error::Result;
use crate::intervention::{self, Event, Intervention, Target, Tracker, USER};
use crate::variable::Space;

impl Env {
    /// Sets variables within the episode: whole, or not at all.
    ///
    /// With `check_bounds` every value must lie in the intervention space in force, unless the
    /// variable has it already. Setting variables to the values they have leaves the environment as
    /// it is, the last step's reward terms and contacts included; the tracker counts the attempt.
    ///
    /// # Errors
    /// The reason why it was refused; the state is then what it was, bit for bit.
    pub fn do_intervention(&mut self, wanted: &Intervention, check_bounds: bool) -> Result<()> {
        let check = check_bounds.then(|| Space::from(self.config.variables_space));
        self.intervene_within(wanted, check.as_ref())
    }

    /// Sets variables within the episode, as [`Env::do_intervention`] does, with values checked
    /// against a space of one's own, or against none.
    ///
    /// # Errors
    /// As [`Env::do_intervention`].
    pub fn intervene_within(&mut self, wanted: &Intervention, space: Option<&Space>) -> Result<()> {
        self.intervene_as(USER, wanted, space)
    }

    /// As [`Env::intervene_within`], by an actor of that name.
    ///
    /// # Errors
    /// As [`Env::do_intervention`].
    pub fn intervene_as(
        &mut self,
        by: &str,
        wanted: &Intervention,
        space: Option<&Space>,
    ) -> Result<()> {
        let event = self.event(by, Target::State, wanted);
        let done = self.intervene(wanted, space);
        self.track(event, &done);
        done
    }

    /// Sets variables of the state that every later reset returns to, and resets.
    ///
    /// Values that the starting state has already leave it as it is.
    ///
    /// # Errors
    /// As [`Env::do_intervention`]; the starting state stays as it was then.
    pub fn set_starting_state(&mut self, wanted: &Intervention, check_bounds: bool) -> Result<()> {
        let event = self.event(USER, Target::StartingState, wanted);
        let done = self.change_start(wanted, check_bounds);
        self.track(event, &done);
        done
    }

    /// The interventions that were tried on this environment.
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    fn intervene(&mut self, wanted: &Intervention, space: Option<&Space>) -> Result<()> {
        self.require_reset()?;
        let rules = self.task.family().rules();
        let mut next = self.state.clone();
        intervention::apply_within(&mut self.world, rules, &mut next, wanted, space)?;
        if next.same_bits(&self.state) { Ok(()) } else { self.adopt(&next) }
    }

    fn change_start(&mut self, wanted: &Intervention, check_bounds: bool) -> Result<()> {
        let check = check_bounds.then_some(self.config.variables_space);
        let mut starting = self.starting.clone();
        (starting.seed, starting.episode) = (self.state.seed, self.state.episode);
        let rules = self.task.family().rules();
        let before = starting.clone();
        intervention::apply(&mut self.world, rules, &mut starting, wanted, check)?;
        if !starting.same_bits(&before) {
            self.starting_shown = self.shown_of(&starting)?;
            self.starting = starting;
        }
        self.reset(None);
        Ok(())
    }

    /// An event at the present state, not refused so far.
    fn event(&self, by: &str, target: Target, wanted: &Intervention) -> Event {
        let (seed, episode, step) = (self.state.seed, self.state.episode, self.state.step);
        let (by, values) = (by.to_string(), wanted.clone());
        Event { by, seed, episode, step, target, values, refused: None }
    }

    fn track(&mut self, event: Event, done: &Result<()>) {
        let refused = done.as_ref().err().map(ToString::to_string);
        self.tracker.add(Event { refused, ..event });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Env};
    use super::*;

    #[test]
    fn what_was_tried_is_tracked_with_its_place_its_actor_and_its_outcome() {
        let mut env = Env::new(Config::new("pushing")).unwrap();
        env.reset(Some(4));
        env.step(&[0.0; 9]).unwrap();
        let light = Intervention::new().with("tool_block/mass", [0.05]);
        let heavy = Intervention::new().with("tool_block/mass", [50.0]);
        env.intervene_as("scale", &light, None).unwrap();
        let refused = env.do_intervention(&heavy, true).unwrap_err().to_string();
        env.set_starting_state(&light, true).unwrap();
        let event = |by: &str, target, values: &Intervention, refused: Option<&str>| Event {
            by: by.to_string(),
            seed: 4,
            episode: 0,
            step: 1,
            target,
            values: values.clone(),
            refused: refused.map(String::from),
        };
        let expected = [
            event("scale", Target::State, &light, None),
            event(USER, Target::State, &heavy, Some(&refused)),
            event(USER, Target::StartingState, &light, None),
        ];
        assert!(env.tracker().events().eq(&expected));
        assert!(env.twin().unwrap().tracker().is_empty());
    }
}
