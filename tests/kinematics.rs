//! Where the fingers are, and how to get them somewhere else.

use trifactor::math::{self, Triple};
use trifactor::rng::Rng;
use trifactor::robot::kinematics::{
    inverse, inverse_within, jacobian, link_poses, of_finger, tip, tips,
};
use trifactor::robot::{
    FINGERS, HEIGHT, JOINT_POSITIONS_HIGH, JOINT_POSITIONS_LOW, JOINTS, Nine, RAISED, REST,
    description, every_finger,
};

const MIXED: Nine = [0.1, 0.5, -1.0, -0.3, 0.9, -1.7, 0.2, -0.4, 0.6];
const TUTORIAL: Nine = [
    -0.21737874,
    0.55613149,
    -1.09308519,
    -0.12868997,
    0.52551013,
    -1.08006493,
    -0.00221536,
    0.46163487,
    -1.00948735,
];

/// Table 1.5 of the facts: joint angles and the fingertips they give.
#[rustfmt::skip]
const TABLE: [(Nine, Nine); 8] = [
    ([0.0; JOINTS],
     [-0.059450, 0.045500, 0.009000, 0.069129, 0.028735, 0.009000, -0.009679, -0.074235, 0.009000]),
    (REST,
     [-0.059450, 0.158637, 0.055863, 0.167109, -0.027833, 0.055863, -0.107659, -0.130804, 0.055863]),
    (every_finger(JOINT_POSITIONS_LOW),
     [-0.020512, 0.035826, 0.269566, 0.041282, -0.000149, 0.269566, -0.020770, -0.035677, 0.269566]),
    (every_finger(JOINT_POSITIONS_HIGH),
     [-0.013122, 0.047119, 0.391224, 0.047368, -0.012195, 0.391224, -0.034245, -0.034924, 0.391224]),
    (RAISED,
     [0.009192, -0.023889, 0.269447, -0.025284, 0.003984, 0.269447, 0.016092, 0.019905, 0.269447]),
    (MIXED,
     [-0.087189, 0.045500, 0.055512, 0.045776, -0.032825, 0.109922, 0.046375, -0.110284, 0.042694]),
    (TUTORIAL,
     [0.000907, 0.048121, 0.049240, 0.047822, -0.000199, 0.049207, 0.000464, -0.067663, 0.049034]),
    (every_finger([-0.285, 0.185, 0.0]),
     [0.031383, 0.104363, 0.010434, 0.074689, -0.079360, 0.010434, -0.106073, -0.025003, 0.010434]),
];

fn distance(a: Triple, b: Triple) -> f64 {
    (math::vector(a) - math::vector(b)).norm()
}

fn random_joints(rng: &mut Rng, low: Triple, high: Triple) -> Triple {
    [0, 1, 2].map(|j| rng.uniform(low[j], high[j]))
}

#[test]
fn every_row_of_the_reference_table_within_a_micrometre() {
    for (joints, expected) in TABLE {
        for (found, expected) in tips(&joints, HEIGHT).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{joints:?}: {found} != {expected}");
        }
    }
}

#[test]
fn the_closed_form_agrees_with_the_chain_of_the_urdf() {
    let seed = 11;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "kinematics/chain");
    for case in 0..3_000 {
        let finger = case % FINGERS;
        let joints = random_joints(&mut rng, [-3.0; 3], [3.0; 3]);
        let height = rng.uniform(0.3, 0.4);
        let (position, orientation) = link_poses(finger, joints, height)[3];
        let tip_in_lower = math::vector(description().fingers[finger].tip_position);
        let chain = math::vector(position) + math::rotation(orientation) * tip_in_lower;
        assert!(distance(math::triple(chain), tip(finger, joints, height)) < 1e-14);
    }
}

#[test]
fn the_jacobian_agrees_with_finite_differences() {
    let seed = 12;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "kinematics/jacobian");
    let h = 1e-6;
    for case in 0..3_000 {
        let finger = case % FINGERS;
        let joints = random_joints(&mut rng, [-3.0; 3], [3.0; 3]);
        let jacobian = jacobian(finger, joints);
        for j in 0..3 {
            let (mut below, mut above) = (joints, joints);
            below[j] -= h;
            above[j] += h;
            let difference = (math::vector(tip(finger, above, HEIGHT))
                - math::vector(tip(finger, below, HEIGHT)))
                / (2.0 * h);
            // Truncation l h²/6 is 5e-14, rounding 1e-16 / h is 1e-10.
            assert!((jacobian.column(j) - difference).norm() < 1e-9);
        }
    }
}

