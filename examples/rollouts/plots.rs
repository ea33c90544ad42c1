//! Pictures of the roll-outs: our two presets as lines, the reference as points.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;
use trifactor::math::Triple;
use trifactor::world::Preset;

use super::scenes::{self, DROP, MARKS, SLIDING, SLIDING_FROM};

type Picture = Result<String, Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// One line of a chart: its name in the legend, its colour, its points.
struct Line {
    name: &'static str,
    color: RGBColor,
    points: Vec<(f64, f64)>,
}

/// The presets, their names and their colours.
const PRESETS: [(Preset, &str, RGBColor); 2] = [
    (Preset::Accurate, "preset accurate", RGBColor(213, 94, 0)),
    (Preset::Reference, "preset reference", RGBColor(0, 114, 178)),
];
const TICKS: usize = 100;
const MILLIMETRES: f64 = 1e3;

/// Every picture with the name of its file.
pub(crate) fn all() -> Result<[(&'static str, String); 3], Box<dyn Error>> {
    Ok([("sliding.svg", sliding()?), ("drop.svg", drop()?), ("pushing.svg", pushing()?)])
}

fn sliding() -> Picture {
    picture((860, 380), |area| {
        let panels = area.split_evenly((1, 2));
        for (panel, (speed, points)) in panels.iter().zip(&SLIDING) {
            let far = |x: f64| (x - SLIDING_FROM) * MILLIMETRES;
            let lines = PRESETS.map(|(preset, name, color)| {
                let x = scenes::slide(preset.physics(), *speed, TICKS);
                Line { name, color, points: ticks(x.into_iter().map(far)) }
            });
            let points: Vec<_> = points.iter().map(|&(n, x)| (n as f64, far(x))).collect();
            let title = format!("sliding from {speed} m/s");
            let top = far(points.last().map_or(0.0, |p| p.1 / MILLIMETRES + SLIDING_FROM)) * 1.15;
            chart(
                panel,
                &title,
                ["tick", "distance, mm"],
                [0.0..105.0, 0.0..top],
                &lines,
                &points,
                SeriesLabelPosition::LowerRight,
            )?;
        }
        Ok(())
    })
}

fn drop() -> Picture {
    picture((860, 380), |area| {
        let panels = area.split_evenly((1, 2));
        let points: Vec<_> = DROP.iter().map(|&(n, z)| (n as f64, z * MILLIMETRES)).collect();
        let views = [
            ("falling from 150 mm", [0.0..105.0, 20.0..160.0]),
            ("the impact", [36.0..60.0, 27.5..35.0]),
        ];
        for (panel, (title, [across, up])) in panels.iter().zip(views) {
            let seen = |p: &(f64, f64)| across.contains(&p.0) && up.contains(&p.1);
            let lines = PRESETS.map(|(preset, name, color)| {
                let z = scenes::fall(preset.physics(), TICKS).into_iter();
                let points = ticks(z.map(|z| z * MILLIMETRES));
                Line { name, color, points: points.into_iter().filter(seen).collect() }
            });
            let points: Vec<_> = points.iter().copied().filter(seen).collect();
            let view = [across.clone(), up.clone()];
            chart(
                panel,
                title,
                ["tick", "z of the centre, mm"],
                view,
                &lines,
                &points,
                SeriesLabelPosition::UpperRight,
            )?;
        }
        Ok(())
    })
}

fn pushing() -> Picture {
    picture((860, 560), |area| {
        let above = |p: Triple| (p[0] * MILLIMETRES, p[1] * MILLIMETRES);
        let panels = area.split_evenly((1, 2));
        let runs = PRESETS.map(|(preset, ..)| scenes::push(preset.physics()));
        for (panel, of_tip) in panels.iter().zip([true, false]) {
            let lines: [Line; 2] = std::array::from_fn(|i| {
                let points = runs[i].iter().map(|s| above(if of_tip { s.tip } else { s.block }));
                Line { name: PRESETS[i].1, color: PRESETS[i].2, points: points.collect() }
            });
            let marks = MARKS.iter().map(|m| above(if of_tip { m.tip } else { m.block }));
            let title = if of_tip { "tip of finger 300" } else { "centre of the block" };
            let view = [-120.0..120.0, -180.0..140.0];
            chart(
                panel,
                title,
                ["x, mm", "y, mm"],
                view,
                &lines,
                &marks.collect::<Vec<_>>(),
                SeriesLabelPosition::UpperLeft,
            )?;
        }
        Ok(())
    })
}

fn ticks(values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    values.enumerate().map(|(n, value)| (n as f64, value)).collect()
}

fn picture(size: (u32, u32), draw: impl FnOnce(&Area) -> Result<(), Box<dyn Error>>) -> Picture {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
    }
    Ok(text)
}

/// Axes, the lines, and the recorded points as circles, with a legend.
fn chart(
    area: &Area,
    title: &str,
    [across_name, up_name]: [&str; 2],
    [across, up]: [Range<f64>; 2],
    lines: &[Line],
    recorded: &[(f64, f64)],
    legend: SeriesLabelPosition,
) -> Result<(), Box<dyn Error>> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(52)
        .build_cartesian_2d(across, up)?;
    chart.configure_mesh().max_light_lines(1).x_desc(across_name).y_desc(up_name).draw()?;
    for line in lines {
        let color = line.color;
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), color.stroke_width(2)))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart
        .draw_series(recorded.iter().map(|&at| Circle::new(at, 4, BLACK.stroke_width(2))))?
        .label("reference simulator")
        .legend(|(x, y)| Circle::new((x + 8, y), 4, BLACK.stroke_width(2)));
    chart
        .configure_series_labels()
        .position(legend)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.2))
        .draw()?;
    Ok(())
}
