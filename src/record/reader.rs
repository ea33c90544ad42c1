//! Reading a data set, episode by episode.

use std::collections::HashMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_schema_from_ipc_buffer;
use arrow_ipc::reader::read_record_batch;
use arrow_ipc::root_as_message;
use arrow_schema::{ArrowError, SchemaRef};

use super::digest::{self, Digest};
use super::frames::{Frames, PREFIX};
use super::{Episode, Header, Loss, arrow_error, decode, file_error};
use crate::error::{Error, Result};

/// A data set on disk.
///
/// Opening finds the batches and reads none of them.
#[derive(Debug)]
pub struct Dataset {
    path: PathBuf,
    file: Mutex<File>,
    frames: Frames,
    schema: SchemaRef,
    first: Digest,
    header: Header,
}

impl Dataset {
    /// Opens a data set.
    ///
    /// An episode that is cut off at the end is left out; [`Dataset::cut`] tells.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Malformed`] for a file that is no data set, or one of a format
    /// that this release cannot read.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(path, File::open(path).map_err(|e| file_error(path, &e))?)
    }

    /// The data set of a file that is open already.
    pub(super) fn of(path: &Path, mut file: File) -> Result<Self> {
        let frames = Frames::of(path, &file)?;
        let message = frames.schema.read(&mut file).map_err(|e| file_error(path, &e))?;
        let schema = try_schema_from_ipc_buffer(&message).map_err(|e| arrow_error("schema", &e))?;
        let (header, first) = (Header::from_schema(&schema)?, digest::of_schema(&schema));
        let schema = Arc::new(schema);
        let (path, file) = (path.to_path_buf(), Mutex::new(file));
        Ok(Self { path, file, frames, schema, first, header })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the data set says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How many episodes there are; one that is too long for a batch counts for each of its parts.
    pub fn len(&self) -> usize {
        self.frames.batches.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it was closed: then nothing is missing at its end.
    pub fn is_closed(&self) -> bool {
        self.frames.closed
    }

    /// How many bytes at the end belong to no whole episode.
    pub fn cut(&self) -> u64 {
        self.frames.cut
    }

    /// What is missing at its end; `None` where it was closed.
    pub fn lost(&self) -> Option<Loss> {
        let Frames { closed, cut, partial, .. } = self.frames;
        (!closed).then_some(Loss { bytes: cut, length: partial.length, rows: partial.rows })
    }

    /// An episode by its number, from 0; `None` beyond the last.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Malformed`] with the number of the episode, also where its digest
    /// is not that of its contents or of the episode before it.
    pub fn episode(&self, index: usize) -> Result<Option<Episode>> {
        if index >= self.len() {
            return Ok(None);
        }
        let before = match index.checked_sub(1) {
            None => self.first,
            Some(before) => self.claimed(before)?,
        };
        let batch = self.batch(index)?;
        self.check(index, &before, &batch)?;
        decode::episode(&batch).map(Some).map_err(|e| self.in_episode(index, &e))
    }

    /// The episodes, one after the other.
    pub fn episodes(&self) -> Episodes<'_> {
        let before = self.first;
        Episodes { dataset: self, next: 0, before }
    }

    /// The byte after the last whole episode.
    pub(super) fn end(&self) -> u64 {
        self.frames.end()
    }

    /// The last episode's digest, after all were checked.
    pub(super) fn last_digest(&self) -> Result<Digest> {
        let mut before = self.first;
        for index in 0..self.len() {
            let batch = self.batch(index)?;
            before = self.check(index, &before, &batch)?;
        }
        Ok(before)
    }

    fn batch(&self, index: usize) -> Result<RecordBatch> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = &self.frames.batches[index];
        let bytes = frame.read(&mut file);
        drop(file);
        let bytes = bytes.map_err(|e| file_error(&self.path, &e))?;
        decoded(&bytes, frame.head, &self.schema).map_err(|e| self.in_episode(index, &e))
    }

    /// The digest that an episode has of itself, unchecked.
    fn claimed(&self, index: usize) -> Result<Digest> {
        let batch = self.batch(index)?;
        let claimed = decode::digest(&batch).map_err(|e| self.in_episode(index, &e))?;
        claimed.try_into().map_err(|_| self.malformed(index, "its digest has another length"))
    }

    /// Refuses a batch that is not what was written after the one with that digest.
    fn check(&self, index: usize, before: &Digest, batch: &RecordBatch) -> Result<Digest> {
        let claimed = decode::digest(batch).map_err(|e| self.in_episode(index, &e))?;
        let found = digest::of_batch(before, batch);
        match claimed == found {
            true => Ok(found),
            false => {
                let reason = "its digest is another: it, or an episode before it, was changed \
                              after it was written";
                Err(self.malformed(index, reason))
            }
        }
    }

    fn in_episode(&self, index: usize, error: &Error) -> Error {
        self.malformed(index, &error.to_string())
    }

    fn malformed(&self, index: usize, reason: &str) -> Error {
        Error::Malformed {
            what: self.path.display().to_string(),
            path: format!("episode {index}"),
            reason: reason.to_string(),
        }
    }
}

/// The episodes of a data set, read one by one; after an error there are no more.
pub struct Episodes<'a> {
    dataset: &'a Dataset,
    next: usize,
    before: Digest,
}

impl Iterator for Episodes<'_> {
    type Item = Result<Episode>;

    fn next(&mut self) -> Option<Result<Episode>> {
        let (dataset, index) = (self.dataset, self.next);
        if index >= dataset.len() {
            return None;
        }
        self.next += 1;
        let read = dataset.batch(index).and_then(|batch| {
            self.before = dataset.check(index, &self.before, &batch)?;
            decode::episode(&batch).map_err(|e| dataset.in_episode(index, &e))
        });
        if read.is_err() {
            self.next = dataset.len();
        }
        Some(read)
    }
}

/// The batch of a message whose mark and metadata have that length.
fn decoded(message: &[u8], head: u64, schema: &SchemaRef) -> Result<RecordBatch> {
    let refuse = |error: ArrowError| arrow_error(".", &error);
    let (head, body) = message.split_at(head as usize);
    let read = root_as_message(&head[PREFIX as usize..]);
    let read = read.map_err(|e| refuse(ArrowError::ParseError(e.to_string())))?;
    let batch = read.header_as_record_batch();
    let batch = batch.ok_or_else(|| refuse(ArrowError::ParseError("no batch".to_string())))?;
    let within = |buffer: &arrow_ipc::Buffer| {
        let bounds = (u64::try_from(buffer.offset()), u64::try_from(buffer.length()));
        let (Ok(offset), Ok(length)) = bounds else { return false };
        offset.checked_add(length).is_some_and(|end| end <= body.len() as u64)
    };
    if !batch.buffers().is_some_and(|buffers| buffers.iter().all(within)) {
        return Err(refuse(ArrowError::ParseError("a column beyond the batch's end".to_string())));
    }
    let (body, dictionaries) = (Buffer::from(body), HashMap::new());
    let (schema, version) = (Arc::clone(schema), read.version());
    // Arrow checks what it reads, but not all of it without a panic.
    let read = || read_record_batch(&body, batch, schema, &dictionaries, None, &version);
    let damaged = |_| Err(ArrowError::ParseError("the batch is damaged".to_string()));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(damaged).map_err(refuse)
}
