//! Experiments on the robot: its pose, its links, its controller, its sensors.

use trifactor::math::{self, Triple};
use trifactor::robot::{
    ActionMode, FINGER_NAMES, LINKS_PER_FINGER, Nine, RobotState, description, kinematics,
};

use super::Experiment;
use super::lab::{Lab, about};
use crate::contact::{motion, reach};

pub(super) const EXPERIMENTS: [Experiment; 17] = [
    ("robot/joint_positions", fingers_put_elsewhere_stay_there),
    ("robot/control_index", the_control_index_counts_steps_and_can_not_be_set),
    ("robot/joint_velocities", joints_move_on_with_the_velocity_they_are_given),
    ("robot/height", a_higher_robot_has_higher_tips),
    ("robot/friction", a_rougher_tip_on_a_block_stops_it_sooner),
    ("robot/restitution", a_more_elastic_finger_throws_a_block_back_faster),
    ("robot/joint_damping", more_joint_damping_slows_a_swinging_finger),
    ("robot/position_gain_factor", stiffer_gains_track_faster_and_sag_less),
    ("robot/velocity_gain_factor", larger_velocity_gains_move_off_slower),
    ("robot/torque_limit", torques_saturate_at_the_limit),
    ("robot/action_delay", a_longer_delay_lags_by_as_many_steps),
    ("robot/action_smoothing", smoothing_averages_the_last_actions),
    ("robot/joint_position_noise", more_noise_spreads_what_is_observed_and_moves_nothing),
    ("link/mass", a_heavier_link_sags_more_or_turns_slower),
    ("link/color", the_colour_of_a_link_is_read),
    ("finger_base/mass", the_mass_of_a_bolted_base_moves_nothing),
    ("finger_base/color", the_colour_of_a_link_is_read),
];

fn joints(lab: &Lab) -> Nine {
    lab.state().robot.joint_positions
}

/// The links with these numbers, of every finger: finger, number, name.
fn links(numbers: std::ops::Range<usize>) -> Vec<(usize, usize, String)> {
    let of_finger = |(finger, name): (usize, &&str)| {
        let link = |number| (finger, number, format!("robot_finger_{name}_link_{number}"));
        numbers.clone().map(link).collect::<Vec<_>>()
    };
    FINGER_NAMES.iter().enumerate().flat_map(of_finger).collect()
}

#[test]
fn fingers_put_elsewhere_stay_there() {
    let pose = [0.1, 0.4, -1.0, -0.1, 0.6, -0.8, 0.2, 0.5, -0.9];
    let lab = Lab::new("reaching").set("robot/joint_positions", pose);
    let tips = kinematics::tips(&pose, lab.state().robot.height);
    assert_eq!(lab.env.info().achieved_goal, tips);
    // The controller makes up for no weight: a sag of the order of 0.01 rad (facts 1.6).
    let lab = lab.wait(1.0);
    assert!(joints(&lab).iter().zip(pose).all(|(q, wanted)| (q - wanted).abs() < 0.03));
}

#[test]
fn the_control_index_counts_steps_and_can_not_be_set() {
    let mut lab = Lab::new("reaching");
    lab.can_only_be_read("robot/control_index", -1.0);
    let mut lab = lab.wait(0.02);
    lab.can_only_be_read("robot/control_index", 4.0);
}

#[test]
fn joints_move_on_with_the_velocity_they_are_given() {
    let after = |velocity: f64| {
        let lab = Lab::with("reaching", ActionMode::JointTorques)
            .set("robot/joint_velocities", [velocity; 9]);
        joints(&lab.wait(0.004))
    };
    let (there, back) = (after(1.0), after(-1.0));
    for (a, b) in there.iter().zip(back) {
        // A tick of 4 ms each way, less what drag and damping take.
        let apart = a - b;
        assert!(apart > 0.25 * 0.008 && apart < 0.0081, "{apart}");
    }
}

