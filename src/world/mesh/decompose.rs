//! Convex decomposition, by Rapier's geometry library.

use rapier3d_f64::math::Vector;
use rapier3d_f64::parry::transformation::try_convex_hull;
use rapier3d_f64::parry::transformation::vhacd::{VHACD, VHACDParameters};

use super::Hull;
use crate::math::{self, Triple};

/// Voxels along the longest edge of the bounding box: the library's default.
const RESOLUTION: u32 = 64;

/// The triangles in at most so many convex pieces: one is the convex hull.
pub(super) fn decompose(
    points: Vec<Triple>,
    triangles: &[[u32; 3]],
    pieces: u32,
) -> Result<Vec<Hull>, String> {
    let points: Vec<Vector> = points.into_iter().map(math::to_rapier).collect();
    if pieces == 1 {
        let (points, triangles) =
            try_convex_hull(&points).map_err(|e| format!("it has no convex hull: {e:?}"))?;
        return Ok(vec![hull((points, triangles))]);
    }
    let parameters =
        VHACDParameters { max_convex_hulls: pieces, resolution: RESOLUTION, ..Default::default() };
    let parts = VHACD::decompose(&parameters, &points, triangles, true);
    let hulls: Vec<Hull> =
        parts.compute_exact_convex_hulls(&points, triangles).into_iter().map(hull).collect();
    if hulls.is_empty() { Err("it encloses no volume".to_string()) } else { Ok(hulls) }
}

fn hull((points, triangles): (Vec<Vector>, Vec<[u32; 3]>)) -> Hull {
    Hull { vertices: points.into_iter().map(math::of_rapier).collect(), triangles }
}
