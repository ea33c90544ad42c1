//! The cross-entropy method: maximises a score by sampling around what scored best.

use crate::error::{Error, Result};
use crate::rng::Rng;

/// Settings of the cross-entropy method (de Boer et al., A Tutorial on the Cross-Entropy Method,
/// 2005), with the names of the reference (facts 8.9).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cem {
    /// How many candidates are tried in an iteration.
    pub population: usize,
    /// How many of the best the next iteration is sampled around.
    pub elites: usize,
    /// How often that is done.
    pub iterations: usize,
    /// How much of the mean and deviation of an iteration the next one keeps, 0 to 1.
    pub keep: f64,
}

impl Cem {
    /// Refuses what is no search.
    ///
    /// # Errors
    /// [`Error::Setting`] for no candidates, no or too many elites, or a share outside of \[0, 1).
    pub fn check(&self) -> Result<()> {
        let wrong = |name, value: String, reason| Err(Error::Setting { name, value, reason });
        if self.iterations == 0 {
            return wrong("iterations", "0".to_string(), "must be at least 1");
        }
        if self.elites == 0 || self.elites > self.population {
            return wrong("elites", self.elites.to_string(), "must be 1 to the population");
        }
        if !(0.0..1.0).contains(&self.keep) {
            return wrong("keep", self.keep.to_string(), "must be at least 0 and less than 1");
        }
        Ok(())
    }

    /// The best candidate found, and its score.
    ///
    /// The search begins with normal numbers of the given mean and deviations, which it changes
    /// into those of the elites; the mean itself is the first candidate of every iteration.
    /// `score` is given all candidates of an iteration at once and returns one number for each, of
    /// which one that is not a number counts as the worst.
    ///
    /// # Errors
    /// [`Cem::check`]'s, and what `score` returns.
    pub fn maximise(
        &self,
        rng: &mut Rng,
        mean: &mut [f64],
        deviations: &mut [f64],
        mut score: impl FnMut(&[Vec<f64>]) -> Result<Vec<f64>>,
    ) -> Result<(Vec<f64>, f64)> {
        self.check()?;
        let (mut best, mut highest) = (mean.to_vec(), f64::NEG_INFINITY);
        for _ in 0..self.iterations {
            let mut draw = || {
                let each = mean.iter().zip(deviations.iter());
                each.map(|(mean, deviation)| mean + deviation * rng.normal()).collect()
            };
            let mut candidates: Vec<Vec<f64>> = vec![mean.to_vec()];
            candidates.extend((1..self.population).map(|_| draw()));
            let scores = score(&candidates)?;
            let rank = |value: f64| if value.is_nan() { f64::NEG_INFINITY } else { value };
            let mut ranked: Vec<(f64, Vec<f64>)> =
                scores.into_iter().map(rank).zip(candidates).collect();
            ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            ranked.truncate(self.elites);
            if let Some((score, candidate)) = ranked.first()
                && *score > highest
            {
                highest = *score;
                best.clone_from(candidate);
            }
            self.follow(&ranked, mean, deviations);
        }
        Ok((best, highest))
    }

    /// Moves mean and deviations to those of the elites.
    fn follow(&self, elites: &[(f64, Vec<f64>)], mean: &mut [f64], deviations: &mut [f64]) {
        let count = elites.len().max(1) as f64;
        for (i, (mean, deviation)) in mean.iter_mut().zip(deviations).enumerate() {
            let values = || elites.iter().map(|(_, elite)| elite[i]);
            let centre = values().sum::<f64>() / count;
            let spread =
                (values().map(|x| (x - centre) * (x - centre)).sum::<f64>() / count).sqrt();
            *mean = self.keep * *mean + (1.0 - self.keep) * centre;
            *deviation = self.keep * *deviation + (1.0 - self.keep) * spread;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CEM: Cem = Cem { population: 64, elites: 8, iterations: 30, keep: 0.1 };

    #[test]
    fn it_finds_the_top_of_a_hill_and_closes_in_on_it() {
        let top = [0.7, -0.3, 0.1];
        let hill = |candidates: &[Vec<f64>]| {
            let height =
                |c: &Vec<f64>| -c.iter().zip(top).map(|(x, t)| (x - t) * (x - t)).sum::<f64>();
            Ok(candidates.iter().map(height).collect())
        };
        let seed = 5;
        println!("seed {seed}");
        let mut rng = Rng::stream(seed, 0, "cem");
        let (mut mean, mut deviations) = ([0.0; 3], [1.0; 3]);
        let (best, score) = CEM.maximise(&mut rng, &mut mean, &mut deviations, hill).unwrap();
        // Deviations shrink by a constant factor in every iteration.
        assert!(score > -1e-6 && deviations.iter().all(|d| *d < 1e-3), "{best:?} {deviations:?}");
    }

    #[test]
    fn the_mean_is_tried_and_a_score_that_is_no_number_is_the_worst() {
        let mut tried = Vec::new();
        let only_the_mean = |candidates: &[Vec<f64>]| {
            tried = candidates.to_vec();
            Ok(candidates.iter().map(|c| if c[0] == 0.25 { -5.0 } else { f64::NAN }).collect())
        };
        let cem = Cem { iterations: 1, ..CEM };
        let mut rng = Rng::stream(6, 0, "cem");
        let found = cem.maximise(&mut rng, &mut [0.25], &mut [1.0], only_the_mean).unwrap();
        assert_eq!(found, (vec![0.25], -5.0));
        assert_eq!((tried.len(), tried[0][0]), (64, 0.25));
    }

    #[test]
    fn what_is_no_search_is_refused() {
        for cem in [
            Cem { elites: 0, ..CEM },
            Cem { elites: 65, ..CEM },
            Cem { iterations: 0, ..CEM },
            Cem { keep: 1.0, ..CEM },
        ] {
            assert!(matches!(cem.check(), Err(Error::Setting { .. })), "{cem:?}");
        }
    }
}
