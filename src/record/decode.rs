//! A batch's columns as rows.

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, FixedSizeListArray, PrimitiveArray, RecordBatch};
use arrow_array::{ListArray, StringArray};

use super::columns::{BLOCK, PAIR, carry, pair, set_block};
use super::header::MOVED;
use super::{Episode, Kind, Row};
use crate::causal::Edge;
use crate::error::{Error, Result};
use crate::intervention::Event;
use crate::robot::Nine;
use crate::world::State;

/// The columns of a batch by name.
struct Batch<'a>(&'a RecordBatch);

impl Batch<'_> {
    fn column(&self, name: &str) -> Result<&ArrayRef> {
        self.0.column_by_name(name).ok_or_else(|| malformed(name, "there is no such column"))
    }

    fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<&PrimitiveArray<T>> {
        self.column(name)?.as_primitive_opt().ok_or_else(|| wrong_kind(name))
    }

    fn truths(&self, name: &str) -> Result<&BooleanArray> {
        self.column(name)?.as_boolean_opt().ok_or_else(|| wrong_kind(name))
    }

    fn texts(&self, name: &str) -> Result<&StringArray> {
        self.column(name)?.as_string_opt().ok_or_else(|| wrong_kind(name))
    }

    fn lists(&self, name: &str) -> Result<&ListArray> {
        self.column(name)?.as_list_opt().ok_or_else(|| wrong_kind(name))
    }

    fn nines(&self, name: &str) -> Result<&FixedSizeListArray> {
        self.column(name)?.as_fixed_size_list_opt().ok_or_else(|| wrong_kind(name))
    }
}

/// The digest that a batch has of itself.
pub(super) fn digest(batch: &RecordBatch) -> Result<&[u8]> {
    let missing = || malformed("digest", "there is no such column");
    let column = batch.column_by_name("digest").ok_or_else(missing)?;
    let column = column.as_binary_opt::<i32>().ok_or_else(|| wrong_kind("digest"))?;
    match !column.is_empty() && column.is_valid(0) {
        true => Ok(column.value(0)),
        false => Err(malformed("digest", "it is missing")),
    }
}

/// The episode that a batch holds.
pub(super) fn episode(batch: &RecordBatch) -> Result<Episode> {
    let columns = Batch(batch);
    let world = columns.numbers::<UInt32Type>("world")?;
    let mut rows: Vec<Row> = Vec::with_capacity(batch.num_rows());
    let states = States::of(&columns)?;
    let kinds = columns.texts("kind")?;
    let actions = columns.nines("action")?;
    let rewards = columns.numbers::<Float64Type>("reward")?;
    let flags = ["terminated", "truncated", "intervened", "success"];
    let [terminated, truncated, intervened, success] = flags.map(|name| columns.truths(name));
    let (terminated, truncated) = (terminated?, truncated?);
    let (intervened, success) = (intervened?, success?);
    let fractional = columns.numbers::<Float64Type>("fractional_success")?;
    let events = columns.texts("interventions")?;
    let observations = batch.column_by_name("observation").map(|_| columns.lists("observation"));
    let observations = observations.transpose()?;
    let masks = batch.column_by_name("mask").map(|_| columns.lists("mask")).transpose()?;
    let pairs = batch.column_by_name("pairs").map(|_| columns.lists("pairs")).transpose()?;
    for row in 0..batch.num_rows() {
        let before = rows.last().map(|row| &row.state);
        let kind = Kind::parse(kinds.value(row)).map_err(|e| in_row("kind", row, &e))?;
        let action = actions.is_valid(row).then(|| nine("action", actions, row)).transpose()?;
        let state = states.state(before, row)?;
        if (kind == Kind::Step) != (action.is_some() && rewards.is_valid(row) && row > 0) {
            let reason = "steps, and they alone, have an action, a reward and a row before them";
            return Err(in_row("kind", row, &reason));
        }
        rows.push(Row {
            kind,
            action,
            reward: rewards.is_valid(row).then(|| rewards.value(row)),
            terminated: terminated.value(row),
            truncated: truncated.value(row),
            intervened: intervened.value(row),
            success: success.value(row),
            fractional_success: fractional.value(row),
            observation: observations.map_or_else(|| Ok(Vec::new()), |o| observation(o, row))?,
            interventions: interventions(events, row)?,
            mask: masks.filter(|m| m.is_valid(row)).map(|m| mask(m, row)).transpose()?,
            pairs: pairs.filter(|p| p.is_valid(row)).map_or(Ok(Vec::new()), |p| edges(p, row))?,
            state,
        });
    }
    match rows.is_empty() {
        true => Err(malformed("rows", "a batch without rows")),
        false => Ok(Episode { world: world.value(0), rows }),
    }
}

