//! Masks proved by intervention: what a mask says is not influenced does not change.
//!
//! Every node of a recorded step gets another value, everything else stays, and the step is taken
//! again: a node that ends otherwise though the masks of both runs leave it out is a violation.
//! Three kinds of other values are told apart ([`Perturbation`]); controls show that the comparison
//! would see what it looks for.

mod controls;
mod findings;
mod nodes;
mod perturb;
mod report;

use crate::causal::{ACTIONS, LocalMask, Source, Strength, touching};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::robot::Nine;
use crate::vec_env::VecEnv;
use crate::world::{Contacts, State};

pub use findings::{Confusion, EdgeKind, Findings, Tally};
use nodes::{bodies, context, is_alone, movable, same};
pub use perturb::Perturbation;
use perturb::Perturbed;
pub use report::Table;

/// How many steps are held at once; donors are drawn from among them.
const HELD: usize = 4096;
/// How often another donor is drawn where one is of another context.
const DRAWS: usize = 8;
/// How many violations are told one by one.
const TOLD: usize = 20;

/// A control step as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The state in which the action was taken.
    pub before: State,
    /// The action, as [`Env::step`] was given it.
    pub action: Nine,
    /// The state that it led to.
    pub after: State,
}

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The seed of donors and directions.
    pub seed: u64,
    /// Every how many steps pushes and infinitesimal perturbations are tried too, from the first on;
    /// donors are swapped in all.
    pub pushes_every: u64,
}

impl Default for Settings {
    /// Everything in every step.
    fn default() -> Self {
        Self { seed: 0, pushes_every: 1 }
    }
}

/// What is found out about a step before anything in it is changed.
struct Base {
    contacts: Contacts,
    sound: LocalMask,
    tight: LocalMask,
    /// Whether it came out as it was recorded.
    replayed: bool,
    /// What must agree for parts of two steps to be exchanged.
    context: u64,
}

/// Proves the masks of recorded steps by intervention, in environments like those of a batch and on
/// its threads; `progress` is told of steps that are done.
///
/// Donors are other steps of the same data, of the same scene and context. The findings are a
/// function of the steps and the settings.
///
/// # Errors
/// [`Error::Setting`] for pushes every 0 steps; those of reading the steps; [`Error::OtherWorld`]
/// for steps of another world; [`Error::TooMany`] for more bodies than a mask has room for.
pub fn prove(
    worlds: &mut VecEnv,
    steps: impl IntoIterator<Item = Result<Taken>>,
    settings: Settings,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Findings> {
    if settings.pushes_every == 0 {
        let (name, value) = ("pushes_every", "0".to_string());
        return Err(Error::Setting { name, value, reason: "must be at least 1" });
    }
    let (mut findings, mut steps) = (Findings::default(), steps.into_iter());
    let mut first = 0;
    loop {
        let held: Vec<Taken> = steps.by_ref().take(HELD).collect::<Result<_>>()?;
        if held.is_empty() {
            return Ok(findings);
        }
        let base = |i: usize, env: &mut Env| Base::of(env, &held[i]);
        let bases = worlds.in_scratch(held.len(), base)?.into_iter().collect::<Result<Vec<_>>>()?;
        let work = |i: usize, env: &mut Env| {
            let number = first + i as u64;
            let rng = Rng::stream(settings.seed, number, "causal/proof");
            let (held, bases, found) = (&held[..], &bases[..], Findings::default());
            let mut survey = Survey { env, held, bases, i, rng, found };
            survey.all(number.is_multiple_of(settings.pushes_every))?;
            progress(1);
            Ok(Box::new(survey.found))
        };
        for found in worlds.in_scratch(held.len(), work)? {
            findings.add(*found?);
        }
        findings.examples.truncate(TOLD);
        first += held.len() as u64;
    }
}

impl Base {
    fn of(env: &mut Env, t: &Taken) -> Result<Self> {
        let (next, contacts) = run(env, &t.before, &t.action)?;
        let scene = &t.before.scene;
        Ok(Self {
            sound: LocalMask::of(&contacts, scene, Strength::Sound)?,
            tight: LocalMask::of(&contacts, scene, Strength::Tight)?,
            contacts,
            replayed: next.same_bits(&t.after),
            context: context(&t.before),
        })
    }
}

/// Takes a step of a state; the next state and what was coupled.
fn run(env: &mut Env, state: &State, action: &Nine) -> Result<(State, Contacts)> {
    env.set_state(state)?;
    env.step(action)?;
    Ok((env.state().clone(), env.contacts().clone()))
}

/// What is done with one step.
struct Survey<'a> {
    env: &'a mut Env,
    held: &'a [Taken],
    bases: &'a [Base],
    i: usize,
    rng: Rng,
    found: Findings,
}

