//! The attributes that only images tell: light, cameras, patterns of surfaces.
//!
//! The reference has none of them. Light and cameras are changes of what a picture's style and an
//! observation's settings ask for, so that their defaults mean the same for every camera.

use std::sync::Arc;

use super::super::table::Entity;
use super::super::value::{Domain, Shape};
use super::{Attribute, Phase};
use crate::world::{Appearance, Pattern, PatternKind, State, limits};

const TURN: Domain = Domain::within(limits::TURN);
const BRIGHTNESS: Domain = Domain::within(limits::BRIGHTNESS);
const SHIFT: Domain = Domain::within(limits::SHIFT);
const VIEW: Domain = Domain::within(limits::VIEW);
pub(super) const KIND: Domain = Domain::Whole(0.0, (PatternKind::ALL.len() - 1) as f64);
pub(super) const SCALE: Domain = Domain::within(limits::SCALE);

/// The appearance to be changed: a copy of its own where states share it.
fn change(state: &mut State) -> &mut Appearance {
    Arc::make_mut(&mut state.appearance)
}

/// An attribute of the light (`one` or `many` numbers) or of a camera.
macro_rules! look {
    ($name:literal, $shape:expr, $unit:literal, $domain:expr, |$a:ident, $i:ident| $place:expr,
     |$v:ident| $value:expr, $read:expr, $meaning:literal) => {
        Attribute {
            name: $name,
            shape: $shape,
            unit: $unit,
            domain: $domain,
            meaning: $meaning,
            phase: Phase::Color,
            read: |state, $i| {
                let ($a, _) = (&state.appearance, $i);
                $read($place)
            },
            write: Some(|state, $i, $v| {
                let ($a, _) = (change(state), $i);
                $place = $value;
            }),
        }
    };
    (one $name:literal, $unit:literal, $domain:expr, |$a:ident, $i:ident| $place:expr,
     $meaning:literal) => {
        look!(
            $name,
            Shape::Scalar,
            $unit,
            $domain,
            |$a, $i| $place,
            |v| v[0],
            |x: f64| vec![x],
            $meaning
        )
    };
    (three $name:literal, $unit:literal, $domain:expr, |$a:ident, $i:ident| $place:expr,
     $meaning:literal) => {
        look!(
            $name,
            Shape::Vector(3),
            $unit,
            $domain,
            |$a, $i| $place,
            |v| [v[0], v[1], v[2]],
            |x: [f64; 3]| x.to_vec(),
            $meaning
        )
    };
}

#[rustfmt::skip]
pub(in crate::variable) static LIGHT: [Attribute; 3] = [
    look!(three "turn", "rad", TURN, |a, _i| a.light.turn,
        "how the direction to the light is turned: rotation vector, world frame"),
    look!(one "intensity", "", BRIGHTNESS, |a, _i| a.light.intensity,
        "factor on how much brighter surfaces are that face the light"),
    look!(one "ambient", "", BRIGHTNESS, |a, _i| a.light.ambient,
        "factor on how bright surfaces are that the light does not reach"),
];

#[rustfmt::skip]
pub(in crate::variable) static CAMERA: [Attribute; 3] = [
    look!(three "shift", "m", SHIFT, |a, i| a.cameras[i].shift,
        "how far the observation's camera is moved, world frame"),
    look!(three "turn", "rad", TURN, |a, i| a.cameras[i].turn,
        "how it is turned: rotation vector along its columns, rows and view"),
    look!(one "field_of_view_factor", "", VIEW, |a, i| a.cameras[i].field_of_view_factor,
        "factor on its field of view"),
];

/// The pattern of the entity with that name.
pub(super) fn pattern_of(state: &State, name: &str) -> Pattern {
    state.appearance.pattern(name)
}

/// Changes the pattern of the entity with that name.
pub(super) fn repattern(state: &mut State, name: &str, edit: impl Fn(&mut Pattern)) {
    let appearance = change(state);
    let mut pattern = appearance.pattern(name);
    edit(&mut pattern);
    appearance.set_pattern(name, pattern);
}

/// The kind of that number, which was admitted.
pub(super) fn kind(number: f64) -> PatternKind {
    PatternKind::ALL.get(number as usize).copied().unwrap_or_default()
}

pub(super) fn link(state: &State, index: usize) -> String {
    Entity::Link(index).name(&state.scene)
}

/// Floor (index 0) or wall (index 1).
pub(super) fn surface(state: &State, index: usize) -> String {
    if index == 0 { Entity::Floor } else { Entity::Stage }.name(&state.scene)
}

pub(super) fn block(state: &State, index: usize) -> String {
    Entity::Block(index).name(&state.scene)
}

pub(super) fn goal(state: &State, index: usize) -> String {
    Entity::Goal(index).name(&state.scene)
}

/// The three attributes of a surface's pattern; `$name` tells the entity's name.
macro_rules! pattern {
    (kind $name:path) => {
        Attribute {
            name: "pattern",
            shape: Shape::Scalar,
            unit: "",
            domain: look::KIND,
            meaning: "0 plain, 1 checks, 2 stripes, 3 dots; it moves with the body",
            phase: Phase::Color,
            read: |s, i| vec![look::pattern_of(s, &$name(s, i)).kind.number() as f64],
            write: Some(|s, i, v| {
                look::repattern(s, &$name(s, i), |p| p.kind = look::kind(v[0]));
            }),
        }
    };
    (color $name:path) => {
        Attribute {
            name: "pattern_color",
            shape: Shape::Vector(3),
            unit: "",
            domain: UNIT,
            meaning: "the pattern's second colour: red, green, blue",
            phase: Phase::Color,
            read: |s, i| look::pattern_of(s, &$name(s, i)).color.to_vec(),
            write: Some(|s, i, v| {
                look::repattern(s, &$name(s, i), |p| p.color.copy_from_slice(v));
            }),
        }
    };
    (scale $name:path) => {
        Attribute {
            name: "pattern_scale",
            shape: Shape::Scalar,
            unit: "m",
            domain: look::SCALE,
            meaning: "how far it is until the pattern repeats",
            phase: Phase::Color,
            read: |s, i| vec![look::pattern_of(s, &$name(s, i)).scale],
            write: Some(|s, i, v| {
                look::repattern(s, &$name(s, i), |p| p.scale = v[0]);
            }),
        }
    };
}
pub(super) use pattern;
