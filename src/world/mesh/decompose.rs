//! Convex decomposition, by Rapier's geometry library.

use rapier3d_f64::math::Vector;
use rapier3d_f64::parry::transformation::try_convex_hull;
use rapier3d_f64::parry::transformation::vhacd::{VHACD, VHACDParameters};

use super::{Hull, LEAST_VOLUME};
use crate::math::{self, Triple};

/// Voxels along the longest edge of the bounding box: the library's default.
const RESOLUTION: u32 = 64;

/// The triangles in at most so many convex pieces: one is the convex hull.
///
/// # Errors
/// Where they enclose no volume, in words.
pub(super) fn decompose(
    points: &[Triple],
    triangles: &[[u32; 3]],
    pieces: u32,
) -> Result<Vec<Hull>, String> {
    if pieces == 1 {
        return Ok(vec![around(points)?]);
    }
    let points: Vec<Vector> = points.iter().copied().map(math::to_rapier).collect();
    // The library cuts in halves, once more than it would take for as many as it is asked for.
    let parameters = VHACDParameters {
        max_convex_hulls: pieces.div_ceil(2),
        resolution: RESOLUTION,
        ..Default::default()
    };
    let parts = VHACD::decompose(&parameters, &points, triangles, true);
    let hulls = parts.compute_exact_convex_hulls(&points, triangles).into_iter().map(hull);
    let hulls = hulls.filter(|hull| hull.moments().0 > LEAST_VOLUME).collect();
    let hulls = merge(hulls, pieces as usize)?;
    if hulls.is_empty() { Err("it encloses no volume".to_string()) } else { Ok(hulls) }
}

/// Joins the two pieces whose common hull adds the least volume, until few enough are left.
fn merge(mut hulls: Vec<Hull>, most: usize) -> Result<Vec<Hull>, String> {
    if hulls.len() <= most {
        return Ok(hulls);
    }
    let joined = |a: &Hull, b: &Hull| -> Result<Hull, String> {
        around(&a.vertices.iter().chain(&b.vertices).copied().collect::<Vec<_>>())
    };
    let added = |a: &Hull, b: &Hull| -> Result<f64, String> {
        Ok(joined(a, b)?.moments().0 - a.moments().0 - b.moments().0)
    };
    // What joining adds, by the two pieces' numbers, the lower first.
    let mut costs: Vec<Vec<f64>> = Vec::new();
    for (i, a) in hulls.iter().enumerate() {
        let row: Result<_, _> = hulls.iter().skip(i + 1).map(|b| added(a, b)).collect();
        costs.push([vec![f64::INFINITY; i + 1], row?].concat());
    }
    while hulls.len() > most {
        let pairs = costs.iter().enumerate();
        let pairs = pairs.flat_map(|(i, row)| row.iter().enumerate().map(move |(j, c)| (c, i, j)));
        let Some((_, i, j)) = pairs.min_by(|a, b| a.0.total_cmp(b.0)) else { break };
        hulls[i] = joined(&hulls[i], &hulls[j])?;
        hulls.remove(j);
        costs.remove(j);
        for row in &mut costs {
            row.remove(j);
        }
        for k in (0..hulls.len()).filter(|k| *k != i) {
            costs[i.min(k)][i.max(k)] = added(&hulls[i.min(k)], &hulls[i.max(k)])?;
        }
    }
    Ok(hulls)
}

/// The convex hull of some points.
fn around(points: &[Triple]) -> Result<Hull, String> {
    let points: Vec<Vector> = points.iter().copied().map(math::to_rapier).collect();
    let found = try_convex_hull(&points).map_err(|_| "it encloses no volume".to_string())?;
    Ok(hull(found))
}

fn hull((points, triangles): (Vec<Vector>, Vec<[u32; 3]>)) -> Hull {
    Hull { vertices: points.into_iter().map(math::of_rapier).collect(), triangles }
}
