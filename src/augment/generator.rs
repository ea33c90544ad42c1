//! The loop that stitches: rows, parts that may be parted, a choice, a test, a sample.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::coda::MOST_SOURCES;
use super::cut::Parts;
use super::{Coda, Contexts, Method, Samples};
use crate::causal::{LocalMask, MaskModel, Replay};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::world::Scene;

/// Rows are drawn so many at a time, so that the machine fetches one while it works on another.
const AHEAD: usize = 32;
/// Proposals without a single acceptance after which there is no hope.
const PATIENCE: usize = 1_000_000;

/// What came of proposals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Sets of rows that were looked at.
    pub drawn: usize,
    /// Those of them whose parts all hang together: nothing can be exchanged.
    pub whole: usize,
    /// The number of components, of both rows together, summed over what was drawn.
    pub components: usize,
    /// Choices of parts that were stitched.
    pub proposals: usize,
    /// Proposals that the test refused.
    pub refused: usize,
    /// Proposals that were there already.
    pub duplicates: usize,
    /// Proposals for which coverage had no room.
    pub crowded: usize,
    /// Proposals that became samples; with several steps each, so many segments.
    pub accepted: usize,
    /// Accepted proposals by the number of components that are not of the first row.
    pub accepted_by_size: Vec<usize>,
    /// Proposals by that number.
    pub proposed_by_size: Vec<usize>,
}

impl Report {
    /// The share of proposals that the test accepted.
    pub fn acceptance(&self) -> f64 {
        1.0 - self.refused as f64 / self.proposals as f64
    }

    /// Components per set of rows.
    pub fn mean_components(&self) -> f64 {
        self.components as f64 / self.drawn as f64
    }

    /// Samples per set of rows.
    pub fn yield_per_draw(&self) -> f64 {
        self.accepted as f64 / self.drawn as f64
    }
}

/// Stitches samples from the rows of one replay; remembers what it has made.
pub struct Generator<'a> {
    replay: &'a Replay,
    coda: &'a mut Coda,
    parts: Parts,
    /// The rows of every group of agreeing contexts, where there are several.
    groups: Vec<Vec<u32>>,
    /// Labels by a model's masks, where one is used.
    labels: Option<Vec<u8>>,
    seen: HashSet<u64, BuildHasherDefault<Same>>,
    work: Work,
}

/// Buffers, and what is being stitched.
#[derive(Default)]
struct Work {
    /// The rows of every step of the segment, source by source.
    rows: Vec<[usize; MOST_SOURCES]>,
    /// The component of every body, numbered from 0; bodies that stay have none.
    component: Vec<u8>,
    components: usize,
    /// Which source every component, and every body, and every part comes from.
    chosen: Vec<u8>,
    choice: Vec<u8>,
    owner: Vec<u8>,
    regions: Vec<f32>,
}

impl<'a> Generator<'a> {
    /// A generator of samples of a replay.
    ///
    /// # Errors
    /// Settings out of range, an empty replay, or one without what the method needs.
    pub fn new(replay: &'a Replay, coda: &'a mut Coda) -> Result<Self> {
        coda.check(replay)?;
        let layout = replay.layout();
        let mut groups: Vec<Vec<u32>> = Vec::new();
        if coda.contexts == Contexts::Agreeing {
            for row in 0..replay.len() {
                let group = replay.group_of(row) as usize;
                groups.resize_with(groups.len().max(group + 1), Vec::new);
                groups[group].push(row as u32);
            }
        }
        let labels = match &mut coda.method {
            Method::Model(model) => Some(labels_of(model.as_mut(), replay)?),
            Method::Blind => {
                let own = (0..layout.bodies()).map(|body| body as u8);
                Some((0..replay.len()).flat_map(|_| own.clone()).collect())
            }
            Method::Cut | Method::Simulation(_) | Method::Unchecked => None,
        };
        let mut seen = HashSet::default();
        if coda.unique {
            let digest = |row| (0..layout.bodies()).fold(0, |h, b| mix(h, replay.digests(row)[b]));
            seen.extend((0..replay.len()).map(digest));
        }
        let parts = Parts::new(layout);
        let work = Work {
            regions: vec![0.0; 6 * parts.body.len()],
            owner: vec![0; parts.body.len()],
            choice: vec![0; layout.bodies()],
            component: vec![0; layout.bodies()],
            ..Work::default()
        };
        Ok(Self { replay, coda, parts, groups, labels, seen, work })
    }

