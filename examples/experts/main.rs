//! Prints how well the scripted policies do: `experts [WORLDS [SKIP_FRAME]]`.

mod worlds;

use std::error::Error;

use trifactor::agent;
use trifactor::task::overlap::Overlap;
use worlds::Change;

/// What is tried, row by row.
const ROWS: [(&str, Change); 12] = [
    ("pushing", Change::Jitter),
    ("pushing", Change::P5),
    ("pushing", Change::Goal),
    ("picking", Change::Jitter),
    ("picking", Change::P5),
    ("reaching", Change::P5),
    ("pick_and_place", Change::Jitter),
    ("pick_and_place", Change::P5),
    ("pick_and_place", Change::Goal),
    ("stacking2", Change::Jitter),
    ("stacking2", Change::P5),
    ("stacking2", Change::Goal),
];
/// What the rows' changes are called.
const NAMES: [(Change, &str); 3] =
    [(Change::Jitter, "P0, jittered"), (Change::P5, "P5"), (Change::Goal, "sampled goal")];
/// An episode that ends below this is listed.
const POOR: f64 = 0.8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let worlds = arguments.next().map_or(Ok(50), |number| number.parse())?;
    let skip_frame = arguments.next().map_or(Ok(3), |number| number.parse())?;
    println!("last fractional success of {worlds} worlds at skip_frame {skip_frame}");
    println!("| family | worlds | exact | middle half | bounding boxes | below {POOR}: seed |");
    println!("|---|---|---|---|---|---|");
    for (family, change) in ROWS {
        row(family, change, worlds, skip_frame)?;
    }
    Ok(())
}

fn row(family: &str, change: Change, count: usize, skip_frame: u32) -> Result<(), Box<dyn Error>> {
    let mut env = worlds::env(family, skip_frame)?;
    let mut policy = agent::scripted(env.family(), env.dt());
    let (mut exact, mut boxes, mut poor) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0.. {
        worlds::begin(&mut env, change, seed)?;
        if family == "reaching" && !worlds::reachable(&env) {
            continue;
        }
        let end = worlds::finish(&mut env, policy.as_mut())?;
        if end < POOR {
            poor.push(format!("{seed}: {end:.2}"));
        }
        exact.push(end);
        // Of fingertips there is only one measure.
        let state = env.state();
        boxes.push(if state.blocks.is_empty() { end } else { Overlap::Aabb.of_state(state) });
        if exact.len() == count {
            break;
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (all, all_boxes) = (mean(&exact), mean(&boxes));
    exact.sort_by(f64::total_cmp);
    let [low, high] = [1, 3].map(|quarter| exact[quarter * (exact.len() - 1) / 4]);
    let name = NAMES.iter().find(|(known, _)| *known == change).map_or("", |(_, name)| name);
    let poor = poor.join(", ");
    println!("| {family} | {name} | {all:.3} | {low:.3}–{high:.3} | {all_boxes:.3} | {poor} |");
    Ok(())
}
