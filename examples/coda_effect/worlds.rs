//! The two worlds as tables of numbers: what a network sees of a step, and what it has to say.

use trifactor::augment::{Coda, Generator, Method, Samples};
use trifactor::causal::{Replay, Transition};
use trifactor::math;
use trifactor::rng::Rng;
use trifactor::robot::FINGERS;
use trifactor::sprites::{self, EPISODE, Reward, SPRITES, SpriteEnv, SpriteTransition};
use trifactor::world::Preset;

use crate::data::{self, Plan, arena};

const BLOCKS: usize = 3;
/// Episodes that are held out begin at this seed.
const ELSEWHERE: u64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    Sprites,
    Robot,
}

/// What a column is; columns of one kind are measured in the same unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Position,
    Velocity,
    Angle,
    AngularVelocity,
    Spin,
    Turn,
    Action,
}

/// Steps, a row each: what a network sees, what it has to say, whether there was contact.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    inputs: Vec<Kind>,
    outputs: Vec<Kind>,
    input: Vec<f32>,
    output: Vec<f32>,
    pub(crate) touching: Vec<bool>,
}

/// A step as it is written into a table.
#[derive(Default)]
struct Row {
    input: Vec<(Kind, f64)>,
    output: Vec<(Kind, f64)>,
}

impl Row {
    fn see(&mut self, kind: Kind, numbers: &[f64]) {
        self.input.extend(numbers.iter().map(|x| (kind, *x)));
    }

    fn say(&mut self, kind: Kind, numbers: &[f64]) {
        self.output.extend(numbers.iter().map(|x| (kind, *x)));
    }

    /// Sees what was, and has to say what is added to it.
    fn both(&mut self, kind: Kind, before: &[f64], after: &[f64]) {
        self.see(kind, before);
        let added: Vec<f64> =
            before.iter().zip(after).map(|(before, after)| after - before).collect();
        self.say(kind, &added);
    }
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.touching.len()
    }

    pub(crate) fn touching_share(&self) -> f64 {
        self.touching.iter().filter(|touching| **touching).count() as f64 / self.len() as f64
    }

    /// Both tables, one after the other.
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.input.extend(other.input);
        self.output.extend(other.output);
        self.touching.extend(other.touching);
        self
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        let [inputs, outputs] = self.widths();
        self.input.truncate(rows * inputs);
        self.output.truncate(rows * outputs);
        self.touching.truncate(rows);
    }

    /// How many numbers a network sees, and how many it has to say.
    pub(crate) fn widths(&self) -> [usize; 2] {
        [self.inputs.len(), self.outputs.len()]
    }

    /// What a network sees of a row, and what it has to say.
    pub(crate) fn row(&self, row: usize) -> [&[f32]; 2] {
        let [inputs, outputs] = self.widths();
        let of = |numbers, width: usize| &<[f32]>::as_ref(numbers)[row * width..(row + 1) * width];
        [of(&self.input, inputs), of(&self.output, outputs)]
    }

    fn push(&mut self, row: &Row, touching: bool) {
        if self.touching.is_empty() {
            self.inputs = row.input.iter().map(|(kind, _)| *kind).collect();
            self.outputs = row.output.iter().map(|(kind, _)| *kind).collect();
        }
        self.input.extend(row.input.iter().map(|(_, x)| *x as f32));
        self.output.extend(row.output.iter().map(|(_, x)| *x as f32));
        self.touching.push(touching);
    }
}

/// What all tables of a run are measured in: every column's mean, every kind's spread.
pub(crate) struct Scale {
    input: Vec<[f32; 2]>,
    output: Vec<[f32; 2]>,
}

impl Scale {
    pub(crate) fn of(table: &Table) -> Self {
        let Table { inputs, outputs, input, output, .. } = table;
        Self { input: spread(input, inputs), output: spread(output, outputs) }
    }

