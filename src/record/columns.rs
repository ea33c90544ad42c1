//! Rows as columns and back.
//!
//! Of a state a control step changes the robot's joints and queue of actions and the blocks' poses
//! and velocities: these have columns. All else is written once, as the whole state in `context`,
//! in the rows from which on it holds.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, FixedSizeListBuilder, Float32Builder, Float64Builder,
    ListBuilder, StringBuilder, UInt32Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, SchemaRef};

use super::digest::{self, Digest};
use super::header::{MOVED, item};
use super::{Header, Precision, Row};
use crate::causal::Edge;
use crate::error::Result;
use crate::robot::{JOINTS, Nine};
use crate::world::{BlockState, State};

/// The numbers of a block that a control step changes: position, orientation, linear and angular
/// velocity.
pub(super) const BLOCK: usize = 13;

/// What a block's numbers are.
pub(super) fn block_numbers(block: &BlockState) -> [f64; BLOCK] {
    let [x, y, z] = block.position;
    let [i, j, k, w] = block.orientation;
    let [u, v, t] = block.linear_velocity;
    let [p, q, r] = block.angular_velocity;
    [x, y, z, i, j, k, w, u, v, t, p, q, r]
}

/// Puts a block's numbers back.
pub(super) fn set_block(block: &mut BlockState, numbers: &[f64; BLOCK]) {
    let [x, y, z, i, j, k, w, u, v, t, p, q, r] = *numbers;
    (block.position, block.orientation) = ([x, y, z], [i, j, k, w]);
    (block.linear_velocity, block.angular_velocity) = ([u, v, t], [p, q, r]);
}

/// The numbers of a coupled pair: two nodes, first tick, largest impulse, smallest gap.
pub(super) const PAIR: usize = 5;

fn pair_numbers(pair: &Edge) -> [f64; PAIR] {
    [pair.first as f64, pair.second as f64, f64::from(pair.tick), pair.impulse, pair.gap]
}

/// The pair that these numbers tell.
pub(super) fn pair(numbers: &[f64; PAIR]) -> Edge {
    let [first, second, tick, impulse, gap] = *numbers;
    Edge { first: first as usize, second: second as usize, tick: tick as u32, impulse, gap }
}

/// The columns [`MOVED`] of a state.
pub(super) fn moved(state: &State) -> [&Nine; MOVED.len()] {
    let robot = &state.robot;
    let queued = &robot.actions.recent[0];
    [&robot.joint_positions, &robot.joint_velocities, &robot.target, &robot.torques, queued]
}

/// Makes a state the next one, as far as the columns tell; what they do not tell stays.
pub(super) fn carry(state: &mut State, counters: [u64; 3], moved: [Nine; MOVED.len()]) {
    [state.seed, state.episode, state.step] = counters;
    let robot = &mut state.robot;
    let queued;
    [robot.joint_positions, robot.joint_velocities, robot.target, robot.torques, queued] = moved;
    robot.actions.push(queued);
}

/// A list of numbers of one of the two precisions.
enum Numbers {
    Float32(ListBuilder<Float32Builder>),
    Float64(ListBuilder<Float64Builder>),
}

impl Numbers {
    fn new(precision: Precision) -> Self {
        match precision {
            Precision::Float32 => {
                let builder = ListBuilder::new(Float32Builder::new());
                Self::Float32(builder.with_field(item(DataType::Float32)))
            }
            Precision::Float64 => Self::Float64(list64()),
        }
    }

    fn append(&mut self, numbers: &[f64]) {
        match self {
            Self::Float32(list) => {
                numbers.iter().for_each(|number| list.values().append_value(*number as f32));
                list.append(true);
            }
            Self::Float64(list) => append64(list, numbers),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Float32(list) => Arc::new(list.finish()),
            Self::Float64(list) => Arc::new(list.finish()),
        }
    }
}

fn list64() -> ListBuilder<Float64Builder> {
    ListBuilder::new(Float64Builder::new()).with_field(item(DataType::Float64))
}

fn append64(list: &mut ListBuilder<Float64Builder>, numbers: &[f64]) {
    list.values().append_slice(numbers);
    list.append(true);
}

fn nine() -> FixedSizeListBuilder<Float64Builder> {
    let numbers = Float64Builder::new();
    FixedSizeListBuilder::new(numbers, JOINTS as i32).with_field(item(DataType::Float64))
}

/// Rows that are being gathered into a batch.
pub(super) struct Columns {
    rows: usize,
    world: UInt32Builder,
    counters: [UInt64Builder; 3],
    kind: StringBuilder,
    action: FixedSizeListBuilder<Float64Builder>,
    reward: Float64Builder,
    // Terminated, truncated, intervened, success.
    flags: [BooleanBuilder; 4],
    fractional_success: Float64Builder,
    interventions: StringBuilder,
    observation: Option<Numbers>,
    mask: Option<ListBuilder<BooleanBuilder>>,
    pairs: Option<ListBuilder<Float64Builder>>,
    moved: [FixedSizeListBuilder<Float64Builder>; MOVED.len()],
    blocks: ListBuilder<Float64Builder>,
    context: StringBuilder,
    // What a reader will have made of the rows so far.
    carried: Option<State>,
}

