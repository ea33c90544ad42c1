//! Meshes as blocks and goals: read from files, kept as numbers, filled exactly.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trifactor::env::Description;
use trifactor::math::{self, Triple};
use trifactor::rng::Rng;
use trifactor::task::overlap::{Cuboid, Overlap, fractional_success};
use trifactor::task::{Document, Family, registry};
use trifactor::world::{BlockState, Hull, Mesh, Scene};
use trifactor::{Config, Env, Error, State};

use crate::scenes::{in_parallel, long_form};

const SEED: u64 = 51;

/// A folder that this test alone uses.
fn folder(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

/// An L of three cubes as OBJ, 2 long and 1 deep: its faces as squares, the corners once.
fn letter() -> String {
    let outline = [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]];
    let mut text = "# an L\n".to_string();
    for z in 0..2 {
        for [x, y] in outline {
            text += &format!("v {x} {y} {z}\n");
        }
    }
    // The bottom seen from below, the top from above, each as two rectangles; then the sides.
    text += "f 4/1 3/1 2/1 1/1\nf 6 5 4 1\nf 7 8 9 10\nf 7 10 11 12\n";
    for i in 0..6 {
        let next = (i + 1) % 6;
        text += &format!("f {} {} {} {}\n", i + 1, next + 1, next + 7, i + 7);
    }
    text
}

/// The same triangles as STL, as text and as bytes.
fn stl(obj: &str) -> (String, Vec<u8>) {
    let points: Vec<Triple> = obj
        .lines()
        .filter_map(|line| line.strip_prefix("v "))
        .map(|line| {
            let numbers: Vec<f64> = line.split(' ').map(|x| x.parse().unwrap()).collect();
            [numbers[0], numbers[1], numbers[2]]
        })
        .collect();
    let mut triangles = Vec::new();
    for line in obj.lines().filter_map(|line| line.strip_prefix("f ")) {
        let corner = |word: &str| word.split('/').next().unwrap().parse::<usize>().unwrap() - 1;
        let face: Vec<usize> = line.split(' ').map(corner).collect();
        triangles
            .extend((2..face.len()).map(|i| [face[0], face[i - 1], face[i]].map(|k| points[k])));
    }
    let mut text = "solid letter\n".to_string();
    let mut bytes = vec![b' '; 80];
    bytes.extend((triangles.len() as u32).to_le_bytes());
    for triangle in &triangles {
        text += "facet normal 0 0 0\n outer loop\n";
        bytes.extend([0_u8; 12]);
        for [x, y, z] in triangle {
            text += &format!("  vertex {x} {y} {z}\n");
            [x, y, z].iter().for_each(|c| bytes.extend((**c as f32).to_le_bytes()));
        }
        text += " endloop\nendfacet\n";
        bytes.extend([0_u8; 2]);
    }
    (text + "endsolid letter\n", bytes)
}

/// The folder with the letter in all formats.
fn letters(name: &str) -> PathBuf {
    let folder = folder(name);
    let (text, bytes) = stl(&letter());
    fs::write(folder.join("letter.obj"), letter()).unwrap();
    fs::write(folder.join("text.stl"), text).unwrap();
    fs::write(folder.join("binary.STL"), bytes).unwrap();
    folder
}

/// A box from its lowest to its highest corner, as a piece of a mesh.
pub(crate) fn slab(low: Triple, high: Triple) -> Hull {
    let corner =
        |k: usize| [0, 1, 2].map(|axis| if k >> axis & 1 == 1 { high[axis] } else { low[axis] });
    let faces =
        [[1, 3, 7, 5], [0, 4, 6, 2], [2, 6, 7, 3], [0, 1, 5, 4], [4, 5, 7, 6], [0, 2, 3, 1]];
    let halves = |[a, b, c, d]: [u32; 4]| [[a, b, c], [a, c, d]];
    Hull {
        vertices: (0..8).map(corner).collect(),
        triangles: faces.into_iter().flat_map(halves).collect(),
    }
}

/// The L as the two boxes that it is made of, exactly.
fn two_boxes() -> Mesh {
    let long = slab([-0.5, -0.5, -0.5], [0.5, 0.0, 0.5]);
    Mesh::new(vec![long, slab([-0.5, 0.0, -0.5], [0.0, 0.5, 0.5])]).unwrap()
}

/// Pushing, with the given meshes for block and goal.
fn document(block: Value, goal: Value) -> Value {
    let mut document: Value = serde_json::from_str(registry::document("pushing").unwrap()).unwrap();
    document["name"] = json!("letters");
    document["blocks"][0]["mesh"] = block;
    document["goals"][0]["mesh"] = goal;
    document
}

