//! Drawing observations: the present images every time, the goals' only when they change.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Channel, DEPTH_RANGE, Pixels};
use crate::env::observation::Number;
use crate::error::{Error, Result};
use crate::math::Triple;
use crate::render::{Camera, Content, Image, Renderer};
use crate::robot::{JOINT_POSITIONS_LOW, LinkState, every_finger};
use crate::world::{GoalState, Scene, State};

/// An environment's images.
#[derive(Clone, Debug)]
pub(in crate::env) struct Pictures {
    painter: Arc<Painter>,
    // The goals' images, and what they are of.
    goals: Arc<Vec<Image>>,
    shown: Option<Shown>,
}

/// What the images of goals depend on.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    scene: Arc<Scene>,
    goals: Vec<GoalState>,
    floor: Triple,
    wall: Triple,
    links: Vec<Triple>,
    height: f64,
}

impl Shown {
    fn of(state: &State) -> Self {
        Self {
            scene: Arc::clone(&state.scene),
            goals: state.goals.clone(),
            floor: state.arena.floor.color,
            wall: state.arena.wall.color,
            links: state.robot.links.iter().map(|link| link.color).collect(),
            height: state.robot.height,
        }
    }

    /// Whether a state's goals look the same.
    fn is_of(&self, state: &State) -> bool {
        let color = |link: &LinkState| link.color;
        (Arc::ptr_eq(&self.scene, &state.scene) || self.scene == state.scene)
            && self.goals == state.goals
            && (self.floor, self.wall) == (state.arena.floor.color, state.arena.wall.color)
            && self.links.iter().copied().eq(state.robot.links.iter().map(color))
            && self.height == state.robot.height
    }
}

/// Cameras, and renderers that are not at work. Shared by the worlds of a batch, so that there are
/// as many as threads, however many worlds there are.
#[derive(Debug)]
struct Painter {
    pixels: Pixels,
    cameras: Vec<Camera>,
    idle: Mutex<Vec<(Renderer, Image)>>,
}

impl Pictures {
    /// What draws such observations of states like this one.
    ///
    /// # Errors
    /// [`Error::Setting`] for what can not be meant.
    pub(in crate::env) fn new(pixels: Pixels, state: &State) -> Result<Self> {
        let cameras = pixels.check()?;
        let painter = Painter { pixels, cameras, idle: Mutex::new(Vec::new()) };
        let mut pictures =
            Self { painter: Arc::new(painter), goals: Arc::new(Vec::new()), shown: None };
        pictures.follow(state);
        Ok(pictures)
    }

    pub(in crate::env) fn pixels(&self) -> &Pixels {
        &self.painter.pixels
    }

    /// Draws the goals anew where they, or what stands around them, changed.
    pub(in crate::env) fn follow(&mut self, state: &State) {
        let same = self.shown.as_ref().is_some_and(|shown| shown.is_of(state));
        if self.painter.pixels.goal_images && !same {
            self.goals = Arc::new(self.painter.goals(state));
            self.shown = Some(Shown::of(state));
        }
    }

    /// Writes the observation of a state.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length; nothing is written then.
    pub(in crate::env) fn write<T: Number>(&self, state: &State, out: &mut [T]) -> Result<()> {
        let whole: usize = self.pixels().shape().iter().product();
        if out.len() != whole {
            return Err(Error::Shape {
                what: "observation".to_string(),
                expected: format!("{whole} numbers"),
                found: out.len().to_string(),
            });
        }
        let mut images = out.chunks_exact_mut(whole / self.pixels().images());
        self.painter.shoot(state, &Content::default(), |image| {
            if let Some(out) = images.next() {
                encode(&self.painter.pixels, image, out);
            }
        });
        for (image, out) in self.goals.iter().zip(images) {
            encode(&self.painter.pixels, image, out);
        }
        Ok(())
    }
}

impl Painter {
    /// The images of goals: no blocks, the robot folded up (facts 1.5, 3.5).
    fn goals(&self, state: &State) -> Vec<Image> {
        let joints = Some(every_finger(JOINT_POSITIONS_LOW));
        let mut images = Vec::new();
        let content = Content { joints, blocks: false, goal_opacity: 1.0, cutaway: false };
        self.shoot(state, &content, |image| images.push(image.clone()));
        images
    }

    /// Draws what every camera sees, in order.
    fn shoot(&self, state: &State, content: &Content, mut each: impl FnMut(&Image)) {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let style = self.pixels.style;
        let taken = idle().pop();
        let (mut renderer, mut image) =
            taken.unwrap_or_else(|| (Renderer::new(style), Image::default()));
        renderer.pose(state, content, &[]);
        for camera in &self.cameras {
            let (width, height) = (self.pixels.width, self.pixels.height);
            match self.pixels.needs_survey() {
                true => renderer.shoot(camera, width, height, &mut image),
                false => renderer.shoot_colors(camera, width, height, &mut image),
            }
            each(&image);
        }
        idle().push((renderer, image));
    }
}

/// Writes the channels of an image.
fn encode<T: Number>(pixels: &Pixels, image: &Image, out: &mut [T]) {
    let per_pixel = pixels.channels.iter().map(|channel| channel.count()).sum();
    let count = image.width * image.height;
    // From one pixel to the next, and from one channel to the next.
    let (step, skip) = if pixels.channel_first { (1, count) } else { (per_pixel, 1) };
    let mut first = 0;
    for channel in &pixels.channels {
        match channel {
            // Colours alone, as they lie in the image.
            Channel::Rgb if (step, first) == (3, 0) => {
                out.iter_mut().zip(&image.rgb).for_each(|(o, c)| *o = T::of_byte(*c));
            }
            Channel::Rgb => {
                for c in 0..3 {
                    let places = out[first + c * skip..].iter_mut().step_by(step);
                    let from = image.rgb[c..].iter().step_by(3);
                    places.zip(from).for_each(|(o, c)| *o = T::of_byte(*c));
                }
            }
            Channel::Grey => {
                let places = out[first..].iter_mut().step_by(step);
                let from = image.rgb.chunks_exact(3);
                places.zip(from).for_each(|(o, rgb)| *o = T::of_byte(luminance(rgb)));
            }
            Channel::Depth => {
                let places = out[first..].iter_mut().step_by(step);
                for (o, depth) in places.zip(&image.depth) {
                    *o = T::of_depth(f64::from(*depth).min(DEPTH_RANGE), DEPTH_RANGE);
                }
            }
            Channel::Segmentation => {
                let places = out[first..].iter_mut().step_by(step);
                places.zip(&image.entity).for_each(|(o, e)| *o = T::of(f64::from(*e)));
            }
        }
        first += channel.count() * skip;
    }
}

/// ITU-R BT.601's weights, in 1/256.
fn luminance(rgb: &[u8]) -> u8 {
    let weighted = 77 * u32::from(rgb[0]) + 150 * u32::from(rgb[1]) + 29 * u32::from(rgb[2]);
    ((weighted + 128) >> 8) as u8
}
