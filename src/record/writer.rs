//! Writing a data set, episode by episode.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;

use super::columns::Columns;
use super::digest::{self, Digest};
use super::frames::END;
use super::{Dataset, Episode, Header, Kind, Row, arrow_error, file_error};
use crate::error::{Error, Result};

/// How many rows a batch has at most, unless [`Writer::with_part`] says otherwise; a longer episode
/// goes on in another batch.
const PART: usize = 10_000;

/// Writes a data set.
///
/// Each batch goes to the file whole, in one write, so that a run which breaks off loses the
/// episodes it was in and no other. [`Writer::close`] marks the end; a file without that mark can
/// be read and gone on with all the same.
pub struct Writer {
    path: PathBuf,
    file: File,
    header: Header,
    schema: SchemaRef,
    stream: StreamWriter<Vec<u8>>,
    digest: Digest,
    part: usize,
    worlds: Vec<Open>,
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
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(error)?;
        let mut writer = Self::over(path, file, header)?;
        writer.put()?;
        Ok(writer)
    }

    /// Goes on with a data set; an incomplete episode at its end is cut off.
    ///
    /// # Errors
    /// [`Error::OtherWorld`] where the file was recorded in another world or has other columns; as
    /// [`Dataset::open`].
    pub fn append(path: &Path, header: &Header) -> Result<Self> {
        let dataset = Dataset::open(path)?;
        let found = dataset.header();
        let asked = Header { notes: found.notes.clone(), ..header.clone() };
        if asked != *found {
            let reason = "a data set can be gone on with in the same world, with the same columns";
            return Err(Error::OtherWorld { reason: reason.to_string() });
        }
        let digest = dataset.last_digest()?;
        let error = |e| file_error(path, &e);
        let mut file = OpenOptions::new().write(true).open(path).map_err(error)?;
        file.set_len(dataset.end()).map_err(error)?;
        file.seek(SeekFrom::End(0)).map_err(error)?;
        let mut writer = Self::over(path, file, found)?;
        writer.stream.get_mut().clear();
        writer.digest = digest;
        Ok(writer)
    }

    fn over(path: &Path, file: File, header: &Header) -> Result<Self> {
        let schema = header.schema()?;
        let stream =
            StreamWriter::try_new(Vec::new(), &schema).map_err(|e| arrow_error(".", &e))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            header: header.clone(),
            digest: digest::of_schema(&schema),
            schema,
            stream,
            part: PART,
            worlds: Vec::new(),
        })
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
    /// [`Error::Order`] for a step before an episode began; [`Error::File`]; [`Error::Malformed`]
    /// for what can not be written.
    pub fn push(&mut self, world: u32, row: &Row) -> Result<()> {
        if matches!(row.kind, Kind::Reset | Kind::Continued) {
            self.flush(world)?;
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
            self.flush(world)?;
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
        self.flush(episode.world)?;
        episode.rows.iter().try_for_each(|row| self.push(episode.world, row))?;
        self.flush(episode.world)
    }

    /// Writes what was gathered of a world's episode as a batch.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn flush(&mut self, world: u32) -> Result<()> {
        let (schema, digest) = (self.schema.clone(), self.digest);
        let Open { columns, continued } = self.world(world);
        *continued = None;
        if columns.len() == 0 {
            return Ok(());
        }
        let (batch, digest) = columns.finish(&schema, &digest)?;
        self.stream.write(&batch).map_err(|e| arrow_error(".", &e))?;
        self.put()?;
        self.digest = digest;
        Ok(())
    }

    /// Writes all that was gathered and marks the end.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn close(mut self) -> Result<()> {
        for world in 0..self.worlds.len() {
            self.flush(world as u32)?;
        }
        self.file.write_all(&END).map_err(|e| file_error(&self.path, &e))?;
        self.file.sync_all().map_err(|e| file_error(&self.path, &e))
    }

    fn world(&mut self, world: u32) -> &mut Open {
        let world = world as usize;
        while self.worlds.len() <= world {
            self.worlds.push(Open { columns: Columns::new(&self.header), continued: None });
        }
        &mut self.worlds[world]
    }

    /// Moves the stream's bytes to the file.
    fn put(&mut self) -> Result<()> {
        let bytes = self.stream.get_mut();
        self.file.write_all(bytes).map_err(|e| file_error(&self.path, &e))?;
        bytes.clear();
        Ok(())
    }
}
