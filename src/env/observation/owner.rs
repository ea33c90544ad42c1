//! Whose each number of an observation is, for what asks who influences which number.

use super::Layout;
use super::source::Source;
use crate::robot::{JOINTS, LINKS_PER_FINGER};
use crate::variable::Entity;
use crate::world::Node;

/// Whose a number of an observation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A node's: what moves of it, and the constants that are its own.
    Node(Node),
    /// Nobody's that moves: time, presence, kind, padding.
    Nobody,
    /// The whole world's: a constant such as gravity, which may enter everything.
    World,
    /// Everybody's: a function of the user's of the whole state.
    Everybody,
}

/// How many joints a finger has.
const OF_FINGER: usize = JOINTS / 3;

impl Source {
    /// Whose the numbers are; `number` counts within the source.
    fn owner(&self, number: usize) -> Owner {
        match self {
            Self::TimeLeft
            | Self::BlockType(_)
            | Self::GoalType(_)
            | Self::Flag(_)
            | Self::Nothing(..) => Owner::Nobody,
            Self::JointPositions
            | Self::JointVelocities
            | Self::EndEffectorPositions
            | Self::JointTorques
            | Self::ActionJointPositions => Owner::Node(Node::Finger(number / OF_FINGER)),
            Self::Tip(finger) | Self::FingerPositions(finger) | Self::FingerVelocities(finger) => {
                Owner::Node(Node::Finger(*finger))
            }
            Self::Block(block, _) | Self::Body(block, _) => Owner::Node(Node::Block(*block)),
            Self::Goal(goal, _) => Owner::Node(Node::Goal(*goal)),
            Self::Variable(variable) => match (variable.entity, variable.attribute.name) {
                (Entity::Block(block), _) => Owner::Node(Node::Block(block)),
                (Entity::Goal(goal), _) => Owner::Node(Node::Goal(goal)),
                (Entity::Link(link), _) => Owner::Node(Node::Finger(link / LINKS_PER_FINGER)),
                (Entity::Robot, "joint_positions" | "joint_velocities") => {
                    Owner::Node(Node::Finger(number / OF_FINGER))
                }
                (Entity::Robot, "control_index") => Owner::Nobody,
                _ => Owner::World,
            },
            Self::Feature(_) => Owner::Everybody,
        }
    }
}

impl Layout {
    /// Whose every number is, in order.
    pub fn owners(&self) -> Vec<Owner> {
        let of = |entry: &super::Entry| {
            let source = entry.source;
            (0..entry.range.len()).map(move |number| source.owner(number)).collect::<Vec<_>>()
        };
        self.entries.iter().flat_map(of).collect()
    }
}
