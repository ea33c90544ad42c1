//! Observations of pixels: which cameras, which of what they see, in which order.

mod painter;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::render::{Aim, CAMERAS, Camera, Choice, LookAt, Style};
use crate::world::State;
pub(super) use painter::Pictures;

/// The most columns and rows of an image, and of its samples.
const MOST: usize = 4096;
/// What lies farther, m, is told apart no more in images of depth.
pub const DEPTH_RANGE: f64 = 1.275;

/// What a pixel observation is: images of the present state, and images of the goals by the same
/// cameras, of shape (images, rows, columns, channels) (facts 3.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pixels {
    /// The cameras, in order.
    pub cameras: Vec<Viewpoint>,
    /// In which direction the reference's cameras look.
    pub aim: Aim,
    /// Columns of an image.
    pub width: usize,
    /// Rows of an image.
    pub height: usize,
    /// What of each pixel is told, in order.
    pub channels: Vec<Channel>,
    /// Whether channels come before rows and columns.
    pub channel_first: bool,
    /// Whether the goals' images follow the present ones; never so in a goal-conditioned
    /// environment.
    pub goal_images: bool,
    /// Light, shadows, samples.
    pub style: Style,
    /// Who draws.
    #[serde(skip_serializing_if = "Choice::is_software")]
    pub renderer: Choice,
}

/// A camera of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Viewpoint {
    /// One of the reference's, 0 to 2.
    Reference(usize),
    /// One of one's own.
    Own(LookAt),
}

/// What of a pixel is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Red, green and blue: three channels, bytes or shares of 1.
    Rgb,
    /// The luminance of the colour (ITU-R BT.601), a byte or a share of 1.
    Grey,
    /// The distance along the optical axis, at most [`DEPTH_RANGE`]: m, as a byte in 5 mm.
    Depth,
    /// The number of the entity, as [`entities`](crate::render::entities) lists them; as a byte
    /// at most 255.
    Segmentation,
}

impl Channel {
    /// How many numbers it has.
    pub(super) fn count(self) -> usize {
        if self == Self::Rgb { 3 } else { 1 }
    }
}

impl Default for Pixels {
    /// The reference's: three cameras, 128 by 128, RGB last, goals after the present images.
    fn default() -> Self {
        Self {
            cameras: (0..CAMERAS).map(Viewpoint::Reference).collect(),
            aim: Aim::Published,
            width: 128,
            height: 128,
            channels: vec![Channel::Rgb],
            channel_first: false,
            goal_images: true,
            style: Style::default(),
            renderer: Choice::Software,
        }
    }
}

impl Pixels {
    /// Images of an observation.
    pub(super) fn images(&self) -> usize {
        self.cameras.len() * if self.goal_images { 2 } else { 1 }
    }

    /// Images, rows, columns, channels; or images, channels, rows, columns.
    pub(super) fn shape(&self) -> [usize; 4] {
        let channels = self.channels.iter().map(|channel| channel.count()).sum();
        let (images, width, height) = (self.images(), self.width, self.height);
        match self.channel_first {
            true => [images, channels, height, width],
            false => [images, height, width, channels],
        }
    }

    /// What every image is of: a camera's name, with `goal_` before it for a goal's.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |(i, viewpoint): (usize, &Viewpoint)| match viewpoint {
            Viewpoint::Reference(index) => Camera::name(*index).unwrap_or_default().to_string(),
            Viewpoint::Own(_) => format!("own_camera_{i}"),
        };
        let present: Vec<String> = self.cameras.iter().enumerate().map(name).collect();
        let goals = present.iter().map(|name| format!("goal_{name}")).collect();
        if self.goal_images { [present, goals].concat() } else { present }
    }

    /// The largest value of every channel, as floats have it.
    pub(super) fn highest(&self) -> Vec<f64> {
        let highest = |channel: &Channel| match channel {
            Channel::Rgb | Channel::Grey => 1.0,
            Channel::Depth => DEPTH_RANGE,
            Channel::Segmentation => f64::from(u16::MAX),
        };
        self.channels.iter().flat_map(|c| vec![highest(c); c.count()]).collect()
    }

    /// Whether more than colours is told.
    pub(super) fn needs_survey(&self) -> bool {
        self.channels.iter().any(|c| matches!(c, Channel::Depth | Channel::Segmentation))
    }

    /// How many numbers after one another are of one channel.
    pub(super) fn plane(&self) -> usize {
        if self.channel_first { self.width * self.height } else { 1 }
    }

    /// A camera as a state has moved it: one of the reference's by its number, one's own by its
    /// place among the cameras.
    fn moved(&self, place: usize, camera: &Camera, state: &State) -> Camera {
        let number = match self.cameras.get(place) {
            Some(Viewpoint::Reference(number)) => *number,
            _ => place,
        };
        state.appearance.cameras.get(number).map_or(*camera, |by| camera.moved(by))
    }

    /// The cameras, or what of the settings can not be meant.
    fn check(&self) -> Result<Vec<Camera>> {
        let refuse =
            |name, value: usize, reason| Error::Setting { name, value: value.to_string(), reason };
        self.style.check()?;
        for (name, value) in [("pixels.width", self.width), ("pixels.height", self.height)] {
            if value == 0 || value > MOST / self.style.samples {
                return Err(refuse(
                    name,
                    value,
                    "must be at least 1, and with its samples at most 4096",
                ));
            }
        }
        if self.cameras.is_empty() {
            return Err(refuse("pixels.cameras", 0, "name at least one camera"));
        }
        if self.channels.is_empty() {
            return Err(refuse(
                "pixels.channels",
                0,
                "name at least one: rgb, grey, depth, segmentation",
            ));
        }
        let camera = |viewpoint: &Viewpoint| match viewpoint {
            Viewpoint::Own(own) => own.camera(),
            Viewpoint::Reference(index) => match Camera::of_reference(*index, self.aim) {
                Some(camera) => Ok(camera),
                None => {
                    Err(refuse("pixels.cameras", *index, "the reference's cameras are 0, 1 and 2"))
                }
            },
        };
        self.cameras.iter().map(camera).collect()
    }
}
