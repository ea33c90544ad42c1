//! A replay as a file: a line of JSON, one more for every context, then the columns as they lie in
//! memory.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::buffer::Buffer;
use super::{Columns, Context, Layout, Replay};
use crate::error::{Error, Result};
use crate::robot::JOINTS;
use crate::saved::{self, Format, file_error};
use crate::world::Scene;

pub(super) const FORMAT: Format = Format { what: "replay", version: 1 };

/// What stands before the columns.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    scene: Arc<Scene>,
    pub(super) capacity: usize,
    pushed: u64,
    pub(super) rows: usize,
    pub(super) regions: bool,
    guessed: bool,
    pub(super) contexts: usize,
}

impl Replay {
    /// Writes the replay to a file, as [`Replay::write_to`] does; a file that is there already is replaced
    /// whole, or stays as it is.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, path: &Path) -> Result<()> {
        saved::replace(path, |file| self.write_to(file))
    }

    /// Writes a line of JSON with the scene, one for every context, then every column, numbers least
    /// byte first.
    ///
    /// # Errors
    /// Those of what is written to.
    pub fn write_to(&self, file: &mut impl Write) -> std::io::Result<()> {
        let header = FORMAT.write(&Header::of(self)).map_err(std::io::Error::other)?;
        writeln!(file, "{header}")?;
        write_contexts(file, &self.contexts)?;
        self.columns.write_numbers(file)?;
        put(file, &self.context, |x| x.to_le_bytes())?;
        put(file, &self.step, |x| x.to_le_bytes())?;
        put(file, &self.touching, |x| [*x])?;
        put(file, &self.regions, |x| x.to_le_bytes())
    }

    /// Reads a replay that [`Replay::save`] wrote.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Malformed`] for what no release wrote, cut-off files among it.
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| file_error(path, &error))?;
        Self::read_from(&mut BufReader::new(file))
    }

    /// Reads what [`Replay::write_to`] wrote, to its end.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn read_from(file: &mut impl BufRead) -> Result<Self> {
        let unread = |error: std::io::Error| malformed("columns", &error.to_string());
        let mut line = String::new();
        file.read_line(&mut line).map_err(unread)?;
        let header: Header = FORMAT.read(&line)?;
        let mut replay = header.check()?;
        let (rows, layout) = (header.rows, replay.layout().clone());
        replay.contexts = read_contexts(file, header.contexts, &layout)?;
        replay.columns = Columns::read_numbers(file, layout.clone(), rows).map_err(unread)?;
        let mut read = || -> std::io::Result<()> {
            replay.context = get(file, rows, u32::from_le_bytes)?.into();
            replay.step = get(file, rows, u64::from_le_bytes)?.into();
            replay.touching = get(file, rows, |[x]: [u8; 1]| u8::from(x != 0))?.into();
            let regions = if header.regions { rows * 6 * layout.parts() } else { 0 };
            replay.regions = get(file, regions, f32::from_le_bytes)?.into();
            Ok(())
        };
        read().map_err(unread)?;
        let rest = file.fill_buf().map_err(unread)?;
        let contexts = replay.context.iter().all(|c| (*c as usize) < replay.contexts.len());
        if !rest.is_empty() || !contexts {
            return Err(malformed("columns", "they are not what the first lines announce"));
        }
        replay.labels.resize(rows * layout.bodies(), 0);
        replay.digests.resize(rows * layout.bodies(), 0);
        for row in 0..rows {
            let mask = replay.columns.local_mask(row);
            replay.derive(row, &mask);
        }
        Ok(replay)
    }
}

impl Columns {
    /// Writes every column, one after the other.
    pub(crate) fn write_numbers(&self, file: &mut impl Write) -> std::io::Result<()> {
        for numbers in [&self.before, &self.action, &self.after, &self.goals] {
            put(file, numbers, |x| x.to_le_bytes())?;
        }
        put(file, &self.mask, |x| x.to_le_bytes())
    }