    /// Adds up to so many samples, or segments of several steps.
    ///
    /// Fewer where a million proposals in a row brought nothing new.
    ///
    /// # Errors
    /// Only where a mask model or a simulation fails.
    pub fn fill(&mut self, count: usize, rng: &mut Rng, out: &mut Samples) -> Result<Report> {
        let mut report = Report::default();
        let mut starts = [[0_usize; MOST_SOURCES]; AHEAD];
        let mut last = 0;
        'draw: while report.accepted < count {
            for start in &mut starts {
                self.draw(start, rng);
            }
            for start in &starts {
                if report.proposals + report.drawn - last > PATIENCE {
                    break 'draw;
                }
                report.drawn += 1;
                if !self.follow(start) {
                    report.whole += 1;
                    continue;
                }
                self.join();
                report.components += self.work.components;
                if self.work.components < 2 {
                    report.whole += 1;
                    continue;
                }
                for _ in 0..self.coda.tries {
                    let size = self.choose(rng);
                    report.proposals += 1;
                    count_in(&mut report.proposed_by_size, size);
                    if self.propose(out, &mut report)? {
                        report.accepted += 1;
                        count_in(&mut report.accepted_by_size, size);
                        last = report.proposals + report.drawn;
                        if report.accepted == count {
                            break 'draw;
                        }
                    }
                }
            }
        }
        Ok(report)
    }

    /// Stitches one sample: every body from the row that its choice names, goals and all else from
    /// the first row. Says whether it was accepted.
    ///
    /// # Errors
    /// [`Error::Shape`] where rows and choices do not fit; [`Error::OtherWorld`] for rows that
    /// differ in what must agree, with its names.
    pub fn stitch(
        &mut self,
        rows: &[usize],
        choice: &[u8],
        out: &mut Samples,
    ) -> Result<(bool, Report)> {
        let layout = self.replay.layout();
        let fits = (1..=self.coda.sources).contains(&rows.len())
            && rows.iter().all(|row| *row < self.replay.len())
            && choice.len() == layout.bodies()
            && choice.iter().all(|source| usize::from(*source) < rows.len())
            && (0..choice.len()).all(|body| choice[body] == 0 || layout.moves(body));
        if !fits {
            return Err(Error::Shape {
                what: "stitch".to_string(),
                expected: format!(
                    "up to {} rows below {} and for each of {} bodies that moves one of them",
                    self.coda.sources,
                    self.replay.len(),
                    layout.bodies()
                ),
                found: format!("{rows:?}, {choice:?}"),
            });
        }
        if self.coda.contexts == Contexts::Agreeing {
            for row in &rows[1..] {
                if let Some(names) = self.replay.difference(rows[0], *row) {
                    let reason = format!("rows {} and {row} differ in {names}", rows[0]);
                    return Err(Error::OtherWorld { reason });
                }
            }
        }
        let mut start = [rows[0]; MOST_SOURCES];
        start[..rows.len()].copy_from_slice(rows);
        let mut report = Report { drawn: 1, proposals: 1, ..Report::default() };
        let whole = !self.follow(&start);
        self.work.choice.copy_from_slice(choice);
        for (owner, body) in self.work.owner.iter_mut().zip(&self.parts.body) {
            *owner = choice[*body];
        }
        let accepted = !whole && self.parted() && self.propose(out, &mut report)?;
        report.accepted = usize::from(accepted);
        Ok((accepted, report))
    }

    /// Whether no component of any row is torn apart by the choice.
    fn parted(&self) -> bool {
        let choice = &self.work.choice;
        self.work.rows.iter().flat_map(|rows| &rows[..self.coda.sources]).all(|&row| {
            let mut labels = self.labels(row).iter().enumerate();
            labels.all(|(body, label)| choice[body] == choice[usize::from(*label)])
        })
    }

    fn labels(&self, row: usize) -> &[u8] {
        let bodies = self.work.choice.len();
        match &self.labels {
            Some(labels) => &labels[row * bodies..(row + 1) * bodies],
            None => self.replay.labels(row),
        }
    }

    /// Draws the rows that the sources begin with.
    fn draw(&self, start: &mut [usize; MOST_SOURCES], rng: &mut Rng) {
        let rows = self.replay.len() as u64;
        start[0] = rng.below(rows) as usize;
        let group = match self.groups.len() {
            0 | 1 => None,
            _ => Some(&self.groups[self.replay.group_of(start[0]) as usize]),
        };
        for row in &mut start[1..self.coda.sources] {
            *row = match group {
                Some(group) => group[rng.below(group.len() as u64) as usize] as usize,
                None => rng.below(rows) as usize,
            };
        }
    }

    /// Follows every source for as many steps as asked for; says whether all of them go so far.
    fn follow(&mut self, start: &[usize; MOST_SOURCES]) -> bool {
        self.work.rows.clear();
        self.work.rows.push(*start);
        for step in 1..self.coda.steps {
            let mut rows = self.work.rows[step - 1];
            for row in &mut rows[..self.coda.sources] {
                let Some(next) = self.replay.following(*row) else { return false };
                *row = next;
            }
            self.work.rows.push(rows);
        }
        true
    }

    /// The components of the union of all masks; bodies that may not be exchanged are in none.
    fn join(&mut self) {
        let bodies = self.work.choice.len();
        let mut root = [0_u8; 128];
        for (body, root) in root[..bodies].iter_mut().enumerate() {
            *root = body as u8;
        }
        let sources = self.coda.sources;
        for rows in &self.work.rows {
            for &row in &rows[..sources] {
                for (body, &label) in self.labels(row).iter().enumerate() {
                    let (a, b) = (find(&root, body), find(&root, usize::from(label)));
                    // The least body is the root.
                    root[a.max(b)] = a.min(b) as u8;
                }
            }
        }
        let layout = self.replay.layout();
        let work = &mut self.work;
        work.components = 0;
        let stays = |body: usize| self.coda.exchanged >> body & 1 == 0 || !layout.moves(body);
        // A component with a body that stays, stays.
        let mut fixed = [false; 128];
        for body in (0..bodies).filter(|body| stays(*body)) {
            fixed[find(&root, body)] = true;
        }
        for body in 0..bodies {
            let of = find(&root, body);
            work.component[body] = if fixed[of] {
                u8::MAX
            } else if of == body {
                work.components += 1;
                work.components as u8 - 1
            } else {
                work.component[of]
            };
        }
        // What stays is a part of its own, so that a single other component can be exchanged.
        work.components += usize::from(fixed.contains(&true));
    }

    /// Chooses a source for every component, not the same for all; says how many are not of the
    /// first row.
    fn choose(&mut self, rng: &mut Rng) -> usize {
        let work = &mut self.work;
        let stays = work.component.contains(&u8::MAX);
        let free = work.components - usize::from(stays);
        work.chosen.clear();
        loop {
            work.chosen.clear();
            let mut bits = 0;
            for component in 0..free {
                let source = match self.coda.sources {
                    2 => {
                        bits = if component % 64 == 0 { rng.bits() } else { bits >> 1 };
                        (bits & 1) as u8
                    }
                    sources => rng.below(sources as u64) as u8,
                };
                work.chosen.push(source);
            }
            let first = if stays { 0 } else { work.chosen[0] };
            if work.chosen.iter().any(|source| *source != first) {
                break;
            }
        }
        for (choice, component) in work.choice.iter_mut().zip(&work.component) {
            *choice = work.chosen.get(usize::from(*component)).copied().unwrap_or(0);
        }
        for (owner, body) in work.owner.iter_mut().zip(&self.parts.body) {
            *owner = work.choice[*body];
        }
        work.chosen.iter().filter(|source| **source != 0).count()
    }

    /// Stitches what was chosen and tests it; says whether it became a sample.
    fn propose(&mut self, out: &mut Samples, report: &mut Report) -> Result<bool> {
        let work = &mut self.work;
        if matches!(self.coda.method, Method::Cut) {
            for rows in &work.rows {
                let rows = &rows[..self.coda.sources];
                self.parts.gather(self.replay, rows, &work.owner, &mut work.regions);
                if self.parts.cross(&work.regions, &work.owner) {
                    report.refused += 1;
                    return Ok(false);
                }
            }
        }
        if self.coda.unique {
            let digests = |rows: &[usize; MOST_SOURCES], h: u64| {
                let source = work.choice.iter().enumerate();
                source.fold(h, |h, (body, source)| {
                    mix(h, self.replay.digests(rows[usize::from(*source)])[body])
                })
            };
            if !self.seen.insert(work.rows.iter().fold(0, |h, rows| digests(rows, h))) {
                report.duplicates += 1;
                return Ok(false);
            }
        }
        let first = out.len();
        for rows in &work.rows {
            out.push(self.replay, rows, &work.choice);
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

    /// Whether the samples from a place on pass a test that needs them written out.
    fn stands(&mut self, first: usize, out: &mut Samples) -> Result<bool> {
        let choice = &self.work.choice;
        for sample in first..out.len() {
            let mask = match &mut self.coda.method {
                Method::Simulation(oracle) => {
                    let t = out.transition(sample, self.replay);
                    let truth = oracle.step(&t.before, &t.action)?;
                    out.correct(sample, &truth);
                    truth.mask
                }
                Method::Model(model) => {
                    let t = out.transition(sample, self.replay);
                    model.mask(&t.before, &t.action)?
                }
                Method::Cut | Method::Unchecked | Method::Blind => return Ok(true),
            };
            if crosses(&mask, self.replay.layout().scene(), choice) {
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

fn find(root: &[u8; 128], mut body: usize) -> usize {
    while usize::from(root[body]) != body {
        body = usize::from(root[body]);
    }
    body
}

fn count_in(counts: &mut Vec<usize>, size: usize) {
    counts.resize(counts.len().max(size + 1), 0);
    counts[size] += 1;
}

/// Mixes a number into a hash (the finaliser of MurmurHash3).
fn mix(hash: u64, value: u64) -> u64 {
    let mut h = hash.rotate_left(23) ^ value;
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

/// The hasher of numbers that are hashes already.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| mix(hash, u64::from(*byte)));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
