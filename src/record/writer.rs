//! Writing a data set, episode by episode.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;

use super::columns::Columns;
use super::digest::{self, Digest};
use super::frames::END;
use super::{Dataset, Episode, Header, Kind, Row, arrow_error, file_error};
use crate::env::Description;
use crate::error::{Error, Result};
use crate::saved::Lock;

/// How many rows a batch has at most, unless [`Writer::with_part`] says otherwise; a longer episode
/// goes on in another batch.
const PART: usize = 10_000;

/// Writes a data set.
///
/// Each batch goes to the file whole, in one write, so that a run which breaks off loses the
/// episodes it was in and no other. [`Writer::close`] marks the end; a file without that mark can
/// be read and gone on with all the same.
///
/// The file is locked until the writer is dropped: a second writer is refused, in this process and
/// in others. A forked process is refused what it would write, because the file is its parent's.
/// What cannot be written, for want of room on the disk, is kept in memory and written with what
/// comes next.
pub struct Writer {
    path: PathBuf,
    file: Lock,
    /// How many bytes of the file are whole batches.
    end: u64,
    closed: bool,
    header: Header,
    schema: SchemaRef,
    /// The batches that are not in the file yet, as bytes.
    stream: StreamWriter<Vec<u8>>,
    digest: Digest,
    part: usize,
    worlds: Vec<Open>,
    // Whether nothing was recorded yet, here or before.
    fresh: bool,
}

/// What is not in the file yet of a world's episode.
struct Open {
    columns: Columns,
    // The row that the next batch begins with, where the episode of the last one goes on.
    continued: Option<Row>,
}

