//! Triangle meshes to draw: the robot's files and primitives, each made once.

use std::f64::consts::PI;
use std::sync::LazyLock;

use nalgebra::Vector3;

use crate::error::{Error, Result};
use crate::math::{self, sin_cos};
use crate::world::{self, WALL_HEIGHT, WALL_RADIUS};

/// Flat segments of the ring wall, as the reference's mesh has (facts 1.7).
const WALL_SEGMENTS: usize = 38;
/// The wall's thickness as drawn, m (facts 1.7).
const WALL_THICKNESS: f64 = 0.003;
/// Half the table plate's edges and its thickness, m (facts 1.7).
const PLATE: [f64; 3] = [0.355, 0.380, 0.010];
/// Half the edge of a floor that goes on for ever, m.
const ENDLESS: f64 = 5.0;
/// Corners of a round primitive's cross-section.
const SEGMENTS: usize = 32;

/// Vertices with normals, and triangles counter-clockwise from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    pub(super) positions: Vec<[f32; 3]>,
    pub(super) normals: Vec<[f32; 3]>,
    pub(super) triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// A Wavefront OBJ of triangles `f v//n`, as `examples/generate_meshes.rs` writes them.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut mesh = Self::default();
        for (number, line) in text.lines().enumerate() {
            let malformed = || Error::Malformed {
                what: "visual mesh".to_string(),
                path: format!("line {}", number + 1),
                reason: "expected 'v x y z', 'vn x y z' or 'f v//n v//n v//n'".to_string(),
            };
            let mut words = line.split_whitespace();
            match words.next() {
                Some("v") => mesh.positions.push(three(words).ok_or_else(malformed)?),
                Some("vn") => mesh.normals.push(three(words).ok_or_else(malformed)?),
                Some("f") => {
                    let corner = |word: &str| -> Option<u32> {
                        let (vertex, normal) = word.split_once("//")?;
                        let index: u32 = vertex.parse().ok()?;
                        (vertex == normal && index as usize <= mesh.positions.len())
                            .then(|| index.checked_sub(1))?
                    };
                    let corners: Option<Vec<u32>> = words.map(corner).collect();
                    let corners = corners.and_then(|c| <[u32; 3]>::try_from(c).ok());
                    mesh.triangles.push(corners.ok_or_else(malformed)?);
                }
                _ => {}
            }
        }
        mesh.normals.resize(mesh.positions.len(), [0.0, 0.0, 1.0]);
        Ok(mesh)
    }

    /// The cube from -0.5 to 0.5.
    pub(super) fn cube() -> &'static Self {
        static CUBE: LazyLock<Mesh> = LazyLock::new(|| Mesh::cuboid([-0.5; 3], [0.5; 3]));
        &CUBE
    }

    /// The ball of diameter 1 about the origin.
    pub(super) fn ball() -> &'static Self {
        static BALL: LazyLock<Mesh> = LazyLock::new(|| {
            let ring = |i: usize| sin_cos(PI * (i as f64 / (SEGMENTS / 2) as f64 - 0.5));
            let rings: Vec<_> = (0..=SEGMENTS / 2).map(ring).collect();
            Mesh::turned(rings.iter().map(|(z, r)| (0.5 * r, 0.5 * z, [*r, *z])))
        });
        &BALL
    }

    /// The closed cylinder of radius 1 about the z axis from 0 to 1.
    pub(super) fn rod() -> &'static Self {
        static ROD: LazyLock<Mesh> = LazyLock::new(|| {
            let flat = |z: f64| [0.0, z];
            Mesh::turned([
                (0.0, 0.0, flat(-1.0)),
                (1.0, 0.0, flat(-1.0)),
                (1.0, 0.0, [1.0, 0.0]),
                (1.0, 1.0, [1.0, 0.0]),
                (1.0, 1.0, flat(1.0)),
                (0.0, 1.0, flat(1.0)),
            ])
        });
        &ROD
    }

    /// The closed cone about the z axis: radius 1 at 0, its tip at 1.
    pub(super) fn cone() -> &'static Self {
        static CONE: LazyLock<Mesh> = LazyLock::new(|| {
            let slant = [std::f64::consts::FRAC_1_SQRT_2; 2];
            let flat = [0.0, -1.0];
            Mesh::turned([(0.0, 0.0, flat), (1.0, 0.0, flat), (1.0, 0.0, slant), (0.0, 1.0, slant)])
        });
        &CONE
    }

    /// The table plate, its surface at z = 0; or a floor that goes on for ever.
    pub(super) fn floor(endless: bool) -> &'static Self {
        static PLATE_MESH: LazyLock<Mesh> = LazyLock::new(|| {
            Mesh::cuboid([-PLATE[0], -PLATE[1], -PLATE[2]], [PLATE[0], PLATE[1], 0.0])
        });
        static ENDLESS_MESH: LazyLock<Mesh> = LazyLock::new(|| {
            Mesh::cuboid([-ENDLESS, -ENDLESS, -PLATE[2]], [ENDLESS, ENDLESS, 0.0])
        });
        if endless { &ENDLESS_MESH } else { &PLATE_MESH }
    }

    /// The ring wall: inside, rim and outside; cut away, its outside is left out, so that one looks
    /// through the near half from without.
    pub(super) fn wall(cutaway: bool) -> &'static Self {
        static WHOLE: LazyLock<Mesh> = LazyLock::new(|| Mesh::ring(false));
        static CUT: LazyLock<Mesh> = LazyLock::new(|| Mesh::ring(true));
        if cutaway { &CUT } else { &WHOLE }
    }

    fn ring(cutaway: bool) -> Self {
        let (inner, outer) = (WALL_RADIUS, WALL_RADIUS + WALL_THICKNESS);
        let [low, high] = [0.0, WALL_HEIGHT[1]];
        let mut mesh = Self::default();
        if !cutaway {
            let outside = [(outer, low, [1.0, 0.0]), (outer, high, [1.0, 0.0])];
            mesh.revolve(&outside, WALL_SEGMENTS);
        }
        let rim = [(outer, high, [0.0, 1.0]), (inner, high, [0.0, 1.0])];
        mesh.revolve(&rim, WALL_SEGMENTS);
        let inside = [(inner, high, [-1.0, 0.0]), (inner, low, [-1.0, 0.0])];
        mesh.revolve(&inside, WALL_SEGMENTS);
        mesh
    }

    /// The pieces of a block's form, in the frame where its edges are 1 long.
    pub(super) fn of_block(form: &world::Mesh) -> Self {
        let mut mesh = Self::default();
        for hull in form.hulls() {
            for triangle in &hull.triangles {
                let corners = triangle.map(|i| math::vector(hull.vertices[i as usize]));
                let across = (corners[1] - corners[0]).cross(&(corners[2] - corners[0]));
                let normal = across.try_normalize(0.0).unwrap_or_else(Vector3::z);
                mesh.polygon(&corners, normal);
            }
        }
        mesh
    }

    fn cuboid(low: [f64; 3], high: [f64; 3]) -> Self {
        let mut mesh = Self::default();
        let (low, high) = (Vector3::from(low), Vector3::from(high));
        let (centre, half) = ((low + high) / 2.0, (high - low) / 2.0);
        for axis in 0..3 {
            for sign in [-1.0, 1.0] {
                let normal = Vector3::ith(axis, sign);
                let (u, v) =
                    (Vector3::ith((axis + 1) % 3, 1.0), Vector3::ith((axis + 2) % 3, sign));
                let corner =
                    |a: f64, b: f64| centre + (normal + a * u + b * v).component_mul(&half);
                let ring = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
                mesh.polygon(&ring.map(|(a, b)| corner(a, b)), normal);
            }
        }
        mesh
    }

    /// A surface of revolution about the z axis; its outline goes upwards outside, as (radius, z,
    /// normal's radial and axial part).
    fn turned(outline: impl IntoIterator<Item = (f64, f64, [f64; 2])>) -> Self {
        let mut mesh = Self::default();
        let outline: Vec<_> = outline.into_iter().collect();
        mesh.revolve(&outline, SEGMENTS);
        mesh
    }

    fn revolve(&mut self, outline: &[(f64, f64, [f64; 2])], segments: usize) {
        let first = self.positions.len() as u32;
        for &(radius, z, [across, along]) in outline {
            for i in 0..segments {
                let (sin, cos) = sin_cos(2.0 * PI * i as f64 / segments as f64);
                self.positions.push([radius * cos, radius * sin, z].map(|x| x as f32));
                self.normals.push([across * cos, across * sin, along].map(|x| x as f32));
            }
        }
        let count = segments as u32;
        for ring in 1..outline.len() as u32 {
            for i in 0..count {
                let next = (i + 1) % count;
                let (below, above) = (first + (ring - 1) * count, first + ring * count);
                self.triangles.push([below + i, below + next, above + next]);
                self.triangles.push([below + i, above + next, above + i]);
            }
        }
    }

    /// A convex polygon, its corners counter-clockwise from outside.
    fn polygon(&mut self, corners: &[Vector3<f64>], normal: Vector3<f64>) {
        let single = |v: &Vector3<f64>| [v.x as f32, v.y as f32, v.z as f32];
        let first = self.positions.len() as u32;
        self.positions.extend(corners.iter().map(single));
        self.normals.extend(corners.iter().map(|_| single(&normal)));
        let count = corners.len() as u32;
        self.triangles.extend((2..count).map(|i| [first, first + i - 1, first + i]));
    }
}

