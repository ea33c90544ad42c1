//! The causal graph of a family's variables: who can change whom in one control step.
//!
//! An edge is there where some intervention on the parent changed the child one step later, and the
//! experiment that showed it is kept with it (the completed Figure 4 of Ahmed et al. 2020). An edge
//! that is not there was looked for as often as is told and not found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::counterfactual::stored;
use crate::env::Env;
use crate::error::Result;
use crate::math::{self, from_rotation_vector};
use crate::rng::Rng;
use crate::robot::{FINGER_NAMES, FINGERS, Nine};
use crate::space::BoxSpace;
use crate::variable::{self, Domain, Entity, Rules, Subspace, Variable};
use crate::vec_env::VecEnv;
use crate::world::{BlockKind, State, WALL_RADIUS};

/// How far poses and motions are changed: m, m/s, rad, rad/s.
const PUSH: [f64; 4] = [2e-3, 0.2, 5e-2, 0.5];
/// How fast a block goes for the wall, or for another, where that is staged, m/s.
const THROWN: f64 = 0.5;

/// A state, and the action that is taken in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occasion {
    /// The state.
    pub state: State,
    /// The action, as [`Env::step`] is given it.
    pub action: Nine,
}

/// An experiment that shows an edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The variable that was set: its path, or `action_60` and so on.
    pub parent: String,
    /// The variable that came out otherwise a control step later.
    pub child: String,
    /// In which of the graph's occasions.
    pub occasion: usize,
    /// What the parent was.
    pub before: Vec<f64>,
    /// What it was set to.
    pub set: Vec<f64>,
    /// What the child became without that.
    pub factual: Vec<f64>,
    /// What it became with it.
    pub counterfactual: Vec<f64>,
    /// In how many of the parent's experiments the child came out otherwise; 0 in graphs of before
    /// this was counted.
    #[serde(default)]
    pub seen: usize,
}

impl Evidence {
    /// The largest change of one of the child's numbers, in its unit.
    pub fn largest(&self) -> f64 {
        let pairs = self.factual.iter().zip(&self.counterfactual);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

/// Who can change whom in one control step, each edge with an experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The family's name.
    pub family: String,
    /// What was set, in the table's order, then the actions; how often each was tried.
    pub parents: Vec<(String, usize)>,
    /// What a step changes; every other variable stays what it is.
    pub children: Vec<String>,
    /// The edges, ordered by parent and child, with the largest change that was seen.
    pub edges: Vec<Evidence>,
    /// The occasions that edges refer to.
    pub occasions: Vec<Occasion>,
}

/// What was found in one occasion.
struct Found {
    moved: Vec<String>,
    tried: Vec<(String, usize)>,
    edges: Vec<Evidence>,
}

/// Looks for edges in occasions and in others made of them, in which blocks are thrown at the wall
/// and at each other; a function of the occasions and the seed.
///
/// Every variable that can be set gets other values, one by one, with nothing that a family would
/// let follow from it, and every finger's action. Variables that say what stands in the world
/// (`task/...`) are left out: setting one builds another world.
///
/// # Errors
/// [`Error::OtherWorld`](crate::Error::OtherWorld) for a state of another world; those of
/// [`Env::step`].
pub fn explore(
    worlds: &mut VecEnv,
    occasions: &[Occasion],
    seed: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Graph> {
    let mut all = occasions.to_vec();
    all.extend(occasions.iter().enumerate().filter_map(|(i, occasion)| {
        staged(occasion, &mut Rng::stream(seed, i as u64, "causal/graph/staged"))
    }));
    let work = |i: usize, env: &mut Env| {
        let rng = Rng::stream(seed, i as u64, "causal/graph");
        let found = Experimenter { env, rng, occasion: &all[i], number: i }.all();
        progress(1);
        found
    };
    let mut graph = Graph::default();
    let mut best: BTreeMap<(usize, usize), Evidence> = BTreeMap::new();
    let place = |names: &mut Vec<String>, name: &str| {
        names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_string());
            names.len() - 1
        })
    };
    let (mut parents, mut counts, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    let mut children: Vec<String> = Vec::new();
    for found in worlds.in_scratch(all.len(), work)? {
        let found = found?;
        for (name, count) in found.tried {
            let parent = place(&mut parents, &name);
            counts.resize(parents.len(), 0);
            counts[parent] += count;
        }
        for name in &found.moved {
            place(&mut moved, name);
        }
        for edge in found.edges {
            let key = (place(&mut parents, &edge.parent), place(&mut children, &edge.child));
            let seen = best.get(&key).map_or(0, |known| known.seen) + 1;
            match best.get_mut(&key) {
                Some(known) if known.largest() >= edge.largest() => known.seen = seen,
                _ => {
                    best.insert(key, Evidence { seen, ..edge });
                }
            }
        }
    }
    // What only keeps its value is set by nobody but whoever sets it.
    graph.children = parents.iter().filter(|name| moved.contains(name)).cloned().collect();
    let edges = best.into_values().filter(|edge| graph.children.contains(&edge.child));
    graph.edges = edges.collect();
    let order = |edge: &Evidence| {
        let of = |names: &[String], name: &str| names.iter().position(|known| known == name);
        (of(&parents, &edge.parent), of(&graph.children, &edge.child))
    };
    graph.edges.sort_by_key(order);
    graph.family = worlds.world(0).map_or(String::new(), |env| env.family().name().to_string());
    graph.parents = parents.into_iter().zip(counts).collect();
    graph.keep(&all);
    Ok(graph)
}

