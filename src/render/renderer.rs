//! From a state to an image, with memory that is made once.

use super::camera::Camera;
use super::composition::{Composition, Owner};
use super::image::Image;
use super::mark::Mark;
use super::raster::Target;
use super::shade::{self, Brightness, SHADOW_MIDDLE, SHADOW_PIXELS, SHADOW_REACH, Shader, Style};
use super::view::{Corner, View};
use crate::math::Triple;
use crate::robot::Nine;
use crate::world::{LightState, State};

/// What of a state is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Content {
    /// Joint angles in place of the state's own, rad.
    pub joints: Option<Nine>,
    /// Whether blocks are drawn.
    pub blocks: bool,
    /// How much goals hide of what is behind them, 0 to 1; 0 leaves them out.
    pub goal_opacity: f64,
    /// Whether the near half of the wall is left out.
    pub cutaway: bool,
}

impl Default for Content {
    /// What is there: robot and blocks, no goals.
    fn default() -> Self {
        Self { joints: None, blocks: true, goal_opacity: 0.0, cutaway: false }
    }
}

impl Content {
    /// What pictures for people show: goals as well, to be seen through.
    pub fn picture() -> Self {
        Self { goal_opacity: 0.4, cutaway: true, ..Self::default() }
    }
}

/// Draws states. What it keeps is memory: every image depends on its arguments alone.
///
/// ```
/// use trifactor::render::{Aim, Camera, Content, Image, Renderer, Style};
/// use trifactor::{Config, Env};
///
/// # fn main() -> trifactor::Result<()> {
/// let mut env = Env::new(Config::new("pushing"))?;
/// env.reset(Some(0));
/// let (mut renderer, mut image) = (Renderer::new(Style::default()), Image::default());
/// renderer.pose(env.state(), &Content::default(), &[]);
/// let camera = Camera::of_reference(0, Aim::Published).expect("0 to 2");
/// renderer.shoot(&camera, 128, 128, &mut image);
/// assert_eq!(image.rgb.len(), 3 * 128 * 128);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Renderer {
    style: Style,
    // The light of the state that was posed.
    light: LightState,
    toward: Triple,
    brightness: Brightness,
    composition: Composition,
    corners: Vec<Corner>,
    clipped: Vec<Corner>,
    target: Target,
    layer: Target,
    shadow: Target,
    colors: Vec<[u8; 3]>,
    order: Vec<usize>,
}

impl Renderer {
    /// A renderer of that style; samples beyond 1 to 4 are taken for the nearest.
    pub fn new(style: Style) -> Self {
        let style = Style { samples: style.samples.clamp(1, 4), ..style };
        let light = LightState::default();
        Self {
            toward: style.toward_light(&light),
            brightness: Brightness::of(&style, &light),
            light,
            style,
            composition: Composition::default(),
            corners: Vec::new(),
            clipped: Vec::new(),
            target: Target::default(),
            layer: Target::default(),
            shadow: Target::default(),
            colors: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Puts everything where a state has it, for all images until the next call.
    pub fn pose(&mut self, state: &State, content: &Content, marks: &[Mark]) {
        if self.light != state.appearance.light {
            self.light = state.appearance.light;
            self.toward = self.style.toward_light(&self.light);
            self.brightness = Brightness::of(&self.style, &self.light);
        }
        self.composition.pose(state, content, marks, self.toward);
        if self.style.shadows {
            self.shadow.clear(SHADOW_PIXELS, SHADOW_PIXELS);
            let view = self.light();
            self.project(&view);
            // Nothing lies below the floor, and goals and marks are not there.
            let parts = &self.composition.parts;
            let throws =
                |part: usize| matches!(parts[part].owner, Owner::Link(_) | Owner::Block(_));
            draw(
                &self.composition,
                &self.corners,
                &view,
                &mut self.clipped,
                &mut self.shadow,
                throws,
            );
        }
    }

    /// Draws what was posed, as a camera sees it; images of up to 4096 samples along each axis.
    pub fn shoot(&mut self, camera: &Camera, width: usize, height: usize, image: &mut Image) {
        self.draw(camera, [width, height], true, image);
    }

    /// As [`Renderer::shoot`], but the image's colours alone: its other lists are empty.
    pub fn shoot_colors(
        &mut self,
        camera: &Camera,
        width: usize,
        height: usize,
        image: &mut Image,
    ) {
        self.draw(camera, [width, height], false, image);
    }

    fn draw(
        &mut self,
        camera: &Camera,
        [width, height]: [usize; 2],
        whole: bool,
        image: &mut Image,
    ) {
        let samples = self.style.samples;
        let (columns, rows) = (width * samples, height * samples);
        let view = View::of(camera, columns, rows);
        self.project(&view);
        self.target.clear(columns, rows);
        let looks = &self.composition.looks;
        let opaque = |part: usize| looks[part].opacity >= 1.0;
        draw(&self.composition, &self.corners, &view, &mut self.clipped, &mut self.target, opaque);
        self.resolve(camera, view, whole, image);
    }

    fn light(&self) -> View {
        View::of_light(self.toward, SHADOW_MIDDLE, SHADOW_REACH, SHADOW_PIXELS)
    }

    fn project(&mut self, view: &View) {
        view.project(&self.composition.world, &self.composition.light, &mut self.corners);
    }

    /// Colours of what is nearest, and of what is translucent before it.
    fn resolve(&mut self, camera: &Camera, view: View, whole: bool, image: &mut Image) {
        let light = self.light();
        let shader = Shader {
            brightness: &self.brightness,
            looks: &self.composition.looks,
            view,
            shadows: self.style.shadows.then_some((light, &self.shadow)),
            background: shade::background(&self.style),
            samples: self.style.samples,
        };
        shader.colors(&self.target, &mut self.colors);
        shade::far_to_near(&self.composition, camera.position, &mut self.order);
        for &part in &self.order {
            self.layer.clear(self.target.width, self.target.height);
            let one = |index| index == part;
            draw(&self.composition, &self.corners, &view, &mut self.clipped, &mut self.layer, one);
            let look = &self.composition.looks[part];
            shader.blend(&self.layer, look, &mut self.target, &mut self.colors);
        }
        shader.develop(&self.target, &self.colors, whole, image);
    }
}

/// Draws some of the parts.
fn draw(
    composition: &Composition,
    corners: &[Corner],
    view: &View,
    clipped: &mut Vec<Corner>,
    target: &mut Target,
    wanted: impl Fn(usize) -> bool,
) {
    for (index, part) in composition.parts.iter().enumerate() {
        if !wanted(index) {
            continue;
        }
        let number = index as u32 + 1;
        for &[i, j, k] in &composition.triangles[part.triangles.clone()] {
            let (a, b, c) = (corners[i as usize], corners[j as usize], corners[k as usize]);
            if a.nearness.min(b.nearness).min(c.nearness) > 0.0 {
                target.triangle(a, b, c, view.mirrored, number);
                continue;
            }
            let world = [i, j, k].map(|i| composition.world[i as usize]);
            view.clip(world, [a, b, c], clipped);
            for i in 2..clipped.len() {
                let (a, b, c) = (clipped[0], clipped[i - 1], clipped[i]);
                target.triangle(a, b, c, view.mirrored, number);
            }
        }
    }
}
