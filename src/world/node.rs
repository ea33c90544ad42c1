//! The nodes of a scene: who has a row in entity sets and local masks, and in which order.

use super::{BlockKind, Scene};
use crate::robot::{FINGER_NAMES, FINGERS};

/// A node: a finger, a block or a goal.
///
/// Every list of nodes has the same order: the three fingers, every block in the scene's order
/// (fixed ones among them), every goal in the scene's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A finger, 0 to 2: all of its links.
    Finger(usize),
    /// A block, by its index in the scene.
    Block(usize),
    /// A goal, by its index in the scene.
    Goal(usize),
}

impl Node {
    /// Every node of a scene, in order.
    pub fn all(scene: &Scene) -> impl Iterator<Item = Self> + use<> {
        let (blocks, goals) = (scene.blocks.len(), scene.goals.len());
        let fingers = (0..FINGERS).map(Self::Finger);
        fingers.chain((0..blocks).map(Self::Block)).chain((0..goals).map(Self::Goal))
    }

    /// Its name: `robot_finger_60`, or the block's or goal's.
    pub fn name(self, scene: &Scene) -> String {
        match self {
            Self::Finger(i) => format!("robot_finger_{}", FINGER_NAMES[i]),
            Self::Block(i) => scene.blocks[i].name.clone(),
            Self::Goal(i) => scene.goals[i].name.clone(),
        }
    }

    /// Its kind.
    pub fn kind(self, scene: &Scene) -> NodeKind {
        match self {
            Self::Finger(_) => NodeKind::Finger,
            Self::Block(i) => match scene.blocks[i].kind {
                BlockKind::Movable => NodeKind::Block,
                BlockKind::Fixed => NodeKind::FixedBlock,
            },
            Self::Goal(_) => NodeKind::Goal,
        }
    }
}

/// The kind of a node; the order is that of its one-hot encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A finger.
    Finger,
    /// A movable block.
    Block,
    /// A fixed block.
    FixedBlock,
    /// A goal.
    Goal,
}

impl NodeKind {
    /// Every kind, in order.
    pub const ALL: [Self; 4] = [Self::Finger, Self::Block, Self::FixedBlock, Self::Goal];

    /// Its name: `finger`, `block`, `fixed_block`, `goal`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finger => "finger",
            Self::Block => "block",
            Self::FixedBlock => "fixed_block",
            Self::Goal => "goal",
        }
    }
}
