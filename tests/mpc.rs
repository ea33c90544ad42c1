//! Planning with the true model; the long form solves pushing in ten worlds.

use trifactor::agent::{self, Cem, Mpc, MpcSettings, Policy};
use trifactor::intervention::Intervention;
use trifactor::robot::Nine;
use trifactor::{Config, Env, Error};

use crate::experts::worlds::{self, Change};

fn small(threads: usize) -> MpcSettings {
    let cem = Cem { population: 12, elites: 3, iterations: 2, keep: 0.1 };
    MpcSettings { cem, knots: 2, stride: 4, threads, ..MpcSettings::default() }
}

/// What the policy does in its first control steps.
fn actions(threads: usize) -> Vec<Nine> {
    let mut env = worlds::env("pushing", 10).unwrap();
    worlds::begin(&mut env, Change::Jitter, 3).unwrap();
    let mut policy = Mpc::new(&env, small(threads)).unwrap();
    let act = |_| {
        let mut action = [0.0; 9];
        policy.act(env.state(), &mut action);
        env.step(&action).unwrap();
        action
    };
    (0..10).map(act).collect()
}

#[test]
fn plans_do_not_depend_on_the_number_of_threads() {
    assert_eq!(actions(1), actions(3));
}

#[test]
fn a_plan_moves_the_block_towards_its_goal() {
    let mut env = worlds::env("pushing", 10).unwrap();
    env.reset(Some(0));
    let goal = [0.0, -0.04, 0.0325];
    let nearer = Intervention::new().with("goal_block/cartesian_position", goal);
    env.do_intervention(&nearer, false).unwrap();
    let before = env.info().fractional_success;
    let cem = Cem { population: 32, elites: 4, iterations: 2, keep: 0.1 };
    let mut policy = Mpc::new(&env, MpcSettings { cem, ..MpcSettings::default() }).unwrap();
    let mut action = [0.0; 9];
    for _ in 0..60 {
        policy.act(env.state(), &mut action);
        env.step(&action).unwrap();
    }
    let after = env.info().fractional_success;
    println!("{before} to {after}, {} control steps tried", policy.tried());
    assert!(after > before + 0.2, "{before} to {after}");
}

#[test]
fn pushing_is_solved_by_planning_in_ten_worlds() {
    if std::env::var_os("TRIFACTOR_ALL").is_none_or(|v| v != "1") {
        println!("short form: no world; TRIFACTOR_ALL=1 takes ten");
        return;
    }
    let mut env = worlds::env("pushing", 10).unwrap();
    let mut sum = 0.0;
    for seed in 0..10 {
        worlds::begin(&mut env, Change::Jitter, seed).unwrap();
        let mut policy = Mpc::new(&env, MpcSettings::default()).unwrap();
        sum += worlds::finish(&mut env, &mut policy).unwrap();
    }
    assert!(sum / 10.0 >= 0.8, "{sum}");
}

#[test]
fn a_state_of_another_world_is_refused_by_a_plan_and_holds_the_robot() {
    let env = worlds::env("pushing", 10).unwrap();
    let mut other = Env::new(Config { skip_frame: 3, ..Config::new("pushing") }).unwrap();
    other.reset(Some(0));
    let mut policy = Mpc::new(&env, small(1)).unwrap();
    assert!(matches!(policy.plan(other.state()), Err(Error::OtherWorld { .. })));
    let mut action = [0.0; 9];
    policy.act(other.state(), &mut action);
    assert_eq!(action, other.state().robot.target);
    assert!(Mpc::new(&env, MpcSettings { knots: 0, ..small(1) }).is_err());
}

#[test]
fn a_policy_that_remembers_what_another_one_did_goes_on_the_same() {
    let mut env = worlds::env("pushing", 10).unwrap();
    worlds::begin(&mut env, Change::Jitter, 3).unwrap();
    let planner = || Box::new(Mpc::new(&env, small(1)).unwrap()) as Box<dyn Policy>;
    let scripted = || Box::new(agent::ScriptedBlocks::new(env.dt())) as Box<dyn Policy>;
    for (name, steps, mut both) in
        [("mpc", 6, [planner(), planner()]), ("scripted", 40, [scripted(), scripted()])]
    {
        let mut world = env.twin().unwrap();
        world.set_state(env.state()).unwrap();
        for step in 0..2 * steps {
            let [mut one, mut other] = [world.state().robot.target; 2];
            both[0].act(world.state(), &mut one);
            if step == steps {
                let memory = both[0].memory().unwrap();
                both[1].recall(&memory).unwrap();
                assert_eq!(both[1].memory().unwrap(), memory, "{name}");
            }
            if step > steps {
                both[1].act(world.state(), &mut other);
                assert_eq!(one, other, "{name}, step {step}");
            }
            world.step(&agent::action(world.config(), &one).unwrap()).unwrap();
        }
        assert!(matches!(both[1].recall("{}"), Err(Error::Malformed { .. })), "{name}");
    }
}
