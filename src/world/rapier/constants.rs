//! What of a state the built world depends on.

use std::sync::Arc;

use crate::math::{Quat, Triple};
use crate::robot;
use crate::world::{BlockKind, Mesh, State};

/// One body's constants that the engine keeps in its bodies and shapes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BlockConstants {
    pub(super) kind: BlockKind,
    /// Its form; a box where there is none.
    pub(super) mesh: Option<Arc<Mesh>>,
    pub(super) size: Triple,
    pub(super) mass: f64,
    pub(super) friction: f64,
    pub(super) restitution: f64,
    // A fixed block never moves during a step: its pose belongs to the built world.
    pub(super) fixed_pose: Option<(Triple, Quat)>,
}

/// Everything in a state that the built world depends on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constants {
    pub(super) height: f64,
    pub(super) link_masses: [f64; robot::LINKS],
    pub(super) finger: [f64; 2],
    pub(super) floor: [f64; 2],
    // `None` where the scene has no wall.
    pub(super) wall: Option<[f64; 2]>,
    pub(super) blocks: Vec<BlockConstants>,
}

impl Constants {
    /// The constants of a state.
    pub(super) fn of(state: &State) -> Self {
        let mut constants = Self {
            height: 0.0,
            link_masses: [0.0; robot::LINKS],
            finger: [0.0; 2],
            floor: [0.0; 2],
            wall: None,
            blocks: Vec::with_capacity(state.blocks.len()),
        };
        constants.read(state);
        constants
    }

    /// Reads the constants of a state into place.
    pub(super) fn read(&mut self, state: &State) {
        let arena = &state.arena;
        self.height = state.robot.height;
        self.link_masses = state.robot.links.map(|link| link.mass);
        self.finger = [state.robot.friction, state.robot.restitution].map(unsigned);
        self.floor = [arena.floor.friction, arena.floor.restitution].map(unsigned);
        self.wall = (!state.scene.without_wall)
            .then_some([arena.wall.friction, arena.wall.restitution].map(unsigned));
        self.blocks.clear();
        self.blocks.extend(state.scene.blocks.iter().zip(&state.blocks).map(|(d, b)| {
            BlockConstants {
                kind: d.kind,
                mesh: d.mesh.clone(),
                size: b.size,
                mass: b.mass,
                friction: unsigned(b.friction),
                restitution: unsigned(b.restitution),
                fixed_pose: (d.kind == BlockKind::Fixed)
                    .then_some((b.position.map(unsigned), b.orientation.map(unsigned))),
            }
        }));
    }
}

/// The number, with zero for minus zero: the two compare equal, and so must build the same world.
fn unsigned(x: f64) -> f64 {
    x + 0.0
}
