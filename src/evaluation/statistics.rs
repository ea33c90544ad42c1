//! Means, spreads and bootstrap intervals of scores, by run and world.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::rng::Rng;

/// One protocol's scores: for every run (a training seed, a policy of its own) one of each world.
pub type Table<'a> = Vec<&'a [f64]>;

/// The mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a population, as the reference reports it (facts 8.5).
pub fn standard_deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares: Vec<f64> = values.iter().map(|v| (v - centre) * (v - centre)).collect();
    mean(&squares).sqrt()
}

/// The mean of the middle half: what is left when a quarter of the values, rounded down, is cut
/// off at either end (Agarwal et al. 2021).
pub fn interquartile_mean(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let cut = sorted.len() / 4;
    mean(&sorted[cut..sorted.len() - cut])
}

/// The distance from the first to the third quartile.
pub fn interquartile_range(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    quantile(&sorted, 0.75) - quantile(&sorted, 0.25)
}

/// The value below which a share of the sorted values lies, linear between neighbours.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * sorted.len().saturating_sub(1) as f64;
    let below = place as usize;
    match (sorted.get(below), sorted.get(below + 1)) {
        (Some(low), Some(high)) => low + (high - low) * (place - below as f64),
        (Some(last), None) => *last,
        _ => f64::NAN,
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// How intervals are made: percentiles of a bootstrap.
///
/// Runs and worlds are crossed, because every run is evaluated in the same worlds. A resample draws
/// runs with replacement and, independently, worlds with replacement, and takes every score of
/// a drawn run in a drawn world (the pigeonhole bootstrap; Owen 2007). Protocols are strata: each
/// keeps its share, and world i is drawn for all protocols or for none, since its draws are shared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// How many resamples.
    pub resamples: usize,
    /// How much of their distribution an interval holds, above 0 and below 1.
    pub confidence: f64,
    /// What they are drawn from.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 2000 resamples, 95 %.
    fn default() -> Self {
        Self { resamples: 2000, confidence: 0.95, seed: 0 }
    }
}

/// What every resample takes: as many indices as there are things, with replacement.
#[derive(Clone, Debug, PartialEq)]
pub struct Picks {
    count: usize,
    indices: Vec<u32>,
}

impl Picks {
    /// What one resample takes.
    pub fn row(&self, resample: usize) -> &[u32] {
        &self.indices[resample * self.count..][..self.count]
    }
}

