//! One control step as it happened, with what influenced what in it.

use super::{LocalMask, Strength};
use crate::env::{Env, Step};
use crate::error::{Error, Result};
use crate::robot::Nine;
use crate::world::{Contacts, Entity, State, Sweep};

/// A control step: what was, what was done, what came of it, what influenced what.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The state that the step began in.
    pub before: State,
    /// The action as it was put into the robot's queue: clipped, in physical units of the action
    /// mode.
    pub action: Nine,
    /// The state that the dynamics led to.
    pub after: State,
    /// The sound local mask of the step.
    pub mask: LocalMask,
    /// Whether a finger and a block, or two blocks, pushed on each other.
    pub touching: bool,
    /// Where every part was in every tick, if it was recorded.
    pub sweep: Option<Sweep>,
}

impl Transition {
    /// Takes a step of an environment and tells it.
    ///
    /// Record sweeps with [`Env::record_sweeps`] where the cut test shall be used later.
    ///
    /// # Errors
    /// As [`Env::step`], and [`Error::TooMany`] for more bodies than a mask has room for.
    pub fn take(env: &mut Env, action: &[f64]) -> Result<(Step, Self)> {
        let before = env.state().clone();
        let step = env.step(action)?;
        Ok((step, Self::last(env, before)?))
    }

    /// The transition from a state to where an environment's last step led from it.
    ///
    /// # Errors
    /// [`Error::Order`] where no step led to the present state.
    pub fn last(env: &Env, before: State) -> Result<Self> {
        if !env.has_stepped() {
            return Err(Error::Order("call step first: a transition is of the last step"));
        }
        let after = env.state().clone();
        let mask = LocalMask::of(env.contacts(), &after.scene, Strength::Sound)?;
        let action = after.robot.actions.recent[0];
        let touching = touching(env.contacts());
        Ok(Self { before, action, after, mask, touching, sweep: env.sweep().cloned() })
    }
}

/// Whether a finger and a block, or two blocks, pushed on each other.
pub fn touching(contacts: &Contacts) -> bool {
    contacts.couplings.iter().any(|c| {
        let pair =
            matches!((c.first, c.second), (Entity::Finger(_) | Entity::Block(_), Entity::Block(_)));
        pair && c.impulse > 0.0
    })
}
