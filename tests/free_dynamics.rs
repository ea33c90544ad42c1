//! The fingers in free space: our equations against the reference's roll-outs.

use std::sync::Arc;

use trifactor::State;
use trifactor::math::{self, Triple};
use trifactor::rng::Rng;
use trifactor::robot::dynamics::Dynamics;
use trifactor::robot::kinematics::{link_poses, of_finger};
use trifactor::robot::{
    Command, FINGERS, HEIGHT, JOINTS, Nine, POSITION_GAINS, REST, RobotState, SAFETY_DAMPING,
    VELOCITY_GAINS, controller, description, every_finger,
};

use trifactor::world::{Physics, Preset, Scene, World};

const GRAVITY: Triple = [0.0, 0.0, -9.81];
const TICK: f64 = 0.004;
const DRAG: f64 = 0.5;

/// One row of the roll-outs of facts 1.6: steps taken, joint angles, joint velocities.
type Row = (u32, Triple, Option<Triple>);

/// The roll-outs of facts 1.6 after a reset, from rest at the rest pose, one finger's joints.
fn rollouts() -> Vec<(Command, Vec<Row>)> {
    let torque = |one| Command::JointTorques(every_finger(one));
    vec![
        (
            torque([0.0; 3]),
            vec![
                (1, [-0.000209, 0.784493, -0.783747], Some([-0.052292, -0.226219, 0.412835])),
                (2, [-0.000664, 0.783059, -0.781573], Some([-0.113657, -0.358633, 0.543457])),
                (5, [-0.003426, 0.776749, -0.774948], Some([-0.284312, -0.596057, 0.530751])),
                (10, [-0.011639, 0.761515, -0.766025], Some([-0.481390, -0.858718, 0.393782])),
                (25, [-0.049160, 0.695939, -0.750373], Some([-0.692078, -1.220641, 0.183778])),
                (50, [-0.117602, 0.572038, -0.735353], Some([-0.644873, -1.189125, 0.152114])),
            ],
        ),
        (
            torque([0.1, -0.1, 0.05]),
            vec![
                (1, [0.000521, 0.782875, -0.779447], Some([0.130374, -0.630805, 1.487784])),
                (5, [0.004491, 0.763955, -0.745808], Some([0.287721, -1.379501, 2.113396])),
                (25, [0.030147, 0.606056, -0.610861], Some([0.287662, -2.245195, 1.451510])),
                (50, [0.052831, 0.383297, -0.475278], Some([0.183557, -2.122390, 1.316445])),
            ],
        ),
        (
            Command::JointPositions(REST),
            vec![
                (1, [-0.000209, 0.784493, -0.783747], Some([-0.052292, -0.226219, 0.412835])),
                (5, [-0.003179, 0.781620, -0.784706], Some([-0.217318, -0.208293, -0.125547])),
                (25, [-0.007316, 0.773244, -0.785423], Some([0.027967, -0.012831, 0.004528])),
                (100, [-0.007091, 0.772952, -0.785345], None),
                (250, [-0.007091, 0.772952, -0.785345], None),
            ],
        ),
        (
            Command::JointPositions(every_finger([-0.3, 0.3, -1.0])),
            vec![
                (1, [-0.002369, 0.787252, -0.798476], Some([-0.592283, 0.463532, -3.269489])),
                (2, [-0.006591, 0.788975, -0.817447], Some([-1.055359, 0.430747, -4.742719])),
                (5, [-0.027691, 0.786235, -0.884712], Some([-2.063874, -0.625606, -5.789604])),
                (10, [-0.082478, 0.749977, -0.998832], Some([-3.038633, -2.927058, -4.112762])),
                (25, [-0.290566, 0.466598, -0.993438], Some([-2.866159, -5.000630, 0.061664])),
                (50, [-0.294908, 0.300682, -0.998131], Some([0.038095, -0.119329, 0.023824])),
                (250, [-0.300854, 0.297601, -0.997386], None),
            ],
        ),
    ]
}

fn masses(robot: &RobotState, finger: usize) -> [f64; 4] {
    [0, 1, 2, 3].map(|link| robot.links[4 * finger + link].mass)
}

