//! Overlap of several blocks with several goals: union against union, in random heaps.

use trifactor::math::{self, IDENTITY, Triple};
use trifactor::rng::Rng;
use trifactor::task::overlap::{Cuboid, fractional_success};

use crate::scenes::{in_parallel, long_form};

const SEED: u64 = 31;
const SCENES: usize = 1000;

/// Blocks and goals in a heap: one to four each, of 2 to 10 cm, turned at random, so close that
/// most of them meet.
fn heap(scene: usize) -> [Vec<Cuboid>; 2] {
    let mut rng = Rng::stream(SEED, scene as u64, "heap");
    let mut cuboid = || Cuboid {
        center: std::array::from_fn(|_| rng.uniform(-0.06, 0.06)),
        orientation: turn(&mut rng),
        size: std::array::from_fn(|_| rng.uniform(0.02, 0.1)),
    };
    let blocks = (0..1 + scene % 4).map(|_| cuboid()).collect();
    [blocks, (0..1 + scene / 4 % 4).map(|_| cuboid()).collect()]
}

fn turn(rng: &mut Rng) -> [f64; 4] {
    loop {
        if let Some(q) = math::normalized(std::array::from_fn(|_| rng.normal())) {
            return q;
        }
    }
}

/// Whether a box holds a point; its axes are worked out once for many points.
fn holder(cuboid: &Cuboid) -> impl Fn(nalgebra::Vector3<f64>) -> bool {
    let back = math::rotation(cuboid.orientation).inverse().to_rotation_matrix();
    let (center, half) = (math::vector(cuboid.center), cuboid.size.map(|edge| 0.5 * edge));
    move |point| {
        let p = back * (point - center);
        (0..3).all(|i| p[i].abs() <= half[i])
    }
}

/// The share of points, drawn evenly in the union of the goals, that lie in some block.
fn counted(scene: usize, [blocks, goals]: &[Vec<Cuboid>; 2], points: u32) -> f64 {
    let mut rng = Rng::stream(SEED, scene as u64, "points");
    let (in_block, in_goal): (Vec<_>, Vec<_>) =
        (blocks.iter().map(holder).collect(), goals.iter().map(holder).collect());
    let whole: f64 = goals.iter().map(Cuboid::volume).sum();
    let (mut drawn, mut hits) = (0, 0);
    while drawn < points {
        let mut at = rng.uniform(0.0, whole);
        let chosen = goals.iter().position(|goal| {
            at -= goal.volume();
            at < 0.0
        });
        let goal = &goals[chosen.unwrap_or(goals.len() - 1)];
        let inside = std::array::from_fn(|i| rng.uniform(-0.5, 0.5) * goal.size[i]);
        let turned = math::rotation(goal.orientation) * math::vector(inside);
        let point = math::vector(goal.center) + turned;
        // A point of several goals comes up as often as there are of them.
        let times = in_goal.iter().filter(|holds| holds(point)).count().max(1);
        if times > 1 && rng.below(times as u64) > 0 {
            continue;
        }
        drawn += 1;
        hits += u32::from(in_block.iter().any(|holds| holds(point)));
    }
    f64::from(hits) / f64::from(points)
}

#[test]
fn unions_agree_with_points_drawn_at_random_within_four_standard_errors() {
    let points = if long_form("points in random heaps") { 1_000_000 } else { 10_000 };
    println!("seed {SEED}, {SCENES} scenes, {points} points each");
    let deviations = in_parallel(SCENES, |scene| {
        let heap = heap(scene);
        let exact = fractional_success(&heap[0], &heap[1]);
        assert!((0.0..=1.0).contains(&exact), "scene {scene}: {exact}");
        let n = f64::from(points);
        // Never below what one point weighs, where hardly a point can be expected.
        let error = (exact * (1.0 - exact)).max(1.0 / n).sqrt() / n.sqrt();
        let deviation = (counted(scene, &heap, points) - exact) / error;
        assert!(deviation.abs() < 4.0, "scene {scene}: {deviation} standard errors of {exact}");
        (deviation, exact)
    });
    let bias = deviations.iter().map(|(d, _)| d).sum::<f64>() / (SCENES as f64).sqrt();
    assert!(bias.abs() < 4.0, "the deviations' sum is {bias} of its standard deviation");
    let partly = deviations.iter().filter(|(_, exact)| (0.01..0.99).contains(exact)).count();
    assert!(partly > SCENES / 2, "only {partly} scenes have something to count");
}

