//! Single steps of the reference, repeated by our world from the same numbers.
//!
//! Trajectories in contact cannot be compared: the reference parts from itself by more than 1 mm
//! within 65 steps after a shift of 1e-8 m. So each recorded state is set, its command held for
//! three ticks, and the outcome laid beside the recorded one. The reference keeps contact caches
//! between steps, which no state holds, so a few errors are large and medians are the measure.

use std::sync::Arc;

use serde::Deserialize;
use trifactor::State;
use trifactor::math::{self, Quat, Triple};
use trifactor::robot::{Command, Nine, REST, RobotState};
use trifactor::world::{Physics, Preset, Scene, World};

/// What a row records of a moment: joints in rad and rad/s, the block in the world frame.
#[derive(Clone, Debug, Deserialize)]
struct Moment {
    joint_positions: Nine,
    joint_velocities: Nine,
    block_position: Triple,
    block_orientation: Quat,
    block_linear_velocity: Triple,
    block_angular_velocity: Triple,
}

#[derive(Clone, Debug, Deserialize)]
struct Row {
    family: String,
    kind: String,
    block_mass: f64,
    block_size: Triple,
    ticks: u32,
    state: Moment,
    joint_targets: Nine,
    next: Moment,
}

fn rows() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/one_step.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Row {
    /// The recorded state in the family's scene: block friction 1, fingers and floor 0.5.
    fn state(&self) -> State {
        let mut scene = Scene::new();
        let obstacle = self.family == "pick_and_place";
        if obstacle {
            scene = scene.fixed("obstacle");
        }
        let scene = Arc::new(scene.movable("tool_block"));
        let mut state = State::new(scene, RobotState::resting(REST));
        if obstacle {
            state.blocks[0].size = [0.5, 0.015, 0.065];
        }
        state.robot.joint_positions = self.state.joint_positions;
        state.robot.joint_velocities = self.state.joint_velocities;
        let block = state.blocks.last_mut().unwrap();
        (block.mass, block.size) = (self.block_mass, self.block_size);
        block.position = self.state.block_position;
        block.orientation = math::normalized(self.state.block_orientation).unwrap();
        block.linear_velocity = self.state.block_linear_velocity;
        block.angular_velocity = self.state.block_angular_velocity;
        state
    }
}

fn norm<const N: usize>(a: [f64; N], b: [f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The distance between an outcome and the recorded one: joint velocity (rad/s, Euclidean over
/// the nine joints), block position (mm), block velocity (m/s), block rotation (degrees).
fn errors(found: &Moment, recorded: &Moment) -> [f64; 4] {
    let turn = math::rotation(math::normalized(found.block_orientation).unwrap())
        .angle_to(&math::rotation(math::normalized(recorded.block_orientation).unwrap()));
    [
        norm(found.joint_velocities, recorded.joint_velocities),
        1e3 * norm(found.block_position, recorded.block_position),
        norm(found.block_linear_velocity, recorded.block_linear_velocity),
        turn.to_degrees(),
    ]
}

fn predicted(row: &Row, world: &mut World) -> Moment {
    let state = row.state();
    let mut next = state.clone();
    world.step(&state, &Command::JointPositions(row.joint_targets), &mut next);
    let block = next.blocks.last().unwrap();
    Moment {
        joint_positions: next.robot.joint_positions,
        joint_velocities: next.robot.joint_velocities,
        block_position: block.position,
        block_orientation: block.orientation,
        block_linear_velocity: block.linear_velocity,
        block_angular_velocity: block.angular_velocity,
    }
}

/// Medians and root mean squares of the errors over these rows; `None` leaves the state as it was.
fn measure(rows: &[Row], physics: Option<Physics>) -> [[f64; 4]; 2] {
    let mut world = physics.map(|physics| World::new(physics, 3).unwrap());
    let mut columns: [Vec<f64>; 4] = Default::default();
    for row in rows {
        assert_eq!(row.ticks, 3);
        let found = match &mut world {
            Some(world) => predicted(row, world),
            None => row.state.clone(),
        };
        for (column, error) in columns.iter_mut().zip(errors(&found, &row.next)) {
            column.push(error);
        }
    }
    let rms = columns.each_ref().map(|c| (c.iter().map(|e| e * e).sum::<f64>() / c.len() as f64).sqrt());
    [columns.map(median), rms]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { 0.5 * (values[middle - 1] + values[middle]) }
}

fn select(rows: &[Row], kind: &str, families: &[&str]) -> Vec<Row> {
    let keep = |row: &&Row| row.kind == kind && families.contains(&row.family.as_str());
    rows.iter().filter(keep).cloned().collect()
}
