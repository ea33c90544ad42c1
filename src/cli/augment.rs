//! Makes more transitions of those of a data set, and checks what is claimed of them.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::data::dataset;
use super::output::{Done, Json};
use super::table::figures;
use crate::augment::{Coda, Generator, Report, Samples};
use crate::augmented::{Certificates, METHODS, Recorded};
use crate::record::Dataset;
use crate::rng::Rng;

/// How many forged certificates are named before the rest is only counted.
const NAMED: usize = 5;

#[derive(clap::Args)]
pub(super) struct Options {
    /// A data set, as `run --record` or the recorders of Rust and Python write it
    file: PathBuf,
    /// The data set to make
    #[arg(required_unless_present = "verify")]
    output: Option<PathBuf>,
    /// How many samples are made
    #[arg(long, default_value_t = 1000)]
    count: usize,
    /// What is accepted: where no part came near a part from another step (exact); where the step,
    /// taken, couples no parts of different steps; the paper's 10 cm; controls without a test, and
    /// without masks
    #[arg(long, default_value = "cut", value_parser = METHODS)]
    method: String,
    /// Of how many steps a sample is made
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(2..=16))]
    sources: u16,
    /// How many choices of parts are tried for the same steps
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    tries: u16,
    /// How often a step that was drawn is used, each time with others
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    reuse: u16,
    /// How many consecutive steps a sample has
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    steps: u16,
    /// The seed of all that is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where to write a certificate of every sample, found by taking its step
    #[arg(long, value_name = "FILE.json")]
    certificates: Option<PathBuf>,
    /// Checks certificates against the data set FILE in place of making another
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["output", "certificates"])]
    verify: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// Augments a data set, or checks the certificates of one; 1 where one is forged.
pub(super) fn augment(options: &Options) -> Done {
    let dataset = dataset(&options.file)?;
    match (&options.verify, &options.output) {
        (Some(certificates), _) => verify(options, &dataset, certificates),
        (None, Some(output)) => make(options, &dataset, output),
        (None, None) => Ok(0),
    }
}

fn make(options: &Options, dataset: &Dataset, output: &Path) -> Done {
    let recorded = Recorded::read(dataset)?;
    let method = recorded.method(&options.method)?;
    let name = method.name();
    let [sources, tries, reuse, steps] =
        [options.sources, options.tries, options.reuse, options.steps].map(usize::from);
    let mut coda = Coda { method, sources, tries, reuse, steps, ..Coda::default() };
    let mut samples = Samples::new(recorded.replay().layout());
    let mut rng = Rng::stream(options.seed, 0, "coda");
    let report = Generator::new(recorded.replay(), &mut coda)?.fill(
        options.count,
        &mut rng,
        &mut samples,
    )?;
    let notes = format!("method {name}, seed {}, of {}", options.seed, options.file.display());
    recorded.write(&samples, steps, output, &notes)?;
    let certified = match &options.certificates {
        None => None,
        Some(path) => {
            let certificates = Certificates::of(name, &samples, &recorded)?;
            certificates.save(path)?;
            Some(certificates.all.iter().filter(|certificate| certificate.bitwise).count())
        }
    };
    let (rows, touching) = (recorded.replay().len(), recorded.replay().touching_share());
    let document = || {
        json!({
            "transitions": rows,
            "touching": touching,
            "components_of_a_pair": report.mean_components(),
            "proposals": report.proposals,
            "acceptance": report.acceptance(),
            "duplicates": report.duplicates,
            "samples": report.accepted,
            "right_bit_for_bit": certified,
        })
    };
    options.json.print(document, || table(&report, rows, touching, certified))?;
    Ok(0)
}

fn table(report: &Report, rows: usize, touching: f64, certified: Option<usize>) -> String {
    let mut all = vec![
        ("transitions", rows.to_string()),
        ("in contact, fraction", format!("{touching:.3}")),
        ("components of a pair", format!("{:.2}", report.mean_components())),
        ("proposals", report.proposals.to_string()),
        ("accepted, fraction", format!("{:.3}", report.acceptance())),
        ("duplicates", report.duplicates.to_string()),
        ("samples", report.accepted.to_string()),
    ];
    all.extend(certified.map(|certified| ("right bit for bit", certified.to_string())));
    figures(&all)
}

fn verify(options: &Options, dataset: &Dataset, path: &Path) -> Done {
    let certificates = Certificates::load(path)?;
    let forged = certificates.verify(dataset)?;
    let all = certificates.all.len();
    let exact = certificates.all.iter().filter(|certificate| certificate.bitwise).count();
    let right = all - forged.len();
    let document = || {
        let forged = forged.iter().map(|(index, why)| json!({"transition": index, "reason": why}));
        json!({
            "certificates": all,
            "hold": right,
            "claim_right_bit_for_bit": exact,
            "forged": forged.collect::<Vec<_>>(),
        })
    };
    let text = || {
        let named = forged.iter().take(NAMED);
        let named = named.map(|(index, reason)| format!("transition {index}: {reason}\n"));
        format!(
            "{}{right} of {all} certificates hold; {exact} claim an outcome that is right bit for bit",
            named.collect::<String>()
        )
    };
    options.json.print(document, text)?;
    Ok(i32::from(!forged.is_empty()))
}
