//! A range that widens as the agent succeeds.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Actor, Moment, of_progress};
use crate::env::Info;
use crate::error::{Error, Result};
use crate::intervention::{Drawn, Intervention};
use crate::variable::{Space, matches};

/// How a range widens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pace {
    /// Over how many episodes success is averaged; the width changes after that many at most.
    pub window: usize,
    /// The share of them with success from which the range widens.
    pub widen_from: f64,
    /// The share up to which it narrows; below 0 for never.
    pub narrow_to: f64,
    /// How much the width changes.
    pub step: f64,
    /// The width in the beginning, which it does not fall below.
    pub width: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { window: 20, widen_from: 0.8, narrow_to: -1.0, step: 0.1, width: 0.0 }
    }
}

/// Sets variables to draws from part of a space: at width 0 what the episode begins with, or what
/// of the space is nearest to that; at width 1 all of it; in between, that share of the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Widening {
    globs: Vec<String>,
    space: Option<Space>,
    pace: Pace,
    width: f64,
    recent: Vec<bool>,
}

impl Widening {
    /// Widens the range of the variables that the globs fit, in a space of one's own or in the one
    /// in force.
    ///
    /// # Errors
    /// [`Error::Setting`] for a window of 0 episodes, or a step or width outside 0 to 1.
    pub fn new(globs: &[String], space: Option<Space>, pace: Pace) -> Result<Self> {
        let refuse = |name, value: String, reason| Err(Error::Setting { name, value, reason });
        if pace.window == 0 {
            return refuse("window", "0".to_string(), "must be at least 1 episode");
        }
        for (name, share) in [("step", pace.step), ("width", pace.width)] {
            if !(0.0..=1.0).contains(&share) {
                return refuse(name, share.to_string(), "must be between 0 and 1");
            }
        }
        let (globs, width, recent) = (globs.to_vec(), pace.width, Vec::new());
        Ok(Self { globs, space, pace, width, recent })
    }

    /// How much of the space is drawn from, 0 to 1.
    pub fn width(&self) -> f64 {
        self.width
    }
}

impl Actor for Widening {
    fn name(&self) -> &str {
        "widening_actor"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        let width = self.width;
        let narrowed = |drawn: &Drawn<'_>| {
            let bounds = drawn.bounds.low.iter().zip(&drawn.bounds.high);
            let pairs = drawn.value.iter().zip(drawn.present).zip(bounds);
            let narrow = |((value, present), (low, high)): ((&f64, &f64), (&f64, &f64))| {
                let home = present.max(*low).min(*high);
                home + width * (value - home)
            };
            pairs.map(narrow).collect()
        };
        let chosen = |path: &str| self.globs.iter().any(|glob| matches(glob, path));
        moment.draw(self.space.as_ref(), &chosen, Some(&narrowed))
    }

    fn hear(&mut self, end: &Info) {
        self.recent.push(end.success);
        if self.recent.len() < self.pace.window {
            return;
        }
        let successes = self.recent.iter().filter(|success| **success).count();
        let share = successes as f64 / self.recent.len() as f64;
        let step = match share {
            share if share >= self.pace.widen_from => self.pace.step,
            share if share <= self.pace.narrow_to => -self.pace.step,
            _ => {
                self.recent.remove(0);
                return;
            }
        };
        self.width = (self.width + step).min(1.0).max(self.pace.width);
        self.recent.clear();
    }

    fn progress(&self) -> Value {
        json!({"width": self.width, "recent": self.recent})
    }

    fn resume(&mut self, progress: &Value) -> Result<()> {
        #[derive(Deserialize)]
        struct Progress {
            width: f64,
            recent: Vec<bool>,
        }
        let Progress { width, recent } = of_progress("widening actor", progress)?;
        (self.width, self.recent) = (width, recent);
        Ok(())
    }

    fn another(&self) -> Box<dyn Actor> {
        let (width, recent) = (self.pace.width, Vec::new());
        Box::new(Self { width, recent, ..self.clone() })
    }
}
