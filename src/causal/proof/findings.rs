//! What was counted.

use super::Perturbation;
use super::nodes::{bodies, movable};
use crate::causal::Source;
use crate::robot::FINGERS;
use crate::world::State;

/// Between whom an influence goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeKind {
    /// From a finger to another.
    FingerFinger,
    /// From a finger to a block.
    FingerBlock,
    /// From a block to a finger.
    BlockFinger,
    /// From a block to another.
    BlockBlock,
    /// From a fixed block to a finger or block.
    FixedBody,
    /// From an action to its own finger, which every mask has.
    ActionOwn,
    /// From an action to another finger.
    ActionFinger,
    /// From an action to a block.
    ActionBlock,
    /// From anything to a goal, which no mask has.
    ToGoal,
    /// From goals to a finger or block, which no mask has.
    FromGoal,
}

impl EdgeKind {
    /// Every kind, in order.
    pub const ALL: [Self; 10] = [
        Self::FingerFinger,
        Self::FingerBlock,
        Self::BlockFinger,
        Self::BlockBlock,
        Self::FixedBody,
        Self::ActionOwn,
        Self::ActionFinger,
        Self::ActionBlock,
        Self::ToGoal,
        Self::FromGoal,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::FingerFinger => "finger to finger",
            Self::FingerBlock => "finger to block",
            Self::BlockFinger => "block to finger",
            Self::BlockBlock => "block to block",
            Self::FixedBody => "fixed block to finger or block",
            Self::ActionOwn => "action to its finger",
            Self::ActionFinger => "action to another finger",
            Self::ActionBlock => "action to block",
            Self::ToGoal => "anything to a goal",
            Self::FromGoal => "goals to finger or block",
        }
    }

    /// The kind of an edge of a state's nodes.
    pub(super) fn of(state: &State, source: Source, node: usize) -> Self {
        let (count, to_finger) = (bodies(state), node < FINGERS);
        match source {
            Source::Node(from) if from >= count => Self::FromGoal,
            _ if node >= count => Self::ToGoal,
            Source::Action(finger) if finger == node => Self::ActionOwn,
            Source::Action(_) if to_finger => Self::ActionFinger,
            Source::Action(_) => Self::ActionBlock,
            Source::Node(from) if !movable(state, from) => Self::FixedBody,
            Source::Node(from) if from < FINGERS && to_finger => Self::FingerFinger,
            Source::Node(from) if from < FINGERS => Self::FingerBlock,
            Source::Node(_) if to_finger => Self::BlockFinger,
            Source::Node(_) => Self::BlockBlock,
        }
    }
}

/// Entries of a mask against what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// There, and it changed.
    pub there_changed: u64,
    /// There, and nothing changed.
    pub there_same: u64,
    /// Left out, and it changed.
    pub absent_changed: u64,
    /// Left out, and nothing changed.
    pub absent_same: u64,
}

impl Confusion {
    pub(super) fn add(&mut self, there: bool, changed: bool) {
        *match (there, changed) {
            (true, true) => &mut self.there_changed,
            (true, false) => &mut self.there_same,
            (false, true) => &mut self.absent_changed,
            (false, false) => &mut self.absent_same,
        } += 1;
    }

    fn merge(&mut self, other: Self) {
        self.there_changed += other.there_changed;
        self.there_same += other.there_same;
        self.absent_changed += other.absent_changed;
        self.absent_same += other.absent_same;
    }

    /// The share of the entries that are there that changed; NaN for none.
    pub fn precision(&self) -> f64 {
        self.there_changed as f64 / (self.there_changed + self.there_same) as f64
    }

    /// The share of what changed that is there; NaN for none.
    pub fn recall(&self) -> f64 {
        self.there_changed as f64 / (self.there_changed + self.absent_changed) as f64
    }
}

/// What one kind of perturbation did along one kind of edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The sound mask of the step as it was.
    pub sound: Confusion,
    /// The tight mask of the step as it was.
    pub tight: Confusion,
    /// The sound mask of both runs, as it was and as it was perturbed: what changed and was left
    /// out here is a violation.
    pub both: Confusion,
    /// What changed and the tight mask of both runs leaves out.
    pub missed_by_tight: u64,
    /// What changed and a mask of the last tick's couplings of both runs leaves out.
    pub missed_by_last_tick: u64,
}

impl Tally {
    pub(super) fn compare(&mut self, sound: bool, tight: bool, ends: bool, changed: bool) {
        self.both.add(sound, changed);
        self.missed_by_tight += u64::from(changed && !tight);
        self.missed_by_last_tick += u64::from(changed && !ends);
    }

