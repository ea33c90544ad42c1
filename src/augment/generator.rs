//! The loop that stitches: rows, parts that may be parted, a choice, a test, a sample.

use super::coda::MOST_SOURCES;
use super::cut::Cut;
use super::hand::{HAND, groups_of};
use super::seen::Seen;
use super::{Choice, Coda, Contexts, MOST_NODES, Method, Report, Samples};
use crate::causal::{LocalMask, MaskModel, Replay};
use crate::error::{Error, Result};
use crate::rng::{Rng, mix};
use crate::world::Scene;

/// Proposals without a single acceptance after which there is no hope.
const PATIENCE: usize = 1_000_000;

/// A row for every source.
pub(super) type Rows = [usize; MOST_SOURCES];

/// Stitches samples from the rows of one replay; remembers what it has made.
pub struct Generator<'a> {
    pub(super) replay: &'a Replay,
    pub(super) coda: &'a mut Coda,
    cut: Cut,
    /// The rows of every group of agreeing contexts, where there are several.
    pub(super) groups: Vec<Vec<u32>>,
    /// Labels by other masks than the rows' own, where such are used.
    labels: Option<Vec<u8>>,
    pub(super) seen: Seen,
    /// The rows that are dealt out at present.
    pub(super) hand: Vec<usize>,
    /// The rows of every step of the segment.
    rows: Vec<Rows>,
    choice: Choice,
}

/// A choice that the cut test let through.
pub(super) struct Proposal {
    pub(super) start: Rows,
    pub(super) sources: [u8; MOST_NODES],
    size: usize,
    /// The hash of what would be made.
    pub(super) hash: u64,
}

impl<'a> Generator<'a> {
    /// A generator of samples of a replay.
    ///
    /// # Errors
    /// Settings out of range, an empty replay, or one without what the method needs.
    pub fn new(replay: &'a Replay, coda: &'a mut Coda) -> Result<Self> {
        coda.check(replay)?;
        let layout = replay.layout();
        let labels = match &mut coda.method {
            Method::Model(model) => Some(labels_of(model.as_mut(), replay)?),
            Method::Blind => {
                let own = (0..layout.bodies()).map(|body| body as u8);
                Some((0..replay.len()).flat_map(|_| own.clone()).collect())
            }
            Method::Cut | Method::Simulation(_) | Method::Unchecked => None,
        };
        let mut seen = Seen::default();
        if coda.unique {
            let sum =
                |row| replay.digests(row).iter().fold(0_u64, |sum, own| sum.wrapping_add(*own));
            seen.extend((0..replay.len()).map(|row| mix(0, sum(row))));
        }
        let groups = match coda.contexts {
            Contexts::Agreeing => groups_of(replay),
            Contexts::Any => Vec::new(),
        };
        let cut = Cut::new(layout);
        let (hand, rows, choice) = (vec![0; HAND], Vec::new(), Choice::default());
        Ok(Self { replay, coda, cut, groups, labels, seen, hand, rows, choice })
    }

    /// Adds up to so many samples, or segments of several steps.
    ///
    /// Fewer where a million proposals in a row brought nothing new.
    ///
    /// # Errors
    /// Only where a mask model or a simulation fails.
    pub fn fill(&mut self, count: usize, rng: &mut Rng, out: &mut Samples) -> Result<Report> {
        let mut report = Report::default();
        let (mut pending, mut last) = (Vec::new(), 0);
        let mut dealt = self.coda.reuse;
        while report.accepted < count && report.drawn + report.proposals - last <= PATIENCE {
            if dealt == self.coda.reuse {
                self.draw(rng);
                dealt = 0;
            }
            self.shuffle(rng);
            dealt += 1;
            for set in 0..HAND / self.coda.sources {
                self.look(set, rng, &mut report, &mut pending);
            }
            self.fetch_seen(&pending);
            for proposal in pending.drain(..) {
                self.resume(&proposal);
                if report.accepted < count && self.take(proposal.hash, out, &mut report)? {
                    report.accept(proposal.size);
                    last = report.drawn + report.proposals;
                }
            }
        }
        Ok(report)
    }