    pub(crate) fn apply(&self, table: &Table) -> Table {
        let mut table = table.clone();
        for (numbers, scale) in [(&mut table.input, &self.input), (&mut table.output, &self.output)]
        {
            for (i, x) in numbers.iter_mut().enumerate() {
                let [mean, spread] = scale[i % scale.len()];
                *x = (*x - mean) / spread;
            }
        }
        table
    }
}

fn spread(numbers: &[f32], kinds: &[Kind]) -> Vec<[f32; 2]> {
    let width = kinds.len();
    let rows = (numbers.len() / width) as f32;
    let moments = |column: usize| {
        let column = numbers.iter().skip(column).step_by(width);
        let mean = column.clone().sum::<f32>() / rows;
        [mean, column.map(|x| (x - mean) * (x - mean)).sum::<f32>() / rows]
    };
    let all: Vec<[f32; 2]> = (0..width).map(moments).collect();
    let of = |kind: Kind| {
        let own = all.iter().zip(kinds).filter(|(_, other)| **other == kind);
        (own.clone().map(|([_, variance], _)| variance).sum::<f32>() / own.count() as f32).sqrt()
    };
    all.iter().zip(kinds).map(|([mean, _], kind)| [*mean, of(*kind)]).collect()
}

/// Real steps, and what is made of them.
pub(crate) enum Source {
    Sprites(Vec<SpriteTransition>),
    Robot(Replay),
}

impl World {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sprites => "bouncing sprites",
            Self::Robot => "three fingers, three cubes",
        }
    }

    /// Real steps of a seed.
    pub(crate) fn source(self, steps: usize, seed: u64) -> trifactor::Result<Source> {
        Ok(match self {
            Self::Sprites => {
                let mut env = SpriteEnv::new(SPRITES, Reward::Partial)?;
                let mut rng = Rng::stream(seed, 0, "coda_effect/actions");
                let mut all = Vec::new();
                while all.len() < steps {
                    if all.len().is_multiple_of(EPISODE as usize) {
                        env.reset(all.is_empty().then_some(seed));
                    }
                    let action = [(); 2].map(|()| rng.uniform(-1.0, 1.0));
                    all.push(env.step(&action)?.transition);
                }
                Source::Sprites(all)
            }
            Self::Robot => {
                // The same cubes in every episode: a network sees no masses.
                let plan = Plan { vary: false, ..Plan::default() };
                let episodes = steps.div_ceil(plan.steps) as u64;
                let first = seed * episodes;
                let mut env = arena(BLOCKS, Preset::Accurate);
                Source::Robot(data::replay(&mut env, plan, first..first + episodes)?)
            }
        })
    }

    /// Steps that no seed learns from.
    pub(crate) fn held_out(self, steps: usize) -> trifactor::Result<Table> {
        Ok(self.source(steps, ELSEWHERE)?.real())
    }
}

impl Source {
    pub(crate) fn real(&self) -> Table {
        let mut table = Table::default();
        match self {
            Self::Sprites(all) => all.iter().for_each(|t| sprites_row(t, &mut table)),
            Self::Robot(replay) => {
                let rows = (0..replay.len()).map(|row| replay.transition(row));
                rows.for_each(|t| robot_row(&t, &mut table));
            }
        }
        table
    }

