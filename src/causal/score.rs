//! How good masks are: entries and cuts, against the truth.

use super::model::moves;
use super::{ACTIONS, MaskModel, Transition};
use crate::error::Result;
use crate::robot::FINGERS;

/// Decisions against the truth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cuts {
    /// Said and true.
    pub right: usize,
    /// Said and not true.
    pub wrong: usize,
    /// True and not said.
    pub missed: usize,
    /// Neither said nor true.
    pub absent: usize,
    /// Scores with whether the thing is true.
    ranked: Vec<(f64, bool)>,
}

impl Cuts {
    fn add(&mut self, said: bool, truth: bool, score: f64) {
        *match (said, truth) {
            (true, true) => &mut self.right,
            (true, false) => &mut self.wrong,
            (false, true) => &mut self.missed,
            (false, false) => &mut self.absent,
        } += 1;
        self.ranked.push((score, truth));
    }

    /// The share of what was said that is true.
    pub fn precision(&self) -> f64 {
        self.right as f64 / (self.right + self.wrong) as f64
    }

    /// The share of what is true that was said.
    pub fn recall(&self) -> f64 {
        self.right as f64 / (self.right + self.missed) as f64
    }

    /// How likely a true thing has a higher score than one that is not, equal scores half: the
    /// area under the ROC curve.
    pub fn auc(&self) -> f64 {
        let mut ranked = self.ranked.clone();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut below, mut area, mut trues) = (0.0, 0.0, 0.0);
        for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
            let positive = tied.iter().filter(|(_, truth)| *truth).count() as f64;
            let negative = tied.len() as f64 - positive;
            area += positive * (below + 0.5 * negative);
            below += negative;
            trues += positive;
        }
        area / (trues * below)
    }
}

/// How a mask model stands to the truth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Influences, entry by entry, without those of bodies on themselves and of actions on their
    /// own fingers; bodies that do not move are left out.
    pub entries: Cuts,
    /// For every body, whether anything joins it with the others: what decides whether it can be
    /// exchanged alone.
    pub cuts: Cuts,
}

impl Score {
    /// Scores a model on transitions with their true masks.
    ///
    /// # Errors
    /// As [`MaskModel::scores`].
    pub fn of<'a>(
        model: &mut dyn MaskModel,
        transitions: impl IntoIterator<Item = &'a Transition>,
    ) -> Result<Self> {
        let mut score = Self::default();
        for t in transitions {
            let bodies = FINGERS + t.before.blocks.len();
            let mut scores = vec![0.0; (bodies + ACTIONS) * bodies];
            model.scores(&t.before, &t.action, &mut scores)?;
            let threshold = model.threshold();
            let truth = |i: usize, j: usize| t.mask.rows()[i] >> j & 1 != 0;
            let mut joined = vec![(f64::NEG_INFINITY, false); bodies];
            for i in 0..bodies + ACTIONS {
                for j in (0..bodies).filter(|j| *j != i % bodies) {
                    if !moves(&t.before, i % bodies) || !moves(&t.before, j) {
                        continue;
                    }
                    let (own, truth) = (scores[i * bodies + j], truth(i, j));
                    score.entries.add(own > threshold, truth, own);
                    for body in [i % bodies, j] {
                        joined[body] = (joined[body].0.max(own), joined[body].1 | truth);
                    }
                }
            }
            for (body, (own, truth)) in joined.into_iter().enumerate() {
                if moves(&t.before, body) {
                    score.cuts.add(own > threshold, truth, own);
                }
            }
        }
        Ok(score)
    }
}

#[cfg(test)]
mod tests {
    use super::Cuts;

    #[test]
    fn the_area_counts_the_pairs_in_order_and_ties_half() {
        let mut cuts = Cuts::default();
        for (score, truth) in [(0.1, false), (0.4, true), (0.4, false), (0.8, true)] {
            cuts.add(score > 0.3, truth, score);
        }
        // Of the four pairs three are in order and one is a tie.
        assert_eq!(cuts.auc(), 3.5 / 4.0);
        assert_eq!((cuts.precision(), cuts.recall()), (2.0 / 3.0, 1.0));
        assert_eq!((cuts.right, cuts.wrong, cuts.missed, cuts.absent), (2, 1, 0, 1));
    }
}
