//! The rasteriser: which pixels a triangle covers, and what of them is nearest.
//!
//! Coverage is decided in whole numbers: a pixel belongs to a triangle where its centre is inside,
//! or on a top or left edge, so that neighbours share no pixel and leave none out. Nearness is in
//! f32 by additions and multiplications alone, so that images have the same bits everywhere.

use super::view::{Corner, ONE, SUBPIXEL};

/// Half a pixel, in 1/256.
const HALF: i32 = 1 << (SUBPIXEL - 1);
/// Up to this width, in pixels, each pixel is tested; beyond, a row's ends are computed.
const NARROW: i32 = 8;

/// What is nearest in every pixel.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) width: usize,
    pub(super) height: usize,
    /// 0 where there is nothing.
    pub(super) nearness: Vec<f32>,
    pub(super) light: Vec<f32>,
    /// One more than the index of the part; 0 where there is nothing.
    pub(super) part: Vec<u32>,
}

/// A linear function over the image: its value at the first pixel's centre, and its slopes.
#[derive(Clone, Copy)]
struct Plane {
    first: f32,
    per_column: f32,
    per_row: f32,
}

/// An edge's function, not negative inside: its value at the first pixel's centre, and its steps.
#[derive(Clone, Copy)]
struct Edge {
    first: i64,
    per_column: i64,
    per_row: i64,
}

impl Target {
    /// Makes the image empty and of that size.
    pub(super) fn clear(&mut self, width: usize, height: usize) {
        let count = width * height;
        (self.width, self.height) = (width, height);
        self.nearness.clear();
        self.nearness.resize(count, 0.0);
        self.light.resize(count, 0.0);
        self.part.clear();
        self.part.resize(count, 0);
    }

    /// Draws a triangle that is seen from its front.
    ///
    /// `mirrored` tells which way front faces turn. Corners must not need clipping.
    pub(super) fn triangle(&mut self, corners: [Corner; 3], mirrored: bool, part: u32) {
        let [a, b, c] = corners;
        let (ux, uy) = (i64::from(b.x - a.x), i64::from(b.y - a.y));
        let (vx, vy) = (i64::from(c.x - a.x), i64::from(c.y - a.y));
        let area = ux * vy - vx * uy;
        // Seen from outside, corners run counter-clockwise; rows go downwards.
        if mirrored && area > 0 {
            self.front([a, b, c], area, part);
        } else if !mirrored && area < 0 {
            self.front([a, c, b], -area, part);
        }
    }

    fn front(&mut self, corners: [Corner; 3], area: i64, part: u32) {
        let [a, b, c] = corners;
        // The first and last pixel whose centre is within the bounds.
        let first = |low: i32| ((low + HALF - 1) >> SUBPIXEL).max(0);
        let last = |high: i32, size: usize| ((high - HALF) >> SUBPIXEL).min(size as i32 - 1);
        let x0 = first(a.x.min(b.x).min(c.x));
        let x1 = last(a.x.max(b.x).max(c.x), self.width);
        let y0 = first(a.y.min(b.y).min(c.y));
        let y1 = last(a.y.max(b.y).max(c.y), self.height);
        if x0 > x1 || y0 > y1 {
            return;
        }
        let (px, py) = ((x0 << SUBPIXEL) + HALF, (y0 << SUBPIXEL) + HALF);
        let edges = [edge(a, b, px, py), edge(b, c, px, py), edge(c, a, px, py)];
        let planes = planes(corners, area, px, py);
        let bounds = [
            a.nearness.min(b.nearness).min(c.nearness),
            a.nearness.max(b.nearness).max(c.nearness),
        ];
        let fill = Fill { planes, bounds, part };
        if x1 - x0 < NARROW {
            self.narrow([x0, x1, y0, y1], edges, &fill);
        } else {
            self.wide([x0, x1, y0, y1], edges, &fill);
        }
    }

