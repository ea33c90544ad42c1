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

fn norm(a: Triple, b: Triple) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

fn largest(a: Nine, b: Nine) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The distance between an outcome and the recorded one: joint velocity (rad/s, the worst of the
/// nine joints), block position (mm), block velocity (m/s), block rotation (degrees).
fn errors(found: &Moment, recorded: &Moment) -> [f64; 4] {
    let turn = math::rotation(math::normalized(found.block_orientation).unwrap())
        .angle_to(&math::rotation(math::normalized(recorded.block_orientation).unwrap()));
    [
        largest(found.joint_velocities, recorded.joint_velocities),
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

/// Medians of the errors over these rows; `None` leaves the state as it was.
fn medians(rows: &[Row], physics: Option<Physics>) -> [f64; 4] {
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
    columns.map(median)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { 0.5 * (values[middle - 1] + values[middle]) }
}

/// The rows with a fingertip near the block, of these families.
fn contact(rows: &[Row], families: &[&str]) -> Vec<Row> {
    let keep = |row: &&Row| row.kind == "contact" && families.contains(&row.family.as_str());
    rows.iter().filter(keep).cloned().collect()
}

/// Whether the reference's fingers felt the block: without it their velocities come out different
/// by more than 0.05 rad/s.
fn felt(row: &Row, world: &mut World) -> bool {
    let mut away = row.clone();
    away.state.block_position[2] += 5.0;
    let without = predicted(&away, world);
    largest(without.joint_velocities, row.next.joint_velocities) > 0.05
}

/// One line of the table in `docs/physics.md`.
fn line(name: &str, medians: [f64; 4]) -> String {
    let [joints, position, velocity, rotation] = medians;
    format!("| {name} | {joints:.3} | {position:.3} | {velocity:.4} | {rotation:.3} |")
}

const UNCHANGED: &str = "state left unchanged";
const ACCURATE: &str = "`accurate`";
const REFERENCE: &str = "`reference`";

/// The three lines of the table for these rows; also their medians.
fn table(rows: &[Row]) -> [(String, [f64; 4]); 3] {
    [
        (UNCHANGED, None),
        (ACCURATE, Some(Preset::Accurate.physics())),
        (REFERENCE, Some(Preset::Reference.physics())),
    ]
    .map(|(name, physics)| {
        let medians = medians(rows, physics);
        (line(name, medians), medians)
    })
}

/// All contact rows of pushing and picking, and those of them where the fingers felt the block.
fn pushing_and_picking() -> [Vec<Row>; 2] {
    let all = contact(&rows(), &["pushing", "picking"]);
    let mut world = World::new(Preset::Reference.physics(), 3).unwrap();
    let touching = all.iter().filter(|row| felt(row, &mut world)).cloned().collect();
    [all, touching]
}

#[test]
fn one_step_with_the_reference_preset_is_within_its_bars() {
    let rows = pushing_and_picking();
    assert_eq!(rows.each_ref().map(Vec::len), [720, 393]);
    for rows in rows {
        let [unchanged, accurate, reference] = table(&rows).map(|(line, medians)| {
            println!("{line}");
            medians
        });
        let bars = [0.09, 0.15, 0.02, 0.4];
        for i in 0..4 {
            assert!(reference[i] < bars[i], "{reference:?} against {bars:?}");
            assert!(accurate[i] < unchanged[i], "{accurate:?} against {unchanged:?}");
        }
    }
}

#[test]
fn untouched_fingers_and_blocks_go_where_the_reference_took_them() {
    let mut rows = rows();
    rows.retain(|row| row.kind == "free");
    assert_eq!(rows.len(), 16);
    let mut world = World::new(Preset::Reference.physics(), 3).unwrap();
    for row in rows {
        let found = predicted(&row, &mut world);
        let [joints, position, ..] = errors(&found, &row.next);
        // The block rests: it may sink or rise by what the reference's contact caches hold.
        assert!(joints < 1e-4 && position < 0.02, "{}: {joints} {position}", row.family);
    }
}

#[test]
fn the_table_of_single_steps_in_the_documentation_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/physics.md");
    let text = std::fs::read_to_string(path).unwrap();
    let [all, touching] = pushing_and_picking();
    for rows in [all, touching, contact(&rows(), &["pick_and_place"])] {
        for (line, _) in table(&rows) {
            assert!(text.contains(&line), "docs/physics.md should have the line\n{line}");
        }
    }
}
