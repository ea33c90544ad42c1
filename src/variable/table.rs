//! The table of variables: entities, and how a path becomes a variable of a state.

use super::Rules;
use super::attributes::{self as lists, Attribute, Phase};
use super::path;
use super::value;
use crate::error::{Error, Result};
use crate::robot::{self, LINKS};
use crate::world::{CAMERAS, Scene, State};

/// The name of all goals as one tower, an entity of families that list it as a task variable.
pub const GOAL_TOWER: &str = "goal_tower";

/// Who has attributes; blocks, goals and links by their index in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// The robot as a whole: `robot`.
    Robot,
    /// A link: `robot_finger_60_link_0`, the index being four times the finger plus the link.
    Link(usize),
    /// The table plate: `floor`.
    Floor,
    /// The ring wall: `stage`.
    Stage,
    /// What surrounds everything: `world`.
    World,
    /// All goals as one tower: `goal_tower`. Before the goals, so that one of them can be set
    /// apart in the same intervention.
    GoalTower,
    /// A block, by its name.
    Block(usize),
    /// A goal, by its name.
    Goal(usize),
    /// The task's own variables: `task`.
    Task,
    /// What lights everything: `light`.
    Light,
    /// A camera of observations: `camera_0`.
    Camera(usize),
}

impl Entity {
    /// Every entity of a scene, in the reference's order (facts 13.1), and what it has not.
    pub fn all(scene: &Scene) -> impl Iterator<Item = Self> + use<> {
        let (blocks, goals) = (scene.blocks.len(), scene.goals.len());
        std::iter::once(Self::Robot)
            .chain((0..LINKS).map(Self::Link))
            .chain([Self::Floor, Self::Stage, Self::World])
            .chain((0..blocks).map(Self::Block))
            .chain((0..goals).map(Self::Goal))
            .chain((goals > 0).then_some(Self::GoalTower))
            .chain([Self::Task, Self::Light])
            .chain((0..CAMERAS).map(Self::Camera))
    }

    /// Its name in a scene that has it.
    pub fn name(self, scene: &Scene) -> String {
        match self {
            Self::Robot => "robot".to_string(),
            Self::Link(i) => robot::link_name(i),
            Self::Floor => "floor".to_string(),
            Self::Stage => "stage".to_string(),
            Self::World => "world".to_string(),
            Self::GoalTower => GOAL_TOWER.to_string(),
            Self::Block(i) => scene.blocks[i].name.clone(),
            Self::Goal(i) => scene.goals[i].name.clone(),
            Self::Task => "task".to_string(),
            Self::Light => "light".to_string(),
            Self::Camera(i) => format!("camera_{i}"),
        }
    }

    /// The entity of that name.
    pub fn named(scene: &Scene, name: &str) -> Option<Self> {
        match name {
            "robot" => Some(Self::Robot),
            "floor" => Some(Self::Floor),
            "stage" => Some(Self::Stage),
            "world" => Some(Self::World),
            GOAL_TOWER => (!scene.goals.is_empty()).then_some(Self::GoalTower),
            "task" => Some(Self::Task),
            "light" => Some(Self::Light),
            _ => (scene.block_index(name).map(Self::Block))
                .or_else(|| scene.goal_index(name).map(Self::Goal))
                .or_else(|| {
                    let links = (0..LINKS).map(Self::Link);
                    let mut all = links.chain((0..CAMERAS).map(Self::Camera));
                    all.find(|entity| entity.name(scene) == name)
                }),
        }
    }

    /// Its attributes, of which the task has only those that the rules name.
    pub(super) fn attributes(self, scene: &Scene) -> &'static [Attribute] {
        match self {
            Self::Robot => &lists::ROBOT,
            Self::Link(_) => &lists::LINK,
            Self::Floor | Self::Stage => &lists::SURFACE,
            Self::World => &lists::WORLD,
            Self::GoalTower => &lists::GOAL_TOWER,
            Self::Block(i) => lists::of_block(scene.blocks[i].kind),
            Self::Goal(i) => lists::of_goal(scene.goals[i].shape),
            Self::Task => &lists::TASK,
            Self::Light => &lists::LIGHT,
            Self::Camera(_) => &lists::CAMERA,
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Link(i) | Self::Block(i) | Self::Goal(i) | Self::Camera(i) => i,
            Self::Stage => 1,
            _ => 0,
        }
    }
}

