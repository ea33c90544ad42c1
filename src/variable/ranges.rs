//! Ranges A and B of the variables and their union, derived from the present state.
//!
//! The reference's numbers are in facts 4.1 to 4.3. For what it can not vary the ranges are our
//! own: A contains or borders the default, B lies beyond it.

use serde::{Deserialize, Serialize};

use super::Rules;
use super::path;
use super::table::{Entity, Variable};
use crate::error::{Error, Result};
use crate::robot::{JOINT_POSITIONS_HIGH, JOINT_POSITIONS_LOW, Nine, every_finger};
use crate::space::BoxSpace;
use crate::world::{BlockKind, GoalShape, Scene, State};

/// Which of the two disjoint ranges an intervention may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subspace {
    /// Range A, meant for training.
    #[serde(rename = "space_a")]
    A,
    /// Range B, meant for evaluation.
    #[serde(rename = "space_b")]
    B,
    /// Both together.
    #[default]
    #[serde(rename = "space_a_b")]
    Both,
}

impl Subspace {
    /// The subspace of the reference's name: `space_a`, `space_b`, `space_a_b`.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "space_a" => Ok(Self::A),
            "space_b" => Ok(Self::B),
            "space_a_b" => Ok(Self::Both),
            _ => Err(Error::UnknownName {
                what: "variables space",
                name: name.to_string(),
                known: "space_a, space_b, space_a_b".to_string(),
            }),
        }
    }

    /// The reference's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "space_a",
            Self::B => "space_b",
            Self::Both => "space_a_b",
        }
    }
}

/// One bound of one component: a number, or one that follows from the present state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, \"half_height\" or a side's two numbers")]
pub enum Bound {
    /// A number.
    Number(f64),
    /// A name for what is derived.
    Derived(Derived),
    /// A number for each side of the plane y = 0.
    BySide(BySide),
}

/// A bound that depends on which side of the plane y = 0 a block or goal stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BySide {
    /// The block's or goal's name.
    pub side_of: String,
    /// The bound where its y is 0 or more.
    pub positive: f64,
    /// The bound where its y is negative.
    pub negative: f64,
}

/// What a bound can be derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Derived {
    /// Half the third edge of the block or goal itself, m.
    HalfHeight,
}

/// One interval per component, bounds included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower bounds.
    pub low: Vec<Bound>,
    /// The upper bounds.
    pub high: Vec<Bound>,
}

/// The two ranges of a variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Range A.
    pub a: Interval,
    /// Range B.
    pub b: Interval,
}

/// A family's change to the generic ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeEdit {
    /// A glob over paths, such as `*_block/cylindrical_position`.
    pub variables: String,
    /// The range in its place; `None` (JSON null) takes the range away.
    // Named so that a missing field is an error and not a removal.
    #[serde(deserialize_with = "Option::deserialize")]
    pub range: Option<Range>,
}

impl Variable {
    /// Its range in a subspace, derived from the state; `None` where it has none.
    pub fn space(&self, state: &State, rules: &Rules, subspace: Subspace) -> Option<BoxSpace> {
        let path = self.path(&state.scene);
        let edit = rules.ranges.iter().find(|edit| path::matches(&edit.variables, &path));
        let range = match edit {
            Some(edit) => edit.range.clone()?,
            None => generic(self.entity, self.attribute.name, &state.scene)?,
        };
        let numbers = |bounds: &[Bound]| -> Vec<f64> {
            bounds.iter().map(|bound| bound.number(state, self.entity)).collect()
        };
        let pick = |a: Vec<f64>, b: Vec<f64>, both: fn(f64, f64) -> f64| match subspace {
            Subspace::A => a,
            Subspace::B => b,
            Subspace::Both => a.iter().zip(&b).map(|(x, y)| both(*x, *y)).collect(),
        };
        Some(BoxSpace::new(
            pick(numbers(&range.a.low), numbers(&range.b.low), f64::min),
            pick(numbers(&range.a.high), numbers(&range.b.high), f64::max),
        ))
    }
}

