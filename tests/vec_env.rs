//! Many worlds at once: each is what it would be alone, whatever stands beside it.

use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::task::reward::Terms;
use trifactor::task::{Family, Task};
use trifactor::vec_env::{Autoreset, Branch, VecEnv};
use trifactor::{Config, Env, Error, State};

use trifactor::robot::Nine;

use crate::scenes::{in_parallel, long_form};

const FAMILIES: [&str; 9] = [
    "reaching",
    "pushing",
    "picking",
    "pick_and_place",
    "stacking2",
    "towers",
    "stacked_blocks",
    "creative_stacked_blocks",
    "general",
];

/// The first world's seed.
const SEED: u64 = 40;

const ALL_MODES: [Autoreset; 3] = [Autoreset::NextStep, Autoreset::SameStep, Autoreset::Disabled];

/// Short steps and short episodes, so that many end within a test.
fn short(family: &str) -> Config {
    Config { skip_frame: 1, max_episode_length: Some(15), ..Config::new(family) }
}

fn begun(config: Config, worlds: usize, threads: usize, autoreset: Autoreset) -> VecEnv {
    let mut worlds = VecEnv::new(config, worlds, threads, autoreset).expect("a built-in family");
    let mut observations = worlds.batch::<f64>().observations;
    worlds.reset(&worlds.seeds(SEED), None, &mut observations).expect("its own lengths");
    worlds
}

/// The action of a world at a step of the run, whatever batch it stands in.
fn action(world: usize, step: usize) -> Nine {
    let mut rng = Rng::at_step(SEED, world as u64, "action", step as u64);
    std::array::from_fn(|_| rng.uniform(-1.0, 1.0))
}

/// An intervention in some worlds at some steps; one in four is refused.
fn intervention(world: usize, step: usize) -> Intervention {
    match (step % 10, world % 4) {
        (7, 0) => Intervention::new().with("floor/friction", [1e6]),
        (7, i) => Intervention::new().with("floor/friction", [0.3 + 0.1 * i as f64]),
        _ => Intervention::new(),
    }
}

