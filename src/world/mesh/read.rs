//! Triangles from files: Wavefront OBJ and STL, text or binary.

use std::fs;
use std::path::Path;

use crate::math::Triple;

/// Corners, and triangles by their numbers.
type Triangles = (Vec<Triple>, Vec<[u32; 3]>);

/// The most corners that a file may have.
const MOST: usize = 1_000_000;

/// The triangles in a file, by its name's ending.
pub(super) fn read(path: &Path) -> Result<Triangles, String> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let read = match ending.as_str() {
        "obj" => obj(&bytes),
        "stl" => stl(&bytes),
        _ => Err("expected a name that ends in .obj or .stl".to_string()),
    };
    let (points, triangles) = read.map_err(|reason| format!("{}: {reason}", path.display()))?;
    match (points.len(), triangles.len()) {
        (_, 0) => Err(format!("{}: expected triangles, found none", path.display())),
        (count, _) if count > MOST => {
            Err(format!("{}: {count} corners are more than {MOST}", path.display()))
        }
        _ => Ok((points, triangles)),
    }
}

fn obj(bytes: &[u8]) -> Result<Triangles, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected text".to_string())?;
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let told = |reason: &str| format!("line {}: {reason}", number + 1);
        let mut words = line.split_whitespace();
        match words.next() {
            Some("v") => {
                points.push(point(words).ok_or_else(|| told("expected three numbers"))?);
            }
            Some("f") => {
                let corner = |word| index(word, points.len());
                let face: Option<Vec<u32>> = words.map(corner).collect();
                let face = face.filter(|face| face.len() >= 3);
                let face = face.ok_or_else(|| told("expected three corners or more"))?;
                triangles.extend((2..face.len()).map(|i| [face[0], face[i - 1], face[i]]));
            }
            // Normals, texture, groups and materials say nothing of the form.
            _ => {}
        }
    }
    Ok((points, triangles))
}

fn point<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Triple> {
    let mut number = || words.next()?.parse().ok().filter(|x: &f64| x.is_finite());
    Some([number()?, number()?, number()?])
}

/// A corner's index from `7`, `7/1/2` or `-1`, which counts from the end.
fn index(word: &str, count: usize) -> Option<u32> {
    let number: i64 = word.split('/').next()?.parse().ok()?;
    let index = if number < 0 { count as i64 + number } else { number - 1 };
    (0..count as i64).contains(&index).then_some(index as u32)
}

fn stl(bytes: &[u8]) -> Result<Triangles, String> {
    const HEADER: usize = 84;
    const TRIANGLE: usize = 50;
    // Some binary files begin with the word of the text form: their length tells them apart.
    let counted = bytes.get(HEADER - 4..HEADER).and_then(|b| b.try_into().ok());
    let count = u32::from_le_bytes(counted.unwrap_or_default()) as usize;
    let corners =
        if bytes.len() >= HEADER && count.checked_mul(TRIANGLE) == Some(bytes.len() - HEADER) {
            bytes[HEADER..]
                .chunks_exact(TRIANGLE)
                .flat_map(|t| t[12..48].chunks_exact(12))
                .map(binary_point)
                .collect()
        } else {
            text_corners(bytes)?
        };
    weld(&corners)
}

fn binary_point(bytes: &[u8]) -> Triple {
    [0, 4, 8].map(|at| {
        let number = bytes[at..at + 4].try_into().unwrap_or_default();
        f64::from(f32::from_le_bytes(number))
    })
}

fn text_corners(bytes: &[u8]) -> Result<Vec<Triple>, String> {
    let text =
        std::str::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with("solid"));
    let text = text.ok_or("expected STL, text or binary")?;
    let mut corners = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(numbers) = line.trim_start().strip_prefix("vertex") {
            let point = point(numbers.split_whitespace());
            corners
                .push(point.ok_or_else(|| format!("line {}: expected three numbers", number + 1))?);
        }
    }
    Ok(corners)
}

/// Triangles of corners that each stand there once, as they do not in STL.
fn weld(corners: &[Triple]) -> Result<Triangles, String> {
    if corners.iter().flatten().any(|x| !x.is_finite()) {
        return Err("a corner is not finite".to_string());
    }
    if !corners.len().is_multiple_of(3) {
        return Err("expected three corners for every triangle".to_string());
    }
    // Zeros of either sign are one.
    let key = |p: &Triple| p.map(|x| (x + 0.0).to_bits());
    let mut numbers = std::collections::BTreeMap::new();
    let mut points = Vec::new();
    let mut number = |p: &Triple| {
        *numbers.entry(key(p)).or_insert_with(|| {
            points.push(*p);
            points.len() as u32 - 1
        })
    };
    let triangles =
        corners.chunks_exact(3).map(|t| [number(&t[0]), number(&t[1]), number(&t[2])]).collect();
    Ok((points, triangles))
}
