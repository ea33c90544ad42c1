//! The world: what stands in it, its physics settings, and the step, a pure function.
//!
//! This is the only floor that names Rapier. Its collision detection finds contacts; what moves
//! the bodies is our own solver (`native`) or Rapier's (`rapier`). `State` is a value and the only
//! thing that travels up.

mod arena;
mod contacts;
mod mass;
mod native;
mod node;
mod rapier;
mod scene;
mod settings;
mod state;
mod step;
mod task;

pub use arena::{WALL_HEIGHT, WALL_RADIUS};
pub use contacts::{Contacts, Coupling, Entity};
pub use node::{Node, NodeKind};
pub use scene::{BlockDescription, BlockKind, GoalDescription, GoalShape, Scene};
pub use settings::{Engine, Friction, Physics, Preset};
pub use state::{ArenaState, BlockState, GoalState, State, SurfaceState};
pub use step::{Penetration, World};
pub use task::{PileState, StackGoals, StackState, TaskState, TowerState};
