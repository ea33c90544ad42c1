//! How fast episodes are written and read, beside the steps that make them.

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use trifactor::record::{Dataset, Episode, Header, Recorder, Writer, verify};
use trifactor::rng::Rng;
use trifactor::{Config, Env};

/// Control steps of the episode that is written again and again.
const STEPS: u64 = 1000;

fn env() -> Env {
    let config =
        Config { skip_frame: 3, max_episode_length: Some(STEPS), ..Config::new("pushing") };
    Env::new(config).expect("pushing is built in")
}

/// Steps through an episode, recorded or not.
fn run(env: &mut Env, mut recorder: Option<&mut Recorder>) {
    env.reset(Some(0));
    if let Some(recorder) = &mut recorder {
        recorder.reset(0, env).expect("it can be written");
    }
    let mut rng = Rng::stream(0, 0, "benchmark");
    for _ in 0..STEPS {
        let action: [f64; 9] = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        if let Some(recorder) = &mut recorder {
            recorder.before(0, env).expect("it can be written");
        }
        let step = env.step(&action).expect("the action is in bounds");
        if let Some(recorder) = &mut recorder {
            recorder.step(0, env, &action, &step).expect("it can be written");
        }
    }
}

fn created(path: &Path, env: &Env) -> Writer {
    let _ = std::fs::remove_file(path);
    Writer::create(path, &Header::of(env)).expect("it can be written")
}

fn episodes(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("trifactor-bench-{}", std::process::id()));
    let path = folder.join("episodes.arrow");
    let mut env = env();
    let mut recorder = Recorder::new(created(&path, &env));
    run(&mut env, Some(&mut recorder));
    recorder.close().expect("it can be written");
    let dataset = Dataset::open(&path).expect("it was written");
    let episode: Episode = dataset.episode(0).expect("it was written").expect("there is one");
    let bytes = std::fs::metadata(&path).expect("it was written").len();
    println!("{STEPS} steps: {bytes} bytes");

    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(STEPS)).sample_size(20);
    group.bench_function("write", |bencher| {
        let other = folder.join("other.arrow");
        let fresh = || created(&other, &env);
        bencher.iter_batched(
            fresh,
            |mut writer| writer.write(&episode).expect("it can be written"),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| black_box(dataset.episode(0).expect("it was written")));
    });
    group.bench_function("step", |bencher| bencher.iter(|| run(&mut env, None)));
    group.bench_function("step_recorded", |bencher| {
        let other = folder.join("other.arrow");
        let model = self::env();
        bencher.iter_batched(
            || Recorder::new(created(&other, &model)),
            |mut recorder| run(&mut env, Some(&mut recorder)),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("verify_one_thread", |bencher| {
        bencher.iter(|| verify(&dataset, 1, &|_| ()).expect("it was written"));
    });
    group.finish();
    let _ = std::fs::remove_dir_all(folder);
}

criterion_group!(benches, episodes);
criterion_main!(benches);
