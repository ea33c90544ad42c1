//! A graphics processor draws what the rasteriser in software does, but for few pixels.

use std::sync::Arc;

use trifactor::env::observation::Mode;
use trifactor::env::pixels::{Channel, Pixels};
use trifactor::intervention::Intervention;
use trifactor::math;
use trifactor::render::{
    Aim, Backend, CAMERAS, Camera, Choice, Content, Image, LookAt, Scenery, Software, Style,
};
use trifactor::rng::Rng;
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::world::{Appearance, GoalShape, Pattern, PatternKind, Scene, State};
use trifactor::{Config, Env, Error};

const SIZE: usize = 128;

/// The graphics processor, or a line that says why there is none.
fn gpu(style: &Style) -> Option<Box<dyn Backend>> {
    match Choice::Gpu.open(style) {
        Ok((backend, _)) => {
            println!("drawn by {}", backend.name());
            Some(backend)
        }
        Err(error) => {
            // The summary of the test command tells of lines that end so.
            println!("images beside a graphics processor's ({error}): short form");
            None
        }
    }
}

fn random_state(rng: &mut Rng) -> State {
    let blocks = 1 + rng.below(6) as usize;
    let scene = (0..blocks).fold(Scene::new(), |scene, i| scene.movable(&format!("block_{i}")));
    let scene = scene.goal("ball", GoalShape::Sphere).goal("box", GoalShape::Cuboid);
    let env = Env::new(Config::new("pushing")).unwrap();
    let mut state = State::new(Arc::new(scene), env.state().robot);
    let color = |rng: &mut Rng| [0; 3].map(|_| rng.unit());
    for joint in &mut state.robot.joint_positions {
        *joint += rng.uniform(-0.4, 0.4);
    }
    for link in &mut state.robot.links {
        link.color = color(rng);
    }
    for block in &mut state.blocks {
        block.position = [0.15, 0.15, 0.12].map(|far| rng.uniform(-far, far));
        block.position[2] += 0.15;
        block.orientation = math::from_rotation_vector([0; 3].map(|_| rng.uniform(-3.0, 3.0)));
        block.size = [0; 3].map(|_| rng.uniform(0.02, 0.12));
        block.color = color(rng);
    }
    for goal in &mut state.goals {
        goal.position = [0.15, 0.15, 0.1].map(|far| rng.uniform(-far, far));
        goal.color = color(rng);
    }
    state.arena.floor.color = color(rng);
    state.arena.wall.color = color(rng);
    let mut appearance = Appearance::default();
    appearance.light.turn = [0; 3].map(|_| rng.uniform(-0.5, 0.5));
    appearance.light.intensity = rng.uniform(0.3, 1.2);
    for name in ["floor", "stage", "block_0", "robot_finger_60_link_3", "box"] {
        let kind = PatternKind::ALL[rng.below(4) as usize];
        let scale = rng.uniform(0.02, 0.08);
        appearance.set_pattern(name, Pattern { kind, color: color(rng), scale });
    }
    state.appearance = Arc::new(appearance);
    state
}

fn random_cameras(rng: &mut Rng) -> Vec<Camera> {
    let position = [0; 3].map(|_| rng.uniform(-0.3, 0.3));
    let position = [position[0], position[1], position[2].abs() + 0.15];
    let target = [0; 3].map(|_| rng.uniform(-0.05, 0.05));
    let own =
        LookAt { position, target, up: [0.0, 0.0, 1.0], field_of_view: rng.uniform(30.0, 90.0) };
    let aim = if rng.below(2) == 0 { Aim::Published } else { Aim::Intended };
    let of_reference = Camera::of_reference(rng.below(CAMERAS as u64) as usize, aim);
    vec![own.camera().unwrap(), of_reference.unwrap()]
}

/// The share of pixels in which a channel differs by more than 16 levels.
fn differing(one: &Image, other: &Image) -> f64 {
    let pixels = one.rgb.chunks(3).zip(other.rgb.chunks(3));
    let far = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 16);
    pixels.filter(far).count() as f64 / (one.width * one.height) as f64
}

