//! Pictures as files: one, an animation, or a video.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, DynamicImage, Frame, RgbImage};

use crate::cli::output::file_error;
use crate::error::{Error, Result};

/// Frames of an animation per second, at most: more than that, browsers slow down.
const FRAME_RATE: f64 = 25.0;
/// What makes videos.
const FFMPEG: &str = "ffmpeg";

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Png,
    Gif,
    Apng,
    Video,
}

impl Kind {
    /// The kind of that extension.
    pub(super) fn of(extension: &str) -> Result<Self> {
        match extension {
            "png" => Ok(Self::Png),
            "gif" => Ok(Self::Gif),
            "apng" => Ok(Self::Apng),
            "mp4" | "webm" => Ok(Self::Video),
            other => Err(Error::UnknownName {
                what: "kind of picture",
                name: other.to_string(),
                known: "png, gif, apng, mp4, webm".to_string(),
            }),
        }
    }
}

/// A file that pictures go into.
pub(super) struct Film {
    kind: Kind,
    path: PathBuf,
    // How many steps from one picture to the next, and how many seconds.
    stride: usize,
    seconds: f64,
    pictures: Vec<RgbImage>,
    video: Option<Child>,
}

impl Film {
    /// An empty film of states that follow each other by `dt` seconds.
    pub(super) fn begin(kind: Kind, path: &Path, size: [usize; 2], dt: f64) -> Result<Self> {
        let stride = (1.0 / FRAME_RATE / dt).round().max(1.0) as usize;
        let seconds = dt * stride as f64;
        let path = path.to_path_buf();
        let mut film = Self { kind, path, stride, seconds, pictures: Vec::new(), video: None };
        if kind == Kind::Video {
            film.video = Some(film.ffmpeg(size)?);
        }
        Ok(film)
    }

    /// Which of so many states are drawn: the last one, or every so many-th and the last.
    pub(super) fn chosen(&self, count: usize) -> Vec<usize> {
        let last = count.saturating_sub(1);
        let chosen =
            |i: &usize| *i == last || (self.kind != Kind::Png && i.is_multiple_of(self.stride));
        (0..count).filter(chosen).collect()
    }

    /// Adds a picture.
    pub(super) fn add(&mut self, picture: RgbImage) -> Result<()> {
        match &mut self.video {
            None => self.pictures.push(picture),
            Some(video) => {
                // What it has to say of a pipe that it closed is told at the end.
                if let Some(pipe) = &mut video.stdin
                    && pipe.write_all(picture.as_raw()).is_err()
                {
                    video.stdin = None;
                }
            }
        }
        Ok(())
    }

    /// Writes what is not written yet.
    pub(super) fn end(self) -> Result<()> {
        match self.kind {
            Kind::Png => match self.pictures.last() {
                Some(picture) => picture.save(&self.path).map_err(|e| self.refuse(&e)),
                None => Ok(()),
            },
            Kind::Gif => self.gif(),
            Kind::Apng => self.apng(),
            Kind::Video => self.video(),
        }
    }

    fn refuse(&self, error: &dyn std::fmt::Display) -> Error {
        Error::File { path: self.path.display().to_string(), reason: error.to_string() }
    }

    fn create(&self) -> Result<BufWriter<File>> {
        File::create(&self.path).map(BufWriter::new).map_err(|e| file_error(&self.path, &e))
    }

    fn gif(self) -> Result<()> {
        let mut encoder = GifEncoder::new_with_speed(self.create()?, 10);
        encoder.set_repeat(Repeat::Infinite).map_err(|e| self.refuse(&e))?;
        let milliseconds = (1000.0 * self.seconds).round() as u32;
        for picture in &self.pictures {
            let picture = DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
            let delay = Delay::from_numer_denom_ms(milliseconds, 1);
            let frame = Frame::from_parts(picture, 0, 0, delay);
            encoder.encode_frame(frame).map_err(|e| self.refuse(&e))?;
        }
        Ok(())
    }

    fn apng(self) -> Result<()> {
        let Some(first) = self.pictures.first() else { return Ok(()) };
        let refuse = |e: png::EncodingError| self.refuse(&e);
        let mut encoder = png::Encoder::new(self.create()?, first.width(), first.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_animated(self.pictures.len() as u32, 0).map_err(refuse)?;
        let milliseconds = (1000.0 * self.seconds).round() as u16;
        encoder.set_frame_delay(milliseconds, 1000).map_err(refuse)?;
        let mut writer = encoder.write_header().map_err(refuse)?;
        for picture in &self.pictures {
            writer.write_image_data(picture.as_raw()).map_err(refuse)?;
        }
        writer.finish().map_err(refuse)
    }

    /// The program that makes a video of the pictures that it is given.
    fn ffmpeg(&self, [width, height]: [usize; 2]) -> Result<Child> {
        let rate = (1.0 / self.seconds).to_string();
        let size = format!("{width}x{height}");
        let mut command = Command::new(FFMPEG);
        command.args(["-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]);
        command.args(["-s", &size, "-r", &rate, "-i", "-"]);
        // Players want even sizes and this arrangement of colours.
        command.args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"]);
        command.arg(&self.path).stdin(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|error| {
            let reason = format!("{error}; videos need {FFMPEG}, .gif and .apng do not");
            Error::File { path: FFMPEG.to_string(), reason }
        })
    }

    fn video(mut self) -> Result<()> {
        let Some(mut video) = self.video.take() else { return Ok(()) };
        drop(video.stdin.take());
        let mut told = String::new();
        if let Some(stream) = &mut video.stderr {
            // What can not be read is not told.
            let _ = stream.read_to_string(&mut told);
        }
        let status = video.wait().map_err(|e| self.refuse(&e))?;
        match status.success() {
            true => Ok(()),
            false => Err(self.refuse(&format!("{FFMPEG} failed: {}", told.trim()))),
        }
    }
}
