//! The values of single nodes: copied, compared, and what must agree beside them.

use crate::causal::LocalMask;
use crate::causal::replay::{agreed, transplant};
use crate::rng::mix;
use crate::robot::FINGERS;
use crate::world::{BlockKind, BlockState, GoalState, State};

/// How many fingers and blocks a state has.
pub(super) fn bodies(state: &State) -> usize {
    FINGERS + state.blocks.len()
}

/// Whether a node can come out otherwise than it was: all but fixed blocks.
pub(super) fn movable(state: &State, node: usize) -> bool {
    let block = node.checked_sub(FINGERS).and_then(|block| state.scene.blocks.get(block));
    block.is_none_or(|block| block.kind == BlockKind::Movable)
}

/// Gives a node the value that it has in another state: what moves and the constants that are its
/// own.
pub(super) fn copy(node: usize, from: &State, to: &mut State) {
    match node.checked_sub(FINGERS) {
        None => {
            let joints = 3 * node..3 * node + 3;
            let (own, other) = (&mut to.robot, &from.robot);
            for (own, other) in [
                (&mut own.joint_positions, &other.joint_positions),
                (&mut own.joint_velocities, &other.joint_velocities),
                (&mut own.target, &other.target),
                (&mut own.torques, &other.torques),
            ] {
                own[joints.clone()].copy_from_slice(&other[joints.clone()]);
            }
            for (own, other) in own.actions.recent.iter_mut().zip(&other.actions.recent) {
                own[joints.clone()].copy_from_slice(&other[joints.clone()]);
            }
            transplant(node, from, to);
        }
        Some(block) if block < from.blocks.len() => to.blocks[block] = from.blocks[block],
        Some(goal) => {
            let goal = goal - from.blocks.len();
            to.goals[goal] = from.goals[goal];
        }
    }
}

/// Whether a node has the same value in two states, to the last bit; constants are left out.
pub(super) fn same(node: usize, a: &State, b: &State) -> bool {
    let bits = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
    match node.checked_sub(FINGERS) {
        None => {
            let joints = 3 * node..3 * node + 3;
            let three = |a: &[f64], b: &[f64]| bits(&a[joints.clone()], &b[joints.clone()]);
            let (a, b) = (&a.robot, &b.robot);
            let mut queues = a.actions.recent.iter().zip(&b.actions.recent);
            three(&a.joint_positions, &b.joint_positions)
                && three(&a.joint_velocities, &b.joint_velocities)
                && three(&a.target, &b.target)
                && three(&a.torques, &b.torques)
                && queues.all(|(a, b)| three(a, b))
        }
        Some(block) if block < a.blocks.len() => {
            let numbers = |block: &BlockState| {
                let [u, v, w, s] = block.orientation;
                let (p, l, r) = (block.position, block.linear_velocity, block.angular_velocity);
                [p[0], p[1], p[2], u, v, w, s, l[0], l[1], l[2], r[0], r[1], r[2]]
            };
            bits(&numbers(&a.blocks[block]), &numbers(&b.blocks[block]))
        }
        Some(goal) => {
            let goal = goal - a.blocks.len();
            let GoalState { size, color, position, orientation } = &a.goals[goal];
            let other = &b.goals[goal];
            bits(size, &other.size)
                && bits(color, &other.color)
                && bits(position, &other.position)
                && bits(orientation, &other.orientation)
        }
    }
}

/// Whether nothing passed between a node and any other that moves.
pub(super) fn is_alone(node: usize, mask: &LocalMask, state: &State) -> bool {
    let count = bodies(state);
    if node >= count {
        return true;
    }
    let rows = &mask.rows()[..count];
    let mut others = (0..count).filter(|other| *other != node && movable(state, *other));
    others.all(|other| rows[node] >> other & 1 == 0 && rows[other] >> node & 1 == 0)
}

/// What two steps must have in common for their nodes to be exchanged, as one number.
pub(super) fn context(state: &State) -> u64 {
    let robot = &state.robot;
    let (delay, smoothing) = (robot.action_delay, robot.action_smoothing);
    // Without delay and smoothing the newest action acts, whatever was before it.
    let queued = if delay > 0 || smoothing > 1 { robot.actions.count } else { 0 };
    let counts = [delay, smoothing, queued].map(|count| count as u64);
    let agreed = agreed(state).into_iter().map(|(_, bits)| bits);
    agreed.chain(counts).fold(0, mix)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::robot::{REST, RobotState};
    use crate::world::{GoalShape, Scene};

    fn state() -> State {
        let scene = Scene::new().movable("a").fixed("b").goal("goal", GoalShape::Cuboid);
        State::new(Arc::new(scene), RobotState::resting(REST))
    }

    #[test]
    fn a_copied_node_is_the_same_and_no_other_changes() {
        let from = {
            let mut state = state();
            state.robot.joint_positions = [0.5; 9];
            state.robot.links.iter_mut().for_each(|link| link.mass = 0.3);
            state.blocks.iter_mut().for_each(|block| block.position = [0.1; 3]);
            state.goals[0].position = [0.1; 3];
            state
        };
        for node in 0..6 {
            let mut to = state();
            copy(node, &from, &mut to);
            for other in 0..6 {
                assert_eq!(same(other, &to, &from), other == node, "{node} and {other}");
                assert_eq!(same(other, &to, &state()), other != node, "{node} and {other}");
            }
        }
        assert!(movable(&from, 3) && !movable(&from, 4) && movable(&from, 5));
    }

    #[test]
    fn floors_of_other_friction_and_delayed_queues_are_other_contexts() {
        let plain = state();
        let mut moved = state();
        moved.robot.joint_positions = [0.3; 9];
        moved.blocks[0].mass = 0.2;
        moved.robot.actions.count = 3;
        assert_eq!(context(&plain), context(&moved), "these travel with their nodes");
        let mut icy = state();
        icy.arena.floor.friction = 0.05;
        assert_ne!(context(&plain), context(&icy));
        let mut late = state();
        late.robot.action_delay = 2;
        let mut later = late.clone();
        later.robot.actions.count = 3;
        assert_ne!(context(&late), context(&later));
    }
}