    /// Makes proposals of some rows; keeps those that the cut test lets through.
    fn look(
        &mut self,
        set: usize,
        rng: &mut Rng,
        report: &mut Report,
        pending: &mut Vec<Proposal>,
    ) {
        report.drawn += 1;
        let start = self.deal(set, rng);
        if !self.follow(&start) || !self.join(report) {
            report.whole += 1;
            return;
        }
        let first = pending.len();
        for _ in 0..self.coda.tries {
            let size = self.choice.choose(self.coda.sources, rng);
            report.proposed(size);
            let chosen = self.choice.sources();
            let same = |other: &Proposal| other.sources[..chosen.len()] == *chosen;
            // A row that meets itself makes itself.
            let row_of = |source: &u8| start[usize::from(*source)];
            let whole = chosen.iter().all(|source| row_of(source) == row_of(&chosen[0]));
            if self.coda.unique && (whole || pending[first..].iter().any(same)) {
                report.duplicates += 1;
                continue;
            }
            if self.near() {
                report.refused += 1;
                continue;
            }
            let mut sources = [0; MOST_NODES];
            let chosen = self.choice.sources();
            sources[..chosen.len()].copy_from_slice(chosen);
            let hash = if self.coda.unique { self.hash() } else { 0 };
            pending.push(Proposal { start, sources, size, hash });
        }
    }

    /// Stitches one sample: every body from the row that its choice names, goals and all else from
    /// the first row. Says whether it was accepted.
    ///
    /// # Errors
    /// [`Error::Shape`] where rows and choices do not fit; [`Error::OtherWorld`] for rows that
    /// differ in what must agree, with its names.
    pub fn stitch(&mut self, rows: &[usize], choice: &[u8], out: &mut Samples) -> Result<bool> {
        self.check_stitch(rows, choice)?;
        let mut start = [rows[0]; MOST_SOURCES];
        start[..rows.len()].copy_from_slice(rows);
        let whole = !self.follow(&start);
        self.choice.sources.clear();
        self.choice.sources.extend(choice);
        if whole || !self.parted() || self.near() {
            return Ok(false);
        }
        self.take(self.hash(), out, &mut Report::default())
    }

    fn check_stitch(&self, rows: &[usize], choice: &[u8]) -> Result<()> {
        let layout = self.replay.layout();
        let fits = (1..=self.coda.sources).contains(&rows.len())
            && rows.iter().all(|row| *row < self.replay.len())
            && choice.len() == layout.bodies()
            && choice.iter().all(|source| usize::from(*source) < rows.len())
            && (0..choice.len()).all(|body| choice[body] == 0 || layout.moves(body));
        if !fits {
            let expected = format!(
                "up to {} rows below {} and for each of {} bodies that moves one of them",
                self.coda.sources,
                self.replay.len(),
                layout.bodies()
            );
            let found = format!("{rows:?}, {choice:?}");
            return Err(Error::Shape { what: "stitch".to_string(), expected, found });
        }
        if self.coda.contexts == Contexts::Agreeing {
            for row in &rows[1..] {
                if let Some(names) = self.replay.difference(rows[0], *row) {
                    let reason = format!("rows {} and {row} differ in {names}", rows[0]);
                    return Err(Error::OtherWorld { reason });
                }
            }
        }
        Ok(())
    }

    /// Whether no component of any row is torn apart by the choice.
    fn parted(&self) -> bool {
        let choice = self.choice.sources();
        self.rows.iter().flat_map(|rows| &rows[..self.coda.sources]).all(|&row| {
            let mut labels = self.labels(row).iter().enumerate();
            labels.all(|(body, label)| choice[body] == choice[usize::from(*label)])
        })
    }

    pub(super) fn labels(&self, row: usize) -> &[u8] {
        let bodies = self.replay.layout().bodies();
        match &self.labels {
            Some(labels) => &labels[row * bodies..(row + 1) * bodies],
            None => self.replay.labels(row),
        }
    }

    /// Takes up the rows and the choice of a proposal.
    pub(super) fn resume(&mut self, proposal: &Proposal) {
        self.follow(&proposal.start);
        self.choice.sources.clear();
        self.choice.sources.extend(&proposal.sources[..self.replay.layout().bodies()]);
    }