/// One tick of the recipe of facts 1.6: torque, then semi-implicit Euler.
fn tick(robot: &mut RobotState, command: &Command) {
    let torques = controller::torques(robot, command);
    integrate(robot, &torques, TICK);
}

fn integrate(robot: &mut RobotState, torques: &Nine, dt: f64) {
    for finger in 0..FINGERS {
        let q = of_finger(&robot.joint_positions, finger);
        let v = of_finger(&robot.joint_velocities, finger);
        let dynamics = Dynamics::of(finger, q, v, masses(robot, finger), GRAVITY, DRAG);
        let acceleration = dynamics.acceleration(math::vector(of_finger(torques, finger)));
        for joint in 0..3 {
            let index = 3 * finger + joint;
            robot.joint_velocities[index] += dt * acceleration[joint];
            robot.joint_positions[index] += dt * robot.joint_velocities[index];
        }
    }
}

fn largest_difference(values: &Nine, one: Triple) -> f64 {
    values.iter().zip(every_finger(one)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn the_equations_reproduce_every_row_of_the_reference_rollouts() {
    for (command, rows) in rollouts() {
        let mut robot = RobotState::resting(REST);
        let mut taken = 0;
        for (step, positions, velocities) in rows {
            while taken < step {
                tick(&mut robot, &command);
                taken += 1;
            }
            let error = largest_difference(&robot.joint_positions, positions);
            assert!(error < 1e-5, "{command:?} step {step}: {error} rad");
            if let Some(velocities) = velocities {
                let error = largest_difference(&robot.joint_velocities, velocities);
                assert!(error < 1e-4, "{command:?} step {step}: {error} rad/s");
            }
        }
    }
}

/// The finger's parts in the world: mass, centre, orientation of the principal axes, moments.
fn parts(finger: usize, q: Triple, masses: [f64; 4]) -> Vec<(f64, Triple, nalgebra::Matrix3<f64>)> {
    let description = &description().fingers[finger];
    let poses = link_poses(finger, q, HEIGHT);
    let mut bodies: Vec<_> = (1..4)
        .map(|i| (&description.links[i], poses[i], [0.0; 3], masses[i] / description.links[i].mass))
        .collect();
    bodies.push((&description.tip, poses[3], description.tip_position, 1.0));
    bodies
        .into_iter()
        .map(|(link, (position, orientation), offset, scale)| {
            let rotation = math::rotation(orientation);
            let com = math::vector(link.com) + math::vector(offset);
            let frame = rotation * math::rotation(link.inertia_frame);
            let frame = frame.to_rotation_matrix();
            let principal = nalgebra::Matrix3::from_diagonal(&math::vector(link.inertia)) * scale;
            let inertia = frame.matrix() * principal * frame.matrix().transpose();
            let centre = math::vector(position) + rotation * com;
            (link.mass * scale, math::triple(centre), inertia)
        })
        .collect()
}

/// Kinetic and potential energy by finite differences of the URDF's chain: no equation shared.
fn energy(finger: usize, q: Triple, v: Triple, masses: [f64; 4], gravity: Triple) -> (f64, f64) {
    let h = 1e-6;
    let at = |s: f64| [0, 1, 2].map(|j| q[j] + s * v[j]);
    let (before, now, after) =
        (parts(finger, at(-h), masses), parts(finger, q, masses), parts(finger, at(h), masses));
    let poses = [link_poses(finger, at(-h), HEIGHT), link_poses(finger, at(h), HEIGHT)];
    let mut energies = (0.0, 0.0);
    for (part, (mass, centre, inertia)) in now.iter().enumerate() {
        let velocity = (math::vector(after[part].1) - math::vector(before[part].1)) / (2.0 * h);
        let link = (part + 1).min(3);
        let turn = math::rotation(poses[1][link].1) * math::rotation(poses[0][link].1).inverse();
        let spin = math::vector(math::to_rotation_vector(math::quat(turn))) / (2.0 * h);
        energies.0 += 0.5 * mass * velocity.norm_squared() + 0.5 * spin.dot(&(inertia * spin));
        energies.1 -= mass * math::vector(gravity).dot(&math::vector(*centre));
    }
    energies
}

fn random(rng: &mut Rng, bound: f64) -> Triple {
    [0, 1, 2].map(|_| rng.uniform(-bound, bound))
}

#[test]
fn the_equations_are_those_of_the_parts_in_the_world() {
    let seed = 21;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "dynamics/energy");
    for case in 0..600 {
        let finger = case % FINGERS;
        let (q, v, gravity) =
            (random(&mut rng, 1.5), random(&mut rng, 3.0), random(&mut rng, 10.0));
        let masses =
            [1.0, rng.uniform(0.015, 0.3), rng.uniform(0.015, 0.3), rng.uniform(0.01, 0.1)];
        let dynamics = Dynamics::of(finger, q, v, masses, gravity, 0.0);
        let velocity = math::vector(v);
        let (kinetic, _) = energy(finger, q, v, masses, gravity);
        let found = 0.5 * velocity.dot(&(dynamics.mass_matrix * velocity));
        assert!((found - kinetic).abs() < 1e-7 * (1.0 + kinetic), "{found} {kinetic}");
        // Lagrange: gravity is minus the potential's gradient, and the Coriolis torques are
        // d/dt (M v) at constant v, less the gradient of the kinetic energy.
        let h = 1e-4;
        for joint in 0..3 {
            let moved = |s: f64| {
                let mut q = q;
                q[joint] += s;
                q
            };
            let along = |s: f64| [0, 1, 2].map(|j| q[j] + s * v[j]);
            let mass = |q| Dynamics::of(finger, q, v, masses, gravity, 0.0).mass_matrix;
            let potential = |s| energy(finger, moved(s), v, masses, gravity).1;
            let force = -(potential(h) - potential(-h)) / (2.0 * h);
            assert!((dynamics.gravity[joint] - force).abs() < 1e-6);
            let momentum_rate = ((mass(along(h)) - mass(along(-h))) * velocity)[joint] / (2.0 * h);
            let gradient =
                0.5 * velocity.dot(&((mass(moved(h)) - mass(moved(-h))) * velocity)) / (2.0 * h);
            assert!((dynamics.coriolis[joint] - (momentum_rate - gradient)).abs() < 1e-6);
        }
    }
}

#[test]
fn drag_takes_the_power_that_its_formula_says() {
    let seed = 22;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "dynamics/drag");
    let robot = RobotState::resting([0.0; JOINTS]);
    for case in 0..300 {
        let finger = case % FINGERS;
        let (q, v) = (random(&mut rng, 1.5), random(&mut rng, 3.0));
        let masses = masses(&robot, finger);
        let found = Dynamics::of(finger, q, v, masses, GRAVITY, DRAG).drag.dot(&math::vector(v));
        // Power of the forces and torques of every part, by finite differences of the chain.
        let h = 1e-6;
        let at = |s: f64| [0, 1, 2].map(|j| q[j] + s * v[j]);
        let (before, after) = (parts(finger, at(-h), masses), parts(finger, at(h), masses));
        let poses = [link_poses(finger, at(-h), HEIGHT), link_poses(finger, at(h), HEIGHT)];
        let mut expected = 0.0;
        for (part, (mass, _, inertia)) in parts(finger, q, masses).iter().enumerate() {
            let velocity = (math::vector(after[part].1) - math::vector(before[part].1)) / (2.0 * h);
            let link = (part + 1).min(3);
            let turn =
                math::rotation(poses[1][link].1) * math::rotation(poses[0][link].1).inverse();
            let spin = math::vector(math::to_rotation_vector(math::quat(turn))) / (2.0 * h);
            expected -= mass * velocity.norm_squared() * DRAG * (1.0 + velocity.norm());
            expected -= spin.dot(&(inertia * spin)) * DRAG * (1.0 + spin.norm());
        }
        assert!((found - expected).abs() < 1e-7 * (1.0 + expected.abs()), "{found} {expected}");
    }
}

