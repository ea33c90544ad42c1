//! Pixels as files: PNG, animated GIF, and either of them within a page.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, DynamicImage, Frame, ImageFormat, RgbImage};

use crate::error::{Error, Result};
use crate::render::Image;

/// How thoroughly colours are chosen for a GIF, 1 to 30: the fastest looks the same here.
const SPEED: i32 = 30;

/// A PNG of so many columns and rows of red, green and blue.
///
/// # Errors
/// [`Error::File`] where there are not as many numbers.
pub(super) fn png(rgb: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let image = RgbImage::from_raw(width, height, rgb.to_vec())
        .ok_or_else(|| failed("it has no such size"))?;
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|error| failed(&error.to_string()))?;
    Ok(bytes.into_inner())
}

/// A GIF that shows images for `seconds` each, over and over.
///
/// # Errors
/// As [`png`].
pub(super) fn gif(images: &[Image], seconds: f64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, SPEED);
    let failure = |error: image::ImageError| failed(&error.to_string());
    encoder.set_repeat(Repeat::Infinite).map_err(failure)?;
    let delay = Delay::from_numer_denom_ms((1000.0 * seconds).round() as u32, 1);
    for Image { width, height, rgb, .. } in images {
        let size = [width, height].map(|length| u32::try_from(*length).unwrap_or(0));
        let image = RgbImage::from_raw(size[0], size[1], rgb.clone())
            .ok_or_else(|| failed("it has no such size"))?;
        let image = DynamicImage::ImageRgb8(image).into_rgba8();
        encoder.encode_frame(Frame::from_parts(image, 0, 0, delay)).map_err(failure)?;
    }
    drop(encoder);
    Ok(bytes)
}

/// A file as an address that holds all of it; `kind` is `png` or `gif`.
pub(super) fn address(kind: &str, bytes: &[u8]) -> String {
    format!("data:image/{kind};base64,{}", STANDARD.encode(bytes))
}

fn failed(reason: &str) -> Error {
    Error::File { path: "picture".to_string(), reason: reason.to_string() }
}
