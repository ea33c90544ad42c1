//! What stands in a world: names and kinds, no numbers that can vary.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Mesh;

/// Whether a block can be pushed around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A rigid body with a mass.
    Movable,
    /// A fixed obstacle.
    Fixed,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockDescription {
    /// Its name in variables, such as `tool_block`.
    pub name: String,
    /// Whether it moves.
    pub kind: BlockKind,
    /// Its form, where it is no box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<Arc<Mesh>>,
}

impl BlockDescription {
    /// A block that is a box.
    pub fn cuboid(name: &str, kind: BlockKind) -> Self {
        Self { name: name.to_string(), kind, mesh: None }
    }
}

/// The form of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalShape {
    /// A box of the goal's size.
    Cuboid,
    /// A ball; all three entries of the goal's size are its diameter.
    Sphere,
}

/// One goal: a region without a body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalDescription {
    /// Its name in variables, such as `goal_block`.
    pub name: String,
    /// Its form, or that of its bounds where it has a mesh.
    pub shape: GoalShape,
    /// Its form, where it is neither a box nor a ball.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<Arc<Mesh>>,
}

/// The blocks and goals of a world, in creation order.
///
/// Floor and the three fingers are always there, and the wall unless it was taken away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// The blocks; a state's `blocks` has the same order.
    pub blocks: Vec<BlockDescription>,
    /// The goals; a state's `goals` has the same order.
    pub goals: Vec<GoalDescription>,
    /// Whether the ring wall is taken away: the floor then goes on for ever.
    #[serde(default)]
    pub without_wall: bool,
}

impl Scene {
    /// A scene without blocks and goals.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a movable block.
    pub fn movable(mut self, name: &str) -> Self {
        self.blocks.push(BlockDescription::cuboid(name, BlockKind::Movable));
        self
    }

    /// Adds a fixed block.
    pub fn fixed(mut self, name: &str) -> Self {
        self.blocks.push(BlockDescription::cuboid(name, BlockKind::Fixed));
        self
    }

    /// Adds a goal of the given form.
    pub fn goal(mut self, name: &str, shape: GoalShape) -> Self {
        self.goals.push(GoalDescription { name: name.to_string(), shape, mesh: None });
        self
    }

    /// Gives the block or goal of that name the form of a mesh.
    pub fn meshed(mut self, name: &str, mesh: Mesh) -> Self {
        let mesh = Arc::new(mesh);
        for block in self.blocks.iter_mut().filter(|block| block.name == name) {
            block.mesh = Some(Arc::clone(&mesh));
        }
        for goal in self.goals.iter_mut().filter(|goal| goal.name == name) {
            goal.mesh = Some(Arc::clone(&mesh));
        }
        self
    }

    /// Takes the ring wall away.
    pub fn without_wall(mut self) -> Self {
        self.without_wall = true;
        self
    }

    /// The index of the block with that name.
    pub fn block_index(&self, name: &str) -> Option<usize> {
        self.blocks.iter().position(|b| b.name == name)
    }

    /// The index of the goal with that name.
    pub fn goal_index(&self, name: &str) -> Option<usize> {
        self.goals.iter().position(|g| g.name == name)
    }

    /// How many blocks can move.
    pub fn movable_count(&self) -> usize {
        self.blocks.iter().filter(|b| b.kind == BlockKind::Movable).count()
    }
}
