//! New goals.

use super::{Actor, Moment};
use crate::error::Result;
use crate::intervention::Intervention;
use crate::variable::{Part, Subspace};

/// Sets the goals that the task draws, from the range that the space in force has for all variables.
///
/// What that range gives and the space excludes is refused and drawn again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goal;

impl Actor for Goal {
    fn name(&self) -> &str {
        "goal_actor"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        let subspace = match moment.space().all() {
            Part::Range(subspace) => *subspace,
            _ => Subspace::Both,
        };
        moment.env().sample_goal_from(subspace, moment.attempt())
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(Self)
    }
}
