//! Policies by name, as evaluations drive them.

use super::{action, named};
use crate::env::Env;
use crate::error::Result;
use crate::evaluation::Driver;
use crate::rng::Rng;
use crate::robot::Nine;
use crate::world::State;

/// The names that [`driver`] knows.
pub const DRIVERS: [&str; 4] = ["scripted", "mpc", "random", "idle"];

/// The policy of that name for an episode that begins in an environment: those of [`named`],
/// `random`, which draws every action uniformly between the bounds, and `idle`, which stays where
/// the episode begins.
///
/// # Errors
/// As [`named`] and, but for `random`, as [`action`].
pub fn driver(name: &str, env: &Env) -> Result<Driver> {
    let config = env.config().clone();
    match name {
        "random" => {
            let bounds = env.action_space();
            Ok(Box::new(move |state: &State, chosen: &mut Nine| {
                let mut rng = Rng::at_step(state.seed, state.episode, "agent/random", state.step);
                let each = chosen.iter_mut().zip(bounds.low.iter().zip(&bounds.high));
                each.for_each(|(number, (low, high))| *number = rng.uniform(*low, *high));
                Ok(())
            }))
        }
        "idle" => {
            let stay = action(&config, &env.state().robot.joint_positions)?;
            Ok(Box::new(move |_: &State, chosen: &mut Nine| {
                *chosen = stay;
                Ok(())
            }))
        }
        _ => {
            let mut policy = named(name, env)?;
            policy.reset();
            action(&config, &env.state().robot.target)?;
            let mut joints = env.state().robot.target;
            Ok(Box::new(move |state: &State, chosen: &mut Nine| {
                policy.act(state, &mut joints);
                *chosen = action(&config, &joints)?;
                Ok(())
            }))
        }
    }
}
