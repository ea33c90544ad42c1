//! Which numbers of a transition stand in which columns, node by node.

use std::ops::Range;
use std::sync::Arc;

use crate::causal::ACTIONS;
use crate::error::{Error, Result};
use crate::robot::{FINGERS, JOINTS_PER_FINGER};
use crate::world::{BlockKind, Scene, State};

/// How many numbers of a finger change: joint angles (rad), joint velocities (rad/s), the targets
/// last applied (rad) and the torques last applied (N m), three each.
pub const FINGER: usize = 12;
/// How many numbers of a block change: position (m), orientation (x, y, z, w), linear (m/s) and
/// angular velocity (rad/s).
pub const BLOCK: usize = 13;
/// How many numbers a goal has: position (m), orientation, size (m).
pub const GOAL: usize = 10;

/// The columns of the states of one scene: three fingers, then every block; goals stand apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    scene: Arc<Scene>,
}

impl Layout {
    /// The layout of a scene.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more than 128 fingers and blocks.
    pub fn new(scene: &Arc<Scene>) -> Result<Self> {
        let found = FINGERS + scene.blocks.len();
        let most = u128::BITS as usize;
        if found > most {
            let what = "fingers and blocks";
            return Err(Error::TooMany { what, found, limit: "a local mask's room", most });
        }
        Ok(Self { scene: Arc::clone(scene) })
    }

    /// The scene.
    pub fn scene(&self) -> &Arc<Scene> {
        &self.scene
    }

    /// How many fingers and blocks there are.
    pub fn bodies(&self) -> usize {
        FINGERS + self.scene.blocks.len()
    }

    /// How many parts a sweep of this scene has: nine links, then every block.
    pub fn parts(&self) -> usize {
        FINGERS * JOINTS_PER_FINGER + self.scene.blocks.len()
    }

    /// How many columns a state has.
    pub fn width(&self) -> usize {
        FINGER * FINGERS + BLOCK * self.scene.blocks.len()
    }

    /// How many columns the goals have.
    pub fn goal_width(&self) -> usize {
        GOAL * self.scene.goals.len()
    }

    /// How many words the bits of a mask take: (bodies + actions) × bodies bits.
    pub fn mask_words(&self) -> usize {
        ((self.bodies() + ACTIONS) * self.bodies()).div_ceil(u64::BITS as usize)
    }

    /// The columns of a finger or block, by its place among the nodes.
    pub fn columns(&self, body: usize) -> Range<usize> {
        match body.checked_sub(FINGERS) {
            None => FINGER * body..FINGER * (body + 1),
            Some(block) => {
                let first = FINGER * FINGERS + BLOCK * block;
                first..first + BLOCK
            }
        }
    }

    /// The body that a part of a sweep belongs to.
    pub fn body_of(part: usize) -> usize {
        match part.checked_sub(FINGERS * JOINTS_PER_FINGER) {
            None => part / JOINTS_PER_FINGER,
            Some(block) => FINGERS + block,
        }
    }

    /// Whether a finger or block moves.
    pub fn moves(&self, body: usize) -> bool {
        body < FINGERS || self.scene.blocks[body - FINGERS].kind == BlockKind::Movable
    }

    /// The bodies that move, as bits.
    pub fn movable(&self) -> u128 {
        (0..self.bodies()).filter(|body| self.moves(*body)).fold(0, |all, body| all | 1 << body)
    }

    /// Whether a state is of this scene.
    pub fn fits(&self, state: &State) -> bool {
        Arc::ptr_eq(&state.scene, &self.scene) || state.scene == self.scene
    }

    /// Refuses a state of another scene.
    ///
    /// # Errors
    /// [`Error::OtherWorld`].
    pub fn check(&self, state: &State) -> Result<()> {
        if self.fits(state) {
            return Ok(());
        }
        let reason = "its blocks and goals are not those of the replay".to_string();
        Err(Error::OtherWorld { reason })
    }

    /// What changes of a state, in its columns.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] for a state of another scene.
    pub fn row(&self, state: &State) -> Result<Vec<f64>> {
        self.check(state)?;
        let mut row = vec![0.0; self.width()];
        self.write(state, &mut row);
        Ok(row)
    }

    /// Writes what changes of a state into its columns, of which there must be `width`.
    pub(crate) fn write(&self, state: &State, row: &mut [f64]) {
        let robot = &state.robot;
        let parts =
            [&robot.joint_positions, &robot.joint_velocities, &robot.target, &robot.torques];
        for finger in 0..FINGERS {
            for (place, values) in row[self.columns(finger)].chunks_exact_mut(3).zip(parts) {
                place.copy_from_slice(&values[3 * finger..3 * finger + 3]);
            }
        }
        for (i, block) in state.blocks.iter().enumerate() {
            let place = &mut row[self.columns(FINGERS + i)];
            place[..3].copy_from_slice(&block.position);
            place[3..7].copy_from_slice(&block.orientation);
            place[7..10].copy_from_slice(&block.linear_velocity);
            place[10..].copy_from_slice(&block.angular_velocity);
        }
    }

    /// Writes columns into a state of this scene.
    pub(crate) fn read(&self, row: &[f64], state: &mut State) {
        let robot = &mut state.robot;
        for finger in 0..FINGERS {
            let parts = [
                &mut robot.joint_positions,
                &mut robot.joint_velocities,
                &mut robot.target,
                &mut robot.torques,
            ];
            for (values, numbers) in
                parts.into_iter().zip(row[self.columns(finger)].chunks_exact(3))
            {
                values[3 * finger..3 * finger + 3].copy_from_slice(numbers);
            }
        }
        for (i, block) in state.blocks.iter_mut().enumerate() {
            let numbers = &row[self.columns(FINGERS + i)];
            block.position.copy_from_slice(&numbers[..3]);
            block.orientation.copy_from_slice(&numbers[3..7]);
            block.linear_velocity.copy_from_slice(&numbers[7..10]);
            block.angular_velocity.copy_from_slice(&numbers[10..]);
        }
    }

    /// Writes the goals into their columns, of which there must be `goal_width`.
    pub(crate) fn write_goals(&self, state: &State, row: &mut [f64]) {
        for (goal, place) in state.goals.iter().zip(row.chunks_exact_mut(GOAL)) {
            place[..3].copy_from_slice(&goal.position);
            place[3..7].copy_from_slice(&goal.orientation);
            place[7..].copy_from_slice(&goal.size);
        }
    }

    /// Writes columns into the goals of a state of this scene.
    pub(crate) fn read_goals(&self, row: &[f64], state: &mut State) {
        for (goal, numbers) in state.goals.iter_mut().zip(row.chunks_exact(GOAL)) {
            goal.position.copy_from_slice(&numbers[..3]);
            goal.orientation.copy_from_slice(&numbers[3..7]);
            goal.size.copy_from_slice(&numbers[7..]);
        }
    }
}
