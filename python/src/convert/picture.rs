//! Pictures for people, and the cameras that take them.

use numpy::{PyArray1, PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use trifactor::env::Env;
use trifactor::render;

use crate::errors::{self, json_error};

/// What draws pictures for people.
#[derive(Default)]
pub(crate) struct Painter {
    renderer: Option<render::Renderer>,
    image: render::Image,
}

impl Painter {
    /// A picture of the present state, its goals to be seen through: rows, columns, RGB.
    pub(crate) fn picture<'py>(
        &mut self,
        py: Python<'py>,
        env: &Env,
        camera: Option<&str>,
        width: usize,
        height: usize,
    ) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let camera = self::camera(camera)?;
        py.detach(|| self.draw(env, &camera, width, height));
        let shape = [self.image.height, self.image.width, 3];
        PyArray1::from_slice(py, &self.image.rgb).reshape(shape)
    }

    fn draw(&mut self, env: &Env, camera: &render::Camera, width: usize, height: usize) {
        let new = || render::Renderer::new(render::Style::picture());
        let renderer = self.renderer.get_or_insert_with(new);
        renderer.pose(env.state(), &render::Content::picture(), &[]);
        renderer.shoot(camera, width, height, &mut self.image);
    }
}

/// The camera that a JSON document describes; the overview where there is none.
fn camera(text: Option<&str>) -> PyResult<render::Camera> {
    let Some(text) = text else { return Ok(render::Camera::overview()) };
    let own: render::LookAt =
        serde_json::from_str(text).map_err(|error| json_error("render_camera", &error))?;
    own.camera().map_err(errors::of_settings)
}

/// Refuses a camera that sees nothing.
#[pyfunction]
pub(crate) fn check_camera(camera: Option<&str>) -> PyResult<()> {
    self::camera(camera).map(drop)
}