/// A state with one meshed block and one meshed goal, at random poses that overlap.
fn scene(mesh: &Mesh, rng: &mut Rng) -> State {
    let scene = Scene::new().movable("block").goal("goal", trifactor::world::GoalShape::Cuboid);
    let scene = scene.meshed("block", mesh.clone()).meshed("goal", mesh.clone());
    let robot = trifactor::robot::RobotState::resting([0.0; 9]);
    let mut state = State::new(std::sync::Arc::new(scene), robot);
    let mut pose = || {
        let place = std::array::from_fn(|_| rng.uniform(-0.03, 0.03));
        (place, math::from_rotation_vector(std::array::from_fn(|_| rng.uniform(-2.0, 2.0))))
    };
    (state.blocks[0].position, state.blocks[0].orientation) = pose();
    (state.goals[0].position, state.goals[0].orientation) = pose();
    state.blocks[0].size = std::array::from_fn(|_| rng.uniform(0.04, 0.1));
    state.goals[0].size = std::array::from_fn(|_| rng.uniform(0.04, 0.1));
    state
}

/// The boxes that a meshed cuboid is made of, where its mesh is the two boxes.
fn as_boxes(bounds: Cuboid) -> [Cuboid; 2] {
    let [x, y, z] = bounds.size;
    let part = |offset: Triple, size: Triple| {
        let shift = math::rotation(bounds.orientation) * math::vector(offset);
        Cuboid { center: math::triple(math::vector(bounds.center) + shift), size, ..bounds }
    };
    [
        part([0.0, -y / 4.0, 0.0], [x, y / 2.0, z]),
        part([-x / 4.0, y / 4.0, 0.0], [x / 2.0, y / 2.0, z]),
    ]
}

#[test]
fn a_mesh_of_boxes_fills_what_its_boxes_fill() {
    println!("seed {SEED}");
    let (mesh, mut rng) = (two_boxes(), Rng::stream(SEED, 0, "letters"));
    for _ in 0..1000 {
        let state = scene(&mesh, &mut rng);
        let found = Overlap::Volume.of_state(&state);
        let boxes = [Cuboid::from(&state.blocks[0]), Cuboid::from(&state.goals[0])].map(as_boxes);
        let expected = fractional_success(&boxes[0], &boxes[1]);
        assert!((found - expected).abs() < 1e-11, "{found} is not {expected}");
    }
}

#[test]
fn a_block_in_a_goal_of_its_own_form_fills_it_whole() {
    let folder = letters("whole");
    for pieces in [1, 4] {
        let mesh = Mesh::read(&folder.join("letter.obj"), pieces).unwrap();
        let mut rng = Rng::stream(SEED, u64::from(pieces), "whole");
        for _ in 0..200 {
            let mut state = scene(&mesh, &mut rng);
            let goal = state.goals[0];
            let (position, orientation, size) = (goal.position, goal.orientation, goal.size);
            state.blocks[0] = BlockState { position, orientation, size, ..state.blocks[0] };
            let filled = Overlap::Volume.of_state(&state);
            assert!((filled - 1.0).abs() < 1e-9, "{pieces} pieces: {filled}");
            state.blocks[0].position[2] += 1.0;
            assert_eq!(Overlap::Volume.of_state(&state), 0.0);
        }
    }
}

/// Whether a mesh in its bounds holds a point: inside of all faces of one piece.
fn holds(mesh: &Mesh, bounds: &Cuboid, point: nalgebra::Vector3<f64>) -> bool {
    let back = math::rotation(bounds.orientation).inverse();
    let p = back * (point - math::vector(bounds.center));
    let p = nalgebra::Vector3::from_fn(|i, _| p[i] / bounds.size[i]);
    mesh.hulls().iter().any(|hull| {
        hull.triangles.iter().all(|triangle| {
            let [a, b, c] = triangle.map(|i| math::vector(hull.vertices[i as usize]));
            (b - a).cross(&(c - a)).dot(&(p - a)) <= 0.0
        })
    })
}