impl Bound {
    fn number(&self, state: &State, entity: Entity) -> f64 {
        match (self, entity) {
            (Self::Number(number), _) => *number,
            (Self::Derived(Derived::HalfHeight), Entity::Block(i)) => 0.5 * state.blocks[i].size[2],
            (Self::Derived(Derived::HalfHeight), Entity::Goal(i)) => 0.5 * state.goals[i].size[2],
            // Only blocks and goals have a height; elsewhere the floor is as good a bound.
            (Self::Derived(Derived::HalfHeight), _) => 0.0,
            (Self::BySide(bound), _) => {
                let y = match Entity::named(&state.scene, &bound.side_of) {
                    Some(Entity::Block(i)) => state.blocks[i].position[1],
                    Some(Entity::Goal(i)) => state.goals[i].position[1],
                    _ => 0.0,
                };
                if y < 0.0 { bound.negative } else { bound.positive }
            }
        }
    }
}

const PI: f64 = std::f64::consts::PI;
const HALF_HEIGHT: Bound = Bound::Derived(Derived::HalfHeight);

/// The joint angles between range A, below, and range B, above, rad (facts 4.1).
const JOINTS_MIDDLE: Nine = every_finger([-0.69, 0.0, 0.0]);

/// The range of an attribute where no family changes it.
fn generic(entity: Entity, attribute: &str, scene: &Scene) -> Option<Range> {
    if let Some(range) = pattern(attribute) {
        return Some(range);
    }
    match entity {
        Entity::Robot => robot(attribute),
        Entity::Link(_) => match attribute {
            "color" => Some(evenly(3, [0.0, 0.5], [0.5, 1.0])),
            "mass" => Some(evenly(1, [0.015, 0.045], [0.045, 0.1])),
            _ => None,
        },
        Entity::Floor | Entity::Stage => match (entity, attribute) {
            (Entity::Floor, "color") => Some(evenly(3, [0.5, 1.0], [0.0, 0.5])),
            (_, "color") => Some(evenly(3, [0.0, 0.5], [0.5, 1.0])),
            (_, "friction") => Some(evenly(1, [0.3, 0.6], [0.6, 0.8])),
            (_, "restitution") => Some(evenly(1, [0.0, 0.3], [0.3, 0.6])),
            _ => None,
        },
        Entity::World => match attribute {
            // Straight down, by magnitude.
            "gravity" => Some(range(
                [&[0.0, 0.0, -10.5], &[0.0, 0.0, -8.0]],
                [&[0.0, 0.0, -13.0], &[0.0, 0.0, -10.5]],
            )),
            _ => None,
        },
        Entity::Block(i) => block(scene.blocks[i].kind, attribute),
        Entity::Goal(i) => match (scene.goals[i].shape, attribute) {
            (GoalShape::Sphere, "size") => None,
            (_, "mass") => None,
            _ => reference_block(attribute),
        },
        Entity::GoalTower => None,
        Entity::Task => match attribute {
            "number_of_obstacles" => Some(evenly(1, [1.0, 5.0], [1.0, 5.0])),
            _ => None,
        },
        Entity::Light => light(attribute),
        Entity::Camera(_) => camera(attribute),
    }
}

/// A is what was there or checks of a dark second colour, B what is less even and brighter.
fn pattern(attribute: &str) -> Option<Range> {
    match attribute {
        "pattern" => Some(evenly(1, [0.0, 1.0], [2.0, 3.0])),
        "pattern_color" => Some(evenly(3, [0.0, 0.5], [0.5, 1.0])),
        // From a quarter of a block's edge to more than one.
        "pattern_scale" => Some(evenly(1, [0.015, 0.04], [0.04, 0.08])),
        _ => None,
    }
}

/// A about a room's light, B from another side and dimmer.
fn light(attribute: &str) -> Option<Range> {
    match attribute {
        // About z by up to 45° and to 135°, else by up to 17°: it stays above the floor.
        "turn" => Some(range(
            [&[-0.3, -0.3, -PI / 4.0], &[0.3, 0.3, PI / 4.0]],
            [&[-0.3, -0.3, PI / 4.0], &[0.3, 0.3, 0.75 * PI]],
        )),
        "intensity" => Some(evenly(1, [0.7, 1.3], [0.2, 0.7])),
        "ambient" => Some(evenly(1, [0.8, 1.2], [0.4, 0.8])),
        _ => None,
    }
}

