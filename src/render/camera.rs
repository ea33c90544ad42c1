//! Cameras: where they stand, which way the axes of their images point, how much they see.

use std::sync::LazyLock;

use nalgebra::Vector3;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, all_finite};
use crate::math::{self, Quat, Triple};
use crate::robot::HEIGHT_OFFSET;
use crate::world::{CAMERAS, CameraState};

/// The least and the greatest field of view that a camera can be given by a state, rad.
const NARROWEST: f64 = 0.001;
const WIDEST: f64 = 2.97;

/// The largest coordinate of a camera of one's own: beyond, rounding leaves no direction of a view.
const FARTHEST: f64 = 1e6;

/// A pinhole camera.
///
/// The three directions are unit vectors across each other. Where right × down is not forward but
/// its opposite, images are mirrored, as the reference's are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The pinhole, world frame, m.
    pub position: Triple,
    /// Where the image's columns go, world frame.
    pub right: Triple,
    /// Where the image's rows go, world frame.
    pub down: Triple,
    /// Where the camera looks, world frame.
    pub forward: Triple,
    /// The vertical field of view, rad.
    pub field_of_view: f64,
}

/// Which of the reference's directions its cameras look in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The published matrices, of which the images that the reference makes are made: a direction
    /// was taken for a point, and images are mirrored (facts 3.5).
    #[default]
    Published,
    /// The directions that were evidently intended, not mirrored.
    Intended,
}

/// A camera of one's own: where it stands and at what it looks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookAt {
    /// Where it stands, world frame, m.
    pub position: Triple,
    /// A point in the middle of the image, world frame, m.
    pub target: Triple,
    /// What is upwards in the image, world frame.
    #[serde(default = "upwards")]
    pub up: Triple,
    /// The vertical field of view, degrees.
    #[serde(default = "default_field_of_view")]
    pub field_of_view: f64,
}

fn upwards() -> Triple {
    [0.0, 0.0, 1.0]
}

fn default_field_of_view() -> f64 {
    52.0
}

impl LookAt {
    /// The camera.
    ///
    /// # Errors
    /// [`Error::NotFinite`], and [`Error::Setting`] for a target at the camera's own position, an
    /// upward direction along the view, a field of view that is none, or a coordinate beyond 1e6.
    pub fn camera(&self) -> Result<Camera> {
        all_finite("camera", &[self.position, self.target, self.up].concat())?;
        let refuse = |value: String, reason| Err(Error::Setting { name: "camera", value, reason });
        if !(0.1..=170.0).contains(&self.field_of_view) {
            let reason = "its field_of_view must lie between 0.1 and 170 degrees";
            return refuse(self.field_of_view.to_string(), reason);
        }
        if [self.position, self.target, self.up].as_flattened().iter().any(|x| x.abs() > FARTHEST) {
            let reason = "coordinates must lie in [-1000000, 1000000]";
            return refuse(format!("{self:?}"), reason);
        }
        let (position, target) = (math::vector(self.position), math::vector(self.target));
        let directions = (target - position).try_normalize(1e-9).and_then(|forward| {
            let right = forward.cross(&math::vector(self.up)).try_normalize(1e-9)?;
            Some((forward, right))
        });
        let Some((forward, right)) = directions else {
            let reason = "its target must lie off its position, and up off the line between them";
            return refuse(format!("{:?} to {:?}", self.position, self.target), reason);
        };
        Ok(Camera {
            position: self.position,
            right: math::triple(right),
            down: math::triple(forward.cross(&right)),
            forward: math::triple(forward),
            field_of_view: self.field_of_view.to_radians(),
        })
    }
}

