//! Pictures: a state as a PNG, an episode as an animated GIF.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbImage, RgbaImage};

use super::log::{self, Transition};
use super::{WorldOptions, file_error, print};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::render::{Aim, Camera, Content, Image, LookAt, Mark, Renderer, Style, marks};
use crate::world::{Contacts, State};

/// Frames of an animation per second, at most: more than that, browsers slow down.
const FRAME_RATE: f64 = 25.0;

#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    world: WorldOptions,
    /// Seed of the episode whose start is drawn
    #[arg(long, default_value_t = 0, conflicts_with_all = ["state", "log"])]
    seed: u64,
    /// A state, as `State.save` or the library writes it, in place of an episode's start
    #[arg(long, value_name = "FILE.json", conflicts_with = "log")]
    state: Option<PathBuf>,
    /// A log of `trifactor run`, whose episode is drawn: as a GIF all of it, as a PNG its end
    #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["family", "skip_frame", "physics", "world"])]
    log: Option<PathBuf>,
    /// Which episode of the log, from 0
    #[arg(long, default_value_t = 0, requires = "log")]
    episode: usize,
    /// Where to write: .png, or .gif
    #[arg(long, short, value_name = "FILE", default_value = "trifactor.png")]
    output: PathBuf,
    /// Columns and rows
    #[arg(long, default_value = "640x480", value_parser = size)]
    size: [usize; 2],
    /// view, overview (the reference's), camera_0 to camera_2 (as published), intended_0 to
    /// intended_2, or JSON: {"position": [x, y, z], "target": [x, y, z], "field_of_view": degrees}
    #[arg(long, default_value = "view", value_parser = camera)]
    camera: Camera,
    /// Samples of a pixel along each axis, 1 to 4
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=4))]
    samples: u8,
    /// No shadows
    #[arg(long)]
    no_shadows: bool,
    /// No goals
    #[arg(long)]
    no_goals: bool,
    /// The whole wall, also where it hides what is inside
    #[arg(long)]
    whole_wall: bool,
    /// Axes of blocks and fingertips
    #[arg(long)]
    frames: bool,
    /// Who pushed on whom in the step that led here, the thicker the harder; needs --log
    #[arg(long, requires = "log")]
    contacts: bool,
}

/// Draws what was asked for.
pub(super) fn render(options: &Options) -> Result<i32> {
    let animated = match extension(&options.output) {
        "png" => false,
        "gif" => true,
        other => {
            return Err(Error::UnknownName {
                what: "kind of picture",
                name: other.to_string(),
                known: "png, gif".to_string(),
            });
        }
    };
    let (shown, dt) = states(options)?;
    let mut artist = Artist::new(options);
    if animated {
        let step = (1.0 / FRAME_RATE / dt).round().max(1.0) as usize;
        artist.animate(&shown, step, dt)?;
    } else if let Some((state, contacts)) = shown.last() {
        let picture = artist.draw(state, contacts.as_ref())?;
        picture.save(&options.output).map_err(|e| picture_error(&options.output, &e))?;
    }
    print(&format!("written to {}", options.output.display()))?;
    Ok(0)
}

/// A state with what touched in the step that led to it.
type Shown = (State, Option<Contacts>);

/// The states to draw, and the seconds between them.
fn states(options: &Options) -> Result<(Vec<Shown>, f64)> {
    if let Some(path) = &options.log {
        let (header, episodes) = log::read(path)?;
        let count = episodes.len();
        let Some(episode) = episodes.into_iter().nth(options.episode) else {
            let value = options.episode.to_string();
            let reason = if count == 0 { "the log has none" } else { "the log has fewer" };
            return Err(Error::Setting { name: "episode", value, reason });
        };
        let mut env = header.env()?;
        let mut shown = Vec::new();
        for Transition { before, action, after, .. } in episode.transitions {
            let contacts = options.contacts.then(|| retake(&mut env, &before, &action));
            shown.push((after, contacts.transpose()?));
        }
        return Ok((shown, env.dt()));
    }
    let mut env = options.world.env(true)?;
    if let Some(path) = &options.state {
        let state = State::load(path)?;
        let (blocks, goals) = (state.scene.blocks.len(), state.scene.goals.len());
        if (state.blocks.len(), state.goals.len()) != (blocks, goals) {
            let reason = "its scene has other blocks and goals than it has values for".to_string();
            return Err(Error::OtherWorld { reason });
        }
        return Ok((vec![(state, None)], env.dt()));
    }
    env.reset(Some(options.seed));
    Ok((vec![(env.state().clone(), None)], env.dt()))
}