    /// Made-up steps.
    pub(crate) fn made(&self, count: usize, making: Making, seed: u64) -> trifactor::Result<Table> {
        let mut rng = Rng::stream(seed, 0, "coda_effect/made");
        let drawn = if making == Making::Balanced { 3 * count } else { count };
        let mut table = Table::default();
        match self {
            Self::Sprites(all) => {
                let masks = making != Making::Blind;
                let (samples, _) = sprites::augment(all, drawn, masks, &mut rng)?;
                let made: Vec<_> = samples.into_iter().map(|sample| sample.transition).collect();
                let made = making.chosen(made, count, all, collides);
                made.iter().for_each(|t| sprites_row(t, &mut table));
            }
            Self::Robot(replay) => {
                let method = if making == Making::Blind { Method::Blind } else { Method::Cut };
                let mut coda = Coda { method, ..Coda::default() };
                let mut samples = Samples::new(replay.layout());
                Generator::new(replay, &mut coda)?.fill(drawn, &mut rng, &mut samples)?;
                let made = (0..samples.len()).map(|i| samples.transition(i)).collect();
                let real: Vec<_> = (0..replay.len()).map(|row| replay.transition(row)).collect();
                let made = making.chosen(made, count, &real, joined);
                made.iter().for_each(|t| robot_row(t, &mut table));
            }
        }
        Ok(table)
    }
}

/// How steps are made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Making {
    /// By blind exchange.
    Blind,
    /// By CoDA, with the true masks.
    Coda,
    /// By CoDA, of which so many are left out that influences are as frequent as in real steps.
    Balanced,
}

impl Making {
    /// So many of the steps that were made; says how frequent influences are in them.
    fn chosen<T>(self, made: Vec<T>, count: usize, real: &[T], of: fn(&T) -> bool) -> Vec<T> {
        let share =
            |steps: &[T]| steps.iter().filter(|step| of(step)).count() as f64 / steps.len() as f64;
        let real = share(real);
        let kept = if self == Self::Balanced {
            let with = (real * count as f64).round() as usize;
            let (mut some, mut none): (Vec<T>, Vec<T>) = made.into_iter().partition(of);
            some.truncate(with);
            none.truncate(count - with);
            some.extend(none);
            some
        } else {
            made
        };
        println!(
            "  {self:?}: {} steps, {:.3} with influences, {real:.3} real",
            kept.len(),
            share(&kept)
        );
        kept
    }
}

/// State and click, to what is added to the state.
fn sprites_row(t: &SpriteTransition, table: &mut Table) {
    let mut row = Row::default();
    for (before, after) in t.before.0.iter().zip(&t.after.0) {
        row.both(Kind::Position, &before[..2], &after[..2]);
        row.both(Kind::Velocity, &before[2..], &after[2..]);
    }
    row.see(Kind::Action, &t.action);
    table.push(&row, collides(t));
}

fn collides(t: &SpriteTransition) -> bool {
    (0..SPRITES).any(|i| (0..SPRITES).any(|j| i != j && t.mask[i][j]))
}

/// Whether a cube hangs together with a finger or another cube.
fn joined(t: &Transition) -> bool {
    let labels = t.mask.labels(&t.before.scene);
    (FINGERS..labels.len()).any(|cube| {
        labels.iter().enumerate().any(|(other, label)| other != cube && *label == labels[cube])
    })
}

/// Joint angles and velocities, poses and velocities of the cubes and the action, to what is added
/// to them. An orientation is two columns of its matrix, what is added to it a rotation vector.
fn robot_row(t: &Transition, table: &mut Table) {
    let mut row = Row::default();
    let (before, after) = (&t.before.robot, &t.after.robot);
    row.both(Kind::Angle, &before.joint_positions, &after.joint_positions);
    row.both(Kind::AngularVelocity, &before.joint_velocities, &after.joint_velocities);
    for (before, after) in t.before.blocks.iter().zip(&t.after.blocks) {
        row.both(Kind::Position, &before.position, &after.position);
        row.both(Kind::Velocity, &before.linear_velocity, &after.linear_velocity);
        row.both(Kind::Spin, &before.angular_velocity, &after.angular_velocity);
        let [from, to] = [before.orientation, after.orientation].map(math::rotation);
        let matrix = from.to_rotation_matrix();
        row.see(Kind::Turn, &matrix.matrix().as_slice()[..6]);
        row.say(Kind::Turn, &math::to_rotation_vector(math::quat(to * from.inverse())));
    }
    row.see(Kind::Action, &t.action);
    table.push(&row, t.touching);
}
