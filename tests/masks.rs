//! Local masks, proved by intervention: what a mask says is not influenced does not change.

use trifactor::agent;
use trifactor::causal::proof::{EdgeKind, Findings, Perturbation, Settings, Taken, prove};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::robot::{Command, Nine};
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::{Config, Env, Result};

use crate::contact::Worker;
use crate::scenes::long_form;

const SEED: u64 = 31;
/// Control steps of an episode that are looked at, and those that an expert takes before.
const STEPS: usize = 125;
const RUN_IN: u64 = 400;
/// The families, each with parameters and with variables that are set at every episode's start.
const SCENES: [(&str, &str, &str); 4] = [
    ("pushing", "{}", "{}"),
    ("picking", "{}", "{}"),
    ("stacking2", "{}", "{}"),
    ("towers", "{}", r#"{"task/number_of_blocks_in_tower": [1, 1, 5]}"#),
];

fn env((family, params, start): (&str, &str, &str)) -> Env {
    let task_params = serde_json::from_str(params).unwrap();
    let config =
        Config { skip_frame: 3, task_params, normalize_actions: false, ..Config::new(family) };
    let mut env = Env::new(config).unwrap();
    env.reset(Some(0));
    let start: Intervention = serde_json::from_str(start).unwrap();
    if !start.is_empty() {
        env.set_starting_state(&start, false).unwrap();
        assert_eq!(env.state().blocks.len(), 5, "{family}");
    }
    env
}

/// An episode by number, of every six: two of a scripted expert, three of fingers sent at the blocks,
/// one of random joint targets; every fourth on a floor of ice.
fn episode(env: &mut Env, number: u64) -> Vec<Taken> {
    env.reset(Some(number));
    // A new goal of towers is another number of blocks.
    if env.family().name() != "towers" {
        let goal = env.sample_new_goal().unwrap();
        env.do_intervention(&goal, false).unwrap();
    }
    if number % 4 == 3 {
        let ice = Intervention::new().with("floor/friction", [0.05]);
        env.do_intervention(&ice, false).unwrap();
    }
    let mut rng = Rng::stream(SEED, number, "masks/actions");
    let mut expert = agent::scripted(env.family(), env.dt());
    let mut worker = Worker::new(Rng::stream(SEED, number, "masks/worker"));
    let space = env.action_space();
    let mut action: Nine = env.state().robot.target;
    // Experts need a while before they are at a block.
    for _ in 0..if number.is_multiple_of(3) { rng.below(RUN_IN) } else { 0 } {
        expert.act(env.state(), &mut action);
        env.step(&action).unwrap();
    }
    let one = |step: usize| {
        match number % 6 {
            0 | 3 => expert.act(env.state(), &mut action),
            // Steps are short: a finger needs some of them to be where it was sent.
            1 | 2 | 4 if step.is_multiple_of(4) => {
                if let Command::JointPositions(joints) = worker.command(env.state()) {
                    action = joints;
                }
            }
            5 if step.is_multiple_of(10) => {
                action = std::array::from_fn(|i| rng.uniform(space.low[i], space.high[i]));
            }
            _ => {}
        }
        let before = env.state().clone();
        env.step(&action).unwrap();
        Taken { before, action, after: env.state().clone() }
    };
    (0..STEPS).map(one).collect()
}

/// The proof of so many steps of a scene; pushes in every so many-th.
fn survey(scene: (&str, &str, &str), steps: usize, threads: usize, pushes_every: u64) -> Findings {
    let mut env = env(scene);
    let mut worlds = VecEnv::like(&env, 1, threads, Autoreset::Disabled).unwrap();
    let episodes = (0..steps.div_ceil(STEPS) as u64).flat_map(|number| episode(&mut env, number));
    let steps = episodes.take(steps).map(Ok);
    prove(&mut worlds, steps, Settings { seed: SEED, pushes_every }, &|_| ()).unwrap()
}

#[test]
fn what_a_mask_leaves_out_is_proved_to_change_nothing() {
    println!("seed {SEED}");
    let long = long_form("masks");
    let (steps, threads, pushes_every) = if long { (200_000, 1, 10) } else { (2_000, 0, 2) };
    let mut all = Findings::default();
    for scene in SCENES {
        let found = survey(scene, steps / SCENES.len(), threads, pushes_every);
        println!(
            "{}: {:.1} % of {} steps in contact, {} violations, {} edges, {} of them lost by the \
             last tick",
            scene.0,
            100.0 * found.touching_share(),
            found.steps,
            found.violations(),
            EdgeKind::ALL.map(|kind| found.edges(kind).sound).iter().sum::<u64>(),
            EdgeKind::ALL.map(|kind| found.edges(kind).lost).iter().sum::<u64>()
        );
        all.add(found);
    }
    all.tables().iter().for_each(|table| println!("{}", table.markdown()));
    assert_eq!(all.examples, Vec::<String>::new());
    assert_eq!((all.violations(), all.wrong, all.carried_wrong), (0, 0, 0));
    assert_eq!((all.not_replayed, all.copied_wrong), (0, 0));
    assert!(all.touching_share() >= 0.3, "{:.2} of the steps in contact", all.touching_share());
    // The proof would be empty without influences, and without those that the last tick's list
    // does not show; the controls without swaps that are wrong.
    let donors = all.total(Perturbation::Donor);
    assert!(all.accepted > all.steps && all.carried > all.steps, "{all:?}");
    assert!(donors.both.there_changed > all.steps / 20 && donors.missed_by_last_tick > 0);
    assert!(all.blind > all.swaps / 100, "blind swaps: {} of {}", all.blind, all.swaps);
    assert!(all.contexts_refused > 0 && all.forced_wrong > all.forced / 20, "{all:?}");
}

#[test]
fn a_mask_that_leaves_out_a_coupled_pair_would_be_found() {
    // The tight masks leave out pairs that were coupled without an impulse: donors that touch what
    // the tight mask says is not touched are counted against it, and only against it.
    let found = survey(SCENES[0], 375, 0, 1);
    let pushes = found.total(Perturbation::Push);
    let donors = found.total(Perturbation::Donor);
    assert_eq!(donors.both.absent_changed + pushes.both.absent_changed, 0);
    assert!(donors.sound.absent_changed > 0, "donors go where the step's own mask has no entry");
    assert!(pushes.tight.precision() >= pushes.sound.precision());
}

#[test]
fn a_proof_is_the_same_on_any_number_of_threads_and_finds_a_forged_step() {
    assert_eq!(survey(SCENES[2], 150, 1, 3), survey(SCENES[2], 150, 3, 3));
    let mut env = env(SCENES[0]);
    let mut steps = episode(&mut env, 1);
    steps.truncate(20);
    steps[7].after.blocks[0].position[0] += 1e-15;
    let mut worlds = VecEnv::like(&env, 1, 1, Autoreset::Disabled).unwrap();
    let found: Result<Findings> =
        prove(&mut worlds, steps.into_iter().map(Ok), Settings::default(), &|_| ());
    assert_eq!(found.unwrap().not_replayed, 1);
}