/// One variable of the states of a scene: an entity's attribute.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Whose it is.
    pub entity: Entity,
    /// What of it.
    pub attribute: &'static Attribute,
}

impl Variable {
    /// Every variable of a scene under the rules, in the reference's order.
    pub fn all(scene: &Scene, rules: &Rules) -> Vec<Self> {
        Entity::all(scene)
            .flat_map(|entity| {
                entity.attributes(scene).iter().map(move |attribute| Self { entity, attribute })
            })
            .filter(|variable| variable.is_known(rules))
            .collect()
    }

    /// The variable with that path.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`], suggesting the nearest path that exists.
    pub fn find(scene: &Scene, rules: &Rules, path: &str) -> Result<Self> {
        path::split(path)
            .and_then(|(entity, attribute)| {
                let entity = Entity::named(scene, entity)?;
                Self::of(scene, entity, attribute)
            })
            .filter(|variable| variable.is_known(rules))
            .ok_or_else(|| {
                let known = Self::all(scene, rules);
                path::unknown(path, known.iter().map(|variable| variable.path(scene)))
            })
    }

    /// The attribute of that name of an entity.
    pub(crate) fn of(scene: &Scene, entity: Entity, attribute: &str) -> Option<Self> {
        let attribute = entity.attributes(scene).iter().find(|a| a.name == attribute)?;
        Some(Self { entity, attribute })
    }

    fn is_known(&self, rules: &Rules) -> bool {
        let named = |wanted: &str| rules.task_variables.iter().any(|name| name == wanted);
        match self.entity {
            Entity::Task => named(self.attribute.name),
            Entity::GoalTower => named(GOAL_TOWER),
            _ => true,
        }
    }

    /// Whether images alone tell it, and no list of numbers: light, cameras, patterns.
    pub fn is_seen_alone(&self) -> bool {
        let seen = matches!(self.entity, Entity::Light | Entity::Camera(_));
        seen || self.attribute.name.starts_with("pattern")
    }

    /// Its path, `entity/attribute`.
    pub fn path(&self, scene: &Scene) -> String {
        format!("{}/{}", self.entity.name(scene), self.attribute.name)
    }

    /// Its value in a state of the scene.
    pub fn read(&self, state: &State) -> Vec<f64> {
        (self.attribute.read)(state, self.entity.index())
    }

    /// The value in its one canonical form, or why it can not be meant.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Impossible`].
    pub fn admit(&self, scene: &Scene, values: &[f64]) -> Result<Vec<f64>> {
        self.attribute.domain.admit(&self.path(scene), self.attribute.shape, values)
    }

    /// Whether it has that value in a state, bit for bit.
    pub(crate) fn has(&self, state: &State, values: &[f64]) -> bool {
        let found = self.read(state);
        found.len() == values.len()
            && found.iter().zip(values).all(|(x, y)| x.to_bits() == y.to_bits())
    }

    /// Writes a value that was admitted; one that the variable has already changes nothing.
    ///
    /// # Errors
    /// [`Error::OutOfFamily`] where the variable can only be read.
    pub(crate) fn write(&self, state: &mut State, rules: &Rules, values: &[f64]) -> Result<()> {
        let write = self.attribute.write.ok_or_else(|| self.read_only(&state.scene, rules))?;
        if !self.has(state, values) {
            write(state, self.entity.index(), values);
        }
        Ok(())
    }

    /// The refusal to set what can only be read.
    pub(crate) fn read_only(&self, scene: &Scene, rules: &Rules) -> Error {
        Error::OutOfFamily {
            path: self.path(scene),
            family: rules.family.clone(),
            reason: "it can be read but not set".to_string(),
        }
    }

    /// The variable that stores the same pose; itself where it is stored.
    pub(crate) fn store(self, scene: &Scene) -> Self {
        value::store(self.attribute.name)
            .and_then(|name| Self::of(scene, self.entity, name))
            .unwrap_or(self)
    }

    /// The variable that stores the same pose, and the value there; itself where it is stored.
    pub(crate) fn stored(self, scene: &Scene, values: Vec<f64>) -> (Self, Vec<f64>) {
        let stored = value::stored(self.attribute.name, &values).unwrap_or(values);
        (self.store(scene), stored)
    }

    /// The order in which one intervention writes its variables.
    pub(crate) fn order(&self) -> (Phase, Entity, &'static str) {
        (self.attribute.phase, self.entity, self.attribute.name)
    }
}
