//! What is measured of an episode.

use serde::{Deserialize, Serialize};

/// A figure of an episode; more is better.
///
/// The reference's three figures (facts 8.5) by the exact overlap of volumes, the same by
/// axis-aligned bounds as the reference measures them, success and return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The fractional success after the last step: the headline of the paper.
    LastFractionalSuccess,
    /// Its mean over all steps.
    FullIntegratedFractionalSuccess,
    /// Its mean over the last [`LAST_STEPS`](super::LAST_STEPS) steps.
    LastIntegratedFractionalSuccess,
    /// As [`Metric::LastFractionalSuccess`], by axis-aligned bounds.
    AabbLastFractionalSuccess,
    /// As [`Metric::FullIntegratedFractionalSuccess`], by axis-aligned bounds.
    AabbFullIntegratedFractionalSuccess,
    /// As [`Metric::LastIntegratedFractionalSuccess`], by axis-aligned bounds.
    AabbLastIntegratedFractionalSuccess,
    /// 1 where the goal is reached after the last step, else 0; its mean is the success rate.
    Success,
    /// The sum of the rewards.
    Return,
}

impl Metric {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::LastFractionalSuccess,
        Self::FullIntegratedFractionalSuccess,
        Self::LastIntegratedFractionalSuccess,
        Self::AabbLastFractionalSuccess,
        Self::AabbFullIntegratedFractionalSuccess,
        Self::AabbLastIntegratedFractionalSuccess,
        Self::Success,
        Self::Return,
    ];

    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::LastFractionalSuccess => "last_fractional_success",
            Self::FullIntegratedFractionalSuccess => "full_integrated_fractional_success",
            Self::LastIntegratedFractionalSuccess => "last_integrated_fractional_success",
            Self::AabbLastFractionalSuccess => "aabb_last_fractional_success",
            Self::AabbFullIntegratedFractionalSuccess => "aabb_full_integrated_fractional_success",
            Self::AabbLastIntegratedFractionalSuccess => "aabb_last_integrated_fractional_success",
            Self::Success => "success",
            Self::Return => "return",
        }
    }

    /// Its name for readers.
    pub fn title(self) -> &'static str {
        match self {
            Self::LastFractionalSuccess => "last fractional success",
            Self::FullIntegratedFractionalSuccess => "full integrated fractional success",
            Self::LastIntegratedFractionalSuccess => "last integrated fractional success",
            Self::AabbLastFractionalSuccess => "last fractional success by bounding boxes",
            Self::AabbFullIntegratedFractionalSuccess => {
                "full integrated fractional success by bounding boxes"
            }
            Self::AabbLastIntegratedFractionalSuccess => {
                "last integrated fractional success by bounding boxes"
            }
            Self::Success => "success rate",
            Self::Return => "return",
        }
    }

    /// Whether it lies between 0 and 1.
    pub fn is_share(self) -> bool {
        self != Self::Return
    }
}

#[cfg(test)]
mod tests {
    use super::Metric;

    #[test]
    fn names_are_those_of_the_documents_and_the_order_is_theirs() {
        for (i, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
            assert_eq!(metric as usize, i);
        }
    }
}
