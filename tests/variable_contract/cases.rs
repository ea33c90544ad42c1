//! What is tried: the scenes, the ends of every range, and what has to be moved aside for them.

use std::fmt;

use trifactor::intervention::Intervention;
use trifactor::task::{Document, registry};
use trifactor::variable::{self, Subspace, Variable};
use trifactor::{Env, State};

use super::expected::stored;

/// Joint angles of fingers that point up and out of every block's way, rad (facts 1.5: accepted).
const OUT_OF_THE_WAY: [f64; 3] = [1.0, 1.57, 3.0];

/// One end of one range, or a value of a variable that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Low(Space),
    High(Space),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Space {
    A,
    B,
    /// The variable has no range: two values that can be meant, unchecked.
    None,
}

impl Space {
    pub(super) fn checked(self) -> Option<Subspace> {
        match self {
            Self::A => Some(Subspace::A),
            Self::B => Some(Subspace::B),
            Self::None => None,
        }
    }
}

impl End {
    pub(super) fn space(self) -> Space {
        match self {
            Self::Low(space) | Self::High(space) => space,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What makes of a family's start the scenes that have all its kinds of entities.
pub(super) fn scenes(family: &str) -> Vec<Intervention> {
    let document = Document::from_json(registry::document(family).unwrap()).unwrap();
    let mut scenes = vec![Intervention::new()];
    if document.task_variables.iter().any(|name| name == "number_of_obstacles") {
        // An obstacle has variables of its own, and must be there for them.
        scenes.push(Intervention::new().with("task/number_of_obstacles", [1.0]));
    }
    scenes
}

/// The coordinates in which a pose has its range.
fn ranged(attribute: &str) -> &str {
    match attribute {
        "cartesian_position" => "cylindrical_position",
        "orientation" => "euler_orientation",
        other => other,
    }
}

/// Both ends of A and of B, in the variable's own coordinates; or two values where it has none.
pub(super) fn ends(env: &Env, variable: &Variable) -> Vec<(End, Vec<f64>)> {
    let (state, rules) = (env.state(), env.family().rules());
    let path = variable.path(&state.scene);
    let (entity, attribute) = variable::split(&path).unwrap();
    let twin = format!("{entity}/{}", ranged(attribute));
    let own = |v: Vec<f64>| if twin == path { v } else { stored(ranged(attribute), &v).1 };
    let mut ends = Vec::new();
    for space in [Space::A, Space::B] {
        let range = variable::space(state, rules, &twin, space.checked().unwrap()).unwrap();
        if let Some(range) = range {
            ends.push((End::Low(space), own(range.low)));
            ends.push((End::High(space), own(range.high)));
        }
    }
    if ends.is_empty() {
        let half =
            variable::read(state, rules, &format!("{entity}/size")).map_or(0.0, |s| 0.5 * s[2]);
        let [low, high] = without_range(ranged(attribute), half, &variable.read(state));
        ends = vec![(End::Low(Space::None), own(low)), (End::High(Space::None), own(high))];
    }
    ends
}

/// Two values of a variable that has no range in its family: where others have one, theirs (facts
/// 4.2), and for velocities the nominal bounds of their observation (facts 3.3).
fn without_range(attribute: &str, half_height: f64, present: &[f64]) -> [Vec<f64>; 2] {
    const PI: f64 = std::f64::consts::PI;
    let even = |low: f64, high: f64| [low, high].map(|v| vec![v; present.len()]);
    match attribute {
        "cylindrical_position" => [vec![0.0, -PI, half_height], vec![0.11, PI, 0.15]],
        "euler_orientation" => [vec![0.0, 0.0, -PI], vec![0.0, 0.0, PI]],
        "size" => even(0.055, 0.095),
        "color" | "pattern_color" => even(0.0, 1.0),
        "pattern" => even(1.0, 3.0),
        "pattern_scale" => even(0.015, 0.08),
        "linear_velocity" => even(-0.5, 0.5),
        "angular_velocity" => even(-PI, PI),
        "joint_velocities" => even(-2.0, 2.0),
        other => panic!("{other} has no range, and this test no value for it"),
    }
}

/// Where the fingers are up and every body but one stands apart, far from the arena.
///
/// What is given a size alone is lifted, so that it can grow.
pub(super) fn clearance(state: &State, variable: &Variable) -> Intervention {
    let path = variable.path(&state.scene);
    let (entity, attribute) = variable::split(&path).unwrap();
    let mut clear = Intervention::new();
    if entity != "robot" {
        clear = clear.with("robot/joint_positions", OUT_OF_THE_WAY.repeat(3));
    }
    for (i, (description, block)) in state.scene.blocks.iter().zip(&state.blocks).enumerate() {
        let place = format!("{}/cartesian_position", description.name);
        if description.name != entity {
            // In rows of ten, half a metre and more from each other.
            let apart = [2.0 + 0.6 * (i % 10) as f64, 2.0 + 0.6 * (i / 10) as f64];
            clear = clear.with(&place, [apart[0], apart[1], 0.5 * block.size[2]]);
        }
    }
    if attribute == "size" {
        clear = clear.with(&format!("{entity}/cartesian_position"), [0.0, 0.0, 0.2]);
    }
    clear
}
