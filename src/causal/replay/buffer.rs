//! Numbers of one kind, row by row: in memory, or in a file that is mapped into it.

use std::ops::{Deref, DerefMut};

use super::mapping::Mapping;

/// What can lie in a mapped file: numbers of which every pattern of bits is one.
pub(crate) trait Number: bytemuck::Pod + PartialEq {}

impl<T: bytemuck::Pod + PartialEq> Number for T {}

/// A growing row of numbers.
#[derive(Debug)]
pub(crate) enum Buffer<T> {
    /// In memory.
    Memory(Vec<T>),
    /// In a file that has room for more; so many are in use.
    Mapped(Mapping, usize, std::marker::PhantomData<T>),
}

impl<T: Number> Buffer<T> {
    /// The first numbers of a mapped file.
    pub(crate) fn mapped(file: Mapping, len: usize) -> Self {
        Self::Mapped(file, len, std::marker::PhantomData)
    }

    /// Makes so many of it, new ones with a value; what is mapped must have room for them.
    pub(crate) fn resize(&mut self, len: usize, value: T) {
        match self {
            Self::Memory(numbers) => numbers.resize(len, value),
            Self::Mapped(_, old, _) => {
                let first = std::mem::replace(old, len);
                self[first.min(len)..].fill(value);
            }
        }
    }

    /// Takes the last ones away, so that so many are left.
    pub(crate) fn truncate(&mut self, len: usize) {
        match self {
            Self::Memory(numbers) => numbers.truncate(len),
            Self::Mapped(_, old, _) => *old = len.min(*old),
        }
    }

    /// Adds numbers at the end; what is mapped is copied into memory first.
    pub(crate) fn extend_from_slice(&mut self, more: &[T]) {
        if let Self::Mapped(..) = self {
            *self = Self::Memory(self.to_vec());
        }
        if let Self::Memory(numbers) = self {
            numbers.extend_from_slice(more);
        }
    }

    /// The mapped file, where there is one.
    pub(crate) fn file(&self) -> Option<&Mapping> {
        match self {
            Self::Memory(_) => None,
            Self::Mapped(file, ..) => Some(file),
        }
    }
}

impl<T: Number> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Memory(numbers) => numbers,
            Self::Mapped(file, len, _) => &file.numbers()[..*len],
        }
    }
}

impl<T: Number> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Memory(numbers) => numbers,
            Self::Mapped(file, len, _) => &mut file.numbers_mut()[..*len],
        }
    }
}

impl<T> Default for Buffer<T> {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self::Memory(numbers)
    }
}

/// A copy lies in memory: two replays never write into one file.
impl<T: Number> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self::Memory(self.to_vec())
    }
}

impl<T: Number> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
