//! Masses of blocks that hold each other.

use crate::error::{Error, Result};
use crate::world::{BlockKind, Physics, State};

/// Refuses a state whose heaviest movable block has more than
/// [`Physics::largest_mass_ratio`] times the mass of its lightest.
///
/// # Errors
/// [`Error::Impossible`] with both masses, their ratio and the largest that is possible.
pub fn check_masses(physics: &Physics, state: &State) -> Result<()> {
    let most = physics.largest_mass_ratio();
    let Some([light, heavy]) = extremes(state) else { return Ok(()) };
    let [least, greatest] = [light, heavy].map(|block| state.blocks[block].mass);
    if greatest <= most * least {
        return Ok(());
    }
    let path = |block: usize| format!("{}/mass", state.scene.blocks[block].name);
    Err(Error::Impossible {
        path: path(heavy),
        value: vec![greatest],
        reason: format!(
            "it is {:.1} times '{}' = {least:?}, and contact holds up to {most} times; \
             choose masses nearer to each other, both in one intervention",
            greatest / least,
            path(light)
        ),
    })
}

/// Whether the masses of a state are no farther apart than those of another.
pub(super) fn no_farther_apart(state: &State, before: &State) -> bool {
    let ratio = |state: &State| {
        extremes(state)
            .map_or(1.0, |[light, heavy]| state.blocks[heavy].mass / state.blocks[light].mass)
    };
    ratio(state) <= ratio(before)
}

/// The lightest and the heaviest movable block; the first of equals.
fn extremes(state: &State) -> Option<[usize; 2]> {
    let movable = |&i: &usize| state.scene.blocks[i].kind == BlockKind::Movable;
    let mut found: Option<[usize; 2]> = None;
    for block in (0..state.blocks.len()).filter(movable) {
        let [light, heavy] = found.get_or_insert([block; 2]);
        if state.blocks[block].mass < state.blocks[*light].mass {
            *light = block;
        }
        if state.blocks[block].mass > state.blocks[*heavy].mass {
            *heavy = block;
        }
    }
    found
}