impl Camera {
    /// One of the reference's cameras, 0 to 2; `None` beyond.
    pub fn of_reference(index: usize, aim: Aim) -> Option<Self> {
        let table = table();
        let found = table.cameras.get(index)?;
        let [right, down, backward] = match aim {
            Aim::Published => found.view.map(|[x, y, z, _]| [x, y, z]),
            Aim::Intended => {
                let q = math::normalized(found.orientation)?;
                let rotation = math::rotation(q);
                let column = |axis: Vector3<f64>| math::triple(rotation * axis);
                let forward = column(Vector3::z());
                [column(Vector3::x()), column(Vector3::y()), forward.map(|x| -x)]
            }
        };
        let [x, y, z] = found.position;
        Some(Self {
            position: [x, y, z - HEIGHT_OFFSET],
            right,
            down,
            forward: backward.map(|x| -x),
            field_of_view: table.vertical_field_of_view_degrees.to_radians(),
        })
    }

    /// The camera moved, turned and widened as a state says.
    pub fn moved(&self, by: &CameraState) -> Self {
        if *by == CameraState::default() {
            return *self;
        }
        let axes = [self.right, self.down, self.forward].map(math::vector);
        let turn = axes[0] * by.turn[0] + axes[1] * by.turn[1] + axes[2] * by.turn[2];
        let turn = math::rotation(math::from_rotation_vector(math::triple(turn)));
        let [right, down, forward] = axes.map(|axis| math::triple(turn * axis));
        let position = [0, 1, 2].map(|i| self.position[i] + by.shift[i]);
        let field_of_view = (self.field_of_view * by.field_of_view_factor).clamp(NARROWEST, WIDEST);
        Self { position, right, down, forward, field_of_view }
    }

    /// The name of one of the reference's cameras, such as `camera_0`.
    pub fn name(index: usize) -> Option<&'static str> {
        table().cameras.get(index).map(|camera| camera.name.as_str())
    }

    /// The camera of the reference's `render()`: 0.6 m from the origin, 60° above the floor, with a
    /// vertical field of view of 60° (facts 3.5).
    pub fn overview() -> Self {
        let (sin, cos) = math::sin_cos(60_f64.to_radians());
        Self {
            position: [0.0, -0.6 * cos, 0.6 * sin - HEIGHT_OFFSET],
            right: [1.0, 0.0, 0.0],
            down: [0.0, -sin, -cos],
            forward: [0.0, cos, -sin],
            field_of_view: 60_f64.to_radians(),
        }
    }

    /// A view of the whole, for pictures: from before the wall's near half, which
    /// [`Content::cutaway`](super::Content::cutaway) leaves out.
    pub fn view() -> Self {
        let (position, target): (Triple, Triple) = ([0.0, -0.74, 0.50], [0.0, 0.0, 0.15]);
        let (dy, dz) = (target[1] - position[1], target[2] - position[2]);
        let length = math::hypot(dy, dz);
        let (along, up) = (dy / length, dz / length);
        Self {
            position,
            right: [1.0, 0.0, 0.0],
            down: [0.0, up, -along],
            forward: [0.0, along, up],
            field_of_view: 42_f64.to_radians(),
        }
    }

    /// Where a point (world frame, m) appears in an image of that size, in pixels from the upper
    /// left corner of the image; the centre of the first pixel is (0.5, 0.5). `None` behind the
    /// camera.
    pub fn project(&self, point: Triple, width: usize, height: usize) -> Option<[f64; 2]> {
        let d = math::vector(point) - math::vector(self.position);
        let [x, y, z] =
            [self.right, self.down, self.forward].map(|axis| d.dot(&math::vector(axis)));
        let focal = self.focal_length(height);
        (z > 0.0).then(|| [0.5 * width as f64 + focal * x / z, 0.5 * height as f64 + focal * y / z])
    }

    /// The focal length of an image with so many rows, in pixels.
    pub(super) fn focal_length(&self, height: usize) -> f64 {
        let (sin, cos) = math::sin_cos(0.5 * self.field_of_view);
        0.5 * height as f64 * cos / sin
    }

    /// Whether its images are mirrored.
    pub(super) fn is_mirrored(&self) -> bool {
        let [right, down, forward] = [self.right, self.down, self.forward].map(math::vector);
        right.cross(&down).dot(&forward) < 0.0
    }
}

