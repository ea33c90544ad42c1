//! Overlap: exact volumes of oriented boxes' intersections, and the reference's figure.

use trifactor::math::{self, IDENTITY, Quat, Triple};
use trifactor::rng::Rng;
use trifactor::task::overlap::{Cuboid, aabb_fraction, fractional_success, intersection};

const EDGE: f64 = 0.065;

fn cube(center: Triple) -> Cuboid {
    Cuboid { center, orientation: IDENTITY, size: [EDGE; 3] }
}

fn yawed(cuboid: Cuboid, degrees: f64) -> Cuboid {
    let orientation = math::from_rotation_vector([0.0, 0.0, degrees.to_radians()]);
    Cuboid { orientation, ..cuboid }
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected} to {tolerance}");
}

fn random_rotation(rng: &mut Rng) -> Quat {
    loop {
        let q = std::array::from_fn(|_| rng.normal());
        if let Some(q) = math::normalized(q) {
            return q;
        }
    }
}

/// Two boxes with random sizes and attitudes, the second's centre inside the first.
fn random_pair(rng: &mut Rng) -> (Cuboid, Cuboid) {
    let size = |rng: &mut Rng| std::array::from_fn(|_| rng.uniform(0.03, 0.1));
    let a = Cuboid {
        center: std::array::from_fn(|_| rng.uniform(-0.1, 0.1)),
        orientation: random_rotation(rng),
        size: size(rng),
    };
    let inside = std::array::from_fn(|i| rng.uniform(-0.5, 0.5) * a.size[i]);
    let center = math::triple(math::vector(a.center) + rotate(a.orientation, inside));
    (a, Cuboid { center, orientation: random_rotation(rng), size: size(rng) })
}

fn rotate(q: Quat, v: Triple) -> nalgebra::Vector3<f64> {
    math::rotation(q) * math::vector(v)
}

/// The cuboid after a rotation about the origin and a shift.
fn moved(cuboid: &Cuboid, q: Quat, shift: Triple) -> Cuboid {
    Cuboid {
        center: math::triple(rotate(q, cuboid.center) + math::vector(shift)),
        orientation: math::quat(math::rotation(q) * math::rotation(cuboid.orientation)),
        size: cuboid.size,
    }
}

/// How much of the line through `origin` along `direction` (unit length) lies in the box, between
/// the parameters 0 and `length`.
fn chord(b: &Cuboid, origin: Triple, direction: nalgebra::Vector3<f64>, length: f64) -> f64 {
    let inverse = math::rotation(b.orientation).inverse();
    let start = inverse * (math::vector(origin) - math::vector(b.center));
    let direction = inverse * direction;
    let (mut low, mut high) = (0.0_f64, length);
    for i in 0..3 {
        let (s, t) = (
            (-0.5 * b.size[i] - start[i]) / direction[i],
            (0.5 * b.size[i] - start[i]) / direction[i],
        );
        (low, high) = (low.max(s.min(t)), high.min(s.max(t)));
    }
    (high - low).max(0.0)
}

#[test]
fn equal_boxes_fill_each_other_to_one_part_in_a_million_million() {
    let mut rng = Rng::stream(11, 0, "equal boxes");
    for _ in 0..1000 {
        let (a, _) = random_pair(&mut rng);
        near(fractional_success(&[a], &[a]), 1.0, 1e-12);
        // The same box under another name: a quarter turn with two edges swapped.
        let quarter = math::rotation(math::from_rotation_vector([0.0, 0.0, 90_f64.to_radians()]));
        let b = Cuboid {
            orientation: math::quat(math::rotation(a.orientation) * quarter),
            size: [a.size[1], a.size[0], a.size[2]],
            ..a
        };
        near(fractional_success(&[b], &[a]), 1.0, 1e-12);
    }
}

#[test]
fn aligned_boxes_overlap_by_the_product_of_their_intervals() {
    let mut rng = Rng::stream(12, 0, "aligned boxes");
    for _ in 0..1000 {
        let (a, b) = random_pair(&mut rng);
        let (a, b) = (Cuboid { orientation: IDENTITY, ..a }, Cuboid { orientation: IDENTITY, ..b });
        let expected: f64 = (0..3)
            .map(|i| {
                let high = (a.center[i] + 0.5 * a.size[i]).min(b.center[i] + 0.5 * b.size[i]);
                let low = (a.center[i] - 0.5 * a.size[i]).max(b.center[i] - 0.5 * b.size[i]);
                (high - low).max(0.0)
            })
            .product();
        near(intersection(&a, &b), expected, 1e-12 * a.volume());
        near(
            aabb_fraction([a].into_iter(), [b].into_iter()),
            expected / b.volume(),
            1e-12 * a.volume() / b.volume(),
        );
    }
}

