//! Bounces and joint limits: what happens at the edges of a motion.

use std::sync::Arc;

use trifactor::robot::{Command, RAISED, RobotState, description, every_finger};
use trifactor::world::{Physics, Preset, Scene, State, World};

#[test]
fn a_bouncing_block_comes_up_to_the_square_of_its_restitution() {
    for restitution in [0.3, 0.6, 0.9] {
        let mut world = World::new(Preset::Accurate.physics(), 1).unwrap();
        let scene = Scene::new().movable("block").without_wall();
        let mut state = State::new(Arc::new(scene), RobotState::resting(RAISED));
        state.robot.height = 10.0;
        state.arena.floor.restitution = 1.0;
        let block = &mut state.blocks[0];
        (block.restitution, block.linear_damping, block.angular_damping) = (restitution, 0.0, 0.0);
        let (rest, drop) = (0.5 * block.size[2], 0.2);
        block.position[2] = rest + drop;
        let mut next = state.clone();
        let (mut bounced, mut highest) = (false, 0.0_f64);
        for _ in 0..300 {
            world.step(&state, &Command::JointPositions(RAISED), &mut next);
            std::mem::swap(&mut state, &mut next);
            let [.., speed] = state.blocks[0].linear_velocity;
            bounced |= speed > 0.0;
            if bounced {
                highest = highest.max(state.blocks[0].position[2] - rest);
                if speed < 0.0 {
                    break;
                }
            }
        }
        // The tick hides when in it the floor was met: v dt of height, up and down.
        let slack = 2.0 * 0.004 * (2.0_f64 * 9.81 * drop).sqrt();
        let expected = restitution * restitution * drop;
        assert!((highest - expected).abs() < slack, "{restitution}: {highest} m, not {expected}");
    }
}

#[test]
fn no_torque_drives_a_joint_through_its_limit() {
    let limits = &description().fingers[0].joints;
    for (joint, limit) in limits.iter().enumerate() {
        for sign in [-1.0, 1.0] {
            let mut world = World::new(Preset::Accurate.physics(), 3).unwrap();
            // The other fingers are spread, out of its way.
            let mut robot = RobotState::resting(every_finger([0.0, 1.0, -1.0]));
            let end = if sign > 0.0 { limit.high } else { limit.low };
            robot.joint_positions[joint] = end - 0.1 * sign;
            // High up, where the floor stops nothing.
            robot.height = 10.0;
            let mut state = State::new(Arc::new(Scene::new().without_wall()), robot);
            // Gravity is stronger than the motors in some poses.
            state.arena.gravity = [0.0; 3];
            let mut next = state.clone();
            let mut torques = [0.0; 9];
            torques[joint] = sign * 0.36;
            let command = Command::JointTorques(torques);
            let mut reached = f64::INFINITY;
            for _ in 0..100 {
                world.step(&state, &command, &mut next);
                std::mem::swap(&mut state, &mut next);
                let beyond = sign * (state.robot.joint_positions[joint] - end);
                assert!(beyond < 1e-3, "joint {joint}, {sign}: {beyond} rad beyond its limit");
                reached = reached.min(-beyond);
            }
            assert!(reached < 0.01, "joint {joint}, {sign}: never came nearer than {reached} rad");
        }
    }
}

#[test]
fn the_impulse_of_a_tick_is_that_of_all_its_substeps() {
    for substeps in [1, 2, 4] {
        let physics = Physics { substeps, ..Preset::Accurate.physics() };
        let mut world = World::new(physics, 1).unwrap();
        let scene = Scene::new().movable("block").without_wall();
        let mut state = State::new(Arc::new(scene), RobotState::resting(RAISED));
        state.robot.height = 10.0;
        let mut next = state.clone();
        for _ in 0..100 {
            world.step(&state, &Command::JointPositions(RAISED), &mut next);
            std::mem::swap(&mut state, &mut next);
        }
        // At rest the floor carries the weight.
        let carried: f64 = world.contacts().couplings.iter().map(|c| c.impulse).sum();
        let weight = state.blocks[0].mass * 9.81 * physics.tick;
        assert!((carried / weight - 1.0).abs() < 1e-3, "{substeps}: {carried} instead of {weight}");
    }
}

#[test]
fn what_the_native_engine_does_not_know_is_refused_by_name() {
    let physics = Physics { friction_in_bias_pass: false, ..Preset::Accurate.physics() };
    let refusal = World::new(physics, 3).err().map(|error| error.to_string());
    assert!(refusal.is_some_and(|reason| reason.contains("friction_in_bias_pass")));
}