impl Graph {
    /// Keeps the occasions that edges refer to.
    fn keep(&mut self, all: &[Occasion]) {
        let mut used: Vec<usize> = self.edges.iter().map(|edge| edge.occasion).collect();
        used.sort_unstable();
        used.dedup();
        for edge in &mut self.edges {
            edge.occasion = used.partition_point(|number| *number < edge.occasion);
        }
        self.occasions = used.into_iter().map(|number| all[number].clone()).collect();
    }

    /// The edges whose experiment does not come out as it is told, when it is made again.
    ///
    /// # Errors
    /// As [`explore`].
    pub fn check(&self, env: &mut Env) -> Result<Vec<&Evidence>> {
        let mut wrong = Vec::new();
        for edge in &self.edges {
            let Some(occasion) = self.occasions.get(edge.occasion) else {
                wrong.push(edge);
                continue;
            };
            let rules = env.family().rules().clone();
            let mut changed = occasion.clone();
            set(&mut changed, &rules, &edge.parent, &edge.set)?;
            let mut outcome = |occasion: &Occasion| -> Result<Vec<f64>> {
                env.set_state(&occasion.state)?;
                env.step(&occasion.action)?;
                variable::read(env.state(), &rules, &edge.child)
            };
            let found = [outcome(occasion)?, outcome(&changed)?];
            if found != [edge.factual.clone(), edge.counterfactual.clone()]
                || bits(&edge.factual) == bits(&edge.counterfactual)
            {
                wrong.push(edge);
            }
        }
        Ok(wrong)
    }
}

/// Makes experiments in one occasion.
struct Experimenter<'a> {
    env: &'a mut Env,
    rng: Rng,
    occasion: &'a Occasion,
    number: usize,
}

impl Experimenter<'_> {
    fn all(&mut self) -> Result<Found> {
        let occasion = self.occasion;
        let (state, scene) = (&occasion.state, &occasion.state.scene);
        let rules = self.env.family().rules().clone();
        let variables: Vec<Variable> = stored(state, &rules).collect();
        let factual = self.outcome(occasion, &variables)?;
        let moved =
            variables.iter().zip(&factual).filter(|(v, now)| bits(&v.read(state)) != bits(now));
        let moved = moved.map(|(v, _)| v.path(scene)).collect();
        let mut found = Found { moved, tried: Vec::new(), edges: Vec::new() };
        let settable = variables.iter().filter(|v| {
            v.attribute.is_writable() && !matches!(v.entity, Entity::Task | Entity::GoalTower)
        });
        for parent in settable {
            let before = parent.read(state);
            let value = other(parent, state, &rules, &mut self.rng);
            self.experiment(&parent.path(scene), before, value, &variables, &factual, &mut found)?;
        }
        let space = self.env.action_space();
        for finger in 0..FINGERS {
            let own = 3 * finger..3 * finger + 3;
            let before = occasion.action[own.clone()].to_vec();
            let value = own.map(|i| self.rng.uniform(space.low[i], space.high[i])).collect();
            self.experiment(&action_name(finger), before, value, &variables, &factual, &mut found)?;
        }
        Ok(found)
    }

    /// Sets one parent and compares everything a step later.
    fn experiment(
        &mut self,
        parent: &str,
        before: Vec<f64>,
        value: Vec<f64>,
        variables: &[Variable],
        factual: &[Vec<f64>],
        found: &mut Found,
    ) -> Result<()> {
        let rules = self.env.family().rules().clone();
        let mut changed = self.occasion.clone();
        // A value that can not be meant shows nothing.
        if set(&mut changed, &rules, parent, &value).is_err() {
            found.tried.push((parent.to_string(), 0));
            return Ok(());
        }
        found.tried.push((parent.to_string(), 1));
        let outcome = self.outcome(&changed, variables)?;
        let scene = &self.occasion.state.scene;
        for ((variable, factual), outcome) in variables.iter().zip(factual).zip(outcome) {
            if bits(factual) == bits(&outcome) {
                continue;
            }
            found.edges.push(Evidence {
                parent: parent.to_string(),
                child: variable.path(scene),
                occasion: self.number,
                before: before.clone(),
                set: value.clone(),
                factual: factual.clone(),
                counterfactual: outcome,
                seen: 1,
            });
        }
        Ok(())
    }

    /// What the variables are after the step.
    fn outcome(&mut self, occasion: &Occasion, variables: &[Variable]) -> Result<Vec<Vec<f64>>> {
        self.env.set_state(&occasion.state)?;
        self.env.step(&occasion.action)?;
        Ok(variables.iter().map(|variable| variable.read(self.env.state())).collect())
    }
}