#[test]
fn a_higher_robot_has_higher_tips() {
    let tip = |height: f64| Lab::new("reaching").set("robot/height", [height]).tip(1);
    let low = Lab::new("reaching").set("robot/height", [0.32]);
    assert!((tip(0.38)[2] - tip(0.32)[2] - 0.06).abs() < 1e-12);
    assert!((low.observed("end_effector_positions")[5] - tip(0.32)[2]).abs() < 1e-12);
    // Driven down as far as they go, the tips of a low robot touch the floor: those of a high one
    // can not.
    let lowest = |height: f64| {
        let mut lab = Lab::new("reaching").set("robot/height", [height]);
        let target = [0.0; 9];
        (0..250).for_each(|_| {
            lab.env.step(&target).unwrap();
        });
        lab.tip(0)[2]
    };
    let (touching, free) = (lowest(0.32), lowest(0.38));
    assert!((touching - 0.0105).abs() < 0.003, "the tip's radius: {touching}");
    assert!(free > 0.04, "{free}");
}

/// The angles at which the tip of finger 60 is at that point, the others as they are.
fn reaching(robot: &RobotState, target: Triple) -> Nine {
    let mut robot = *robot;
    reach(&mut robot, 0, target);
    robot.joint_positions
}

#[test]
fn a_rougher_tip_on_a_block_stops_it_sooner() {
    // A tip presses from above on a block that slides along a floor without friction.
    let far = |friction: f64| {
        let mut lab = Lab::new("pushing")
            .set("tool_block/cartesian_position", [0.0, 0.08, 0.0325])
            .set("floor/friction", [0.0]);
        let above = reaching(&lab.state().robot, [0.0, 0.08, 0.065 + 0.0115]);
        let pressed = reaching(&lab.state().robot, [0.0, 0.08, 0.045]);
        lab = lab.set("robot/joint_positions", above).set("robot/friction", [friction]);
        for _ in 0..25 {
            lab.env.step(&pressed).unwrap();
        }
        let start = lab.block("tool_block").position[0];
        lab = lab.set("tool_block/linear_velocity", [0.25, 0.0, 0.0]);
        for _ in 0..25 {
            lab.env.step(&pressed).unwrap();
        }
        lab.block("tool_block").position[0] - start
    };
    let (smooth, rough) = (far(0.0), far(1.0));
    assert!(smooth > 0.015, "nothing holds it: {smooth}");
    assert!(rough < 0.7 * smooth, "{smooth} {rough}");
}

#[test]
fn a_more_elastic_finger_throws_a_block_back_faster() {
    let back = |restitution: f64| {
        let lab = Lab::new("pushing")
            .set("tool_block/cartesian_position", [0.0, 0.0, 0.0325])
            .set_all(&[("tool_block/friction", &[0.0]), ("tool_block/restitution", &[1.0])])
            // Far lighter than a finger, so that it is the block that turns round.
            .set("tool_block/mass", [0.005]);
        // The tip stands in the block's way along y.
        let pose = reaching(&lab.state().robot, [0.0, 0.07, 0.0325]);
        let lab = lab
            .set("robot/joint_positions", pose)
            .set("robot/restitution", [restitution])
            .set("tool_block/linear_velocity", [0.0, 0.6, 0.0]);
        -lab.wait(0.06).block("tool_block").linear_velocity[1]
    };
    let (none, more) = (back(0.0), back(1.0));
    assert!(more > none + 0.2, "{none} {more}");
}

#[test]
fn more_joint_damping_slows_a_swinging_finger() {
    let swung = |damping: f64| {
        let lab = Lab::with("reaching", ActionMode::JointTorques)
            .set("world/gravity", [0.0; 3])
            .set("robot/joint_damping", [damping])
            .set("robot/joint_velocities", [2.0, 0.0, 0.0].repeat(3));
        let start = joints(&lab)[0];
        joints(&lab.wait(0.2))[0] - start
    };
    let [none, some, more] = [0.0, 0.02, 0.05].map(swung);
    assert!(some > 0.0 && some < 0.95 * none && more < 0.95 * some, "{none} {some} {more}");
}

