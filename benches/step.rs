//! Benchmarks of what an environment does all day: tick, control step, reset, interventions.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use trifactor::agent::{Policy, ScriptedPush};
use trifactor::intervention::Intervention;
use trifactor::robot::{Command, Nine};
use trifactor::world::{Physics, World};
use trifactor::{Config, Env, State};

/// When the scripted policy holds the block and carries it, s after the start.
const CARRYING: f64 = 2.5;

fn pushing(skip_frame: u32) -> Env {
    let config = Config { skip_frame, normalize_actions: false, ..Config::new("pushing") };
    let mut env = Env::new(config).expect("a built-in family");
    env.reset(Some(0));
    env
}

/// The environment in a state where two fingers hold the block, and the action there.
fn carrying(skip_frame: u32) -> (Env, Nine) {
    let mut env = pushing(skip_frame);
    let mut policy = ScriptedPush::new(env.dt());
    let mut action = env.state().robot.target;
    let steps = (CARRYING / env.dt()) as usize;
    for _ in 0..steps {
        policy.act(env.state(), &mut action);
        env.step(&action).expect("nine finite numbers");
    }
    assert!(env.contacts().finger_on_block(), "the fingers shall hold the block by now");
    (env, action)
}

fn ticks(criterion: &mut Criterion) {
    let (env, action) = carrying(1);
    let command = Command::JointPositions(action);
    let mut world = World::new(Physics::default(), 1).expect("the preset");
    let mut next = env.state().clone();
    criterion.bench_function("tick/contact", |bench| {
        bench.iter(|| world.step(black_box(env.state()), &command, &mut next));
    });
}

/// Takes one step from the same state each time, observation and reward included.
fn step(criterion: &mut Criterion, name: &str, mut env: Env, action: &Nine) {
    let state = env.state().clone();
    let mut observation = vec![0.0; env.observation_len()];
    criterion.bench_function(name, |bench| {
        bench.iter(|| {
            env.set_state(&state).expect("its own state");
            black_box(env.step(action)).expect("nine finite numbers");
            env.observe(&mut observation).expect("its own length");
        });
    });
}

fn control_steps(criterion: &mut Criterion) {
    for skip_frame in [3, 10] {
        let (env, action) = carrying(skip_frame);
        step(criterion, &format!("control_step/contact/{skip_frame}"), env, &action);
        let env = pushing(skip_frame);
        let rest = env.state().robot.target;
        step(criterion, &format!("control_step/free/{skip_frame}"), env, &rest);
    }
}

fn resets(criterion: &mut Criterion) {
    let mut env = pushing(3);
    criterion.bench_function("reset", |bench| bench.iter(|| env.reset(black_box(Some(1)))));
    let (mut env, _) = carrying(3);
    let state: State = env.state().clone();
    criterion.bench_function("set_state", |bench| {
        bench.iter(|| env.set_state(black_box(&state)).expect("its own state"));
    });
}

fn interventions(criterion: &mut Criterion) {
    let cases = [
        ("mass", [vec![0.03], vec![0.06]]),
        ("size", [vec![0.06, 0.06, 0.06], vec![0.07, 0.07, 0.07]]),
    ];
    for (attribute, values) in cases {
        let mut env = pushing(3);
        let path = format!("tool_block/{attribute}");
        let both = values.map(|value| Intervention::new().with(&path, value));
        let mut turns = both.iter().cycle();
        criterion.bench_function(&format!("intervention/{attribute}"), |bench| {
            bench.iter(|| {
                let Some(wanted) = turns.next() else { return };
                env.do_intervention(black_box(wanted), true).expect("inside its range");
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = ticks, control_steps, resets, interventions
}
criterion_main!(benches);
