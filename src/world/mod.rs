//! The world: what stands in it, its physics settings, and the step, a pure function.
//!
//! This is the only floor that names Rapier. Its collision detection finds contacts; what moves
//! the bodies is our own solver (`native`) or Rapier's (`rapier`). `State` is a value and the only
//! thing that travels up.

mod appearance;
mod arena;
mod bits;
mod contacts;
pub(crate) mod limits;
mod mass;
mod mesh;
mod native;
mod node;
mod possible;
mod rapier;
mod saved;
mod scene;
mod settings;
mod state;
mod step;
mod task;

pub use appearance::{Appearance, CAMERAS, CameraState, LightState, Pattern, PatternKind};
pub use arena::{WALL_HEIGHT, WALL_RADIUS};
pub use contacts::{Contacts, Coupling, Entity};
pub use mesh::{Hull, MassProperties, Mesh};
pub use native::{Region, Sweep};
pub use node::{Node, NodeKind};
pub use saved::physics;
pub use scene::{BlockDescription, BlockKind, GoalDescription, GoalShape, Scene};
pub use settings::{Engine, Friction, Physics, Preset};
pub use state::{ArenaState, BlockState, GoalState, State, SurfaceState};
pub use step::{Penetration, World};
pub(crate) use task::whole_number;
pub use task::{PileState, StackGoals, StackState, TaskState, TowerState};

/// Rapier with its version, which every engine finds contacts by.
pub fn engine() -> String {
    format!("rapier {}", rapier3d_f64::VERSION)
}