#[test]
fn a_cube_yawed_in_its_goal_fills_the_regular_figure() {
    let goal = cube([0.0, 0.08, 0.0325]);
    for degrees in [0.0, 1e-9, 1e-6, 0.1, 15.0, 30.0, 45.0, 60.0, 89.999_999, 90.0, 180.0, 270.0] {
        let half = f64::to_radians(degrees % 90.0) / 2.0;
        // Two squares around one circle meet in a polygon around it: its area is half its
        // circumference times the radius.
        let tan = |x: f64| math::sin(x) / math::cos(x);
        let expected = tan(half) + tan(std::f64::consts::FRAC_PI_4 - half);
        near(fractional_success(&[yawed(goal, degrees)], &[goal]), expected, 1e-12);
    }
}

#[test]
fn the_references_examples_have_their_true_and_their_reference_figures() {
    let goal = cube([0.0, 0.08, 0.0325]);
    let aabb =
        |a: f64, b: f64| aabb_fraction([yawed(goal, a)].into_iter(), [yawed(goal, b)].into_iter());
    let exact = |a: f64, b: f64| fractional_success(&[yawed(goal, a)], &[yawed(goal, b)]);
    near(aabb(0.0, 0.0), 1.0, 1e-12);
    near(aabb(0.0, 45.0), 0.5, 1e-12);
    near(aabb(30.0, -30.0), 1.0, 1e-12);
    near(aabb(45.0, 45.0), 1.0, 1e-12);
    near(exact(0.0, 45.0), 0.828, 5e-4);
    near(exact(30.0, -30.0), 0.85, 5e-3);
    near(exact(45.0, 45.0), 1.0, 1e-12);
}

#[test]
fn a_plane_cuts_a_corner_off_as_a_tetrahedron() {
    // A large box, one face of which cuts the corner (1, 1, 1) of a cube at distance d from its
    // tip along the diagonal: the corner's three legs are d √3.
    let (edge, d) = (0.06, 0.004);
    let down = math::vector([-1.0, -1.0, -1.0]).normalize();
    let axis = math::vector([0.0, 0.0, -1.0]).cross(&down).normalize();
    let angle = math::acos(-down.z);
    let orientation = math::from_rotation_vector(math::triple(axis * angle));
    let face = math::vector([edge / 2.0; 3]) + down * d;
    let large = Cuboid { center: math::triple(face - down * 0.5), orientation, size: [1.0; 3] };
    let small = Cuboid { center: [0.0; 3], orientation: IDENTITY, size: [edge; 3] };
    let leg = d * 3_f64.sqrt();
    near(intersection(&small, &large), leg * leg * leg / 6.0, 1e-10 * leg * leg * leg);
}

#[test]
fn touching_boxes_share_nothing() {
    let a = cube([0.1, -0.2, 0.0325]);
    for (axis, sign) in [(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0), (2, 1.0), (2, -1.0)] {
        for turn in [0.0, 90.0, 180.0, 270.0] {
            let mut b = yawed(a, turn);
            b.center[axis] += sign * EDGE;
            near(intersection(&a, &b), 0.0, 1e-15 * EDGE);
            b.center[axis] += sign * 1e-9;
            assert_eq!(intersection(&a, &b), 0.0);
            b.center[axis] += sign;
            assert_eq!(intersection(&a, &b), 0.0);
        }
    }
}

#[test]
fn a_box_within_another_is_shared_whole() {
    let mut rng = Rng::stream(13, 0, "box in box");
    for _ in 0..1000 {
        let (a, mut b) = random_pair(&mut rng);
        (b.center, b.size) = (a.center, b.size.map(|x| x * 0.15));
        near(intersection(&a, &b), b.volume(), 1e-12 * b.volume());
        near(intersection(&b, &a), b.volume(), 1e-12 * b.volume());
    }
}

