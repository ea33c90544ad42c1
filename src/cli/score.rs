//! Ranks what guesses local masks against the truth.

use std::cmp::Ordering;
use std::path::PathBuf;

use comfy_table::Cell;
use serde_json::{Value, json};

use super::data::dataset;
use super::output::{Done, Json};
use super::table::{narrow, number};
use crate::augmented;
use crate::causal::{Cuts, Distance, MaskModel, Nulling, Score, Simulated};

#[derive(clap::Args)]
pub(super) struct Options {
    /// A data set, as `run --record` or the recorders of Rust and Python write it
    file: PathBuf,
    /// Distances below which bodies are said to influence each other, m
    #[arg(long, value_delimiter = ',', default_values_t = [0.05, 0.1])]
    distance: Vec<f64>,
    /// Every so many transitions are scored
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    #[command(flatten)]
    json: Json,
}

/// Prints precision, recall and the area under the ROC curve, entry by entry and cut by cut, the
/// best model of cuts first.
pub(super) fn score(options: &Options) -> Done {
    let dataset = dataset(&options.file)?;
    let all = augmented::transitions(&dataset)?;
    let picked: Vec<_> = all.iter().step_by(options.every as usize).collect();
    let env = || dataset.header().env()?.twin_in_units();
    let distances = options.distance.iter().map(|distance| Distance { distance: *distance });
    let mut models: Vec<Box<dyn MaskModel>> =
        distances.map(|model| Box::new(model) as Box<dyn MaskModel>).collect();
    models.push(Box::new(Nulling::new(env()?)));
    models.push(Box::new(Simulated::new(env()?)));
    let mut scores = Vec::new();
    for model in &mut models {
        scores.push((model.name(), Score::of(model.as_mut(), picked.iter().copied())?));
    }
    let areas = |score: &Score| [score.cuts.auc(), score.entries.auc()];
    scores.sort_by(|(_, a), (_, b)| areas(b).partial_cmp(&areas(a)).unwrap_or(Ordering::Equal));
    let touching = picked.iter().filter(|t| t.touching).count() as f64 / picked.len() as f64;
    let document = || {
        let figures = |cuts: &Cuts| json!({"precision": cuts.precision(), "recall": cuts.recall(), "auc": cuts.auc()});
        let model = |(name, score): &(String, Score)| json!({"mask": name, "entries": figures(&score.entries), "cuts": figures(&score.cuts)});
        let models: Vec<Value> = scores.iter().map(model).collect();
        json!({"transitions": picked.len(), "touching": touching, "models": models})
    };
    let title = format!("{} transitions, {touching:.3} of them in contact", picked.len());
    options.json.print(document, || format!("{title}\n{}", table(&scores)))?;
    Ok(0)
}

fn table(scores: &[(String, Score)]) -> String {
    let mut table = narrow(&[
        "mask",
        "entries: precision",
        "recall",
        "AUC",
        "cuts: precision",
        "recall",
        "AUC",
    ]);
    for (name, score) in scores {
        let figures = |cuts: &Cuts| [cuts.precision(), cuts.recall(), cuts.auc()];
        let figures = figures(&score.entries).into_iter().chain(figures(&score.cuts));
        let cells = figures.map(|figure| number(format!("{figure:.3}")));
        table.add_row(std::iter::once(Cell::new(name)).chain(cells));
    }
    table.to_string()
}
