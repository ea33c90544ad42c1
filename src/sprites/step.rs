//! One step of the sprites, and who influenced whom in it.

use serde::{Deserialize, Serialize};

use super::{MOST_SPEED, NODES, NUMBERS, SPRITES};
use crate::math;

/// Nearer than this, centre to centre, two sprites collide.
const CONTACT: f64 = 0.1;
/// Half the edge of a sprite.
const HALF_EDGE: f64 = 0.075;
/// Where every sprite should go.
pub const TARGETS: [[f64; 2]; SPRITES] = [[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]];

/// The state: x, y, velocity in x, velocity in y of every sprite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sprites(pub [[f64; 4]; SPRITES]);

/// Who influenced whom: rows are the four sprites and the action, columns the four sprites.
pub type Mask = [[bool; SPRITES]; NODES];

/// A step with everything that went into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpriteTransition {
    /// The state before.
    pub before: Sprites,
    /// Where was clicked, in \[-1, 1\]².
    pub action: [f64; 2],
    /// What was added to the velocity of the sprite that was pushed.
    pub noise: [f64; 2],
    /// The state after.
    pub after: Sprites,
    /// Who influenced whom.
    pub mask: Mask,
}

impl Sprites {
    /// All numbers, sprite by sprite.
    pub fn numbers(&self) -> [f64; NUMBERS] {
        std::array::from_fn(|i| self.0[i / 4][i % 4])
    }

    /// The state of these numbers.
    pub fn of(numbers: &[f64; NUMBERS]) -> Self {
        Self(std::array::from_fn(|sprite| std::array::from_fn(|i| numbers[4 * sprite + i])))
    }

    /// Whether every number has the same bits as in another state.
    pub fn same_bits(&self, other: &Self) -> bool {
        self.numbers().map(f64::to_bits) == other.numbers().map(f64::to_bits)
    }
}

/// The step: pushes the sprite nearest to the click away from it, then moves the sprites one after
/// the other; one that leaves the square or meets another turns round.
///
/// Later sprites meet earlier ones at their new places, and only the one that moves reacts. The
/// mask has what did influence: a sprite on itself, the one met on the one that met it, the action
/// on the sprite that it pushed. That another sprite would have been nearer to the click, or in the
/// way, were it elsewhere, it leaves out; a stitched step has a mask of its own for that.
pub fn step(before: &Sprites, action: &[f64; 2], noise: &[f64; 2]) -> SpriteTransition {
    let mut sprites = before.0;
    let mut mask = [[false; SPRITES]; NODES];
    let click = action.map(|x| 0.5 * (x.clamp(-1.0, 1.0) + 1.0));
    let distance =
        |sprite: &[f64; 4], to: [f64; 2]| math::hypot(sprite[0] - to[0], sprite[1] - to[1]);
    let mut pushed = 0;
    for i in 1..SPRITES {
        if distance(&sprites[i], click) < distance(&sprites[pushed], click) {
            pushed = i;
        }
    }
    push(&mut sprites[pushed], click, noise);
    mask[SPRITES][pushed] = true;
    for i in 0..SPRITES {
        mask[i][i] = true;
        let old = sprites[i];
        let mut own = old;
        for axis in 0..2 {
            own[axis] += old[2 + axis];
        }
        if own[..2].iter().any(|x| *x >= 1.0 || *x <= 0.0) {
            turn(&mut own);
        }
        for x in &mut own[..2] {
            *x = x.clamp(0.0, 1.0);
        }
        let meets = |j: &usize| {
            let other = &sprites[*j];
            let inside = (0..2).all(|axis| (own[axis] - other[axis]).abs() < HALF_EDGE);
            *j != i && (distance(&own, [other[0], other[1]]) < CONTACT || inside)
        };
        if let Some(j) = (0..SPRITES).find(meets) {
            let moved = own[..2] != old[..2] || own[2..] != [0.0, 0.0];
            mask[j][i] |= moved;
            own[..2].copy_from_slice(&old[..2]);
            turn(&mut own);
        }
        sprites[i] = own;
    }
    SpriteTransition {
        before: *before,
        action: *action,
        noise: *noise,
        after: Sprites(sprites),
        mask,
    }
}

/// Turns a sprite's velocity towards away from the click, the more the farther the click.
///
/// The angle is the mean of the two raw angles, weighted by the distance, which goes the long way
/// round where they lie on either side of half a turn (facts 3.1).
fn push(sprite: &mut [f64; 4], click: [f64; 2], noise: &[f64; 2]) {
    let (x, y) = (sprite[0] - click[0], sprite[1] - click[1]);
    let weight = math::hypot(x, y);
    let own = math::atan2(sprite[3], sprite[2]);
    let angle = (1.0 - weight) * own + weight * math::atan2(y, x);
    let speed = math::hypot(sprite[2], sprite[3]);
    let (sin, cos) = math::sin_cos(angle);
    for (axis, direction) in [cos, sin].into_iter().enumerate() {
        let velocity = (speed * direction + noise[axis]).clamp(-MOST_SPEED, MOST_SPEED);
        // The reference keeps velocities in single precision.
        sprite[2 + axis] = f64::from(velocity as f32);
    }
}

fn turn(sprite: &mut [f64; 4]) {
    for velocity in &mut sprite[2..] {
        *velocity = (-*velocity).clamp(-MOST_SPEED, MOST_SPEED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sprites far from each other and at rest, but for what is changed.
    fn apart() -> Sprites {
        Sprites([
            [0.2, 0.2, 0.0, 0.0],
            [0.2, 0.8, 0.0, 0.0],
            [0.8, 0.2, 0.0, 0.0],
            [0.8, 0.8, 0.0, 0.0],
        ])
    }

    #[test]
    fn a_sprite_that_meets_another_stays_and_turns_round_and_the_other_does_not_notice() {
        let mut before = apart();
        before.0[0] = [0.2, 0.2, 0.05, 0.0];
        before.0[2] = [0.32, 0.2, 0.0, 0.0];
        // The click is next to the last sprite, which is at rest.
        let t = step(&before, &[0.6, 0.6], &[0.0, 0.0]);
        assert_eq!(t.after.0[0], [0.2, 0.2, -0.05, 0.0]);
        assert_eq!(t.after.0[2], before.0[2]);
        assert!(t.mask[2][0] && !t.mask[0][2]);
        assert_eq!(t.mask[SPRITES], [false, false, false, true]);
        assert_eq!(t.mask.iter().flatten().filter(|entry| **entry).count(), 6);
    }

    #[test]
    fn a_sprite_at_the_edge_stops_there_and_turns_round_on_both_axes() {
        let mut before = apart();
        before.0[1] = [0.97, 0.5, 0.06, 0.02];
        let t = step(&before, &[0.6, 0.6], &[0.0, 0.0]);
        assert_eq!(t.after.0[1], [1.0, 0.52, -0.06, -0.02]);
    }

    #[test]
    fn a_click_pushes_the_nearest_sprite_and_noise_moves_no_other() {
        let before = apart();
        let t = step(&before, &[-0.6, -0.8], &[0.01, -0.02]);
        let [x, y, u, v] = t.after.0[0];
        assert_eq!((u, v), (f64::from(0.01_f32), f64::from(-0.02_f32)));
        assert_eq!((x, y), (0.2 + u, 0.2 + v));
        assert_eq!(t.after.0[1..], before.0[1..]);
    }
}