/// The columns that tell states.
struct States<'a> {
    counters: [&'a PrimitiveArray<UInt64Type>; 3],
    moved: Vec<&'a FixedSizeListArray>,
    blocks: &'a ListArray,
    context: &'a StringArray,
}

impl<'a> States<'a> {
    fn of(columns: &'a Batch<'_>) -> Result<Self> {
        Ok(Self {
            counters: [
                columns.numbers("seed")?,
                columns.numbers("episode")?,
                columns.numbers("step")?,
            ],
            moved: MOVED.iter().map(|name| columns.nines(name)).collect::<Result<_>>()?,
            blocks: columns.lists("blocks")?,
            context: columns.texts("context")?,
        })
    }

    fn state(&self, before: Option<&State>, row: usize) -> Result<State> {
        if self.context.is_valid(row) {
            return State::from_json(self.context.value(row));
        }
        let Some(before) = before else {
            return Err(in_row("context", row, &"the first row has no whole state"));
        };
        let mut state = before.clone();
        let mut moved = [Nine::default(); MOVED.len()];
        for ((numbers, column), name) in moved.iter_mut().zip(&self.moved).zip(MOVED) {
            *numbers = nine(name, column, row)?;
        }
        carry(&mut state, self.counters.map(|column| column.value(row)), moved);
        let numbers = self.blocks.value(row);
        let numbers =
            numbers.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong_kind("blocks"))?;
        let (blocks, rest) = numbers.values().as_chunks::<BLOCK>();
        if blocks.len() != state.blocks.len() || !rest.is_empty() {
            return Err(in_row("blocks", row, &format!("expected {BLOCK} numbers for each")));
        }
        for (block, numbers) in state.blocks.iter_mut().zip(blocks) {
            set_block(block, numbers);
        }
        state.check().map_err(|error| in_row("state", row, &error))?;
        Ok(state)
    }
}

fn nine(name: &str, column: &FixedSizeListArray, row: usize) -> Result<Nine> {
    let numbers = column.value(row);
    let numbers = numbers.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong_kind(name))?;
    let reason = "expected nine numbers";
    numbers.values().as_ref().try_into().map_err(|_| in_row(name, row, &reason))
}

fn observation(column: &ListArray, row: usize) -> Result<Vec<f64>> {
    let numbers = column.value(row);
    if let Some(numbers) = numbers.as_primitive_opt::<Float32Type>() {
        return Ok(numbers.values().iter().map(|number| f64::from(*number)).collect());
    }
    let numbers = numbers.as_primitive_opt::<Float64Type>();
    Ok(numbers.ok_or_else(|| wrong_kind("observation"))?.values().to_vec())
}

fn mask(column: &ListArray, row: usize) -> Result<Vec<bool>> {
    let entries = column.value(row);
    let entries = entries.as_boolean_opt().ok_or_else(|| wrong_kind("mask"))?;
    Ok(entries.values().iter().collect())
}

fn edges(column: &ListArray, row: usize) -> Result<Vec<Edge>> {
    let numbers = column.value(row);
    let numbers = numbers.as_primitive_opt::<Float64Type>().ok_or_else(|| wrong_kind("pairs"))?;
    match numbers.values().as_chunks::<PAIR>() {
        (pairs, []) => Ok(pairs.iter().map(pair).collect()),
        _ => Err(in_row("pairs", row, &format!("expected {PAIR} numbers for each"))),
    }
}

fn interventions(column: &StringArray, row: usize) -> Result<Vec<Event>> {
    if !column.is_valid(row) {
        return Ok(Vec::new());
    }
    serde_json::from_str(column.value(row)).map_err(|e| in_row("interventions", row, &e))
}

fn wrong_kind(name: &str) -> Error {
    malformed(name, "its values are of another kind")
}

fn in_row(column: &str, row: usize, reason: &dyn std::fmt::Display) -> Error {
    malformed(&format!("{column}, row {row}"), &reason.to_string())
}

fn malformed(path: &str, reason: &str) -> Error {
    let what = "episodes".to_string();
    Error::Malformed { what, path: path.to_string(), reason: reason.to_string() }
}
