//! A replay as a folder of mapped files: as many rows as the disk has room for.
//!
//! `replay.json` announces what the other files hold. `contexts.jsonl` has a line of JSON for every
//! context and only ever grows. All others are one for each column, numbers least byte first, with
//! room for `capacity` rows; they are sparse, so that room costs nothing until it is used. Numpy
//! reads any of them with `memmap`.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::buffer::{Buffer, Number};
use super::file::{FORMAT, Header, malformed, read_contexts, write_contexts};
use super::mapping::Mapping;
use super::{Context, Replay, UNFINISHED};
use crate::error::{Error, Result};
use crate::robot::JOINTS;
use crate::saved::{self, file_error};
use crate::world::Scene;

/// The file that announces the others.
const HEADER: &str = "replay.json";
/// The file with the contexts.
const CONTEXTS: &str = "contexts.jsonl";

impl Replay {
    /// An empty replay whose rows lie in a folder, which is made, and not in memory.
    ///
    /// Rows go to disk as the system sees fit; [`Replay::flush`] waits for it. A clone lies in
    /// memory.
    ///
    /// # Errors
    /// As [`Replay::new`]; [`Error::File`], also where the folder holds a replay already;
    /// [`Error::Setting`] on machines that have numbers the other way round.
    pub fn create(folder: &Path, scene: &Arc<Scene>, capacity: usize) -> Result<Self> {
        little_endian()?;
        let mut replay = Self::new(scene, capacity)?;
        fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
        replay.attach(folder, &Mapping::create, 0, true)?;
        replay.folder = Folder(Some(Kept { folder: folder.to_path_buf(), contexts: 0, bytes: 0 }));
        replay.flush()?;
        Ok(replay)
    }

    /// Opens the replay that lies in a folder, to read it and to go on with it.
    ///
    /// Rows that were added after the last [`Replay::flush`] are not there; those that took the place
    /// of older ones are. The row that was being written when a run broke off is left out.
    ///
    /// # Errors
    /// [`Error::File`], also where another program has it open; [`Error::Malformed`] for what no
    /// release wrote; [`Error::Setting`] as [`Replay::create`].
    pub fn open(folder: &Path) -> Result<Self> {
        little_endian()?;
        let header: Header = FORMAT.read(&saved::read_file(&folder.join(HEADER))?)?;
        let mut replay = header.check()?;
        replay.attach(folder, &Mapping::open, header.rows, header.regions)?;
        let bytes = replay.read_contexts(&folder.join(CONTEXTS), header.contexts)?;
        let (folder, contexts) = (folder.to_path_buf(), replay.contexts.len());
        replay.folder = Folder(Some(Kept { folder, contexts, bytes }));
        if let Some(row) = replay.context.iter().position(|context| *context == UNFINISHED) {
            replay.leave_out(row);
        }
        let bodies = replay.layout().bodies();
        let labels = replay.labels.chunks_exact(bodies);
        let least = |labels: &[u8]| labels.iter().enumerate().all(|(i, l)| usize::from(*l) <= i);
        let contexts = replay.context.iter().all(|c| (*c as usize) < replay.contexts.len());
        if !contexts || !{ labels }.all(least) {
            return Err(malformed("columns", "they are not what replay.json announces"));
        }
        Ok(replay)
    }

    /// Waits until every row of a replay in a folder is on disk, and announces it; does nothing for
    /// one in memory.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn flush(&mut self) -> Result<()> {
        let Some(kept) = &mut self.folder.0 else { return Ok(()) };
        kept.append(&self.contexts, File::sync_data)?;
        let folder = &kept.folder;
        let columns = &self.columns;
        for numbers in [&columns.before, &columns.action, &columns.after, &columns.goals] {
            flush(numbers)?;
        }
        [&columns.mask, &self.step, &self.digests].into_iter().try_for_each(flush)?;
        [&self.touching, &self.labels].into_iter().try_for_each(flush)?;
        flush(&self.context)?;
        flush(&self.regions)?;
        // What is announced was there before; a run that breaks off leaves the old file.
        let (new, path) = (folder.join("replay.json.new"), folder.join(HEADER));
        saved::write_file(&new, &FORMAT.write(&Header::of(self))?)?;
        fs::rename(&new, &path).map_err(|error| file_error(&path, &error))
    }

    /// Puts files in place of the columns, so many rows of which are in use.
    fn attach(
        &mut self,
        folder: &Path,
        map: &dyn Fn(&Path, u64) -> Result<Mapping>,
        rows: usize,
        regions: bool,
    ) -> Result<()> {
        let (layout, room) = (self.layout().clone(), self.capacity);
        let (bodies, bounds) = (layout.bodies(), 6 * layout.parts());
        let place = Place { folder, map, room, rows };
        let columns = &mut self.columns;
        columns.before = place.column("before.f64", layout.width())?;
        columns.action = place.column("action.f64", JOINTS)?;
        columns.after = place.column("after.f64", layout.width())?;
        columns.goals = place.column("goals.f64", layout.goal_width())?;
        columns.mask = place.column("mask.u64", layout.mask_words())?;
        columns.rows = rows;
        self.context = place.column("context.u32", 1)?;
        self.step = place.column("step.u64", 1)?;
        self.touching = place.column("touching.u8", 1)?;
        self.labels = place.column("labels.u8", bodies)?;
        self.digests = place.column("digests.u64", bodies)?;
        let rows = if regions { rows } else { 0 };
        self.regions = Place { rows, ..place }.column("regions.f32", bounds)?;
        Ok(())
    }
}

