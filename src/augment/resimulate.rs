//! The oracle: a transition's step, taken.

use crate::causal::Transition;
use crate::causal::replay::Layout;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::robot::{FINGERS, Nine};
use crate::world::State;

/// Takes the step of any transition of its world.
pub struct Resimulator {
    env: Env,
}

impl Resimulator {
    /// The oracle of an environment's world; its states may be of any episode.
    ///
    /// # Errors
    /// [`Error::Setting`] for an environment that normalises actions: those of transitions are in
    /// physical units.
    pub fn new(env: Env) -> Result<Self> {
        if env.config().normalize_actions {
            let (name, value) = ("normalize_actions", "true".to_string());
            return Err(Error::Setting { name, value, reason: "must be false here" });
        }
        Ok(Self { env })
    }

    /// The environment.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The transition that the dynamics make of a state and an action.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] for a state of another world, or what is impossible in it.
    pub fn step(&mut self, before: &State, action: &Nine) -> Result<Transition> {
        self.env.set_state(before)?;
        self.env.step(action)?;
        Transition::last(&self.env, before.clone())
    }

    /// How far the outcome of a transition is from what the dynamics make of its beginning.
    ///
    /// # Errors
    /// As [`Resimulator::step`].
    pub fn check(&mut self, t: &Transition) -> Result<Difference> {
        let truth = self.step(&t.before, &t.action)?;
        Difference::between(&t.after, &truth.after)
    }
}

/// How far two states are from each other in what changes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Difference {
    /// Whether every number has the same bits.
    pub bitwise: bool,
    /// The largest difference of a block's coordinate, m.
    pub position: f64,
    /// The largest difference of a quaternion's component.
    pub orientation: f64,
    /// The largest difference of a joint angle, rad.
    pub joint: f64,
    /// The largest difference of a velocity's component, m/s or rad/s.
    pub velocity: f64,
}

impl Difference {
    /// The difference of two states of one scene.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] for different scenes.
    pub fn between(a: &State, b: &State) -> Result<Self> {
        let layout = Layout::new(&a.scene)?;
        if !layout.fits(b) {
            let reason = "the two states have not the same blocks and goals".to_string();
            return Err(Error::OtherWorld { reason });
        }
        let mut rows = [vec![0.0; layout.width()], vec![0.0; layout.width()]];
        layout.write(a, &mut rows[0]);
        layout.write(b, &mut rows[1]);
        let [a, b] = &rows;
        let same = a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
        let mut difference = Self { bitwise: same, ..Self::default() };
        for body in 0..layout.bodies() {
            let columns = layout.columns(body);
            for (place, (a, b)) in a[columns.clone()].iter().zip(&b[columns]).enumerate() {
                let kind = match (body < FINGERS, place) {
                    (true, 0..3) => &mut difference.joint,
                    (true, 3..6) | (false, 7..) => &mut difference.velocity,
                    (false, 0..3) => &mut difference.position,
                    (false, _) => &mut difference.orientation,
                    // Targets and torques follow from the rest.
                    (true, _) => continue,
                };
                *kind = kind.max((a - b).abs());
            }
        }
        Ok(difference)
    }

    /// The largest of all, each in its unit.
    pub fn largest(&self) -> f64 {
        self.position.max(self.orientation).max(self.joint).max(self.velocity)
    }
}