    /// Reads the columns of `rows` rows.
    pub(crate) fn read_numbers(
        file: &mut impl Read,
        layout: Layout,
        rows: usize,
    ) -> std::io::Result<Self> {
        let (width, goals, words) = (layout.width(), layout.goal_width(), layout.mask_words());
        let mut numbers = |columns: usize| get(file, rows * columns, f64::from_le_bytes);
        let [before, action, after] = [numbers(width)?, numbers(JOINTS)?, numbers(width)?];
        let goals = numbers(goals)?;
        let mask = get(file, rows * words, u64::from_le_bytes)?;
        let [before, action, after, goals] = [before, action, after, goals].map(Buffer::from);
        Ok(Self { layout, rows, before, action, after, goals, mask: mask.into() })
    }
}

impl Header {
    /// What is announced of a replay.
    pub(super) fn of(replay: &Replay) -> Self {
        Self {
            scene: Arc::clone(replay.layout().scene()),
            capacity: replay.capacity,
            pushed: replay.pushed,
            rows: replay.len(),
            regions: replay.has_regions(),
            guessed: replay.guessed,
            contexts: replay.contexts.len(),
        }
    }

    /// The replay that is announced, without its contexts and rows.
    pub(super) fn check(&self) -> Result<Replay> {
        let mut replay = Replay::new(&self.scene, self.capacity)?;
        if self.rows != (self.pushed.min(self.capacity as u64)) as usize {
            return Err(malformed("rows", "they do not fit the capacity"));
        }
        replay.pushed = self.pushed;
        replay.guessed = self.guessed;
        Ok(replay)
    }
}

/// Writes contexts as lines of JSON.
pub(crate) fn write_contexts(
    file: &mut impl Write,
    contexts: &[Arc<Context>],
) -> std::io::Result<()> {
    for context in contexts {
        serde_json::to_writer(&mut *file, &**context)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads so many contexts of one scene.
pub(crate) fn read_contexts(
    file: &mut impl BufRead,
    count: usize,
    layout: &Layout,
) -> Result<Vec<Arc<Context>>> {
    let (mut contexts, mut line) = (Vec::new(), String::new());
    for number in 0..count {
        let wrong = |reason: &str| malformed(&format!("contexts[{number}]"), reason);
        line.clear();
        file.read_line(&mut line).map_err(|error| wrong(&error.to_string()))?;
        let mut context: Context =
            serde_json::from_str(&line).map_err(|error| wrong(&error.to_string()))?;
        let (state, scene) = (&mut context.state, layout.scene());
        let found = [state.blocks.len(), state.goals.len()];
        if !layout.fits(state) || found != [scene.blocks.len(), scene.goals.len()] {
            return Err(wrong("it is of another scene"));
        }
        state.scene = Arc::clone(scene);
        contexts.push(Arc::new(context));
    }
    Ok(contexts)
}

pub(super) fn malformed(path: &str, reason: &str) -> Error {
    let (what, path) = ("replay".to_string(), path.to_string());
    Error::Malformed { what, path, reason: reason.to_string() }
}

/// Writes numbers one after the other.
pub(crate) fn put<T, const N: usize>(
    file: &mut impl Write,
    numbers: &[T],
    bytes: impl Fn(&T) -> [u8; N],
) -> std::io::Result<()> {
    numbers.iter().try_for_each(|x| file.write_all(&bytes(x)))
}

/// Reads so many numbers.
pub(crate) fn get<T, const N: usize>(
    file: &mut impl Read,
    count: usize,
    number: impl Fn([u8; N]) -> T,
) -> std::io::Result<Vec<T>> {
    // A file that is cut off must not make us ask for the memory it announces.
    let mut numbers = Vec::with_capacity(count.min(1 << 20));
    let mut bytes = [0; N];
    for _ in 0..count {
        file.read_exact(&mut bytes)?;
        numbers.push(number(bytes));
    }
    Ok(numbers)
}