/// What `assets/cameras.json` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "about")]
    _about: String,
    vertical_field_of_view_degrees: f64,
    #[serde(rename = "projection")]
    _projection: [[f64; 4]; 4],
    cameras: [Entry; CAMERAS],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    position: Triple,
    orientation: Quat,
    view: [[f64; 4]; 3],
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        match serde_json::from_str(include_str!("../../assets/cameras.json")) {
            Ok(table) => table,
            // Only a broken file in this repository gets here, and a test keeps it whole.
            Err(error) => panic!("assets/cameras.json, as compiled in, is broken: {error}"),
        }
    });
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_cameras_hit_the_floor_where_they_were_measured_to() {
        // Where the optical axis meets the floor, by the facts' sheet, as published and intended.
        let expected = [
            [[-0.0423, -0.0240], [-0.0001, 0.0263], [0.0170, -0.0208]],
            [[-0.077, -0.045], [0.000, 0.047], [0.031, -0.038]],
        ];
        for (aim, hits) in [Aim::Published, Aim::Intended].into_iter().zip(expected) {
            for (index, hit) in hits.iter().enumerate() {
                let camera = Camera::of_reference(index, aim).unwrap();
                let reach = -camera.position[2] / camera.forward[2];
                for (axis, expected) in hit.iter().enumerate() {
                    let found = camera.position[axis] + reach * camera.forward[axis];
                    let allowed = if aim == Aim::Published { 2e-4 } else { 2e-3 };
                    assert!((found - expected).abs() < allowed, "{aim:?} {index}: {found}");
                }
            }
        }
    }

    #[test]
    fn published_images_are_mirrored_and_intended_ones_are_not() {
        for index in 0..CAMERAS {
            assert!(Camera::of_reference(index, Aim::Published).unwrap().is_mirrored());
            assert!(!Camera::of_reference(index, Aim::Intended).unwrap().is_mirrored());
        }
        assert!(!Camera::overview().is_mirrored());
    }

    #[test]
    fn a_moved_camera_sees_what_it_was_moved_to() {
        let camera = Camera::of_reference(1, Aim::Intended).unwrap();
        let by = CameraState { shift: [0.01, 0.02, -0.03], turn: [0.0, 0.1, 0.0], ..default() };
        let moved = camera.moved(&by);
        assert_eq!(camera.moved(&default()), camera);
        assert_eq!(moved.position[1], camera.position[1] + 0.02);
        // Turned about its rows' direction by 0.1 rad: what was in the middle lies beside it.
        let far = [0, 1, 2].map(|i| moved.position[i] + camera.forward[i]);
        let [x, y] = moved.project(far, 100, 100).unwrap();
        let (sin, cos) = math::sin_cos(0.1);
        let expected = 50.0 - moved.focal_length(100) * sin / cos;
        assert!((x - expected).abs() < 1e-9 && (y - 50.0).abs() < 1e-9, "{x} {y}");
        let wide = camera.moved(&CameraState { field_of_view_factor: 1.5, ..default() });
        assert_eq!(wide.field_of_view, 1.5 * camera.field_of_view);
    }

    fn default() -> CameraState {
        CameraState::default()
    }

    #[test]
    fn a_camera_that_sees_nothing_is_refused() {
        let good = LookAt {
            position: [0.3, 0.0, 0.3],
            target: [0.0; 3],
            up: [0.0, 0.0, 1.0],
            field_of_view: 50.0,
        };
        assert!(good.camera().is_ok());
        assert!(LookAt { target: good.position, ..good }.camera().is_err());
        assert!(LookAt { up: [1.0, 0.0, 1.0], ..good }.camera().is_err());
        assert!(LookAt { field_of_view: 0.0, ..good }.camera().is_err());
        assert!(LookAt { field_of_view: f64::NAN, ..good }.camera().is_err());
        assert!(LookAt { position: [f64::NAN, 0.0, 0.0], ..good }.camera().is_err());
        assert!(LookAt { up: [0.0; 3], ..good }.camera().is_err());
        assert!(LookAt { up: [0.0, 0.0, 1e200], ..good }.camera().is_err());
        assert!(LookAt { field_of_view: 180.0, ..good }.camera().is_err());
    }
}
