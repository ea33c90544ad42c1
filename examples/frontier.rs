//! Accuracy against cost of physics settings on contact-rich scenes, as a Markdown table.
//!
//! `cargo run --release --example frontier [SPEC ...]` measures the accurate preset, then each
//! SPEC, such as `passes=4,contact_frequency=120`: the preset with those fields changed. Without
//! a SPEC it measures the list below. The table in `docs/physics.md` is what it prints.

#[path = "../tests/scenes/mod.rs"]
#[allow(dead_code)] // the promises use the rest
mod scenes;

use std::f64::consts::PI;
use std::time::Instant;

use scenes::blocks::{
    EQUAL, Falls, HEAVY_ON_LIGHT, SHRINKING_EQUALLY_HEAVY, SINGLE, SMALL, Slide, Tower, throw,
};
use scenes::fingers::{GRASPS, Held, Lifted, Target, swing};
use trifactor::world::{Physics, Preset};

/// The ticks per control step of every scene: the fewest in common use, the hardest case.
const SKIP_FRAME: u32 = 3;

/// What is compared with the preset unless the command line says otherwise: one change at a time,
/// then substeps with the contacts' softness per substep kept.
const SPECS: [&str; 30] = [
    "first_passes=32",
    "first_passes=64",
    "first_passes=96",
    "first_passes=128",
    "first_passes=320",
    "first_passes_per_block=0",
    "first_passes_per_block=32",
    "passes=4",
    "passes=8",
    "passes=32",
    "pass_tolerance=0",
    "pass_tolerance=1e-6",
    "pass_tolerance=1e-5",
    "stabilization_passes=0",
    "stabilization_passes=1",
    "stabilization_passes=8",
    "contact_frequency=60",
    "contact_frequency=120",
    "contact_frequency=250",
    "contact_frequency=500",
    "contact_damping_ratio=0.4",
    "contact_damping_ratio=5",
    "prediction_distance=0.005",
    "prediction_distance=0.01",
    "contact_margin=0.001",
    "contact_margin=0.02",
    "substeps=2,contact_frequency=360,first_passes=80,passes=8",
    "substeps=4,contact_frequency=720,first_passes=40,passes=4",
    RAPIER_SIMPLIFIED,
    RAPIER_COULOMB,
];

/// Rapier's own solver with the settings that suited it best.
const RAPIER_SIMPLIFIED: &str = concat!(
    "engine=\"rapier\",friction=\"simplified\",pass_tolerance=0,first_passes=64,passes=8,stabilization_passes=1,",
    "contact_damping_ratio=0.4,contact_margin=0.008"
);
const RAPIER_COULOMB: &str = concat!(
    "engine=\"rapier\",friction=\"coulomb\",pass_tolerance=0,first_passes=64,passes=8,stabilization_passes=1,",
    "contact_damping_ratio=0.4,contact_margin=0.008"
);

/// The preset with the fields of a specification changed.
fn changed(spec: &str) -> Result<Physics, String> {
    let physics = serde_json::to_value(Preset::Accurate.physics()).map_err(|e| e.to_string())?;
    let serde_json::Value::Object(mut fields) = physics else { return Err(spec.to_string()) };
    for part in spec.split(',') {
        let (name, value) = part.split_once('=').ok_or(format!("{part}: expected NAME=VALUE"))?;
        let value = serde_json::from_str(value).map_err(|e| format!("{part}: {e}"))?;
        fields.insert(name.to_string(), value);
    }
    serde_json::from_value(serde_json::Value::Object(fields)).map_err(|e| format!("{spec}: {e}"))
}

fn main() -> Result<(), String> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let specs = if given.is_empty() { SPECS.map(String::from).to_vec() } else { given };
    let mut rows = vec![("**accurate**".to_string(), Preset::Accurate.physics())];
    for spec in specs {
        rows.push((format!("`{spec}`"), changed(&spec)?));
    }
    println!(
        "| settings | slide | creep | slope | rest | five | small | shrinking | heavy on light | twisted \
         | 2 m/s | 4 m/s | swing | grasp | cost grasp | cost five |\n|{}",
        "---|".repeat(16)
    );
    let costs = costs(&rows);
    for ((name, physics), (grasp, tower)) in rows.iter().zip(costs) {
        println!("| {name} | {} | {grasp:.2} | {tower:.2} |", accuracy(*physics));
    }
    Ok(())
}

/// One row of what was measured, lengths in mm.
fn accuracy(physics: Physics) -> String {
    [
        sliding(physics),
        slopes(physics),
        format!("{:.3}", 1e3 * stand(&SINGLE, 0.0, physics).2),
        tower(&EQUAL, physics),
        tower(&SMALL, physics),
        tower(&SHRINKING_EQUALLY_HEAVY, physics),
        tower(&HEAVY_ON_LIGHT, physics),
        twisted(physics),
        thrown(physics, 2.0),
        thrown(physics, 4.0),
        swung(physics),
        grasped(physics),
    ]
    .join(" | ")
}

