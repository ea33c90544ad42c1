//! States and cameras as the shader reads them: little-endian singles, one after the other.

use nalgebra::{Matrix3, Vector3};

use crate::math;
use crate::render::camera::Camera;
use crate::render::composition::{Composition, Look, Place};
use crate::render::paint::Paint;
use crate::render::shade::Style;
use crate::world::State;

/// Bytes of a vertex: position, normal, the number of its part.
pub(super) const VERTEX: u64 = 28;
/// Bytes of a part.
pub(super) const PART: u64 = 112;

/// How often a pattern repeats in 1 m: the length of any row.
fn per_metre(paint: &Paint) -> f64 {
    Vector3::from(paint.rows[0]).cast::<f64>().norm()
}

/// Numbers as bytes.
#[derive(Debug, Default)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    fn singles(&mut self, numbers: &[f32]) {
        self.0.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    /// A vector and a number beside it.
    fn four(&mut self, v: Vector3<f64>, w: f64) {
        self.singles(&[v.x as f32, v.y as f32, v.z as f32, w as f32]);
    }

    /// The vertices of a composition.
    pub(super) fn vertices(&mut self, composition: &Composition) {
        for (number, part) in composition.parts.iter().enumerate() {
            for i in part.vertices.clone() {
                self.singles(&composition.positions[i]);
                self.singles(&composition.normals[i]);
                self.0.extend((number as u32).to_le_bytes());
            }
        }
    }

    /// The corners of a composition's triangles.
    pub(super) fn triangles(&mut self, composition: &Composition) {
        let corners = composition.triangles.as_flattened().iter();
        self.0.extend(corners.flat_map(|corner| corner.to_le_bytes()));
    }

    /// The parts of a composition as a state has arranged them.
    pub(super) fn parts(&mut self, composition: &Composition, style: &Style, state: &State) {
        let toward = math::vector(style.toward_light(&state.appearance.light));
        let places = composition.places.iter().zip(&composition.looks);
        for (part, (place, look)) in composition.parts.iter().zip(places) {
            self.part(place, look, part.oblique, toward);
        }
    }

    fn part(&mut self, place: &Place, look: &Look, oblique: bool, toward: Vector3<f64>) {
        let rotation = math::rotation(place.orientation).to_rotation_matrix().into_inner();
        let scale = math::vector(place.scale);
        let matrix: Matrix3<f64> = rotation * Matrix3::from_diagonal(&scale);
        for row in 0..3 {
            self.four(matrix.row(row).transpose(), place.position[row]);
        }
        self.four(rotation.transpose() * toward, f64::from(u8::from(oblique)));
        let color = |color: [u8; 3]| Vector3::from(color.map(|c| f64::from(c) / 255.0));
        let paint = look.paint.as_ref();
        self.four(scale, paint.map_or(0.0, per_metre));
        self.four(color(look.color), f64::from(look.entity));
        let second = paint.map_or(Vector3::zeros(), |paint| color(paint.color));
        self.four(second, paint.map_or(0.0, |paint| paint.kind.number() as f64));
    }

    /// A camera's view of the state whose parts begin at that number.
    pub(super) fn view(
        &mut self,
        camera: &Camera,
        [width, height]: [usize; 2],
        style: &Style,
        state: &State,
        first: usize,
    ) {
        let focal = camera.focal_length(height);
        let position = math::vector(camera.position);
        let halves = [0.5 * width as f64, 0.5 * height as f64];
        let axes = [camera.right, camera.down, camera.forward].map(math::vector);
        for (axis, scale) in axes.into_iter().zip([focal / halves[0], focal / halves[1], 1.0]) {
            let axis = axis * scale;
            self.four(axis, -axis.dot(&position));
        }
        let light = &state.appearance.light;
        let ambient = style.ambient * light.ambient;
        self.four(Vector3::new(ambient, style.diffuse * light.intensity, first as f64), 0.0);
    }
}
