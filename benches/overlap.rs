//! Throughput of the overlap: a pair of boxes, heaps, and what a step of a large family computes.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use trifactor::math;
use trifactor::rng::Rng;
use trifactor::task::Family;
use trifactor::task::overlap::{Cuboid, Overlap, fractional_success};

/// Boxes turned at random about a place, so close that most of them meet.
fn heap(count: usize, rng: &mut Rng) -> Vec<Cuboid> {
    let mut cuboid = || {
        let turn = std::array::from_fn(|_| rng.uniform(-1.0, 1.0));
        Cuboid {
            center: std::array::from_fn(|_| rng.uniform(-0.03, 0.03)),
            orientation: math::from_rotation_vector(turn),
            size: [0.065; 3],
        }
    };
    (0..count).map(|_| cuboid()).collect()
}

fn heaps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("overlap");
    for count in [1, 2, 5] {
        let mut rng = Rng::stream(0, count as u64, "heaps");
        let heaps: Vec<_> =
            (0..100).map(|_| (heap(count, &mut rng), heap(count, &mut rng))).collect();
        group.throughput(Throughput::Elements(heaps.len() as u64));
        group.bench_with_input(BenchmarkId::new("heaps", count), &heaps, |bench, heaps| {
            bench.iter(|| {
                heaps.iter().map(|(blocks, goals)| fractional_success(blocks, goals)).sum::<f64>()
            });
        });
    }
    group.finish();
}

fn states(criterion: &mut Criterion) {
    for name in ["pushing", "towers", "stacked_blocks"] {
        let mut state = Family::named(name).expect("built in").initial_state();
        // Every block near its goal, as at the end of an episode that went well.
        for (block, goal) in state.blocks.iter_mut().zip(&state.goals) {
            block.position = std::array::from_fn(|i| goal.position[i] + 0.001);
        }
        criterion.bench_function(&format!("overlap/state/{name}"), |bench| {
            bench.iter(|| Overlap::Volume.of_state(black_box(&state)));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    targets = heaps, states
}
criterion_main!(benches);
