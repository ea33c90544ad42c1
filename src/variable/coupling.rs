//! Couplings: what follows from setting a variable, declared by the family as data.

use serde::{Deserialize, Serialize};

use super::Rules;
use super::arena::half_extents;
use super::table::{Entity, Variable};
use crate::error::{Error, Result};
use crate::math::{Quat, Triple};
use crate::world::{Scene, State};

/// A relation between blocks and goals, by their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coupling {
    /// They have one size: changing it for one sets it for all (facts 4.4).
    EqualSize(Vec<String>),
    /// Whoever's size is changed is put to rest on the floor where it is, unless its position is
    /// said too: its lowest point touches the floor, so z is half the height where it stands upright.
    OnFloor(Vec<String>),
    /// They may not be put anywhere but on the floor, within the penetration tolerance.
    AlwaysOnFloor(Vec<String>),
}

impl Coupling {
    /// The names it speaks of.
    pub fn names(&self) -> &[String] {
        match self {
            Self::EqualSize(names) | Self::OnFloor(names) | Self::AlwaysOnFloor(names) => names,
        }
    }
}

/// One value that an intervention will write.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// The stored variable.
    pub(crate) variable: Variable,
    /// The value, canonical.
    pub(crate) value: Vec<f64>,
    /// What was asked for, in the coordinates it was asked in; `None` where it follows.
    pub(crate) asked: Option<(Variable, Vec<f64>)>,
    /// Whether the variable had another value before. Where it had not, it keeps every bit, nothing
    /// follows from it, and no space is asked: saying what is already so is no change.
    pub(crate) changes: bool,
}

/// Adds what follows from the writes that change something; the state is the one they will be
/// written to.
///
/// # Errors
/// [`Error::OutOfFamily`] where the writes contradict each other.
pub(crate) fn complete(rules: &Rules, state: &State, writes: &mut Vec<Write>) -> Result<()> {
    for coupling in &rules.couplings {
        if let Coupling::EqualSize(names) = coupling {
            equalize(rules, state, names, writes)?;
        }
    }
    // After all sizes are known.
    for coupling in &rules.couplings {
        if let Coupling::OnFloor(names) = coupling {
            rest(state, names, writes);
        }
    }
    Ok(())
}

fn equalize(rules: &Rules, state: &State, names: &[String], writes: &mut Vec<Write>) -> Result<()> {
    let scene = &state.scene;
    let entities = named(scene, names);
    let resized = |entity: &Entity| find(writes, *entity, "size").filter(|write| write.changes);
    let Some(first) = entities.iter().find_map(resized).cloned() else { return Ok(()) };
    for entity in entities {
        match find(writes, entity, "size") {
            Some(other) if other.value != first.value => {
                return Err(Error::OutOfFamily {
                    path: other.variable.path(scene),
                    family: rules.family.clone(),
                    reason: format!(
                        "{:?} contradicts {} = {:?}; both have one size here, so set one of them",
                        other.value,
                        first.variable.path(scene),
                        first.value
                    ),
                });
            }
            Some(_) => {}
            None => follow(state, writes, entity, "size", first.value.clone()),
        }
    }
    Ok(())
}

fn rest(state: &State, names: &[String], writes: &mut Vec<Write>) {
    for entity in named(&state.scene, names) {
        let resized = find(writes, entity, "size").filter(|write| write.changes);
        let Some(size) = resized.map(|write| triple(&write.value)) else { continue };
        if find(writes, entity, "cartesian_position").is_some() {
            continue;
        }
        let (position, orientation) = pose(state, entity);
        let orientation = find(writes, entity, "orientation")
            .map_or(orientation, |write| std::array::from_fn(|i| write.value[i]));
        let z = half_extents(size, orientation)[2];
        let rested = vec![position[0], position[1], z];
        follow(state, writes, entity, "cartesian_position", rested);
    }
}

/// Refuses what the writes have moved off the floor though the family binds it there.
///
/// # Errors
/// [`Error::OutOfFamily`].
pub(crate) fn verify_on_floor(
    rules: &Rules,
    state: &State,
    moved: impl Fn(Entity) -> bool,
    tolerance: f64,
) -> Result<()> {
    for coupling in &rules.couplings {
        let Coupling::AlwaysOnFloor(names) = coupling else { continue };
        for entity in named(&state.scene, names).into_iter().filter(|entity| moved(*entity)) {
            let (position, orientation) = pose(state, entity);
            let resting = half_extents(size_of(state, entity), orientation)[2];
            if (position[2] - resting).abs() > tolerance {
                return Err(Error::OutOfFamily {
                    path: format!("{}/cartesian_position", entity.name(&state.scene)),
                    family: rules.family.clone(),
                    reason: format!(
                        "z = {} m is not on the floor, where z = {resting} m",
                        position[2]
                    ),
                });
            }
        }
    }
    Ok(())
}

fn named(scene: &Scene, names: &[String]) -> Vec<Entity> {
    names.iter().filter_map(|name| Entity::named(scene, name)).collect()
}

fn find<'a>(writes: &'a [Write], entity: Entity, attribute: &str) -> Option<&'a Write> {
    writes.iter().find(|w| w.variable.entity == entity && w.variable.attribute.name == attribute)
}

fn follow(state: &State, writes: &mut Vec<Write>, entity: Entity, name: &str, value: Vec<f64>) {
    if let Some(variable) = Variable::of(&state.scene, entity, name) {
        let changes = !variable.has(state, &value);
        writes.push(Write { variable, value, asked: None, changes });
    }
}

fn pose(state: &State, entity: Entity) -> (Triple, Quat) {
    match entity {
        Entity::Block(i) => (state.blocks[i].position, state.blocks[i].orientation),
        Entity::Goal(i) => (state.goals[i].position, state.goals[i].orientation),
        _ => ([0.0; 3], crate::math::IDENTITY),
    }
}

fn size_of(state: &State, entity: Entity) -> Triple {
    match entity {
        Entity::Block(i) => state.blocks[i].size,
        Entity::Goal(i) => state.goals[i].size,
        _ => [0.0; 3],
    }
}

fn triple(values: &[f64]) -> Triple {
    std::array::from_fn(|i| values[i])
}
