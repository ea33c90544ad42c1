//! Meshes in a family's document: named by file, or as the numbers that a file was turned into.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Document, malformed};
use crate::error::Result;
use crate::world::{Hull, Mesh};

/// The most convex pieces that a mesh may be cut into.
const MOST_PIECES: u32 = 64;

/// The form of a block or goal that is no box; its size is the edges of its bounding box.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected { \"file\": a path, \"pieces\": a count } or { \"hulls\": pieces }"
)]
pub enum MeshDocument {
    /// A file, Wavefront OBJ or STL.
    File(MeshFile),
    /// Convex pieces, as numbers.
    Hulls(MeshHulls),
}

/// A mesh by its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeshFile {
    /// Its path, from the folder of the family's file.
    pub file: String,
    /// The most convex pieces to cut it into; 1 takes its convex hull.
    #[serde(default = "one")]
    pub pieces: u32,
}

/// A mesh by its convex pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeshHulls {
    /// The pieces, in the frame of a block whose edges are 1 long.
    pub hulls: Vec<Hull>,
}

fn one() -> u32 {
    1
}

impl MeshDocument {
    /// The mesh, where it is written as numbers.
    pub(super) fn mesh(&self, place: &str) -> Result<Mesh> {
        match self {
            Self::File(_) => {
                let reason = "its file was not read".to_string();
                Err(malformed(&format!("{place}.file"), reason))
            }
            Self::Hulls(MeshHulls { hulls }) => Mesh::new(hulls.clone())
                .map_err(|reason| malformed(&format!("{place}.hulls"), reason)),
        }
    }

    fn resolve(&mut self, place: &str, folder: &Path) -> Result<()> {
        let Self::File(MeshFile { file, pieces }) = self else { return Ok(()) };
        if !(1..=MOST_PIECES).contains(pieces) {
            let reason = format!("{pieces} pieces; expected 1 to {MOST_PIECES}");
            return Err(malformed(&format!("{place}.pieces"), reason));
        }
        let mesh = Mesh::read(&folder.join(file), *pieces)
            .map_err(|reason| malformed(&format!("{place}.file"), reason))?;
        *self = Self::Hulls(MeshHulls { hulls: mesh.hulls().to_vec() });
        Ok(())
    }
}

impl Document {
    /// The same document with its meshes' files turned into numbers, so that it stands alone.
    ///
    /// # Errors
    /// [`Error::Malformed`](crate::Error::Malformed) at the first file that can not be read or
    /// makes no mesh.
    pub fn resolved(mut self, folder: &Path) -> Result<Self> {
        let blocks = self.blocks.iter_mut().map(|block| &mut block.mesh);
        let goals = self.goals.iter_mut().map(|goal| &mut goal.mesh);
        for (list, meshes) in
            [("blocks", blocks.collect::<Vec<_>>()), ("goals", goals.collect::<Vec<_>>())]
        {
            for (i, mesh) in meshes.into_iter().enumerate() {
                if let Some(mesh) = mesh {
                    mesh.resolve(&format!("{list}[{i}].mesh"), folder)?;
                }
            }
        }
        Ok(self)
    }
}
