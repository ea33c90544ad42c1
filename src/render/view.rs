//! From the world into an image: fixed-point corners of triangles, and what crosses its edges.

use nalgebra::Vector3;

use super::camera::Camera;
use crate::math::{self, Triple};

/// Fractional bits of a corner's coordinates: 1/256 of a pixel.
pub(super) const SUBPIXEL: u32 = 8;
/// How many of them make a pixel.
pub(super) const ONE: f32 = (1 << SUBPIXEL) as f32;
/// The nearest that anything is seen, m (facts 3.5).
const NEAR: f64 = 0.001;
/// How far from the image's corner a corner may lie, in pixels, before it is clipped.
const GUARD: f64 = 8000.0;
/// Rounds a number below 2²² to the nearest whole one: then its last bits are that number.
const ROUND: f32 = 12_582_912.0;

/// A corner in an image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Corner {
    /// Columns, in 1/256 of a pixel.
    pub(super) x: i32,
    /// Rows, in 1/256 of a pixel.
    pub(super) y: i32,
    /// What is larger is nearer, and linear in the image; 0 where the corner must be clipped.
    pub(super) nearness: f32,
    /// The cosine between normal and light.
    pub(super) light: f32,
}

/// How the world is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) position: [f32; 3],
    /// The three axes; the first two times the focal length (or the scale) in pixels.
    axes: [[f32; 3]; 3],
    exact: [Vector3<f64>; 3],
    center: [f32; 2],
    pub(super) focal: f32,
    /// Whether images are mirrored: front faces turn the other way then.
    pub(super) mirrored: bool,
    /// The distance at which nearness is 0, m, where rays are parallel.
    parallel: Option<f32>,
}

impl View {
    /// What a camera sees in an image of that size.
    pub(super) fn of(camera: &Camera, width: usize, height: usize) -> Self {
        let focal = camera.focal_length(height);
        Self::new(
            camera.position,
            [camera.right, camera.down, camera.forward],
            focal,
            [0.5 * width as f64, 0.5 * height as f64],
            camera.is_mirrored(),
            None,
        )
    }

    /// What the light sees: parallel rays through a square of that many pixels, `reach` m across.
    pub(super) fn of_light(toward: Triple, middle: Triple, reach: f64, pixels: usize) -> Self {
        let forward = -math::vector(toward);
        let helper = if forward.x.abs() < 0.7 { Vector3::x() } else { Vector3::y() };
        let across = forward.cross(&helper);
        let right = across / math::norm(&across);
        let axes = [right, forward.cross(&right), forward].map(math::triple);
        let position = math::triple(math::vector(middle) - forward * reach);
        let center = [0.5 * pixels as f64; 2];
        let far = (2.0 * reach) as f32;
        Self::new(position, axes, pixels as f64 / reach, center, false, Some(far))
    }

    fn new(
        position: Triple,
        axes: [Triple; 3],
        focal: f64,
        center: [f64; 2],
        mirrored: bool,
        parallel: Option<f32>,
    ) -> Self {
        let [right, down, forward] = axes.map(math::vector);
        let exact = [right * focal, down * focal, forward];
        let single = |v: Vector3<f64>| -> [f32; 3] { v.cast::<f32>().into() };
        Self {
            position: position.map(|x| x as f32),
            axes: exact.map(single),
            exact,
            center: center.map(|x| x as f32),
            focal: focal as f32,
            mirrored,
            parallel,
        }
    }

    /// The corners of all vertices.
    pub(super) fn project(&self, world: &[[f32; 3]], light: &[f32], out: &mut Vec<Corner>) {
        out.resize(world.len(), Corner::default());
        let [right, down, forward] = self.axes;
        // Where the rays' origin would be, taken off once instead of from every vertex.
        let shift = |axis: [f32; 3]| -dot(axis, self.position);
        let (sx, sy, sz) = (shift(right), shift(down), shift(forward));
        let [cx, cy] = self.center;
        let limit = GUARD as f32;
        for ((p, &light), corner) in world.iter().zip(light).zip(out) {
            let (x, y, z) = (dot(right, *p) + sx, dot(down, *p) + sy, dot(forward, *p) + sz);
            let (scale, nearness) = match self.parallel {
                None => (1.0 / z, 1.0 / z),
                Some(far) => (1.0, far - z),
            };
            let (x, y) = (x * scale + cx, y * scale + cy);
            let seen = z >= NEAR as f32 && x.abs() <= limit && y.abs() <= limit;
            let nearness = if seen { nearness } else { 0.0 };
            *corner = Corner { x: fixed(x), y: fixed(y), nearness, light };
        }
    }

