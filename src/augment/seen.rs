//! What was made already: a set of hashes.

/// A set of hashes; nothing is ever looked up in it but whether something is there.
///
/// A table with open addressing, a quarter of it empty at least: places next to each other are looked
/// at for almost every hash, and can be looked at in advance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Zero where nothing is.
    slots: Vec<u64>,
    count: usize,
}

/// Places of the first table.
const FIRST: usize = 1024;

impl Seen {
    /// Adds a hash; says whether it is new.
    pub(crate) fn insert(&mut self, hash: u64) -> bool {
        if 4 * (self.count + 1) > 3 * self.slots.len() {
            let room = (2 * self.slots.len()).max(FIRST);
            let old = std::mem::replace(&mut self.slots, vec![0; room]);
            for hash in old.into_iter().filter(|hash| *hash != 0) {
                self.place(hash);
            }
        }
        let new = self.place(hash.max(1));
        self.count += usize::from(new);
        new
    }

    /// Looks at the place where a hash would be, so that the machine has fetched it when it comes.
    pub(crate) fn fetch(&self, hash: u64) -> u64 {
        let mask = self.slots.len().wrapping_sub(1);
        self.slots.get(hash as usize & mask).copied().unwrap_or(0)
    }

    fn place(&mut self, hash: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            if self.slots[at] == hash {
                return false;
            }
            at = (at + 1) & mask;
        }
        self.slots[at] = hash;
        true
    }
}

impl Extend<u64> for Seen {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, hashes: I) {
        for hash in hashes {
            self.insert(hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Seen;
    use crate::rng::Rng;

    #[test]
    fn a_hash_is_new_once_however_full_the_table_and_whatever_stands_beside_it() {
        let mut rng = Rng::stream(6, 0, "seen");
        let (mut seen, mut all) = (Seen::default(), BTreeSet::new());
        for i in 0..20_000 {
            // Many fall on the same places.
            let hash = if i % 2 == 0 { rng.below(4096) << 40 } else { rng.bits() };
            seen.fetch(hash);
            assert_eq!(seen.insert(hash), all.insert(hash.max(1)), "{hash}");
        }
    }
}
