#![allow(missing_docs)]
use std::sync::Arc;
use trifactor::robot::*;
use trifactor::world::*;
fn tower(p: Physics, skip: u32, sizes: &[f64], masses: &[f64], secs: f64) -> (f64, f64, f64) {
    let mut scene = Scene::new();
    for i in 0..sizes.len() {
        scene = scene.movable(&format!("b{i}"));
    }
    let mut s = State::new(Arc::new(scene), RobotState::resting(REST));
    let mut z = 0.0;
    for (i, b) in s.blocks.iter_mut().enumerate() {
        b.size = [sizes[i]; 3];
        b.mass = masses[i];
        b.position = [0.0, 0.0, z + 0.5 * sizes[i]];
        z += sizes[i];
    }
    let mut w = World::new(p, skip).unwrap();
    let start = s.clone();
    let mut n = s.clone();
    let c = Command::JointPositions(REST);
    let t = std::time::Instant::now();
    let mut at2 = s.clone();
    let steps = (secs / (0.004 * skip as f64)) as usize;
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
            ((a.position[0] - b.position[0]).powi(2) + (a.position[1] - b.position[1]).powi(2))
                .sqrt()
        })
        .fold(0.0, f64::max);
    let sag = s
        .blocks
        .iter()
        .zip(&start.blocks)
        .map(|(a, b)| b.position[2] - a.position[2])
        .fold(0.0, f64::max);
    (drift * 1e3, sag * 1e3, us)
}
fn main() {
    let base = Preset::Accurate.physics();
    let a = std::env::args().nth(1).unwrap_or_default();
    for skip in [3u32, 10] {
        for (name, p) in [
            ("96", base),
            ("96 pred .005", Physics { prediction_distance: 0.005, ..base }),
            ("96 pred .01", Physics { prediction_distance: 0.01, ..base }),
            ("128 pred .02", Physics { first_passes: 64, ..base }),
            ("128 pred .005", Physics { first_passes: 64, prediction_distance: 0.005, ..base }),
            ("192 pred .02", Physics { first_passes: 128, ..base }),
            ("96 z5", Physics { contact_damping_ratio: 5.0, ..base }),
            ("96 z.3", Physics { contact_damping_ratio: 0.3, ..base }),
            ("96 p8", Physics { passes: 8, ..base }),
            ("96 stab4", Physics { stabilization_passes: 4, ..base }),
            ("coulomb", Physics { friction: Friction::Coulomb, ..base }),
            ("2 sub", Physics { substeps: 2, ..base }),
        ] {
            if !a.is_empty() && !name.contains(&a) {
                continue;
            }
            let r = tower(p, skip, &[0.065; 5], &[0.08; 5], 4.0);
            let q = tower(p, skip, &[0.04; 5], &[0.08; 5], 4.0);
            println!(
                "skip {skip} {name}: 65mm drift {:.4} sag {:.4} us {:.0} | 40mm drift {:.4} sag {:.4}",
                r.0, r.1, r.2, q.0, q.1
            );
        }
    }
}
