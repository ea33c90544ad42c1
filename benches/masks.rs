//! What recording masks adds to a control step: interleaved pairs, their median and its interval.
//!
//! A turn is the same stretch of an expert's episode, taken plainly, taken with every step's mask
//! and coupled pairs written into memory, and taken with the tick trajectories recorded beside. The
//! time is the thread's own. `TRIFACTOR_TURN=mask` (or `plain`, `sweeps`) takes one kind of turn
//! once, for a count of instructions: `valgrind --tool=callgrind --toggle-collect='masks::Stretch::take'`.

use std::hint::black_box;

mod busy;

use busy::busy;
use trifactor::agent;
use trifactor::causal::{ACTIONS, Edge, LocalMask, Strength};
use trifactor::robot::Nine;
use trifactor::{Config, Env, Result, State};

/// Interleaved turns of each kind.
const TURNS: usize = 61;
/// Times that a turn goes through the stretch.
const TIMES: usize = 4;
/// Families with the steps of an episode that are taken.
const STRETCHES: [(&str, std::ops::Range<usize>); 3] =
    [("pushing", 0..250), ("stacking2", 100..350), ("towers", 0..250)];

/// What is done beside a step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    Plain,
    Mask,
    Sweeps,
}

const KINDS: [(Turn, &str); 3] =
    [(Turn::Plain, "plain"), (Turn::Mask, "mask"), (Turn::Sweeps, "sweeps")];

/// A stretch of an episode: where it begins, what is done, what is written.
struct Stretch {
    env: Env,
    state: State,
    actions: Vec<Nine>,
    masks: Vec<bool>,
    pairs: Vec<Edge>,
}

impl Stretch {
    fn new(family: &str, steps: std::ops::Range<usize>) -> Result<Self> {
        let config = Config { skip_frame: 3, normalize_actions: false, ..Config::new(family) };
        let mut env = Env::new(config)?;
        env.reset(Some(0));
        let goal = env.sample_new_goal()?;
        env.do_intervention(&goal, false)?;
        let mut policy = agent::scripted(env.family(), env.dt());
        let mut action = env.state().robot.target;
        let (mut state, mut actions) = (env.state().clone(), Vec::new());
        for step in 0..steps.end {
            if step == steps.start {
                state = env.state().clone();
            }
            policy.act(env.state(), &mut action);
            if step >= steps.start {
                actions.push(action);
            }
            env.step(&action)?;
        }
        let nodes = LocalMask::names(&state.scene).len() - ACTIONS;
        let masks = vec![false; actions.len() * (nodes + ACTIONS) * nodes];
        let pairs = Vec::with_capacity(actions.len() * nodes * nodes);
        Ok(Self { env, state, actions, masks, pairs })
    }

    /// Takes the stretch; how many steps had coupled pairs.
    #[inline(never)]
    fn take(&mut self, turn: Turn) -> Result<usize> {
        let Self { env, state, actions, masks, pairs } = self;
        env.record_sweeps(turn == Turn::Sweeps);
        env.set_state(state)?;
        pairs.clear();
        let (entries, mut coupled) = (masks.len() / actions.len(), 0);
        for (action, row) in actions.iter().zip(masks.chunks_exact_mut(entries)) {
            black_box(env.step(action)?);
            if turn != Turn::Plain {
                let contacts = env.contacts();
                LocalMask::of(contacts, &env.state().scene, Strength::Sound)?.write(row)?;
                let before = pairs.len();
                pairs.extend(LocalMask::edges(contacts));
                coupled += usize::from(pairs.len() > before);
            }
        }
        black_box(&pairs);
        Ok(coupled)
    }

    /// Seconds of the thread's own work for a turn.
    fn seconds(&mut self, turn: Turn) -> Result<f64> {
        let start = busy();
        for _ in 0..TIMES {
            self.take(turn)?;
        }
        Ok(busy() - start)
    }
}

/// The median of sorted numbers and its interval of 95 %, from the order of the numbers alone.
fn median(sorted: &[f64]) -> (f64, [f64; 2]) {
    let count = sorted.len() as f64;
    let half = 0.98 * count.sqrt();
    let low = (0.5 * count - half).floor().max(0.0) as usize;
    let high = ((0.5 * count + half).ceil() as usize).min(sorted.len() - 1);
    (sorted[sorted.len() / 2], [sorted[low], sorted[high]])
}

fn main() -> Result<()> {
    let alone = std::env::var("TRIFACTOR_TURN").ok();
    for (family, steps) in STRETCHES {
        let mut stretch = Stretch::new(family, steps)?;
        if let Some(name) = &alone {
            let kind = KINDS.iter().find(|(_, known)| known == name);
            let (turn, _) = kind.expect("TRIFACTOR_TURN is plain, mask or sweeps");
            stretch.take(*turn)?;
            continue;
        }
        let coupled = stretch.take(Turn::Mask)?;
        let count = stretch.actions.len();
        let mut ratios = [Vec::new(), Vec::new()];
        let mut plain = Vec::new();
        for round in 0..=TURNS {
            let mut seconds = [0.0; 3];
            // The order turns with the rounds, so that no kind is always first.
            for place in 0..3 {
                let kind = (round + place) % 3;
                seconds[kind] = stretch.seconds(KINDS[kind].0)?;
            }
            // The first round fetches the memory.
            if round > 0 {
                plain.push(1e6 * seconds[0] / (TIMES * count) as f64);
                for (ratios, own) in ratios.iter_mut().zip(&seconds[1..]) {
                    ratios.push(own / seconds[0]);
                }
            }
        }
        plain.sort_by(f64::total_cmp);
        println!(
            "{family}: {:.1} us a step, {coupled} of {count} steps with coupled pairs",
            median(&plain).0
        );
        for (ratios, (_, name)) in ratios.iter_mut().zip(&KINDS[1..]) {
            ratios.sort_by(f64::total_cmp);
            let (middle, [low, high]) = median(ratios);
            println!(
                "  {name}: {middle:.4} times a plain step, 95 % interval [{low:.4}, {high:.4}], \
                 {TURNS} pairs"
            );
        }
    }
    Ok(())
}
