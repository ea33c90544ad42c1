//! From a state to a picture, with what was asked to be drawn into it.

use image::RgbImage;

use super::Options;
use super::source::Shown;
use crate::error::{Error, Result};
use crate::render::{Content, Image, Mark, Renderer, Style, marks};

/// What draws, with its memory.
pub(super) struct Artist<'a> {
    options: &'a Options,
    seconds: f64,
    content: Content,
    renderer: Renderer,
    image: Image,
    marks: Vec<Mark>,
}

impl<'a> Artist<'a> {
    /// Who draws the states of an episode whose steps take `seconds`.
    pub(super) fn new(options: &'a Options, seconds: f64) -> Self {
        let content = Content::picture();
        let goal_opacity = if options.no_goals { 0.0 } else { content.goal_opacity };
        let samples = usize::from(options.samples);
        let style = Style { samples, shadows: !options.no_shadows, ..Style::picture() };
        Self {
            options,
            seconds,
            content: Content { goal_opacity, cutaway: !options.whole_wall, ..content },
            renderer: Renderer::new(style),
            image: Image::default(),
            marks: Vec::new(),
        }
    }

    /// Who draws: goals to be seen through, shadows and marks are for the rasteriser alone.
    pub(super) fn renderer(&self) -> &'static str {
        "software"
    }

    /// The picture of a state.
    pub(super) fn draw(&mut self, shown: &Shown) -> Result<RgbImage> {
        self.marks.clear();
        if !self.options.no_goals {
            self.marks.extend(marks::goals(&shown.state));
        }
        if self.options.frames {
            self.marks.extend(marks::frames(&shown.state));
        }
        self.marks.extend(marks::contacts(&shown.contacts, self.seconds));
        self.marks.extend(marks::influences(&shown.state, &shown.influences));
        let [width, height] = self.options.size;
        self.renderer.pose(&marks::on_light_floor(&shown.state), &self.content, &self.marks);
        self.renderer.shoot_colors(&self.options.camera, width, height, &mut self.image);
        let size = [width, height].map(u32::try_from);
        let [Ok(columns), Ok(rows)] = size else { return Err(too_large(width, height)) };
        RgbImage::from_raw(columns, rows, self.image.rgb.clone())
            .ok_or_else(|| too_large(width, height))
    }
}

fn too_large(width: usize, height: usize) -> Error {
    let value = format!("{width}x{height}");
    Error::Setting { name: "size", value, reason: "no such picture can be made" }
}
