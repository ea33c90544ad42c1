//! Sampled goals: inside their space, within reach, standing where they are to stand; and the
//! streams that they and all other draws come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use trifactor::intervention::{Intervention, apply};
use trifactor::math::{self, Triple};
use trifactor::robot::{Command, FINGERS, RAISED, RobotState, kinematics};
use trifactor::space::BoxSpace;
use trifactor::task::{Family, registry};
use trifactor::variable::{self, Subspace};
use trifactor::world::{BlockState, GoalState, Physics, Scene, State, World};
use trifactor::{Config, Env};

use crate::scenes::{in_parallel, long_form};

const SEED: u64 = 41;
const SUBSPACES: [Subspace; 3] = [Subspace::A, Subspace::B, Subspace::Both];
/// The families that list their blocks and goals; `structures.rs` has those that build them.
const LISTED: [&str; 5] = ["reaching", "pushing", "picking", "pick_and_place", "stacking2"];

fn world() -> World {
    World::new(Physics::default(), 10).unwrap()
}

/// A state with goals sampled and applied, and the space that they were drawn from.
fn sampled(family: &Family, world: &mut World, subspace: Subspace, episode: u64) -> State {
    let mut state = State { seed: SEED, episode, ..family.initial_state() };
    let goals = family.sample_goal(&state, subspace).unwrap();
    assert!(!goals.is_empty());
    let told = || format!("{} {subspace:?} {episode}: {goals:?}", family.name());
    apply(world, family.rules(), &mut state, &goals, Some(subspace))
        .unwrap_or_else(|refusal| panic!("{}: {refusal}", told()));
    for (path, value) in &goals.values {
        let read = variable::read(&state, family.rules(), path).unwrap();
        // States are cartesian: other coordinates round on the way there and back.
        let near = read.iter().zip(value).all(|(read, value)| (read - value).abs() < 1e-12);
        assert!(near, "{}: {path} is {read:?}", told());
        // What the sides of pick and place say follows from the tool, which moved with the goal.
        let space = variable::space(&state, family.rules(), path, subspace).unwrap().unwrap();
        assert!(space.contains(value), "{}: {path} outside {space:?}", told());
    }
    state
}

/// Whether that finger's tip can be brought to a place.
fn reaches(state: &State, finger: usize, place: Triple) -> bool {
    let near = std::array::from_fn(|i| state.robot.joint_positions[3 * finger + i]);
    kinematics::inverse(finger, place, state.robot.height, near).reached
}

/// Which fingers can touch the middle of a side of a block that stands in the goal: along x and
/// y of the block, the lower side and the upper one.
fn touching(state: &State, goal: &GoalState) -> [[Vec<usize>; 2]; 2] {
    let turn = math::rotation(goal.orientation);
    [0, 1].map(|axis| {
        [-1.0, 1.0].map(|sign| {
            let mut offset = [0.0; 3];
            offset[axis] = sign * 0.5 * goal.size[axis];
            let place = math::triple(math::vector(goal.position) + turn * math::vector(offset));
            (0..FINGERS).filter(|&f| reaches(state, f, place)).collect()
        })
    })
}

/// Whether two fingers can touch opposite sides of a block in the goal.
fn can_be_held(state: &State, goal: &GoalState) -> bool {
    touching(state, goal)
        .iter()
        .any(|[here, there]| here.iter().any(|f| there.iter().any(|g| f != g)))
}

/// Whether some finger can touch a side of a block in the goal: bring it there, or put it right.
fn can_be_touched(state: &State, goal: &GoalState) -> bool {
    touching(state, goal).iter().flatten().any(|fingers| !fingers.is_empty())
}

#[test]
fn a_thousand_sampled_goals_of_a_family_lie_in_their_space_and_within_reach() {
    println!("seed {SEED}");
    for name in LISTED {
        let family = Family::named(name).unwrap();
        let mut world = world();
        for episode in 0..1002 {
            let state = sampled(&family, &mut world, SUBSPACES[episode % 3], episode as u64);
            for (finger, goal) in state.goals.iter().enumerate() {
                let told = || format!("{name} {episode}: {goal:?}");
                match name {
                    "reaching" => assert!(reaches(&state, finger, goal.position), "{}", told()),
                    "picking" => assert!(can_be_held(&state, goal), "{}", told()),
                    _ => assert!(can_be_touched(&state, goal), "{}", told()),
                }
                // What does not hang in the air stands on the floor or on the goal below it.
                let level = (2.0 * goal.position[2] / goal.size[2] - 1.0) / 2.0;
                match name {
                    "pushing" | "pick_and_place" => assert!(level.abs() < 1e-12, "{}", told()),
                    "stacking2" => assert!((level - finger as f64).abs() < 1e-12, "{}", told()),
                    _ => {}
                }
            }
        }
    }
}

