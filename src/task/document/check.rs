//! What a schema can not say of a family's document: how its parts refer to each other.

use super::{Document, EpisodeSeconds, ObservationKey, malformed};
use crate::error::Result;
use crate::variable::{
    self, Bound, Entity, GOAL_TOWER, Interval, OBSTACLES, RangeEdit, Rules, Subspace, Variable,
    variables_of,
};
use crate::world::{Scene, State};

impl Document {
    /// Checks that the structure's variables can be meant, and that nothing is listed beside it.
    pub(super) fn check_structure(&self, state: &State) -> Result<()> {
        let names = variables_of(&self.structure);
        let listed = !self.blocks.is_empty() || !self.goals.is_empty();
        if listed && !names.is_empty() {
            let reason = "blocks and goals are either listed or built".to_string();
            return Err(malformed("structure", reason));
        }
        for variable in names.iter().filter_map(|n| Variable::of(&state.scene, Entity::Task, n)) {
            variable
                .admit(&state.scene, &variable.read(state))
                .map_err(|e| malformed("structure", e.to_string()))?;
        }
        Ok(())
    }

    /// Checks what refers from one part of the document to another; the state it starts from.
    pub(in crate::task) fn check(&self) -> Result<State> {
        self.check_names()?;
        let rules = self.rules();
        let state = self.start(&rules)?;
        let (EpisodeSeconds::Fixed(seconds) | EpisodeSeconds::PerBlock(seconds)) =
            self.episode_seconds;
        if !(seconds.is_finite() && seconds > 0.0) {
            return Err(malformed("episode_seconds", "expected more than 0 s".to_string()));
        }
        if matches!(self.episode_seconds, EpisodeSeconds::PerBlock(_)) && state.blocks.is_empty() {
            let reason = "there is no block, so an episode would last 0 s; expected \"fixed\"";
            return Err(malformed("episode_seconds", reason.to_string()));
        }
        for (i, name) in self.task_variables.iter().enumerate() {
            let built = variables_of(&self.structure).contains(&name.as_str());
            let tower = name == GOAL_TOWER && !state.scene.goals.is_empty();
            if !(built || tower || name == OBSTACLES) {
                let reason = format!("no task variable is called '{name}'");
                return Err(malformed(&format!("task_variables[{i}]"), reason));
            }
        }
        for (name, parameter) in &self.parameters {
            parameter
                .check(&state, &rules)
                .map_err(|reason| malformed(&format!("parameters.{name}"), reason))?;
        }
        let known = |place: String, names: &[String]| match names
            .iter()
            .find(|name| !is_body(&state.scene, name))
        {
            Some(name) => Err(malformed(&place, format!("no block or goal is '{name}'"))),
            None if names.is_empty() => Err(malformed(&place, "expected names".to_string())),
            None => Ok(()),
        };
        for (i, coupling) in self.couplings.iter().enumerate() {
            known(format!("couplings[{i}]"), coupling.names())?;
        }
        self.check_reward(&state.scene)?;
        self.ranges
            .iter()
            .enumerate()
            .try_for_each(|(i, edit)| check_range(&state, &rules, i, edit))?;
        self.goal_sampling
            .check(&state, &rules)
            .map_err(|reason| malformed("goal_sampling", reason))?;
        Ok(state)
    }

    fn check_reward(&self, scene: &Scene) -> Result<()> {
        let reward = &self.reward;
        let names = reward.rules.term_names();
        if !reward.terms.iter().map(|term| term.term.as_str()).eq(names) {
            let names: Vec<_> = reward.rules.term_names().collect();
            let reason = format!("expected the terms {}", names.join(", "));
            return Err(malformed("reward.terms", reason));
        }
        reward
            .rules
            .check_weights(&reward.weights())
            .and_then(|()| reward.rules.check_scene(scene))
            .map_err(|e| malformed("reward", e.to_string()))
    }

    fn check_names(&self) -> Result<()> {
        is_name("name", &self.name)?;
        let blocks =
            self.blocks.iter().enumerate().map(|(i, b)| (format!("blocks[{i}].name"), &b.name));
        let goals =
            self.goals.iter().enumerate().map(|(i, g)| (format!("goals[{i}].name"), &g.name));
        let mut seen: Vec<&String> = Vec::new();
        for (place, name) in blocks.chain(goals) {
            is_name(&place, name)?;
            let reserved = name == GOAL_TOWER || Entity::named(&Scene::new(), name).is_some();
            if seen.contains(&name) || reserved {
                return Err(malformed(&place, format!("the name '{name}' is taken")));
            }
            seen.push(name);
        }
        for (i, key) in self.observation.iter().enumerate() {
            if let ObservationKey::Key(key) = key {
                is_name(&format!("observation[{i}]"), key)?;
            }
        }
        Ok(())
    }
}

fn check_range(state: &State, rules: &Rules, i: usize, edit: &RangeEdit) -> Result<()> {
    let place = format!("ranges[{i}]");
    let fits = |v: &Variable| variable::matches(&edit.variables, &v.path(&state.scene));
    let all = Variable::all(&state.scene, rules);
    let chosen: Vec<&Variable> = all.iter().filter(|v| fits(v)).collect();
    if chosen.is_empty() {
        let reason = format!("no variable fits '{}'", edit.variables);
        return Err(malformed(&format!("{place}.variables"), reason));
    }
    let Some(range) = &edit.range else { return Ok(()) };
    for bound in [&range.a, &range.b].iter().flat_map(|i| i.low.iter().chain(&i.high)) {
        if let Bound::BySide(side) = bound
            && !is_body(&state.scene, &side.side_of)
        {
            let reason = format!("no block or goal is '{}'", side.side_of);
            return Err(malformed(&format!("{place}.range"), reason));
        }
    }
    for variable in chosen {
        let length = variable.attribute.shape.len();
        for (name, Interval { low, high }) in [("a", &range.a), ("b", &range.b)] {
            if low.len() != length || high.len() != length {
                let reason =
                    format!("expected {length} bounds, as many as the variable has numbers");
                return Err(malformed(&format!("{place}.range.{name}"), reason));
            }
        }
        for (name, subspace) in [("a", Subspace::A), ("b", Subspace::B)] {
            let space = variable.space(state, rules, subspace).unwrap_or_default();
            if space.low.iter().zip(&space.high).any(|(low, high)| low > high) {
                let reason = "a lower bound exceeds its upper bound".to_string();
                return Err(malformed(&format!("{place}.range.{name}"), reason));
            }
        }
    }
    Ok(())
}

fn is_body(scene: &Scene, name: &str) -> bool {
    scene.block_index(name).is_some() || scene.goal_index(name).is_some()
}

/// Names are paths' halves and observation keys: small letters, digits, underscores.
fn is_name(place: &str, name: &str) -> Result<()> {
    let small = |c: char| c.is_ascii_lowercase();
    let fits =
        name.starts_with(small) && name.chars().all(|c| small(c) || c.is_ascii_digit() || c == '_');
    if fits {
        return Ok(());
    }
    let reason = format!("'{name}' is no name: expected small letters, digits and underscores");
    Err(malformed(place, reason))
}
