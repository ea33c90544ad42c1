//! Goals as arrays: what is achieved and what is desired, in one form of fixed size.
//!
//! For families of blocks the array is a row of [`ROW`] numbers after the other: position (3, m),
//! orientation (4, a unit quaternion x, y, z, w) and size (3, edge lengths, m), world frame. Row i
//! of what is achieved is the i-th movable block; row i of what is desired is that block's goal:
//! `goal_…` belongs to `tool_…`, and goals without such a block take the rows that are left, in
//! order. A row of ten zeros says that there is no such block or goal, and nothing else says so: in
//! any other row the edges are above 0 and the quaternion has a length, or the array is refused.
//! Forms are no numbers: a row has the mesh of its block or goal, what is desired in a row without a
//! goal that of the block. For reaching both are the nine coordinates of the fingertips, m. Nothing
//! is normalised.
//!
//! Because both have one form, what was achieved can be made what was desired (hindsight), and
//! [`GoalReward`] says what that is worth.

mod check;
mod relabel;
mod reward;

use std::ops::Range;
use std::sync::Arc;

pub use self::relabel::relabel;
pub use self::reward::GoalReward;
use super::overlap::Cuboid;
use super::reward::Rules;
use crate::error::{Error, Result};
use crate::robot::{FINGER_NAMES, JOINTS, Nine};
use crate::space::BoxSpace;
use crate::variable::SIZE as EDGES;
use crate::world::{BlockKind, Mesh, Scene, State};

/// How many numbers a block or goal has: position 3, orientation 4, size 3.
pub const ROW: usize = 10;

/// Where a row's position, orientation and size stand.
const POSITION: Range<usize> = 0..3;
const ORIENTATION: Range<usize> = 3..7;
const SIZE: Range<usize> = 7..10;

/// Which numbers of the states of one scene are achieved and desired.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalLayout {
    scene: Arc<Scene>,
    form: Form,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// The coordinates of the fingertips.
    Tips,
    /// Rows: the block of every row that has one, and the row of every goal.
    Rows { blocks: Vec<usize>, goals: Vec<usize>, count: usize },
}

impl GoalLayout {
    /// The layout for a scene; with `most`, padded with rows of zeros to that many rows.
    ///
    /// # Errors
    /// [`Error::TooMany`] where the scene needs more rows than that.
    pub fn new(rules: Rules, scene: &Arc<Scene>, most: Option<usize>) -> Result<Self> {
        let form = match rules {
            Rules::Reaching => Form::Tips,
            _ => rows(scene, most)?,
        };
        Ok(Self { scene: Arc::clone(scene), form })
    }

