//! What images cost: an environment step with three present images of 128 by 128 and the goals'
//! cached, one image alone, and what shadows, samples, patterns and clipping add.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use trifactor::env::observation::Mode;
use trifactor::render::{Aim, Camera, Content, Image, LookAt, Renderer, Style};
use trifactor::rng::Rng;
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::world::{Pattern, PatternKind};
use trifactor::{Config, Env};

fn env() -> Env {
    let mode = Mode::Pixel(Box::default());
    let config = Config { observation_mode: mode, skip_frame: 3, ..Config::new("pushing") };
    let mut env = Env::new(config).expect("a world");
    env.reset(Some(0));
    env
}

fn steps(c: &mut Criterion) {
    let mut env = env();
    let mut bytes = vec![0_u8; env.observation_len()];
    let mut rng = Rng::stream(0, 0, "benchmark");
    c.bench_function("step with three images", |b| {
        b.iter(|| {
            let action: [f64; 9] = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
            env.step(&action).expect("a step");
            env.observe(&mut bytes).expect("its length");
            black_box(&bytes);
        });
    });
    let mut worlds = VecEnv::like(&env, 64, 2, Autoreset::NextStep).expect("a batch");
    let mut batch = worlds.batch::<u8>();
    worlds.reset(&worlds.seeds(0), None, &mut batch.observations).expect("its length");
    let actions: Vec<f64> = (0..9 * 64).map(|_| rng.uniform(-1.0, 1.0)).collect();
    c.bench_function("64 worlds on two threads", |b| {
        b.iter(|| worlds.step(&actions, batch.rows()).expect("a step"));
    });
}

fn images(c: &mut Criterion) {
    let env = env();
    let far = Camera::of_reference(0, Aim::Published).expect("0 to 2");
    // Before a finger's base: triangles reach behind the camera.
    let near = LookAt {
        position: [0.0, 0.13, 0.36],
        target: [0.0, 0.0, 0.3],
        up: [0.0, 0.0, 1.0],
        field_of_view: 80.0,
    };
    let near = near.camera().expect("a camera");
    let plain = Style::default();
    let mut checked = env.state().clone();
    let appearance = Arc::make_mut(&mut checked.appearance);
    let pattern = Pattern { kind: PatternKind::Checks, ..Pattern::default() };
    for name in ["floor", "stage", "tool_block"] {
        appearance.set_pattern(name, pattern);
    }
    for (name, camera, style) in [
        ("image", far, plain),
        ("image, patterns", far, plain),
        ("image, shadows", far, Style { shadows: true, ..plain }),
        ("image, 2 by 2 samples", far, Style { samples: 2, ..plain }),
        ("image, clipped", near, plain),
    ] {
        let (mut renderer, mut image) = (Renderer::new(style), Image::default());
        c.bench_function(name, |b| {
            b.iter(|| {
                let state = if name.ends_with("patterns") { &checked } else { env.state() };
                renderer.pose(state, &Content::default(), &[]);
                renderer.shoot_colors(&camera, 128, 128, &mut image);
                black_box(&image);
            });
        });
    }
}

criterion_group!(benches, steps, images);
criterion_main!(benches);