    /// Follows every source for as many steps as asked for; says whether all of them go so far.
    fn follow(&mut self, start: &Rows) -> bool {
        self.rows.clear();
        self.rows.push(*start);
        for step in 1..self.coda.steps {
            let mut rows = self.rows[step - 1];
            for row in &mut rows[..self.coda.sources] {
                let Some(next) = self.replay.following(*row) else { return false };
                *row = next;
            }
            self.rows.push(rows);
        }
        true
    }

    /// Takes the components of the rows; says whether there are several.
    fn join(&mut self, report: &mut Report) -> bool {
        let mut choice = std::mem::take(&mut self.choice);
        let layout = self.replay.layout();
        let rows = self.rows.iter().flat_map(|rows| &rows[..self.coda.sources]);
        let stays = |body: usize| self.coda.exchanged >> body & 1 == 0 || !layout.moves(body);
        choice.join(layout.bodies(), rows.map(|row| self.labels(*row)), stays);
        self.choice = choice;
        report.components += self.choice.components();
        self.choice.components() > 1
    }

    /// Stitches what was chosen and tests what is left to test; says whether it became a sample.
    fn take(&mut self, hash: u64, out: &mut Samples, report: &mut Report) -> Result<bool> {
        if self.coda.unique && !self.seen.insert(hash) {
            report.duplicates += 1;
            return Ok(false);
        }
        let first = out.len();
        for rows in &self.rows {
            out.push(self.replay, rows, self.choice.sources());
        }
        if !self.stands(first, out)? {
            out.truncate(first);
            report.refused += 1;
            return Ok(false);
        }
        if let Some(coverage) = &mut self.coda.coverage {
            let before = out.columns.before_row(first);
            if !coverage.admit(self.replay.layout(), before) {
                out.truncate(first);
                report.crowded += 1;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether parts of different rows came near each other in any step, where that is the test.
    fn near(&mut self) -> bool {
        let sources = self.coda.sources;
        matches!(self.coda.method, Method::Cut)
            && self
                .rows
                .iter()
                .any(|rows| self.cut.crossed(self.replay, &rows[..sources], self.choice.sources()))
    }

    /// The hash of what would be made: of all that all bodies were, did and became.
    pub(super) fn hash(&self) -> u64 {
        let replay = self.replay;
        let digest = |rows: &Rows| {
            let sources = self.choice.sources().iter().enumerate();
            sources.fold(0_u64, |sum, (body, source)| {
                sum.wrapping_add(replay.digests(rows[usize::from(*source)])[body])
            })
        };
        self.rows.iter().map(digest).fold(0, mix)
    }

    /// Whether the samples from a place on pass a test that needs them written out.
    fn stands(&mut self, first: usize, out: &mut Samples) -> Result<bool> {
        for sample in first..out.len() {
            let mask = match &mut self.coda.method {
                Method::Simulation(oracle) => {
                    let t = out.transition(sample);
                    let truth = oracle.step(&t.before, &t.action)?;
                    out.correct(sample, &truth);
                    truth.mask
                }
                Method::Model(model) => {
                    let t = out.transition(sample);
                    model.mask(&t.before, &t.action)?
                }
                Method::Cut | Method::Unchecked | Method::Blind => return Ok(true),
            };
            if crosses(&mask, self.replay.layout().scene(), self.choice.sources()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a mask joins bodies of different sources.
fn crosses(mask: &LocalMask, scene: &Scene, choice: &[u8]) -> bool {
    let labels = mask.labels(scene);
    labels.iter().enumerate().any(|(body, label)| choice[body] != choice[usize::from(*label)])
}

/// The labels of all rows by a model's masks.
fn labels_of(model: &mut dyn MaskModel, replay: &Replay) -> Result<Vec<u8>> {
    let mut labels = Vec::with_capacity(replay.len() * replay.layout().bodies());
    for row in 0..replay.len() {
        let t = replay.transition(row);
        labels.extend(model.mask(&t.before, &t.action)?.labels(&t.before.scene));
    }
    Ok(labels)
}
