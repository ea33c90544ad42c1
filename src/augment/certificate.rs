//! What a sample claims of itself, and the check of it.

use serde::{Deserialize, Serialize};

use super::{Resimulator, Samples};
use crate::causal::Transition;
use crate::causal::replay::Layout;
use crate::error::Result;
use crate::rng::fnv1a;

/// A sample's claim to be what the dynamics would have brought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// How the sample was accepted, [`Method::name`](super::Method::name).
    pub method: String,
    /// The replay's row that each finger and block comes from.
    pub sources: Vec<u32>,
    /// The hash of every number of state, action and outcome.
    pub digest: u64,
    /// Whether a repeated step gave the outcome bit for bit.
    pub bitwise: bool,
    /// The largest difference of the two, each number in its unit.
    pub error: f64,
}

/// What a check of a certificate finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// All of it is true.
    Confirmed,
    /// Something of it is not: which.
    Forged(&'static str),
}

impl Certificate {
    /// The certificate of a sample, by taking its step.
    ///
    /// # Errors
    /// As [`Resimulator::step`].
    pub fn of(
        method: &str,
        sample: usize,
        samples: &Samples,
        oracle: &mut Resimulator,
    ) -> Result<Self> {
        let t = samples.transition(sample);
        let found = oracle.check(&t)?;
        let (bitwise, error) = (found.bitwise, found.largest());
        let (method, sources) = (method.to_string(), samples.sources(sample).to_vec());
        Ok(Self { method, sources, digest: digest(&t)?, bitwise, error })
    }

    /// Checks every claim anew, against the transition and by taking its step.
    ///
    /// # Errors
    /// As [`Resimulator::step`].
    pub fn verify(&self, t: &Transition, oracle: &mut Resimulator) -> Result<Verdict> {
        if self.digest != digest(t)? {
            return Ok(Verdict::Forged("the transition is not the one that was certified"));
        }
        let found = oracle.check(t)?;
        if self.bitwise != found.bitwise {
            return Ok(Verdict::Forged("bitwise is not what a repeated step finds"));
        }
        if self.error.to_bits() != found.largest().to_bits() {
            return Ok(Verdict::Forged("error is not what a repeated step finds"));
        }
        Ok(Verdict::Confirmed)
    }
}

/// The hash of every number of a transition that changes, and of the constants that matter.
fn digest(t: &Transition) -> Result<u64> {
    let layout = Layout::new(&t.before.scene)?;
    let mut row = vec![0.0; layout.width()];
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for state in [&t.before, &t.after] {
        layout.write(state, &mut row);
        hash = row.iter().fold(hash, |hash, x| fnv1a(&x.to_le_bytes(), hash));
    }
    hash = t.action.iter().fold(hash, |hash, x| fnv1a(&x.to_le_bytes(), hash));
    let links = t.before.robot.links.iter().map(|link| link.mass);
    let blocks = t.before.blocks.iter().flat_map(|block| {
        let [x, y, z] = block.size;
        let damping = [block.linear_damping, block.angular_damping];
        [[x, y, z, block.mass], [block.friction, block.restitution, damping[0], damping[1]]]
    });
    Ok(links.chain(blocks.flatten()).fold(hash, |hash, x| fnv1a(&x.to_le_bytes(), hash)))
}
