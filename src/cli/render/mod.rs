//! Pictures: a state as a PNG, an episode as an animated file or a video.

mod artist;
mod film;
mod source;

use std::path::{Path, PathBuf};

use self::artist::Artist;
use self::film::{Film, Kind};
use super::output::{Done, Failure, note};
use super::world::WorldOptions;
use crate::render::{Aim, Camera, LookAt};

#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    world: WorldOptions,
    /// Seed of the episode whose start is drawn
    #[arg(long, default_value_t = 0, conflicts_with_all = ["state", "log", "data"])]
    seed: u64,
    /// A state, as `State.save` or the library writes it, in place of an episode's start
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["log", "data"])]
    state: Option<PathBuf>,
    /// A log of `trifactor run`, whose episode is drawn: animated all of it, as a PNG its end
    #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["first", "named", "skip_frame", "physics", "world"])]
    log: Option<PathBuf>,
    /// A data set of recorded episodes, drawn as a log is
    #[arg(long, value_name = "FILE.arrow", conflicts_with_all = ["log", "first", "named", "skip_frame", "physics", "world"])]
    data: Option<PathBuf>,
    /// Which episode of the log or data set, from 0
    #[arg(long, default_value_t = 0)]
    episode: usize,
    /// Where to write: .png; .gif or .apng, animated; .mp4 or .webm, by ffmpeg
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
    /// Where bodies pushed on each other in the step that led here, and how hard; needs an episode
    #[arg(long)]
    contacts: bool,
    /// Which fingers and blocks influenced each other in that step; needs an episode
    #[arg(long)]
    influences: bool,
}

/// Draws what was asked for.
pub(super) fn render(options: &Options) -> Done {
    let kind = Kind::of(extension(&options.output)).map_err(Failure::Usage)?;
    let episode = options.log.is_some() || options.data.is_some();
    if !episode && (options.contacts || options.influences) {
        let reason = "a state alone does not tell who touched: name an episode by --log or --data";
        return Err(Failure::setting("contacts", "true", reason));
    }
    let (shown, dt) = source::states(options)?;
    let mut artist = Artist::new(options, dt);
    let mut film = Film::begin(kind, &options.output, options.size, dt)?;
    for index in film.chosen(shown.len()) {
        if let Some(shown) = shown.get(index) {
            film.add(artist.draw(shown)?)?;
        }
    }
    film.end()?;
    note(&format!("written to {}; renderer: {}", options.output.display(), artist.renderer()));
    Ok(0)
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
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
