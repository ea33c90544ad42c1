//! Patterns of surfaces: which of its two colours a place of a body shows.
//!
//! A pattern fills space in the body's own frame, so that it needs no coordinates on the surface
//! and moves with the body. Only additions, multiplications and whole parts: the same bits everywhere.

use nalgebra::Matrix3;

use super::composition::byte;
use crate::math::{self, Triple};
use crate::world::{Pattern, PatternKind};

/// How far patterns lie off the body's centre, in repetitions: faces are rarely where colours meet.
const OFFSET: f32 = 0.37;
/// The square of a ball's radius, in repetitions; every plane through the balls meets some.
const BALL: f32 = 0.35 * 0.35;

/// The second colour of a part, and where it shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    pub(super) kind: PatternKind,
    /// RGB, each 0 to 255.
    pub(super) color: [u8; 3],
    /// From the world to repetitions: rows of a matrix.
    pub(super) rows: [[f32; 3]; 3],
    /// The body's origin, world frame, m.
    origin: [f32; 3],
}

impl Paint {
    /// The paint of a body at that place; `None` for a plain one.
    pub(super) fn of(pattern: &Pattern, rotation: &Matrix3<f64>, position: Triple) -> Option<Self> {
        // A colour changes twice within a repetition; checks are half as wide each.
        let per_metre = match pattern.kind {
            PatternKind::Plain => return None,
            PatternKind::Checks => 2.0 / pattern.scale,
            PatternKind::Stripes | PatternKind::Dots => 1.0 / pattern.scale,
        };
        let turned = (rotation.transpose() * per_metre).cast::<f32>();
        Some(Self {
            kind: pattern.kind,
            color: pattern.color.map(byte),
            rows: [0, 1, 2].map(|r| [turned[(r, 0)], turned[(r, 1)], turned[(r, 2)]]),
            origin: math::vector(position).cast::<f32>().into(),
        })
    }

    /// Whether a point (world frame, m) has the second colour.
    pub(super) fn covers(&self, point: [f32; 3]) -> bool {
        let d = [0, 1, 2].map(|i| point[i] - self.origin[i]);
        let [x, y, z] = self.rows.map(|row| row[0] * d[0] + row[1] * d[1] + row[2] * d[2] + OFFSET);
        let part = |v: f32| v - v.floor();
        match self.kind {
            PatternKind::Plain => false,
            PatternKind::Checks => part(0.5 * (x.floor() + y.floor() + z.floor())) > 0.25,
            PatternKind::Stripes => part(x + y + z) < 0.5,
            PatternKind::Dots => {
                let from = |center: f32| -> f32 {
                    let away = |v: f32| part(v - center + 0.5) - 0.5;
                    away(x) * away(x) + away(y) * away(y) + away(z) * away(z)
                };
                // A body-centred lattice.
                from(0.0).min(from(0.5)) < BALL
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::from_rotation_vector;

    fn share(pattern: &Pattern, turn: Triple, position: Triple, height: f64) -> f64 {
        let rotation = math::rotation(from_rotation_vector(turn)).to_rotation_matrix().into_inner();
        let paint = Paint::of(pattern, &rotation, position).expect("no plain one");
        let mut covered = 0;
        for i in 0..100 * 100 {
            let local = [f64::from(i % 100), f64::from(i / 100)].map(|x| 0.0013 * x - 0.065);
            let local = math::vector([local[0], local[1], height]);
            let point = rotation * local + math::vector(position);
            covered += usize::from(paint.covers(point.cast::<f32>().into()));
        }
        covered as f64 / 1e4
    }

    #[test]
    fn every_pattern_shows_both_colours_on_every_face_and_moves_with_its_body() {
        for kind in [PatternKind::Checks, PatternKind::Stripes, PatternKind::Dots] {
            for height in [0.0, 0.011, 0.0325, -0.0475] {
                let pattern = Pattern { kind, ..Pattern::default() };
                let still = share(&pattern, [0.0; 3], [0.0; 3], height);
                assert!((0.08..0.6).contains(&still), "{kind:?} covers {still}");
                let moved = share(&pattern, [0.3, -0.4, 2.0], [0.1, -0.05, 0.2], height);
                assert!((moved - still).abs() < 0.01, "{kind:?}: {moved} is not {still}");
            }
        }
        let plain = Pattern::default();
        assert!(Paint::of(&plain, &Matrix3::identity(), [0.0; 3]).is_none());
    }
}
