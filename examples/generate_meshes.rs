//! Writes the robot's visual meshes, Wavefront OBJ files made of primitives, to `assets/meshes/`.
//!
//! They are drawn and never collide. Outlines follow the bounding boxes of facts 1.8; positions
//! are in the frame of the URDF's visual, m. A test holds the files and this program together.

use std::f64::consts::PI;
use std::fmt::Write;

use nalgebra::Vector3;
use trifactor::math::sin_cos;

/// Corners of a round primitive's cross-section.
const SEGMENTS: usize = 32;
/// Rings of a hemisphere.
const RINGS: usize = 6;

fn main() -> std::io::Result<()> {
    for (name, text) in meshes() {
        std::fs::write(format!("{}/assets/meshes/{name}", env!("CARGO_MANIFEST_DIR")), text)?;
    }
    Ok(())
}

/// Every mesh: its file name and its text.
pub(crate) fn meshes() -> [(&'static str, String); 7] {
    [
        ("base_back.obj", base_back().text()),
        ("base_front.obj", base_front().text()),
        ("base_side.obj", base_side().text()),
        ("base_top.obj", base_top().text()),
        ("upper_link.obj", upper_link().text()),
        ("middle_link.obj", middle_link().text()),
        ("lower_link.obj", lower_link().text()),
    ]
}

fn base_back() -> Mesh {
    Mesh::default().cuboid([-0.024, -0.0185, -0.022], [-0.004, 0.0185, 0.07]).cylinder(
        [-0.004, 0.0, 0.0],
        [0.0, 0.0, 0.0],
        0.016,
    )
}

fn base_front() -> Mesh {
    Mesh::default().cuboid([-0.006, -0.02, 0.0], [0.0, 0.02, 0.07]).cylinder(
        [-0.006, 0.0, 0.0],
        [0.0, 0.0, 0.0],
        0.0159,
    )
}

fn base_side() -> Mesh {
    Mesh::default()
        .cuboid([-0.22945, -0.0015, -0.05], [0.0, 0.0025, 0.0])
        .cuboid([-0.22945, 0.0025, -0.008], [0.0, 0.011, 0.0])
}

fn base_top() -> Mesh {
    Mesh::default().cuboid([-0.22945, -0.02, -0.01], [0.0, 0.02, 0.0])
}

/// A motor along the upper joint's axis and a hub about the middle joint's.
fn upper_link() -> Mesh {
    Mesh::default()
        .cylinder([-0.1795, 0.006, 0.0], [-0.172, 0.006, 0.0], 0.015)
        .cylinder([-0.172, 0.006, 0.0], [-0.02, 0.003, 0.0], 0.0185)
        .cylinder([-0.02, 0.0, 0.0], [0.0195, 0.0, 0.0], 0.013)
        .cylinder([0.0, -0.014, 0.0], [0.0, 0.0251, 0.0], 0.0195)
}

/// Hubs about the middle and the lower joint and a shell between them.
fn middle_link() -> Mesh {
    Mesh::default()
        .cylinder([0.0, -0.0145, 0.0], [0.0, 0.00145, 0.0], 0.0155)
        .capsule([0.0, -0.015, -0.014], [0.0, -0.0235, -0.15], 0.0145)
        .cylinder([0.0, -0.03745, -0.16], [0.0, -0.012, -0.16], 0.0195)
}

/// A hub about the lower joint, a shaft, the disc above the fingertip and its sphere.
fn lower_link() -> Mesh {
    Mesh::default()
        .cylinder([0.0, -0.0139, 0.0], [0.0, 0.00298, 0.0], 0.014)
        .capsule([0.0, -0.0072, -0.008], [0.0, -0.008, -0.14], 0.0078)
        .cylinder([0.0, -0.008, -0.147], [0.0, -0.008, -0.14], 0.011)
        .capsule([0.0, -0.008, -0.147], [0.0, -0.008, -0.16], 0.0095)
}

/// Triangles with a normal per corner.
#[derive(Default)]
struct Mesh {
    vertices: Vec<(Vector3<f64>, Vector3<f64>)>,
    triangles: Vec<[usize; 3]>,
}

impl Mesh {
    /// A box between two corners.
    fn cuboid(mut self, low: [f64; 3], high: [f64; 3]) -> Self {
        let centre = (Vector3::from(low) + Vector3::from(high)) / 2.0;
        let half = (Vector3::from(high) - Vector3::from(low)) / 2.0;
        for axis in 0..3 {
            for sign in [-1.0, 1.0] {
                let normal = Vector3::ith(axis, sign);
                let (u, v) =
                    (Vector3::ith((axis + 1) % 3, 1.0), Vector3::ith((axis + 2) % 3, sign));
                let corner = |a: f64, b: f64| {
                    (centre + (normal + a * u + b * v).component_mul(&half), normal)
                };
                let ring =
                    [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
                self.fan(&ring);
            }
        }
        self
    }

    /// A closed cylinder between two points.
    fn cylinder(mut self, from: [f64; 3], to: [f64; 3], radius: f64) -> Self {
        let (from, to) = (Vector3::from(from), Vector3::from(to));
        let frame = Frame::along(to - from);
        self.tube(&[frame.ring(from, radius, 0.0), frame.ring(to, radius, 0.0)]);
        for (centre, side) in [(from, -1.0), (to, 1.0)] {
            let mut ring = frame.ring(centre, radius, 0.0);
            for (_, normal) in &mut ring {
                *normal = frame.axis * side;
            }
            if side < 0.0 {
                ring.reverse();
            }
            self.fan(&ring);
        }
        self
    }

    /// All points within `radius` of a segment.
    fn capsule(mut self, from: [f64; 3], to: [f64; 3], radius: f64) -> Self {
        let (from, to) = (Vector3::from(from), Vector3::from(to));
        let frame = Frame::along(to - from);
        let latitudes = |centre: Vector3<f64>, first: usize| {
            (0..=RINGS).map(move |i| (centre, PI * ((first + i) as f64 / (2 * RINGS) as f64 - 0.5)))
        };
        let rings: Vec<_> = latitudes(from, 0)
            .chain(latitudes(to, RINGS))
            .map(|(centre, latitude)| frame.ring(centre, radius, latitude))
            .collect();
        self.tube(&rings);
        self
    }

    /// A convex polygon, its corners anticlockwise as seen from outside.
    fn fan(&mut self, ring: &[(Vector3<f64>, Vector3<f64>)]) {
        let first = self.vertices.len();
        self.vertices.extend_from_slice(ring);
        self.triangles.extend((2..ring.len()).map(|i| [first, first + i - 1, first + i]));
    }

    /// The wall through rings of equally many corners, anticlockwise as seen from the last one.
    fn tube(&mut self, rings: &[Vec<(Vector3<f64>, Vector3<f64>)>]) {
        let first = self.vertices.len();
        self.vertices.extend(rings.iter().flatten());
        for ring in 1..rings.len() {
            for i in 0..SEGMENTS {
                let next = (i + 1) % SEGMENTS;
                let (below, above) = (first + (ring - 1) * SEGMENTS, first + ring * SEGMENTS);
                self.triangles.push([below + i, below + next, above + next]);
                self.triangles.push([below + i, above + next, above + i]);
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::from("# Generated by examples/generate_meshes.rs; metres.\n");
        let mut line = |tag: &str, v: &Vector3<f64>| {
            // Adding zero turns -0 into 0.
            let [x, y, z] = [v.x, v.y, v.z].map(|c| (c * 1e6).round() / 1e6 + 0.0);
            let _ = writeln!(text, "{tag} {x} {y} {z}");
        };
        for (position, _) in &self.vertices {
            line("v", position);
        }
        for (_, normal) in &self.vertices {
            line("vn", normal);
        }
        for [a, b, c] in self.triangles.iter().map(|t| t.map(|i| i + 1)) {
            let _ = writeln!(text, "f {a}//{a} {b}//{b} {c}//{c}");
        }
        text
    }
}

/// An axis and two directions across it.
struct Frame {
    axis: Vector3<f64>,
    u: Vector3<f64>,
    v: Vector3<f64>,
}

impl Frame {
    fn along(direction: Vector3<f64>) -> Self {
        let axis = direction.normalize();
        let helper = if axis.x.abs() < 0.9 { Vector3::x() } else { Vector3::y() };
        let u = axis.cross(&helper).normalize();
        Self { axis, u, v: axis.cross(&u) }
    }

    /// A circle of latitude of the sphere about `centre`, with the sphere's normals.
    fn ring(
        &self,
        centre: Vector3<f64>,
        radius: f64,
        latitude: f64,
    ) -> Vec<(Vector3<f64>, Vector3<f64>)> {
        let (up, out) = sin_cos(latitude);
        (0..SEGMENTS)
            .map(|i| {
                let (sin, cos) = sin_cos(2.0 * PI * i as f64 / SEGMENTS as f64);
                let normal = self.axis * up + (self.u * cos + self.v * sin) * out;
                (centre + radius * normal, normal)
            })
            .collect()
    }
}
