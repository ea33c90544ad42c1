//! Documents that outlive a release: which format they are in, which release wrote them; and files
//! that one writer has at a time.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// A kind of JSON document, with the version of its format that this release writes.
///
/// The version goes up with every change that an older release would misunderstand. A document
/// says `"format": "trifactor …"`, `"version"` and, under `"program"`, the release that wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What is written, in a word or two: `state`.
    pub what: &'static str,
    /// The version, from 1.
    pub version: u32,
}

#[derive(Serialize)]
struct Written<'a, T> {
    format: String,
    version: u32,
    program: &'static str,
    #[serde(flatten)]
    contents: &'a T,
}

impl Format {
    /// Some contents as a document on one line; they must be written as a JSON object.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON cannot say.
    pub fn write<T: Serialize>(&self, contents: &T) -> Result<String> {
        serde_json::to_string(&self.written(contents)).map_err(|e| self.malformed(".", &e))
    }

    /// As [`Format::write`], on many lines.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON cannot say.
    pub fn write_pretty<T: Serialize>(&self, contents: &T) -> Result<String> {
        serde_json::to_string_pretty(&self.written(contents)).map_err(|e| self.malformed(".", &e))
    }

    fn written<'a, T>(&self, contents: &'a T) -> Written<'a, T> {
        let program = env!("CARGO_PKG_VERSION");
        Written { format: self.name(), version: self.version, program, contents }
    }

    fn name(&self) -> String {
        format!("trifactor {}", self.what)
    }

    /// The contents of a document.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place: another format, a version that this release cannot
    /// read, a field that is missing, unknown or of the wrong kind.
    pub fn read<T: DeserializeOwned>(&self, json: &str) -> Result<T> {
        let mut fields: Map<String, Value> =
            serde_json::from_str(json).map_err(|e| self.malformed(".", &e))?;
        self.check_header(&mut fields)?;
        serde_path_to_error::deserialize(Value::Object(fields)).map_err(|e| {
            let place = e.path().to_string();
            self.malformed(&place, e.into_inner())
        })
    }

    fn check_header(&self, fields: &mut Map<String, Value>) -> Result<()> {
        let mut take = |key: &str| fields.remove(key).unwrap_or_default();
        let (format, version, program) = (take("format"), take("version"), take("program"));
        if format.as_str() != Some(&self.name()) {
            return Err(self.malformed(
                "format",
                format_args!("expected \"{}\", found {format}", self.name()),
            ));
        }
        match version.as_u64() {
            Some(version) if version == u64::from(self.version) => Ok(()),
            Some(version) if version > u64::from(self.version) => Err(self.malformed(
                "version",
                format_args!(
                    "{version}, written by trifactor {program}; this release reads version {}: use \
                     the release that wrote it, or a newer one",
                    self.version
                ),
            )),
            _ => Err(self.malformed(
                "version",
                format_args!("expected a version from 1 to {}, found {version}", self.version),
            )),
        }
    }

    fn malformed(&self, path: &str, reason: impl std::fmt::Display) -> Error {
        let (what, mut reason) = (self.what.to_string(), reason.to_string());
        // Lines of a text that was taken apart already tell nothing.
        if let Some(end) = reason.find(" at line 0 column 0") {
            reason.truncate(end);
        }
        Error::Malformed { what, path: path.to_string(), reason }
    }
}

/// Writes a document's text to a file, with a line's end; a file that is there already is replaced
/// whole, or stays as it is.
///
/// # Errors
/// [`Error::File`].
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    replace(path, |file| writeln!(file, "{text}"))
}

/// Writes a file beside another one, whose place it then takes: whatever breaks off, one of the two
/// is there whole.
///
/// # Errors
/// [`Error::File`].
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    // A link or a device stays what it is.
    let special = fs::symlink_metadata(path).is_ok_and(|found| !found.is_file());
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let beside = if special { path.to_path_buf() } else { path.with_file_name(name) };
    let written = File::create(&beside).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()?;
        if special { Ok(()) } else { file.get_ref().sync_all() }
    });
    let replaced = match special {
        true => written,
        false => written.and_then(|()| fs::rename(&beside, path)),
    };
    if replaced.is_err() && !special {
        let _ = fs::remove_file(&beside);
    }
    replaced.map_err(|e| file_error(path, &e))
}

/// The text of a file.
///
/// # Errors
/// [`Error::File`].
pub fn read_file(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| file_error(path, &e))
}

pub(crate) fn file_error(path: &Path, error: &io::Error) -> Error {
    Error::File { path: path.display().to_string(), reason: error.to_string() }
}

/// A file that one writer has: it is locked until this is dropped, or until its process ends.
///
/// A forked process has the lock too for as long as it lives, and is refused the file.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    held: bool,
    process: u32,
}

impl Lock {
    /// Locks a file; not where the file system has no locks, see [`Lock::is_held`].
    ///
    /// # Errors
    /// [`Error::File`] where another writer has it, in this process or in another.
    pub(crate) fn of(path: &Path, file: File) -> Result<Self> {
        let held = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => false,
            Err(TryLockError::Error(error)) => return Err(file_error(path, &error)),
            Err(TryLockError::WouldBlock) => {
                let reason = "it is being written by another recorder or program; close that first";
                return Err(Error::File {
                    path: path.display().to_string(),
                    reason: reason.to_string(),
                });
            }
        };
        Ok(Self { file, held, process: std::process::id() })
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Whether the file system keeps others out.
    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Whether the file belongs to this process: a forked one must leave it alone.
    pub(crate) fn is_own(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // To close the file is not enough: a process that is being started elsewhere in this
        // program has it too, until it runs its own. A forked process must not unlock it: the lock
        // is its parent's.
        if self.is_own() {
            let _ = self.file.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_of_another_format_or_a_later_version_is_refused_with_the_reason() {
        let format = Format { what: "plan", version: 3 };
        let contents = json!({"steps": [1, 2]});
        let text = format.write(&contents).unwrap();
        assert_eq!(format.read::<Value>(&text), Ok(contents));
        for (from, to, reason) in [
            ("trifactor plan", "trifactor dream", "trifactor dream"),
            ("\"version\":3", "\"version\":4", "this release reads version 3"),
            ("\"version\":3", "\"version\":0", "from 1 to 3"),
            ("\"version\":3", "\"version\":\"3\"", "from 1 to 3"),
            ("\"version\":3,", "", "found null"),
            ("\"format\":\"trifactor plan\",", "", "found null"),
        ] {
            let broken = text.replacen(from, to, 1);
            assert_ne!(broken, text);
            let refused = format.read::<Value>(&broken).unwrap_err().to_string();
            assert!(refused.starts_with("plan: ") && refused.contains(reason), "{refused}");
        }
    }
}
