//! From what a configuration asks for to the layout of a scene.

use std::sync::Arc;

use super::choice::{Context, Mode};
use super::context::{kinds, nominal};
use super::key::known_keys;
use super::source::Source;
use super::{BLOCK_KEYS, Feature, Layout, MOVABLE_KEYS};
use crate::env::Config;
use crate::error::{Error, Result};
use crate::task::Family;
use crate::variable::{Entity, Variable, matches};
use crate::world::{BlockKind, Scene, State};

/// What a layout is made from.
#[derive(Clone, Copy)]
pub(in crate::env) struct Plan<'a> {
    /// Whose keys and variables.
    pub(in crate::env) family: &'a Family,
    /// What is asked for.
    pub(in crate::env) config: &'a Config,
    /// The user's own, appended.
    pub(in crate::env) features: &'a [Feature],
}

impl Plan<'_> {
    /// The layout of a state's scene.
    ///
    /// # Errors
    /// [`Error::TooMany`] where the scene has more than was declared, [`Error::UnknownName`] for
    /// a key of the family that the scene does not have.
    pub(in crate::env) fn layout(&self, state: &State) -> Result<Layout> {
        self.check_count(&state.scene)?;
        let mut layout = Layout::empty(&state.scene, self.features);
        match &self.config.observation_mode {
            Mode::Structured => match self.config.max_blocks {
                None => self.structured(state, &mut layout)?,
                Some(most) => self.slots(state, most, &mut layout)?,
            },
            Mode::Entities => self.entities(&mut layout)?,
            Mode::Custom(globs) => self.custom(globs, &mut layout)?,
            // Images are not numbers of the state; they are drawn.
            Mode::Pixel(_) => return Ok(layout),
        }
        self.context(&mut layout);
        for (i, feature) in self.features.iter().enumerate() {
            layout.push(feature.name().to_string(), Source::Feature(i));
        }
        Ok(layout)
    }

    /// Refuses what names nothing in the scene that an environment starts with, and bounds that
    /// do not belong to the mode.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::UnknownName`], or those of [`Plan::layout`].
    pub(in crate::env) fn check(&self, state: &State) -> Result<()> {
        self.config.observation_mode.check(self.config.max_blocks, self.config.max_entities)?;
        if let Mode::Pixel(_) = self.config.observation_mode {
            return self.check_pixel();
        }
        let scene = &state.scene;
        if let Mode::Custom(globs) = &self.config.observation_mode {
            let known = self.choices(scene);
            for glob in globs {
                if !known.iter().any(|(key, _)| matches(glob, key)) {
                    return Err(unknown("variable or key to observe", glob, &known));
                }
            }
        }
        let whole = Config { drop: Vec::new(), ..self.config.clone() };
        let whole = Plan { config: &whole, ..*self };
        let known = whole.droppable(&whole.layout(state)?);
        for glob in &self.config.drop {
            if !known.iter().any(|(key, ())| matches(glob, key)) {
                return Err(unknown("key to drop", glob, &known));
            }
        }
        if self.layout(state)?.is_empty() {
            let (name, value) = ("drop", format!("{:?}", self.config.drop));
            return Err(Error::Setting { name, value, reason: "must leave something to observe" });
        }
        Ok(())
    }

    /// Refuses what is chosen of numbers where images are observed.
    fn check_pixel(&self) -> Result<()> {
        let reason = "chooses numbers; images show what can be seen";
        let refuse = |name, value| Err(Error::Setting { name, value, reason });
        match self.config {
            Config { context, .. } if *context != Context::None => {
                refuse("context", format!("{context:?}").to_lowercase())
            }
            Config { drop, .. } if !drop.is_empty() => refuse("drop", format!("{drop:?}")),
            _ => Ok(()),
        }
    }

    fn check_count(&self, scene: &Scene) -> Result<()> {
        let Some(most) = self.config.max_blocks else { return Ok(()) };
        for (what, found) in [("blocks", scene.blocks.len()), ("goals", scene.goals.len())] {
            if found > most {
                return Err(Error::TooMany { what, found, limit: "max_blocks", most });
            }
        }
        Ok(())
    }

    /// Whether a key is to be left out.
    pub(super) fn drops(&self, key: &str) -> bool {
        self.config.drop.iter().any(|glob| matches(glob, key))
    }

    /// Whether a source tells of goals that stand apart.
    fn hides(&self, source: &Source) -> bool {
        self.config.goal_conditioned && source.is_of_goal()
    }

    /// The family's keys.
    fn structured(&self, state: &State, layout: &mut Layout) -> Result<()> {
        for key in self.family.observation(state) {
            let source = Source::parse(&key, &state.scene)?;
            if !self.hides(&source) && !self.drops(&key) {
                layout.push(key, source);
            }
        }
        Ok(())
    }

    /// The family's keys of the robot, then slots: blocks, movable ones first, and goals.
    fn slots(&self, state: &State, most: usize, layout: &mut Layout) -> Result<()> {
        let scene = &state.scene;
        for key in self.family.observation(state) {
            let source = Source::parse(&key, scene)?;
            if source.is_of_robot() && !self.drops(&key) {
                layout.push(key, source);
            }
        }
        let mut add = |slot: String, name: Option<&str>, attributes: &[&str]| {
            for attribute in attributes {
                let key = format!("{slot}_{attribute}");
                let of = |name: &str| Source::find(&format!("{name}_{attribute}"), scene);
                let source = name.and_then(of).unwrap_or_else(|| Source::nothing(attribute));
                if !self.drops(&key) {
                    layout.push(key, source);
                }
            }
        };
        let blocks = movable_first(scene);
        for slot in 0..most {
            let name = blocks.get(slot).map(|&block| scene.blocks[block].name.as_str());
            add(format!("block_{slot}"), name, &MOVABLE_KEYS);
        }
        for slot in 0..if self.config.goal_conditioned { 0 } else { most } {
            let name = scene.goals.get(slot).map(|goal| goal.name.as_str());
            add(format!("goal_{slot}"), name, &BLOCK_KEYS);
        }
        Ok(())
    }

    /// What the globs choose, in their order; each once.
    fn custom(&self, globs: &[String], layout: &mut Layout) -> Result<()> {
        let known = self.choices(&layout.scene);
        let mut chosen = vec![false; known.len()];
        for glob in globs {
            for (i, (key, source)) in known.iter().enumerate() {
                if !chosen[i] && matches(glob, key) && !self.drops(key) {
                    chosen[i] = true;
                    self.push(key.clone(), *source, layout);
                }
            }
        }
        Ok(())
    }

    /// All that can be chosen: variables by path, then keys.
    fn choices(&self, scene: &Arc<Scene>) -> Vec<(String, Source)> {
        let variables = Variable::all(scene, self.family.rules());
        let variables = variables.into_iter().map(|v| (v.path(scene), Source::of(v, scene)));
        let keys = known_keys(scene).into_iter();
        let keys = keys.filter_map(|key| Source::find(&key, scene).map(|source| (key, source)));
        variables.chain(keys).filter(|(_, source)| !self.hides(source)).collect()
    }

    /// The parameters that the context shows and that are not there yet, by path.
    fn context(&self, layout: &mut Layout) {
        let scene = Arc::clone(&layout.scene);
        let present: Vec<String> = layout.keys().map(|(key, _)| key.to_string()).collect();
        let shown = |variable: &Variable| self.config.context.shows(variable);
        let entities = self.config.observation_mode == Mode::Entities;
        let slots = self.config.max_blocks.filter(|_| !entities);
        for variable in Variable::all(&scene, self.family.rules()).iter().filter(|v| shown(v)) {
            let own_row = matches!(variable.entity, Entity::Link(_));
            let body = matches!(variable.entity, Entity::Block(_) | Entity::Goal(_));
            if (entities && (own_row || body)) || (slots.is_some() && body) {
                continue;
            }
            let (path, source) = (variable.path(&scene), Source::of(*variable, &scene));
            // What is dropped under one name does not come back under the other.
            let key = path.replacen('/', "_", 1);
            let there = [&path, &key].into_iter().any(|k| present.contains(k) || self.drops(k));
            if !there && !self.hides(&source) {
                self.push(path, source, layout);
            }
        }
        if let Some(most) = slots {
            self.context_slots(most, layout);
        }
    }

    /// The parameters of every slot of a structured observation.
    fn context_slots(&self, most: usize, layout: &mut Layout) {
        let scene = Arc::clone(&layout.scene);
        let kinds: Vec<Variable> =
            kinds().into_iter().filter(|v| self.config.context.shows(v)).collect();
        let blocks = movable_first(&scene);
        let block = |slot: usize| blocks.get(slot).map(|&i| Entity::Block(i));
        let goal = |slot: usize| (slot < scene.goals.len()).then_some(Entity::Goal(slot));
        // A movable block and a cuboid goal have every attribute that other kinds have.
        let mut add = |slot: String, entity: Option<Entity>, of: Entity| {
            for kind in kinds.iter().filter(|v| v.entity == of && v.attribute.name != "size") {
                let key = format!("{slot}/{}", kind.attribute.name);
                let same = |entity| Variable::of(&scene, entity, kind.attribute.name);
                let variable = entity.and_then(same);
                if !self.drops(&key) {
                    match variable {
                        Some(variable) => self.push(key, Source::of(variable, &scene), layout),
                        None => layout.push(key, Source::nothing_of(kind.attribute)),
                    }
                }
            }
        };
        (0..most).for_each(|slot| add(format!("block_{slot}"), block(slot), Entity::Block(0)));
        let goals = if self.config.goal_conditioned { 0 } else { most };
        (0..goals).for_each(|slot| add(format!("goal_{slot}"), goal(slot), Entity::Goal(0)));
    }

    /// Adds a source with the reference's bounds, or with its variable's range.
    pub(super) fn push(&self, key: String, source: Source, layout: &mut Layout) {
        match source {
            Source::Variable(variable) => match nominal(&variable, self.family, &layout.scene) {
                Some(space) => layout.push_within(key, source, &space.low, &space.high),
                None => layout.push(key, source),
            },
            _ => layout.push(key, source),
        }
    }

    /// What globs to drop are held against, where nothing is dropped.
    fn droppable(&self, layout: &Layout) -> Vec<(String, ())> {
        let skipped = layout.table.map_or(0, |[rows, columns]| rows * columns);
        let columns = layout.table.map(|_| self.columns().into_iter().map(|column| column.name));
        let keys = layout.keys().filter(|(_, range)| range.start >= skipped);
        let keys = keys.map(|(key, _)| key.to_string());
        columns.into_iter().flatten().chain(keys).map(|key| (key, ())).collect()
    }
}

/// The blocks by their index: movable ones, then fixed ones.
fn movable_first(scene: &Scene) -> Vec<usize> {
    let of = |kind| (0..scene.blocks.len()).filter(move |&i| scene.blocks[i].kind == kind);
    of(BlockKind::Movable).chain(of(BlockKind::Fixed)).collect()
}

fn unknown<T>(what: &'static str, glob: &str, known: &[(String, T)]) -> Error {
    let known: Vec<&str> = known.iter().map(|(key, _)| key.as_str()).collect();
    Error::UnknownName { what, name: glob.to_string(), known: known.join(", ") }
}