/// A is what a camera put up again by hand may be off, B what one that was knocked may be.
fn camera(attribute: &str) -> Option<Range> {
    match attribute {
        "shift" => Some(evenly(3, [-0.01, 0.01], [0.01, 0.03])),
        "turn" => Some(evenly(3, [-0.02, 0.02], [0.02, 0.06])),
        "field_of_view_factor" => Some(evenly(1, [0.95, 1.05], [1.05, 1.2])),
        _ => None,
    }
}

fn robot(attribute: &str) -> Option<Range> {
    match attribute {
        "joint_positions" => Some(range(
            [&every_finger(JOINT_POSITIONS_LOW), &JOINTS_MIDDLE],
            [&JOINTS_MIDDLE, &every_finger(JOINT_POSITIONS_HIGH)],
        )),
        "height" => Some(evenly(1, [0.32, 0.35], [0.35, 0.38])),
        // Bare plastic to rubber on plastic, about the default of 0.5.
        "friction" => Some(evenly(1, [0.3, 0.6], [0.6, 1.0])),
        "restitution" => Some(evenly(1, [0.0, 0.3], [0.3, 0.6])),
        "joint_damping" => Some(evenly(1, [0.0, 0.02], [0.02, 0.05])),
        "position_gain_factor" | "velocity_gain_factor" => Some(evenly(1, [0.8, 1.1], [1.1, 1.3])),
        "torque_limit" => Some(evenly(1, [0.30, 0.40], [0.40, 0.50])),
        "action_delay" => Some(evenly(1, [0.0, 1.0], [2.0, 4.0])),
        "action_smoothing" => Some(evenly(1, [1.0, 2.0], [3.0, 4.0])),
        "joint_position_noise" => Some(evenly(1, [0.0, 0.005], [0.005, 0.02])),
        _ => None,
    }
}

fn block(kind: BlockKind, attribute: &str) -> Option<Range> {
    match (kind, attribute) {
        // The product with the floor's friction stays between ice-like 0.15 and sticky 1.2.
        (_, "friction") => Some(evenly(1, [0.5, 1.0], [1.0, 1.5])),
        (_, "restitution") => Some(evenly(1, [0.0, 0.3], [0.3, 0.6])),
        // From none over the default of 0.04 to a block that air visibly slows.
        (BlockKind::Movable, "linear_damping" | "angular_damping") => {
            Some(evenly(1, [0.0, 0.1], [0.1, 0.3]))
        }
        (BlockKind::Movable, _) | (BlockKind::Fixed, "color") => reference_block(attribute),
        (BlockKind::Fixed, _) => None,
    }
}

/// Facts 4.2.
fn reference_block(attribute: &str) -> Option<Range> {
    match attribute {
        "cylindrical_position" => {
            let low = |radius| vec![Bound::Number(radius), Bound::Number(-PI), HALF_HEIGHT];
            let high = |radius, z| [radius, PI, z].map(Bound::Number).to_vec();
            Some(Range {
                a: Interval { low: low(0.0), high: high(0.11, 0.15) },
                b: Interval { low: low(0.11), high: high(0.15, 0.3) },
            })
        }
        "euler_orientation" => {
            let yaw: [&[f64]; 2] = [&[0.0, 0.0, -PI], &[0.0, 0.0, PI]];
            Some(range(yaw, yaw))
        }
        "size" => Some(evenly(3, [0.055, 0.075], [0.075, 0.095])),
        "color" => Some(evenly(3, [0.5, 1.0], [0.0, 0.5])),
        "mass" => Some(evenly(1, [0.015, 0.045], [0.045, 0.1])),
        _ => None,
    }
}

/// The same two intervals for every component.
fn evenly(length: usize, a: [f64; 2], b: [f64; 2]) -> Range {
    let all = |number: f64| vec![number; length];
    range([&all(a[0]), &all(a[1])], [&all(b[0]), &all(b[1])])
}

fn range(a: [&[f64]; 2], b: [&[f64]; 2]) -> Range {
    let bounds = |numbers: &[f64]| numbers.iter().map(|n| Bound::Number(*n)).collect();
    let interval = |[low, high]: [&[f64]; 2]| Interval { low: bounds(low), high: bounds(high) };
    Range { a: interval(a), b: interval(b) }
}
