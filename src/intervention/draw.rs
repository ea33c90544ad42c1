//! Random interventions: a draw from a space of everything in it, or of some of it.

use std::collections::BTreeSet;

use super::Intervention;
use super::structure::{self, Arrangement};
use crate::error::Result;
use crate::rng::Rng;
use crate::space::BoxSpace;
use crate::variable::{Entity, Rules, Space, Variable, Write, complete, holds};
use crate::world::{BlockKind, State};

/// How often what can not be (a goal out of the arena, a block in another, a structure that the
/// arena can not hold) is drawn again: enough for one place in a hundred that is free.
pub(crate) const TRIES: usize = 1000;

/// What is drawn, from where and for what.
///
/// Every variable draws from a stream of its own, named by the state's seed, episode and step, by
/// `purpose` and by its path, so that one variable more or less moves no other.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// What is drawn from; variables whose part is nothing or anything are left alone.
    pub space: &'a Space,
    /// Which of them, by path.
    pub chosen: &'a dyn Fn(&str) -> bool,
    /// For what it is: the first part of the streams' names.
    pub purpose: &'a str,
    /// How many draws for the same purpose in this state were refused before.
    pub attempt: u64,
    /// How often a pose is drawn before the last is taken as it is, at least 1.
    pub tries: usize,
    /// What is made of each value drawn; it is put back into the variable's part then.
    pub shape: Option<Shape<'a>>,
}

/// Makes another value of one that was drawn.
pub type Shape<'a> = &'a dyn Fn(&Drawn<'_>) -> Vec<f64>;

/// A value drawn, and what it can be compared with.
pub struct Drawn<'a> {
    /// The variable's path.
    pub path: &'a str,
    /// What was drawn.
    pub value: &'a [f64],
    /// What the variable reads as, in the state drawn for.
    pub present: &'a [f64],
    /// The bounds of what could be drawn.
    pub bounds: &'a BoxSpace,
}

impl<'a> Request<'a> {
    /// A draw of everything in a space.
    pub fn new(space: &'a Space, purpose: &'a str) -> Self {
        Self { space, chosen: &|_| true, purpose, attempt: 0, tries: TRIES, shape: None }
    }
}

/// A random intervention on a state, not yet applied: a function of state and request.
///
/// Variables are drawn in the order in which interventions are written, from ranges that follow
/// from those before: heights from the sizes drawn. What follows from another draw is not drawn:
/// of blocks and goals with one size the first draws it, of two coordinates of one pose the one
/// that has a part. Blocks of a scene that the drawn task variables build anew stand where the
/// scene puts them.
///
/// Poses are drawn one body after the other, and again where a goal would leave the arena, a block
/// would stand in a finger, an obstacle or a block that has its place already, or a finger in
/// anything: uniform over what is free.
///
/// # Errors
/// [`Error::Impossible`](crate::Error::Impossible) or
/// [`Error::OutOfArena`](crate::Error::OutOfArena) for task variables of which no scene can be
/// built.
pub fn draw(
    state: &State,
    rules: &Rules,
    request: &Request<'_>,
    stuck: Stuck<'_>,
) -> Result<Intervention> {
    Draw { state, rules, request }.sample(stuck)
}

/// A request and what it is of.
struct Draw<'a> {
    state: &'a State,
    rules: &'a Rules,
    request: &'a Request<'a>,
}

/// The bodies that are too deep in that one, by name, in a state; a finger's links are the robot's,
/// which is asked for as `robot`.
pub type Stuck<'a> = &'a mut dyn FnMut(&State, &str) -> Vec<String>;