#[test]
fn random_pairs_agree_with_chords_drawn_at_random() {
    const SEED: u64 = 14;
    const PAIRS: usize = 1000;
    const CHORDS: usize = 4000;
    println!("seed {SEED}");
    let mut rng = Rng::stream(SEED, 0, "chords");
    let mut sum = 0.0;
    for pair in 0..PAIRS {
        let (a, b) = random_pair(&mut rng);
        let along = rotate(a.orientation, [0.0, 0.0, 1.0]);
        let (mut mean, mut square) = (0.0, 0.0);
        for _ in 0..CHORDS {
            let start = [
                rng.uniform(-0.5, 0.5) * a.size[0],
                rng.uniform(-0.5, 0.5) * a.size[1],
                -0.5 * a.size[2],
            ];
            let start = math::triple(math::vector(a.center) + rotate(a.orientation, start));
            let share = chord(&b, start, along, a.size[2]) / a.size[2] * a.volume();
            mean += share / CHORDS as f64;
            square += share * share / CHORDS as f64;
        }
        let error = ((square - mean * mean) / CHORDS as f64).sqrt();
        let deviation = (intersection(&a, &b) - mean) / error;
        assert!(deviation.abs() < 4.0, "pair {pair}: {deviation} standard errors, {a:?} {b:?}");
        sum += deviation;
    }
    let bias = sum / (PAIRS as f64).sqrt();
    assert!(bias.abs() < 4.0, "the deviations' sum is {bias} of its standard deviation");
}

#[test]
fn overlap_is_symmetric_bounded_and_moves_with_the_frame() {
    let mut rng = Rng::stream(15, 0, "frames");
    for _ in 0..1000 {
        let (a, b) = random_pair(&mut rng);
        let shared = intersection(&a, &b);
        let limit = a.volume().min(b.volume());
        assert!((0.0..=limit).contains(&shared));
        near(intersection(&b, &a), shared, 1e-12 * limit);
        let q = random_rotation(&mut rng);
        let shift = std::array::from_fn(|_| rng.uniform(-0.5, 0.5));
        near(intersection(&moved(&a, q, shift), &moved(&b, q, shift)), shared, 1e-12 * limit);
    }
}

#[test]
fn a_small_motion_changes_the_overlap_by_no_more_than_it_sweeps() {
    let mut rng = Rng::stream(16, 0, "small motions");
    for i in 0..3000 {
        let (a, mut b) = random_pair(&mut rng);
        // A third of the pairs each: general, same attitude and touching faces, the same box.
        if i % 3 == 1 {
            b.orientation = a.orientation;
            let touch = [0.5 * (a.size[0] + b.size[0]), 0.0, 0.0];
            b.center = math::triple(math::vector(a.center) + rotate(a.orientation, touch));
        } else if i % 3 == 2 {
            b = a;
        }
        let before = intersection(&a, &b);
        for size in [1e-17, 1e-15, 1e-12, 1e-9, 1e-6] {
            let step: Triple = std::array::from_fn(|_| rng.uniform(-size, size));
            let turn =
                math::from_rotation_vector(std::array::from_fn(|_| rng.uniform(-size, size) / 0.1));
            let after = Cuboid {
                center: math::triple(math::vector(b.center) + math::vector(step)),
                orientation: math::quat(math::rotation(turn) * math::rotation(b.orientation)),
                size: b.size,
            };
            // No point of a box of at most 0.1 m moves further than this, and no box has more
            // surface than six faces of 0.01 m².
            let swept = 0.06 * 4.0 * size;
            let change = (intersection(&a, &after) - before).abs();
            assert!(change <= swept + 1e-18, "{change} for a motion of {size}");
        }
    }
}

