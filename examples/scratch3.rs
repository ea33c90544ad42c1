#![allow(missing_docs)]
use std::sync::Arc;
use trifactor::robot::*;
use trifactor::world::*;
fn main() {
    let mut scene = Scene::new();
    for i in 0..5 {
        scene = scene.movable(&format!("b{i}"));
    }
    let mut s = State::new(Arc::new(scene), RobotState::resting(REST));
    for (i, b) in s.blocks.iter_mut().enumerate() {
        b.size = [0.04; 3];
        b.position = [0.0, 0.0, 0.04 * (i as f64 + 0.5)];
    }
    let mut w = World::new(Preset::Accurate.physics(), 3).unwrap();
    println!("{:?}", w.penetrations(&s));
    let mut n = s.clone();
    let c = Command::JointPositions(REST);
    for i in 0..40 {
        w.step(&s, &c, &mut n);
        std::mem::swap(&mut s, &mut n);
        if i < 3 || i % 10 == 0 {
            println!(
                "{i} {:?}",
                s.blocks
                    .iter()
                    .map(|b| (b.position[0] * 1e3, b.position[2] * 1e3, b.angular_velocity[0]))
                    .collect::<Vec<_>>()
            );
            println!("  {:?}", w.contacts().couplings);
        }
    }
}
