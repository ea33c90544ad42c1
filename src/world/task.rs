//! The task's own variables: what a scene that is built, not listed, was built from.

use serde::de::{Deserializer, Unexpected};
use serde::{Deserialize, Serialize};

use crate::math::Triple;

/// The variables of a task that no body tells, such as how wide a level of a stack may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// None: the family lists its blocks and goals one by one.
    #[default]
    Listed,
    /// A tower of equal blocks.
    Tower(TowerState),
    /// A wall of levels, one above the other, of blocks of different width.
    Stack(StackState),
    /// Equal blocks as they fall.
    Pile(PileState),
}

/// A tower of equal blocks (facts 5.1, towers).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TowerState {
    /// How many blocks along x, y, z.
    #[serde(deserialize_with = "three_whole")]
    pub number_of_blocks_in_tower: [u32; 3],
    /// The tower's edge lengths, m.
    pub tower_dims: Triple,
    /// x and y of the tower's axis, m.
    pub tower_center: [f64; 2],
    /// The mass that all blocks were given, kg.
    pub blocks_mass: f64,
}

/// A wall of levels (facts 5.1, stacked_blocks and creative_stacked_blocks).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackState {
    /// How many levels.
    #[serde(deserialize_with = "whole")]
    pub stack_levels: u32,
    /// Height and depth of every block and the least width of one, m.
    pub blocks_min_size: f64,
    /// The greatest width of a level, m.
    pub max_level_width: f64,
    /// The mass that all blocks were given, kg.
    pub blocks_mass: f64,
    /// Which levels have goals.
    pub goals: StackGoals,
}

/// Which levels of a stack have goals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackGoals {
    /// Every level.
    Everywhere,
    /// The lowest and the highest.
    Ends,
}

/// Equal blocks as they fall (facts 5.1, general).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PileState {
    /// How many blocks.
    #[serde(deserialize_with = "whole")]
    pub nums_objects: u32,
    /// A block's edge length, m.
    pub tool_block_size: f64,
    /// The mass that all blocks were given, kg.
    pub blocks_mass: f64,
}

/// A whole number as JSON may write it: 5 and 5.0 are one number, as in JSON Schema.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole_number(f64::deserialize(deserializer)?)
}

/// As [`whole`], three of them.
fn three_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u32; 3], D::Error> {
    let [x, y, z] = Deserialize::deserialize(deserializer)?;
    Ok([whole_number(x)?, whole_number(y)?, whole_number(z)?])
}

/// The whole number that a number is.
///
/// # Errors
/// Where it is none from 0 to 2³² - 1.
pub(crate) fn whole_number<E: serde::de::Error>(number: f64) -> Result<u32, E> {
    if number.trunc() == number && (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Ok(number as u32);
    }
    Err(E::invalid_value(Unexpected::Float(number), &"a whole number from 0 to 4294967295"))
}

impl TaskState {
    /// Whether the family lists its blocks and goals.
    pub fn is_listed(&self) -> bool {
        matches!(self, Self::Listed)
    }

    /// The mass that all blocks were given, kg; `None` where the family lists them.
    pub fn blocks_mass(&self) -> Option<f64> {
        let mut copy = *self;
        copy.blocks_mass_mut().copied()
    }

    /// The place of [`TaskState::blocks_mass`].
    pub fn blocks_mass_mut(&mut self) -> Option<&mut f64> {
        match self {
            Self::Listed => None,
            Self::Tower(tower) => Some(&mut tower.blocks_mass),
            Self::Stack(stack) => Some(&mut stack.blocks_mass),
            Self::Pile(pile) => Some(&mut pile.blocks_mass),
        }
    }

    /// Whether two of them ask for the same bodies, apart from their mass.
    pub fn same_structure(&self, other: &Self) -> bool {
        let massless = |mut task: Self| {
            if let Some(mass) = task.blocks_mass_mut() {
                *mass = 0.0;
            }
            task
        };
        massless(*self) == massless(*other)
    }
}
