//! The axes along which a family can vary: its ranged variables, like ones together.

use crate::task::Family;
use crate::variable::{Entity, Subspace, Variable, matches};
use crate::world::{BlockKind, State};

/// Kinds of entities whose like attributes are one axis.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Robot,
    Links,
    Floor,
    Stage,
    World,
    Movable,
    Fixed,
    Goals,
    Tower,
    Task,
    Looks,
}

fn class(state: &State, entity: Entity) -> Class {
    match entity {
        Entity::Robot => Class::Robot,
        Entity::Link(_) => Class::Links,
        Entity::Floor => Class::Floor,
        Entity::Stage => Class::Stage,
        Entity::World => Class::World,
        Entity::Block(i) if state.scene.blocks[i].kind == BlockKind::Movable => Class::Movable,
        Entity::Block(_) => Class::Fixed,
        Entity::Goal(_) => Class::Goals,
        Entity::GoalTower => Class::Tower,
        Entity::Task => Class::Task,
        Entity::Light | Entity::Camera(_) => Class::Looks,
    }
}

/// The axes of a family, as paths, or as globs where several entities of a kind share one.
pub(super) fn axes(family: &Family) -> Vec<String> {
    let (start, rules) = (family.initial_state(), family.rules());
    let all = Variable::all(&start.scene, rules);
    let ranged = |v: &&Variable| {
        // Most policies see no images; for those that do a protocol can name what only images tell.
        !v.is_seen_alone()
            && v.attribute.is_writable()
            && v.space(&start, rules, Subspace::Both).is_some()
    };
    let mut axes: Vec<(Class, &str, Vec<String>)> = Vec::new();
    for variable in all.iter().filter(ranged) {
        let (class, attribute) = (class(&start, variable.entity), variable.attribute.name);
        let name = variable.entity.name(&start.scene);
        match axes.iter_mut().find(|(c, a, _)| *c == class && *a == attribute) {
            Some((_, _, names)) => names.push(name),
            None => axes.push((class, attribute, vec![name])),
        }
    }
    let paths = |entities: &[String], attribute: &str| -> Vec<String> {
        let glob = format!("{}/{attribute}", common(entities));
        let fitting = all.iter().filter(|v| matches(&glob, &v.path(&start.scene))).count();
        match fitting == entities.len() {
            true => vec![glob],
            // A glob that fitted others too would be another axis.
            false => entities.iter().map(|name| format!("{name}/{attribute}")).collect(),
        }
    };
    axes.iter().flat_map(|(_, attribute, names)| paths(names, attribute)).collect()
}

/// The name, or what several names begin with and a star.
fn common(names: &[String]) -> String {
    let Some((first, rest)) = names.split_first() else { return String::new() };
    if rest.is_empty() {
        return first.clone();
    }
    let shared = |length: &usize| rest.iter().all(|name| name.starts_with(&first[..*length]));
    let length = (0..=first.len()).rev().filter(|l| first.is_char_boundary(*l)).find(shared);
    format!("{}*", &first[..length.unwrap_or(0)])
}
