//! Applying an intervention: complete, check, write, verify, then commit or refuse.

use std::cmp::Ordering;

use super::Intervention;
use super::masses::{check_masses, no_farther_apart};
use super::structure::{self, Arrangement};
use crate::error::{Error, Result};
use crate::variable::{
    Entity, Places, Rules, Space, Subspace, Variable, Write, complete, holds, obstacle_count,
    obstacle_name, verify_on_floor,
};
use crate::world::{Penetration, Physics, State, World};

/// How many places an obstacle tries before its intervention is refused.
const PLACES: usize = 64;

/// How far two coordinates of one pose may differ where both are given.
const AGREEMENT: f64 = 1e-9;

/// Applies an intervention to a state, whole or not at all.
///
/// What follows from it under the rules is added; with `check`, every value asked for must lie in
/// its range of that subspace, ranges being those of the sizes that the intervention leaves; then
/// it is written in a fixed order, read back, and verified: no two bodies deeper in each other
/// than the world's tolerance and than before, moved goals in the arena.
///
/// A value that its variable reads as already is no change: the variable keeps every bit, nothing
/// follows from it, and no range is asked. It holds all the same: what follows from another value
/// leaves it alone. An intervention of such values alone leaves the state bit for bit.
///
/// # Errors
/// Whatever is wrong with a name or a value, [`Error::OutOfSpace`], [`Error::OutOfFamily`],
/// [`Error::OutOfArena`] or [`Error::Infeasible`]; the state then keeps every bit.
pub fn apply(
    world: &mut World,
    rules: &Rules,
    state: &mut State,
    intervention: &Intervention,
    check: Option<Subspace>,
) -> Result<()> {
    apply_within(world, rules, state, intervention, check.map(Space::from).as_ref())
}

/// Applies an intervention to a state, whole or not at all, as [`apply`] does, with values checked
/// against a space of one's own.
///
/// # Errors
/// As [`apply`].
pub fn apply_within(
    world: &mut World,
    rules: &Rules,
    state: &mut State,
    intervention: &Intervention,
    space: Option<&Space>,
) -> Result<()> {
    let (mut draft, moved) = written(rules, state, intervention, space)?;
    if draft.same_bits(state) {
        return Ok(());
    }
    settle_obstacles(world, &mut draft, obstacle_count(&state.scene), &moved);
    verify(world, rules, &draft, Some(state), |entity| moved.contains(&entity))?;
    *state = draft;
    Ok(())
}

/// Refuses an intervention on a state that a space does not hold; nothing is applied, and whether
/// bodies would interpenetrate is not asked.
///
/// Ranges are those of the sizes that the intervention leaves.
///
/// # Errors
/// As [`apply`], but for [`Error::Infeasible`].
pub fn within(rules: &Rules, state: &State, wanted: &Intervention, space: &Space) -> Result<()> {
    written(rules, state, wanted, Some(space)).map(drop)
}

/// The state with an intervention written into it and not yet verified, and whose size or pose was
/// written.
fn written(
    rules: &Rules,
    state: &State,
    intervention: &Intervention,
    check: Option<&Space>,
) -> Result<(State, Vec<Entity>)> {
    let mut draft = state.clone();
    // What stands in the world comes first: the other paths may name what it brings.
    let structure = resolve(rules, &draft, intervention, |path| path.starts_with("task/"))?;
    write(rules, &mut draft, structure, check)?;
    if !draft.task.same_structure(&state.task) {
        structure::build(&mut draft, Arrangement::Random)?;
    }
    let mut writes = resolve(rules, &draft, intervention, |path| !path.starts_with("task/"))?;
    complete(rules, &draft, &mut writes)?;
    let moved = write(rules, &mut draft, writes, check)?;
    Ok((draft, moved))
}

/// Refuses a state in which two bodies are too deep in each other, masses are too far apart, or a
/// goal is out of place.
///
/// # Errors
/// [`Error::Impossible`], [`Error::OutOfFamily`], [`Error::OutOfArena`] or [`Error::Infeasible`].
pub fn feasible(world: &mut World, rules: &Rules, state: &State) -> Result<()> {
    verify(world, rules, state, None, |_| true)
}

