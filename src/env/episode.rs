//! Which world a state belongs to, and whether it can be continued there.

use serde_json::json;

use super::{Config, ENVIRONMENT_VERSION};
use crate::error::{Error, Result};
use crate::intervention::check_masses;
use crate::rng::fnv1a;
use crate::task::Family;
use crate::world::{Physics, State};

/// The identity of a world description: environment version, family with parameters, physics,
/// ticks per step.
///
/// Two worlds with the same identity make the same next state of the same state and command.
pub(super) fn world_id(family: &Family, config: &Config) -> u64 {
    let (physics, ticks) = (config.physics, config.skip_frame);
    let description = json!([ENVIRONMENT_VERSION, family.digest(), physics, ticks]);
    fnv1a(description.to_string().as_bytes(), 0xcbf2_9ce4_8422_2325)
}

/// Refuses a state that is not of this world or that no world can be in.
pub(super) fn check_state(own: &State, physics: &Physics, state: &State) -> Result<()> {
    if state.world != own.world {
        let reason = format!(
            "its world id is {:016x}, this world's is {:016x}; family, task_params, physics and \
             skip_frame must agree",
            state.world, own.world
        );
        return Err(Error::OtherWorld { reason });
    }
    state.check()?;
    check_masses(physics, state)
}