#[test]
fn a_graphics_processor_agrees_in_99_of_100_pixels_of_200_scenes() {
    let style = Style::default();
    let Some(mut gpu) = gpu(&style) else { return };
    let seed = 11;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "scenes");
    let states: Vec<State> = (0..200).map(|_| random_state(&mut rng)).collect();
    let sceneries: Vec<Scenery<'_>> = states
        .iter()
        .enumerate()
        .map(|(i, state)| {
            let goal_opacity = if i % 2 == 0 { 1.0 } else { 0.0 };
            let content = Content { goal_opacity, ..Content::default() };
            Scenery { state, content, cameras: random_cameras(&mut rng) }
        })
        .collect();
    let draw = |backend: &mut dyn Backend, whole: bool| {
        let mut images = Vec::new();
        let mut keep = |image: &Image| images.push(image.clone());
        backend.draw(&sceneries, [SIZE; 2], whole, &mut keep).unwrap();
        images
    };
    let found = draw(gpu.as_mut(), true);
    let expected = draw(&mut Software::new(style), true);
    assert_eq!(found.len(), 400);
    let (mut worst, mut sum) = (0.0_f64, 0.0);
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let share = differing(found, expected);
        assert!(share < 0.01, "{:.2} % of image {i} differ", 100.0 * share);
        let other = found.entity.iter().zip(&expected.entity).filter(|(a, b)| a != b).count();
        assert!(other < SIZE * SIZE / 100, "{other} entities of image {i} differ");
        let close = |(a, b): &(&f32, &f32)| a == b || (*a - *b).abs() < 0.002;
        let apart = found.depth.iter().zip(&expected.depth).filter(|pair| !close(pair)).count();
        assert!(apart < SIZE * SIZE / 100, "{apart} distances of image {i} differ");
        worst = worst.max(share);
        sum += share;
    }
    println!("differ: {:.3} % of pixels, {:.3} % at worst", sum / 4.0, 100.0 * worst);
    // Alone or among others, with distances or without: the same image.
    let again = draw(gpu.as_mut(), false);
    assert!(again.iter().zip(&found).all(|(a, b)| a.rgb == b.rgb));
}

#[test]
fn samples_are_drawn_and_shadows_are_left_to_the_rasteriser() {
    let style = Style { samples: 3, ..Style::default() };
    let Some(mut gpu) = gpu(&style) else { return };
    let state = random_state(&mut Rng::stream(12, 0, "scenes"));
    let cameras = vec![Camera::overview()];
    let scenery = [Scenery { state: &state, content: Content::default(), cameras }];
    let mut images = Vec::new();
    gpu.draw(&scenery, [101, 67], true, &mut |image| images.push(image.clone())).unwrap();
    let mut keep = |image: &Image| images.push(image.clone());
    Software::new(style).draw(&scenery, [101, 67], true, &mut keep).unwrap();
    assert!(differing(&images[0], &images[1]) < 0.01);
    let shadows = Style { shadows: true, ..style };
    assert!(matches!(Choice::Gpu.open(&shadows), Err(Error::Device { .. })));
}

#[test]
fn a_batch_that_is_drawn_together_is_as_many_single_ones() {
    if gpu(&Style::default()).is_none() {
        return;
    }
    let make = || {
        let channels = vec![Channel::Rgb, Channel::Depth];
        let renderer = Choice::Gpu;
        let pixels = Pixels { width: 32, height: 32, channels, renderer, ..Pixels::default() };
        let mode = Mode::Pixel(Box::new(pixels));
        Env::new(Config { observation_mode: mode, ..Config::new("pushing") }).unwrap()
    };
    let worlds = 5;
    let mut batch = VecEnv::like(&make(), worlds, 2, Autoreset::NextStep).unwrap();
    let mut rows = batch.batch::<u8>();
    batch.reset(&batch.seeds(7), None, &mut rows.observations).unwrap();
    let actions = vec![0.3; 9 * worlds];
    batch.step(&actions, rows.rows()).unwrap();
    let mut single = make();
    assert!(single.renderer().is_some_and(|name| name.starts_with("gpu: ")));
    let length = batch.observation_len();
    for i in 0..worlds {
        single.reset(Some(7 + i as u64));
        single.step(&actions[..9]).unwrap();
        let mut bytes = vec![0_u8; length];
        single.observe(&mut bytes).unwrap();
        assert!(bytes == rows.observations[i * length..][..length], "world {i}");
    }
    let yellow = Intervention::new().with("goal_block/color", [1.0, 1.0, 0.0]);
    single.do_intervention(&yellow, false).unwrap();
    let mut bytes = vec![0_u8; length];
    single.observe(&mut bytes).unwrap();
    let pixels = bytes.chunks(4).skip(3 * 32 * 32);
    assert!(pixels.clone().any(|p| p[0] > 100 && p[1] > 100 && p[2] < 20), "no yellow goal");
}

#[test]
fn who_asks_for_whatever_is_there_gets_images_and_the_name() {
    let pixels = Pixels { width: 16, height: 16, renderer: Choice::Auto, ..Pixels::default() };
    let mode = Mode::Pixel(Box::new(pixels));
    let env = Env::new(Config { observation_mode: mode, ..Config::new("pushing") }).unwrap();
    let name = env.renderer().expect("images are observed");
    assert!(name.starts_with("gpu: ") || name.starts_with("software ("), "{name}");
    let mut bytes = vec![0_u8; env.observation_len()];
    env.observe(&mut bytes).unwrap();
    assert!(bytes.iter().any(|byte| *byte != bytes[0]));
    assert_eq!(Env::new(Config::new("pushing")).unwrap().renderer(), None);
}
