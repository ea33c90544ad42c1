//! The structured observation: which numbers of a state, in which order, on which scale.
//!
//! Order, sizes and normalisation are the reference's (facts 3), so that what was written or
//! trained for it carries over. Values are scaled linearly from their nominal bounds to
//! \[-1, 1\] and never clipped: they can leave that interval.

mod build;
mod choice;
mod context;
mod entities;
mod feature;
mod key;
mod limits;
mod owner;
mod source;

use std::ops::Range;
use std::sync::Arc;

pub(super) use self::build::Plan;
pub use self::choice::{Context, Mode};
pub use self::feature::Feature;
pub use self::owner::Owner;
use self::source::Source;
use crate::error::{Error, Result};
use crate::robot::Nine;
use crate::space::{BoxSpace, normalize};
use crate::world::{BlockKind, GoalShape, Scene, State};

/// The robot keys that every built-in family observes (facts 3.1).
const HEAD: [&str; 4] =
    ["time_left_for_task", "joint_positions", "joint_velocities", "end_effector_positions"];
const BLOCK_KEYS: [&str; 4] = ["type", "size", "cartesian_position", "orientation"];
const MOVABLE_KEYS: [&str; 6] =
    ["type", "size", "cartesian_position", "orientation", "linear_velocity", "angular_velocity"];

/// The keys of the reference's layout of a scene: robot, movable blocks, goals, fixed blocks.
///
/// Robot 28 numbers, a movable block 17, a cuboid goal and a fixed block 11, a sphere its
/// position alone (facts 3.3, 3.4). Families that interleave blocks and goals list their own keys.
pub fn standard_keys(scene: &Scene) -> Vec<String> {
    let of = |kind| scene.blocks.iter().filter(move |block| block.kind == kind);
    let mut keys: Vec<String> = HEAD.map(String::from).to_vec();
    let mut add = |name: &str, attributes: &[&str]| {
        keys.extend(attributes.iter().map(|attribute| format!("{name}_{attribute}")));
    };
    of(BlockKind::Movable).for_each(|block| add(&block.name, &MOVABLE_KEYS));
    for goal in &scene.goals {
        match goal.shape {
            GoalShape::Cuboid => add(&goal.name, &BLOCK_KEYS),
            GoalShape::Sphere => add(&goal.name, &["cartesian_position"]),
        }
    }
    of(BlockKind::Fixed).for_each(|block| add(&block.name, &BLOCK_KEYS));
    keys
}

/// A number that observations are written in: `f64` or `f32`, and of pixels also `u8`.
pub trait Number: Copy {
    /// The nearest number of this type.
    fn of(value: f64) -> Self;

    /// A colour's byte: as it is, or as a share of 1.
    fn of_byte(byte: u8) -> Self {
        Self::of(f64::from(byte) / 255.0)
    }

    /// A distance, m: as it is, or as a byte that is 255 at `range`.
    fn of_depth(depth: f64, _range: f64) -> Self {
        Self::of(depth)
    }
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

impl Number for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Number for u8 {
    // Numbers beyond are taken for the nearest byte.
    fn of(value: f64) -> Self {
        (value + 0.5) as u8
    }

    fn of_byte(byte: u8) -> Self {
        byte
    }

    fn of_depth(depth: f64, range: f64) -> Self {
        Self::of(depth / range * 255.0)
    }
}

/// One key of the observation.
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    source: Source,
    /// Its numbers' place in the observation.
    range: Range<usize>,
}

/// Which numbers of the states of one scene are observed, in order.
#[derive(Clone, Debug)]
pub struct Layout {
    entries: Vec<Entry>,
    /// Nominal bounds per number; those of the time are in units of the episode's length.
    low: Vec<f64>,
    high: Vec<f64>,
    /// The scene that the sources' indices belong to.
    scene: Arc<Scene>,
    /// The user's own.
    features: Vec<Feature>,
    /// Rows and columns of the entity set that the observation begins with.
    table: Option<[usize; 2]>,
}

impl Layout {
    /// The layout of the given keys: robot keys and `<object>_<variable>` (facts 3.2, 3.3).
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a key that nothing in the scene answers to.
    pub fn new<K: AsRef<str>>(keys: &[K], scene: &Arc<Scene>) -> Result<Self> {
        let mut layout = Self::empty(scene, &[]);
        for key in keys.iter().map(AsRef::as_ref) {
            layout.push(key.to_string(), Source::parse(key, scene)?);
        }
        Ok(layout)
    }

    fn empty(scene: &Arc<Scene>, features: &[Feature]) -> Self {
        Self {
            entries: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
            scene: Arc::clone(scene),
            features: features.to_vec(),
            table: None,
        }
    }

