//! One metric of a protocol, or of all, in a few numbers.

use serde::{Deserialize, Serialize};

use super::statistics::{
    Bootstrap, Picks, Table, interquartile_mean, interquartile_range, mean, standard_deviation,
};

/// One metric over runs and worlds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The mean over all episodes.
    pub mean: f64,
    /// Its bootstrap interval, low and high.
    pub mean_interval: [f64; 2],
    /// The mean of the middle half of all episodes.
    pub interquartile_mean: f64,
    /// Its bootstrap interval, low and high.
    pub interquartile_mean_interval: [f64; 2],
    /// The standard deviation over all episodes, of a population as the reference has it.
    pub standard_deviation: f64,
    /// How the runs' means differ; none of one run.
    pub across_runs: Option<Spread>,
    /// How the episodes of one run in one protocol differ, the mean over runs and protocols.
    pub within_runs: Spread,
}

/// How much some numbers differ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Their standard deviation, of a population.
    pub standard_deviation: f64,
    /// From their first to their third quartile.
    pub interquartile_range: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        Self {
            standard_deviation: standard_deviation(values),
            interquartile_range: interquartile_range(values),
        }
    }
}

impl Summary {
    /// The summary of a protocol, or of several as strata.
    pub(super) fn of(
        strata: &[Table<'_>],
        runs: &Picks,
        worlds: &Picks,
        bootstrap: &Bootstrap,
    ) -> Self {
        let all: Vec<f64> = strata.iter().flatten().flat_map(|run| run.iter().copied()).collect();
        let interval = |statistic| bootstrap.stratified(strata, runs, worlds, statistic);
        let within: Vec<Spread> = strata.iter().flatten().map(|run| Spread::of(run)).collect();
        let over = |pick: fn(&Spread) -> f64| mean(&within.iter().map(pick).collect::<Vec<_>>());
        Self {
            mean: mean(&all),
            mean_interval: interval(mean),
            interquartile_mean: interquartile_mean(&all),
            interquartile_mean_interval: interval(interquartile_mean),
            standard_deviation: standard_deviation(&all),
            across_runs: across(strata),
            within_runs: Spread {
                standard_deviation: over(|spread| spread.standard_deviation),
                interquartile_range: over(|spread| spread.interquartile_range),
            },
        }
    }
}

fn across(strata: &[Table<'_>]) -> Option<Spread> {
    let runs = strata.first().map_or(0, Vec::len);
    let of_run = |run: usize| mean(&strata.iter().map(|t| mean(t[run])).collect::<Vec<_>>());
    let means: Vec<f64> = (0..runs).map(of_run).collect();
    (runs > 1).then(|| Spread::of(&means))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_across_runs_and_within_them_are_told_apart() {
        let bootstrap = Bootstrap { resamples: 20, ..Bootstrap::default() };
        let picks = bootstrap.picks("any", 2);
        let of = |strata: &[Table<'_>]| Summary::of(strata, &picks, &picks, &bootstrap);
        let runs = of(&[vec![&[0.0, 0.0], &[1.0, 1.0]]]);
        assert_eq!(runs.across_runs.unwrap().standard_deviation, 0.5);
        assert_eq!(runs.within_runs.standard_deviation, 0.0);
        let worlds = of(&[vec![&[0.0, 1.0], &[0.0, 1.0]]]);
        assert_eq!(worlds.across_runs.unwrap().standard_deviation, 0.0);
        assert_eq!(worlds.within_runs.standard_deviation, 0.5);
        assert_eq!((worlds.mean, worlds.standard_deviation), (0.5, 0.5));
    }
}