/// The share of the goals' union that the blocks fill, all of them aligned with the axes: cell by
/// cell of the grid of all their faces.
fn by_cells(blocks: &[Cuboid], goals: &[Cuboid]) -> f64 {
    let bounds = |boxes: &[Cuboid]| -> Vec<[Triple; 2]> {
        let corner =
            |b: &Cuboid, sign: f64| std::array::from_fn(|i| b.center[i] + sign * 0.5 * b.size[i]);
        boxes.iter().map(|b| [corner(b, -1.0), corner(b, 1.0)]).collect()
    };
    let (blocks, goals) = (bounds(blocks), bounds(goals));
    let faces: [Vec<f64>; 3] = std::array::from_fn(|i| {
        let mut all: Vec<f64> = blocks.iter().chain(&goals).flatten().map(|p| p[i]).collect();
        all.sort_by(f64::total_cmp);
        all
    });
    let (mut whole, mut filled) = (0.0, 0.0);
    for x in faces[0].windows(2) {
        for y in faces[1].windows(2) {
            for z in faces[2].windows(2) {
                let middle = [x, y, z].map(|side| 0.5 * (side[0] + side[1]));
                let volume = (x[1] - x[0]) * (y[1] - y[0]) * (z[1] - z[0]);
                let within = |[low, high]: &[Triple; 2]| {
                    (0..3).all(|i| low[i] < middle[i] && middle[i] < high[i])
                };
                if goals.iter().any(within) {
                    whole += volume;
                    filled += if blocks.iter().any(within) { volume } else { 0.0 };
                }
            }
        }
    }
    filled / whole
}

#[test]
fn aligned_unions_have_the_sum_of_their_cells() {
    for scene in 0..SCENES {
        let aligned = heap(scene).map(|boxes| -> Vec<_> {
            boxes.into_iter().map(|b| Cuboid { orientation: IDENTITY, ..b }).collect()
        });
        let (found, expected) =
            (fractional_success(&aligned[0], &aligned[1]), by_cells(&aligned[0], &aligned[1]));
        assert!((found - expected).abs() < 1e-11, "scene {scene}: {found} is not {expected}");
    }
}

#[test]
fn a_small_motion_of_one_box_of_a_heap_changes_the_share_by_no_more_than_it_sweeps() {
    println!("seed {SEED}");
    for scene in 0..SCENES {
        let heap = heap(scene);
        let mut rng = Rng::stream(SEED, scene as u64, "motion");
        let before = fractional_success(&heap[0], &heap[1]);
        for size in [1e-15, 1e-12, 1e-9, 1e-6] {
            let mut moved = heap.clone();
            let side = rng.below(2) as usize;
            let one = rng.below(moved[side].len() as u64) as usize;
            let cuboid = &mut moved[side][one];
            let step = std::array::from_fn(|_| rng.uniform(-size, size));
            let turn = std::array::from_fn(|_| rng.uniform(-size, size) / 0.1);
            let turn = math::rotation(math::from_rotation_vector(turn));
            cuboid.center = math::triple(math::vector(cuboid.center) + math::vector(step));
            cuboid.orientation = math::quat(turn * math::rotation(cuboid.orientation));
            let change = (fractional_success(&moved[0], &moved[1]) - before).abs();
            // No point of a box of at most 0.1 m moves further than 4 of these sizes, and no box
            // has more surface than 0.06 m²; a goal that moves changes what is filled and what is
            // to be filled. Pieces below 1e-14 of a goal count as empty, a few hundred at most.
            let whole = heap[1].iter().map(Cuboid::volume).fold(0.0, f64::max);
            let swept = 2.0 * 0.06 * 4.0 * size / whole;
            assert!(change <= swept + 1e-11, "scene {scene}: {change} for a motion of {size}");
        }
    }
}
