#![allow(missing_docs)]
use std::sync::Arc;
use trifactor::robot::*;
use trifactor::world::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let j: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&args[1]).unwrap()).unwrap();
    let rounds: usize = args[2].parse().unwrap();
    let mut p = Preset::Accurate.physics();
    for a in &args[3..] {
        let (k, v) = a.split_once('=').unwrap();
        let mut m = serde_json::to_value(p).unwrap();
        m[k] = serde_json::from_str(v).unwrap();
        p = serde_json::from_value(m).unwrap();
    }
    let episodes: Vec<Vec<Vec<f64>>> = serde_json::from_value(j["episodes"].clone()).unwrap();
    let mut start = State::new(Arc::new(Scene::new().movable("b")), RobotState::resting(REST));
    start.blocks[0].mass = 0.02;
    start.blocks[0].position = [0.0, -0.08, 0.0325];
    let mut w = World::new(p, 3).unwrap();
    let (mut n, mut s) = (start.clone(), start.clone());
    let low = [-1.57, -1.2, -3.0];
    let high = [1.0, 1.57, 3.0];
    let (mut touched, mut steps) = (0, 0);
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let t = std::time::Instant::now();
        let mut k = 0;
        for e in &episodes {
            s.clone_from(&start);
            for a in e {
                let q: Nine = std::array::from_fn(|i| {
                    low[i % 3] + (a[i].clamp(-1.0, 1.0) + 1.0) / 2.0 * (high[i % 3] - low[i % 3])
                });
                w.step(&s, &Command::JointPositions(q), &mut n);
                std::mem::swap(&mut s, &mut n);
                touched += w.contacts().finger_on_block() as usize;
                steps += 1;
                k += 1;
            }
        }
        best = best.min(t.elapsed().as_secs_f64() * 1e6 / k as f64);
    }
    println!(
        "best {best:.1} us/step contact {:.2} {:?}",
        touched as f64 / steps as f64,
        s.blocks[0].position
    );
}
