//! What the worst and the best episodes looked like.

use super::picture::{address, gif, png};
use super::table::escaped;
use crate::error::Result;
use crate::evaluation::{Metric, ProtocolScores, Scores, Shown};
use crate::render::{Camera, Content, Image, Renderer, Style, marks};
use crate::world::State;

/// Columns and rows of stills, and of clips.
const STILL: [usize; 2] = [320, 240];
const CLIP: [usize; 2] = [160, 120];
/// What clips show in a second: fewer than browsers slow down at.
const RATE: f64 = 8.0;

/// The pictures of one episode.
pub(super) struct Pictures {
    /// The beginning of their files' names.
    name: String,
    policy: String,
    protocol: String,
    /// Which episode it is, in words.
    caption: String,
    start: Vec<u8>,
    end: Vec<u8>,
    clip: Vec<u8>,
}

/// The pictures of every episode that scores keep.
///
/// # Errors
/// None that a picture in memory could have.
pub(super) fn gallery(all: &[Scores]) -> Result<Vec<Pictures>> {
    let mut artist = Artist::new();
    let mut found = Vec::new();
    for (number, scores) in all.iter().enumerate() {
        for protocol in &scores.protocols {
            for (turn, shown) in protocol.shown.iter().enumerate() {
                let rank = ["worst", "best"][turn.min(1)];
                let plain =
                    protocol.protocol.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
                let states = shown.film.states();
                let ends = (states.first().unwrap_or(&shown.film.end), &shown.film.end);
                found.push(Pictures {
                    name: format!("{number}_{plain}_{rank}"),
                    policy: scores.policy.clone(),
                    protocol: protocol.protocol.name.clone(),
                    caption: caption(scores, protocol, rank, shown),
                    start: artist.still(ends.0)?,
                    end: artist.still(ends.1)?,
                    clip: artist.clip(&states)?,
                });
            }
        }
    }
    Ok(found)
}

fn caption(scores: &Scores, protocol: &ProtocolScores, rank: &str, shown: &Shown) -> String {
    let run = scores.runs.iter().position(|name| *name == shown.run);
    let table = protocol.table(Metric::LastFractionalSuccess);
    let value = run.and_then(|run| table[run].get(shown.world));
    let value = value.map_or(String::new(), |value| format!(": {value:.3}"));
    let run = if scores.runs.len() > 1 { format!(" of run {}", shown.run) } else { String::new() };
    match protocol.shown.len() {
        1 => format!("every world alike, world {}{run}{value}", shown.world),
        _ => format!("{rank}, world {}{run}{value}", shown.world),
    }
}

impl Pictures {
    /// Their files, by name and contents.
    pub(super) fn files(&self) -> [(String, &[u8]); 3] {
        [
            (format!("{}_start.png", self.name), &self.start[..]),
            (format!("{}_end.png", self.name), &self.end[..]),
            (format!("{}.gif", self.name), &self.clip[..]),
        ]
    }
}

/// The pictures as HTML that holds them: both ends of every episode, and its clip to be opened.
pub(super) fn html(pictures: &[Pictures]) -> String {
    let one = |one: &Pictures| {
        let figure = |kind: &str, bytes: &[u8], what: &str| {
            let words =
                escaped(&format!("{}, {}, {}: {what}", one.policy, one.protocol, one.caption));
            format!("<img src=\"{}\" alt=\"{words}\"/>", address(kind, bytes))
        };
        format!(
            "<figure><figcaption><b>{}</b> {} <small>{}</small></figcaption>{}{}\
             <details><summary>clip</summary>{}</details></figure>\n",
            escaped(&one.protocol),
            escaped(&one.policy),
            escaped(&one.caption),
            figure("png", &one.start, "its start"),
            figure("png", &one.end, "its end"),
            figure("gif", &one.clip, "all of it"),
        )
    };
    format!("<div class=\"gallery\">\n{}</div>\n", pictures.iter().map(one).collect::<String>())
}

/// What draws, with its memory.
struct Artist {
    renderer: Renderer,
    camera: Camera,
    image: Image,
}

impl Artist {
    fn new() -> Self {
        let style = Style { samples: 2, ..Style::picture() };
        Self { renderer: Renderer::new(style), camera: Camera::view(), image: Image::default() }
    }

    fn draw(&mut self, state: &State, [width, height]: [usize; 2]) {
        let state = marks::on_light_floor(state);
        self.renderer.pose(&state, &Content::picture(), &marks::goals(&state));
        self.renderer.shoot_colors(&self.camera, width, height, &mut self.image);
    }

    fn still(&mut self, state: &State) -> Result<Vec<u8>> {
        self.draw(state, STILL);
        png(&self.image.rgb, STILL[0] as u32, STILL[1] as u32)
    }

    fn clip(&mut self, states: &[State]) -> Result<Vec<u8>> {
        let mut images = Vec::new();
        for state in states {
            self.draw(state, CLIP);
            images.push(self.image.clone());
        }
        gif(&images, 1.0 / RATE)
    }
}