    fn merge(&mut self, other: Self) {
        self.sound.merge(other.sound);
        self.tight.merge(other.tight);
        self.both.merge(other.both);
        self.missed_by_tight += other.missed_by_tight;
        self.missed_by_last_tick += other.missed_by_last_tick;
    }
}

/// Coupled pairs of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// Pairs that were coupled in any tick of a step.
    pub sound: u64,
    /// Those of them that pushed on each other.
    pub tight: u64,
    /// Those of them that the last tick's list does not have.
    pub lost: u64,
}

/// What a proof found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Steps that were looked at.
    pub steps: u64,
    /// Those in which a finger and a block, or two blocks, pushed on each other.
    pub touching: u64,
    /// Control: steps that came out otherwise than they were recorded.
    pub not_replayed: u64,
    /// Control: steps of which every node was copied onto itself.
    pub copied: u64,
    /// Those of them that changed in any bit.
    pub copied_wrong: u64,
    /// Donor swaps.
    pub swaps: u64,
    /// Control: those that changed another node, which the identity mask would all have let pass.
    pub blind: u64,
    /// Those that pass the cut test: nothing coupled the node with another in either run.
    pub accepted: u64,
    /// Those of them that changed another node all the same.
    pub wrong: u64,
    /// Accepted swaps of bodies that were alone in the donor's step too.
    pub carried: u64,
    /// Those of them in which the body did not go on as it did there.
    pub carried_wrong: u64,
    /// Donors that were refused because of another context, such as another floor friction.
    pub contexts_refused: u64,
    /// Control: swaps from another context that pass the cut test when they are forced.
    pub forced: u64,
    /// Those of them in which the body did not go on as it did there.
    pub forced_wrong: u64,
    /// The first violations.
    pub examples: Vec<String>,
    edges: [Edges; EdgeKind::ALL.len()],
    tallies: [[Tally; EdgeKind::ALL.len()]; Perturbation::ALL.len()],
}

impl Findings {
    /// What a kind of perturbation did along a kind of edge.
    pub fn of(&self, kind: Perturbation, edge: EdgeKind) -> &Tally {
        &self.tallies[kind as usize][edge as usize]
    }

    /// What a kind of perturbation did along all edges but those of an action to its finger.
    pub fn total(&self, kind: Perturbation) -> Tally {
        let mut total = Tally::default();
        for edge in EdgeKind::ALL.into_iter().filter(|edge| *edge != EdgeKind::ActionOwn) {
            total.merge(*self.of(kind, edge));
        }
        total
    }

    /// Entries that the masks of both runs leave out and that changed, all perturbations together.
    pub fn violations(&self) -> u64 {
        Perturbation::ALL.map(|kind| self.total(kind).both.absent_changed).iter().sum()
    }

    /// The coupled pairs of a kind.
    pub fn edges(&self, edge: EdgeKind) -> &Edges {
        &self.edges[edge as usize]
    }

    /// The share of steps in contact.
    pub fn touching_share(&self) -> f64 {
        self.touching as f64 / self.steps as f64
    }

    pub(super) fn tally(&mut self, kind: Perturbation, edge: EdgeKind) -> &mut Tally {
        &mut self.tallies[kind as usize][edge as usize]
    }

    pub(super) fn edge(&mut self, kind: EdgeKind, shown: bool, pushed: bool) {
        let edges = &mut self.edges[kind as usize];
        edges.sound += 1;
        edges.tight += u64::from(pushed);
        edges.lost += u64::from(!shown);
    }

    /// Adds what was found in other steps.
    pub fn add(&mut self, other: Self) {
        for (own, other) in [
            (&mut self.steps, other.steps),
            (&mut self.touching, other.touching),
            (&mut self.not_replayed, other.not_replayed),
            (&mut self.copied, other.copied),
            (&mut self.copied_wrong, other.copied_wrong),
            (&mut self.swaps, other.swaps),
            (&mut self.blind, other.blind),
            (&mut self.accepted, other.accepted),
            (&mut self.wrong, other.wrong),
            (&mut self.carried, other.carried),
            (&mut self.carried_wrong, other.carried_wrong),
            (&mut self.contexts_refused, other.contexts_refused),
            (&mut self.forced, other.forced),
            (&mut self.forced_wrong, other.forced_wrong),
        ] {
            *own += other;
        }
        self.examples.extend(other.examples);
        for (own, other) in self.edges.iter_mut().zip(other.edges) {
            own.sound += other.sound;
            own.tight += other.tight;
            own.lost += other.lost;
        }
        let tallies = self.tallies.iter_mut().flatten();
        tallies.zip(other.tallies.iter().flatten()).for_each(|(own, other)| own.merge(*other));
    }
}