impl Draw<'_> {
    fn sample(&self, stuck: Stuck<'_>) -> Result<Intervention> {
        let mut draft = self.state.clone();
        let mut drawn = self.structure(&mut draft)?;
        let task = |v: &Variable| v.entity == Entity::Task;
        let mut others = self.variables(&draft, |v| !task(v));
        let anew = !draft.task.same_structure(&self.state.task);
        if anew && !others.is_empty() {
            structure::build(&mut draft, Arrangement::Random)?;
            others = self.variables(&draft, |v| !task(v));
            others.retain(|v| !(is_pose(v) && is_movable(&draft, v.entity)));
        }
        // Blocks that will be moved, and stand in nobody's way where they are.
        let places = ["cartesian_position", "cylindrical_position"];
        let moving = others.iter().filter(|v| places.contains(&v.attribute.name));
        let mut moving: BTreeSet<Entity> = moving.map(|v| v.entity).collect();
        // Stored variables that have a value already.
        let mut settled: Vec<(Entity, &str)> = Vec::new();
        for group in others.chunk_by(|a, b| a.entity == b.entity && is_pose(a) && is_pose(b)) {
            let mut rngs: Vec<Rng> = group.iter().map(|v| self.rng(&draft, v)).collect();
            let before = (draft, drawn, settled);
            let mut tried = before.clone();
            let entity = group[0].entity;
            if is_pose(&group[0]) {
                moving.remove(&entity);
            }
            for _ in 0..self.request.tries {
                tried = before.clone();
                for (variable, rng) in group.iter().zip(&mut rngs) {
                    self.one(variable, rng, &mut tried)?;
                }
                if fits(&tried.0, &group[0], &moving, stuck) {
                    break;
                }
            }
            (draft, drawn, settled) = tried;
        }
        Ok(drawn)
    }

    /// Draws the task's own variables and writes them; the scene is not yet built.
    fn structure(&self, draft: &mut State) -> Result<Intervention> {
        let variables = self.variables(draft, |v| v.entity == Entity::Task);
        let mut rngs: Vec<Rng> = variables.iter().map(|v| self.rng(draft, v)).collect();
        let mut drawn = Intervention::new();
        for _ in 0..TRIES {
            (*draft, drawn) = (self.state.clone(), Intervention::new());
            for (variable, rng) in variables.iter().zip(&mut rngs) {
                let path = variable.path(&draft.scene);
                let Some(value) = self.value(&path, variable, draft, rng) else { continue };
                variable.write(draft, self.rules, &value)?;
                drawn = drawn.with(&path, value);
            }
            if structure::fits(&draft.task).is_ok() {
                break;
            }
        }
        Ok(drawn)
    }

    /// The variables to draw, in the order in which they are written.
    fn variables(&self, state: &State, which: impl Fn(&Variable) -> bool) -> Vec<Variable> {
        let mut variables: Vec<Variable> = Variable::all(&state.scene, self.rules);
        variables.retain(|v| v.attribute.is_writable() && which(v));
        variables.retain(|v| {
            let path = v.path(&state.scene);
            (self.request.chosen)(&path)
                && self.request.space.part(&path).draws(v, state, self.rules)
        });
        variables.sort_by_key(Variable::order);
        variables
    }

    fn rng(&self, state: &State, variable: &Variable) -> Rng {
        let name = format!("{}/{}", self.request.purpose, variable.path(&state.scene));
        // Attempts lie beyond every step of an episode.
        Rng::at_step(state.seed, state.episode, &name, state.step | self.request.attempt << 32)
    }

    /// A value of the variable, shaped where that is asked for.
    fn value(
        &self,
        path: &str,
        variable: &Variable,
        draft: &State,
        rng: &mut Rng,
    ) -> Option<Vec<f64>> {
        let part = self.request.space.part(path);
        let value = part.draw(rng, variable, draft, self.rules)?;
        let Some(shape) = self.request.shape else { return Some(value) };
        let bounds = part.bounds(variable, draft, self.rules)?;
        let present = variable.read(draft);
        let shaped = shape(&Drawn { path, value: &value, present: &present, bounds: &bounds });
        Some(part.nearest(variable, &bounds, shaped))
    }

    /// Draws one variable, unless it has a value already, and writes it with what follows.
    fn one(
        &self,
        variable: &Variable,
        rng: &mut Rng,
        (draft, drawn, settled): &mut (State, Intervention, Vec<(Entity, &str)>),
    ) -> Result<()> {
        let path = variable.path(&draft.scene);
        let Some(value) = self.value(&path, variable, draft, rng) else { return Ok(()) };
        let value = variable.admit(&draft.scene, &value)?;
        let (stored, written) = variable.stored(&draft.scene, value.clone());
        if settled.contains(&(stored.entity, stored.attribute.name)) {
            return Ok(());
        }
        // A draw of the present value settles what follows as any other does.
        let changes = true;
        let mut writes = vec![Write { variable: stored, value: written, asked: None, changes }];
        complete(self.rules, draft, &mut writes)?;
        for write in &writes {
            write.variable.write(draft, self.rules, &write.value)?;
            // A height that follows from a size can still be drawn.
            if write.variable.attribute.name == stored.attribute.name {
                settled.push((write.variable.entity, stored.attribute.name));
            }
        }
        *drawn = std::mem::take(drawn).with(&path, value);
        Ok(())
    }
}

fn is_pose(variable: &Variable) -> bool {
    let poses = ["cartesian_position", "cylindrical_position", "orientation", "euler_orientation"];
    poses.contains(&variable.attribute.name)
}

fn is_movable(state: &State, entity: Entity) -> bool {
    matches!(entity, Entity::Block(i) if state.scene.blocks[i].kind == BlockKind::Movable)
}

/// Whether what was drawn can be: goals in the arena, no body in another that keeps its place.
fn fits(state: &State, drawn: &Variable, moving: &BTreeSet<Entity>, stuck: Stuck<'_>) -> bool {
    let held = |i: usize| holds(state.scene.goals[i].shape, &state.goals[i]);
    match drawn.entity {
        Entity::Goal(i) if is_pose(drawn) => held(i),
        Entity::GoalTower => (0..state.goals.len()).all(held),
        Entity::Block(i) if is_pose(drawn) => {
            let others = stuck(state, &state.scene.blocks[i].name);
            let gone = |name: &String| {
                Entity::named(&state.scene, name).is_some_and(|entity| moving.contains(&entity))
            };
            others.iter().all(gone)
        }
        Entity::Robot if drawn.attribute.name == "joint_positions" => {
            stuck(state, "robot").is_empty()
        }
        _ => true,
    }
}
