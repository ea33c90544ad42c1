//! What a camera sees: colours, distances, and which entity is where.

/// An image: row by row from the top, each row from the left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of every pixel.
    pub rgb: Vec<u8>,
    /// The distance of what is seen along the optical axis, m; infinite where nothing is.
    pub depth: Vec<f32>,
    /// The number of the entity that is seen, as [`entities`](super::entities) lists them.
    pub entity: Vec<u16>,
}

impl Image {
    pub(super) fn resize(&mut self, width: usize, height: usize, whole: bool) {
        let count = width * height;
        (self.width, self.height) = (width, height);
        self.rgb.resize(3 * count, 0);
        let surveyed = if whole { count } else { 0 };
        self.depth.resize(surveyed, f32::INFINITY);
        self.entity.resize(surveyed, 0);
    }
}
