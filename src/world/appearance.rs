//! What of a world only images tell, beside colours: light, cameras, patterns of surfaces.
//!
//! The reference has none of it as variables. No engine reads it; states share it until it is
//! changed, so that a step does not copy it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::math::Triple;

/// The number of the cameras that can be varied, which is that of the reference's.
pub const CAMERAS: usize = 3;

/// Light, cameras and patterns. The default is what images show where nobody changed anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Appearance {
    /// The light.
    pub light: LightState,
    /// The cameras of an observation, by their number.
    pub cameras: [CameraState; CAMERAS],
    /// Patterns by the name of the link, block or goal, `floor` or `stage`; what has none is plain.
    pub patterns: BTreeMap<String, Pattern>,
}

/// The light, as a change of that which a picture's style asks for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LightState {
    /// How the direction to the light is turned: a rotation vector, world frame, rad.
    pub turn: Triple,
    /// Factor on how much brighter surfaces are that face the light.
    pub intensity: f64,
    /// Factor on how bright surfaces are that the light does not reach.
    pub ambient: f64,
}

impl Default for LightState {
    fn default() -> Self {
        Self { turn: [0.0; 3], intensity: 1.0, ambient: 1.0 }
    }
}

/// A camera, as a change of where it was put.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CameraState {
    /// How far it is moved, world frame, m.
    pub shift: Triple,
    /// How it is turned: a rotation vector whose parts are along its image's columns, along its
    /// rows and along its view, rad.
    pub turn: Triple,
    /// Factor on its field of view.
    pub field_of_view_factor: f64,
}

impl Default for CameraState {
    fn default() -> Self {
        Self { shift: [0.0; 3], turn: [0.0; 3], field_of_view_factor: 1.0 }
    }
}

/// What a surface shows in its own colour and a second one: a function of the place in the body's
/// own frame, so that it moves with the body.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Which pattern.
    pub kind: PatternKind,
    /// The second colour: RGB, each in \[0, 1\].
    pub color: Triple,
    /// How far it is until it repeats, m.
    pub scale: f64,
}

impl Default for Pattern {
    /// Plain; what it would show is black, 3 cm apart.
    fn default() -> Self {
        Self { kind: PatternKind::Plain, color: [0.0; 3], scale: 0.03 }
    }
}

/// The patterns there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    /// None: the surface's colour alone.
    #[default]
    Plain,
    /// Cubes of both colours in turn.
    Checks,
    /// Slanted layers of both colours.
    Stripes,
    /// Balls of the second colour.
    Dots,
}

impl PatternKind {
    /// All of them; the variable `pattern` is the place in this list.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Checks, Self::Stripes, Self::Dots];

    /// Its place in [`PatternKind::ALL`].
    pub fn number(self) -> usize {
        self as usize
    }
}

impl Appearance {
    /// The appearance that nobody changed.
    pub(super) fn plain() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Whether nobody changed anything.
    pub(super) fn is_plain(appearance: &Arc<Self>) -> bool {
        **appearance == Self::default()
    }

    /// The pattern of an entity.
    pub fn pattern(&self, entity: &str) -> Pattern {
        self.patterns.get(entity).copied().unwrap_or_default()
    }

    /// Gives an entity a pattern; one that is the default is not kept, so that equal looks are equal.
    pub fn set_pattern(&mut self, entity: &str, pattern: Pattern) {
        if pattern == Pattern::default() {
            self.patterns.remove(entity);
        } else {
            self.patterns.insert(entity.to_string(), pattern);
        }
    }
}
