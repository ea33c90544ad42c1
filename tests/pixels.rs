//! Pixels: the same bits everywhere, where geometry says, and what is nearer hides what is farther.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use nalgebra::Vector3;
use trifactor::env::observation::Mode;
use trifactor::env::pixels::{Channel, Pixels};
use trifactor::intervention::Intervention;
use trifactor::math::{self, Triple};
use trifactor::render::{Aim, CAMERAS, Camera, Content, Image, LookAt, Renderer, Style, entities};
use trifactor::rng::Rng;
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::world::{BlockState, GoalShape, Mesh, Scene, State};
use trifactor::{Config, Env};

use crate::contact::fnv1a;

/// The number of the first block's entity.
const FIRST_BLOCK: u16 = 6;

fn all() -> bool {
    std::env::var_os("TRIFACTOR_ALL").is_some_and(|v| v == "1")
}

/// Blocks on a floor that goes on for ever, the robot far above what the cameras see.
fn blocks(count: usize) -> State {
    let scene = (0..count).fold(Scene::new(), |scene, i| scene.movable(&format!("block_{i}")));
    let env = Env::new(Config::new("pushing")).unwrap();
    let mut state = State::new(Arc::new(scene.without_wall()), env.state().robot);
    state.robot.height = 20.0;
    state
}

fn image(state: &State, camera: &Camera, size: usize) -> Image {
    let (mut renderer, mut image) = (Renderer::new(Style::default()), Image::default());
    renderer.pose(state, &Content::default(), &[]);
    renderer.shoot(camera, size, size, &mut image);
    image
}

fn pose(block: &mut BlockState, rng: &mut Rng, low: Triple, high: Triple) {
    block.position = [0, 1, 2].map(|i| rng.uniform(low[i], high[i]));
    let turn = [0; 3].map(|_| rng.uniform(-3.0, 3.0));
    block.orientation = math::from_rotation_vector(turn);
}

/// The corners of a block, world frame.
fn corners(block: &BlockState) -> Vec<Triple> {
    let turn = math::rotation(block.orientation);
    let corner = |k: usize| {
        let local = [0, 1, 2].map(|i| if k >> i & 1 == 1 { 0.5 } else { -0.5 } * block.size[i]);
        math::triple(math::vector(block.position) + turn * math::vector(local))
    };
    (0..8).map(corner).collect()
}

/// The cameras of both aims.
fn cameras() -> Vec<Camera> {
    let of = |aim| (0..CAMERAS).filter_map(move |i| Camera::of_reference(i, aim));
    of(Aim::Published).chain(of(Aim::Intended)).collect()
}

/// The bytes of an observation, and of a picture with shadows and translucent goals.
fn digests(family: &str) -> [String; 2] {
    let channels = vec![Channel::Rgb, Channel::Depth, Channel::Segmentation];
    let pixels = Pixels { channels, ..Pixels::default() };
    let mode = Mode::Pixel(Box::new(pixels));
    let mut env = Env::new(Config { observation_mode: mode, ..Config::new(family) }).unwrap();
    env.reset(Some(1));
    for _ in 0..5 {
        env.step(&[0.4; 9]).unwrap();
    }
    let mut bytes = vec![0_u8; env.observation_len()];
    env.observe(&mut bytes).unwrap();
    let (mut renderer, mut image) = (Renderer::new(Style::picture()), Image::default());
    renderer.pose(env.state(), &Content { goal_opacity: 0.4, ..Content::default() }, &[]);
    renderer.shoot(&Camera::overview(), 160, 120, &mut image);
    let digest = |bytes: Vec<u8>| fnv1a(&bytes.into_iter().map(u64::from).collect::<Vec<_>>());
    [bytes, image.rgb].map(|bytes| format!("{:016x}", digest(bytes)))
}

#[test]
fn images_have_the_bits_that_are_on_record() {
    let of = |family: &'static str| (family.to_string(), digests(family));
    let found: BTreeMap<String, [String; 2]> =
        ["pushing", "creative_stacked_blocks", "reaching"].map(of).into();
    // Another thread, its memory used before for another scene or not at all.
    let other = std::thread::spawn(move || digests("pushing")).join().expect("it draws");
    assert_eq!(found["pushing"], other);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/images.json");
    if std::env::var_os("TRIFACTOR_BLESS").is_some_and(|v| v == "1") {
        let text = serde_json::to_string_pretty(&found).expect("JSON");
        std::fs::write(&path, text + "\n").expect("a writable record");
        println!("TRIFACTOR_BLESS=1: wrote {}; nothing was compared", path.display());
        return;
    }
    let text = std::fs::read_to_string(&path).expect("the record");
    let record: BTreeMap<String, [String; 2]> = serde_json::from_str(&text).expect("the record");
    assert_eq!(
        found, record,
        "images have other bits than the record; where that is meant, TRIFACTOR_BLESS=1 writes it \
         anew, and the environments' version rises"
    );
}