impl Bootstrap {
    /// Refuses settings that give no interval.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self) -> Result<()> {
        let refuse = |name, value: String, reason| Err(Error::Setting { name, value, reason });
        if self.resamples == 0 {
            return refuse("resamples", "0".to_string(), "must be at least 1");
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            let value = self.confidence.to_string();
            return refuse("confidence", value, "must be above 0 and below 1");
        }
        Ok(())
    }

    /// The picks among `count` things of that name: the same for the same name, seed and count.
    pub fn picks(&self, name: &str, count: usize) -> Picks {
        let mut rng = Rng::stream(self.seed, 0, &format!("bootstrap/{name}"));
        let one = |_| rng.below(count.max(1) as u64) as u32;
        Picks { count, indices: (0..self.resamples * count).map(one).collect() }
    }

    /// The interval of a statistic of resamples by their number.
    pub fn interval(&self, statistic: impl FnMut(usize) -> f64) -> [f64; 2] {
        let found: Vec<f64> = (0..self.resamples).map(statistic).collect();
        let (found, tail) = (sorted(&found), 0.5 * (1.0 - self.confidence));
        [quantile(&found, tail), quantile(&found, 1.0 - tail)]
    }

    /// The interval of a statistic of all scores, over runs and worlds, stratified by protocol.
    ///
    /// All tables must have the runs and the worlds that the picks are among.
    pub fn stratified(
        &self,
        strata: &[Table<'_>],
        runs: &Picks,
        worlds: &Picks,
        statistic: fn(&[f64]) -> f64,
    ) -> [f64; 2] {
        let mut scores = Vec::new();
        self.interval(|resample| {
            scores.clear();
            for table in strata {
                for run in runs.row(resample) {
                    let run = table[*run as usize];
                    scores.extend(worlds.row(resample).iter().map(|world| run[*world as usize]));
                }
            }
            statistic(&scores)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of experiments whose interval of the mean holds the true one, which is 0: scores
    /// are a normal number of their run, one of their world and one of their own.
    fn coverage(runs: usize, worlds: usize, spreads: [f64; 3], experiments: u64) -> f64 {
        let mut held = 0;
        for experiment in 0..experiments {
            let mut rng = Rng::stream(experiment, 0, "coverage");
            let of_world: Vec<f64> = (0..worlds).map(|_| spreads[1] * rng.normal()).collect();
            let mut run = || -> Vec<f64> {
                let own = spreads[0] * rng.normal();
                of_world.iter().map(|w| own + w + spreads[2] * rng.normal()).collect()
            };
            let table: Vec<Vec<f64>> = (0..runs).map(|_| run()).collect();
            let bootstrap = Bootstrap { resamples: 400, confidence: 0.95, seed: experiment };
            let picks = [bootstrap.picks("runs", runs), bootstrap.picks("worlds", worlds)];
            let table: Table<'_> = table.iter().map(Vec::as_slice).collect();
            let [low, high] = bootstrap.stratified(&[table], &picks[0], &picks[1], mean);
            held += u64::from(low <= 0.0 && 0.0 <= high);
        }
        held as f64 / experiments as f64
    }

    #[test]
    fn an_interval_over_worlds_holds_the_true_mean_as_often_as_it_says() {
        // Percentiles of 50 normal numbers reach 1.960 sqrt(49/50) standard errors, which Student's
        // t with 49 degrees of freedom exceeds in 5.8 % of cases; 500 experiments are uncertain by
        // sqrt(0.058 * 0.942 / 500) = 1.05 %.
        let share = coverage(1, 50, [0.0, 1.0, 0.5], 500);
        println!("{share}");
        assert!((share - 0.942).abs() < 4.0 * 0.0105, "{share}");
    }

    #[test]
    fn an_interval_over_runs_and_worlds_counts_what_differs_between_runs() {
        // The same reasoning with the run's share alone: 1.960 sqrt(19/20) standard errors and 19
        // degrees of freedom are 92.9 %; what is of single scores is counted three times (Owen
        // 2007), so with little of it the share is that, and no less.
        let share = coverage(20, 10, [1.0, 0.05, 0.05], 500);
        println!("{share}");
        assert!((share - 0.929).abs() < 4.0 * 0.0115, "{share}");
        // Held beside what a bootstrap over worlds alone makes of one such run.
        assert!(coverage(1, 10, [1.0, 0.05, 0.05], 200) < 0.5);
    }

    #[test]
    fn the_figures_are_those_of_the_definitions() {
        let values = [8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 100.0];
        // A quarter of nine values is two.
        assert_eq!(interquartile_mean(&values), 5.0);
        assert_eq!(interquartile_range(&values), 4.0);
        assert_eq!(standard_deviation(&[1.0, 3.0]), 1.0);
        assert_eq!(quantile(&[0.0, 10.0], 0.25), 2.5);
        assert_eq!(interquartile_mean(&[3.0]), 3.0);
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_and_one_score_an_empty_one() {
        let bootstrap = Bootstrap { resamples: 50, ..Bootstrap::default() };
        assert_eq!(bootstrap.picks("worlds", 7), bootstrap.picks("worlds", 7));
        assert_ne!(bootstrap.picks("worlds", 7), bootstrap.picks("runs", 7));
        let one = bootstrap.picks("runs", 1);
        assert_eq!(bootstrap.stratified(&[vec![&[0.3]]], &one, &one, mean), [0.3, 0.3]);
        assert!(Bootstrap { confidence: 1.0, ..bootstrap }.check().is_err());
        assert!(Bootstrap { resamples: 0, ..bootstrap }.check().is_err());
    }
}
