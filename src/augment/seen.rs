//! What was made already: a set of hashes.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::rng::mix;

/// A set of hashes; nothing is ever looked up in it but whether something is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(HashSet<u64, BuildHasherDefault<Same>>);

impl Seen {
    /// Adds a hash; says whether it is new.
    pub(crate) fn insert(&mut self, hash: u64) -> bool {
        self.0.insert(hash)
    }
}

impl Extend<u64> for Seen {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, hashes: I) {
        self.0.extend(hashes);
    }
}

/// The hasher of numbers that are hashes already.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| mix(hash, u64::from(*byte)));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