/// Where the published matrices take a point, in an image of that size whose rows were flipped.
fn published(index: usize, p: Triple, size: f64) -> [f64; 2] {
    let text = include_str!("../assets/cameras.json");
    let table: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    let row = |rows: &serde_json::Value, row: usize, v: [f64; 4]| -> f64 {
        (0..4).map(|i| number(&rows[row][i]) * v[i]).sum()
    };
    let view = &table["cameras"][index]["view"];
    let world = [p[0], p[1], p[2] + 0.011, 1.0];
    let seen = [row(view, 0, world), row(view, 1, world), row(view, 2, world), 1.0];
    let clip = [0, 1, 3].map(|r| row(&table["projection"], r, seen));
    // The renderer's first row is the lowest; flipped, it is the first of the image.
    [0.5 * size * (clip[0] / clip[2] + 1.0), 0.5 * size * (clip[1] / clip[2] + 1.0)]
}

#[test]
fn known_points_are_where_the_matrices_say_to_half_a_pixel() {
    let mut rng = Rng::stream(1, 0, "points");
    let mut state = blocks(1);
    let size = 512;
    for (number, camera) in cameras().iter().enumerate() {
        let mut seen = 0;
        for _ in 0..20 {
            let block = &mut state.blocks[0];
            pose(block, &mut rng, [-0.15, -0.15, 0.01], [0.15, 0.15, 0.2]);
            block.size = [0.005; 3];
            let expected = camera.project(block.position, size, size).expect("before the camera");
            if number < CAMERAS {
                let matrices = published(number, block.position, size as f64);
                assert!((0..2).all(|i| (matrices[i] - expected[i]).abs() < 0.01), "{matrices:?}");
            }
            let image = image(&state, camera, size);
            let places: Vec<usize> =
                (0..size * size).filter(|i| image.entity[*i] == FIRST_BLOCK).collect();
            if expected.iter().any(|x| !(5.0..size as f64 - 5.0).contains(x)) {
                continue;
            }
            seen += 1;
            let mean = |of: fn(usize, usize) -> usize| {
                places.iter().map(|i| of(*i, size) as f64 + 0.5).sum::<f64>() / places.len() as f64
            };
            let found = [mean(|i, size| i % size), mean(|i, size| i / size)];
            assert!((0..2).all(|i| (found[i] - expected[i]).abs() < 0.5), "{found:?} {expected:?}");
        }
        assert!(seen > 10, "camera {number} saw only {seen} of 20 points");
    }
}

/// The area of the convex hull of points (Andrew's monotone chain).
fn hull_area(mut points: Vec<[f64; 2]>) -> f64 {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let turn = |o: [f64; 2], a: [f64; 2], b: [f64; 2]| {
        (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])
    };
    let chain = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut hull: Vec<[f64; 2]> = Vec::new();
        for p in points {
            while hull.len() > 1 && turn(hull[hull.len() - 2], hull[hull.len() - 1], p) <= 0.0 {
                hull.pop();
            }
            hull.push(p);
        }
        hull.pop();
        hull
    };
    let lower = chain(&mut points.iter().copied());
    let hull = [lower, chain(&mut points.iter().rev().copied())].concat();
    let cross = |i: usize| {
        let (a, b) = (hull[i], hull[(i + 1) % hull.len()]);
        a[0] * b[1] - a[1] * b[0]
    };
    0.5 * (0..hull.len()).map(cross).sum::<f64>()
}

#[test]
fn a_block_s_area_is_that_of_its_silhouette() {
    let mut rng = Rng::stream(2, 0, "silhouettes");
    let mut state = blocks(1);
    for camera in cameras() {
        for _ in 0..3 {
            let block = &mut state.blocks[0];
            pose(block, &mut rng, [-0.08, -0.08, 0.08], [0.08, 0.08, 0.15]);
            block.size = [0; 3].map(|_| rng.uniform(0.04, 0.09));
            let outline = corners(block);
            let project = |p: &Triple| camera.project(*p, 1024, 1024).expect("before the camera");
            let expected = hull_area(outline.iter().map(project).collect());
            let image = image(&state, &camera, 1024);
            let found = image.entity.iter().filter(|e| **e == FIRST_BLOCK).count() as f64;
            assert!((found / expected - 1.0).abs() < 0.02, "{found} pixels, not {expected}");
        }
    }
}

