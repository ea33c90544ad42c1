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

    /// Draws a triangle, if it is seen from its front.
    ///
    /// `mirrored` tells which way front faces turn. Corners must not need clipping.
    #[inline]
    pub(super) fn triangle(&mut self, a: Corner, b: Corner, c: Corner, mirrored: bool, part: u32) {
        let (ux, uy) = (i64::from(b.x - a.x), i64::from(b.y - a.y));
        let (vx, vy) = (i64::from(c.x - a.x), i64::from(c.y - a.y));
        // Seen from outside, corners run counter-clockwise; rows go downwards.
        let turned = ux * vy - vx * uy;
        let area = if mirrored { turned } else { -turned };
        // The first and last pixel whose centre is within the bounds.
        let first = |low: i32| ((low + HALF - 1) >> SUBPIXEL).max(0);
        let last = |high: i32, size: usize| ((high - HALF) >> SUBPIXEL).min(size as i32 - 1);
        let x0 = first(a.x.min(b.x).min(c.x));
        let x1 = last(a.x.max(b.x).max(c.x), self.width);
        let y0 = first(a.y.min(b.y).min(c.y));
        let y1 = last(a.y.max(b.y).max(c.y), self.height);
        // One branch for all reasons: which of them holds is hard to foresee.
        if (area <= 0) | (x0 > x1) | (y0 > y1) {
            return;
        }
        let corners = if mirrored { [a, b, c] } else { [a, c, b] };
        let triangle = Triangle { corners, area, part, x0, y0 };
        let edges = triangle.edges();
        if x1 - x0 < NARROW {
            self.narrow([x0, x1, y0, y1], edges, &triangle);
        } else {
            self.wide([x0, x1, y0, y1], edges, &triangle.fill());
        }
    }

    /// Tests every pixel of the bounds.
    #[inline]
    fn narrow(&mut self, [x0, x1, y0, y1]: [i32; 4], edges: [Edge; 3], triangle: &Triangle) {
        let [mut e0, mut e1, mut e2] = edges;
        // Most small triangles cover no centre: what they look like is not computed then.
        let mut fill = None;
        for row in 0..=(y1 - y0) {
            let start = (y0 + row) as usize * self.width + x0 as usize;
            let (mut v0, mut v1, mut v2) = (e0.first, e1.first, e2.first);
            for column in 0..=(x1 - x0) {
                // All three signs at once.
                if (v0 | v1 | v2) >= 0 {
                    let at = start + column as usize;
                    let fill = fill.get_or_insert_with(|| triangle.fill());
                    let (nearness, light) = fill.at(column as f32, row as f32);
                    if nearness > self.nearness[at] {
                        self.nearness[at] = nearness;
                        self.light[at] = light;
                        self.part[at] = fill.part;
                    }
                }
                v0 += e0.per_column;
                v1 += e1.per_column;
                v2 += e2.per_column;
            }
            e0.first += e0.per_row;
            e1.first += e1.per_row;
            e2.first += e2.per_row;
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
    nearness: Plane,
    light: Plane,
    /// The least and the greatest nearness of the corners.
    low: f32,
    high: f32,
    part: u32,
}

impl Fill {
    /// Nearness and light of a pixel, counted from the first.
    #[inline]
    fn at(&self, column: f32, row: f32) -> (f32, f32) {
        let near = self.nearness.at(column, row);
        // Slivers have steep slopes that rounding can carry beyond the corners.
        let near = if near < self.low { self.low } else { near };
        (if near > self.high { self.high } else { near }, self.light.at(column, row))
    }
}

impl Plane {
    #[inline]
    fn at(&self, column: f32, row: f32) -> f32 {
        self.first + self.per_row * row + self.per_column * column
    }
}

/// A triangle that runs clockwise in the image, and the first pixel of its bounds.
struct Triangle {
    corners: [Corner; 3],
    /// Twice its area, in 1/65536 of a pixel.
    area: i64,
    part: u32,
    x0: i32,
    y0: i32,
}

impl Triangle {
    /// The first pixel's centre.
    #[inline]
    fn center(&self) -> (i32, i32) {
        ((self.x0 << SUBPIXEL) + HALF, (self.y0 << SUBPIXEL) + HALF)
    }

    #[inline]
    fn edges(&self) -> [Edge; 3] {
        let (px, py) = self.center();
        let [a, b, c] = self.corners;
        [edge(a, b, px, py), edge(b, c, px, py), edge(c, a, px, py)]
    }

    /// Nearness and light as functions of the pixel.
    #[inline]
    fn fill(&self) -> Fill {
        let [a, b, c] = self.corners;
        let (px, py) = self.center();
        let single = |d: i32| d as f32;
        let (ux, uy, vx, vy) =
            (single(b.x - a.x), single(b.y - a.y), single(c.x - a.x), single(c.y - a.y));
        let scale = ONE / self.area as f32;
        let (column, row) = (single(px - a.x) / ONE, single(py - a.y) / ONE);
        let plane = |at_a: f32, at_b: f32, at_c: f32| {
            let (u, v) = (at_b - at_a, at_c - at_a);
            let per_column = (u * vy - v * uy) * scale;
            let per_row = (v * ux - u * vx) * scale;
            Plane { first: at_a + per_column * column + per_row * row, per_column, per_row }
        };
        Fill {
            nearness: plane(a.nearness, b.nearness, c.nearness),
            light: plane(a.light, b.light, c.light),
            low: a.nearness.min(b.nearness).min(c.nearness),
            high: a.nearness.max(b.nearness).max(c.nearness),
            part: self.part,
        }
    }
}

/// The function of an edge from `a` to `b` of a triangle that runs clockwise in the image.
#[inline]
fn edge(a: Corner, b: Corner, px: i32, py: i32) -> Edge {
    let (dx, dy) = (i64::from(b.x - a.x), i64::from(b.y - a.y));
    let value = dx * i64::from(py - a.y) - dy * i64::from(px - a.x);
    let top_or_left = (dy < 0) | ((dy == 0) & (dx > 0));
    Edge {
        first: value - i64::from(!top_or_left),
        per_column: -dy << SUBPIXEL,
        per_row: dx << SUBPIXEL,
    }
}
