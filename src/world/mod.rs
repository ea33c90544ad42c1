//! The world: what stands in it, its physics settings, and the step, a pure function.
//!
//! This is the only floor that names Rapier bodies. `State` is a value and the only thing that
//! travels up.

mod build;
mod constants;
mod contacts;
mod engine;
mod mass;
mod order;
mod scene;
mod settings;
mod state;
mod step;
mod task;

pub use build::{WALL_HEIGHT, WALL_RADIUS};
pub use contacts::{Contacts, Coupling, Entity};
pub use scene::{BlockDescription, BlockKind, GoalDescription, GoalShape, Scene};
pub use settings::{Friction, Physics, Preset};
pub use state::{ArenaState, BlockState, GoalState, State, SurfaceState};
pub use step::{Penetration, World};
pub use task::{PileState, StackGoals, StackState, TaskState, TowerState};