fn world_and_state(substeps: u32) -> (World, State) {
    let physics = Physics { substeps, ..Preset::Accurate.physics() };
    let state = State::new(Arc::new(Scene::new()), RobotState::resting(REST));
    (World::new(physics, 1).unwrap(), state)
}

#[test]
fn the_worlds_fingers_reproduce_every_row_of_the_reference_rollouts() {
    for (command, rows) in rollouts() {
        let (mut world, mut state) = world_and_state(1);
        let mut next = state.clone();
        let mut taken = 0;
        for (step, positions, velocities) in rows {
            while taken < step {
                world.step(&state, &command, &mut next);
                std::mem::swap(&mut state, &mut next);
                taken += 1;
            }
            let error = largest_difference(&state.robot.joint_positions, positions);
            assert!(error < 1e-5, "{command:?} step {step}: {error} rad");
            if let Some(velocities) = velocities {
                let error = largest_difference(&state.robot.joint_velocities, velocities);
                assert!(error < 1e-4, "{command:?} step {step}: {error} rad/s");
            }
        }
    }
}

#[test]
fn the_worlds_fingers_accelerate_as_the_equations_say() {
    let seed = 23;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "dynamics/world");
    let (mut world, mut state) = world_and_state(1);
    let mut next = state.clone();
    let (mut free, mut off) = (0, 0);
    for case in 0..1_200 {
        // Other masses in every third case: the engine must know them as the equations do.
        if case % 3 == 0 {
            for link in &mut state.robot.links {
                link.mass = rng.uniform(0.015, 0.1);
            }
        }
        state.robot.joint_positions = REST.map(|q| q + rng.uniform(-0.2, 0.2));
        state.robot.joint_velocities = [0.0; JOINTS].map(|_| rng.uniform(-10.0, 10.0));
        let command = Command::JointTorques([0.0; JOINTS].map(|_| rng.uniform(-0.36, 0.36)));
        world.step(&state, &command, &mut next);
        if world.contacts().couplings.iter().any(|c| c.impulse > 0.0) {
            continue;
        }
        free += 1;
        let mut robot = state.robot;
        tick(&mut robot, &command);
        let (found, expected) = (next.robot.joint_velocities, robot.joint_velocities);
        for (found, expected) in found.iter().zip(expected) {
            let error = (found - expected).abs();
            assert!(error < 0.2, "case {case}: {found} != {expected}");
            off += u32::from(error > 1e-9);
        }
    }
    assert!(free > 1_000, "only {free} cases without contact");
    // Where the engine's energy check stands in the way, its own error stays.
    assert!(off <= JOINTS as u32 * free / 1_000, "{off} of {free} times nine");
}