#[test]
fn decomposed_meshes_fill_what_points_drawn_at_random_say() {
    let (scenes, points) =
        if long_form("points in meshes") { (200, 1_000_000) } else { (100, 20_000) };
    println!("seed {SEED}, {scenes} scenes, {points} points each");
    let mesh = Mesh::read(&letters("points").join("letter.obj"), 4).unwrap();
    assert!(mesh.hulls().len() > 1, "an L is not convex");
    in_parallel(scenes, |i| {
        let mut rng = Rng::stream(SEED, i as u64, "points");
        let state = scene(&mesh, &mut rng);
        let exact = Overlap::Volume.of_state(&state);
        let bounds = [Cuboid::from(&state.blocks[0]), Cuboid::from(&state.goals[0])];
        let (mut drawn, mut hits) = (0, 0);
        while drawn < points {
            let inside = std::array::from_fn(|i| rng.uniform(-0.5, 0.5) * bounds[1].size[i]);
            let turned = math::rotation(bounds[1].orientation) * math::vector(inside);
            let point = math::vector(bounds[1].center) + turned;
            if holds(&mesh, &bounds[1], point) {
                drawn += 1;
                hits += u32::from(holds(&mesh, &bounds[0], point));
            }
        }
        let n = f64::from(drawn);
        let error = (exact * (1.0 - exact)).max(1.0 / n).sqrt() / n.sqrt();
        let deviation = (f64::from(hits) / n - exact) / error;
        assert!(deviation.abs() < 4.0, "scene {i}: {deviation} standard errors of {exact}");
    });
}

#[test]
fn a_decomposition_is_a_function_of_the_file_and_keeps_most_of_its_form() {
    let folder = letters("decomposed");
    let read = |name: &str, pieces| Mesh::read(&folder.join(name), pieces).unwrap();
    for pieces in [1, 2, 4, 8] {
        let mesh = read("letter.obj", pieces);
        assert_eq!(mesh, read("letter.obj", pieces));
        assert_eq!(read("text.stl", pieces), read("binary.STL", pieces));
        assert!((1..=pieces as usize).contains(&mesh.hulls().len()));
        // An L fills three quarters of its bounds, its hull seven eighths.
        let inside = |mesh: &Mesh| {
            let bounds = Cuboid { center: [0.0; 3], orientation: math::IDENTITY, size: [1.0; 3] };
            let mut rng = Rng::stream(SEED, u64::from(pieces), "inside");
            let mut hits = 0;
            for _ in 0..20_000 {
                let p = std::array::from_fn(|_| rng.uniform(-0.5, 0.5));
                hits += u32::from(holds(mesh, &bounds, math::vector(p)));
            }
            f64::from(hits) / 20_000.0
        };
        let expected = if pieces == 1 { 0.875 } else { 0.75 };
        // Four standard errors, and a layer of voxels where it is cut.
        let allowed = 0.013 + if pieces == 1 { 0.0 } else { 2.0 / 64.0 };
        let found = inside(&mesh);
        assert!((found - expected).abs() < allowed, "{pieces} pieces fill {found}");
    }
}

#[test]
fn a_family_with_meshes_stands_alone_once_its_files_are_read() {
    let folder = letters("family");
    let path = folder.join("letters.json");
    let mesh = json!({"file": "letter.obj", "pieces": 2});
    fs::write(&path, document(mesh.clone(), mesh).to_string()).unwrap();
    let family = Family::from_file(&path).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let mut env = Env::with_family(Config::new("letters"), family).unwrap();
    env.reset(Some(3));
    let named = |env: &Env, name: &str| {
        let mut values = vec![0.0; env.observation_len()];
        env.observe(&mut values).unwrap();
        values[env.observation_names().iter().position(|n| n == name).unwrap()]
    };
    // Facts 3.3 and 7.1: the types of meshes.
    assert_eq!(named(&env, "tool_block_type"), 2.0);
    assert_eq!(named(&env, "goal_block_type"), 23.0);
    let goal = env.sample_new_goal().unwrap();
    env.do_intervention(&goal, true).unwrap();

    let description = Description::from_json(&env.description().to_json().unwrap()).unwrap();
    let state = State::from_json(&env.state().to_json().unwrap()).unwrap();
    let mut again = Env::from_description(&description).unwrap();
    again.set_state(&state).unwrap();
    for env in [&mut env, &mut again] {
        env.step(&[0.2; 9]).unwrap();
    }
    assert_eq!(again.state().to_json(), env.state().to_json());
    assert_eq!(again.info(), env.info());
}