    /// How many numbers a goal has.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Tips => JOINTS,
            Form::Rows { count, .. } => ROW * count,
        }
    }

    /// Whether there is neither a block nor a goal.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bounds of every number of a goal: of quaternions −1 and 1, of sizes 0 and 0.5 m; −∞ and ∞
    /// of coordinates.
    pub fn space(&self) -> BoxSpace {
        let mut low = vec![f64::NEG_INFINITY; self.len()];
        let mut high = vec![f64::INFINITY; self.len()];
        if let Form::Rows { .. } = self.form {
            for (low, high) in low.chunks_exact_mut(ROW).zip(high.chunks_exact_mut(ROW)) {
                low[ORIENTATION].fill(-1.0);
                high[ORIENTATION].fill(1.0);
                low[SIZE].fill(0.0);
                high[SIZE].fill(EDGES[1]);
            }
        }
        BoxSpace::new(low, high)
    }

    /// Whether there is a block, and whether there is a goal.
    fn has(&self) -> [bool; 2] {
        match &self.form {
            Form::Tips => [true; 2],
            Form::Rows { blocks, goals, .. } => [!blocks.is_empty(), !goals.is_empty()],
        }
    }

    /// Whether a state has the blocks and goals that the layout was made for.
    pub fn fits(&self, state: &State) -> bool {
        Arc::ptr_eq(&state.scene, &self.scene) || state.scene == self.scene
    }

    /// The name of every number: of the block or finger whose it is, what of it, which component.
    ///
    /// The rows of goals that have no block are `row_3`, counted from 0.
    pub fn names(&self) -> Vec<String> {
        match &self.form {
            Form::Tips => {
                let fingers = FINGER_NAMES.iter();
                let names = |finger| (0..3).map(move |i| format!("tip_{finger}_position[{i}]"));
                fingers.flat_map(names).collect()
            }
            Form::Rows { blocks, count, .. } => (0..*count)
                .flat_map(|row| {
                    let block = blocks.get(row).map(|&block| self.scene.blocks[block].name.clone());
                    let owner = block.unwrap_or_else(|| format!("row_{row}"));
                    let parts = [("position", 3), ("orientation", 4), ("size", 3)];
                    let names = parts.into_iter().flat_map(move |(part, length)| {
                        let owner = owner.clone();
                        (0..length).map(move |i| format!("{owner}_{part}[{i}]"))
                    });
                    names.collect::<Vec<_>>()
                })
                .collect(),
        }
    }

    /// Writes what is achieved; `tips` are the fingertips (world frame, m).
    ///
    /// # Errors
    /// [`Error::Shape`] for another length, [`Error::OtherWorld`] for a state of another scene;
    /// nothing is written then.
    pub fn achieved(&self, state: &State, tips: &Nine, out: &mut [f64]) -> Result<()> {
        self.check(state, out.len())?;
        match &self.form {
            Form::Tips => out.copy_from_slice(tips),
            Form::Rows { blocks, .. } => {
                out.fill(0.0);
                for (row, &block) in out.chunks_exact_mut(ROW).zip(blocks) {
                    write(row, &Cuboid::from(&state.blocks[block]));
                }
            }
        }
        Ok(())
    }

    /// Writes what is desired.
    ///
    /// # Errors
    /// As [`GoalLayout::achieved`].
    pub fn desired(&self, state: &State, out: &mut [f64]) -> Result<()> {
        self.check(state, out.len())?;
        match &self.form {
            Form::Tips => {
                for (tip, goal) in out.chunks_exact_mut(3).zip(&state.goals) {
                    tip.copy_from_slice(&goal.position);
                }
            }
            Form::Rows { goals, .. } => {
                out.fill(0.0);
                for (goal, &row) in state.goals.iter().zip(goals) {
                    write(&mut out[ROW * row..][..ROW], &Cuboid::from(goal));
                }
            }
        }
        Ok(())
    }

    /// The mesh of what is achieved and of what is desired in every row, where there is one.
    fn meshes(&self) -> Vec<[Option<Arc<Mesh>>; 2]> {
        let Form::Rows { blocks, goals, count } = &self.form else { return Vec::new() };
        let rows = (0..*count).map(|row| {
            let block = blocks.get(row).and_then(|&block| self.scene.blocks[block].mesh.clone());
            let goal = goals.iter().position(|&of_goal| of_goal == row);
            let desired = match goal {
                Some(goal) => self.scene.goals[goal].mesh.clone(),
                None => block.clone(),
            };
            [block, desired]
        });
        rows.collect()
    }

    fn check(&self, state: &State, length: usize) -> Result<()> {
        if length != self.len() {
            return Err(Error::Shape {
                what: "goal".to_string(),
                expected: format!("{} numbers", self.len()),
                found: format!("{length}"),
            });
        }
        if !self.fits(state) {
            let reason = "its blocks and goals are not those of the goal arrays".to_string();
            return Err(Error::OtherWorld { reason });
        }
        Ok(())
    }
}

/// The row of every goal: that of its block, or else the first that is left.
fn rows(scene: &Scene, most: Option<usize>) -> Result<Form> {
    let movable = |i: &usize| scene.blocks[*i].kind == BlockKind::Movable;
    let blocks: Vec<usize> = (0..scene.blocks.len()).filter(movable).collect();
    let mut row_of: Vec<Option<usize>> = vec![None; scene.goals.len()];
    let mut taken = vec![false; blocks.len() + scene.goals.len()];
    for (row, &block) in blocks.iter().enumerate() {
        let goal = scene.goal_index(&goal_of(&scene.blocks[block].name));
        if let Some(place) = goal.map(|goal| &mut row_of[goal]).filter(|place| place.is_none()) {
            *place = Some(row);
            taken[row] = true;
        }
    }
    let goals: Vec<usize> = row_of
        .into_iter()
        .map(|row| {
            // There are as many rows as blocks and goals together, so one is left.
            let row = row.or_else(|| taken.iter().position(|taken| !taken)).unwrap_or_default();
            taken[row] = true;
            row
        })
        .collect();
    let needed = goals.iter().map(|row| row + 1).fold(blocks.len(), usize::max);
    match most {
        Some(most) if most < needed => Err(Error::TooMany {
            what: "blocks or goals",
            found: needed,
            limit: "max_blocks",
            most,
        }),
        most => Ok(Form::Rows { blocks, goals, count: most.unwrap_or(needed) }),
    }
}

/// The name of the goal that belongs to a block: `goal_…` to `tool_…`.
fn goal_of(block: &str) -> String {
    match block.strip_prefix("tool_") {
        Some(rest) => format!("goal_{rest}"),
        None => format!("goal_{block}"),
    }
}

/// Whether a row says that there is no block or goal.
fn is_empty(row: &[f64]) -> bool {
    row.iter().all(|number| *number == 0.0)
}

fn write(row: &mut [f64], cuboid: &Cuboid) {
    row[POSITION].copy_from_slice(&cuboid.center);
    // A unit quaternion that was rounded may miss its bounds by the last bit.
    row[ORIENTATION].copy_from_slice(&cuboid.orientation.map(|x| x.clamp(-1.0, 1.0)));
    row[SIZE].copy_from_slice(&cuboid.size);
}
