//! Images by a graphics processor: many states by many cameras in one atlas, one submission and one
//! reading back.
//!
//! It draws what observations are made of: what is opaque, without shadows. Vulkan and Metal alone:
//! OpenGL drivers returned black images without an error.

mod atlas;
mod device;
mod pack;

use std::sync::Arc;

use self::atlas::Atlas;
use self::device::{Device, failed};
use self::pack::Bytes;
use super::backend::{Backend, Scenery, Software};
use super::composition::Composition;
use super::{Camera, Content, Image, Style};
use crate::error::Result;
use crate::robot::{REST, RobotState};
use crate::world::{Scene, State};

/// How many scenes' meshes are kept.
const STAGES: usize = 8;
/// How many worlds are drawn at once at the most.
const AT_ONCE: usize = 64;
/// Columns and rows of the image that a device has to agree on before it is trusted.
const TRIAL: usize = 96;
/// By how many levels a channel may be off, and the share of pixels that may be more so.
const LEVELS: u8 = 16;
const SHARE: f64 = 0.01;

/// A graphics processor that draws.
struct Gpu {
    device: Device,
    style: Style,
    stages: Vec<Stage>,
    atlas: Option<Atlas>,
}

/// The meshes of a scene, there and here.
struct Stage {
    composition: Composition,
    vertices: wgpu::Buffer,
    corners: wgpu::Buffer,
    count: u32,
}

/// A view of the atlas: which meshes, which way the camera's images turn.
struct Draw {
    stage: usize,
    mirrored: bool,
}

/// The first graphics processor of this machine, if it draws what the rasteriser does.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device) with what is missing.
pub(super) fn open(style: &Style) -> Result<Box<dyn Backend>> {
    Ok(Box::new(Gpu::open(style)?))
}

impl Gpu {
    fn open(style: &Style) -> Result<Self> {
        if style.shadows {
            return Err(failed("shadows are drawn in software alone"));
        }
        let style = Style { samples: style.samples.clamp(1, 4), ..*style };
        let device = Device::open()?;
        let mut gpu = Self { device, style, stages: Vec::new(), atlas: None };
        gpu.trial()?;
        Ok(gpu)
    }

    /// Draws a scene in both ways; a driver that draws nothing, or something else, is refused.
    fn trial(&mut self) -> Result<()> {
        let scene = Scene::new().movable("a").movable("b");
        let mut state = State::new(Arc::new(scene), RobotState::resting(REST));
        state.blocks[1].position = [0.06, 0.05, 0.1];
        let cameras = [Camera::overview(), Camera::view()].to_vec();
        let scenery = [Scenery { state: &state, content: Content::default(), cameras }];
        let mut images: Vec<Image> = Vec::new();
        self.draw(&scenery, [TRIAL; 2], true, &mut |image| images.push(image.clone()))?;
        let mut own = images.into_iter();
        let mut off = 0;
        let mut compare = |expected: &Image| {
            let Some(found) = own.next() else { return };
            off += differing(expected, &found);
        };
        Software::new(self.style).draw(&scenery, [TRIAL; 2], true, &mut compare)?;
        let share = off as f64 / (2 * TRIAL * TRIAL) as f64;
        if share > SHARE {
            let name = self.device.name();
            return Err(failed(format!("{name} draws {:.0} % otherwise", 100.0 * share)));
        }
        Ok(())
    }

    /// Where the meshes of a state's scene are kept, and its parts as the shader reads them.
    fn stage(&mut self, scenery: &Scenery<'_>, parts: &mut Bytes) -> usize {
        let (state, content) = (scenery.state, &scenery.content);
        let known = self.stages.iter().position(|stage| stage.composition.is_of(state, content));
        let index = known.unwrap_or_else(|| {
            let mut composition = Composition::default();
            composition.arrange(state, content, &[]);
            let (mut vertices, mut corners) = (Bytes::default(), Bytes::default());
            vertices.vertices(&composition);
            corners.triangles(&composition);
            let stage = Stage {
                count: 3 * composition.triangles.len() as u32,
                vertices: self.device.buffer(&vertices.0, wgpu::BufferUsages::VERTEX),
                corners: self.device.buffer(&corners.0, wgpu::BufferUsages::INDEX),
                composition,
            };
            self.stages.push(stage);
            self.stages.len() - 1
        });
        let composition = &mut self.stages[index].composition;
        composition.arrange(state, content, &[]);
        parts.parts(composition, &self.style, state);
        index
    }