#[test]
fn smaller_substeps_approach_the_fine_integration() {
    let command = Command::JointPositions(every_finger([-0.3, 0.3, -1.0]));
    // Along the whole way, as the end is the same posture for every integration.
    for (substeps, bound) in [(1, 1.4e-2), (2, 7e-3), (4, 3.8e-3)] {
        let (mut world, mut state) = world_and_state(substeps);
        let mut next = state.clone();
        let mut fine = RobotState::resting(REST);
        let mut error: f64 = 0.0;
        for _ in 0..125 {
            world.step(&state, &command, &mut next);
            std::mem::swap(&mut state, &mut next);
            let torques = controller::torques(&fine, &command);
            for _ in 0..80 {
                integrate(&mut fine, &torques, TICK / 80.0);
            }
            for joint in 0..JOINTS {
                let difference = state.robot.joint_positions[joint] - fine.joint_positions[joint];
                error = error.max(difference.abs());
            }
        }
        println!("substeps {substeps}: {error:e}");
        assert!(error <= bound, "{substeps} substeps: {error} rad");
    }
}

#[test]
fn joint_damping_of_any_size_acts_at_the_velocity_after_the_step() {
    let seed = 24;
    println!("seed {seed}");
    let mut rng = Rng::stream(seed, 0, "dynamics/damping");
    let (mut world, mut state) = world_and_state(1);
    let mut next = state.clone();
    for damping in [0.001, 0.1, 10.0] {
        state.robot.joint_damping = damping;
        for _ in 0..100 {
            let q = [0, 1, 2].map(|j| REST[j] + rng.uniform(-0.1, 0.1));
            let v = random(&mut rng, 2.0);
            state.robot.joint_positions = every_finger(q);
            state.robot.joint_velocities = every_finger(v);
            let command = Command::JointTorques(every_finger([0.1, -0.1, 0.05]));
            let torques = controller::torques(&state.robot, &command);
            world.step(&state, &command, &mut next);
            for finger in 0..FINGERS {
                let masses = masses(&state.robot, finger);
                let dynamics = Dynamics::of(finger, q, v, masses, GRAVITY, DRAG);
                let before = math::vector(v);
                let after = math::vector(of_finger(&next.robot.joint_velocities, finger));
                let forces =
                    math::vector(of_finger(&torques, finger)) + dynamics.gravity + dynamics.drag
                        - dynamics.coriolis
                        - damping * after;
                let inertial = dynamics.mass_matrix * (after - before) / TICK;
                assert!((inertial - forces).norm() < 1e-10, "{damping}: {inertial} {forces}");
            }
        }
    }
}