/// Everything that a step shows of a world, as bits.
#[derive(Debug, PartialEq)]
struct Shown {
    observation: Vec<u64>,
    reward: u64,
    flags: [bool; 2],
    state: State,
    accepted: bool,
    last: Option<Vec<u64>>,
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn observation(env: &Env) -> Vec<f64> {
    let mut numbers = vec![0.0; env.observation_len()];
    env.observe(&mut numbers).unwrap();
    numbers
}

/// One world's run without any batch, in which the caller does what the mode says.
fn alone(config: &Config, world: usize, steps: usize, mode: Autoreset) -> Vec<Shown> {
    let mut env = Env::new(config.clone()).unwrap();
    env.reset(Some(SEED + world as u64));
    let mut ended = false;
    let one = |step| {
        let wanted = intervention(world, step);
        let accepted = wanted.is_empty() || env.do_intervention(&wanted, true).is_ok();
        if ended && mode == Autoreset::Disabled {
            env.reset(None);
            ended = false;
        }
        let (mut reward, mut flags, mut last) = (0.0, [false, false], None);
        if ended && mode == Autoreset::NextStep {
            env.reset(None);
            ended = false;
        } else {
            let taken = env.step(&action(world, step)).unwrap();
            (reward, flags) = (taken.reward, [taken.terminated, taken.truncated]);
            ended = taken.terminated || taken.truncated;
        }
        if ended && mode == Autoreset::SameStep {
            last = Some(bits(&observation(&env)));
            env.reset(None);
            ended = false;
        }
        let (observation, state) = (bits(&observation(&env)), env.state().clone());
        Shown { observation, reward: reward.to_bits(), flags, state, accepted, last }
    };
    (0..steps).map(one).collect()
}

/// The runs of some worlds of a batch: for each step what each of them showed.
fn together(mut worlds: VecEnv, picked: &[usize], steps: usize) -> Vec<Vec<Shown>> {
    let (count, length) = (worlds.len(), worlds.observation_len());
    let mut batch = worlds.batch::<f64>();
    let mut shown: Vec<Vec<Shown>> = picked.iter().map(|_| Vec::new()).collect();
    for step in 0..steps {
        let wanted: Vec<_> = (0..count).map(|world| intervention(world, step)).collect();
        let outcomes = worlds.intervene(&wanted, true).unwrap();
        if worlds.autoreset() == Autoreset::Disabled {
            let over = |world: usize| batch.terminated[world] || batch.truncated[world];
            let mask: Vec<bool> = (0..count).map(over).collect();
            worlds.reset(&vec![None; count], Some(&mask), &mut batch.observations).unwrap();
        }
        let actions: Vec<f64> = (0..count).flat_map(|world| action(world, step)).collect();
        worlds.step(&actions, batch.rows()).unwrap();
        for (shown, &world) in shown.iter_mut().zip(picked) {
            shown.push(Shown {
                observation: bits(&batch.observations[world * length..][..length]),
                reward: batch.rewards[world].to_bits(),
                flags: [batch.terminated[world], batch.truncated[world]],
                state: worlds.world(world).unwrap().state().clone(),
                accepted: outcomes[world].is_ok(),
                last: worlds.last(world).map(|last| bits(&last.observation)),
            });
        }
    }
    shown
}

/// Compares every world of batches on these numbers of threads with the same world alone.
#[track_caller]
fn assert_like_alone(
    config: &Config,
    worlds: usize,
    threads: &[usize],
    mode: Autoreset,
    steps: usize,
) {
    let alone = in_parallel(worlds, |world| alone(config, world, steps, mode));
    let all: Vec<usize> = (0..worlds).collect();
    for &threads in threads {
        let shown = together(begun(config.clone(), worlds, threads, mode), &all, steps);
        for (world, (shown, alone)) in shown.iter().zip(&alone).enumerate() {
            for (step, (shown, alone)) in shown.iter().zip(alone).enumerate() {
                let what = format!("{} {mode:?} world {world} of {worlds}", config.family);
                assert!(shown == alone, "{what} step {step}, {threads} threads: not as alone");
            }
            assert!(shown.iter().any(|shown| shown.flags[1]), "no episode ended");
        }
    }
}

#[test]
fn every_world_of_64_is_the_same_world_alone_in_every_autoreset_mode() {
    for mode in ALL_MODES {
        assert_like_alone(&short("pushing"), 64, &[1, 2], mode, 40);
    }
}

#[test]
fn every_family_gives_the_same_bits_in_a_batch() {
    let all = long_form("worlds of a batch, every family for 200 steps");
    let (sizes, steps): (&[usize], usize) = if all { (&[1, 7, 64], 200) } else { (&[7], 20) };
    let threads: &[usize] = if all { &[1, 2] } else { &[2] };
    for family in FAMILIES {
        for &worlds in sizes {
            assert_like_alone(&short(family), worlds, threads, Autoreset::NextStep, steps);
        }
    }
}

#[test]
fn single_precision_is_the_rounded_double() {
    let mut worlds = begun(short("pushing"), 3, 1, Autoreset::NextStep);
    let (mut single, actions) = (worlds.batch::<f32>(), [0.3; 27]);
    worlds.step(&actions, single.rows()).unwrap();
    let mut double = worlds.batch::<f64>().observations;
    worlds.observe(&mut double).unwrap();
    let rounded: Vec<f32> = double.iter().map(|number| *number as f32).collect();
    assert_eq!(single.observations, rounded);
}

#[test]
fn a_mask_resets_the_worlds_it_names_and_no_other() {
    let mut worlds = begun(short("pushing"), 4, 2, Autoreset::Disabled);
    let mut batch = worlds.batch::<f64>();
    worlds.step(&[0.2; 36], batch.rows()).unwrap();
    let before = worlds.states();
    let seeds = [None, Some(9), None, None];
    worlds.reset(&seeds, Some(&[true, true, false, false]), &mut batch.observations).unwrap();
    let after = worlds.states();
    let episodes: Vec<_> = after.iter().map(|s| (s.seed, s.episode, s.step)).collect();
    assert_eq!(episodes, [(SEED, 1, 0), (9, 0, 0), (SEED + 2, 0, 1), (SEED + 3, 0, 1)]);
    assert_eq!(after[2..], before[2..]);
}

#[test]
fn worlds_that_were_given_no_seed_differ_and_repeat() {
    let states = || {
        let mut worlds = VecEnv::new(short("pushing"), 3, 1, Autoreset::NextStep).unwrap();
        let mut observations = worlds.batch::<f64>().observations;
        worlds.reset(&[None; 3], None, &mut observations).unwrap();
        worlds.states()
    };
    assert_eq!(states(), states());
    assert_eq!(states().iter().map(|state| state.seed).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_disabled_world_whose_episode_ended_waits_for_its_reset() {
    let mut worlds = begun(short("reaching"), 2, 1, Autoreset::Disabled);
    let mut batch = worlds.batch::<f64>();
    for _ in 0..15 {
        worlds.step(&[0.0; 18], batch.rows()).unwrap();
    }
    assert_eq!(batch.truncated, [true, true]);
    worlds.reset(&[None; 2], Some(&[true, false]), &mut batch.observations).unwrap();
    let before = worlds.states();
    let error = worlds.step(&[0.0; 18], batch.rows()).unwrap_err();
    assert!(matches!(error, Error::InWorld { world: 1, .. }), "{error}");
    assert_eq!(worlds.states(), before);
}

#[test]
fn a_refused_step_moves_no_world_and_names_the_one_at_fault() {
    let mut worlds = begun(short("pushing"), 3, 2, Autoreset::NextStep);
    let (before, mut batch) = (worlds.states(), worlds.batch::<f64>());
    let mut actions = [0.1; 27];
    actions[20] = f64::NAN;
    let message = worlds.step(&actions, batch.rows()).unwrap_err().to_string();
    assert!(message.contains("world 2") && message.contains("NaN"), "{message}");
    assert!(worlds.step(&actions[..18], batch.rows()).is_err());
    assert_eq!(worlds.states(), before);

    let mut fresh = VecEnv::new(short("pushing"), 3, 2, Autoreset::NextStep).unwrap();
    assert!(fresh.step(&[0.1; 27], batch.rows()).is_err());
    assert!(VecEnv::new(short("pushing"), 0, 1, Autoreset::NextStep).is_err());
}

#[test]
fn every_world_has_an_outcome_of_its_own() {
    let mut worlds = begun(short("pushing"), 4, 2, Autoreset::NextStep);
    let before = worlds.states();
    let mass = |value| Intervention::new().with("tool_block/mass", [value]);
    let unknown = Intervention::new().with("tool_block/mas", [0.05]);
    let wanted = [mass(0.05), mass(-1.0), Intervention::new(), unknown];
    let outcomes = worlds.intervene(&wanted, true).unwrap();
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert!(matches!(outcomes[1], Err(Error::Impossible { .. } | Error::OutOfSpace { .. })));
    assert!(matches!(outcomes[3], Err(Error::UnknownVariable { .. })));
    let after = worlds.states();
    assert_eq!(after[0].blocks[0].mass, 0.05);
    assert_eq!(after[1..], before[1..]);
    assert!(worlds.intervene(&wanted[..3], true).is_err());
}

#[test]
fn a_starting_state_of_one_world_is_no_other_worlds() {
    let mut worlds = begun(short("pushing"), 2, 1, Autoreset::NextStep);
    let wanted = [Intervention::new().with("tool_block/mass", [0.05]), Intervention::new()];
    assert!(worlds.set_starting_states(&wanted, true).unwrap().iter().all(Result::is_ok));
    let mut observations = worlds.batch::<f64>().observations;
    worlds.reset(&[None, None], None, &mut observations).unwrap();
    let masses: Vec<f64> = worlds.states().iter().map(|state| state.blocks[0].mass).collect();
    let family = Family::named("pushing").unwrap();
    assert_eq!(masses, [0.05, family.initial_state().blocks[0].mass]);
}

#[test]
fn a_scene_that_would_be_observed_in_another_length_is_refused() {
    let fewer = Intervention::new().with("task/number_of_blocks_in_tower", [1.0, 1.0, 2.0]);
    let wanted = [fewer, Intervention::new()];
    let config = Config { skip_frame: 1, ..Config::new("towers") };
    let mut worlds = begun(config.clone(), 2, 1, Autoreset::NextStep);
    let before = worlds.states();
    let outcomes = worlds.intervene(&wanted, false).unwrap();
    assert!(matches!(outcomes[0], Err(Error::OutOfBatch { .. })), "{outcomes:?}");
    assert_eq!(worlds.states(), before);

    let mut padded = begun(Config { max_blocks: Some(20), ..config }, 2, 1, Autoreset::NextStep);
    assert!(padded.intervene(&wanted, false).unwrap()[0].is_ok());
    let states = padded.states();
    assert_ne!(states[0].blocks.len(), states[1].blocks.len());
    let mut batch = padded.batch::<f64>();
    padded.step(&[0.1; 18], batch.rows()).unwrap();
}

#[test]
fn states_are_set_in_every_world_or_in_none() {
    let mut worlds = begun(short("pushing"), 3, 2, Autoreset::NextStep);
    let (first, mut batch) = (worlds.states(), worlds.batch::<f64>());
    worlds.step(&[0.4; 27], batch.rows()).unwrap();
    let (second, after) = (worlds.states(), batch.clone());
    let mut foreign = first.clone();
    foreign[1].world += 1;
    let error = worlds.set_states(&foreign).unwrap_err();
    assert!(matches!(error, Error::InWorld { world: 1, .. }), "{error}");
    assert_eq!(worlds.states(), second);
    worlds.set_states(&first).unwrap();
    worlds.step(&[0.4; 27], batch.rows()).unwrap();
    assert_eq!((worlds.states(), batch), (second, after));
}

/// Sequences of different lengths; the longest is longer than an episode.
fn sequences() -> Vec<Vec<f64>> {
    let of = |i: usize| (0..3 * i).flat_map(|step| action(i, step)).collect();
    (0..8).map(of).collect()
}

fn followed(state: &State, sequence: &[f64]) -> Branch {
    let mut env = Env::new(short("pushing")).unwrap();
    env.set_state(state).unwrap();
    let (mut rewards, mut states, mut flags) = (Vec::new(), Vec::new(), [false; 2]);
    for action in sequence.chunks(9) {
        let step = env.step(action).unwrap();
        rewards.push(step.reward);
        states.push(env.state().clone());
        flags = [step.terminated, step.truncated];
        if flags != [false; 2] {
            break;
        }
    }
    let info = env.info();
    Branch {
        rewards,
        terminated: flags[0],
        truncated: flags[1],
        success: info.success,
        fractional_success: info.fractional_success,
        state: env.state().clone(),
        states,
    }
}

#[test]
fn branches_are_what_the_actions_would_do_and_touch_no_world() {
    let mut worlds = begun(short("pushing"), 2, 2, Autoreset::NextStep);
    let mut batch = worlds.batch::<f64>();
    worlds.step(&[0.3; 18], batch.rows()).unwrap();
    let before = worlds.states();
    let expected: Vec<_> = sequences().iter().map(|s| followed(&before[1], s)).collect();
    assert_eq!(worlds.branch(&before[1], &sequences(), true).unwrap(), expected);
    assert!(expected.iter().any(|branch| branch.truncated && branch.rewards.len() == 14));
    assert_eq!(worlds.states(), before);

    let mut single = begun(short("pushing"), 1, 1, Autoreset::NextStep);
    let ends = single.branch(&before[1], &sequences(), false).unwrap();
    assert!(ends.iter().all(|branch| branch.states.is_empty()));
    let ends: Vec<_> = ends.into_iter().map(|branch| (branch.rewards, branch.state)).collect();
    let expected: Vec<_> = expected.into_iter().map(|b| (b.rewards, b.state)).collect();
    assert_eq!(ends, expected);
}

#[test]
fn branches_refuse_what_is_no_sequence_and_other_worlds_states() {
    let mut worlds = begun(short("pushing"), 1, 1, Autoreset::NextStep);
    let state = worlds.states().remove(0);
    let message = |result: trifactor::Result<Vec<Branch>>| result.unwrap_err().to_string();
    assert!(
        message(worlds.branch(&state, &[vec![0.0; 9], vec![0.0; 8]], false)).contains("sequence 1")
    );
    assert!(message(worlds.branch(&state, &[[f64::NAN; 9]], false)).contains("NaN"));
    let foreign = State { world: state.world + 1, ..state.clone() };
    assert!(message(worlds.branch(&foreign, &[[0.0; 9]], false)).contains("world id"));
    assert_eq!(worlds.branch(&state, &[[0.0; 9]; 0], false).unwrap(), []);
}

#[test]
fn stepping_on_one_thread_allocates_nothing() {
    for family in FAMILIES {
        let config = Config { skip_frame: 1, max_episode_length: Some(40), ..Config::new(family) };
        let mut worlds = begun(config, 2, 1, Autoreset::NextStep);
        let (mut batch, seeds) = (worlds.batch::<f32>(), worlds.seeds(SEED));
        let of = |step| (0..2).flat_map(|world| action(world, step)).collect();
        let actions: Vec<Vec<f64>> = (0..60).map(of).collect();
        // The engine's own lists have grown to what this run needs when it is run again.
        for round in ["first", "second"] {
            worlds.reset(&seeds, None, &mut batch.observations).unwrap();
            let spent = allocation_counter::measure(|| {
                actions.iter().for_each(|actions| worlds.step(actions, batch.rows()).unwrap());
            });
            let repeated = round == "second";
            assert!(!repeated || spent.count_total == 0, "{family}: {} bytes", spent.bytes_total);
        }
    }
}

#[test]
fn a_world_of_pushing_takes_less_than_two_hundred_kilobytes() {
    const WORLDS: usize = 64;
    let mut kept = None;
    let spent = allocation_counter::measure(|| {
        let mut worlds = begun(short("pushing"), WORLDS, 1, Autoreset::NextStep);
        let mut batch = worlds.batch::<f32>();
        for step in 0..20 {
            let actions: Vec<f64> = (0..WORLDS).flat_map(|world| action(world, step)).collect();
            worlds.step(&actions, batch.rows()).unwrap();
        }
        kept = Some(worlds);
    });
    let each = spent.bytes_current / WORLDS as i64;
    assert!(kept.is_some() && each < 200_000, "{each} bytes a world");
}

/// Pushing that panics in one episode.
struct Fragile(Family);

impl Task for Fragile {
    fn family(&self) -> &Family {
        &self.0
    }

    fn terms(&self, before: &State, after: &State, tips: [&Nine; 2]) -> Terms {
        assert!((after.seed, after.step) != (SEED + 1, 2), "the glass broke");
        self.0.terms(before, after, tips)
    }
}

#[test]
fn a_panic_in_one_world_is_an_error_that_names_it_and_spares_the_others() {
    let env =
        Env::with_task(short("pushing"), Box::new(Fragile(Family::named("pushing").unwrap())));
    for threads in [1, 2] {
        let mut worlds =
            VecEnv::like(env.as_ref().unwrap(), 3, threads, Autoreset::NextStep).unwrap();
        let mut batch = worlds.batch::<f64>();
        worlds.reset(&worlds.seeds(SEED), None, &mut batch.observations).unwrap();
        worlds.step(&[0.1; 27], batch.rows()).unwrap();
        let message = worlds.step(&[0.1; 27], batch.rows()).unwrap_err().to_string();
        assert!(message.contains("world 1") && message.contains("the glass broke"), "{message}");
        assert_eq!([0, 2].map(|world| worlds.world(world).unwrap().state().step), [2, 2]);

        // It waits for its reset; then all of them go on.
        let message = worlds.step(&[0.1; 27], batch.rows()).unwrap_err().to_string();
        assert!(message.contains("world 1") && message.contains("reset"), "{message}");
        let mask = [false, true, false];
        worlds.reset(&[Some(77); 3], Some(&mask), &mut batch.observations).unwrap();
        worlds.step(&[0.1; 27], batch.rows()).unwrap();
        let alone = alone_after(77);
        assert_eq!(worlds.world(1).unwrap().state().robot, alone.robot);
        assert_eq!(worlds.world(1).unwrap().state().blocks, alone.blocks);
    }
}

#[test]
fn a_panic_in_a_branch_names_the_sequence_and_later_branches_work() {
    let task = Box::new(Fragile(Family::named("pushing").unwrap()));
    let env = Env::with_task(short("pushing"), task).unwrap();
    let mut worlds = VecEnv::like(&env, 2, 2, Autoreset::NextStep).unwrap();
    let mut observations = worlds.batch::<f64>().observations;
    worlds.reset(&worlds.seeds(SEED), None, &mut observations).unwrap();
    let states = worlds.states();
    let sequences = [vec![0.1; 9], vec![0.1; 18], vec![0.1; 9]];
    let message = worlds.branch(&states[1], &sequences, false).unwrap_err().to_string();
    assert!(message.contains("sequence 1") && message.contains("the glass broke"), "{message}");
    let branches = worlds.branch(&states[1], &[[0.1; 9]; 4], false).unwrap();
    assert!(branches.iter().all(|branch| branch.rewards.len() == 1));
    assert_eq!(worlds.states(), states);
}

/// The state after one step of a seed's first episode.
fn alone_after(seed: u64) -> State {
    let mut env = Env::new(short("pushing")).unwrap();
    env.reset(Some(seed));
    env.step(&[0.1; 9]).unwrap();
    env.state().clone()
}

#[test]
fn a_thousand_worlds_are_each_the_same_world_alone() {
    let all = long_form("1024 worlds of pushing for 200 steps");
    let steps = if all { 200 } else { 16 };
    let picked: Vec<usize> = (0..32).map(|i| i * 33).collect();
    let config = short("pushing");
    let shown = together(begun(config.clone(), 1024, 2, Autoreset::NextStep), &picked, steps);
    for (shown, world) in shown.into_iter().zip(picked) {
        assert!(shown == alone(&config, world, steps, Autoreset::NextStep), "world {world}");
    }
}
