//! do(X = x) for the value that X has changes nothing: for every variable of every family, at any
//! moment; and what is said to stay stays, whatever else is changed with it.

use trifactor::curriculum::{self, Active, Actor, Curriculum};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::robot::kinematics;
use trifactor::task::registry;
use trifactor::variable::{self, Subspace, Variable};
use trifactor::world::Preset;
use trifactor::{Config, Env, Error, State, math};

const SEED: u64 = 1402;

/// When a variable is set to what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// At the start of an episode.
    Resting,
    /// After random actions, with actions still waiting.
    Moving,
    /// Every block flies and spins.
    Thrown,
    /// Every block is stuck in a finger, deeper than an intervention could bring it.
    Stuck,
}

const MOMENTS: [Moment; 4] = [Moment::Resting, Moment::Moving, Moment::Thrown, Moment::Stuck];

/// An environment at a moment, its last step just taken.
fn at(moment: Moment, family: &str, preset: Preset) -> Env {
    let config = Config { skip_frame: 2, physics: preset.physics(), ..Config::new(family) };
    let mut env = Env::new(config).unwrap();
    env.reset(Some(SEED));
    let delayed = Intervention::new().with("robot/action_delay", [2.0]);
    if moment == Moment::Resting {
        return env;
    }
    env.do_intervention(&delayed, false).unwrap();
    let mut rng = Rng::stream(SEED, 0, family);
    for step in 0..8 {
        if step == 6 {
            env.set_state(&placed(moment, env.state(), &mut rng)).unwrap();
        }
        let action: [f64; 9] = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        env.step(&action).unwrap();
    }
    env
}

/// The state with its blocks where the moment wants them.
fn placed(moment: Moment, state: &State, rng: &mut Rng) -> State {
    let mut state = state.clone();
    let tip = kinematics::tips(&state.robot.joint_positions, state.robot.height);
    for (i, block) in state.blocks.iter_mut().enumerate() {
        let mut some = |reach: f64| [(); 3].map(|()| rng.uniform(-reach, reach));
        match moment {
            Moment::Thrown => {
                let around = some(0.05);
                block.position = [around[0], around[1], 0.2 + 0.1 * i as f64];
                block.orientation = math::from_rotation_vector(some(3.0));
                (block.linear_velocity, block.angular_velocity) = (some(2.0), some(20.0));
            }
            Moment::Stuck => block.position = [tip[0], tip[1], tip[2]],
            _ => {}
        }
    }
    state
}

fn present(env: &Env) -> Vec<(String, Vec<f64>)> {
    env.family().variables(env.state())
}

fn observed(env: &Env) -> Vec<u64> {
    let mut observation = vec![0.0_f64; env.observation_len()];
    env.observe(&mut observation).unwrap();
    observation.into_iter().map(f64::to_bits).collect()
}

/// Asserts that an intervention is accepted and changes nothing, whether or not spaces are asked.
fn nothing_happens(env: &mut Env, same: &Intervention, what: &str) {
    let (state, info, seen) = (env.state().clone(), env.info(), observed(env));
    let (contacts, stepped) = (env.contacts().clone(), env.has_stepped());
    for check_bounds in [false, true] {
        let counted = env.tracker().total().accepted;
        let done = env.do_intervention(same, check_bounds);
        assert_eq!(done, Ok(()), "{what}, check_bounds {check_bounds}");
        assert!(env.state().same_bits(&state), "{what} changed the state");
        assert_eq!(env.info(), info, "{what} changed what the last step brought");
        assert_eq!(observed(env), seen, "{what} changed the observation");
        assert_eq!((env.contacts(), env.has_stepped()), (&contacts, stepped), "{what}");
        assert_eq!(env.tracker().total().accepted, counted + 1, "{what} is tracked");
    }
}

