//! Drawing observations: the present images every time, the goals' only when they change.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Channel, DEPTH_RANGE, Pixels};
use crate::env::observation::Number;
use crate::error::{Error, Result};
use crate::math::Triple;
use crate::render::{Backend, Camera, Content, Image, Scenery, Software};
use crate::robot::{JOINT_POSITIONS_LOW, LinkState, every_finger};
use crate::world::{Appearance, GoalState, Scene, State};

/// An environment's images.
#[derive(Clone, Debug)]
pub(in crate::env) struct Pictures {
    painter: Arc<Painter>,
    // Who draws, in words.
    name: Arc<str>,
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
    appearance: Arc<Appearance>,
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
            appearance: Arc::clone(&state.appearance),
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
            && (Arc::ptr_eq(&self.appearance, &state.appearance)
                || self.appearance == state.appearance)
    }
}

/// Cameras, and what draws. Shared by the worlds of a batch, so that there are as many rasterisers
/// as threads, however many worlds there are, or one graphics processor for all.
struct Painter {
    pixels: Pixels,
    cameras: Vec<Camera>,
    backends: Backends,
}

/// What draws.
enum Backends {
    /// Those that are not at work; another is made where one is wanted.
    Each(Mutex<Vec<Box<dyn Backend>>>),
    /// One for all, which draws many worlds at once.
    One(Mutex<Box<dyn Backend>>),
}

impl Pictures {
    /// What draws such observations of states like this one.
    ///
    /// # Errors
    /// [`Error::Setting`] for what can not be meant, [`Error::Device`] where a graphics processor
    /// was asked for and can not be had.
    pub(in crate::env) fn new(pixels: Pixels, state: &State) -> Result<Self> {
        let cameras = pixels.check()?;
        let (backend, reason) = pixels.renderer.open(&pixels.style)?;
        let name = match reason {
            None => backend.name(),
            Some(reason) => format!("{} ({reason})", backend.name()),
        };
        let backends = match backend.is_batched() {
            true => Backends::One(Mutex::new(backend)),
            false => Backends::Each(Mutex::new(vec![backend])),
        };
        let painter = Arc::new(Painter { pixels, cameras, backends });
        let mut pictures = Self { painter, name: name.into(), goals: Arc::default(), shown: None };
        pictures.follow(state);
        Ok(pictures)
    }

    pub(in crate::env) fn pixels(&self) -> &Pixels {
        &self.painter.pixels
    }

    /// Who draws, in words for people, and why it is not who was asked for.
    pub(in crate::env) fn renderer(&self) -> &str {
        &self.name
    }

    /// Whether one call that draws many worlds is what it is good at.
    pub(in crate::env) fn is_batched(&self) -> bool {
        matches!(self.painter.backends, Backends::One(_))
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
    /// [`Error::Shape`] for another length; nothing is written then. [`Error::Device`].
    pub(in crate::env) fn write<T: Number>(&self, state: &State, out: &mut [T]) -> Result<()> {
        Self::write_all(&[(self, state)], out)
    }

    /// Writes the observations of many states, one after the other, in one call to what draws: that
    /// of the first, which all must share.
    ///
    /// # Errors
    /// As [`Pictures::write`].
    pub(in crate::env) fn write_all<T: Number>(
        all: &[(&Self, &State)],
        out: &mut [T],
    ) -> Result<()> {
        let Some((first, _)) = all.first() else { return Ok(()) };
        let pixels = first.pixels();
        let whole: usize = pixels.shape().iter().product();
        if out.len() != all.len() * whole {
            return Err(Error::Shape {
                what: "observation".to_string(),
                expected: format!("{} numbers", all.len() * whole),
                found: out.len().to_string(),
            });
        }
        let (length, cameras) = (whole / pixels.images(), pixels.cameras.len());
        let mut count = 0;
        let content = Content::default();
        first.painter.shoot(all.iter().map(|(_, state)| *state), content, &mut |image| {
            let place = count / cameras * whole + count % cameras * length;
            encode(pixels, image, &mut out[place..place + length]);
            count += 1;
        })?;
        for ((pictures, _), out) in all.iter().zip(out.chunks_exact_mut(whole)) {
            let out = out[cameras * length..].chunks_exact_mut(length);
            pictures.goals.iter().zip(out).for_each(|(image, out)| encode(pixels, image, out));
        }
        Ok(())
    }
}

impl Painter {
    /// The images of goals: no blocks, the robot folded up (facts 1.5, 3.5).
    ///
    /// Empty where a graphics processor fails: the next present image says so.
    fn goals(&self, state: &State) -> Vec<Image> {
        let joints = Some(every_finger(JOINT_POSITIONS_LOW));
        let mut images = Vec::new();
        let content = Content { joints, blocks: false, goal_opacity: 1.0, cutaway: false };
        let mut keep = |image: &Image| images.push(image.clone());
        match self.shoot([state].into_iter(), content, &mut keep) {
            Ok(()) => images,
            Err(_) => Vec::new(),
        }
    }

    /// Draws what every camera sees of every state, in order.
    fn shoot<'a>(
        &self,
        states: impl Iterator<Item = &'a State>,
        content: Content,
        each: &mut dyn FnMut(&Image),
    ) -> Result<()> {
        let cameras = |state: &State| {
            let place = |(place, camera)| self.pixels.moved(place, camera, state);
            self.cameras.iter().enumerate().map(place).collect()
        };
        let scenery = |state: &'a State| Scenery { state, content, cameras: cameras(state) };
        let sceneries: Vec<Scenery<'_>> = states.map(scenery).collect();
        let size = [self.pixels.width, self.pixels.height];
        let whole = self.pixels.needs_survey();
        match &self.backends {
            Backends::One(backend) => {
                let mut backend = backend.lock().unwrap_or_else(PoisonError::into_inner);
                backend.draw(&sceneries, size, whole, each)
            }
            Backends::Each(idle) => {
                let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
                let taken = idle().pop();
                let new = || Box::new(Software::new(self.pixels.style)) as Box<dyn Backend>;
                let mut backend = taken.unwrap_or_else(new);
                let result = backend.draw(&sceneries, size, whole, each);
                idle().push(backend);
                result
            }
        }
    }
}

impl std::fmt::Debug for Painter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Painter").field("pixels", &self.pixels).finish_non_exhaustive()
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
