//! What an action means: six modes, their bounds, and the way from an action to a command.

use serde::{Deserialize, Serialize};

use super::{
    Command, FINGERS, JOINT_POSITIONS_HIGH, JOINT_POSITIONS_LOW, JOINTS, Nine, RobotState,
    TORQUE_LIMIT, every_finger, kinematics,
};
use crate::error::{Error, Result};
use crate::space::{BoxSpace, denormalize};

/// Lower bounds of fingertip targets, world frame, m (facts 2.2).
const TIPS_LOW: Nine = every_finger([-0.5, -0.5, 0.0]);
/// Upper bounds of fingertip targets, world frame, m (facts 2.2).
const TIPS_HIGH: Nine = every_finger([0.5, 0.5, 0.5]);

/// What the nine numbers of an action mean (facts 2.2, 2.5).
///
/// A delta is added to what was commanded last; the sum is clipped to the bounds of the mode it
/// is a delta of. A delta of zero holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionMode {
    /// Joint angles for the PD controller, rad.
    #[default]
    JointPositions,
    /// Joint torques, N m.
    JointTorques,
    /// Fingertip positions, world frame, m; each finger's concern that finger alone.
    EndEffectorPositions,
    /// Changes of the last joint targets, rad.
    DeltaJointPositions,
    /// Changes of the torques last applied, N m.
    DeltaJointTorques,
    /// Changes of the fingertip positions that the last joint targets stand for, m.
    DeltaEndEffectorPositions,
}

use ActionMode::{
    DeltaEndEffectorPositions, DeltaJointPositions, DeltaJointTorques, EndEffectorPositions,
    JointPositions, JointTorques,
};

impl ActionMode {
    /// All modes.
    pub const ALL: [Self; 6] = [
        JointPositions,
        JointTorques,
        EndEffectorPositions,
        DeltaJointPositions,
        DeltaJointTorques,
        DeltaEndEffectorPositions,
    ];

    /// The mode's name, the reference's where it has one.
    pub fn name(self) -> &'static str {
        match self {
            JointPositions => "joint_positions",
            JointTorques => "joint_torques",
            EndEffectorPositions => "end_effector_positions",
            DeltaJointPositions => "delta_joint_positions",
            DeltaJointTorques => "delta_joint_torques",
            DeltaEndEffectorPositions => "delta_end_effector_positions",
        }
    }

    /// The mode of that name.
    ///
    /// # Errors
    /// [`Error::UnknownName`] lists the names there are.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name).ok_or_else(|| Error::UnknownName {
            what: "action mode",
            name: name.to_string(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }

    /// The mode that a delta mode's sums are actions of; any other mode itself.
    fn base(self) -> Self {
        match self {
            DeltaJointPositions => JointPositions,
            DeltaJointTorques => JointTorques,
            DeltaEndEffectorPositions => EndEffectorPositions,
            base => base,
        }
    }

    /// The actions' bounds in physical units.
    ///
    /// A delta may be half the range of what it changes, either way: normalised to \[-1, 1\] it
    /// then has the scale of the reference's delta wrapper (facts 2.5).
    pub fn bounds(self) -> BoxSpace {
        let (low, high) = self.limits();
        BoxSpace::new(low, high)
    }

    fn limits(self) -> (Nine, Nine) {
        match self {
            JointPositions => {
                (every_finger(JOINT_POSITIONS_LOW), every_finger(JOINT_POSITIONS_HIGH))
            }
            JointTorques => ([-TORQUE_LIMIT; JOINTS], [TORQUE_LIMIT; JOINTS]),
            EndEffectorPositions => (TIPS_LOW, TIPS_HIGH),
            DeltaJointPositions | DeltaJointTorques | DeltaEndEffectorPositions => {
                let (low, high) = self.base().limits();
                let half: Nine = std::array::from_fn(|i| 0.5 * (high[i] - low[i]));
                (half.map(|x| -x), half)
            }
        }
    }

    /// A finite action in physical units, clipped to the bounds.
    pub fn clip(self, action: &Nine) -> Nine {
        let (low, high) = self.limits();
        std::array::from_fn(|i| action[i].max(low[i]).min(high[i]))
    }

    /// A finite action normalised to \[-1, 1\], clipped, in physical units.
    pub fn denormalize(self, action: &Nine) -> Nine {
        let (low, high) = self.limits();
        // Clipped last, as the mapping rounds.
        self.clip(&std::array::from_fn(|i| denormalize(action[i], low[i], high[i])))
    }

    /// What a finite action within the bounds, in physical units, commands in a robot's state.
    ///
    /// A fingertip target out of reach commands the posture that comes nearest to it.
    pub fn decode(self, action: &Nine, robot: &RobotState) -> Command {
        let offset = match self {
            JointPositions | JointTorques | EndEffectorPositions => None,
            DeltaJointPositions => Some(robot.target),
            DeltaJointTorques => Some(robot.torques),
            // Not where the tips are: below their targets, as gravity has it, they would sink.
            DeltaEndEffectorPositions => Some(kinematics::tips(&robot.target, robot.height)),
        };
        let base = self.base();
        let sum = offset
            .map_or(*action, |offset| base.clip(&std::array::from_fn(|i| offset[i] + action[i])));
        match base {
            JointTorques => Command::JointTorques(sum),
            EndEffectorPositions => Command::JointPositions(joints_of_tips(&sum, robot)),
            _ => Command::JointPositions(sum),
        }
    }
}