#[test]
fn setting_variables_to_what_they_are_changes_nothing_at_any_moment() {
    println!("seed {SEED}");
    for family in registry::names() {
        for moment in MOMENTS {
            for preset in [Preset::Accurate, Preset::Reference] {
                // The rules are the same whatever the physics; one moment shows it.
                if preset == Preset::Reference && moment != Moment::Thrown {
                    continue;
                }
                let mut env = at(moment, family, preset);
                let all = present(&env);
                assert!(all.len() > 100, "{family} has only {} variables", all.len());
                for (path, value) in &all {
                    let same = Intervention::new().with(path, value);
                    nothing_happens(&mut env, &same, &format!("{family}, {moment:?}: {path}"));
                }
                let whole = all
                    .iter()
                    .fold(Intervention::new(), |whole, (path, value)| whole.with(path, value));
                nothing_happens(&mut env, &whole, &format!("{family}, {moment:?}: all of them"));
            }
        }
    }
}

#[test]
fn a_starting_state_set_to_what_it_is_stays_as_it_is() {
    for family in registry::names() {
        let mut env = at(Moment::Moving, family, Preset::Accurate);
        let turned = Intervention::new().with("floor/friction", [0.41]);
        env.set_starting_state(&turned, false).unwrap();
        let starting = env.starting_state().clone();
        let all = env.family().variables(&starting);
        let whole = all.iter().fold(Intervention::new(), |w, (path, value)| w.with(path, value));
        let each = all.iter().map(|(path, value)| Intervention::new().with(path, value));
        for same in each.chain([whole]) {
            let episode = env.state().episode;
            assert_eq!(env.set_starting_state(&same, true), Ok(()), "{family}: {same:?}");
            assert!(env.starting_state().same_bits(&starting), "{family}: {same:?}");
            assert_eq!((env.state().episode, env.state().step), (episode + 1, 0));
        }
    }
}

#[test]
fn a_block_in_flight_stays_in_flight_when_it_or_its_goal_is_given_the_size_it_has() {
    let mut env = at(Moment::Thrown, "pushing", Preset::Accurate);
    let height = env.state().blocks[0].position[2];
    assert!(height > 0.1);
    for path in ["tool_block/size", "goal_block/size"] {
        let size = variable::read(env.state(), env.family().rules(), path).unwrap();
        env.do_intervention(&Intervention::new().with(path, size), true).unwrap();
        assert_eq!(env.state().blocks[0].position[2], height);
    }
    // Another size is a change, from which follows what follows.
    env.do_intervention(&Intervention::new().with("goal_block/size", [0.06; 3]), false).unwrap();
    assert_eq!(env.state().blocks[0].size, [0.06; 3]);
    assert!(env.state().blocks[0].position[2] < height);
}

#[test]
fn a_position_said_to_stay_stays_when_the_size_changes() {
    let env = at(Moment::Thrown, "pushing", Preset::Accurate);
    let smaller = Intervention::new().with("tool_block/size", [0.06; 3]);
    for coordinates in ["cartesian_position", "cylindrical_position"] {
        let mut env = Env::new(env.config().clone()).map(|mut fresh| {
            fresh.set_state(env.state()).unwrap();
            fresh
        });
        let env = env.as_mut().unwrap();
        let before = env.state().blocks[0];
        let path = format!("tool_block/{coordinates}");
        let place = variable::read(env.state(), env.family().rules(), &path).unwrap();
        env.do_intervention(&smaller.clone().with(&path, place), false).unwrap();
        let after = env.state().blocks[0];
        assert_eq!((after.size, after.position), ([0.06; 3], before.position), "{coordinates}");
        assert_eq!(after.linear_velocity, before.linear_velocity);
    }
    // Where it would be in the floor it cannot stay, and is not moved either.
    let mut env = at(Moment::Resting, "pushing", Preset::Accurate);
    let before = env.state().clone();
    let place = before.blocks[0].position;
    let larger = Intervention::new()
        .with("tool_block/size", [0.09; 3])
        .with("tool_block/cartesian_position", place);
    let refused = env.do_intervention(&larger, false);
    assert!(matches!(refused, Err(Error::Infeasible { .. })), "{refused:?}");
    assert!(env.state().same_bits(&before));
}

