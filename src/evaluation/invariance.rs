//! Whether a policy acts otherwise where only something changes that should not matter to it.

use serde::{Deserialize, Serialize};

use super::plan::{Arena, Driver, Plan};
use super::statistics::mean;
use crate::env::Env;
use crate::env::observation::Number;
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::robot::Nine;
use crate::variable::{self, Subspace};

/// How a policy's first action of an episode follows a change that moves no body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invariance {
    /// What was changed, as a glob: `*/color`.
    pub changed: String,
    /// In how many worlds.
    pub worlds: usize,
    /// In which share of them the action changed at all.
    pub share_altered: f64,
    /// The mean over worlds of the largest change of a joint's number, in the action's unit.
    pub mean_change: f64,
    /// The largest of them.
    pub largest_change: f64,
}

/// Worlds in pairs that differ in some variables only.
pub struct Probes {
    changed: String,
    pairs: Vec<[Env; 2]>,
}

impl Plan {
    /// The starts of about `count` worlds, spread over the protocols, each beside its like with
    /// other values of every variable that a glob fits, drawn from both ranges.
    ///
    /// # Errors
    /// [`Error::UnknownVariable`] where nothing fits the glob; as [`Plan::rollout`].
    pub fn probes(&self, glob: &str, count: usize) -> Result<Probes> {
        let each = count.div_ceil(self.arenas.len().max(1));
        let mut pairs = Vec::new();
        for Arena { model, worlds, .. } in &self.arenas {
            for (index, world) in worlds.iter().take(each).enumerate() {
                let mut pair = [model.twin()?, model.twin()?];
                for env in &mut pair {
                    world.begin(env).map_err(|error| error.in_world(index))?;
                }
                let other = drawn(&pair[1], glob)?;
                pair[1].intervene_within(&other, None).map_err(|error| error.in_world(index))?;
                pairs.push(pair);
            }
        }
        Ok(Probes { changed: glob.to_string(), pairs })
    }
}

fn drawn(env: &Env, glob: &str) -> Result<Intervention> {
    let (state, rules) = (env.state(), env.family().rules());
    let mut wanted = Intervention::new();
    for (path, _) in env.space(Subspace::Both) {
        if variable::matches(glob, &path)
            && let Some(value) = variable::draw(state, rules, &path, Subspace::Both)?
        {
            wanted = wanted.with(&path, value);
        }
    }
    match wanted.is_empty() {
        true => Err(Error::UnknownVariable { path: glob.to_string(), suggestion: None }),
        false => Ok(wanted),
    }
}

impl Probes {
    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The environments as they were, or with the other values.
    pub fn envs(&self, changed: bool) -> impl ExactSizeIterator<Item = &Env> {
        self.pairs.iter().map(move |pair| &pair[usize::from(changed)])
    }

    /// Writes their observations, one row after the other.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn observe<T: Number>(&self, changed: bool, observations: &mut [T]) -> Result<()> {
        let rows = observations.chunks_mut((observations.len() / self.len().max(1)).max(1));
        self.envs(changed).zip(rows).try_for_each(|(env, row)| env.observe(row))
    }

    /// What became of policies that see states.
    ///
    /// # Errors
    /// Why an environment has no policy.
    pub fn drive(&self, driver: &dyn Fn(&Env) -> Result<Driver>) -> Result<Invariance> {
        let act = |env: &Env| -> Result<Nine> {
            let mut action = [0.0; 9];
            driver(env)?(env.state(), &mut action)?;
            Ok(action)
        };
        let [before, after] =
            [false, true].map(|changed| self.envs(changed).map(act).collect::<Result<Vec<_>>>());
        Ok(self.judge(&before?, &after?))
    }

    /// What became of the actions, one a pair, in the worlds as they were and with the change.
    pub fn judge(&self, before: &[Nine], after: &[Nine]) -> Invariance {
        let change = |(a, b): (&Nine, &Nine)| {
            a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let changes: Vec<f64> = before.iter().zip(after).map(change).collect();
        let altered: Vec<f64> = changes.iter().map(|c| f64::from(u8::from(*c != 0.0))).collect();
        Invariance {
            changed: self.changed.clone(),
            worlds: changes.len(),
            share_altered: mean(&altered),
            mean_change: mean(&changes),
            largest_change: changes.iter().copied().fold(0.0, f64::max),
        }
    }
}