/// Whether a finger's sampled controller is stable at a pose, and by how much to either side.
///
/// A torque −D q̇ − K q that is held for a tick h is stable where 4 M − 2 h D − h² K is positive
/// definite, M the mass matrix: with one joint, where h D / M + h² K / (2 M) < 2.
fn holds_the_gains(robot: &RobotState, finger: usize, factor: f64) -> bool {
    let joints = of_finger(&robot.joint_positions, finger);
    let masses = [0, 1, 2, 3].map(|link| robot.links[4 * finger + link].mass);
    let matrix = Dynamics::of(finger, joints, [0.0; 3], masses, GRAVITY, DRAG).mass_matrix;
    let mut margin = matrix * (4.0 * factor);
    for joint in 0..3 {
        let damping = VELOCITY_GAINS[joint] * robot.velocity_gain_factor + SAFETY_DAMPING[joint];
        let stiffness = POSITION_GAINS[joint] * robot.position_gain_factor;
        margin[(joint, joint)] -= 2.0 * TICK * damping + TICK * TICK * stiffness;
    }
    margin.cholesky().is_some()
}

#[test]
fn a_finger_holds_still_where_its_inertia_holds_the_gains_and_chatters_where_it_does_not() {
    for physics in [Preset::Accurate, Preset::Reference].map(Preset::physics) {
        let mut seen = [0; 2];
        for gain in [1.0, 0.15] {
            for mass in [0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1] {
                let mut robot = RobotState::resting(REST);
                robot.velocity_gain_factor = gain;
                for (_, link) in robot.links.iter_mut().enumerate().filter(|(i, _)| i % 4 != 0) {
                    link.mass = mass;
                }
                // The pose sags a little under the weight: 5 % either way decide nothing.
                let still = holds_the_gains(&robot, 0, 0.95);
                if !still && holds_the_gains(&robot, 0, 1.05) {
                    continue;
                }
                let mut state = State::new(Arc::new(Scene::new()), robot);
                let mut next = state.clone();
                let mut world = World::new(physics, 3).expect("a preset");
                let mut fastest = 0.0_f64;
                for step in 0..250 {
                    world.step(&state, &Command::JointPositions(REST), &mut next);
                    std::mem::swap(&mut state, &mut next);
                    if step >= 200 {
                        let rates = state.robot.joint_velocities[..3].iter();
                        fastest = rates.fold(fastest, |fastest, rate| fastest.max(rate.abs()));
                    }
                }
                println!("{mass} kg, gain {gain}: still {still}, {fastest:.6} rad/s");
                match still {
                    true => assert!(fastest < 1e-2, "{mass} kg, gain {gain}: {fastest} rad/s"),
                    false => assert!(fastest > 0.1, "{mass} kg, gain {gain}: {fastest} rad/s"),
                }
                seen[usize::from(still)] += 1;
            }
        }
        assert!(seen.iter().all(|&count| count >= 3), "{seen:?} chatter and hold still");
    }
}