/// The writes that the chosen paths of an intervention ask for, in stored coordinates.
fn resolve(
    rules: &Rules,
    state: &State,
    intervention: &Intervention,
    chosen: impl Fn(&str) -> bool,
) -> Result<Vec<Write>> {
    let mut writes: Vec<Write> = Vec::new();
    for (path, value) in intervention.values.iter().filter(|(path, _)| chosen(path)) {
        let asked = Variable::find(&state.scene, rules, path)?;
        let Some(write) = asked_for(rules, state, asked, value)? else { continue };
        let variable = write.variable;
        let twin = writes.iter_mut().find(|write| {
            write.variable.entity == variable.entity
                && write.variable.attribute.name == variable.attribute.name
        });
        match twin {
            None => writes.push(write),
            Some(twin) if !agree(&twin.value, &write.value) => {
                return Err(Error::Impossible {
                    path: path.clone(),
                    value: value.clone(),
                    reason: format!(
                        "{} was given too and differs; give one",
                        twin_path(twin, state)
                    ),
                });
            }
            // Stored coordinates keep their bits where both say the same.
            Some(twin) if asked.attribute.name == variable.attribute.name => {
                (twin.value, twin.changes) = (write.value, write.changes);
            }
            Some(_) => {}
        }
    }
    Ok(writes)
}

/// The write that a value asks for; `None` where what can only be read has that value.
fn asked_for(
    rules: &Rules,
    state: &State,
    asked: Variable,
    value: &[f64],
) -> Result<Option<Write>> {
    let scene = &state.scene;
    // What is read and fed back is not converted, nor must it be a value that can be set: the
    // engine may lead beyond those.
    let write = if asked.has(state, value) {
        let variable = asked.store(scene);
        let asked = Some((asked, value.to_vec()));
        Write { variable, value: variable.read(state), asked, changes: false }
    } else {
        let value = asked.admit(scene, value)?;
        let (variable, stored) = asked.stored(scene, value.clone());
        let changes = !variable.has(state, &stored);
        Write { variable, value: stored, asked: Some((asked, value)), changes }
    };
    match (asked.attribute.is_writable(), write.changes) {
        (true, _) => Ok(Some(write)),
        (false, false) => Ok(None),
        (false, true) => Err(asked.read_only(scene, rules)),
    }
}

fn twin_path(write: &Write, state: &State) -> String {
    write.asked.as_ref().map_or(write.variable, |(asked, _)| *asked).path(&state.scene)
}

/// Whether two stored poses are one; a quaternion and its negative are one rotation.
fn agree(a: &[f64], b: &[f64]) -> bool {
    let within = |sign: f64| a.iter().zip(b).all(|(x, y)| (x - sign * y).abs() <= AGREEMENT);
    within(1.0) || (a.len() == 4 && within(-1.0))
}

/// Checks and writes in the fixed order, reads back, and returns whose size or pose was written.
fn write(
    rules: &Rules,
    draft: &mut State,
    mut writes: Vec<Write>,
    check: Option<&Space>,
) -> Result<Vec<Entity>> {
    writes.sort_by(|a, b| a.variable.order().cmp(&b.variable.order()));
    for Write { variable, value, asked, changes } in &writes {
        variable.write(draft, rules, value)?;
        // A range may depend on the value itself, such as the side of a barrier it is on.
        if let (true, Some(space), Some((asked, value))) = (*changes, check, asked) {
            space.check(rules, draft, asked, value)?;
        }
    }
    for Write { variable, value, .. } in &writes {
        if !variable.has(draft, value) {
            let found = variable.read(draft);
            return Err(Error::Impossible {
                path: variable.path(&draft.scene),
                value: value.clone(),
                reason: format!("it reads back as {found:?}"),
            });
        }
    }
    let moves = ["size", "cartesian_position", "orientation"];
    let moved = writes.iter().filter(|write| write.changes);
    let moved = moved.filter(|write| moves.contains(&write.variable.attribute.name));
    let mut moved: Vec<Entity> = moved.map(|write| write.variable.entity).collect();
    if moved.contains(&Entity::GoalTower) {
        moved.extend((0..draft.goals.len()).map(Entity::Goal));
    }
    Ok(moved)
}

/// Moves each new obstacle that was not placed by hand on, until it stands free.
fn settle_obstacles(world: &mut World, draft: &mut State, before: usize, placed: &[Entity]) {
    for index in before..obstacle_count(&draft.scene) {
        let name = obstacle_name(index);
        let Some(block) = draft.scene.block_index(&name) else { continue };
        if placed.contains(&Entity::Block(block)) {
            continue;
        }
        let mut places = Places::new(draft, index);
        for _ in 0..PLACES {
            draft.blocks[block].position = places.draw();
            let physics = *world.physics();
            let stuck = world
                .penetrations(draft)
                .iter()
                .any(|p| (p.first == name || p.second == name) && p.depth > tolerance(&physics, p));
            if !stuck {
                break;
            }
        }
    }
}

