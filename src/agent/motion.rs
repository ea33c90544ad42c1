//! From where the fingertips shall be to what the controller is told.

use super::pose::distance;
use crate::math::Triple;
use crate::robot::dynamics::Dynamics;
use crate::robot::{
    FINGERS, JOINTS_PER_FINGER, LINKS_PER_FINGER, Nine, POSITION_GAINS, SAFETY_DAMPING,
    VELOCITY_GAINS, description, kinematics,
};
use crate::world::State;

/// Joint angles near which solutions are sought: knees outwards, away from what is grasped, rad.
pub(super) const KNEES_OUT: Triple = [0.0, 0.8, -1.0];
/// Joints that differ by more between two near points belong to different solutions, rad.
const FLIP: f64 = 0.6;
/// Where an idle fingertip waits: outwards from the robot's axis and up, m.
const PARKED: [f64; 2] = [0.16, 0.15];

/// One point per finger, world frame, m.
pub(super) type Tips = [Triple; FINGERS];

/// Where the fingertips are.
pub(super) fn tips(state: &State) -> Tips {
    let tips = kinematics::tips(&state.robot.joint_positions, state.robot.height);
    std::array::from_fn(|finger| kinematics::of_finger(&tips, finger))
}

/// Where the fingertips wait: each outwards from its shoulder.
pub(super) fn parked() -> Tips {
    let [radius, height] = PARKED;
    std::array::from_fn(|finger| {
        let [x, y, _] = description().fingers[finger].position;
        let length = (x * x + y * y).sqrt();
        [radius * x / length, radius * y / length, height]
    })
}

/// The joint angles that bring one fingertip there, or as near as it gets.
pub(super) fn inverse(state: &State, finger: usize, tip: &Triple) -> Triple {
    kinematics::inverse(finger, *tip, state.robot.height, KNEES_OUT).joints
}

/// The joint angles that bring the fingertips there, or as near as they get.
pub(super) fn joints(state: &State, tips: &Tips) -> Nine {
    let mut joints = [0.0; 9];
    for (finger, tip) in tips.iter().enumerate() {
        let first = JOINTS_PER_FINGER * finger;
        joints[first..first + JOINTS_PER_FINGER].copy_from_slice(&inverse(state, finger, tip));
    }
    joints
}

/// Whether a finger has turned over between two near points: found another of the solutions.
pub(super) fn flipped(before: &Triple, after: &Triple) -> bool {
    before.iter().zip(after).any(|(before, after)| (after - before).abs() > FLIP)
}

/// The targets under which the controller keeps these joint angles (rad) at these rates (rad/s):
/// ahead of them by as much as its damping and gravity hold it back.
pub(super) fn leading(state: &State, joints: &Nine, rates: &Nine) -> Nine {
    let robot = &state.robot;
    let mut targets = *joints;
    for finger in 0..FINGERS {
        let first = finger * LINKS_PER_FINGER;
        let masses = std::array::from_fn(|link| robot.links[first + link].mass);
        let angles = kinematics::of_finger(joints, finger);
        let gravity = state.arena.gravity;
        let pull = Dynamics::of(finger, angles, [0.0; 3], masses, gravity, 0.0).gravity;
        for j in 0..JOINTS_PER_FINGER {
            let i = JOINTS_PER_FINGER * finger + j;
            let damping = VELOCITY_GAINS[j] * robot.velocity_gain_factor + SAFETY_DAMPING[j];
            let stiffness = POSITION_GAINS[j] * robot.position_gain_factor;
            targets[i] += (damping * rates[i] - pull[j]) / stiffness;
        }
    }
    targets
}

/// Moves a point by at most `step` towards another; whether it is there now.
pub(super) fn approach(point: &mut Triple, goal: &Triple, step: f64) -> bool {
    let far = distance(point, goal);
    if far <= step {
        *point = *goal;
        return true;
    }
    for (p, g) in point.iter_mut().zip(goal) {
        *p += (g - *p) * (step / far);
    }
    false
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::robot::{Command, REST, RobotState};
    use crate::world::{Physics, Scene, World};

    #[test]
    fn held_fingertips_do_not_droop() {
        let mut state = State::new(Arc::new(Scene::new()), RobotState::resting(REST));
        let mut world = World::new(Physics::default(), 10).unwrap();
        let wanted = tips(&state);
        let mut next = state.clone();
        for _ in 0..50 {
            let held = joints(&state, &wanted);
            world.step(
                &state,
                &Command::JointPositions(leading(&state, &held, &[0.0; 9])),
                &mut next,
            );
            std::mem::swap(&mut state, &mut next);
        }
        for (found, wanted) in tips(&state).iter().zip(&wanted) {
            // Without the lead they hang 2 mm lower.
            assert!(distance(found, wanted) < 1e-4, "{found:?} {wanted:?}");
        }
    }

    #[test]
    fn a_point_approaches_in_steps_and_arrives() {
        let mut point = [0.0, 0.0, 0.0];
        assert!(!approach(&mut point, &[0.3, 0.0, 0.4], 0.3));
        assert!(distance(&point, &[0.18, 0.0, 0.24]) < 1e-12);
        assert!(approach(&mut point, &[0.3, 0.0, 0.4], 0.3));
        assert_eq!(point, [0.3, 0.0, 0.4]);
    }
}
