//! What fills the goals: the privileged information of the reference's tutorials.

use super::Family;
use super::reward::Rules;
use crate::intervention::Intervention;
use crate::robot::{JOINTS_PER_FINGER, kinematics};
use crate::world::State;

impl Family {
    /// The intervention that fills a state's goals, as far as one is known; it is not yet applied.
    ///
    /// Every block `tool_…` goes to the pose of the goal `goal_…` of the same name, as the
    /// reference's `possible_solution_intervention` says; where fingertips have goals, the joints
    /// go to the angles that bring the tips there, or as near as they get. A goal without such a
    /// block, as in the middle of a tower, stays as it is. The bodies may be in each other's way,
    /// and then the intervention is refused.
    pub fn partial_solution(&self, state: &State) -> Intervention {
        if self.reward().rules == Rules::Reaching {
            return at_goals(state);
        }
        let mut solution = Intervention::new();
        for block in &state.scene.blocks {
            let goal = state.scene.goal_index(&block.name.replace("tool", "goal"));
            if let Some(goal) = goal.map(|index| &state.goals[index]) {
                solution = solution
                    .with(&format!("{}/cartesian_position", block.name), goal.position)
                    .with(&format!("{}/orientation", block.name), goal.orientation);
            }
        }
        solution
    }
}

/// The joint angles that bring each fingertip to its goal, of several the nearest to the present.
fn at_goals(state: &State) -> Intervention {
    let mut joints = state.robot.joint_positions;
    for (finger, (own, goal)) in
        joints.chunks_exact_mut(JOINTS_PER_FINGER).zip(&state.goals).enumerate()
    {
        let near = std::array::from_fn(|joint| own[joint]);
        let found = kinematics::inverse(finger, goal.position, state.robot.height, near);
        own.copy_from_slice(&found.joints);
    }
    Intervention::new().with("robot/joint_positions", joints)
}
