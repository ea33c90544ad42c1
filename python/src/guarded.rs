//! What a native class holds: many calls may read it at once, one may change it, none waits.

use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use pyo3::prelude::*;

use crate::errors::busy;

/// A value that two threads cannot change at once: the second is refused, and told what to do.
pub(crate) struct Guarded<T> {
    what: &'static str,
    value: RwLock<T>,
}

impl<T> Guarded<T> {
    /// Guards a value; `what` is its name in messages.
    pub(crate) fn new(what: &'static str, value: T) -> Self {
        Self { what, value: RwLock::new(value) }
    }

    /// The value, to be read while no call changes it.
    pub(crate) fn read(&self) -> PyResult<RwLockReadGuard<'_, T>> {
        match self.value.try_read() {
            Ok(value) => Ok(value),
            // The library keeps its promises through a panic; what panicked has said so.
            Err(TryLockError::Poisoned(value)) => Ok(value.into_inner()),
            Err(TryLockError::WouldBlock) => Err(busy(self.what)),
        }
    }

    /// The value, to be changed while no other call has it.
    pub(crate) fn write(&self) -> PyResult<RwLockWriteGuard<'_, T>> {
        match self.value.try_write() {
            Ok(value) => Ok(value),
            Err(TryLockError::Poisoned(value)) => Ok(value.into_inner()),
            Err(TryLockError::WouldBlock) => Err(busy(self.what)),
        }
    }
}
