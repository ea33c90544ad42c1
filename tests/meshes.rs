//! The visual meshes in `assets/` are what their generator makes, and what the URDF names.

#[allow(dead_code)]
#[path = "../examples/generate_meshes.rs"]
mod generate_meshes;

use std::collections::BTreeSet;

use trifactor::robot::description;

#[test]
fn the_mesh_files_are_what_the_generator_writes() {
    for (name, text) in generate_meshes::meshes() {
        let path = format!("{}/assets/meshes/{name}", env!("CARGO_MANIFEST_DIR"));
        let found = std::fs::read_to_string(&path).unwrap();
        assert!(found == text, "{name} differs; run cargo run --example generate_meshes");
    }
}

#[test]
fn the_description_names_the_generated_meshes_and_no_other() {
    let named: BTreeSet<String> = description()
        .fingers
        .iter()
        .flat_map(|finger| &finger.links)
        .flat_map(|link| &link.visuals)
        .map(|visual| visual.mesh.clone())
        .collect();
    let made = generate_meshes::meshes().map(|(name, _)| format!("meshes/{name}"));
    assert_eq!(named, BTreeSet::from(made));
}

#[test]
fn every_mesh_is_closed_and_faces_outwards() {
    for (name, text) in generate_meshes::meshes() {
        let numbers = |line: &str| -> Vec<f64> {
            line.split_whitespace().skip(1).map(|word| word.parse().unwrap()).collect()
        };
        let rows = |tag: &str| -> Vec<Vec<f64>> {
            text.lines().filter(|l| l.split_whitespace().next() == Some(tag)).map(numbers).collect()
        };
        let (vertices, normals) = (rows("v"), rows("vn"));
        let at = |i: usize| nalgebra::Vector3::from_row_slice(&vertices[i]);
        let mut outwards = 0.0;
        let mut area = nalgebra::Vector3::zeros();
        for line in text.lines().filter(|l| l.starts_with("f ")) {
            let [a, b, c]: [usize; 3] = line
                .split_whitespace()
                .skip(1)
                .map(|corner| corner.split('/').next().unwrap().parse::<usize>().unwrap() - 1)
                .collect::<Vec<_>>()
                .try_into()
                .unwrap();
            let face = (at(b) - at(a)).cross(&(at(c) - at(a)));
            let normal = nalgebra::Vector3::from_row_slice(&normals[b]);
            assert!(face.norm() < 1e-9 || face.dot(&normal) > 0.0, "{name}: {line}");
            outwards += face.dot(&at(a)) / 6.0;
            area += face;
        }
        assert!(area.norm() < 1e-7, "{name} is open by {area}");
        assert!(outwards > 1e-6, "{name} encloses {outwards} m³");
    }
}
