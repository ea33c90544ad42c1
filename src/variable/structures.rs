//! Task variables of scenes that are built: which there are, and what writing them does at once.
//!
//! Writing one of them only notes the value; the scene is built afterwards, once for all of them
//! (`intervention::structure`). The mass alone needs no other scene.

use crate::world::{BlockKind, State, TaskState};

/// The task variables that a structure has beside those of every family.
pub(crate) fn variables_of(task: &TaskState) -> &'static [&'static str] {
    match task {
        TaskState::Listed => &[],
        TaskState::Tower(_) => {
            &["tower_dims", "blocks_mass", "number_of_blocks_in_tower", "tower_center"]
        }
        TaskState::Stack(_) => {
            &["stack_levels", "blocks_mass", "blocks_min_size", "max_level_width"]
        }
        TaskState::Pile(_) => &["nums_objects", "blocks_mass", "tool_block_size"],
    }
}

/// Gives every movable block that mass, kg.
pub(super) fn give_mass(state: &mut State, mass: f64) {
    if let Some(place) = state.task.blocks_mass_mut() {
        *place = mass;
    }
    for (description, block) in state.scene.blocks.iter().zip(&mut state.blocks) {
        if description.kind == BlockKind::Movable {
            block.mass = mass;
        }
    }
}
