//! Masks from elsewhere: what guesses, from a state and an action, who influences whom.

use super::{ACTIONS, LocalMask, Transition};
use crate::env::Env;
use crate::error::{Error, Result, all_finite};
use crate::robot::{FINGERS, Nine, RAISED, kinematics};
use crate::world::{BlockKind, State};

/// What guesses local masks.
///
/// Scores are (bodies + actions) × bodies numbers, row by row: how much a finger, block or action
/// (rows) is believed to influence a finger or block (columns).
pub trait MaskModel {
    /// Its name in reports.
    fn name(&self) -> String;

    /// Above which score an entry counts as influence.
    fn threshold(&self) -> f64;

    /// Writes the scores of a state and an action.
    ///
    /// # Errors
    /// Where the model can not be evaluated there.
    fn scores(&mut self, before: &State, action: &Nine, out: &mut [f64]) -> Result<()>;

    /// The mask: scores above the threshold, and everybody and every finger's action on itself.
    ///
    /// # Errors
    /// As [`MaskModel::scores`].
    fn mask(&mut self, before: &State, action: &Nine) -> Result<LocalMask> {
        let bodies = FINGERS + before.blocks.len();
        let mut scores = vec![0.0; (bodies + ACTIONS) * bodies];
        self.scores(before, action, &mut scores)?;
        let threshold = self.threshold();
        let row = |(i, row): (usize, &[f64])| {
            let above = row.iter().enumerate().filter(|(_, score)| **score > threshold);
            above.fold(1 << (i % bodies), |bits: u128, (j, _)| bits | 1 << j)
        };
        let rows = scores.chunks_exact(bodies).enumerate().map(row).collect();
        Ok(LocalMask::from_rows(rows, &before.scene))
    }
}

/// Bodies nearer than a distance influence each other: the heuristic of the paper's robot
/// experiments (10 cm; Pitis et al. 2020, section 5).
///
/// A finger is where its tip is, a block where its centre is; velocities and sizes are not looked
/// at. A score is the distance with a negative sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// The distance, m.
    pub distance: f64,
}

impl Default for Distance {
    /// The paper's 10 cm.
    fn default() -> Self {
        Self { distance: 0.1 }
    }
}

impl MaskModel for Distance {
    fn name(&self) -> String {
        format!("distance below {} m", self.distance)
    }

    fn threshold(&self) -> f64 {
        -self.distance
    }

    fn scores(&mut self, before: &State, _action: &Nine, out: &mut [f64]) -> Result<()> {
        let robot = &before.robot;
        let tips = kinematics::tips(&robot.joint_positions, robot.height);
        let tips = (0..FINGERS).map(|finger| kinematics::of_finger(&tips, finger));
        let places: Vec<_> = tips.chain(before.blocks.iter().map(|b| b.position)).collect();
        let distance = |a: [f64; 3], b: [f64; 3]| {
            (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum::<f64>().sqrt()
        };
        // An action is its finger's.
        let sources = places.iter().chain(&places[..ACTIONS]);
        for (row, from) in out.chunks_exact_mut(places.len()).zip(sources) {
            for (score, to) in row.iter_mut().zip(&places) {
                *score = -distance(*from, *to);
            }
        }
        Ok(())
    }
}

/// The truth: the step is taken, and its mask is the model's. Scores are zero and one.
pub struct Simulated {
    env: Env,
}

impl Simulated {
    /// The truth in an environment's world, which must not normalise actions.
    pub fn new(env: Env) -> Self {
        Self { env }
    }
}

impl MaskModel for Simulated {
    fn name(&self) -> String {
        "simulation".to_string()
    }

    fn threshold(&self) -> f64 {
        0.5
    }