    /// Tests every pixel of the bounds.
    fn narrow(&mut self, [x0, x1, y0, y1]: [i32; 4], mut edges: [Edge; 3], fill: &Fill) {
        for row in 0..=(y1 - y0) {
            let start = (y0 + row) as usize * self.width + x0 as usize;
            let [mut e0, mut e1, mut e2] = edges.map(|edge| edge.first);
            for column in 0..=(x1 - x0) {
                // All three signs at once.
                if (e0 | e1 | e2) >= 0 {
                    let at = start + column as usize;
                    let (nearness, light) = fill.at(column as f32, row as f32);
                    if nearness > self.nearness[at] {
                        self.nearness[at] = nearness;
                        self.light[at] = light;
                        self.part[at] = fill.part;
                    }
                }
                e0 += edges[0].per_column;
                e1 += edges[1].per_column;
                e2 += edges[2].per_column;
            }
            edges.iter_mut().for_each(|edge| edge.first += edge.per_row);
        }
    }

    /// Computes where each row begins and ends.
    fn wide(&mut self, [x0, x1, y0, y1]: [i32; 4], mut edges: [Edge; 3], fill: &Fill) {
        for row in 0..=(y1 - y0) {
            let (mut from, mut to) = (0, i64::from(x1 - x0));
            for edge in &mut edges {
                if edge.per_column > 0 {
                    from = from.max(-edge.first.div_euclid(edge.per_column));
                } else if edge.per_column < 0 {
                    to = to.min(edge.first.div_euclid(-edge.per_column));
                } else if edge.first < 0 {
                    to = -1;
                }
                edge.first += edge.per_row;
            }
            if from <= to {
                let start = (y0 + row) as usize * self.width + x0 as usize;
                self.span(start, from as usize, to as usize + 1, row as f32, fill);
            }
        }
    }

    fn span(&mut self, start: usize, from: usize, to: usize, row: f32, fill: &Fill) {
        let range = start + from..start + to;
        let nearness = &mut self.nearness[range.clone()];
        let light = &mut self.light[range.clone()];
        let part = &mut self.part[range];
        for (i, ((n, l), p)) in nearness.iter_mut().zip(light).zip(part).enumerate() {
            let (new, cosine) = fill.at((from + i) as i32 as f32, row);
            let wins = new > *n;
            *n = if wins { new } else { *n };
            *l = if wins { cosine } else { *l };
            *p = if wins { fill.part } else { *p };
        }
    }
}

/// What is written where a triangle is nearest.
struct Fill {
    planes: [Plane; 2],
    /// The least and the greatest nearness of the corners.
    bounds: [f32; 2],
    part: u32,
}

impl Fill {
    /// Nearness and light of a pixel, counted from the first.
    fn at(&self, column: f32, row: f32) -> (f32, f32) {
        let [nearness, light] = self.planes;
        let value = |plane: Plane| plane.first + plane.per_row * row + plane.per_column * column;
        // Slivers have steep slopes that rounding can carry beyond the corners.
        let [low, high] = self.bounds;
        let near = value(nearness);
        let near = if near < low { low } else { near };
        (if near > high { high } else { near }, value(light))
    }
}

/// The function of an edge from `a` to `b` of a triangle that runs clockwise in the image.
fn edge(a: Corner, b: Corner, px: i32, py: i32) -> Edge {
    let (dx, dy) = (i64::from(b.x - a.x), i64::from(b.y - a.y));
    let value = dx * i64::from(py - a.y) - dy * i64::from(px - a.x);
    let top_or_left = dy < 0 || (dy == 0 && dx > 0);
    Edge {
        first: if top_or_left { value } else { value - 1 },
        per_column: -dy << SUBPIXEL,
        per_row: dx << SUBPIXEL,
    }
}

/// Nearness and light as functions of the pixel.
fn planes(corners: [Corner; 3], area: i64, px: i32, py: i32) -> [Plane; 2] {
    let [a, b, c] = corners;
    let [ux, uy, vx, vy] = [b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y].map(|d| d as f32);
    let scale = ONE / area as f32;
    let (column, row) = ((px - a.x) as f32 / ONE, (py - a.y) as f32 / ONE);
    let plane = |at_a: f32, at_b: f32, at_c: f32| {
        let (u, v) = (at_b - at_a, at_c - at_a);
        let per_column = (u * vy - v * uy) * scale;
        let per_row = (v * ux - u * vx) * scale;
        Plane { first: at_a + per_column * column + per_row * row, per_column, per_row }
    };
    [plane(a.nearness, b.nearness, c.nearness), plane(a.light, b.light, c.light)]
}