    /// What of a triangle can be seen, as a polygon's corners, where at least one of its own can
    /// not be.
    pub(super) fn clip(&self, world: [[f32; 3]; 3], corners: [Corner; 3], out: &mut Vec<Corner>) {
        out.clear();
        if self.parallel.is_some() {
            return;
        }
        let point = |i: usize| {
            let d = Vector3::from(world[i].map(f64::from))
                - Vector3::from(self.position.map(f64::from));
            let [x, y, z] = self.exact.map(|axis| axis.dot(&d));
            let kept = (corners[i].nearness > 0.0).then_some(corners[i]);
            Point { x, y, z, light: f64::from(corners[i].light), kept }
        };
        let mut polygon = Polygon::default();
        (0..3).for_each(|i| polygon.push(point(i)));
        // The guard is about the image's corner, the rays about its middle.
        let [cx, cy] = self.center.map(f64::from);
        polygon.clip(|p| p.z - NEAR);
        polygon.clip(|p| (GUARD - cx) * p.z - p.x);
        polygon.clip(|p| (GUARD + cx) * p.z + p.x);
        polygon.clip(|p| (GUARD - cy) * p.z - p.y);
        polygon.clip(|p| (GUARD + cy) * p.z + p.y);
        let corner = |p: &Point| {
            p.kept.unwrap_or_else(|| Corner {
                x: fixed((p.x / p.z + cx) as f32),
                y: fixed((p.y / p.z + cy) as f32),
                nearness: (1.0 / p.z) as f32,
                light: p.light as f32,
            })
        };
        out.extend(polygon.points[..polygon.count].iter().map(corner));
    }

    /// The world's point that a pixel's coordinates and nearness are of.
    pub(super) fn unproject(&self, x: f32, y: f32, nearness: f32) -> [f32; 3] {
        let [cx, cy] = self.center;
        let z = 1.0 / nearness;
        let (across, along) = ((x - cx) * z, (y - cy) * z);
        let unit = 1.0 / (self.focal * self.focal);
        [0, 1, 2].map(|i| {
            self.position[i]
                + (self.axes[0][i] * across + self.axes[1][i] * along) * unit
                + self.axes[2][i] * z
        })
    }

    /// Column, row and nearness of a point, where rays are parallel.
    pub(super) fn parallel(&self, p: [f32; 3]) -> [f32; 3] {
        let d = [0, 1, 2].map(|i| p[i] - self.position[i]);
        let far = self.parallel.unwrap_or_default();
        [
            dot(self.axes[0], d) + self.center[0],
            dot(self.axes[1], d) + self.center[1],
            far - dot(self.axes[2], d),
        ]
    }
}

/// Pixels as 1/256 of a pixel, to the nearest; for numbers within the guard.
fn fixed(pixels: f32) -> i32 {
    ((pixels * ONE + ROUND).to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32)
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// A polygon's corner before the division by its distance.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    x: f64,
    y: f64,
    z: f64,
    light: f64,
    // As it was projected already: neighbours must meet in the same corner.
    kept: Option<Corner>,
}

/// A convex polygon; each of the five planes adds at most one corner to three.
#[derive(Default)]
struct Polygon {
    points: [Point; 8],
    count: usize,
}

impl Polygon {
    fn push(&mut self, point: Point) {
        if let Some(place) = self.points.get_mut(self.count) {
            *place = point;
            self.count += 1;
        }
    }

    /// Keeps what lies on the side where `distance` is not negative (Sutherland and Hodgman 1974).
    fn clip(&mut self, distance: impl Fn(&Point) -> f64) {
        let before = Self { points: self.points, count: self.count };
        self.count = 0;
        for i in 0..before.count {
            let (a, b) = (before.points[i], before.points[(i + 1) % before.count]);
            let (da, db) = (distance(&a), distance(&b));
            if da >= 0.0 {
                self.push(a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                let t = da / (da - db);
                let mix = |from: f64, to: f64| from + t * (to - from);
                self.push(Point {
                    x: mix(a.x, b.x),
                    y: mix(a.y, b.y),
                    z: mix(a.z, b.z),
                    light: mix(a.light, b.light),
                    kept: None,
                });
            }
        }
    }
}