#[test]
fn several_blocks_and_goals_count_nothing_twice() {
    let goal = cube([0.0, 0.0, 0.0325]);
    let shifted = |x: f64| cube([x, 0.0, 0.0325]);
    let exact = |blocks: &[Cuboid], goals: &[Cuboid], expected: f64| {
        near(fractional_success(blocks, goals), expected, 1e-12);
    };
    exact(&[], &[], 1.0);
    exact(&[goal], &[], 1.0);
    exact(&[], &[goal], 0.0);
    exact(&[goal, goal], &[goal], 1.0);
    exact(&[goal; 9], &[goal; 9], 1.0);
    // Two goals half over each other: their union is one and a half cubes long.
    exact(&[goal], &[goal, shifted(EDGE / 2.0)], 2.0 / 3.0);
    exact(&[shifted(EDGE)], &[goal, shifted(EDGE / 2.0)], 1.0 / 3.0);
    // Two blocks that meet over the goal's middle, from either side and with an overlap.
    exact(&[shifted(-EDGE / 2.0), shifted(EDGE / 2.0)], &[goal], 1.0);
    exact(&[shifted(-EDGE / 2.0), shifted(EDGE / 4.0)], &[goal], 1.0);
    exact(&[shifted(-EDGE / 2.0), shifted(-EDGE / 4.0)], &[goal], 0.75);
    // A tower of goals of which the lower is filled, by a block at 45 degrees.
    let upper = cube([0.0, 0.0, 0.0975]);
    exact(&[yawed(goal, 45.0)], &[goal, upper], 2_f64.sqrt() - 1.0);
    // The reference counts pairs of bounds instead.
    near(aabb_fraction([goal, goal].into_iter(), [goal].into_iter()), 2.0, 1e-12);
}

#[test]
fn several_random_boxes_agree_with_inclusion_and_exclusion() {
    let mut rng = Rng::stream(17, 0, "several boxes");
    for _ in 0..200 {
        let (goal, block) = random_pair(&mut rng);
        // Two blocks that are halves of one: together they must count as the one.
        let half = |sign: f64| {
            let [x, y, z] = block.size;
            let shift = rotate(block.orientation, [sign * x / 4.0, 0.0, 0.0]);
            let center = math::triple(math::vector(block.center) + shift);
            Cuboid { center, size: [x / 2.0, y, z], ..block }
        };
        let whole = fractional_success(&[block], &[goal]);
        near(fractional_success(&[half(-1.0), half(1.0)], &[goal]), whole, 1e-12);
        near(fractional_success(&[half(-1.0), block, half(1.0)], &[goal]), whole, 1e-12);
        // Two goals: their union is the sum of the volumes less what they share.
        let (other, _) = random_pair(&mut rng);
        let other = Cuboid { center: goal.center, ..other };
        let union = goal.volume() + other.volume() - intersection(&goal, &other);
        near(fractional_success(&[goal], &[goal, other]), goal.volume() / union, 1e-12);
        near(fractional_success(&[other], &[goal, other]), other.volume() / union, 1e-12);
    }
}

#[test]
fn a_box_that_is_none_fills_nothing_and_is_never_filled() {
    let cube = Cuboid { center: [0.0, 0.0, 0.05], orientation: IDENTITY, size: [EDGE; 3] };
    let none = [
        Cuboid { size: [0.0; 3], ..cube },
        Cuboid { size: [EDGE, EDGE, 0.0], ..cube },
        Cuboid { size: [-EDGE, -EDGE, EDGE], ..cube },
        Cuboid { size: [-EDGE; 3], ..cube },
        Cuboid { size: [f64::NAN; 3], ..cube },
        Cuboid { orientation: [0.0; 4], ..cube },
    ];
    for wrong in none {
        assert_eq!(wrong.volume(), 0.0, "{wrong:?}");
        assert_eq!((intersection(&wrong, &cube), intersection(&cube, &wrong)), (0.0, 0.0));
        // As a block it fills nothing, as the only goal it is not filled.
        assert_eq!(fractional_success(&[wrong], &[cube]), 0.0, "{wrong:?}");
        assert_eq!(fractional_success(&[cube], &[wrong]), 0.0, "{wrong:?}");
        let aabb =
            |block, goals: &[Cuboid]| aabb_fraction([block].into_iter(), goals.iter().copied());
        assert_eq!((aabb(wrong, &[cube]), aabb(cube, &[wrong])), (0.0, 0.0), "{wrong:?}");
        // Beside goals that are some it changes nothing.
        let far = Cuboid { center: [1.0, 0.0, 0.05], ..cube };
        let (two, three) = ([cube, far], [cube, far, wrong]);
        assert_eq!(fractional_success(&[cube], &three), fractional_success(&[cube], &two));
        assert_eq!(aabb(cube, &three), aabb(cube, &two));
        for mixed in [[cube, wrong, wrong], [wrong, wrong, cube]] {
            assert_eq!(fractional_success(&mixed, &mixed), 1.0, "{wrong:?}");
        }
    }
    assert_eq!(fractional_success(&[cube], &[]), 1.0, "nothing is wanted");
}
