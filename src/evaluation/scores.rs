//! What an evaluation found, as a document.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::film::{Shown, extremes};
use super::gap::{Gap, gaps};
use super::invariance::Invariance;
use super::statistics::{Bootstrap, Table};
use super::summary::Summary;
use super::{Metric, Origin, Plan, ProtocolRun};
use crate::curriculum::Protocol;
use crate::env::Description;
use crate::error::{Error, Result};
use crate::saved::{self, Format};

/// How scores are written.
const FORMAT: Format = Format { what: "scores", version: 1 };

/// One run: what a policy with weights of its own did in the worlds of every protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its name: that of the training seed, where there are several.
    pub name: String,
    /// By protocol, in the plan's order.
    pub protocols: Vec<ProtocolRun>,
}

/// The scores of a policy, by protocol, run and world, with their statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// The policy's name.
    pub policy: String,
    /// The environment that it acted in.
    pub world: Description,
    /// Which physics and which release made them; scores of earlier releases do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The family with its parameters as one number, 16 hexadecimal digits.
    pub family_digest: String,
    /// What the worlds were drawn from.
    pub seed: u64,
    /// How the intervals were made.
    pub bootstrap: Bootstrap,
    /// The runs' names.
    pub runs: Vec<String>,
    /// By protocol.
    pub protocols: Vec<ProtocolScores>,
    /// Over all protocols, each with the same weight.
    pub overall: BTreeMap<Metric, Summary>,
    /// What is lost out of distribution, for every pair of protocols that tells it.
    pub gaps: Vec<Gap>,
    /// Whether the first action follows colours, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invariance: Option<Invariance>,
}

/// The scores in the worlds of one protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolScores {
    /// The protocol.
    pub protocol: Protocol,
    /// How many worlds.
    pub worlds: usize,
    /// Interventions within episodes of which no try was accepted, in all runs.
    pub missed: u64,
    /// By metric.
    pub summary: BTreeMap<Metric, Summary>,
    /// For every run by metric one figure for each world.
    pub episodes: Vec<BTreeMap<Metric, Vec<f64>>>,
    /// The worst episode and the best by last fractional success, to be looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<Shown>,
}

impl ProtocolScores {
    /// One metric by run and world.
    pub fn table(&self, metric: Metric) -> Table<'_> {
        let columns = self.episodes.iter().map(|run| run.get(&metric));
        columns.map(|column| column.map_or(&[][..], Vec::as_slice)).collect()
    }
}

impl Scores {
    /// The scores of a policy's runs on a plan.
    ///
    /// # Errors
    /// [`Error::Shape`] where the runs are none or not of that plan, [`Error::Setting`] for
    /// settings that give no interval.
    pub fn new(plan: &Plan, policy: &str, runs: &[Run], bootstrap: Bootstrap) -> Result<Self> {
        bootstrap.check()?;
        check(plan, runs)?;
        let count = plan.worlds(0).len();
        let (of_runs, worlds) =
            (bootstrap.picks("runs", runs.len()), bootstrap.picks("worlds", count));
        let summary = |strata: &[&[BTreeMap<Metric, Vec<f64>>]]| -> BTreeMap<Metric, Summary> {
            let table = |metric: Metric, runs: &'_ [BTreeMap<Metric, Vec<f64>>]| {
                runs.iter().map(|run| run[&metric].clone()).collect::<Vec<_>>()
            };
            let of = |metric| {
                let tables: Vec<_> = strata.iter().map(|runs| table(metric, runs)).collect();
                let tables: Vec<Table<'_>> =
                    tables.iter().map(|runs| runs.iter().map(Vec::as_slice).collect()).collect();
                Summary::of(&tables, &of_runs, &worlds, &bootstrap)
            };
            Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect()
        };
        let one = |(number, protocol): (usize, &Protocol)| {
            let all = || runs.iter().map(|run| &run.protocols[number]);
            let episodes: Vec<_> = all().map(columns).collect();
            let named: Vec<_> = runs.iter().map(|run| run.name.as_str()).zip(all()).collect();
            ProtocolScores {
                protocol: protocol.clone(),
                worlds: count,
                missed: all().flatten().map(|episode| episode.missed).sum(),
                summary: summary(&[&episodes]),
                episodes,
                shown: extremes(&named),
            }
        };
        let protocols: Vec<ProtocolScores> = plan.protocols().enumerate().map(one).collect();
        let strata: Vec<&[_]> = protocols.iter().map(|scores| &scores.episodes[..]).collect();
        Ok(Self {
            policy: policy.to_string(),
            world: plan.description().clone(),
            origin: Some(Origin::of(plan.description())),
            family_digest: format!("{:016x}", plan.family_digest()),
            seed: plan.seed(),
            bootstrap,
            runs: runs.iter().map(|run| run.name.clone()).collect(),
            overall: summary(&strata),
            gaps: gaps(&protocols, &of_runs, &worlds, &bootstrap),
            protocols,
            invariance: None,
        })
    }

    /// Which physics and which release made them, in words.
    pub fn made_by(&self) -> String {
        match &self.origin {
            Some(origin) => origin.to_string(),
            None => {
                let unknown = "unknown".to_string();
                Origin { trifactor: unknown, ..Origin::of(&self.world) }.to_string()
            }
        }
    }

    /// The scores as JSON.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON can not say; scores have nothing of that.
    pub fn to_json(&self) -> Result<String> {
        FORMAT.write_pretty(self)
    }

    /// The scores that [`Scores::to_json`] wrote, in this release or an earlier one.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place in it.
    pub fn from_json(json: &str) -> Result<Self> {
        let scores: Self = FORMAT.read(json)?;
        for (number, protocol) in scores.protocols.iter().enumerate() {
            let whole = |run: &BTreeMap<Metric, Vec<f64>>| {
                Metric::ALL.iter().all(|m| run.get(m).is_some_and(|v| v.len() == protocol.worlds))
            };
            let runs = protocol.episodes.len() == scores.runs.len();
            if !runs || !protocol.episodes.iter().all(whole) {
                return Err(Error::Malformed {
                    what: FORMAT.what.to_string(),
                    path: format!("protocols[{number}].episodes"),
                    reason: format!(
                        "expected {} runs, each with {} figures of every metric",
                        scores.runs.len(),
                        protocol.worlds
                    ),
                });
            }
        }
        Ok(scores)
    }

    /// Writes [`Scores::to_json`] to a file.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, path: &Path) -> Result<()> {
        saved::write_file(path, &self.to_json()?)
    }

    /// The scores that [`Scores::save`] wrote.
    ///
    /// # Errors
    /// [`Error::File`], or as [`Scores::from_json`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::from_json(&saved::read_file(path)?)
    }
}

fn columns(run: &ProtocolRun) -> BTreeMap<Metric, Vec<f64>> {
    let of = |metric: Metric| run.iter().map(|episode| episode.values[metric as usize]).collect();
    Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect()
}

fn check(plan: &Plan, runs: &[Run]) -> Result<()> {
    let wanted: Vec<usize> = (0..plan.protocols().len()).map(|p| plan.worlds(p).len()).collect();
    let lengths = |run: &Run| run.protocols.iter().map(Vec::len).collect::<Vec<_>>();
    let odd = runs.iter().map(lengths).find(|found| *found != wanted);
    if let Some(found) = odd.or_else(|| runs.is_empty().then(Vec::new)) {
        return Err(Error::Shape {
            what: "runs".to_string(),
            expected: format!("one or more, each with episodes {wanted:?} by protocol"),
            found: format!("{found:?}"),
        });
    }
    Ok(())
}
