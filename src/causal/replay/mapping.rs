//! Files mapped into memory: the one module of the library with `unsafe`.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use memmap2::MmapMut;

use super::buffer::Number;
use crate::error::{Error, Result};
use crate::saved::{Lock, file_error};

/// A file mapped into memory, which no other program of ours has open at the same time.
#[derive(Debug)]
pub(crate) struct Mapping {
    map: MmapMut,
    path: PathBuf,
    // After the mapping, so that it is dropped after it.
    _lock: Lock,
}

impl Mapping {
    /// Makes a file of so many bytes, all zero, and maps it.
    ///
    /// # Errors
    /// [`Error::File`], also where there is such a file.
    pub(crate) fn create(path: &Path, bytes: u64) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path);
        let file = file.map_err(|error| file_error(path, &error))?;
        file.set_len(bytes).map_err(|error| file_error(path, &error))?;
        Self::of(path, file)
    }

    /// Maps a file that has so many bytes.
    ///
    /// # Errors
    /// [`Error::File`], also where another program has it open; [`Error::Malformed`] for another
    /// length.
    pub(crate) fn open(path: &Path, bytes: u64) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|error| file_error(path, &error))?;
        let found = file.metadata().map_err(|error| file_error(path, &error))?.len();
        if found != bytes {
            return Err(Error::Malformed {
                what: "replay".to_string(),
                path: path.display().to_string(),
                reason: format!("it has {found} bytes; {bytes} are announced"),
            });
        }
        Self::of(path, file)
    }

    #[allow(unsafe_code, reason = "mapping a file is unsafe, for whatever else may write into it")]
    fn of(path: &Path, file: File) -> Result<Self> {
        let lock = Lock::of(path, file)?;
        if !lock.is_held() {
            let reason = "its file system has no locks; use another, or save and load".to_string();
            return Err(Error::File { path: path.display().to_string(), reason });
        }
        // SAFETY: what is mapped must not change but through the mapping. The file is locked for
        // as long as the mapping lives, so that no other `Mapping`, of this program or of another,
        // has it; a program that knows nothing of the lock can still write into it, as it could
        // into this program's executable. Every pattern of bits is a number, so that the worst
        // that comes of it is wrong numbers; a file that is made shorter ends the program (SIGBUS).
        let map = unsafe { MmapMut::map_mut(lock.file()) };
        let map = map.map_err(|error| file_error(path, &error))?;
        Ok(Self { map, path: path.to_path_buf(), _lock: lock })
    }

    /// The file as numbers.
    pub(crate) fn numbers<T: Number>(&self) -> &[T] {
        // A mapping begins at a page, and its length is a multiple of the numbers'.
        bytemuck::try_cast_slice(&self.map).unwrap_or_default()
    }

    /// The file as numbers, to be written.
    pub(crate) fn numbers_mut<T: Number>(&mut self) -> &mut [T] {
        bytemuck::try_cast_slice_mut(&mut self.map).unwrap_or_default()
    }

    /// Waits until everything is on disk.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn flush(&self) -> Result<()> {
        self.map.flush().map_err(|error| file_error(&self.path, &error))
    }
}