/// What becomes of the joints within a time, when all targets are moved by a step.
fn step_response(path: &str, value: f64, step: f64, seconds: f64) -> Lab {
    let mut lab = Lab::new("reaching").set("world/gravity", [0.0; 3]).set(path, [value]);
    let target = joints(&lab).map(|q| q + step);
    for _ in 0..(seconds / lab.env.dt()).round() as u64 {
        lab.env.step(&target).unwrap();
    }
    lab
}

#[test]
fn stiffer_gains_track_faster_and_sag_less() {
    // A step small enough for no torque to saturate.
    let start = joints(&Lab::new("reaching"))[0];
    let moved = |factor| {
        let lab = step_response("robot/position_gain_factor", factor, 0.02, 0.04);
        joints(&lab)[0] - start
    };
    assert!(moved(0.8) > 0.0 && moved(1.3) > 1.2 * moved(0.8), "{} {}", moved(0.8), moved(1.3));
    let sag = |factor: f64| {
        let lab = Lab::new("reaching").set("robot/position_gain_factor", [factor]).wait(2.0);
        (joints(&lab)[1] - lab.state().robot.target[1]).abs()
    };
    about(sag(0.8) / sag(1.3), 1.3 / 0.8, 0.1);
}

#[test]
fn larger_velocity_gains_move_off_slower() {
    let start = joints(&Lab::new("reaching"))[1];
    let moved = |factor| {
        let lab = step_response("robot/velocity_gain_factor", factor, 0.02, 0.04);
        joints(&lab)[1] - start
    };
    let [small, medium, large] = [0.8, 1.1, 1.3].map(moved);
    assert!(
        large > 0.0 && medium < 0.98 * small && large < 0.98 * medium,
        "{small} {medium} {large}"
    );
}

#[test]
fn torques_saturate_at_the_limit() {
    for limit in [0.3, 0.4, 0.5] {
        let lab = step_response("robot/torque_limit", limit, 0.2, 0.004);
        assert!(lab.state().robot.torques.iter().all(|t| *t == limit), "{:?}", lab.state().robot);
        assert_eq!(lab.observed("joint_torques"), [limit; 9]);
    }
    let moved = |limit| joints(&step_response("robot/torque_limit", limit, 0.4, 0.04))[0];
    assert!(moved(0.5) > moved(0.4) && moved(0.4) > moved(0.3));
}

/// The targets in force at each of the steps of a rising command.
fn targets(path: &str, value: f64) -> Vec<f64> {
    let mut lab = Lab::new("reaching").set(path, [value]);
    let start = lab.state().robot.target;
    let step = |k: usize| {
        lab.env.step(&start.map(|q| q + 0.01 * (k + 1) as f64)).unwrap();
        lab.state().robot.target[4] - start[4]
    };
    (0..10).map(step).collect()
}

#[test]
fn a_longer_delay_lags_by_as_many_steps() {
    let now = targets("robot/action_delay", 0.0);
    for delay in [1, 2, 4] {
        let late = targets("robot/action_delay", delay as f64);
        assert_eq!(late[delay..], now[..now.len() - delay]);
        // Until then the first action, the only one that there is, holds.
        assert!(late[..delay].iter().all(|target| *target == now[0]));
    }
    // And so do the joints.
    let moved = |delay: f64| {
        let mut lab = Lab::new("reaching").set("robot/action_delay", [delay]);
        let start = joints(&lab);
        for step in [0.0, 0.2, 0.2, 0.2, 0.2] {
            lab.env.step(&start.map(|q| q + step)).unwrap();
        }
        joints(&lab)[0] - start[0]
    };
    assert!(moved(0.0) > moved(2.0) + 1e-3 && moved(2.0) > moved(4.0), "{}", moved(2.0));
}

