//! The atlas: the images of many views in one texture, and their way back.

use super::device::{Device, failed};
use crate::error::Result;
use crate::render::Image;

/// Colours, distances with entities, and what is nearest.
pub(super) const COLOR: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
pub(super) const SURVEY: wgpu::TextureFormat = wgpu::TextureFormat::Rg32Float;
pub(super) const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// Bytes of a pixel of both.
const BYTES: [u32; 2] = [4, 8];

/// A texture and how it is drawn into.
type Drawn = (wgpu::Texture, wgpu::TextureView);

/// Tiles of one size in rows, and where they are copied to.
pub(super) struct Atlas {
    tile: [u32; 2],
    columns: u32,
    rows: u32,
    pub(super) color: Drawn,
    pub(super) survey: Drawn,
    pub(super) depth: wgpu::TextureView,
    staging: wgpu::Buffer,
}

impl Atlas {
    /// How many tiles of that size an atlas can have.
    pub(super) fn most(device: &Device, [width, height]: [u32; 2]) -> usize {
        ((device.edge() / width) * (device.edge() / height)) as usize
    }

    /// An atlas with room for that many tiles, which must be no more than [`Atlas::most`].
    pub(super) fn new(device: &Device, tile: [u32; 2], count: usize) -> Self {
        let columns = (device.edge() / tile[0]).clamp(1, count.max(1) as u32);
        let rows = (count as u32).div_ceil(columns).max(1);
        let size = [columns * tile[0], rows * tile[1]];
        let drawn = |format| {
            let texture = device.texture(size, format);
            let view = texture.create_view(&Default::default());
            (texture, view)
        };
        let bytes = BYTES.map(|bytes| u64::from(padded(size[0] * bytes)) * u64::from(size[1]));
        Self {
            tile,
            columns,
            rows,
            color: drawn(COLOR),
            survey: drawn(SURVEY),
            depth: drawn(DEPTH).1,
            staging: device.staging(bytes[0] + bytes[1]),
        }
    }

    /// Whether it has room for that many tiles of that size.
    pub(super) fn fits(&self, tile: [u32; 2], count: usize) -> bool {
        self.tile == tile && (self.columns * self.rows) as usize >= count
    }

    /// The upper left corner of a tile.
    pub(super) fn corner(&self, index: usize) -> [u32; 2] {
        let index = index as u32;
        [index % self.columns * self.tile[0], index / self.columns * self.tile[1]]
    }

    /// Bytes of a row of both textures, and where the second begins.
    fn places(&self) -> ([u32; 2], [u64; 2]) {
        let row = BYTES.map(|bytes| padded(self.columns * self.tile[0] * bytes));
        (row, [0, u64::from(row[0]) * u64::from(self.rows * self.tile[1])])
    }

    /// Copies the first tiles to where they are read.
    pub(super) fn copy(&self, encoder: &mut wgpu::CommandEncoder, count: usize, whole: bool) {
        let (row, offset) = self.places();
        let rows = (count as u32).div_ceil(self.columns) * self.tile[1];
        let width = self.columns * self.tile[0];
        let textures = [&self.color.0, &self.survey.0];
        for (i, texture) in textures.into_iter().enumerate().take(1 + usize::from(whole)) {
            encoder.copy_texture_to_buffer(
                texture.as_image_copy(),
                wgpu::TexelCopyBufferInfo {
                    buffer: &self.staging,
                    layout: wgpu::TexelCopyBufferLayout {
                        offset: offset[i],
                        bytes_per_row: Some(row[i]),
                        rows_per_image: None,
                    },
                },
                wgpu::Extent3d { width, height: rows, depth_or_array_layers: 1 },
            );
        }
    }

    /// Hands over the first tiles' images, the mean over their samples.
    pub(super) fn read(
        &self,
        device: &Device,
        count: usize,
        samples: usize,
        whole: bool,
        each: &mut dyn FnMut(&Image),
    ) -> Result<()> {
        self.staging.map_async(wgpu::MapMode::Read, .., |_| {});
        device.wait()?;
        {
            let bytes = self.staging.get_mapped_range(..).map_err(failed)?;
            let mut image = Image::default();
            for index in 0..count {
                self.develop(&bytes, index, samples, whole, &mut image);
                each(&image);
            }
        }
        self.staging.unmap();
        Ok(())
    }

    fn develop(&self, bytes: &[u8], index: usize, samples: usize, whole: bool, image: &mut Image) {
        let (row, offset) = self.places();
        let corner = self.corner(index).map(|x| x as usize);
        let [width, height] = self.tile.map(|length| length as usize / samples);
        image.resize(width, height, whole);
        let at = |i: usize, x: usize, y: usize| {
            let first = offset[i] as usize + (corner[1] + y) * row[i] as usize;
            let size = BYTES[i] as usize;
            &bytes[first + (corner[0] + x) * size..][..size]
        };
        let all = (samples * samples) as u32;
        for (place, pixel) in image.rgb.chunks_exact_mut(3).enumerate() {
            let (x, y) = (place % width * samples, place / width * samples);
            if samples == 1 {
                pixel.copy_from_slice(&at(0, x, y)[..3]);
                continue;
            }
            let mut sum = [0_u32; 3];
            for i in 0..samples * samples {
                let sample = at(0, x + i % samples, y + i / samples);
                sum.iter_mut().zip(sample).for_each(|(sum, c)| *sum += u32::from(*c));
            }
            pixel.iter_mut().zip(sum).for_each(|(p, sum)| *p = ((sum + all / 2) / all) as u8);
        }
        let middle = samples / 2;
        let places = image.depth.iter_mut().zip(&mut image.entity).enumerate();
        for (place, (depth, entity)) in places {
            let (x, y) = (place % width * samples + middle, place / width * samples + middle);
            let [a, b, c, d, e, f, g, h] = *at(1, x, y) else { continue };
            *depth = f32::from_le_bytes([a, b, c, d]);
            *entity = f32::from_le_bytes([e, f, g, h]) as u16;
        }
    }
}

/// Rows that are copied begin at multiples of so many bytes.
fn padded(bytes: u32) -> u32 {
    bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}
