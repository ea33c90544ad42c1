//! Joint positions by where the fingertips come to be.

use super::{Actor, Moment};
use crate::error::Result;
use crate::intervention::Intervention;
use crate::robot::{FINGERS, JOINTS, JOINTS_PER_FINGER, Nine, kinematics};
use crate::space::BoxSpace;
use crate::variable::{ARENA_HIGH, ARENA_LOW};

const PATH: &str = "robot/joint_positions";

/// How often targets are drawn before the actor leaves the joints alone: for each finger, and for
/// all fingers together.
const TRIES: [usize; 2] = [1000, 100];

/// Sets the joints so that each fingertip is at a random point of the arena.
///
/// Points are uniform; those out of the finger's reach, those whose joint positions the space in
/// force does not hold, and poses in which a finger is in anything are drawn again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joints;

impl Actor for Joints {
    fn name(&self) -> &str {
        "joints_actor"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        let bounds = moment.space().bounds(moment.state(), moment.rules(), PATH)?;
        let mut rng = moment.rng(PATH);
        let height = moment.state().robot.height;
        let mut finger = |finger: usize, joints: &mut Nine| {
            (0..TRIES[0]).any(|_| {
                let target = std::array::from_fn(|i| rng.uniform(ARENA_LOW[i], ARENA_HIGH[i]));
                let near = [0.0; JOINTS_PER_FINGER];
                let found = kinematics::inverse(finger, target, height, near);
                let first = finger * JOINTS_PER_FINGER;
                let inside = |i: usize| {
                    let holds = |b: &BoxSpace| {
                        (b.low[first + i]..=b.high[first + i]).contains(&found.joints[i])
                    };
                    bounds.as_ref().is_none_or(holds)
                };
                joints[first..first + JOINTS_PER_FINGER].copy_from_slice(&found.joints);
                found.reached && (0..JOINTS_PER_FINGER).all(inside)
            })
        };
        for _ in 0..TRIES[1] {
            let mut joints = [0.0; JOINTS];
            if !(0..FINGERS).all(|i| finger(i, &mut joints)) {
                break;
            }
            let mut tried = moment.state().clone();
            tried.robot.joint_positions = joints;
            if !moment.fingers_stuck(&tried) {
                return Ok(Intervention::new().with(PATH, joints));
            }
        }
        Ok(Intervention::new())
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(Self)
    }
}
