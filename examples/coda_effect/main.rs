//! What CoDA does for a learner: a network predicts the next state from few real steps, from those
//! repeated, and from those with 35,000 made-up ones; prints a table and draws
//! `docs/coda/effect-sprites.svg` (figure 11 of Pitis et al. 2020) and `effect-robot.svg`.
//!
//! Run with `cargo run --example coda_effect --features learning [sprites|robot]`.

mod network;
mod picture;
mod worlds;

#[allow(dead_code, reason = "shared with the promises")]
#[path = "../../tests/contact.rs"]
mod contact;
#[allow(dead_code, reason = "shared with the promises")]
#[path = "../../tests/coda/data.rs"]
mod data;

use std::error::Error;
use std::path::Path;

use network::{Point, train};
use trifactor::rng::Rng;
use worlds::{Making, Scale, Table, World};

/// Real steps that are learned from.
const REAL: usize = 2000;
/// Made-up steps beside them.
const MADE: usize = 35_000;
/// Steps that errors are measured on.
const HELD_OUT: usize = 5000;
/// Every curve is of as many networks, each with data of its own.
const SEEDS: u64 = 5;

/// What is learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arm {
    Real,
    Repeated,
    Blind,
    Coda,
    Balanced,
}

impl Arm {
    const ALL: [Self; 5] = [Self::Real, Self::Repeated, Self::Blind, Self::Coda, Self::Balanced];

    fn name(self) -> &'static str {
        match self {
            Self::Real => "2,000 real steps",
            Self::Repeated => "the same, repeated to 37,000",
            Self::Blind => "with 35,000 blind swaps",
            Self::Coda => "with 35,000 by CoDA",
            Self::Balanced => "the same, influences as often as in real steps",
        }
    }
}

/// The curves of one arm, seed by seed.
struct Curves {
    arm: Arm,
    runs: Vec<Vec<Point>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = std::env::args().nth(1);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coda");
    std::fs::create_dir_all(&folder)?;
    for (name, world) in [("sprites", World::Sprites), ("robot", World::Robot)] {
        if asked.as_ref().is_some_and(|asked| asked != name) {
            continue;
        }
        let held_out = world.held_out(HELD_OUT)?;
        println!("{}: {:.2} of the steps in contact", world.name(), held_out.touching_share());
        let mut all: Vec<Curves> =
            Arm::ALL.into_iter().map(|arm| Curves { arm, runs: Vec::new() }).collect();
        for seed in 0..SEEDS {
            let source = world.source(REAL, seed)?;
            let real = source.real();
            let scale = Scale::of(&real);
            for curves in &mut all {
                let table = match curves.arm {
                    Arm::Real => real.clone(),
                    Arm::Repeated => repeated(&real, REAL + MADE),
                    Arm::Blind => real.clone().with(source.made(MADE, Making::Blind, seed)?),
                    Arm::Coda => real.clone().with(source.made(MADE, Making::Coda, seed)?),
                    Arm::Balanced => {
                        real.clone().with(source.made(MADE, Making::Balanced, seed)?)
                    }
                };
                let mut rng = Rng::stream(seed, 0, "coda_effect/batches");
                let tables = [scale.apply(&table), scale.apply(&held_out)];
                let points = train(&tables[0], &tables[1], seed, &mut rng)?;
                println!("  seed {seed}, {}: {}", curves.arm.name(), points[points.len() - 1]);
                curves.runs.push(points);
            }
        }
        print_table(&all);
        picture::draw(&folder.join(format!("effect-{name}.svg")), world.name(), &all)?;
    }
    Ok(())
}

/// The rows of a table over and over, so many in all.
fn repeated(table: &Table, rows: usize) -> Table {
    let mut all = table.clone();
    while all.len() < rows {
        all = all.with(table.clone());
    }
    all.truncate(rows);
    all
}

/// The least error of the means over the seeds, and the last, on all steps and on some.
fn print_table(all: &[Curves]) {
    println!("| learned from | least error | after | at the end | in contact | without contact |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for curves in all {
        let runs = &curves.runs;
        let mean = |i: usize, of: fn(&Point) -> f64| {
            runs.iter().map(|run| of(&run[i])).sum::<f64>() / runs.len() as f64
        };
        let points = runs[0].len();
        let least = (0..points)
            .min_by(|a, b| mean(*a, |p| p.held_out).total_cmp(&mean(*b, |p| p.held_out)))
            .unwrap_or(0);
        let last = |of: fn(&Point) -> f64| {
            let mean = mean(points - 1, of);
            let spread = runs.iter().map(|run| (of(&run[points - 1]) - mean).powi(2)).sum::<f64>();
            format!("{mean:.3} ± {:.3}", (spread / (runs.len() - 1) as f64).sqrt())
        };
        println!(
            "| {} | {:.3} | {} | {} | {} | {} |",
            curves.arm.name(),
            mean(least, |p| p.held_out),
            runs[0][least].updates,
            last(|p| p.held_out),
            last(|p| p.touching),
            last(|p| p.apart),
        );
    }
}