#[test]
fn smoothing_averages_the_last_actions() {
    let plain = targets("robot/action_smoothing", 1.0);
    for window in [2, 4] {
        let smooth = targets("robot/action_smoothing", window as f64);
        for k in window - 1..plain.len() {
            let mean = plain[k + 1 - window..=k].iter().sum::<f64>() / window as f64;
            assert!((smooth[k] - mean).abs() < 1e-12, "{k}: {} {mean}", smooth[k]);
        }
    }
}

#[test]
fn more_noise_spreads_what_is_observed_and_moves_nothing() {
    const STEPS: usize = 400;
    let mut calm = Lab::new("reaching");
    calm.watch(0.2, |_| {});
    for deviation in [0.005, 0.02] {
        let mut lab = Lab::new("reaching").set("robot/joint_position_noise", [deviation]);
        let hold = lab.state().robot.target;
        let mut sum = 0.0;
        for step in 0..STEPS {
            lab.env.step(&hold).unwrap();
            let seen = lab.observed("joint_positions");
            let errors = seen.iter().zip(joints(&lab)).map(|(seen, q)| seen - q);
            sum += errors.map(|error| error * error).sum::<f64>();
            if step + 1 == 50 {
                assert_eq!(motion(lab.state()), motion(calm.state()), "noise is in the eye alone");
            }
        }
        // Four standard errors of a variance of 3600 normal numbers.
        let count = (9 * STEPS) as f64;
        about(sum / count, deviation * deviation, 4.0 * (2.0 / count).sqrt());
    }
}

#[test]
fn a_heavier_link_sags_more_or_turns_slower() {
    for (finger, link, name) in links(2..LINKS_PER_FINGER) {
        // Whatever else bends, the centre of what has become heavier comes lower. Links much
        // lighter than these chatter: the controller's damping, held for a tick of 4 ms, is too
        // much for them.
        let low = |mass: f64| {
            let lab = Lab::new("reaching").set(&format!("{name}/mass"), [mass]).wait(1.0);
            let robot = &lab.state().robot;
            let angles = kinematics::of_finger(&robot.joint_positions, finger);
            let (origin, turn) = kinematics::link_poses(finger, angles, robot.height)[link];
            let center = description().fingers[finger].links[link].com;
            (math::vector(origin) + math::rotation(turn) * math::vector(center)).z
        };
        let (light, heavy) = (low(0.1), low(0.2));
        assert!(heavy < light - 1e-4, "{name}: {light} {heavy}");
    }
    // The upper link's centre lies on the one axis that it turns about (facts 1.2, 1.3): it can
    // not sag, but is harder to turn.
    for (finger, _, name) in links(1..2) {
        let turned = |mass: f64| {
            let mut lab = Lab::with("reaching", ActionMode::JointTorques)
                .set("world/gravity", [0.0; 3])
                .set(&format!("{name}/mass"), [mass]);
            (0..10).for_each(|_| {
                lab.env.step(&[0.05, 0.0, 0.0].repeat(3)).unwrap();
            });
            joints(&lab)[3 * finger]
        };
        let (light, heavy) = (turned(0.02), turned(0.5));
        assert!(heavy > 0.0 && heavy < 0.95 * light, "{name}: {light} {heavy}");
    }
}

#[test]
fn the_mass_of_a_bolted_base_moves_nothing() {
    // It hangs from the frame, as in the reference (facts 1.2: irrelevant): the one variable
    // whose expected effect is none, on anything but what is read of it.
    let plain = Lab::new("reaching").wait(0.1);
    for (_, _, name) in links(0..1) {
        let path = format!("{name}/mass");
        let lab = Lab::new("reaching").set(&path, [0.1]).wait(0.1);
        assert_eq!(motion(lab.state()), motion(plain.state()));
        assert_eq!(lab.read(&path), [0.1]);
    }
}

#[test]
fn the_colour_of_a_link_is_read() {
    for (_, _, name) in links(0..LINKS_PER_FINGER) {
        let path = format!("{name}/color");
        let lab = Lab::new("reaching").set(&path, [0.1, 0.9, 0.4]).wait(0.02);
        assert_eq!(lab.read(&path), [0.1, 0.9, 0.4]);
    }
}
