//! The curves of a world as a picture.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::network::Point;
use crate::{Arm, Curves};

const SIZE: (u32, u32) = (640, 420);

fn color(arm: Arm) -> RGBColor {
    match arm {
        Arm::Real => BLACK,
        Arm::Repeated => RGBColor(230, 159, 0),
        Arm::Blind => RGBColor(213, 94, 0),
        Arm::Coda => RGBColor(0, 114, 178),
        Arm::Balanced => RGBColor(0, 158, 115),
    }
}

/// Draws the means over the seeds: errors on held-out steps as lines, with every seed as a faint
/// one, and on the real steps that were learned from as dashes.
pub(crate) fn draw(path: &Path, name: &str, all: &[Curves]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let points = || all.iter().flat_map(|curves| curves.runs.iter().flatten());
    let last = points().map(|p| p.updates).max().unwrap_or(2);
    let first = points().map(|p| p.updates).min().unwrap_or(1);
    let high = points().map(|p| p.held_out).fold(0.0, f64::max);
    let low = points().map(|p| p.learned.min(p.held_out)).fold(f64::INFINITY, f64::min);
    let mut chart = ChartBuilder::on(&root)
        .caption(name, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(
            (first as f64..last as f64).log_scale(),
            (low.max(1e-3)..1.1 * high).log_scale(),
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("gradient steps")
        .y_desc("mean squared error")
        .y_label_formatter(&|error: &f64| format!("{error:.1}"))
        .x_label_formatter(&|steps: &f64| format!("{steps:.0}"))
        .draw()?;
    for Curves { arm, runs } in all {
        let color = color(*arm);
        let line = |of: fn(&Point) -> f64| {
            let mean = |i: usize| runs.iter().map(|run| of(&run[i])).sum::<f64>();
            let runs_count = runs.len() as f64;
            let at = |i: usize| (runs[0][i].updates as f64, mean(i) / runs_count);
            (0..runs[0].len()).map(at).collect::<Vec<_>>()
        };
        for run in runs {
            let seed = run.iter().map(|p| (p.updates as f64, p.held_out));
            chart.draw_series(LineSeries::new(seed, color.mix(0.2)))?;
        }
        let learned = line(|p| p.learned.max(1e-3));
        chart.draw_series(DashedLineSeries::new(learned, 4, 4, color.into()))?;
        chart
            .draw_series(LineSeries::new(line(|p| p.held_out), color.stroke_width(2)))?
            .label(arm.name())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerLeft)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    root.present()?;
    Ok(())
}
