//! The bouncing sprites of the CoDA paper: a tiny second world with true local masks.
//!
//! Four squares move over the unit square; an action is a click that pushes the nearest one away
//! (Pitis et al. 2020, section 5 and appendix B; facts 3.1). One step is a pure function of state,
//! action and noise, and says itself who influenced whom.

mod augment;
mod env;
mod step;

pub use augment::{Sample, augment, components};
pub use env::{Reward, SpriteEnv, Taken};
pub use step::{Mask, SpriteTransition, Sprites, TARGETS, step};

/// The number of sprites.
pub const SPRITES: usize = 4;
/// The number of nodes: the sprites, then the action.
pub const NODES: usize = SPRITES + 1;
/// How many numbers a state has: x, y, velocity in x, velocity in y of every sprite.
pub const NUMBERS: usize = 4 * SPRITES;
/// Largest speed along either axis, per step.
pub const MOST_SPEED: f64 = 0.08;
/// Steps of an episode.
pub const EPISODE: u64 = 50;
