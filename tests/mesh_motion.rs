//! Meshes as bodies: how they move, in both engines.

use std::sync::Arc;

use trifactor::math::{rotation, vector};
use trifactor::robot::{Command, RAISED, RobotState};
use trifactor::world::{BlockState, Mesh, Preset, Scene, State, World};

use crate::mesh_blocks::slab;

/// A cube as a mesh.
fn cube() -> Mesh {
    Mesh::new(vec![slab([-0.5; 3], [0.5; 3])]).unwrap()
}

/// A foot and, on its edge at -x, an upright as wide: the centre of mass lies off the box's.
fn angle() -> Mesh {
    let foot = slab([-0.5, -0.5, -0.5], [0.5, 0.5, -0.2]);
    let upright = slab([-0.5, -0.5, -0.2], [-0.2, 0.5, 0.5]);
    Mesh::new(vec![foot, upright]).unwrap()
}

/// The state after some seconds of a block alone on the floor, fingers out of the way.
fn after(preset: Preset, mesh: Option<Mesh>, block: BlockState, seconds: f64) -> State {
    let scene = Scene::new().movable("block").without_wall();
    let scene = match mesh {
        Some(mesh) => scene.meshed("block", mesh),
        None => scene,
    };
    let mut world = World::new(preset.physics(), 3).unwrap();
    let mut state = State::new(Arc::new(scene), RobotState::resting(RAISED));
    state.robot.height = 10.0;
    state.blocks[0] = block;
    let mut next = state.clone();
    for _ in 0..(seconds / world.dt()).round() as u32 {
        world.step(&state, &Command::JointPositions(RAISED), &mut next);
        std::mem::swap(&mut state, &mut next);
    }
    state
}

const PRESETS: [Preset; 2] = [Preset::Accurate, Preset::Reference];

#[test]
fn a_cube_of_a_mesh_falls_slides_and_stops_as_a_cube_does() {
    for preset in PRESETS {
        for seconds in [0.12, 1.2] {
            let block = BlockState {
                position: [0.0, 0.0, 0.06],
                linear_velocity: [0.4, 0.1, 0.0],
                ..BlockState::default()
            };
            let [solid, meshed] =
                [None, Some(cube())].map(|mesh| after(preset, mesh, block, seconds).blocks[0]);
            let apart = (vector(solid.position) - vector(meshed.position)).norm();
            // Both meet the floor with the same corners; how faces are cut differs by rounding.
            assert!(apart < 1e-3, "{preset:?}, {seconds} s: {apart} m apart");
            let moved = (vector(meshed.position) - vector(block.position)).norm();
            assert!(moved > 0.03, "{preset:?}, {seconds} s: moved by {moved} m only");
        }
    }
}

#[test]
fn a_mesh_turns_freely_about_its_centre_of_mass() {
    for preset in PRESETS {
        let mesh = angle();
        let size = [0.08, 0.06, 0.09];
        let center = vector(mesh.mass_properties(0.1, size).center);
        assert!(center.norm() > 0.01, "the mesh should be lopsided: {center:?}");
        let spin = [0.0, 6.0, 0.0];
        let block = BlockState {
            size,
            mass: 0.1,
            position: [0.0, 0.0, 3.0],
            // The centre of mass itself stands still.
            linear_velocity: (-vector(spin).cross(&center)).into(),
            angular_velocity: spin,
            linear_damping: 0.0,
            angular_damping: 0.0,
            ..BlockState::default()
        };
        let seconds = 0.6;
        let end = after(preset, Some(mesh), block, seconds).blocks[0];
        let at = vector(end.position) + rotation(end.orientation) * center;
        let steps = (seconds / 0.004_f64).round();
        let fallen = 9.81 * 0.004 * 0.004 * steps * (steps + 1.0) / 2.0;
        let expected = vector([0.0, 0.0, 3.0 - fallen]) + center;
        let error = (at - expected).norm();
        // Rapier turns a body by a formula of second order in the angle.
        assert!(error < 1e-4, "{preset:?}: the centre of mass is {error} m off its parabola");
        let turned = rotation(end.orientation).angle();
        // The shorter way round.
        let expected = std::f64::consts::TAU - 6.0 * seconds;
        assert!((turned - expected).abs() < 0.05, "{turned} instead of {expected} rad");
    }
}

#[test]
fn a_mesh_comes_to_rest_on_the_floor_and_tips_where_its_centre_of_mass_says() {
    for preset in PRESETS {
        let resting =
            BlockState { size: [0.08; 3], position: [0.0, 0.0, 0.04], ..BlockState::default() };
        let end = after(preset, Some(angle()), resting, 2.0).blocks[0];
        let turned = rotation(end.orientation).angle();
        assert!(turned < 0.01, "{preset:?}: on its foot it stands; turned by {turned} rad");
        // Upright on the edge of its foot, leaning 20 degrees to the side of the foot's weight.
        let lean = 0.35_f64;
        let (s, c) = trifactor::math::sin_cos(0.5 * lean);
        let leaning =
            BlockState { orientation: [0.0, s, 0.0, c], position: [0.0, 0.0, 0.06], ..resting };
        let end = after(preset, Some(angle()), leaning, 3.0).blocks[0];
        let speed = vector(end.linear_velocity).norm() + vector(end.angular_velocity).norm();
        assert!(speed < 0.05, "{preset:?}: still moves at {speed}");
        let lowest = angle()
            .hulls()
            .iter()
            .flat_map(|hull| hull.vertices.clone())
            .map(|v| (vector(end.position) + rotation(end.orientation) * vector(v) * 0.08).z)
            .fold(f64::INFINITY, f64::min);
        assert!(lowest.abs() < 1e-3, "{preset:?}: its lowest corner is at {lowest} m");
    }
}

#[test]
fn fingers_push_meshes_and_meshes_push_blocks() {
    for preset in PRESETS {
        let scene =
            Scene::new().movable("mesh").movable("block").without_wall().meshed("mesh", angle());
        let mut world = World::new(preset.physics(), 3).unwrap();
        let mut state = State::new(Arc::new(scene), RobotState::resting(RAISED));
        state.robot.height = 10.0;
        let mesh = BlockState {
            position: [0.0, 0.0, 0.0325],
            linear_velocity: [1.0, 0.0, 0.0],
            ..BlockState::default()
        };
        let block = BlockState { position: [0.08, 0.0, 0.0325], ..BlockState::default() };
        (state.blocks[0], state.blocks[1]) = (mesh, block);
        let mut next = state.clone();
        let mut touched = false;
        for _ in 0..60 {
            world.step(&state, &Command::JointPositions(RAISED), &mut next);
            std::mem::swap(&mut state, &mut next);
            touched |= world.contacts().couplings.iter().any(|c| {
                c.impulse > 1e-4
                    && c.gap < 0.01
                    && format!("{:?}{:?}", c.first, c.second).matches("Block").count() == 2
            });
        }
        assert!(touched, "{preset:?}: the two should meet");
        assert!(state.blocks[1].position[0] > 0.09, "{preset:?}: {:?}", state.blocks[1].position);
        let between = state.blocks[1].position[0] - state.blocks[0].position[0];
        assert!(between > 0.06, "{preset:?}: they went through each other: {between}");
    }
}
