//! The floor plane is z = 0; the ring wall around it is made of flat segments, thick outwards.

use std::f64::consts::PI;

use rapier3d_f64::prelude::{Pose, Vector};

use crate::math;

/// The ring wall's inner radius, m (facts 1.7).
pub const WALL_RADIUS: f64 = 0.242;
/// The wall's lower and upper edge, m: 0.010 and 0.260 of the reference less its floor height.
pub const WALL_HEIGHT: [f64; 2] = [-0.001, 0.249];
/// The number of the ring's flat segments (facts 1.7).
const WALL_SEGMENTS: usize = 38;
/// How far the wall reaches outwards, m: thick enough that nothing tunnels through it.
const WALL_THICKNESS: f64 = 0.1;

/// The wall's boxes: their poses and half their edges, m.
pub(super) fn wall_segments() -> Vec<(Pose, Vector)> {
    let half_height = 0.5 * (WALL_HEIGHT[1] - WALL_HEIGHT[0]);
    let half_angle = PI / WALL_SEGMENTS as f64;
    let outer = WALL_RADIUS + WALL_THICKNESS;
    let half_width = outer * math::sin(half_angle) / math::cos(half_angle);
    let half = Vector::new(0.5 * WALL_THICKNESS, half_width, half_height);
    let segment = |segment: usize| {
        let angle = 2.0 * half_angle * segment as f64;
        let (s, c) = math::sin_cos(angle);
        let radius = WALL_RADIUS + 0.5 * WALL_THICKNESS;
        let (sh, ch) = math::sin_cos(0.5 * angle);
        let position = [radius * c, radius * s, WALL_HEIGHT[0] + half_height];
        (math::to_rapier_pose(position, [0.0, 0.0, sh, ch]), half)
    };
    (0..WALL_SEGMENTS).map(segment).collect()
}
