//! The arena: the box above the floor in which goals and obstacles are placed.

use crate::math::{Quat, Triple};
use crate::world::{GoalShape, GoalState};

/// The lowest corner of the arena box, m (facts 1.7, `ARENA_BB`).
pub const ARENA_LOW: Triple = [-0.15, -0.15, 0.0];
/// The highest corner of the arena box, m.
pub const ARENA_HIGH: Triple = [0.15, 0.15, 0.3];

/// The share of a goal's bounding box that must lie in the arena (facts 4.5).
const SHARE: f64 = 0.5;
/// The lowest that a goal's bounding box may reach, m (facts 4.5).
const BOTTOM: f64 = -0.01;
/// Room for rounding where a goal's centre lies on the arena's edge and its share is one half.
const ROUNDING: f64 = 1e-9;

/// Half the edges of the axis-aligned bounding box of a turned box, m, world frame.
///
/// Exactly half the size along z for a box that is turned about z alone, and along every axis
/// for one that is not turned.
pub fn half_extents(size: Triple, [x, y, z, w]: Quat) -> Triple {
    let rows = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ];
    rows.map(|row| {
        let edge = row[0].abs() * size[0] + row[1].abs() * size[1] + row[2].abs() * size[2];
        0.5 * edge
    })
}

/// Whether enough of a goal lies in the arena, and none of it far below the floor (facts 4.5).
pub fn holds(shape: GoalShape, goal: &GoalState) -> bool {
    let half = match shape {
        GoalShape::Cuboid => half_extents(goal.size, goal.orientation),
        GoalShape::Sphere => goal.size.map(|d| 0.5 * d),
    };
    let share: f64 = (0..3)
        .map(|i| {
            let low = (goal.position[i] - half[i]).max(ARENA_LOW[i]);
            let high = (goal.position[i] + half[i]).min(ARENA_HIGH[i]);
            (high - low).max(0.0) / (2.0 * half[i])
        })
        .product();
    share >= SHARE - ROUNDING && goal.position[2] - half[2] >= BOTTOM
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::from_rotation_vector;

    fn at(position: Triple) -> GoalState {
        GoalState { position, ..GoalState::default() }
    }

    #[test]
    fn goals_leave_the_arena_where_they_do_in_the_reference() {
        let cuboid = |p| holds(GoalShape::Cuboid, &at(p));
        assert!(cuboid([0.149, 0.0, 0.0325]), "facts 4.5: accepted at 0.149");
        assert!(!cuboid([0.3, 0.0, 0.0325]), "facts 4.5: refused at 0.3");
        assert!(!cuboid([0.0, 0.0, 0.02]), "its bottom lies 12.5 mm below the floor");
        assert!(cuboid([0.15, 0.0, 0.1]) && !cuboid([0.15, 0.15, 0.1]));
    }

    #[test]
    fn a_box_turned_about_z_keeps_its_exact_height() {
        let size = [0.061, 0.072, 0.065];
        for yaw in [0.1, 1.0, 2.0, -3.0] {
            assert_eq!(half_extents(size, from_rotation_vector([0.0, 0.0, yaw]))[2], 0.065 / 2.0);
        }
        let quarter =
            half_extents(size, from_rotation_vector([std::f64::consts::FRAC_PI_2, 0.0, 0.0]));
        assert!((quarter[1] - 0.0325).abs() < 1e-15 && (quarter[2] - 0.036).abs() < 1e-15);
    }
}