#[test]
fn what_is_no_mesh_is_refused_with_its_place() {
    let folder = letters("refused");
    for (name, text) in [
        ("empty.obj", ""),
        ("flat.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
        ("short.obj", "v 0 0\nf 1 1 1\n"),
        ("beyond.obj", "v 0 0 0\nv 1 0 0\nv 0 1 1\nf 1 2 4\n"),
        ("nan.obj", "v 0 0 NaN\nv 1 0 0\nv 0 1 1\nf 1 2 3\n"),
        ("text.ply", "ply\n"),
        ("words.stl", "a mesh\n"),
        ("short.stl", "solid\nvertex 0 0\n"),
        ("odd.stl", "solid\nvertex 0 0 0\nvertex 0 0 1\n"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::write(folder.join("zeros.stl"), [0_u8; 84]).unwrap();
    for name in [
        "empty.obj",
        "flat.obj",
        "short.obj",
        "beyond.obj",
        "nan.obj",
        "text.ply",
        "words.stl",
        "short.stl",
        "odd.stl",
        "zeros.stl",
        "nowhere.obj",
    ] {
        for pieces in [1, 4] {
            let parsed = only_goal(&json!({"file": name, "pieces": pieces}));
            let document = Document::parse(&parsed.to_string()).unwrap();
            match document.resolved(&folder) {
                Err(Error::Malformed { path, reason, .. }) => {
                    assert_eq!(path, "goals[0].mesh.file");
                    assert!(reason.contains(name), "{reason}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    let mut open = two_boxes().hulls().to_vec();
    open[1].triangles.pop();
    for (mesh, place, told) in [
        (json!({"file": "letter.obj", "pieces": 0}), "goals[0].mesh.pieces", "1 to 64"),
        (json!({"file": "letter.obj", "pieces": 65}), "goals[0].mesh.pieces", "1 to 64"),
        (json!({"hulls": []}), "goals[0].mesh.hulls", "from -0.5 to 0.5"),
        (json!({"hulls": open}), "goals[0].mesh.hulls", "piece 1: its faces do not close"),
        (json!({"name": "letter.obj"}), "goals[0].mesh", "expected { \"file\""),
    ] {
        let refused = Document::parse(&only_goal(&mesh).to_string())
            .and_then(|document| document.resolved(&folder))
            .and_then(Family::from_document);
        match refused {
            Err(Error::Malformed { path, reason, .. }) => {
                assert!(path == place && reason.contains(told), "{path}: {reason}");
            }
            other => panic!("{place}: {other:?}"),
        }
    }
    let mut sphere = only_goal(&json!({"hulls": two_boxes().hulls()}));
    sphere["goals"][0]["shape"] = json!("sphere");
    let refused = Family::from_json(&sphere.to_string()).unwrap_err().to_string();
    assert!(refused.contains("goals[0].shape"), "{refused}");
}

#[test]
fn soups_of_triangles_make_a_mesh_or_are_refused_and_crash_nothing() {
    println!("seed {SEED}");
    let folder = folder("soups");
    let count = if long_form("soups of triangles") { 120 } else { 12 };
    let made: usize = in_parallel(count, |i| {
        let mut rng = Rng::stream(SEED, i as u64, "soups");
        let corners = 4 + rng.below(40);
        // Some on a coarse lattice, where many corners coincide or lie in one plane.
        let coarse = if rng.below(2) == 0 { 3.0 } else { 1e6 };
        let mut text = String::new();
        for _ in 0..corners {
            let p: Triple = std::array::from_fn(|_| (rng.unit() * coarse).floor() / coarse);
            text += &format!("v {} {} {}\n", p[0], p[1], p[2]);
        }
        for _ in 0..4 + rng.below(60) {
            let corner = |rng: &mut Rng| 1 + rng.below(corners);
            text += &format!("f {} {} {}\n", corner(&mut rng), corner(&mut rng), corner(&mut rng));
        }
        let path = folder.join(format!("{i}.obj"));
        fs::write(&path, text).unwrap();
        let pieces = [1, 2, 5, 16][i % 4];
        let read = Mesh::read(&path, pieces);
        match &read {
            Ok(mesh) => assert!(mesh.hulls().len() <= pieces as usize, "soup {i}"),
            Err(reason) => assert!(reason.contains("obj: "), "soup {i}: {reason}"),
        }
        usize::from(read.is_ok())
    })
    .into_iter()
    .sum();
    assert!(2 * made > count, "only {made} of {count} made a mesh");
}

/// Pushing with a mesh for its goal alone.
fn only_goal(mesh: &Value) -> Value {
    let mut document = document(json!(null), mesh.clone());
    document["blocks"][0].as_object_mut().unwrap().remove("mesh");
    document
}
