#![allow(missing_docs)]
use std::sync::Arc;
use trifactor::robot::*;
use trifactor::world::*;
fn main() {
    let skip: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let steps: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let contact = std::env::args().nth(3).is_some();
    let mut s = State::new(Arc::new(Scene::new().movable("b")), RobotState::resting(REST));
    s.blocks[0].mass = 0.02;
    let mut p = Preset::Accurate.physics();
    if let Some(x) = std::env::args().nth(4) {
        p.prediction_distance = x.parse().unwrap();
    }
    if let Some(x) = std::env::args().nth(5) {
        p.first_passes = x.parse().unwrap();
    }
    let mut w = World::new(p, skip).unwrap();
    let mut n = s.clone();
    // squeeze: tips towards the block from three sides, wiggling
    let t = std::time::Instant::now();
    let mut touched = 0;
    for i in 0..steps {
        let phase = (i as f64 * 0.2).sin() * 0.1;
        let mut q = REST;
        if contact {
            for f in 0..3 {
                q[3 * f] = phase * (f as f64 - 1.0);
                q[3 * f + 1] = 0.35;
                q[3 * f + 2] = -1.45 + phase;
            }
        }
        w.step(&s, &Command::JointPositions(q), &mut n);
        std::mem::swap(&mut s, &mut n);
        touched += w.contacts().finger_on_block() as usize;
    }
    println!(
        "{:.1} us/step touched {}/{steps} {:?}",
        t.elapsed().as_secs_f64() * 1e6 / steps as f64,
        touched,
        s.blocks[0].position
    );
}
