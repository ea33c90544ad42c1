//! What CoDA yields: how much is accepted, how many components there are, how many samples a pair
//! of steps gives, for 1 to 6 cubes; prints a table and draws `docs/coda/yield.svg`.
//!
//! Run with `cargo run --example coda`.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use trifactor::augment::{Choice, Coda, Generator, Report, Samples};
use trifactor::causal::Replay;
use trifactor::rng::Rng;
use trifactor::robot::FINGERS;
use trifactor::world::Preset;

#[allow(dead_code, reason = "shared with the promises")]
#[path = "../../tests/contact.rs"]
mod contact;
#[allow(dead_code, reason = "shared with the promises")]
#[path = "../../tests/coda/data.rs"]
mod data;

use data::{Plan, arena};

const MOST: usize = 6;
const EPISODES: u64 = 60;
/// Pairs of steps of which every exchange is tried.
const PAIRS: usize = 2000;

/// What a number of cubes yields.
struct Row {
    blocks: usize,
    touching: f64,
    fingers: Report,
    all: Report,
    /// The mean number of all choices of a pair that differ from both its rows, and of those of
    /// them that the cut test accepts.
    choices: [f64; 2],
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut rows = Vec::new();
    println!(
        "cubes  in contact  components  accepted  (fingers alone)  choices a pair  accepted of them"
    );
    for blocks in 1..=MOST {
        let mut env = arena(blocks, Preset::Accurate);
        let plan = Plan { apart: 0.075, ..Plan::default() };
        let replay = data::replay(&mut env, plan, 0..EPISODES)?;
        let row = Row {
            blocks,
            touching: replay.touching_share(),
            fingers: made(&replay, (1 << FINGERS) - 1)?,
            all: made(&replay, u128::MAX)?,
            choices: choices(&replay)?,
        };
        println!(
            "{:5} {:11.2} {:11.2} {:9.2} {:16.2} {:15.1} {:17.1}",
            row.blocks,
            row.touching,
            row.all.mean_components(),
            row.all.acceptance(),
            row.fingers.acceptance(),
            row.choices[0],
            row.choices[1],
        );
        rows.push(row);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coda");
    std::fs::create_dir_all(&folder)?;
    draw(&folder.join("yield.svg"), &rows)
}

/// Samples in which these bodies may come from another row.
fn made(replay: &Replay, exchanged: u128) -> trifactor::Result<Report> {
    let mut coda = Coda { exchanged, tries: 1, ..Coda::default() };
    let mut samples = Samples::new(replay.layout());
    let mut rng = Rng::stream(1, 0, "yield");
    Generator::new(replay, &mut coda)?.fill(5000, &mut rng, &mut samples)
}

/// Every choice of some pairs, and how many of them the cut test accepts.
fn choices(replay: &Replay) -> trifactor::Result<[f64; 2]> {
    let mut coda = Coda { unique: false, ..Coda::default() };
    let mut samples = Samples::new(replay.layout());
    let mut generator = Generator::new(replay, &mut coda)?;
    let mut rng = Rng::stream(1, 0, "pairs");
    let (mut all, mut accepted) = (0, 0);
    let mut join = Choice::default();
    for _ in 0..PAIRS {
        let pair = [(); 2].map(|()| rng.below(replay.len() as u64) as usize);
        join.join(replay.layout().bodies(), pair.map(|row| replay.labels(row)), |_| false);
        if join.components() < 2 {
            continue;
        }
        // All that are drawn in so many tries are all that there are, but for one in a thousand.
        let mut seen = BTreeMap::new();
        for _ in 0..10 << join.components() {
            join.choose(2, &mut rng);
            seen.entry(join.sources().to_vec()).or_insert(());
        }
        all += seen.len();
        for choice in seen.keys() {
            accepted += usize::from(generator.stitch(&pair, choice, &mut samples)?);
        }
        samples.clear();
    }
    Ok([all as f64 / PAIRS as f64, accepted as f64 / PAIRS as f64])
}

fn draw(path: &Path, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (640, 400)).into_drawing_area();
    root.fill(&WHITE)?;
    let most = rows.iter().map(|row| row.choices[0]).fold(2.0, f64::max);
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(0.8..MOST as f64 + 0.2, (0.5..2.0 * most).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("cubes")
        .y_desc("samples of a pair of steps")
        .x_labels(MOST)
        .draw()?;
    for (i, (name, color)) in
        [("exchanges that the masks allow", BLUE), ("accepted", RED)].into_iter().enumerate()
    {
        let points = rows.iter().map(|row| (row.blocks as f64, row.choices[i]));
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)).point_size(3))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
    }
    chart.configure_series_labels().position(SeriesLabelPosition::UpperLeft).draw()?;
    root.present()?;
    Ok(())
}
