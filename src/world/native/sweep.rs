//! Where every part was while a control step lasted, with the room in which contacts were looked
//! for.

use super::ahead::{Ahead, Pace};
use super::geometry::Geometry;
use crate::math::{self, Triple};
use crate::robot::JOINTS;
use crate::world::State;
use crate::world::settings::{Engine, Physics};

/// What poses may differ by between the two engines, m.
const ROUNDING: f64 = 1e-9;

/// An axis-aligned box, world frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Its lowest corner, m.
    pub low: Triple,
    /// Its highest corner, m.
    pub high: Triple,
}

impl Region {
    /// Whether two boxes have a point in common.
    pub fn meets(&self, other: &Self) -> bool {
        (0..3).all(|i| self.low[i] <= other.high[i] && other.low[i] <= self.high[i])
    }

    /// Grows to hold another box.
    pub fn join(&mut self, other: &Self) {
        for i in 0..3 {
            self.low[i] = self.low[i].min(other.low[i]);
            self.high[i] = self.high[i].max(other.high[i]);
        }
    }
}

/// The regions of every part at the beginning of every tick of one control step.
///
/// Parts are the nine links, in the order of their joints, and then every block. A region is the
/// box around a part, widened so far that the solver can couple two parts in a tick only where
/// their regions of that tick meet. What a tick begins with follows from the ticks before alone: if
/// in no tick a region of one set of parts meets a region of another set, then neither set had any
/// influence on the other, bit for bit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    parts: usize,
    regions: Vec<Region>,
}

impl Sweep {
    /// The regions of a state, as if a control step of one tick began in it.
    pub fn of(state: &State, physics: &Physics) -> Self {
        let mut sweeper = Sweeper::new();
        sweeper.add(state, physics);
        sweeper.sweep
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.parts
    }

    /// How many ticks there are.
    pub fn ticks(&self) -> usize {
        self.regions.len().checked_div(self.parts).unwrap_or(0)
    }

    /// The regions of every part at the beginning of every tick, tick by tick.
    pub fn each_tick(&self) -> impl Iterator<Item = &[Region]> {
        self.regions.chunks_exact(self.parts.max(1))
    }

    /// The box around every part's regions in all ticks.
    pub fn whole(&self) -> Vec<Region> {
        let mut ticks = self.each_tick();
        let mut whole = ticks.next().map(<[Region]>::to_vec).unwrap_or_default();
        for tick in ticks {
            for (region, other) in whole.iter_mut().zip(tick) {
                region.join(other);
            }
        }
        whole
    }
}

/// Records sweeps; holds buffers besides.
pub(in crate::world) struct Sweeper {
    pub(in crate::world) sweep: Sweep,
    geometry: Geometry,
    ahead: Ahead,
}

impl Sweeper {
    pub(in crate::world) fn new() -> Self {
        Self { sweep: Sweep::default(), geometry: Geometry::new(), ahead: Ahead::nothing() }
    }

    /// A control step begins.
    pub(in crate::world) fn begin(&mut self) {
        self.sweep.regions.clear();
    }

    /// Adds the regions of a tick that begins in this state.
    pub(in crate::world) fn add(&mut self, state: &State, physics: &Physics) {
        self.geometry.place(state);
        self.ahead.read(state, &self.geometry, physics);
        self.sweep.parts = JOINTS + state.blocks.len();
        let widened = |ahead: &Ahead, pace: Pace| match physics.engine {
            Engine::Native => ahead.of(pace) + ROUNDING,
            Engine::Rapier => 0.5 * physics.prediction_distance + ROUNDING,
        };
        for link in 0..JOINTS {
            let widened = widened(&self.ahead, self.ahead.links[link]);
            let capsules = self.geometry.capsules.iter().zip(&self.geometry.capsule_boxes);
            let mut boxes = capsules.filter(|(capsule, _)| capsule.link == link).map(|(_, b)| b);
            // A link without a form meets nothing: its region is no more than a point.
            let origin = self.geometry.joint(link).0;
            let (low, high) = boxes.next().map_or((origin, origin), |b| (b.mins, b.maxs));
            let (low, high) =
                boxes.fold((low, high), |(low, high), b| (low.min(b.mins), high.max(b.maxs)));
            self.push(math::of_rapier(low), math::of_rapier(high), widened);
        }
        for block in 0..state.blocks.len() {
            let (around, widened) =
                (self.geometry.block_boxes[block], widened(&self.ahead, self.ahead.blocks[block]));
            self.push(math::of_rapier(around.mins), math::of_rapier(around.maxs), widened);
        }
    }

    fn push(&mut self, low: Triple, high: Triple, widened: f64) {
        let (low, high) = (low.map(|x| x - widened), high.map(|x| x + widened));
        self.sweep.regions.push(Region { low, high });
    }
}
