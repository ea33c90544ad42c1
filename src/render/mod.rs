//! States as images: a rasteriser in software that gives the same bits on every machine.
//!
//! It reads a [`State`](crate::world::State) and touches nothing. Images are functions of the state,
//! the camera and the style alone: positions are transformed by additions, multiplications,
//! divisions and square roots, which every machine rounds alike, and coverage is decided in whole
//! numbers.

mod camera;
mod composition;
mod image;
mod mark;
pub mod marks;
mod mesh;
mod raster;
mod renderer;
mod shade;
mod view;

pub use camera::{Aim, CAMERAS, Camera, LookAt};
pub use composition::entities;
pub use image::Image;
pub use mark::{Mark, MarkShape};
pub use renderer::{Content, Renderer};
pub use shade::Style;
