//! The joint controller: PD with a two-stage torque limit and safety damping (facts 2.1).

use super::{
    Command, JOINTS_PER_FINGER, Nine, POSITION_GAINS, RobotState, SAFETY_DAMPING, VELOCITY_GAINS,
};

/// The torques of one tick, N m, from the state before it.
///
/// Position commands go through the PD controller, without gravity compensation; then every torque
/// is limited, damped by its joint's velocity, and limited again.
pub fn torques(robot: &RobotState, command: &Command) -> Nine {
    let limit = robot.torque_limit;
    std::array::from_fn(|i| {
        let joint = i % JOINTS_PER_FINGER;
        let velocity = robot.joint_velocities[i];
        let wanted = match command {
            Command::JointPositions(target) => {
                let stiffness = POSITION_GAINS[joint] * robot.position_gain_factor;
                let damping = VELOCITY_GAINS[joint] * robot.velocity_gain_factor;
                stiffness * (target[i] - robot.joint_positions[i]) - damping * velocity
            }
            Command::JointTorques(torques) => torques[i],
        };
        limited(limited(wanted, limit) - SAFETY_DAMPING[joint] * velocity, limit)
    })
}

fn limited(torque: f64, limit: f64) -> f64 {
    torque.max(-limit).min(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::{JOINTS, REST};

    #[test]
    fn torques_are_limited_damped_and_limited_again() {
        let mut robot = RobotState::resting(REST);
        robot.joint_velocities = [1.0, -1.0, 2.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let command = Command::JointTorques([0.1, -9.0, 9.0, 0.0, 9.0, -9.0, 0.2, 0.0, -0.36]);
        let expected = [0.1 - 0.08, -0.36 + 0.08, 0.36 - 0.08, -0.36, 0.36, -0.36, 0.2, 0.0, -0.36];
        assert_eq!(torques(&robot, &command), expected);
        robot.torque_limit = 0.1;
        assert!(torques(&robot, &command).iter().all(|t| t.abs() <= 0.1));
    }

    #[test]
    fn gains_scale_with_their_factors() {
        let mut robot = RobotState::resting([0.0; JOINTS]);
        robot.joint_velocities = [0.1; JOINTS];
        let command = Command::JointPositions([0.01; JOINTS]);
        let found = torques(&robot, &command);
        for (found, expected) in found.iter().zip([0.1 - 0.018, 0.1 - 0.038, 0.1 - 0.0041]) {
            assert!((found - expected).abs() < 1e-15);
        }
        (robot.position_gain_factor, robot.velocity_gain_factor) = (2.0, 0.5);
        let found = torques(&robot, &command);
        for (found, expected) in found.iter().zip([0.2 - 0.013, 0.2 - 0.023, 0.2 - 0.00405]) {
            assert!((found - expected).abs() < 1e-15);
        }
    }
}
