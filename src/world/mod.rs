//! The world: what stands in it, its physics settings, and the step, a pure function.
//!
//! This is the only floor that names Rapier bodies. `State` is a value and the only thing that
//! travels up.

mod scene;
mod settings;
mod state;

pub use scene::{BlockDescription, BlockKind, GoalDescription, GoalShape, Scene};
pub use settings::{Friction, Physics, Preset};
pub use state::{ArenaState, BlockState, GoalState, State, SurfaceState};