#[test]
fn inverse_kinematics_returns_to_the_same_tip_for_100_000_reachable_targets() {
    let seed = 13;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "kinematics/inverse");
    for case in 0..100_000 {
        let finger = case % FINGERS;
        let mut joints = random_joints(&mut rng, JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH);
        // A tenth of them on a limit or stretched out, where solutions are hardest to find.
        if case % 10 == 0 {
            let j = rng.below(3) as usize;
            joints[j] =
                [JOINT_POSITIONS_LOW[j], JOINT_POSITIONS_HIGH[j], 0.0][rng.below(3) as usize];
        }
        let near = random_joints(&mut rng, JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH);
        let target = tip(finger, joints, HEIGHT);
        let found = inverse(finger, target, HEIGHT, near);
        assert!(found.reached, "{joints:?} {found:?}");
        assert!(distance(found.tip, target) < 1e-9, "{joints:?} {found:?}");
        assert_eq!(found.tip, tip(finger, found.joints, HEIGHT));
        for j in 0..3 {
            assert!(JOINT_POSITIONS_LOW[j] <= found.joints[j]);
            assert!(found.joints[j] <= JOINT_POSITIONS_HIGH[j]);
        }
        // No farther from where the finger was than the solution known to exist.
        let (known, got) = (distance(joints, near), distance(found.joints, near));
        assert!(got <= known + 1e-6, "{joints:?} is nearer to {near:?} than {found:?}");
    }
}

#[test]
fn inverse_kinematics_from_the_solution_itself_stays_there() {
    let seed = 14;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "kinematics/near");
    for case in 0..10_000 {
        let finger = case % FINGERS;
        let joints = random_joints(&mut rng, JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH);
        let found = inverse(finger, tip(finger, joints, 0.33), 0.33, joints);
        // Near a singularity (stretched, folded) angles follow the tip only as its square root.
        assert!(distance(found.joints, joints) < 1e-6, "{joints:?} {found:?}");
    }
}

#[test]
fn unreachable_targets_are_said_so_and_no_random_posture_comes_nearer() {
    let seed = 15;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "kinematics/unreachable");
    let narrow = ([-0.4, -0.3, -2.0], [0.2, 0.9, -0.5]);
    let mut unreachable = 0;
    for case in 0..6_000 {
        let finger = case % FINGERS;
        let (low, high) =
            if case % 2 == 0 { (JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH) } else { narrow };
        let target = [rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(0.0, 0.5)];
        let near = random_joints(&mut rng, low, high);
        let found = inverse_within(finger, target, HEIGHT, near, low, high);
        let best = distance(found.tip, target);
        assert_eq!(found.reached, best <= 1e-9);
        unreachable += u32::from(!found.reached);
        for _ in 0..200 {
            let joints = random_joints(&mut rng, low, high);
            let other = distance(tip(finger, joints, HEIGHT), target);
            assert!(best <= other, "{target:?}: {joints:?} beats {found:?} by {}", best - other);
        }
    }
    assert!(unreachable > 3_000, "only {unreachable} targets were out of reach");
}

#[test]
fn a_target_out_of_reach_is_approached_to_the_very_nearest_point() {
    let seed = 16;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "kinematics/projection");
    for case in 0..300 {
        let finger = case % FINGERS;
        let target = [rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(0.0, 0.5)];
        let found = inverse(finger, target, HEIGHT, of_finger(&REST, finger));
        // Descent from the best of many random postures, shrinking the steps.
        let mut best = f64::INFINITY;
        let mut at = [0.0; 3];
        for _ in 0..2_000 {
            let joints = random_joints(&mut rng, JOINT_POSITIONS_LOW, JOINT_POSITIONS_HIGH);
            let other = distance(tip(finger, joints, HEIGHT), target);
            if other < best {
                (best, at) = (other, joints);
            }
        }
        let mut size = 0.3;
        for _ in 0..2_000 {
            let joints = [0, 1, 2].map(|j| {
                (at[j] + rng.uniform(-size, size))
                    .clamp(JOINT_POSITIONS_LOW[j], JOINT_POSITIONS_HIGH[j])
            });
            let other = distance(tip(finger, joints, HEIGHT), target);
            if other < best {
                (best, at) = (other, joints);
            } else {
                size = (size * 0.99).max(1e-7);
            }
        }
        assert!(distance(found.tip, target) <= best + 1e-12, "{target:?}: {at:?} beats {found:?}");
    }
}