    fn push(&mut self, key: String, source: Source) {
        let [low, high] = source.bounds(&self.features);
        self.push_within(key, source, low.as_slice(), high.as_slice());
    }

    /// As `push`, with nominal bounds of one's own.
    fn push_within(&mut self, key: String, source: Source, low: &[f64], high: &[f64]) {
        let start = self.len();
        self.low.extend(low);
        self.high.extend(high);
        self.entries.push(Entry { key, source, range: start..self.len() });
    }

    /// How many numbers an observation has.
    pub fn len(&self) -> usize {
        self.low.len()
    }

    /// Whether nothing is observed.
    pub fn is_empty(&self) -> bool {
        self.low.is_empty()
    }

    /// Rows and columns of the entity set that the observation begins with, row by row; `None`
    /// where it is none.
    pub fn table(&self) -> Option<[usize; 2]> {
        self.table
    }

    /// The scene that it was made for.
    pub fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// Whether a state has the blocks and goals that the layout was made for.
    pub fn fits(&self, state: &State) -> bool {
        Arc::ptr_eq(&state.scene, &self.scene) || state.scene == self.scene
    }

    /// The keys in order, each with its numbers' place in the observation.
    pub fn keys(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), entry.range.clone()))
    }

    /// The name of every number: the key, with an index where it has several components.
    pub fn names(&self) -> Vec<String> {
        let name = |(key, range): (&str, Range<usize>)| match range.len() {
            1 => vec![key.to_string()],
            size => (0..size).map(|i| format!("{key}[{i}]")).collect(),
        };
        self.keys().flat_map(name).collect()
    }

    /// The bounds that values are normalised by, in the units of the output; for what the
    /// reference observes, those that it publishes (facts 3.1 to 3.3).
    ///
    /// Normalised they are -1 and 1. Equal ones (a type's are both its id) mean that there is
    /// nothing to normalise by. Values can leave them.
    pub fn nominal_space(&self, episode_seconds: f64, normalized: bool) -> BoxSpace {
        let mut space = BoxSpace::new(self.low.clone(), self.high.clone());
        for i in 0..self.len() {
            if normalized && space.low[i] != space.high[i] {
                (space.low[i], space.high[i]) = (-1.0, 1.0);
            }
        }
        let times = self.entries.iter().filter(|entry| matches!(entry.source, Source::TimeLeft));
        for entry in times.filter(|_| !normalized) {
            space.high[entry.range.start] = episode_seconds;
        }
        space
    }

    /// Writes the observation of a state; allocates nothing, except for variables that the
    /// reference does not observe and for features.
    ///
    /// `tips` are the fingertips (world frame, m), `time_left` and `episode_seconds` are in s.
    /// The time is in seconds always, where the reference mixes in steps (facts 3.2). The joint
    /// positions carry the robot's `joint_position_noise`, a function of seed, episode and step;
    /// the tips and everything else are exact. The last joint targets are normalised once, where
    /// the reference does it twice (facts 12, item 26).
    ///
    /// # Errors
    /// [`Error::Shape`] for an output of another length, [`Error::OtherWorld`] for a state with
    /// other blocks or goals; nothing is written then.
    pub fn write<T: Number>(
        &self,
        state: &State,
        tips: &Nine,
        time_left: f64,
        episode_seconds: f64,
        normalized: bool,
        out: &mut [T],
    ) -> Result<()> {
        self.check(state, out.len())?;
        // The time's bounds stand in units of the episode's length.
        let time = if normalized { time_left / episode_seconds } else { time_left };
        for entry in &self.entries {
            let values = entry.source.values(state, tips, time, &self.features);
            for (i, &value) in entry.range.clone().zip(values.as_slice()) {
                let (low, high) = (self.low[i], self.high[i]);
                let scaled = normalized && low != high;
                out[i] = T::of(if scaled { normalize(value, low, high) } else { value });
            }
        }
        Ok(())
    }

    fn check(&self, state: &State, length: usize) -> Result<()> {
        if length != self.len() {
            return Err(Error::Shape {
                what: "observation".to_string(),
                expected: format!("{} numbers", self.len()),
                found: format!("{length}"),
            });
        }
        if !self.fits(state) {
            return Err(Error::OtherWorld {
                reason: format!(
                    "its {} blocks and {} goals are not the {} and {} that are observed",
                    state.blocks.len(),
                    state.goals.len(),
                    self.scene.blocks.len(),
                    self.scene.goals.len()
                ),
            });
        }
        Ok(())
    }
}