impl Survey<'_> {
    fn all(&mut self, pushes: bool) -> Result<()> {
        let (held, bases) = (self.held, self.bases);
        let (t, base) = (&held[self.i], &bases[self.i]);
        self.found.steps = 1;
        self.found.touching = u64::from(touching(&base.contacts));
        self.found.not_replayed = u64::from(!base.replayed);
        self.count_edges(base, t);
        self.copy_onto_itself()?;
        let count = bodies(&t.before);
        let goals = (!t.before.goals.is_empty()).then_some(Source::Node(count));
        let actions = (0..ACTIONS).map(Source::Action);
        for source in (0..count).map(Source::Node).chain(actions).chain(goals) {
            for kind in Perturbation::ALL {
                if pushes || kind == Perturbation::Donor {
                    self.perturb(source, kind)?;
                }
            }
        }
        self.force_across_contexts()
    }

    /// Pairs that were coupled at any time, and those of them that the last tick does not show.
    fn count_edges(&mut self, base: &Base, t: &Taken) {
        let last = self.env.config().skip_frame - 1;
        let mut ends = base.contacts.clone();
        ends.couplings.retain(|c| c.tick == last);
        let ends = LocalMask::edges(&ends);
        let moves = |node: usize| movable(&t.before, node);
        let all = LocalMask::edges(&base.contacts);
        for edge in all.iter().filter(|e| moves(e.first) && moves(e.second)) {
            let kind = EdgeKind::of(&t.before, Source::Node(edge.first), edge.second);
            let shown = ends.iter().any(|e| (e.first, e.second) == (edge.first, edge.second));
            self.found.edge(kind, shown, edge.impulse > 0.0);
        }
    }

    /// Gives a node another value, takes the step, and compares every other node with the masks.
    fn perturb(&mut self, source: Source, kind: Perturbation) -> Result<()> {
        let (held, bases) = (self.held, self.bases);
        let (t, base) = (&held[self.i], &bases[self.i]);
        let donor = match kind {
            Perturbation::Donor => match self.donor() {
                Some(donor) => Some(donor),
                None => return Ok(()),
            },
            _ => None,
        };
        let space = self.env.action_space();
        let from = donor.map(|donor| &held[donor]);
        let perturbed = Perturbed::new(t, source, kind, from, &space, &mut self.rng);
        let Some(Perturbed { state, action }) = perturbed else { return Ok(()) };
        let (next, contacts) = run(self.env, &state, &action)?;
        let scene = &t.before.scene;
        let both =
            Contacts { couplings: [&base.contacts.couplings[..], &contacts.couplings].concat() };
        let sound = LocalMask::of(&both, scene, Strength::Sound)?;
        let tight = LocalMask::of(&both, scene, Strength::Tight)?;
        let mut ends = both;
        let last = self.env.config().skip_frame - 1;
        ends.couplings.retain(|c| c.tick == last);
        let ends = LocalMask::of(&ends, scene, Strength::Sound)?;
        let mut others = false;
        for node in 0..sound.nodes() {
            if source == Source::Node(node) || !movable(&t.before, node) {
                continue;
            }
            // All goals change at once.
            if matches!(source, Source::Node(from) if from >= bodies(&t.before))
                && node >= bodies(&t.before)
            {
                continue;
            }
            let changed = !same(node, &t.after, &next);
            let edge = EdgeKind::of(&t.before, source, node);
            let says = |mask: &LocalMask| mask.influences(source, node);
            let tally = self.found.tally(kind, edge);
            tally.sound.add(says(&base.sound), changed);
            tally.tight.add(says(&base.tight), changed);
            tally.compare(says(&sound), says(&tight), says(&ends), changed);
            if changed && !says(&sound) {
                let names = LocalMask::names(scene);
                self.found.examples.push(format!(
                    "step {} of episode {} (seed {}): {source:?} changed {}",
                    t.before.step, t.before.episode, t.before.seed, names[node]
                ));
            }
            others |= changed && edge != EdgeKind::ActionOwn;
        }
        if let (Perturbation::Donor, Some(donor)) = (kind, donor) {
            self.count_swap(source, donor, &sound, &next, others);
        }
        Ok(())
    }

    /// A donor swap as a whole: does it pass the cut test, and is it right then?
    fn count_swap(
        &mut self,
        source: Source,
        donor: usize,
        mask: &LocalMask,
        next: &State,
        others: bool,
    ) {
        let (t, giver) = (&self.held[self.i], &self.held[donor]);
        self.found.swaps += 1;
        self.found.blind += u64::from(others);
        let node = match source {
            Source::Node(node) => node,
            Source::Action(finger) => finger,
        };
        if !is_alone(node, mask, &t.before) {
            return;
        }
        self.found.accepted += 1;
        self.found.wrong += u64::from(others);
        // What was put in must go on as it did where it came from.
        let whole = matches!(source, Source::Node(node) if node < bodies(&t.before));
        if whole && is_alone(node, &self.bases[donor].sound, &giver.before) {
            self.found.carried += 1;
            self.found.carried_wrong += u64::from(!same(node, &giver.after, next));
        }
    }

    /// Another step that parts may come from; those of other contexts are refused.
    fn donor(&mut self) -> Option<usize> {
        let t = &self.held[self.i];
        for _ in 0..DRAWS {
            let donor = self.rng.below(self.held.len() as u64) as usize;
            if donor == self.i || self.held[donor].before.scene != t.before.scene {
                continue;
            }
            if self.bases[donor].context == self.bases[self.i].context {
                return Some(donor);
            }
            self.found.contexts_refused += 1;
        }
        None
    }

    /// A body among those that move, at random.
    fn body(&mut self) -> usize {
        let before = &self.held[self.i].before;
        let all: Vec<usize> = (0..bodies(before)).filter(|body| movable(before, *body)).collect();
        all[self.rng.below(all.len() as u64) as usize]
    }
}