fn verify(
    world: &mut World,
    rules: &Rules,
    state: &State,
    before: Option<&State>,
    moved: impl Fn(Entity) -> bool,
) -> Result<()> {
    let physics = *world.physics();
    if before.is_none_or(|before| !no_farther_apart(state, before)) {
        check_masses(&physics, state)?;
    }
    verify_on_floor(rules, state, &moved, physics.penetration_tolerance)?;
    for (index, goal) in state.goals.iter().enumerate() {
        let description = &state.scene.goals[index];
        if moved(Entity::Goal(index)) && !holds(description.shape, goal) {
            return Err(Error::OutOfArena {
                name: description.name.clone(),
                position: goal.position,
            });
        }
    }
    let after = world.penetrations(state);
    if after.iter().all(|p| p.depth <= tolerance(&physics, p)) {
        return Ok(());
    }
    let before = before.map(|state| world.penetrations(state)).unwrap_or_default();
    refuse_deeper(&physics, &before, after)
}

/// Refuses the deepest pair that is deeper than its tolerance and than it was before.
fn refuse_deeper(physics: &Physics, before: &[Penetration], after: Vec<Penetration>) -> Result<()> {
    let was = |pair: &Penetration| {
        let same = |p: &&Penetration| {
            (p.first == pair.first && p.second == pair.second)
                || (p.first == pair.second && p.second == pair.first)
        };
        before.iter().filter(same).map(|p| p.depth).fold(f64::NEG_INFINITY, f64::max)
    };
    let worst = after
        .into_iter()
        .filter(|p| p.depth > tolerance(physics, p) && p.depth > was(p))
        .max_by(|a, b| a.depth.partial_cmp(&b.depth).unwrap_or(Ordering::Equal));
    match worst {
        Some(Penetration { first, second, depth, .. }) => {
            Err(Error::Infeasible { first, second, depth })
        }
        None => Ok(()),
    }
}

/// The bodies that are deeper in that one than the world tolerates, by name; `robot` stands for all
/// fingers.
pub(crate) fn stuck(world: &mut World, state: &State, name: &str) -> Vec<String> {
    let physics = *world.physics();
    let deep = world.penetrations(state).into_iter();
    let deep = deep.filter(|pair| pair.depth > tolerance(&physics, pair));
    deep.filter_map(|pair| match (name, pair) {
        ("robot", pair) => pair.robot.then_some(pair.second),
        (_, pair) if pair.first == name => Some(pair.second),
        (_, pair) if pair.second == name => Some(pair.first),
        _ => None,
    })
    .collect()
}

fn tolerance(physics: &Physics, pair: &Penetration) -> f64 {
    if pair.robot { physics.robot_penetration_tolerance } else { physics.penetration_tolerance }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(first: &str, second: &str, robot: bool, depth: f64) -> Penetration {
        Penetration { first: first.to_string(), second: second.to_string(), robot, depth }
    }

    #[test]
    fn a_pair_is_refused_where_it_is_deeper_than_its_tolerance_and_than_before() {
        let physics = Physics {
            penetration_tolerance: 0.03,
            robot_penetration_tolerance: 0.0095,
            ..Physics::default()
        };
        let refused = |before: &[Penetration], after| refuse_deeper(&physics, before, after);
        assert!(refused(&[], vec![pair("a", "b", false, 0.029)]).is_ok());
        assert!(refused(&[], vec![pair("a", "b", true, 0.029)]).is_err());
        let deep = [pair("b", "a", false, 0.04)];
        assert!(refused(&deep, vec![pair("a", "b", false, 0.04)]).is_ok(), "it was there before");
        assert!(refused(&deep, vec![pair("a", "c", false, 0.035)]).is_err(), "another pair");
        let worst = refused(&deep, vec![pair("a", "b", false, 0.05), pair("a", "c", false, 0.06)]);
        assert_eq!(
            worst,
            Err(Error::Infeasible { first: "a".to_string(), second: "c".to_string(), depth: 0.06 })
        );
    }
}