/// The joint angles that bring each fingertip to its target, each from that finger's own angles.
fn joints_of_tips(tips: &Nine, robot: &RobotState) -> Nine {
    let mut joints = [0.0; JOINTS];
    for finger in 0..FINGERS {
        let target = kinematics::of_finger(tips, finger);
        let near = kinematics::of_finger(&robot.joint_positions, finger);
        let found = kinematics::inverse(finger, target, robot.height, near);
        joints[3 * finger..3 * finger + 3].copy_from_slice(&found.joints);
    }
    joints
}

/// An action as nine finite numbers.
///
/// # Errors
/// [`Error::Shape`] where there are not nine, [`Error::NotFinite`] with the first such entry.
pub fn check_action(action: &[f64]) -> Result<Nine> {
    let nine: Nine = action.try_into().map_err(|_| Error::Shape {
        what: "action".to_string(),
        expected: format!("{JOINTS} numbers"),
        found: action.len().to_string(),
    })?;
    match nine.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(Error::NotFinite { what: format!("action[{i}]"), value: nine[i] }),
        None => Ok(nine),
    }
}

/// What the robot does in the control step that begins with a finite action within the bounds,
/// in physical units.
///
/// The action joins the robot's queue; the one that has waited `action_delay` steps acts, or the
/// oldest there is; `action_smoothing` of them are averaged once there are so many (facts 2.5).
/// In position modes the joint targets are kept in the robot's `target`.
pub fn command(mode: ActionMode, action: Nine, robot: &mut RobotState) -> Command {
    robot.actions.push(action);
    let acting = robot.actions.acting(robot.action_delay, robot.action_smoothing);
    let command = mode.decode(&acting, robot);
    if let Command::JointPositions(target) = command {
        robot.target = target;
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::robot::REST;

    fn random(rng: &mut Rng, mode: ActionMode) -> Nine {
        let (low, high) = mode.limits();
        std::array::from_fn(|i| rng.uniform(low[i], high[i]))
    }

    #[test]
    fn names_are_parsed_and_unknown_ones_list_the_known() {
        for mode in ActionMode::ALL {
            assert_eq!(ActionMode::parse(mode.name()), Ok(mode));
        }
        match ActionMode::parse("joint_position") {
            Err(Error::UnknownName { name, known, .. }) => {
                assert_eq!(name, "joint_position");
                assert!(known.contains("delta_end_effector_positions"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn actions_outside_the_bounds_are_clipped_and_no_number_is_refused_with_its_entry() {
        for mode in ActionMode::ALL {
            let (low, high) = mode.limits();
            assert_eq!((mode.clip(&[1e9; 9]), mode.clip(&[-1e9; 9])), (high, low));
            assert_eq!((mode.denormalize(&[7.0; 9]), mode.denormalize(&[-7.0; 9])), (high, low));
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut action = [0.0; 9];
            action[4] = value;
            match check_action(&action) {
                Err(Error::NotFinite { what, .. }) => assert_eq!(what, "action[4]"),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(check_action(&[0.0; 8]), Err(Error::Shape { .. })));
        assert_eq!(check_action(&[0.5; 9]), Ok([0.5; 9]));
    }

    #[test]
    fn a_normalised_delta_of_one_is_half_the_range() {
        for mode in [DeltaJointPositions, DeltaJointTorques, DeltaEndEffectorPositions] {
            let (low, high) = mode.base().limits();
            let delta = mode.denormalize(&[1.0; 9]);
            for i in 0..JOINTS {
                assert_eq!(delta[i], 0.5 * (high[i] - low[i]));
            }
            assert_eq!(mode.denormalize(&[0.0; 9]), [0.0; 9]);
        }
    }

    #[test]
    fn a_delta_of_zero_holds_and_sums_stay_within_the_bounds() {
        let mut robot = RobotState::resting(REST);
        // The fingers have sunk below their targets, as they do under gravity.
        robot.joint_positions = REST.map(|q| q - 0.01);
        robot.torques = [0.3; 9];
        assert_eq!(
            DeltaJointPositions.decode(&[0.0; 9], &robot),
            Command::JointPositions(robot.target)
        );
        assert_eq!(
            DeltaJointTorques.decode(&[0.0; 9], &robot),
            Command::JointTorques(robot.torques)
        );
        let Command::JointPositions(held) = DeltaEndEffectorPositions.decode(&[0.0; 9], &robot)
        else {
            panic!("fingertips are positions");
        };
        assert!(held.iter().zip(robot.target).all(|(a, b)| (a - b).abs() < 1e-9), "{held:?}");
        assert_eq!(
            DeltaJointTorques.decode(&[0.3; 9], &robot),
            Command::JointTorques([TORQUE_LIMIT; 9])
        );
    }

    #[test]
    fn a_fingertip_target_concerns_its_own_finger_alone() {
        let seed = 31;
        println!("seed {seed}");
        let mut rng = Rng::stream(seed, 0, "action/independence");
        let robot = RobotState::resting(REST);
        for _ in 0..300 {
            let (one, other) =
                (random(&mut rng, EndEffectorPositions), random(&mut rng, EndEffectorPositions));
            let mut mixed = other;
            mixed[3..6].copy_from_slice(&one[3..6]);
            let mut moved = robot;
            for i in [0, 1, 2, 6, 7, 8] {
                moved.joint_positions[i] += rng.uniform(-0.5, 0.5);
            }
            let a = EndEffectorPositions.decode(&one, &robot);
            let b = EndEffectorPositions.decode(&mixed, &moved);
            let (Command::JointPositions(a), Command::JointPositions(b)) = (a, b) else {
                panic!("fingertips are positions");
            };
            assert_eq!(a[3..6], b[3..6]);
        }
    }

    #[test]
    fn delayed_actions_act_late_and_the_oldest_stands_in_until_then() {
        let mut robot = RobotState::resting(REST);
        robot.action_delay = 2;
        let acted: Vec<f64> = (1..=5)
            .map(|k| match command(JointTorques, [0.01 * f64::from(k); 9], &mut robot) {
                Command::JointTorques(torques) => torques[0],
                Command::JointPositions(_) => panic!("torques stay torques"),
            })
            .collect();
        assert_eq!(acted, [0.01, 0.01, 0.01, 0.02, 0.03]);
        assert_eq!(robot.target, REST);
    }

    #[test]
    fn smoothing_averages_the_last_actions_once_there_are_enough() {
        for delay in [0, 7] {
            let mut robot = RobotState::resting(REST);
            (robot.action_delay, robot.action_smoothing) = (delay, 8);
            for k in 0..30_u32 {
                let action = [f64::from(k) / 64.0; 9];
                let Command::JointPositions(acted) = command(JointPositions, action, &mut robot)
                else {
                    panic!("positions stay positions");
                };
                let newest = f64::from(k.saturating_sub(delay as u32));
                let enough = k + 1 >= delay as u32 + 8;
                let expected = if enough { newest - 3.5 } else { newest } / 64.0;
                assert_eq!(acted, [expected; 9], "delay {delay}, step {k}");
                assert_eq!(robot.target, acted);
            }
        }
    }
}