    /// Columns and rows that a view takes in the atlas.
    fn tile(&self, size: [usize; 2]) -> [u32; 2] {
        size.map(|length| (length * self.style.samples) as u32)
    }

    /// Draws as many views as fit the atlas.
    fn some(
        &mut self,
        sceneries: &[Scenery<'_>],
        size: [usize; 2],
        whole: bool,
        each: &mut dyn FnMut(&Image),
    ) -> Result<()> {
        let (mut parts, mut views, mut draws) = (Bytes::default(), Bytes::default(), Vec::new());
        if self.stages.len() >= STAGES {
            self.stages.clear();
        }
        for scenery in sceneries {
            let first = parts.0.len() / pack::PART as usize;
            let stage = self.stage(scenery, &mut parts);
            for camera in &scenery.cameras {
                views.view(camera, size, &self.style, scenery.state, first);
                draws.push(Draw { stage, mirrored: camera.is_mirrored() });
            }
        }
        if draws.is_empty() {
            return Ok(());
        }
        let (samples, tile) = (self.style.samples, self.tile(size));
        let fits = self.atlas.as_ref().is_some_and(|atlas| atlas.fits(tile, draws.len()));
        let atlas = match &mut self.atlas {
            Some(atlas) if fits => atlas,
            place => place.insert(Atlas::new(&self.device, tile, draws.len())),
        };
        let data =
            [&parts, &views].map(|bytes| self.device.buffer(&bytes.0, wgpu::BufferUsages::STORAGE));
        let group = self.device.group(&data[0], &data[1]);
        let background = self.style.background;
        self.device.submit(atlas, background, draws.len(), whole, |pass, pipelines| {
            pass.set_bind_group(0, &group, &[]);
            for (view, draw) in draws.iter().enumerate() {
                let stage = &self.stages[draw.stage];
                let [x, y] = atlas.corner(view).map(|x| x as f32);
                pass.set_pipeline(&pipelines[usize::from(draw.mirrored)]);
                pass.set_viewport(x, y, tile[0] as f32, tile[1] as f32, 0.0, 1.0);
                pass.set_vertex_buffer(0, stage.vertices.slice(..));
                pass.set_index_buffer(stage.corners.slice(..), wgpu::IndexFormat::Uint32);
                pass.draw_indexed(0..stage.count, 0, view as u32..view as u32 + 1);
            }
        });
        atlas.read(&self.device, draws.len(), samples, whole, each)
    }
}

impl Backend for Gpu {
    fn name(&self) -> String {
        self.device.name()
    }

    fn is_batched(&self) -> bool {
        true
    }

    fn draw(
        &mut self,
        sceneries: &[Scenery<'_>],
        size: [usize; 2],
        whole: bool,
        each: &mut dyn FnMut(&Image),
    ) -> Result<()> {
        let cameras = sceneries.iter().map(|s| s.cameras.len()).max().unwrap_or(0).max(1);
        let at_once = (Atlas::most(&self.device, self.tile(size)) / cameras).clamp(1, AT_ONCE);
        for some in sceneries.chunks(at_once) {
            self.some(some, size, whole, each)?;
        }
        Ok(())
    }
}

/// How many pixels of two images differ visibly.
fn differing(one: &Image, other: &Image) -> usize {
    let pixels = one.rgb.chunks(3).zip(other.rgb.chunks(3));
    let far = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > LEVELS);
    pixels.filter(far).count()
}
