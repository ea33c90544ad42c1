//! The frames of an Arrow IPC stream: where each message lies, and where an incomplete tail begins.
//!
//! A message is four bytes of ones, the length of its metadata, the metadata (a flatbuffer), and a
//! body whose length the metadata tell. Every length is held against what is left of the file
//! before anything is read by it.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use arrow_ipc::{MessageHeader, root_as_message};

use crate::error::{Error, Result};

/// What a message begins with.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// The mark and the metadata's length, bytes.
pub(super) const PREFIX: u64 = 8;
/// What closes a stream: a message without metadata.
pub(super) const END: [u8; PREFIX as usize] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// Where a message lies in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    /// Its first byte.
    pub(super) start: u64,
    /// The length of its mark and metadata, bytes.
    pub(super) head: u64,
    /// Its whole length, bytes.
    pub(super) length: u64,
}

impl Frame {
    /// The byte after its last.
    pub(super) fn end(&self) -> u64 {
        self.start + self.length
    }

    /// Its bytes.
    pub(super) fn read(&self, file: &mut File) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length as usize];
        file.seek(SeekFrom::Start(self.start))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// The whole messages of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frames {
    /// The schema.
    pub(super) schema: Frame,
    /// The record batches.
    pub(super) batches: Vec<Frame>,
    /// Whether the stream was closed: then nothing is missing at its end.
    pub(super) closed: bool,
    /// How many bytes after the last whole message belong to none.
    pub(super) cut: u64,
    /// What the beginning of the message that was cut off says of it.
    pub(super) partial: Partial,
}

/// What is known of a message that ends beyond the end of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Partial {
    /// Its whole length, bytes.
    pub(super) length: Option<u64>,
    /// The rows of a batch.
    pub(super) rows: Option<u64>,
}

impl Frames {
    /// Finds the messages of a file.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Malformed`] where there is no schema, or something that is no
    /// message before the end.
    pub(super) fn of(path: &Path, file: &File) -> Result<Self> {
        let unread = |error: std::io::Error| super::file_error(path, &error);
        let malformed = |at: u64, reason: String| Error::Malformed {
            what: path.display().to_string(),
            path: format!("byte {at}"),
            reason,
        };
        let length = file.metadata().map_err(unread)?.len();
        let mut scan = Scan { file: BufReader::new(file), length, at: 0 };
        let schema = match scan.next().map_err(unread)? {
            Next::Message(frame, MessageHeader::Schema) => frame,
            Next::Incomplete(_) if length > 0 => {
                let reason = format!(
                    "the file was cut off within its header, after {length} bytes: no episode is left"
                );
                return Err(malformed(0, reason));
            }
            _ => return Err(malformed(0, "it is no Arrow IPC stream".to_string())),
        };
        let mut batches = Vec::new();
        let mut partial = Partial::default();
        let closed = loop {
            match scan.next().map_err(unread)? {
                Next::Message(frame, MessageHeader::RecordBatch) => batches.push(frame),
                Next::Message(frame, kind) => {
                    return Err(malformed(frame.start, format!("unexpected message {kind:?}")));
                }
                Next::End => break true,
                Next::Incomplete(found) => {
                    partial = found;
                    break false;
                }
                Next::Garbage(reason) => return Err(malformed(scan.at, reason)),
            }
        };
        let cut = length - scan.at - if closed { END.len() as u64 } else { 0 };
        if closed && cut > 0 {
            return Err(malformed(scan.at, format!("{cut} bytes after the end of the stream")));
        }
        Ok(Self { schema, batches, closed, cut, partial })
    }

    /// The byte after the last whole message: where the next one goes.
    pub(super) fn end(&self) -> u64 {
        self.batches.last().unwrap_or(&self.schema).end()
    }
}

enum Next {
    Message(Frame, MessageHeader),
    End,
    /// The file ends within a message.
    Incomplete(Partial),
    Garbage(String),
}

struct Scan<'a> {
    file: BufReader<&'a File>,
    length: u64,
    // Where the next message begins.
    at: u64,
}

impl Scan<'_> {
    fn next(&mut self) -> std::io::Result<Next> {
        let left = self.length - self.at;
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut prefix = [0; PREFIX as usize];
        let there = left.min(PREFIX) as usize;
        self.file.read_exact(&mut prefix[..there])?;
        let mark = there.min(CONTINUATION.len());
        if prefix[..mark] != CONTINUATION[..mark] {
            return Ok(Next::Garbage("expected the beginning of a message".to_string()));
        }
        if left < PREFIX {
            return Ok(Next::Incomplete(Partial::default()));
        }
        let [_, _, _, _, a, b, c, d] = prefix;
        let metadata = u64::from(u32::from_le_bytes([a, b, c, d]));
        if metadata == 0 {
            return Ok(Next::End);
        }
        if left < PREFIX + metadata {
            return Ok(Next::Incomplete(Partial::default()));
        }
        let mut bytes = vec![0; metadata as usize];
        self.file.read_exact(&mut bytes)?;
        let message = match root_as_message(&bytes) {
            Ok(message) => message,
            Err(error) => return Ok(Next::Garbage(error.to_string())),
        };
        let head = PREFIX + metadata;
        let Ok(body) = u64::try_from(message.bodyLength()) else {
            return Ok(Next::Garbage("a body of negative length".to_string()));
        };
        if left - PREFIX - metadata < body {
            let rows = message.header_as_record_batch().map(|batch| batch.length());
            let rows = rows.and_then(|rows| u64::try_from(rows).ok());
            return Ok(Next::Incomplete(Partial { length: Some(head + body), rows }));
        }
        let frame = Frame { start: self.at, head, length: head + body };
        self.at = frame.end();
        Ok(Next::Message(frame, message.header_type()))
    }
}
