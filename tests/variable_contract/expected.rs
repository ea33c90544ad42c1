//! What a state must say once a variable was written to it.

use trifactor::math::{self, from_cylindrical, from_rotation_vector};
use trifactor::variable::{self, Coupling, half_extents};
use trifactor::world::{BlockKind, BlockState};
use trifactor::{Env, State};

/// How far a body may be from where it was put after the tick that follows, m: an overlap of
/// 2 mm is accepted and may be undone at once.
const NEAR: f64 = 0.003;

/// The attribute that stores a pose given in other coordinates, and what is stored there.
pub(super) fn stored<'a>(attribute: &'a str, v: &[f64]) -> (&'a str, Vec<f64>) {
    match attribute {
        "cylindrical_position" => {
            ("cartesian_position", from_cylindrical([v[0], v[1], v[2]]).to_vec())
        }
        "euler_orientation" => ("orientation", from_rotation_vector([v[0], v[1], v[2]]).to_vec()),
        _ => (attribute, v.to_vec()),
    }
}

/// Asserts that a state says what was written to it, in every coordinate, and what follows.
pub(super) fn read_back(env: &Env, path: &str, value: &[f64]) {
    let (state, rules) = (env.state(), env.family().rules());
    let (entity, attribute) = variable::split(path).unwrap();
    let read = |path: &str| variable::read(state, rules, path).unwrap();
    let (name, wanted) = stored(attribute, value);
    let found = read(&format!("{entity}/{name}"));
    let same = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits());
    assert!(same(&found, &wanted), "{path} = {value:?} reads back as {found:?}");
    // The same in the coordinates it was given in, to rounding; at ±π either sign is the angle.
    let again = stored(attribute, &read(path)).1;
    let sign = if name == "orientation" && again.iter().zip(&wanted).any(|(x, y)| x * y < -1e-9) {
        -1.0
    } else {
        1.0
    };
    let close = again.iter().zip(&wanted).all(|(x, y)| (sign * x - y).abs() < 1e-12);
    assert!(close, "{path} = {value:?} reads as {:?}", read(path));
    follows(env, entity, attribute, value);
}

/// Asserts what the family declares to follow from a size, or from a variable of the task.
fn follows(env: &Env, entity: &str, attribute: &str, value: &[f64]) {
    match (entity, attribute) {
        ("task", _) => follows_from_task(env, attribute, value),
        ("goal_tower", "cartesian_position" | "cylindrical_position") => {
            let [lower, upper] = [0, 1].map(|i| env.state().goals[i].position);
            assert_eq!(lower[..2], upper[..2], "the goals stand in a tower");
            assert!((upper[2] - 3.0 * lower[2]).abs() < 1e-12);
        }
        (_, "size") => follows_from_size(env, entity, value),
        _ => {}
    }
}

fn follows_from_size(env: &Env, entity: &str, value: &[f64]) {
    let state = env.state();
    let pose = |name: &str| match state.scene.block_index(name) {
        Some(i) => (state.blocks[i].size, state.blocks[i].position, state.blocks[i].orientation),
        None => {
            let goal = &state.goals[state.scene.goal_index(name).unwrap()];
            (goal.size, goal.position, goal.orientation)
        }
    };
    let named = |names: &[String]| names.iter().any(|name| name == entity);
    let mut sized = vec![entity.to_string()];
    for coupling in &env.family().rules().couplings {
        match coupling {
            Coupling::EqualSize(names) if named(names) => sized.clone_from(names),
            Coupling::OnFloor(names) => {
                for name in names.iter().filter(|name| sized.contains(name)) {
                    let (size, position, orientation) = pose(name);
                    assert_eq!(position[2], half_extents(size, orientation)[2], "{name} rests");
                }
            }
            _ => {}
        }
    }
    for name in &sized {
        assert_eq!(pose(name).0.as_slice(), value, "{name} has the one size");
    }
}

fn follows_from_task(env: &Env, attribute: &str, value: &[f64]) {
    let (state, rules) = (env.state(), env.family().rules());
    let movable = || {
        let both = state.scene.blocks.iter().zip(&state.blocks);
        both.filter(|(d, _)| d.kind == BlockKind::Movable).map(|(_, block)| block)
    };
    let obstacles = state.scene.blocks.len() - movable().count();
    match attribute {
        "blocks_mass" => assert!(movable().all(|b| b.mass == value[0])),
        "nums_objects" => assert_eq!(movable().count() as f64, value[0]),
        "tool_block_size" => assert!(movable().all(|b| b.size == [value[0]; 3])),
        "number_of_blocks_in_tower" => {
            assert_eq!(movable().count() as f64, value.iter().product::<f64>());
        }
        "blocks_min_size" => assert!(movable().all(|b| b.size[1..] == [value[0]; 2])),
        "max_level_width" => {
            // A level is no wider than that unless a single block already is.
            let least = movable().map(|b| b.size[1]).fold(0.0, f64::max);
            let widest = movable().map(|b| b.size[0]).fold(0.0, f64::max);
            assert!(widest <= value[0].max(least) + 1e-12);
        }
        "stack_levels" => {
            let height = state.goals.iter().map(|g| g.position[2] + 0.5 * g.size[2]);
            let levels = height.fold(0.0, f64::max) / state.goals[0].size[2];
            assert_eq!(levels.round(), value[0]);
        }
        "tower_dims" | "tower_center" => {
            let top = state.goals.iter().map(|g| g.position[2] + 0.5 * g.size[2]);
            let center: [f64; 2] = std::array::from_fn(|i| {
                let sum: f64 = state.goals.iter().map(|g| g.position[i]).sum();
                sum / state.goals.len() as f64
            });
            let told = |name| variable::read(state, rules, name).unwrap();
            let (dims, axis) = (told("task/tower_dims"), told("task/tower_center"));
            assert!((top.fold(0.0, f64::max) - dims[2]).abs() < 1e-12);
            assert!((0..2).all(|i| (center[i] - axis[i]).abs() < 1e-12));
        }
        "number_of_obstacles" => assert_eq!(obstacles as f64, value[0]),
        other => panic!("task/{other}: this test does not know what follows from it"),
    }
}

/// Asserts that after a tick the engine has everything where and as it was written.
pub(super) fn engine_agrees(before: &State, after: &State, dt: f64) {
    assert_eq!((&before.arena, before.task), (&after.arena, after.task));
    assert_eq!(before.appearance, after.appearance);
    assert_eq!(before.goals, after.goals);
    let (old, new) = (&before.robot, &after.robot);
    assert_eq!((old.height, old.links), (new.height, new.links));
    for (block, next) in before.blocks.iter().zip(&after.blocks) {
        let speed = |v| math::vector(v).norm();
        let moved = math::vector(block.position) - math::vector(next.position);
        let room = NEAR + dt * speed(block.linear_velocity).max(speed(next.linear_velocity));
        assert!(moved.norm() < room, "{block:?} is at {:?} after a tick", next.position);
        let same = |b: &BlockState| {
            (
                b.size,
                b.mass,
                b.friction,
                b.restitution,
                b.linear_damping,
                b.angular_damping,
                b.color,
            )
        };
        assert_eq!(same(block), same(next));
    }
    for (joint, (q, next)) in old.joint_positions.iter().zip(&new.joint_positions).enumerate() {
        let speed = old.joint_velocities[joint].abs().max(new.joint_velocities[joint].abs());
        assert!((q - next).abs() < 1e-3 + dt * speed, "joint {joint}: {q} became {next}");
    }
}
