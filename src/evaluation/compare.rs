//! Two policies in the same frozen worlds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statistics::{Bootstrap, Picks, Table, mean};
use super::{Metric, ProtocolScores, Scores};
use crate::error::{Error, Result};

/// How one set of scores stands to another, world by world.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paired {
    /// The first's mean less the second's.
    pub difference: f64,
    /// Its bootstrap interval, low and high: both of a pair are drawn or neither.
    pub interval: [f64; 2],
    /// In which share of the pairs the first is better; a tie counts half.
    pub better: f64,
}

/// Tables of the first and of the second, and what resamples take of the runs of either and of the
/// worlds of both.
pub(super) struct Pairing<'a> {
    pub(super) tables: [Vec<Table<'a>>; 2],
    pub(super) runs: [&'a Picks; 2],
    pub(super) worlds: &'a Picks,
}

impl Pairing<'_> {
    pub(super) fn judge(&self, bootstrap: &Bootstrap) -> Paired {
        let [first, second] = [0, 1].map(|side| {
            let all: Vec<f64> =
                self.tables[side].iter().flatten().flat_map(|r| r.to_vec()).collect();
            mean(&all)
        });
        Paired {
            difference: first - second,
            interval: bootstrap.interval(|i| self.resampled(0, i) - self.resampled(1, i)),
            better: self.better(),
        }
    }

    fn resampled(&self, side: usize, resample: usize) -> f64 {
        let (runs, worlds) = (self.runs[side].row(resample), self.worlds.row(resample));
        let of_run = |run: &[f64]| worlds.iter().map(|world| run[*world as usize]).sum::<f64>();
        let of_table = |table: &Table<'_>| runs.iter().map(|r| of_run(table[*r as usize])).sum();
        let sum: f64 = self.tables[side].iter().map(of_table).collect::<Vec<f64>>().iter().sum();
        sum / (self.tables[side].len() * runs.len() * worlds.len()) as f64
    }

    fn better(&self) -> f64 {
        let mut pairs = Vec::new();
        for (first, second) in self.tables[0].iter().zip(&self.tables[1]) {
            for (a, b) in first.iter().flat_map(|a| second.iter().map(move |b| (a, b))) {
                let each = a.iter().zip(b.iter());
                pairs.extend(each.map(|(a, b)| match a.total_cmp(b) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                }));
            }
        }
        mean(&pairs)
    }
}

/// Two policies on the protocols that both were evaluated on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The first policy's name.
    pub first: String,
    /// The second policy's name.
    pub second: String,
    /// By protocol, in the first's order.
    pub protocols: Vec<ProtocolComparison>,
    /// Over all of these protocols.
    pub overall: BTreeMap<Metric, Paired>,
}

/// Two policies on one protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolComparison {
    /// The protocol's name.
    pub protocol: String,
    /// By metric.
    pub metrics: BTreeMap<Metric, Paired>,
}

impl Comparison {
    /// Compares two policies world by world, with the first's settings of the bootstrap.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where they were not evaluated in the same worlds of any protocol.
    pub fn new(first: &Scores, second: &Scores) -> Result<Self> {
        let differ = |reason: String| Err(Error::OtherWorld { reason });
        if first.family_digest != second.family_digest {
            return differ(format!(
                "scores of {} and of {} can not be paired; evaluate both on one family with the \
                 same task_params",
                first.world.config.family, second.world.config.family
            ));
        }
        if first.seed != second.seed {
            let (a, b) = (first.seed, second.seed);
            return differ(format!("worlds drawn from seed {a} are not those of seed {b}"));
        }
        let same = |a: &ProtocolScores, b: &ProtocolScores| {
            a.protocol == b.protocol && a.worlds == b.worlds
        };
        let pairs: Vec<[&ProtocolScores; 2]> = (first.protocols.iter())
            .filter_map(|a| second.protocols.iter().find(|b| same(a, b)).map(|b| [a, b]))
            .collect();
        let Some([one, _]) = pairs.first() else {
            return differ("they have no protocol with as many worlds in common".to_string());
        };
        let bootstrap = first.bootstrap;
        let runs = [
            bootstrap.picks("runs", first.runs.len()),
            bootstrap.picks("runs of the second", second.runs.len()),
        ];
        let worlds = bootstrap.picks("worlds", one.worlds);
        let judged = |pairs: &[[&ProtocolScores; 2]]| -> BTreeMap<Metric, Paired> {
            let of = |metric| {
                let side = |i: usize| pairs.iter().map(|pair| pair[i].table(metric)).collect();
                let tables = [side(0), side(1)];
                let runs = [&runs[0], &runs[1]];
                Pairing { tables, runs, worlds: &worlds }.judge(&bootstrap)
            };
            Metric::ALL.into_iter().map(|metric| (metric, of(metric))).collect()
        };
        Ok(Self {
            first: first.policy.clone(),
            second: second.policy.clone(),
            protocols: (pairs.iter())
                .map(|pair| ProtocolComparison {
                    protocol: pair[0].protocol.name.clone(),
                    metrics: judged(std::slice::from_ref(pair)),
                })
                .collect(),
            overall: judged(&pairs),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_cancel_what_worlds_have_in_common() {
        // Worlds differ by far more than the policies, which differ by 0.1 in every one.
        let first: Vec<f64> = (0..40).map(|world| f64::from(world % 8) + 0.1).collect();
        let second: Vec<f64> = (0..40).map(|world| f64::from(world % 8)).collect();
        let bootstrap = Bootstrap { resamples: 200, ..Bootstrap::default() };
        let (run, worlds) = (bootstrap.picks("runs", 1), bootstrap.picks("worlds", 40));
        let tables = [vec![vec![&first[..]]], vec![vec![&second[..]]]];
        let found = Pairing { tables, runs: [&run, &run], worlds: &worlds }.judge(&bootstrap);
        assert_eq!(found.better, 1.0);
        assert!((found.difference - 0.1).abs() < 1e-9, "{found:?}");
        assert!(found.interval.iter().all(|end| (end - 0.1).abs() < 1e-9), "{found:?}");
        let tables = [vec![vec![&first[..]]], vec![vec![&first[..]]]];
        let tie = Pairing { tables, runs: [&run, &run], worlds: &worlds }.judge(&bootstrap);
        assert_eq!((tie.better, tie.difference, tie.interval), (0.5, 0.0, [0.0, 0.0]));
    }
}