    fn scores(&mut self, before: &State, action: &Nine, out: &mut [f64]) -> Result<()> {
        let after = taken(&mut self.env, before, action)?;
        let bodies = FINGERS + before.blocks.len();
        for (row, bits) in out.chunks_exact_mut(bodies).zip(after.mask.rows()) {
            for (j, score) in row.iter_mut().enumerate() {
                *score = f64::from(u8::from(bits >> j & 1 != 0));
            }
        }
        Ok(())
    }
}

/// Influence by absence: a body is taken away and the step is taken again; what ends elsewhere was
/// influenced (the null counterfactual of Chuck et al. 2024).
///
/// A block is put far outside the arena, a finger raised; an action's score is its finger's on
/// others. A score is the largest change of a number of state, each in its unit.
pub struct Nulling {
    env: Env,
    /// Changes up to this count as none.
    pub threshold: f64,
}

/// How far outside blocks are put that are taken away, m.
const FAR: f64 = 5.0;

impl Nulling {
    /// Influence in an environment's world, which must not normalise actions; any change counts.
    pub fn new(env: Env) -> Self {
        Self { env, threshold: 0.0 }
    }
}

impl MaskModel for Nulling {
    fn name(&self) -> String {
        "nulling".to_string()
    }

    fn threshold(&self) -> f64 {
        self.threshold
    }

    fn scores(&mut self, before: &State, action: &Nine, out: &mut [f64]) -> Result<()> {
        let factual = taken(&mut self.env, before, action)?;
        let layout = super::replay::Layout::new(&before.scene)?;
        let (bodies, width) = (layout.bodies(), layout.width());
        let (mut fact, mut other) = (vec![0.0; width], vec![0.0; width]);
        layout.write(&factual.after, &mut fact);
        out.fill(0.0);
        for body in 0..bodies {
            let absent = without(body, before);
            layout.write(&taken(&mut self.env, &absent, action)?.after, &mut other);
            for to in (0..bodies).filter(|to| *to != body) {
                let columns = layout.columns(to);
                let pairs = fact[columns.clone()].iter().zip(&other[columns]);
                out[body * bodies + to] =
                    pairs.fold(0.0, |most, (a, b)| f64::max(most, (a - b).abs()));
            }
        }
        out.copy_within(..ACTIONS * bodies, bodies * bodies);
        Ok(())
    }
}

/// A state in which one body is where it meets nothing.
fn without(body: usize, state: &State) -> State {
    let mut absent = state.clone();
    match body.checked_sub(FINGERS) {
        None => {
            let joints = 3 * body..3 * body + 3;
            absent.robot.joint_positions[joints.clone()].copy_from_slice(&RAISED[joints.clone()]);
            absent.robot.joint_velocities[joints].fill(0.0);
        }
        Some(block) => {
            let number = block as f64;
            let block = &mut absent.blocks[block];
            block.position = [FAR + number, FAR, 0.5 * block.size[2]];
            block.orientation = crate::math::IDENTITY;
            block.linear_velocity = [0.0; 3];
            block.angular_velocity = [0.0; 3];
        }
    }
    absent
}

/// The transition that an environment makes of a state and an action in physical units.
fn taken(env: &mut Env, before: &State, action: &Nine) -> Result<Transition> {
    if env.config().normalize_actions {
        let (name, value) = ("normalize_actions", "true".to_string());
        return Err(Error::Setting { name, value, reason: "must be false here" });
    }
    env.set_state(before)?;
    env.step(action)?;
    Transition::last(env, before.clone())
}

/// Scores from elsewhere, such as a learned model's.
pub struct External<F> {
    name: String,
    threshold: f64,
    scores: F,
}

impl<F: FnMut(&State, &Nine) -> Vec<f64>> External<F> {
    /// A model by a function from state and action to scores, row by row.
    pub fn new(name: &str, threshold: f64, scores: F) -> Self {
        Self { name: name.to_string(), threshold, scores }
    }
}

impl<F: FnMut(&State, &Nine) -> Vec<f64>> MaskModel for External<F> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn threshold(&self) -> f64 {
        self.threshold
    }

    fn scores(&mut self, before: &State, action: &Nine, out: &mut [f64]) -> Result<()> {
        let scores = (self.scores)(before, action);
        if scores.len() != out.len() {
            return Err(Error::Shape {
                what: format!("scores of {}", self.name),
                expected: format!("{} numbers", out.len()),
                found: scores.len().to_string(),
            });
        }
        all_finite(&format!("scores of {}", self.name), &scores)?;
        out.copy_from_slice(&scores);
        Ok(())
    }
}

/// Whether a body of a state moves.
pub(super) fn moves(state: &State, body: usize) -> bool {
    body < FINGERS || state.scene.blocks[body - FINGERS].kind == BlockKind::Movable
}