/// How far a block drifts in five seconds when blocks are built at the goals' poses, m.
fn drift(state: &State) -> f64 {
    let block = |goal: &GoalState| BlockState {
        size: goal.size,
        position: goal.position,
        orientation: goal.orientation,
        ..BlockState::default()
    };
    let blocks: Vec<_> = state.goals.iter().map(block).collect();
    let scene = (0..blocks.len()).fold(Scene::new(), |s, i| s.movable(&format!("block_{i}")));
    let robot = RobotState { height: 50.0, ..RobotState::resting(RAISED) };
    let mut world = World::new(Physics::default(), 50).unwrap();
    let start = State { blocks, ..State::new(Arc::new(scene), robot) };
    let (mut now, mut next) = (start.clone(), start.clone());
    for _ in 0..(5.0 / world.dt()).round() as u64 {
        world.step(&now, &Command::JointPositions(RAISED), &mut next);
        std::mem::swap(&mut now, &mut next);
    }
    let moved = |(a, b): (&BlockState, &BlockState)| {
        (math::vector(a.position) - math::vector(b.position)).norm()
    };
    start.blocks.iter().zip(&now.blocks).map(moved).fold(0.0, f64::max)
}

#[test]
fn a_block_built_at_a_goal_on_the_floor_or_a_stack_stands_five_seconds() {
    let count = if long_form("blocks built at their goals") { 1002 } else { 30 };
    println!("seed {SEED}, {count} goals of each family");
    for name in ["pushing", "pick_and_place", "stacking2"] {
        let family = Family::named(name).unwrap();
        in_parallel(count, |i| {
            let state = sampled(&family, &mut world(), SUBSPACES[i % 3], i as u64);
            let drift = drift(&state);
            assert!(drift < 0.001, "{name}, episode {i}: a block moved {drift} m");
        });
    }
}

/// What a variable would be drawn as in a state, and from where.
type Draws = BTreeMap<String, (Vec<f64>, BoxSpace)>;

fn draws(family: &Family, state: &State, subspace: Subspace) -> Draws {
    let spaces = family.spaces(state, subspace).into_iter();
    let drawn = |(path, space): (String, BoxSpace)| {
        let value = variable::draw(state, family.rules(), &path, subspace).unwrap()?;
        Some((path, (value, space)))
    };
    spaces.filter_map(drawn).collect()
}

#[test]
fn turning_one_randomisation_on_moves_no_other_draw() {
    println!("seed {SEED}");
    for name in registry::names() {
        let family = Family::named(name).unwrap();
        let mut world = world();
        let start = State { seed: SEED, episode: 2, ..family.initial_state() };
        let before = draws(&family, &start, Subspace::A);
        let goals = family.sample_goal(&start, Subspace::A).unwrap();
        let (mut turned_on, mut compared) = (0, 0);
        for (path, (value, _)) in &before {
            // Structures that are built anew have other variables, not other draws.
            if path.starts_with("task/") && path != "task/blocks_mass" {
                continue;
            }
            let mut state = start.clone();
            let one = Intervention::new().with(path, value);
            if apply(&mut world, family.rules(), &mut state, &one, Some(Subspace::A)).is_err() {
                continue;
            }
            turned_on += 1;
            for (other, (drawn, space)) in draws(&family, &state, Subspace::A) {
                let (was, from) = &before[&other];
                // A range that follows from what was set moves its draws along with it.
                if space == *from {
                    compared += 1;
                    assert_eq!(&drawn, was, "{name}: {path} moved the draw of {other}");
                }
            }
            // Whether the arena holds a goal, and whether a finger reaches it, follows from these.
            let shapes = ["size", "position", "orientation", "height"];
            if !shapes.iter().any(|shape| path.contains(shape)) {
                let now = family.sample_goal(&state, Subspace::A).unwrap();
                assert_eq!(now, goals, "{name}: {path} moved the goal");
            }
        }
        assert!(turned_on > before.len() / 3, "{name}: {turned_on} of {} turned on", before.len());
        assert!(compared > turned_on * before.len() / 2, "{name}: {compared} draws compared");
    }
}

/// Some episodes with a random intervention, a new goal and a few steps each: their states.
fn episodes(env: &mut Env, seed: u64) -> Vec<String> {
    let mut states = Vec::new();
    for episode in 0..3 {
        env.reset((episode == 0).then_some(seed));
        let wanted = env.sample_intervention(0).unwrap();
        let accepted = env.do_intervention(&wanted, true).is_ok();
        let goal = env.sample_new_goal().unwrap();
        let goal_accepted = env.do_intervention(&goal, true).is_ok();
        for step in 0..2 {
            env.step(&[0.1 * f64::from(step); 9]).unwrap();
        }
        states.push(format!("{accepted} {goal_accepted} {}", env.state().to_json().unwrap()));
    }
    states
}

#[test]
fn the_same_seed_gives_the_same_episodes_in_every_family_after_any_history() {
    for name in registry::names() {
        let make = || Env::new(Config { skip_frame: 2, ..Config::new(name) }).unwrap();
        let mut env = make();
        let first = episodes(&mut env, 1);
        let other = episodes(&mut env, 2);
        assert_ne!(first, other, "{name}");
        assert!(first.windows(2).all(|pair| pair[0] != pair[1]), "{name}: episodes differ");
        assert_eq!(episodes(&mut env, 1), first, "{name}");
        assert_eq!(episodes(&mut make(), 2), other, "{name}");
    }
}