impl Writer {
    /// Begins a data set in a new file, and makes the folders above it.
    ///
    /// # Errors
    /// [`Error::File`], also where there is such a file.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        let error = |e| file_error(path, &e);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(error)?;
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let begun = Lock::of(path, file.map_err(error)?).and_then(|file| {
            let mut writer = Self::over(path, file, header)?;
            writer.put()?;
            writer.fresh = true;
            Ok(writer)
        });
        if begun.is_err() {
            let _ = fs::remove_file(path);
        }
        begun
    }

    /// Goes on with a data set; an incomplete episode at its end is cut off.
    ///
    /// # Errors
    /// [`Error::File`], also where another writer has the file; [`Error::OtherWorld`] where it was
    /// recorded in another world or has other columns; as [`Dataset::open`].
    pub fn append(path: &Path, header: &Header) -> Result<Self> {
        let error = |e| file_error(path, &e);
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(error)?;
        let file = Lock::of(path, file)?;
        // Through the same handle: where locks bind readers too, any other is refused.
        let dataset = Dataset::of(path, file.file().try_clone().map_err(error)?)?;
        let found = dataset.header();
        let differing = found.differing(header).join(", ");
        if !differing.is_empty() {
            let reason = format!("{}: it was recorded with another {differing}", path.display());
            return Err(Error::OtherWorld { reason });
        }
        let digest = dataset.last_digest()?;
        file.file().set_len(dataset.end()).map_err(error)?;
        let mut writer = Self::over(path, file, found)?;
        writer.stream.get_mut().clear();
        writer.end = dataset.end();
        writer.digest = digest;
        Ok(writer)
    }

    fn over(path: &Path, file: Lock, header: &Header) -> Result<Self> {
        let schema = header.schema()?;
        let stream =
            StreamWriter::try_new(Vec::new(), &schema).map_err(|e| arrow_error(".", &e))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            end: 0,
            closed: false,
            header: header.clone(),
            digest: digest::of_schema(&schema),
            schema,
            stream,
            part: PART,
            worlds: Vec::new(),
            fresh: false,
        })
    }

    /// Says anew what world it is of, where that was changed since; before anything is recorded.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where something was recorded in another world; [`Error::File`].
    pub(super) fn record_in(&mut self, world: &Description) -> Result<()> {
        let world = world.bound_as(&self.header.world);
        if world == self.header.world {
            return Ok(());
        }
        if !self.fresh {
            let reason = "it was changed since the data set was begun; begin another for it";
            return Err(Error::OtherWorld { reason: reason.to_string() });
        }
        self.check()?;
        let error = |e| file_error(&self.path, &e);
        let header = Header { world, ..self.header.clone() };
        let schema = header.schema()?;
        self.stream =
            StreamWriter::try_new(Vec::new(), &schema).map_err(|e| arrow_error(".", &e))?;
        self.file.file().set_len(0).map_err(error)?;
        (self.end, self.worlds) = (0, Vec::new());
        self.digest = digest::of_schema(&schema);
        (self.schema, self.header) = (schema, header);
        self.put()
    }

    /// Writes batches of at most that many rows; with many worlds at once, small ones save memory.
    #[must_use]
    pub fn with_part(mut self, rows: usize) -> Self {
        self.part = rows.max(2);
        self
    }

    /// What the data set says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Adds what happened in a world; a row that begins an episode closes the one before it.
    ///
    /// # Errors
    /// [`Error::Order`] for a step before an episode began, or after the data set was closed;
    /// [`Error::Malformed`] for what cannot be written; [`Error::File`], after which the row is
    /// added all the same.
    pub fn push(&mut self, world: u32, row: &Row) -> Result<()> {
        self.add(world, row)?;
        self.put()
    }

    /// As [`Writer::push`], without touching the file; [`Writer::put`] does that.
    pub(super) fn add(&mut self, world: u32, row: &Row) -> Result<()> {
        self.check()?;
        self.fresh = false;
        if matches!(row.kind, Kind::Reset | Kind::Continued) {
            self.gather(world)?;
        } else if let Some(continued) = self.world(world).continued.take() {
            self.world(world).columns.push(world, &continued)?;
        }
        let part = self.part;
        let columns = &mut self.world(world).columns;
        if columns.len() == 0 && row.kind == Kind::Step {
            return Err(Error::Order(
                "record the state in which an episode begins, then its steps",
            ));
        }
        columns.push(world, row)?;
        // An episode that ended is on disk at once, though some go on with it all the same.
        if columns.len() >= part || row.terminated || row.truncated {
            self.gather(world)?;
            self.world(world).continued = Some(Row {
                success: row.success,
                fractional_success: row.fractional_success,
                observation: row.observation.clone(),
                ..Row::new(Kind::Continued, row.state.clone())
            });
        }
        Ok(())
    }

    /// Adds an episode.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub fn write(&mut self, episode: &Episode) -> Result<()> {
        self.gather(episode.world)?;
        episode.rows.iter().try_for_each(|row| self.add(episode.world, row))?;
        self.flush(episode.world)
    }

    /// Writes what was gathered of a world's episode as a batch.
    ///
    /// # Errors
    /// [`Error::File`]: the batch is kept, and written with what comes next.
    pub fn flush(&mut self, world: u32) -> Result<()> {
        self.check()?;
        self.gather(world)?;
        self.put()
    }

    /// Writes all that was gathered and marks the end.
    ///
    /// # Errors
    /// As [`Writer::finish`]; what could not be written is lost then.
    pub fn close(mut self) -> Result<()> {
        self.finish()
    }

    /// As [`Writer::close`], to be tried again where it failed; a forked process does nothing,
    /// because the episodes are its parent's to write.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn finish(&mut self) -> Result<()> {
        if !self.file.is_own() {
            return Ok(());
        }
        if !self.closed {
            for world in 0..self.worlds.len() {
                self.gather(world as u32)?;
            }
            self.put()?;
            self.write_whole(&END)?;
            self.closed = true;
        }
        self.file.file().sync_all().map_err(|e| file_error(&self.path, &e))
    }

    /// Refuses to record what no file would hold.
    pub(super) fn check(&self) -> Result<()> {
        if !self.file.is_own() {
            let reason = "this process was forked from the one that records into it; make a \
                          recorder with a file of its own here";
            return Err(self.refused(reason.to_string()));
        }
        match self.closed {
            true => Err(Error::Order("the data set is closed; go on with it by appending")),
            false => Ok(()),
        }
    }

    /// Makes a batch of what was gathered of a world's episode.
    fn gather(&mut self, world: u32) -> Result<()> {
        let (schema, digest) = (self.schema.clone(), self.digest);
        let Open { columns, continued } = self.world(world);
        *continued = None;
        if columns.len() == 0 {
            return Ok(());
        }
        let (batch, digest) = columns.finish(&schema, &digest)?;
        self.stream.write(&batch).map_err(|e| arrow_error(".", &e))?;
        self.digest = digest;
        Ok(())
    }

    fn world(&mut self, world: u32) -> &mut Open {
        let world = world as usize;
        while self.worlds.len() <= world {
            self.worlds.push(Open { columns: Columns::new(&self.header), continued: None });
        }
        &mut self.worlds[world]
    }

    /// Moves the batches that were made to the file.
    ///
    /// # Errors
    /// [`Error::File`]: they are kept, and moved with those that come next.
    pub(super) fn put(&mut self) -> Result<()> {
        let bytes = std::mem::take(self.stream.get_mut());
        let written = self.write_whole(&bytes);
        *self.stream.get_mut() = bytes;
        if written.is_ok() {
            self.stream.get_mut().clear();
        }
        written
    }

    /// Writes bytes to the end of the file, all of them or none.
    fn write_whole(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut file = self.file.file();
        let unwritten = |e| file_error(&self.path, &e);
        self.check_file(&file.metadata().map_err(unwritten)?)?;
        let written = file.seek(SeekFrom::Start(self.end)).and_then(|_| file.write_all(bytes));
        if let Err(error) = written {
            let _ = file.set_len(self.end);
            let lost = "what was to be written is kept, and written with what comes next";
            return Err(self.refused(format!("{error}; {lost}")));
        }
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Refuses a file that is no longer what was written.
    fn check_file(&self, found: &Metadata) -> Result<()> {
        if found.len() != self.end {
            let (found, own) = (found.len(), self.end);
            let reason = format!(
                "it has {found} bytes where this recorder wrote {own}: something else writes into \
                 it; what is recorded from now on is not in it"
            );
            return Err(self.refused(reason));
        }
        if is_removed(found) {
            let reason = "it was removed while it was recorded into; nothing of it is left";
            return Err(self.refused(reason.to_string()));
        }
        Ok(())
    }

    fn refused(&self, reason: String) -> Error {
        Error::File { path: self.path.display().to_string(), reason }
    }
}

/// Whether no folder has a file any more.
#[cfg(unix)]
fn is_removed(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) == 0
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_removed(_: &Metadata) -> bool {
    false
}