/// What touched in a step, by taking it again.
fn retake(env: &mut Env, before: &State, action: &[f64]) -> Result<Contacts> {
    env.set_state(before)?;
    env.step(action)?;
    Ok(env.contacts().clone())
}

/// What draws, with its memory.
struct Artist<'a> {
    options: &'a Options,
    content: Content,
    renderer: Renderer,
    image: Image,
    marks: Vec<Mark>,
}

impl<'a> Artist<'a> {
    fn new(options: &'a Options) -> Self {
        let content = Content::picture();
        let goal_opacity = if options.no_goals { 0.0 } else { content.goal_opacity };
        let samples = usize::from(options.samples);
        let style = Style { samples, shadows: !options.no_shadows, ..Style::picture() };
        Self {
            options,
            content: Content { goal_opacity, cutaway: !options.whole_wall, ..content },
            renderer: Renderer::new(style),
            image: Image::default(),
            marks: Vec::new(),
        }
    }

    /// The picture of a state.
    fn draw(&mut self, state: &State, contacts: Option<&Contacts>) -> Result<RgbImage> {
        self.marks.clear();
        if self.options.frames {
            self.marks.extend(marks::frames(state));
        }
        if let Some(contacts) = contacts {
            self.marks.extend(marks::contacts(state, contacts));
        }
        let [width, height] = self.options.size;
        self.renderer.pose(state, &self.content, &self.marks);
        self.renderer.shoot_colors(&self.options.camera, width, height, &mut self.image);
        let size = [width, height].map(u32::try_from);
        let [Ok(width), Ok(height)] = size else { return Err(too_large(width, height)) };
        RgbImage::from_raw(width, height, self.image.rgb.clone())
            .ok_or_else(|| too_large(self.image.width, self.image.height))
    }

    /// The animation of every so many-th state, and the last.
    fn animate(&mut self, shown: &[Shown], step: usize, dt: f64) -> Result<()> {
        let path = self.options.output.clone();
        let error = |e| picture_error(&path, &e);
        let file = File::create(&path).map_err(|e| file_error(&path, &e))?;
        let mut encoder = GifEncoder::new_with_speed(BufWriter::new(file), 10);
        encoder.set_repeat(Repeat::Infinite).map_err(error)?;
        let milliseconds = (1000.0 * dt * step as f64).round() as u32;
        for (i, (state, contacts)) in shown.iter().enumerate() {
            if i % step != 0 && i + 1 != shown.len() {
                continue;
            }
            let picture = self.draw(state, contacts.as_ref())?;
            let picture: RgbaImage = image::DynamicImage::ImageRgb8(picture).into_rgba8();
            let delay = Delay::from_numer_denom_ms(milliseconds, 1);
            encoder.encode_frame(Frame::from_parts(picture, 0, 0, delay)).map_err(error)?;
        }
        Ok(())
    }
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn too_large(width: usize, height: usize) -> Error {
    let value = format!("{width}x{height}");
    Error::Setting { name: "size", value, reason: "no such picture can be made" }
}

fn picture_error(path: &Path, error: &image::ImageError) -> Error {
    Error::File { path: path.display().to_string(), reason: error.to_string() }
}

/// Columns and rows, as in 640x480.
fn size(text: &str) -> std::result::Result<[usize; 2], String> {
    let numbers = text.split_once('x').and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    match numbers {
        Some([width, height]) if (1..=1024).contains(&width) && (1..=1024).contains(&height) => {
            Ok([width, height])
        }
        _ => Err("expected columns and rows of 1 to 1024, as in 640x480".to_string()),
    }
}

/// The camera of that name, or of a JSON document.
fn camera(text: &str) -> std::result::Result<Camera, String> {
    let numbered = |prefix: &str, aim| {
        let index = text.strip_prefix(prefix)?.parse().ok()?;
        Camera::of_reference(index, aim)
    };
    let named = match text {
        "view" => Some(Camera::view()),
        "overview" => Some(Camera::overview()),
        _ => numbered("camera_", Aim::Published).or_else(|| numbered("intended_", Aim::Intended)),
    };
    match named {
        Some(camera) => Ok(camera),
        None => serde_json::from_str::<LookAt>(text)
            .map_err(|e| format!("it is none of the known names, and no camera in JSON: {e}"))
            .and_then(|own| own.camera().map_err(|e| e.to_string())),
    }
}