/// The name of a finger's action, as local masks have it.
fn action_name(finger: usize) -> String {
    format!("action_{}", FINGER_NAMES[finger])
}

/// Writes one variable of an occasion, or one finger's action, and nothing that follows from it.
fn set(occasion: &mut Occasion, rules: &Rules, parent: &str, value: &[f64]) -> Result<()> {
    match (0..FINGERS).find(|finger| action_name(*finger) == parent) {
        Some(finger) if value.len() == 3 => {
            occasion.action[3 * finger..3 * finger + 3].copy_from_slice(value);
            Ok(())
        }
        _ => variable::write(&mut occasion.state, rules, parent, value),
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Another value of a variable: near for poses and motions, from its range for constants.
fn other(variable: &Variable, state: &State, rules: &Rules, rng: &mut Rng) -> Vec<f64> {
    let now = variable.read(state);
    let [position, velocity, angle, rate] = PUSH;
    let mut near = |size: f64| now.iter().map(|v| v + rng.uniform(-size, size)).collect();
    match variable.attribute.name {
        "cartesian_position" => near(position),
        "height" => near(position),
        "linear_velocity" => near(velocity),
        "angular_velocity" | "joint_velocities" => near(rate),
        "joint_positions" => near(angle),
        "orientation" => {
            let turn = from_rotation_vector([(); 3].map(|()| rng.uniform(-angle, angle)));
            let now = math::rotation(std::array::from_fn(|i| now[i]));
            math::quat(math::rotation(turn) * now).to_vec()
        }
        "size" => {
            let factor = rng.uniform(0.9, 1.0);
            now.iter().map(|edge| edge * factor).collect()
        }
        _ => constant(variable, &now, variable.space(state, rules, Subspace::Both), rng),
    }
}

fn constant(variable: &Variable, now: &[f64], space: Option<BoxSpace>, rng: &mut Rng) -> Vec<f64> {
    let whole = matches!(variable.attribute.domain, Domain::Whole(..));
    let drawn = |low: f64, high: f64, rng: &mut Rng| {
        if whole { low + rng.below((high - low) as u64 + 1) as f64 } else { rng.uniform(low, high) }
    };
    match (space, whole) {
        (Some(space), _) => {
            let ranges = space.low.iter().zip(&space.high);
            ranges.map(|(low, high)| drawn(*low, *high, rng)).collect()
        }
        (None, true) => now.iter().map(|v| v + rng.below(4) as f64).collect(),
        // Many constants are zero by default, where a factor would change nothing.
        (None, false) => {
            now.iter().map(|v| v * rng.uniform(0.5, 2.0) + rng.uniform(0.0, 0.4)).collect()
        }
    }
}

/// The occasion with a block thrown at the wall, or at another block or a fixed one.
fn staged(occasion: &Occasion, rng: &mut Rng) -> Option<Occasion> {
    let mut staged = occasion.clone();
    let state = &mut staged.state;
    let moves = |(i, block): (usize, &crate::world::BlockDescription)| {
        (block.kind == BlockKind::Movable).then_some(i)
    };
    let movable: Vec<usize> = state.scene.blocks.iter().enumerate().filter_map(moves).collect();
    if movable.is_empty() {
        return None;
    }
    let block = movable[rng.below(movable.len() as u64) as usize];
    let others: Vec<usize> = (0..state.blocks.len()).filter(|other| *other != block).collect();
    let angle = rng.uniform(-3.1, 3.1);
    let [x, y] = [math::cos(angle), math::sin(angle)];
    let half = 0.5 * state.blocks[block].size[0];
    let beside = (!others.is_empty() && rng.below(2) == 0)
        .then(|| others[rng.below(others.len() as u64) as usize]);
    let (from, sign) = match beside {
        // Just outside the other's half width, along one of its edges.
        Some(other) => {
            let aim = &state.blocks[other];
            let gap = half + 0.5 * aim.size[1] + 1e-3;
            ([aim.position[0], aim.position[1] - gap, aim.position[2]], [0.0, 1.0])
        }
        None => {
            let far = WALL_RADIUS - half - 1e-3;
            ([far * x, far * y, state.blocks[block].size[2] / 2.0], [x, y])
        }
    };
    let own = &mut state.blocks[block];
    own.position = from;
    let yaw = if beside.is_some() { 0.0 } else { angle };
    own.orientation = from_rotation_vector([0.0, 0.0, yaw]);
    own.linear_velocity = [THROWN * sign[0], THROWN * sign[1], rng.uniform(-0.3, 0.1)];
    own.angular_velocity = [(); 3].map(|()| rng.uniform(-1.0, 1.0));
    own.restitution = rng.uniform(0.2, 0.9);
    own.friction = rng.uniform(0.2, 1.0);
    for surface in [&mut state.arena.floor, &mut state.arena.wall] {
        surface.restitution = rng.uniform(0.2, 0.9);
    }
    state.robot.restitution = rng.uniform(0.2, 0.9);
    Some(staged)
}