/// Stopping distance over the exact one, least to most.
fn sliding(physics: Physics) -> String {
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for friction in [0.1, 0.5] {
        for yaw in [0.0, PI / 8.0, PI / 4.0] {
            for direction in [0.0, PI / 4.0, PI / 2.0] {
                for speed in [0.3, 0.7] {
                    let slide = Slide { friction, yaw, direction };
                    let ratio = slide.stopping(physics, SKIP_FRAME, speed);
                    (low, high) = (low.min(ratio), high.max(ratio));
                }
            }
        }
    }
    format!("{low:.3}–{high:.3}")
}

/// Creep at 0.99 µ, mm in 5 s, and the largest relative error of the slide at 1.01 µ, %.
fn slopes(physics: Physics) -> String {
    let (mut creep, mut error) = (0.0_f64, 0.0_f64);
    for friction in [0.1, 0.5] {
        for yaw in [0.0, PI / 8.0, PI / 4.0] {
            let slide = Slide { friction, yaw, direction: 0.0 };
            creep = creep.max(slide.on_slope(physics, SKIP_FRAME, 0.99).0);
            let (slid, exact) = slide.on_slope(physics, SKIP_FRAME, 1.01);
            error = error.max((slid / exact - 1.0).abs());
        }
    }
    format!("{:.3} | {:.2} %", 1e3 * creep, 100.0 * error)
}

/// Drift, sag and final penetration of a tower in 10 s, m.
fn stand(tower: &Tower, twist: f64, physics: Physics) -> (f64, f64, f64) {
    let stood = tower.stand(tower.put_up(physics, SKIP_FRAME, 0.0, twist), 10.0);
    (stood.drift, stood.sag, stood.penetration)
}

/// Drift beyond this only says that a tower fell, m.
const FELL: f64 = 0.01;

fn tower(tower: &Tower, physics: Physics) -> String {
    let (drift, sag, _) = stand(tower, 0.0, physics);
    if drift > FELL { "fell".to_string() } else { format!("{:.3} / {:.2}", 1e3 * drift, 1e3 * sag) }
}

/// Drift of five equal cubes, each turned by 0.4 rad over the one below, mm in 10 s.
fn twisted(physics: Physics) -> String {
    let (drift, ..) = stand(&EQUAL, 0.4, physics);
    if drift > FELL { "fell".to_string() } else { format!("{:.2}", 1e3 * drift) }
}

fn thrown(physics: Physics, speed: f64) -> String {
    let mut worst = 0.0_f64;
    for falls in [Falls::Flat, Falls::CornerFirst] {
        for i in 0..100 {
            let gap = 0.5e-3 + 0.3137e-3 * f64::from(i);
            worst = worst.max(throw(physics, SKIP_FRAME, falls, speed, gap));
        }
    }
    format!("{:.2}", 1e3 * worst)
}

fn swung(physics: Physics) -> String {
    let mut worst = 0.0_f64;
    for target in [Target::Floor, Target::Fixed, Target::Movable] {
        for i in 0..100 {
            let gap = 5e-3 + 0.2e-3 * f64::from(i);
            worst = worst.max(swing(physics, SKIP_FRAME, target, 1.4, gap));
        }
    }
    format!("{:.2}", 1e3 * worst)
}

fn grasped(physics: Physics) -> String {
    let mut worst = Held { lifted: f64::INFINITY, ..Held::default() };
    for grasp in GRASPS {
        let held = Lifted::new(physics, SKIP_FRAME, grasp).held(3.0);
        worst.lifted = worst.lifted.min(held.lifted);
        worst.drift = worst.drift.max(held.drift);
        worst.penetration = worst.penetration.max(held.penetration);
    }
    if worst.lifted < 0.05 {
        return "dropped".to_string();
    }
    format!("{:.3} / {:.2}", 1e3 * worst.drift, 1e3 * worst.penetration)
}

/// The time of a control step over the first row's, holding a cube and with a tower of five.
///
/// The rows take turns, each shorter than a scheduler's, and keep their quickest, so that what
/// else the machine does falls out.
fn costs(rows: &[(String, Physics)]) -> Vec<(f64, f64)> {
    const TURNS: usize = 300;
    const STEPS: usize = 6;
    let mut grasps: Vec<Lifted> =
        rows.iter().map(|(_, p)| Lifted::new(*p, SKIP_FRAME, GRASPS[0])).collect();
    let mut quickest = vec![(f64::INFINITY, f64::INFINITY); rows.len()];
    for _ in 0..TURNS {
        for (((_, physics), lifted), quickest) in rows.iter().zip(&mut grasps).zip(&mut quickest) {
            // The first step finds in the caches what the row before left there.
            lifted.hold();
            let start = Instant::now();
            for _ in 0..STEPS {
                lifted.hold();
            }
            quickest.0 = quickest.0.min(start.elapsed().as_secs_f64());
            let mut run = EQUAL.put_up(*physics, SKIP_FRAME, 0.0, 0.0);
            run.idle();
            let start = Instant::now();
            for _ in 0..STEPS {
                run.idle();
            }
            quickest.1 = quickest.1.min(start.elapsed().as_secs_f64());
        }
    }
    let first = quickest[0];
    quickest.into_iter().map(|(grasp, tower)| (grasp / first.0, tower / first.1)).collect()
}
