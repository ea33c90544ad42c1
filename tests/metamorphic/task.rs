//! Experiments on the task's own variables: other scenes, other goals, other episodes.

use trifactor::math;

use super::Experiment;
use super::lab::Lab;

pub(super) const EXPERIMENTS: [Experiment; 10] = [
    ("task/tower_dims", larger_towers_are_of_larger_blocks),
    ("task/blocks_mass", heavier_blocks_slide_less_far_in_every_built_family),
    ("task/number_of_blocks_in_tower", more_blocks_take_longer),
    ("task/tower_center", the_tower_is_wanted_elsewhere),
    ("task/stack_levels", higher_stacks_are_wanted_higher),
    ("task/blocks_min_size", thicker_blocks_are_stacked_higher),
    ("task/max_level_width", narrower_levels_are_no_wider_than_asked),
    ("task/nums_objects", more_blocks_take_longer),
    ("task/tool_block_size", larger_objects_are_wanted_larger),
    ("task/number_of_obstacles", obstacles_are_observed_and_in_the_way),
];

fn top(lab: &Lab) -> f64 {
    lab.state().goals.iter().map(|g| g.position[2] + 0.5 * g.size[2]).fold(0.0, f64::max)
}

#[test]
fn larger_towers_are_of_larger_blocks() {
    let lab = Lab::new("towers").set("task/tower_dims", [0.08, 0.09, 0.2]);
    assert!((top(&lab) - 0.2).abs() < 1e-12);
    assert!(lab.state().blocks.iter().all(|b| b.size == [0.08, 0.09, 0.2 / 5.0]));
    // The blocks rest at half their new height.
    let rests = lab.wait(0.5).state().blocks[0].position[2];
    assert!((rests - 0.02).abs() < 1e-3, "{rests}");
}

#[test]
fn heavier_blocks_slide_less_far_in_every_built_family() {
    for family in ["towers", "stacked_blocks", "creative_stacked_blocks", "general"] {
        let far = |mass: f64| {
            let lab = Lab::of_blocks(family);
            let [one, two] = [0, 1].map(|i| lab.state().scene.blocks[i].name.clone());
            let half = 0.5 * lab.state().blocks[0].size[2];
            // The others stand apart, the second has a weight of its own and runs into the first.
            let mut lab = lab;
            for i in 2..lab.state().blocks.len() {
                let path = format!("{}/cartesian_position", lab.state().scene.blocks[i].name);
                lab = lab.set(&path, [2.0 + 0.2 * i as f64, 2.0, half]);
            }
            let place = |name: &str| format!("{name}/cartesian_position");
            let upright = |name: &str| format!("{name}/euler_orientation");
            let lab = lab
                .set_all(&[
                    (&place(&one), &[0.0, 0.0, half]),
                    (&place(&two), &[-0.06, 0.0, half]),
                    (&upright(&one), &[0.0; 3]),
                    (&upright(&two), &[0.0; 3]),
                ])
                .set("task/blocks_mass", [mass])
                .set(&format!("{two}/mass"), [0.05])
                .set(&format!("{two}/linear_velocity"), [0.8, 0.0, 0.0]);
            lab.wait(0.4).block(&one).position[0]
        };
        let (light, heavy) = (far(0.02), far(0.08));
        assert!(heavy > 1e-3 && light > 1.3 * heavy, "{family}: {light} {heavy}");
    }
}

#[test]
fn more_blocks_take_longer() {
    let seconds = |lab: &Lab| lab.env.episode_seconds();
    let lab = Lab::new("towers").set("task/number_of_blocks_in_tower", [2.0, 1.0, 3.0]);
    assert_eq!((lab.state().blocks.len(), seconds(&lab)), (6, 60.0));
    let lab = Lab::new("general").set("task/nums_objects", [3.0]);
    assert_eq!((lab.state().blocks.len(), seconds(&lab)), (3, 30.0));
    let shorter = lab.set("task/nums_objects", [2.0]);
    assert_eq!((shorter.state().goals.len(), seconds(&shorter)), (2, 20.0));
}

#[test]
fn the_tower_is_wanted_elsewhere() {
    // Facts 5.2: at the start the fourth block lies in the lowest of five goals.
    let here = Lab::new("towers");
    assert!((here.env.info().fractional_success - 0.2).abs() < 1e-3);
    let there = Lab::new("towers").set("task/tower_center", [0.05, -0.1]);
    assert!(there.env.info().fractional_success < 1e-6);
    assert!(
        there.state().goals.iter().all(|g| {
            (g.position[0] - 0.05).abs() < 1e-12 && (g.position[1] + 0.1).abs() < 1e-12
        })
    );
}

#[test]
fn higher_stacks_are_wanted_higher() {
    for family in ["stacked_blocks", "creative_stacked_blocks"] {
        for levels in [3.0, 5.0] {
            let lab = Lab::new(family).set("task/stack_levels", [levels]);
            assert!((top(&lab) - levels * 0.035).abs() < 1e-12, "{family}");
            assert_eq!(lab.env.episode_seconds(), 10.0 * lab.state().blocks.len() as f64);
        }
    }
}

#[test]
fn thicker_blocks_are_stacked_higher() {
    let lab = Lab::new("stacked_blocks").set("task/blocks_min_size", [0.05]);
    assert!((top(&lab) - 5.0 * 0.05).abs() < 1e-12);
    assert!(lab.state().blocks.iter().all(|b| b.size[1..] == [0.05; 2] && b.size[0] >= 0.05));
}

#[test]
fn narrower_levels_are_no_wider_than_asked() {
    for width in [0.05, 0.12] {
        let lab = Lab::new("stacked_blocks").set("task/max_level_width", [width]);
        let goals = &lab.state().goals;
        for level in 0..5 {
            let height = (f64::from(level) + 0.5) * 0.035;
            let of_level = goals.iter().filter(|g| (g.position[2] - height).abs() < 1e-9);
            let sum: f64 = of_level.map(|g| g.size[0]).sum();
            assert!(sum > 0.0 && sum <= width + 1e-12, "level {level}: {sum}");
        }
    }
}

#[test]
fn larger_objects_are_wanted_larger() {
    for size in [0.04, 0.06] {
        let lab = Lab::new("general").set("task/tool_block_size", [size]);
        let state = lab.state();
        assert!(state.blocks.iter().all(|b| b.size == [size; 3]));
        assert!(state.goals.iter().all(|g| g.size == [size; 3] && g.position[2] > 0.49 * size));
    }
}

#[test]
fn obstacles_are_observed_and_in_the_way() {
    let plain = Lab::new("reaching");
    let lab = Lab::new("reaching").set("task/number_of_obstacles", [3.0]);
    assert_eq!(lab.env.observation_len(), plain.env.observation_len() + 3 * 11);
    assert_eq!(lab.env.observation_names().last().unwrap(), "obstacle_2_orientation[3]");
    // A finger does not get to where an obstacle is put.
    let driven = |mut lab: Lab| {
        let mut target = lab.state().robot.target;
        target[1] -= 0.3;
        (0..100).for_each(|_| {
            lab.env.step(&target).unwrap();
        });
        lab.tip(0)
    };
    let free = driven(plain);
    let held = driven(
        Lab::new("reaching")
            .set("task/number_of_obstacles", [1.0])
            .set_all(&[("obstacle_0/cartesian_position", &free), ("obstacle_0/size", &[0.03; 3])]),
    );
    let apart = math::vector(free) - math::vector(held);
    assert!(apart.norm() > 0.015, "{free:?} {held:?}");
}
