//! A TriFinger robot and a world of blocks, in Rust over Rapier, in which every causal variable
//! can be read and set, and in which one control step is a pure function of plain numbers.
//!
//! The modules are floors of one house, listed from the ground up. A module uses only what
//! stands below it, and a test reads this file to hold that order.

// Floor 0: what everything stands on.
pub mod error;
pub mod math;
pub mod rng;
pub mod saved;
pub mod space;

// Floor 1: the TriFinger as numbers: kinematics, actions, controller.
pub mod robot;

// Floor 2: the only floor that names Rapier bodies.
pub mod world;

// Beside them, below what observes by it: states as images.
pub mod render;

// Floor 3: names and ranges of variables; do(X = x).
pub mod intervention;
pub mod variable;

// Floor 4: what is wanted: families, goals, rewards.
pub mod task;

// Floor 5: the decision process.
pub mod env;

// Floor 6: many worlds at once.
pub mod vec_env;

// Floor 7: how the world changes while an agent learns, and where it is evaluated.
pub mod curriculum;
pub mod evaluation;
#[cfg(feature = "report")]
pub mod report;

// Floor 8: what influenced what, step by step.
pub mod causal;

// Floor 9: more transitions from few, the paper's own world to try it in, and what is kept of it all.
pub mod augment;
#[cfg(feature = "record")]
pub mod augmented;
#[cfg(feature = "record")]
pub mod record;
pub mod sprites;

// Floor 10: what moves the robot.
pub mod agent;

// The command line: translates, decides nothing.
#[cfg(feature = "cli")]
pub mod cli;

pub use env::{Config, Env, Info, Step};
pub use error::{Error, Result};
pub use vec_env::VecEnv;
pub use world::State;

// The README's Rust is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../docs/custom.md")]
struct CustomPage;
