#![allow(missing_docs)]
use std::sync::Arc;
use trifactor::robot::*;
use trifactor::world::*;
fn main() {
    // free motion
    let scene = Arc::new(Scene::new());
    let mut w = World::new(Preset::Accurate.physics(), 1).unwrap();
    let mut s = State::new(scene, RobotState::resting(REST));
    let mut n = s.clone();
    let c = Command::JointPositions(every_finger([-0.3, 0.3, -1.0]));
    for i in 1..=50 {
        w.step(&s, &c, &mut n);
        std::mem::swap(&mut s, &mut n);
        if [1, 2, 5, 10, 25, 50].contains(&i) {
            println!(
                "{i} {:?} {:?}",
                &s.robot.joint_positions[..3],
                &s.robot.joint_velocities[..3]
            );
        }
    }
    // tower
    for (n_blocks, size) in [(1usize, 0.065), (5, 0.065), (5, 0.04)] {
        for skip in [3, 10] {
            let mut scene = Scene::new();
            for i in 0..n_blocks {
                scene = scene.movable(&format!("b{i}"));
            }
            let mut s = State::new(Arc::new(scene), RobotState::resting(REST));
            for (i, b) in s.blocks.iter_mut().enumerate() {
                b.size = [size; 3];
                b.position = [0.0, 0.0, size * (i as f64 + 0.5)];
            }
            let mut w = World::new(Preset::Accurate.physics(), skip).unwrap();
            let start = s.clone();
            let mut n = s.clone();
            let c = Command::JointPositions(REST);
            let t = std::time::Instant::now();
            let mut at2 = s.clone();
            let steps = (10.0 / (0.004 * skip as f64)) as usize;
            for i in 0..steps {
                if i == steps / 5 {
                    at2 = s.clone();
                }
                w.step(&s, &c, &mut n);
                std::mem::swap(&mut s, &mut n);
            }
            let us = t.elapsed().as_secs_f64() * 1e6 / steps as f64;
            let drift = s
                .blocks
                .iter()
                .zip(&at2.blocks)
                .map(|(a, b)| {
                    ((a.position[0] - b.position[0]).powi(2)
                        + (a.position[1] - b.position[1]).powi(2))
                    .sqrt()
                })
                .fold(0.0, f64::max);
            let sag = s
                .blocks
                .iter()
                .zip(&start.blocks)
                .map(|(a, b)| b.position[2] - a.position[2])
                .fold(0.0, f64::max);
            println!(
                "blocks {n_blocks} size {size} skip {skip}: drift {:.4} mm sag {:.4} mm  {us:.1} us/step {:.1} us/tick  pen {:?}",
                drift * 1e3,
                sag * 1e3,
                us / skip as f64,
                w.penetrations(&s).first().map(|p| p.depth * 1e3)
            );
        }
    }
}
