//! From one world to another over episodes.

use super::{Actor, Moment};
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::math;
use crate::task::Family;
use crate::variable::{Domain, Variable};
use crate::world::State;

/// Sets variables to what lies between two worlds: those of the first episode and of the last.
///
/// Numbers go evenly, whole numbers to the nearest, quaternions the short way round. Before the
/// first of the episodes it is the first world, after the last the last one, to the bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolation {
    from: Intervention,
    to: Intervention,
    episodes: [u64; 2],
}

impl Interpolation {
    /// From some values to others; what `from` leaves out goes from what the episode begins with.
    ///
    /// # Errors
    /// [`Error::Setting`] where the last episode comes before the first.
    pub fn new(from: Intervention, to: Intervention, episodes: [u64; 2]) -> Result<Self> {
        if episodes[0] > episodes[1] {
            return Err(Error::Setting {
                name: "episodes",
                value: format!("{episodes:?}"),
                reason: "the first may not come after the last",
            });
        }
        Ok(Self { from, to, episodes })
    }

    /// From the start of one family to that of another with the same blocks and goals, in an
    /// environment of either; the space in force must allow both.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where blocks or goals differ; as [`Interpolation::new`].
    pub fn between(from: &Family, to: &Family, episodes: [u64; 2]) -> Result<Self> {
        let (a, b) = (from.initial_state(), to.initial_state());
        if a.scene != b.scene {
            return Err(Error::OtherWorld {
                reason: format!("{} and {} differ in blocks or goals", from.name(), to.name()),
            });
        }
        let (mut begin, mut end) = (Intervention::new(), Intervention::new());
        // Cylindrical and rotation vectors are other coordinates of what is stored.
        let twins = ["cylindrical_position", "euler_orientation"];
        for variable in Variable::all(&b.scene, to.rules()) {
            let path = variable.path(&b.scene);
            let known = Variable::find(&a.scene, from.rules(), &path).is_ok();
            let (before, after) = (variable.read(&a), variable.read(&b));
            let stored =
                variable.attribute.is_writable() && !twins.contains(&variable.attribute.name);
            if known && stored && before != after {
                begin = begin.with(&path, before);
                end = end.with(&path, after);
            }
        }
        Self::new(begin, end, episodes)
    }

    /// How far an episode is on the way, 0 to 1.
    fn way(&self, episode: u64) -> f64 {
        let [first, last] = self.episodes;
        match episode {
            _ if episode >= last => 1.0,
            _ if episode <= first => 0.0,
            _ => (episode - first) as f64 / (last - first) as f64,
        }
    }

    fn value(&self, moment: &Moment<'_>, path: &str, to: &[f64]) -> Result<Vec<f64>> {
        let state: &State = moment.state();
        let variable = Variable::find(&state.scene, moment.rules(), path)?;
        let to = variable.admit(&state.scene, to)?;
        let from = match self.from.values.get(path) {
            Some(from) => variable.admit(&state.scene, from)?,
            None => variable.read(state),
        };
        let way = self.way(state.episode);
        if way == 0.0 || way == 1.0 {
            return Ok(if way == 0.0 { from } else { to });
        }
        let dot: f64 = from.iter().zip(&to).map(|(a, b)| a * b).sum();
        let is_rotation = variable.attribute.domain == Domain::Rotation;
        let sign = if is_rotation && dot < 0.0 { -1.0 } else { 1.0 };
        let between = from.iter().zip(&to).map(|(a, b)| a + (sign * b - a) * way);
        let between: Vec<f64> = between.collect();
        Ok(match variable.attribute.domain {
            Domain::Whole(..) => between.iter().map(|v| v.round()).collect(),
            Domain::Rotation => {
                let unit = math::normalized(std::array::from_fn(|i| between[i]));
                unit.map_or(to, |unit| unit.to_vec())
            }
            _ => between,
        })
    }
}

impl Actor for Interpolation {
    fn name(&self) -> &str {
        "interpolation_actor"
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        let mut wanted = Intervention::new();
        for (path, to) in &self.to.values {
            wanted = wanted.with(path, self.value(moment, path, to)?);
        }
        Ok(wanted)
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(self.clone())
    }
}