/// Another value of a variable, from its ranges.
fn another(env: &Env, variable: &Variable, rng: &mut Rng) -> Option<Vec<f64>> {
    let path = variable.path(&env.state().scene);
    let drawn = (0..8).find_map(|_| {
        let mut state = env.state().clone();
        state.seed = rng.bits() >> 11;
        let drawn = variable::draw(&state, env.family().rules(), &path, Subspace::Both).unwrap()?;
        (drawn != variable.read(env.state())).then_some(drawn)
    });
    drawn.filter(|_| variable.attribute.is_writable())
}

#[test]
fn what_is_said_to_stay_stays_whatever_is_changed_beside_it() {
    println!("seed {SEED}");
    let mut rng = Rng::stream(SEED, 0, "beside");
    for family in registry::names() {
        let mut env = at(Moment::Thrown, family, Preset::Accurate);
        let start = env.state().clone();
        let variables = Variable::all(&start.scene, env.family().rules());
        let (mut applied, mut refused) = (0, 0);
        // Another structure has other variables.
        for changed in variables.iter().filter(|v| !v.path(&start.scene).starts_with("task/")) {
            let Some(value) = another(&env, changed, &mut rng) else { continue };
            let path = changed.path(&start.scene);
            let mut wanted = Intervention::new().with(&path, value);
            let pose =
                |v: &Variable| ["position", "orientation"].map(|of| v.attribute.name.ends_with(of));
            for kept in &variables {
                let same_entity = kept.entity == changed.entity;
                let is_twin =
                    same_entity && pose(kept) == pose(changed) && pose(kept) != [false; 2];
                let tower = |v: &Variable| v.path(&start.scene).starts_with("goal_tower/");
                let sized = changed.attribute.name == "size" && kept.attribute.name == "size";
                let kept_path = kept.path(&start.scene);
                if !(is_twin || sized || tower(kept) || tower(changed) || kept_path == path) {
                    wanted = wanted.with(&kept_path, kept.read(&start));
                }
            }
            env.set_state(&start).unwrap();
            match env.do_intervention(&wanted, false) {
                Ok(()) => applied += 1,
                Err(error) => {
                    assert!(error.is_refusal(), "{family}: {path}: {error}");
                    assert!(env.state().same_bits(&start), "{family}: {path}: {error}");
                    refused += 1;
                    continue;
                }
            }
            for (said, value) in wanted.values.iter().filter(|(said, _)| **said != path) {
                let found = variable::read(env.state(), env.family().rules(), said).unwrap();
                assert_eq!(&found, value, "{family}: {said} did not stay beside {path}");
            }
        }
        println!("{family}: {applied} applied, {refused} refused");
        assert!(applied > 40 && refused < applied, "{family}: {applied}, {refused}");
    }
}

/// Sets the floor's friction to what it is, and in every third step to something else.
struct Stubborn;

impl Actor for Stubborn {
    fn name(&self) -> &str {
        "stubborn"
    }

    fn act(&mut self, moment: &mut curriculum::Moment<'_>) -> trifactor::Result<Intervention> {
        let friction = moment.state().arena.floor.friction;
        let change = if moment.state().step.is_multiple_of(3) { 0.001 } else { 0.0 };
        Ok(Intervention::new().with("floor/friction", [friction + change]))
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(Self)
    }
}

#[test]
fn a_step_is_marked_as_intervened_where_an_actor_changes_something() {
    let mut env = Env::new(Config::new("pushing")).unwrap();
    let every_step = Active { every: Some(1), ..Active::ALWAYS };
    let stubborn = Curriculum::new().and(Box::new(Stubborn), every_step).unwrap();
    env.set_director(Some(Box::new(stubborn)));
    env.reset(Some(SEED));
    for step in 1..10 {
        assert_eq!(env.step(&[0.1; 9]).unwrap().intervened, step % 3 == 0, "step {step}");
    }
    // Tried all the same: at the reset and after every step.
    assert_eq!(env.tracker().total().accepted, 10);
}
