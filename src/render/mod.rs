//! States as images: a rasteriser in software that gives the same bits on every machine.
//!
//! It reads a [`State`](crate::world::State) and touches nothing. Images are functions of the state,
//! the camera and the style alone: positions are transformed by additions, multiplications,
//! divisions and square roots, which every machine rounds alike, and coverage is decided in whole
//! numbers.

mod backend;
mod camera;
mod composition;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(not(feature = "gpu"))]
#[path = "without_gpu.rs"]
mod gpu;
mod image;
mod mark;
pub mod marks;
mod mesh;
mod paint;
mod raster;
mod renderer;
mod shade;
mod view;

pub use crate::world::CAMERAS;
pub use backend::{Backend, Choice, Scenery, Software};
pub use camera::{Aim, Camera, LookAt};
pub use composition::entities;
pub use image::Image;
pub use mark::{Mark, MarkShape};
pub use renderer::{Content, Renderer};
pub use shade::Style;