impl Columns {
    /// No rows, of the columns that a header asks for.
    pub(super) fn new(header: &Header) -> Self {
        let truths = || ListBuilder::new(BooleanBuilder::new()).with_field(item(DataType::Boolean));
        Self {
            rows: 0,
            world: UInt32Builder::new(),
            counters: std::array::from_fn(|_| UInt64Builder::new()),
            kind: StringBuilder::new(),
            action: nine(),
            reward: Float64Builder::new(),
            flags: std::array::from_fn(|_| BooleanBuilder::new()),
            fractional_success: Float64Builder::new(),
            interventions: StringBuilder::new(),
            observation: header.observations.map(Numbers::new),
            mask: header.masks.is_some().then(truths),
            pairs: header.masks.is_some().then(list64),
            moved: std::array::from_fn(|_| nine()),
            blocks: list64(),
            context: StringBuilder::new(),
            carried: None,
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Adds a row.
    pub(super) fn push(&mut self, world: u32, row: &Row) -> Result<()> {
        let context = self.context(row)?;
        let events = match row.interventions.is_empty() {
            true => None,
            false => Some(super::to_json("interventions", &row.interventions)?),
        };
        let state = &row.state;
        self.world.append_value(world);
        for (column, count) in self.counters.iter_mut().zip([state.seed, state.episode, state.step])
        {
            column.append_value(count);
        }
        self.kind.append_value(row.kind.name());
        self.action.values().append_slice(&row.action.unwrap_or_default());
        self.action.append(row.action.is_some());
        self.reward.append_option(row.reward);
        let flags = [row.terminated, row.truncated, row.intervened, row.success];
        self.flags.iter_mut().zip(flags).for_each(|(column, flag)| column.append_value(flag));
        self.fractional_success.append_value(row.fractional_success);
        self.interventions.append_option(events);
        if let Some(observation) = &mut self.observation {
            observation.append(&row.observation);
        }
        if let Some(mask) = &mut self.mask {
            mask.values().append_slice(row.mask.as_deref().unwrap_or_default());
            mask.append(row.mask.is_some());
        }
        if let Some(pairs) = &mut self.pairs {
            row.pairs.iter().for_each(|pair| pairs.values().append_slice(&pair_numbers(pair)));
            pairs.append(row.mask.is_some());
        }
        for (column, numbers) in self.moved.iter_mut().zip(moved(state)) {
            column.values().append_slice(numbers);
            column.append(true);
        }
        for block in &state.blocks {
            self.blocks.values().append_slice(&block_numbers(block));
        }
        self.blocks.append(true);
        self.context.append_option(context);
        self.rows += 1;
        Ok(())
    }

    /// The whole state, where the columns and the rows before do not tell it.
    fn context(&mut self, row: &Row) -> Result<Option<String>> {
        let state = &row.state;
        if let Some(carried) = &mut self.carried {
            let same = carried.blocks.len() == state.blocks.len();
            carry(carried, [state.seed, state.episode, state.step], moved(state).map(|nine| *nine));
            for (block, own) in carried.blocks.iter_mut().zip(&state.blocks) {
                set_block(block, &block_numbers(own));
            }
            if same && carried.same_bits(state) {
                return Ok(None);
            }
            carried.clone_from(state);
        } else {
            self.carried = Some(state.clone());
        }
        state.to_json().map(Some)
    }

    /// The rows as a batch, with its digest; none are left.
    pub(super) fn finish(
        &mut self,
        schema: &SchemaRef,
        before: &Digest,
    ) -> Result<(RecordBatch, Digest)> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.world.finish())];
        columns.extend(self.counters.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.push(Arc::new(self.kind.finish()));
        columns.push(Arc::new(self.action.finish()));
        columns.push(Arc::new(self.reward.finish()));
        columns.extend(self.flags.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.push(Arc::new(self.fractional_success.finish()));
        columns.push(Arc::new(self.interventions.finish()));
        columns.extend(self.observation.as_mut().map(Numbers::finish));
        columns.extend(self.mask.as_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.extend(self.pairs.as_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.extend(self.moved.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef));
        columns.push(Arc::new(self.blocks.finish()));
        columns.push(Arc::new(self.context.finish()));
        columns.push(self.digest_column(None));
        let batch = batch(schema, columns.clone())?;
        let digest = digest::of_batch(before, &batch);
        columns.pop();
        columns.push(self.digest_column(Some(&digest)));
        (self.rows, self.carried) = (0, None);
        Ok((self::batch(schema, columns)?, digest))
    }

    /// The batch's digest stands in its first row.
    fn digest_column(&self, digest: Option<&Digest>) -> ArrayRef {
        let mut column = BinaryBuilder::new();
        for row in 0..self.rows {
            column.append_option(digest.filter(|_| row == 0));
        }
        Arc::new(column.finish())
    }
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|e| super::arrow_error(".", &e))
}
