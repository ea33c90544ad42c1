//! Who draws: the rasteriser in software, or a graphics processor where one is and may.

use serde::{Deserialize, Serialize};

use super::{Camera, Content, Image, Renderer, Style, gpu};
use crate::error::Result;
use crate::world::State;

/// A state, what of it is drawn, and by which cameras.
#[derive(Clone, Debug)]
pub struct Scenery<'a> {
    /// The state.
    pub state: &'a State,
    /// What of it is drawn.
    pub content: Content,
    /// The cameras, each with an image of its own.
    pub cameras: Vec<Camera>,
}

/// What draws images of many states by many cameras, all of one size.
///
/// Images depend on the arguments alone. Those of two implementors differ in few pixels: along
/// edges, and by rounding.
pub trait Backend: Send {
    /// Which one it is, in words for people.
    fn name(&self) -> String;

    /// Whether drawing many states in one call is what it is good at; otherwise one call for each,
    /// by as many threads as there are, is quicker.
    fn is_batched(&self) -> bool;

    /// Draws every camera's image of every state and hands them over in order; `whole` asks for
    /// distances and entities as well.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) where a graphics processor fails.
    fn draw(
        &mut self,
        sceneries: &[Scenery<'_>],
        size: [usize; 2],
        whole: bool,
        each: &mut dyn FnMut(&Image),
    ) -> Result<()>;
}

/// The rasteriser in software as a backend, with the image that it draws into.
#[derive(Debug)]
pub struct Software {
    renderer: Renderer,
    image: Image,
}

impl Software {
    /// A rasteriser of that style.
    pub fn new(style: Style) -> Self {
        Self { renderer: Renderer::new(style), image: Image::default() }
    }
}

impl Backend for Software {
    fn name(&self) -> String {
        "software".to_string()
    }

    fn is_batched(&self) -> bool {
        false
    }

    fn draw(
        &mut self,
        sceneries: &[Scenery<'_>],
        [width, height]: [usize; 2],
        whole: bool,
        each: &mut dyn FnMut(&Image),
    ) -> Result<()> {
        for scenery in sceneries {
            self.renderer.pose(scenery.state, &scenery.content, &[]);
            for camera in &scenery.cameras {
                match whole {
                    true => self.renderer.shoot(camera, width, height, &mut self.image),
                    false => self.renderer.shoot_colors(camera, width, height, &mut self.image),
                }
                each(&self.image);
            }
        }
        Ok(())
    }
}

/// Who is asked to draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The rasteriser in software, whose images have the same bits everywhere.
    #[default]
    Software,
    /// A graphics processor where one is and draws what the rasteriser does, else the rasteriser.
    Auto,
    /// A graphics processor, or an error.
    Gpu,
}

impl Choice {
    /// Whether it is the default.
    pub(crate) fn is_software(&self) -> bool {
        *self == Self::Software
    }

    /// What draws in that style, and why it is not a graphics processor where one was wanted.
    ///
    /// A graphics processor is taken where there is one in hardware and its image of a scene agrees
    /// with the rasteriser's. Where the variable `TRIFACTOR_GPU_IN_SOFTWARE` is 1, a driver in
    /// software is taken as well, which is slower than the rasteriser and of use for tests alone.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) with the reason where [`Choice::Gpu`] can not be had.
    pub fn open(self, style: &Style) -> Result<(Box<dyn Backend>, Option<String>)> {
        let software = |reason| -> Result<(Box<dyn Backend>, Option<String>)> {
            Ok((Box::new(Software::new(*style)), reason))
        };
        if self == Self::Software {
            return software(None);
        }
        match gpu::open(style) {
            Ok(gpu) => Ok((gpu, None)),
            Err(error) if self == Self::Auto => software(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_no_graphics_processor_gets_the_rasteriser() {
        let (backend, reason) = Choice::Software.open(&Style::default()).unwrap();
        assert_eq!((backend.name().as_str(), reason), ("software", None));
    }

    #[test]
    fn where_none_can_be_had_the_reason_is_told() {
        // Shadows are drawn in software alone, whatever the machine has.
        let style = Style { shadows: true, ..Style::default() };
        let (backend, reason) = Choice::Auto.open(&style).unwrap();
        assert_eq!(backend.name(), "software");
        assert!(reason.is_some_and(|reason| !reason.is_empty()));
        assert!(Choice::Gpu.open(&style).is_err());
    }
}
