//! The device: which adapter, how it is set up, how work is handed to it.

use std::sync::{Arc, Mutex, PoisonError};

use wgpu::util::DeviceExt;

use super::atlas::{Atlas, COLOR, DEPTH, SURVEY};
use super::pack;
use crate::error::{Error, Result};
use crate::math::Triple;

/// The variable that lets drivers in software be taken.
const IN_SOFTWARE: &str = "TRIFACTOR_GPU_IN_SOFTWARE";

/// A device with its two pipelines: for images that are not mirrored, and for those that are.
pub(super) struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    info: wgpu::AdapterInfo,
    layout: wgpu::BindGroupLayout,
    pipelines: [wgpu::RenderPipeline; 2],
    // The first thing that went wrong.
    failure: Arc<Mutex<Option<String>>>,
}

/// The error of a device.
pub(super) fn failed(reason: impl ToString) -> Error {
    Error::Device { reason: reason.to_string() }
}

impl Device {
    /// The first adapter in hardware, or in software where that is allowed.
    pub(super) fn open() -> Result<Self> {
        let backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL;
        let about = wgpu::InstanceDescriptor::new_without_display_handle();
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor { backends, ..about });
        let allowed = std::env::var_os(IN_SOFTWARE).is_some_and(|value| value == "1");
        let adapters = pollster::block_on(instance.enumerate_adapters(backends));
        let hardware = |adapter: &wgpu::Adapter| {
            allowed || adapter.get_info().device_type != wgpu::DeviceType::Cpu
        };
        let Some(adapter) = adapters.into_iter().find(hardware) else {
            return Err(failed("there is no graphics processor with a driver for Vulkan or Metal"));
        };
        let about = wgpu::DeviceDescriptor { label: Some("trifactor"), ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&about)).map_err(failed)?;
        let failure = Arc::new(Mutex::new(None));
        let first = Arc::clone(&failure);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
        }));
        let layout = layout(&device);
        let pipelines =
            [wgpu::Face::Back, wgpu::Face::Front].map(|f| pipeline(&device, &layout, f));
        let made = Self { device, queue, info: adapter.get_info(), layout, pipelines, failure };
        made.check()?;
        Ok(made)
    }

    /// What it is called, and by which interface it is driven.
    pub(super) fn name(&self) -> String {
        format!("gpu: {} ({})", self.info.name, self.info.backend)
    }

    /// The most pixels that an atlas may have along an edge.
    pub(super) fn edge(&self) -> u32 {
        self.device.limits().max_texture_dimension_2d
    }

    /// A buffer with these contents.
    pub(super) fn buffer(&self, contents: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let about = wgpu::util::BufferInitDescriptor { label: None, contents, usage };
        self.device.create_buffer_init(&about)
    }

    /// A buffer of that many bytes for what is read back.
    pub(super) fn staging(&self, size: u64) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        })
    }

    /// A texture to draw into.
    pub(super) fn texture(&self, size: [u32; 2], format: wgpu::TextureFormat) -> wgpu::Texture {
        let [width, height] = size;
        self.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        })
    }

    /// Parts and views, for the shader.
    pub(super) fn group(&self, parts: &wgpu::Buffer, views: &wgpu::Buffer) -> wgpu::BindGroup {
        let [parts, views] = [parts, views].map(wgpu::Buffer::as_entire_binding);
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: parts },
                wgpu::BindGroupEntry { binding: 1, resource: views },
            ],
        })
    }

    /// Draws into an atlas and copies what was drawn to where it is read.
    pub(super) fn submit(
        &self,
        atlas: &Atlas,
        background: Triple,
        views: usize,
        whole: bool,
        draw: impl FnOnce(&mut wgpu::RenderPass<'_>, &[wgpu::RenderPipeline; 2]),
    ) {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let [r, g, b] = background;
        let clear = |color| wgpu::Operations {
            load: wgpu::LoadOp::Clear(color),
            store: wgpu::StoreOp::Store,
        };
        let attachment = |view, color| {
            Some(wgpu::RenderPassColorAttachment {
                view,
                depth_slice: None,
                resolve_target: None,
                ops: clear(color),
            })
        };
        let nothing = wgpu::Color { r: f64::INFINITY, g: 0.0, b: 0.0, a: 0.0 };
        let about = wgpu::RenderPassDescriptor {
            label: None,
            color_attachments: &[
                attachment(&atlas.color.1, wgpu::Color { r, g, b, a: 1.0 }),
                attachment(&atlas.survey.1, nothing),
            ],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: &atlas.depth,
                depth_ops: Some(wgpu::Operations {
                    load: wgpu::LoadOp::Clear(0.0),
                    store: wgpu::StoreOp::Discard,
                }),
                stencil_ops: None,
            }),
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        };
        draw(&mut encoder.begin_render_pass(&about), &self.pipelines);
        atlas.copy(&mut encoder, views, whole);
        self.queue.submit([encoder.finish()]);
    }

    /// Waits until everything is done.
    pub(super) fn wait(&self) -> Result<()> {
        self.device.poll(wgpu::PollType::wait_indefinitely()).map_err(failed)?;
        self.check()
    }

    fn check(&self) -> Result<()> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), |reason| Err(failed(reason)))
    }
}

fn layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only: true },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[entry(0), entry(1)],
    })
}

fn pipeline(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    culled: wgpu::Face,
) -> wgpu::RenderPipeline {
    let module = device.create_shader_module(wgpu::include_wgsl!("shader.wgsl"));
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    let vertex = wgpu::VertexBufferLayout {
        array_stride: pack::VERTEX,
        step_mode: wgpu::VertexStepMode::Vertex,
        attributes: &wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Uint32],
    };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: None,
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("corner"),
            compilation_options: Default::default(),
            buffers: &[Some(vertex)],
        },
        primitive: wgpu::PrimitiveState { cull_mode: Some(culled), ..Default::default() },
        depth_stencil: Some(wgpu::DepthStencilState {
            format: DEPTH,
            depth_write_enabled: Some(true),
            depth_compare: Some(wgpu::CompareFunction::Greater),
            stencil: Default::default(),
            bias: Default::default(),
        }),
        multisample: Default::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("pixel"),
            compilation_options: Default::default(),
            targets: &[Some(COLOR.into()), Some(SURVEY.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}