impl Replay {
    /// Reads the contexts that are announced, and those after them that are whole; says where the
    /// last one ends.
    fn read_contexts(&mut self, path: &Path, announced: usize) -> Result<u64> {
        let error = |error| file_error(path, &error);
        let mut file = BufReader::new(File::open(path).map_err(error)?);
        self.contexts = read_contexts(&mut file, announced, self.layout())?;
        loop {
            let end = file.stream_position().map_err(error)?;
            match read_contexts(&mut file, 1, self.layout()) {
                Ok(more) => self.contexts.extend(more),
                Err(_) => return Ok(end),
            }
        }
    }

    /// Puts the last row in a row's place; the order in which rows give way begins anew.
    fn leave_out(&mut self, row: usize) {
        let (layout, last) = (self.layout().clone(), self.len() - 1);
        let bounds = if self.has_regions() { 6 * layout.parts() } else { 0 };
        let columns = &mut self.columns;
        keep(&mut columns.before, layout.width(), row, last);
        keep(&mut columns.action, JOINTS, row, last);
        keep(&mut columns.after, layout.width(), row, last);
        keep(&mut columns.goals, layout.goal_width(), row, last);
        keep(&mut columns.mask, layout.mask_words(), row, last);
        columns.rows = last;
        keep(&mut self.context, 1, row, last);
        keep(&mut self.step, 1, row, last);
        keep(&mut self.touching, 1, row, last);
        keep(&mut self.labels, layout.bodies(), row, last);
        keep(&mut self.digests, layout.bodies(), row, last);
        keep(&mut self.regions, bounds, row, last);
        self.pushed = last as u64;
    }
}

/// Puts the last row's numbers in a row's place.
fn keep<T: Number>(numbers: &mut Buffer<T>, width: usize, row: usize, last: usize) {
    numbers.copy_within(last * width..(last + 1) * width, row * width);
    numbers.truncate(last * width);
}

/// Where a replay's columns lie, if not in memory; it makes no difference to what they are, and a
/// copy lies in memory.
#[derive(Debug, Default)]
pub(super) struct Folder(Option<Kept>);

/// What lies in a folder.
#[derive(Debug)]
struct Kept {
    folder: PathBuf,
    /// How many contexts have their line, and how many bytes these lines have.
    contexts: usize,
    bytes: u64,
}

impl Folder {
    /// Writes the lines of contexts that have none yet, so that rows on disk may name them.
    pub(super) fn announce(&mut self, contexts: &[Arc<Context>]) -> Result<()> {
        match &mut self.0 {
            Some(kept) if kept.contexts < contexts.len() => kept.append(contexts, |_| Ok(())),
            _ => Ok(()),
        }
    }
}

impl Kept {
    /// Writes the lines of contexts that have none yet; what follows the last whole line gives way.
    fn append(
        &mut self,
        contexts: &[Arc<Context>],
        settle: fn(&File) -> std::io::Result<()>,
    ) -> Result<()> {
        let path = self.folder.join(CONTEXTS);
        let append = || -> std::io::Result<u64> {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
            file.set_len(self.bytes)?;
            let mut file = BufWriter::new(file);
            file.seek(SeekFrom::End(0))?;
            write_contexts(&mut file, &contexts[self.contexts..])?;
            file.flush()?;
            settle(file.get_ref())?;
            file.stream_position()
        };
        self.bytes = append().map_err(|error| file_error(&path, &error))?;
        self.contexts = contexts.len();
        Ok(())
    }
}

impl Clone for Folder {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Folder {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Where columns lie, and how much of them is in use.
struct Place<'a> {
    folder: &'a Path,
    map: &'a dyn Fn(&Path, u64) -> Result<Mapping>,
    room: usize,
    rows: usize,
}

impl Place<'_> {
    fn column<T: Number>(&self, name: &str, width: usize) -> Result<Buffer<T>> {
        // A file without a byte cannot be mapped.
        let bytes = (self.room * width).max(1) * size_of::<T>();
        let file = (self.map)(&self.folder.join(name), bytes as u64)?;
        Ok(Buffer::mapped(file, self.rows * width))
    }
}

fn flush<T: Number>(numbers: &Buffer<T>) -> Result<()> {
    numbers.file().map_or(Ok(()), Mapping::flush)
}

fn little_endian() -> Result<()> {
    if cfg!(target_endian = "little") {
        return Ok(());
    }
    let (name, value) = ("folder", "mapped".to_string());
    let reason = "needs a machine that keeps the least byte first; use save and load";
    Err(Error::Setting { name, value, reason })
}