fn three<'a>(words: impl Iterator<Item = &'a str>) -> Option<[f32; 3]> {
    let numbers: Vec<f32> = words.map(str::parse).collect::<std::result::Result<_, _>>().ok()?;
    <[f32; 3]>::try_from(numbers).ok()
}

/// The robot's visual meshes by their file names below `assets/`.
pub(super) fn visual(file: &str) -> &'static Mesh {
    /// A file's name with what is in it.
    type Meshes = Vec<(&'static str, Mesh)>;
    macro_rules! files {
        ($($name:literal),*) => {
            [$(($name, include_str!(concat!("../../assets/", $name)))),*]
        };
    }
    static MESHES: LazyLock<Meshes> = LazyLock::new(|| {
        let files = files!(
            "meshes/base_back.obj",
            "meshes/base_front.obj",
            "meshes/base_side.obj",
            "meshes/base_top.obj",
            "meshes/upper_link.obj",
            "meshes/middle_link.obj",
            "meshes/lower_link.obj"
        );
        let parse = |(name, text)| match Mesh::parse(text) {
            Ok(mesh) => (name, mesh),
            // Only a broken file in this repository gets here, and a test keeps it whole.
            Err(error) => panic!("assets/{name}, as compiled in, is broken: {error}"),
        };
        files.map(parse).into()
    });
    static NOTHING: LazyLock<Mesh> = LazyLock::new(Mesh::default);
    let found = MESHES.iter().find(|(name, _)| *name == file);
    found.map_or(&NOTHING, |(_, mesh)| mesh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::robot::description;

    #[test]
    fn the_robot_s_meshes_are_all_there_and_make_ten_thousand_triangles() {
        let links = description().fingers.iter().flat_map(|finger| &finger.links);
        let files: Vec<&str> =
            links.flat_map(|link| &link.visuals).map(|visual| visual.mesh.as_str()).collect();
        assert_eq!(files.len(), 21);
        let counts = files.iter().map(|file| visual(file).triangles.len());
        assert!(counts.clone().all(|count| count > 0));
        assert!(counts.sum::<usize>() >= 10_000);
    }

    #[test]
    fn primitives_are_closed_and_face_outwards() {
        for (mesh, volume) in [
            (Mesh::cube(), 1.0),
            (Mesh::ball(), PI / 6.0),
            (Mesh::rod(), PI),
            (Mesh::cone(), PI / 3.0),
            (Mesh::floor(false), 4.0 * PLATE[0] * PLATE[1] * PLATE[2]),
        ] {
            let corner = |i: u32| Vector3::from(mesh.positions[i as usize]).cast::<f64>();
            let signed = mesh.triangles.iter().map(|t| {
                let [a, b, c] = t.map(corner);
                a.dot(&b.cross(&c)) / 6.0
            });
            let found: f64 = signed.sum();
            assert!((found / volume - 1.0).abs() < 0.02, "{found} is not {volume}");
            for t in &mesh.triangles {
                let [a, b, c] = t.map(corner);
                let across = (b - a).cross(&(c - a));
                let normal = Vector3::from(mesh.normals[t[0] as usize]).cast::<f64>();
                assert!(across.dot(&normal) >= 0.0, "a face of {volume} is turned inwards");
            }
        }
    }

    #[test]
    fn a_malformed_mesh_is_refused_with_its_line() {
        for text in ["v 0 0\n", "v 0 0 0\nf 1//1 1//1 2//2\n", "f 0//0 1//1 1//1\n", "v a 0 0\n"] {
            assert!(matches!(Mesh::parse(text), Err(Error::Malformed { .. })), "{text}");
        }
    }
}