/// The nearest entity along a ray: the slab test in every block's frame, and the floor.
fn cast(state: &State, from: Vector3<f64>, along: Vector3<f64>) -> u16 {
    let mut nearest = (f64::INFINITY, 0);
    if along.z < 0.0 {
        // The endless floor is drawn 5 m far.
        let reach = -from.z / along.z;
        let hit = from + along * reach;
        if hit.x.abs() < 5.0 && hit.y.abs() < 5.0 {
            nearest = (reach, 1);
        }
    }
    for (i, block) in state.blocks.iter().enumerate() {
        let turn = math::rotation(block.orientation).inverse();
        let (o, d) = (turn * (from - math::vector(block.position)), turn * along);
        let (mut enter, mut leave) = (f64::NEG_INFINITY, f64::INFINITY);
        for axis in 0..3 {
            let half = 0.5 * block.size[axis];
            let (a, b) = ((-half - o[axis]) / d[axis], (half - o[axis]) / d[axis]);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        // Faces are seen from outside alone.
        if enter < leave && enter > 0.001 && enter < nearest.0 {
            nearest = (enter, FIRST_BLOCK + i as u16);
        }
    }
    nearest.1
}

#[test]
fn what_is_nearer_hides_what_is_farther() {
    let (scenes, size) = (if all() { 1000 } else { 60 }, 64);
    if !all() {
        println!("what_is_nearer_hides_what_is_farther: short form");
    }
    let (mut compared, mut blocks_seen) = (0, 0);
    for scene in 0..scenes {
        let mut rng = Rng::stream(3, scene, "scenes");
        let mut state = blocks(2 + rng.below(6) as usize);
        for block in &mut state.blocks {
            pose(block, &mut rng, [-0.15, -0.15, 0.0], [0.15, 0.15, 0.3]);
            block.size = [0; 3].map(|_| rng.uniform(0.02, 0.25));
        }
        // Among the blocks: some lie behind the camera, some across its image's edges.
        let position = [0; 3].map(|_| rng.uniform(-0.3, 0.3));
        let position = [position[0], position[1], position[2].abs() + 0.1];
        let target = [0; 3].map(|_| rng.uniform(-0.1, 0.1));
        let field_of_view = rng.uniform(20.0, 110.0);
        let camera = LookAt { position, target, up: [0.0, 0.0, 1.0], field_of_view };
        let camera = camera.camera().unwrap();
        let image = image(&state, &camera, size);
        let [right, down, forward] = [camera.right, camera.down, camera.forward].map(math::vector);
        let (sin, cos) = math::sin_cos(0.5 * camera.field_of_view);
        let slope = sin / cos / (0.5 * size as f64);
        let at = |x: f64, y: f64| {
            let (u, v) = (x - 0.5 * size as f64, y - 0.5 * size as f64);
            cast(&state, math::vector(position), forward + (right * u + down * v) * slope)
        };
        for i in 0..size * size {
            let (x, y) = ((i % size) as f64 + 0.5, (i / size) as f64 + 0.5);
            let expected = at(x, y);
            // Within a hundredth of a pixel of an edge either side is right.
            let around = [(-0.01, 0.0), (0.01, 0.0), (0.0, -0.01), (0.0, 0.01)];
            if around.iter().all(|(dx, dy)| at(x + dx, y + dy) == expected) {
                compared += 1;
                blocks_seen += usize::from(expected >= FIRST_BLOCK);
                assert_eq!(image.entity[i], expected, "scene {scene}, pixel {x}, {y}");
            }
        }
    }
    assert!(compared > scenes as usize * size * size * 9 / 10);
    assert!(blocks_seen > compared / 10, "only {blocks_seen} of {compared} rays hit a block");
}

fn pixel_env(family: &str, size: usize) -> Env {
    let pixels = Pixels { width: size, height: size, ..Pixels::default() };
    let mode = Mode::Pixel(Box::new(pixels));
    Env::new(Config { observation_mode: mode, ..Config::new(family) }).unwrap()
}

fn observation(env: &Env) -> Vec<u8> {
    let mut bytes = vec![0; env.observation_len()];
    env.observe(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_colour_changes_its_pixels_and_no_bit_of_the_physics() {
    let [mut one, mut two] = [0; 2].map(|_| pixel_env("pushing", 64));
    one.reset(Some(4));
    two.reset(Some(4));
    for path in
        ["tool_block/color", "goal_block/color", "floor/color", "robot_finger_60_link_2/color"]
    {
        let color = Intervention::new().with(path, [0.35, 0.15, 0.75]);
        two.do_intervention(&color, false).unwrap();
        let camera = Camera::of_reference(0, Aim::Published).unwrap();
        let [before, after] = [&one, &two].map(|env| {
            let (mut renderer, mut image) = (Renderer::new(Style::default()), Image::default());
            let content = Content { goal_opacity: 1.0, ..Content::default() };
            renderer.pose(env.state(), &content, &[]);
            renderer.shoot(&camera, 64, 64, &mut image);
            image
        });
        let name = path.split('/').next().unwrap();
        let name = name.trim_end_matches("_link_2");
        let names = entities(&one.state().scene);
        let own = names.iter().position(|n| n == name).expect("an entity") as u16;
        let pixels = before.rgb.chunks(3).zip(after.rgb.chunks(3)).enumerate();
        let changed: Vec<usize> = pixels.filter(|(_, (a, b))| a != b).map(|(i, _)| i).collect();
        assert!(changed.iter().all(|i| before.entity[*i] == own), "{path}");
        assert!(changed.len() > 10, "{path} changed only {} pixels", changed.len());
        assert_ne!(observation(&one), observation(&two), "{path}");
        for _ in 0..10 {
            one.step(&[-0.3; 9]).unwrap();
            two.step(&[-0.3; 9]).unwrap();
        }
        let mut repainted = two.state().clone();
        repainted.blocks[0].color = one.state().blocks[0].color;
        repainted.goals[0].color = one.state().goals[0].color;
        repainted.arena.floor.color = one.state().arena.floor.color;
        repainted.robot.links[2].color = one.state().robot.links[2].color;
        assert_eq!(&repainted, one.state(), "{path} moved something");
        two.set_state(one.state()).unwrap();
        assert_eq!(observation(&one), observation(&two), "{path} is seen after it was undone");
    }
}

#[test]
fn light_cameras_and_patterns_are_variables_that_images_alone_tell() {
    let [mut one, mut two] = [0; 2].map(|_| pixel_env("pushing", 64));
    let image = |env: &Env, index: usize| {
        let bytes = observation(env);
        let length = bytes.len() / 6;
        bytes[index * length..][..length].to_vec()
    };
    for (path, value, changed) in [
        ("light/turn", vec![0.0, 0.0, 2.0], [true; 6]),
        ("light/intensity", vec![0.4], [true; 6]),
        ("light/ambient", vec![0.5], [true; 6]),
        ("camera_0/shift", vec![0.02, 0.0, 0.01], [true, false, false, true, false, false]),
        ("camera_1/turn", vec![0.0, 0.05, 0.0], [false, true, false, false, true, false]),
        ("camera_2/field_of_view_factor", vec![1.2], [false, false, true, false, false, true]),
        ("floor/pattern", vec![1.0], [true; 6]),
        ("stage/pattern", vec![2.0], [true; 6]),
        ("tool_block/pattern", vec![3.0], [true, true, true, false, false, false]),
        ("goal_block/pattern", vec![1.0], [false, false, false, true, true, true]),
    ] {
        one.reset(Some(4));
        two.reset(Some(4));
        let start = two.state().clone();
        two.do_intervention(&Intervention::new().with(path, value), false).unwrap();
        for (index, changed) in changed.into_iter().enumerate() {
            assert_eq!(image(&one, index) != image(&two, index), changed, "{path}, image {index}");
        }
        for _ in 0..5 {
            one.step(&[-0.3; 9]).unwrap();
            two.step(&[-0.3; 9]).unwrap();
        }
        let json = two.state().to_json().unwrap();
        let read = State::from_json(&json).unwrap();
        assert!(read.same_bits(two.state()) && !read.same_bits(one.state()), "{path}");
        let mut plain = two.state().clone();
        plain.appearance = Arc::clone(&one.state().appearance);
        assert!(plain.same_bits(one.state()), "{path} moved something");
        assert!(!plain.to_json().unwrap().contains("appearance"), "documents stay as they were");
        let changed = observation(&two);
        two.set_state(&start).unwrap();
        two.set_state(&read).unwrap();
        assert!(observation(&two) == changed, "{path} is lost in a document");
    }
}

#[test]
fn a_pattern_changes_the_pixels_of_its_surface_alone() {
    let mut env = pixel_env("pushing", 64);
    env.reset(Some(4));
    let camera = Camera::of_reference(1, Aim::Published).unwrap();
    let before = image(env.state(), &camera, 128);
    let names = entities(&env.state().scene);
    for (entity, path) in [
        ("tool_block", "tool_block"),
        ("floor", "floor"),
        ("stage", "stage"),
        ("robot_finger_60", "robot_finger_60_link_0"),
    ] {
        for kind in 1..4 {
            let start = env.state().clone();
            let mut pattern = Intervention::new().with(&format!("{path}/pattern"), [kind as f64]);
            pattern = pattern.with(&format!("{path}/pattern_color"), [0.9, 0.1, 0.8]);
            pattern = pattern.with(&format!("{path}/pattern_scale"), [0.02]);
            env.do_intervention(&pattern, false).unwrap();
            let after = image(env.state(), &camera, 128);
            let own = names.iter().position(|name| name == entity).expect("an entity") as u16;
            let pixels = before.rgb.chunks(3).zip(after.rgb.chunks(3)).enumerate();
            let changed: Vec<usize> = pixels.filter(|(_, (a, b))| a != b).map(|(i, _)| i).collect();
            assert!(changed.iter().all(|i| before.entity[*i] == own), "{path} {kind}");
            // Both colours are seen.
            let all = before.entity.iter().filter(|e| **e == own).count();
            let least = if path.contains("link") { 10 } else { all / 20 };
            assert!((least..all * 19 / 20).contains(&changed.len()), "{path} {kind}");
            assert_eq!((&before.depth, &before.entity), (&after.depth, &after.entity));
            env.set_state(&start).unwrap();
        }
    }
}

#[test]
fn what_can_not_be_seen_changes_no_pixel() {
    let seen = ["position", "orientation", "size", "color", "height", "pattern"];
    let looks = ["light/", "camera_"];
    for family in ["pushing", "pick_and_place", "reaching"] {
        let mut env = pixel_env(family, 64);
        env.reset(Some(5));
        let (start, before) = (env.state().clone(), observation(&env));
        let mut tried = 0;
        for (path, value) in env.variables() {
            let attribute = path.split('/').nth(1).unwrap();
            if seen.iter().any(|word| attribute.ends_with(word)) || attribute == "joint_positions" {
                continue;
            }
            if looks.iter().any(|word| path.starts_with(word)) {
                continue;
            }
            let other: Vec<f64> = value.iter().map(|x| 0.5 * x + 0.125).collect();
            if env.do_intervention(&Intervention::new().with(&path, other), false).is_err() {
                // Kinds and whole numbers take other values, or none.
                env.set_state(&start).unwrap();
                continue;
            }
            if env.state().scene != start.scene {
                env.set_state(&start).unwrap();
                continue;
            }
            tried += 1;
            assert_ne!(env.state(), &start, "{path} did not change");
            assert_eq!(observation(&env), before, "{path} is seen in {family}");
            env.set_state(&start).unwrap();
        }
        assert!(tried > 15, "only {tried} variables of {family} were tried");
    }
}

#[test]
fn a_batch_of_images_is_as_many_single_ones() {
    let (worlds, size) = (64, 24);
    let mut batch =
        VecEnv::like(&pixel_env("pushing", size), worlds, 2, Autoreset::NextStep).unwrap();
    let mut rows = batch.batch::<u8>();
    let mut singles: Vec<Env> = (0..worlds).map(|_| pixel_env("pushing", size)).collect();
    batch.reset(&batch.seeds(7), None, &mut rows.observations).unwrap();
    let color =
        |i: usize| Intervention::new().with("goal_block/color", [i as f64 / 64.0, 0.5, 0.5]);
    let colors: Vec<Intervention> = (0..worlds).map(color).collect();
    assert!(batch.intervene(&colors, false).unwrap().iter().all(Result::is_ok));
    for (i, single) in singles.iter_mut().enumerate() {
        single.reset(Some(7 + i as u64));
        single.do_intervention(&color(i), false).unwrap();
    }
    let mut rng = Rng::stream(6, 0, "actions");
    for _ in 0..3 {
        let actions: Vec<f64> = (0..9 * worlds).map(|_| rng.uniform(-1.0, 1.0)).collect();
        batch.step(&actions, rows.rows()).unwrap();
        let length = batch.observation_len();
        for (i, single) in singles.iter_mut().enumerate() {
            single.step(&actions[9 * i..9 * i + 9]).unwrap();
            assert!(observation(single) == rows.observations[i * length..][..length], "world {i}");
        }
    }
}

#[test]
fn every_form_of_an_image_says_the_same() {
    let channels = vec![Channel::Rgb, Channel::Grey, Channel::Depth, Channel::Segmentation];
    let make = |channel_first: bool| {
        let pixels = Pixels {
            channels: channels.clone(),
            channel_first,
            width: 40,
            height: 24,
            ..Pixels::default()
        };
        let mode = Mode::Pixel(Box::new(pixels));
        let mut env =
            Env::new(Config { observation_mode: mode, ..Config::new("pushing") }).unwrap();
        env.reset(Some(0));
        env
    };
    let (last, first) = (make(false), make(true));
    assert_eq!(last.image_shape(), Some([6, 24, 40, 6]));
    assert_eq!(first.image_shape(), Some([6, 6, 24, 40]));
    let (bytes, planes) = (observation(&last), observation(&first));
    let mut floats = vec![0_f64; bytes.len()];
    last.observe(&mut floats).unwrap();
    let space = last.observation_space();
    assert!(space.contains(&floats));
    for (i, byte) in bytes.iter().enumerate() {
        let (image, pixel, channel) = (i / (6 * 960), i / 6 % 960, i % 6);
        assert_eq!(*byte, planes[(image * 6 + channel) * 960 + pixel]);
        let expected = match channel {
            4 => floats[i] / 1.275 * 255.0,
            5 => floats[i],
            _ => floats[i] * 255.0,
        };
        assert!((f64::from(*byte) - expected).abs() <= 0.5, "{byte} is not {expected}");
    }
}

#[test]
fn settings_that_can_not_be_meant_are_refused() {
    let refused = |pixels: Pixels| {
        let mode = Mode::Pixel(Box::new(pixels));
        Env::new(Config { observation_mode: mode, ..Config::new("pushing") }).is_err()
    };
    let good = Pixels { width: 8, height: 8, ..Pixels::default() };
    assert!(!refused(good.clone()));
    assert!(refused(Pixels { width: 0, ..good.clone() }));
    assert!(refused(Pixels { height: 100_000, ..good.clone() }));
    assert!(refused(Pixels { cameras: Vec::new(), ..good.clone() }));
    assert!(refused(Pixels { channels: Vec::new(), ..good.clone() }));
    let beyond = serde_json::from_str(r#"{"cameras": [3]}"#).unwrap();
    assert!(refused(beyond));
    assert!(refused(Pixels { style: Style { samples: 9, ..good.style }, ..good }));
}

#[test]
fn goals_of_every_form_are_drawn() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/meshes/lower_link.obj");
    let mesh = Mesh::read(&path, 1).unwrap();
    let scene = Scene::new()
        .movable("block")
        .goal("ball", GoalShape::Sphere)
        .goal("box", GoalShape::Cuboid)
        .goal("form", GoalShape::Cuboid)
        .meshed("form", mesh);
    let mut state = blocks(0);
    state = State::new(Arc::new(scene), state.robot);
    state.robot.height = 20.0;
    state.blocks[0].position[1] = 0.15;
    for (i, goal) in state.goals.iter_mut().enumerate() {
        goal.position = [0.1 * (i as f64 - 1.0), 0.0, 0.0325];
    }
    let (mut renderer, mut image) = (Renderer::new(Style::default()), Image::default());
    for goal_opacity in [0.4, 1.0] {
        renderer.pose(&state, &Content { goal_opacity, ..Content::default() }, &[]);
        renderer.shoot(&Camera::overview(), 160, 120, &mut image);
        for entity in FIRST_BLOCK + 1..FIRST_BLOCK + 4 {
            assert!(image.entity.iter().filter(|e| **e == entity).count() > 50, "{entity}");
        }
    }
    renderer.pose(&state, &Content::default(), &[]);
    renderer.shoot(&Camera::overview(), 160, 120, &mut image);
    assert!(image.entity.iter().all(|entity| *entity <= FIRST_BLOCK));
}
