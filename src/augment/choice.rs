//! What may be parted, and a choice of it: the combinatorial heart of CoDA.

use crate::rng::Rng;

/// The most nodes that there is room for.
pub const MOST_NODES: usize = 128;

/// A choice of a source for every node, such that nodes of one component have the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The component of every node, numbered from 0; nodes that stay have [`STAYS`].
    component: Vec<u8>,
    components: usize,
    chosen: Vec<u8>,
    /// The source of every node.
    pub(super) sources: Vec<u8>,
}

/// The component of nodes that always come from the first source.
const STAYS: u8 = u8::MAX;

impl Choice {
    /// Takes the components of the union of several masks; labels are the least node of every
    /// node's component in one of them. Nodes that `stays` names come from the first source always.
    ///
    /// A set of nodes can be exchanged where no edge of any mask leads in or out of it; these sets
    /// are the unions of these components (Pitis et al. 2020, algorithm 1, where they are the sets
    /// that all masks have in common).
    pub fn join<'a>(
        &mut self,
        nodes: usize,
        labels: impl IntoIterator<Item = &'a [u8]>,
        stays: impl Fn(usize) -> bool,
    ) {
        let mut root = [0_u8; MOST_NODES];
        for (node, root) in root[..nodes].iter_mut().enumerate() {
            *root = node as u8;
        }
        for labels in labels {
            let joined =
                labels.iter().enumerate().filter(|(node, label)| usize::from(**label) != *node);
            for (node, &label) in joined {
                let (a, b) = (find(&root, node), find(&root, usize::from(label)));
                // The least node is the root.
                root[a.max(b)] = a.min(b) as u8;
            }
        }
        // A component with a node that stays, stays.
        let mut fixed = [false; MOST_NODES];
        for node in (0..nodes).filter(|node| stays(*node)) {
            fixed[find(&root, node)] = true;
        }
        self.component.clear();
        self.components = 0;
        for node in 0..nodes {
            let of = find(&root, node);
            self.component.push(if fixed[of] {
                STAYS
            } else if of == node {
                self.components += 1;
                self.components as u8 - 1
            } else {
                self.component[of]
            });
        }
    }

    /// How many components there are; those that stay count as one.
    pub fn components(&self) -> usize {
        self.components + usize::from(self.component.contains(&STAYS))
    }

    /// The source of every node.
    pub fn sources(&self) -> &[u8] {
        &self.sources
    }

    /// Chooses one of so many sources for every component, not the same for all; every such choice
    /// is as likely as any other. Says how many components are not of the first source.
    ///
    /// There must be two components at least.
    pub fn choose(&mut self, sources: usize, rng: &mut Rng) -> usize {
        let stays = self.component.contains(&STAYS);
        loop {
            self.chosen.clear();
            let mut bits = 0;
            for component in 0..self.components {
                self.chosen.push(if sources == 2 {
                    bits = if component % 64 == 0 { rng.bits() } else { bits >> 1 };
                    (bits & 1) as u8
                } else {
                    rng.below(sources as u64) as u8
                });
            }
            let first = if stays { 0 } else { self.chosen[0] };
            if self.chosen.iter().any(|source| *source != first) {
                break;
            }
        }
        self.sources.clear();
        let source = |component: &u8| self.chosen.get(usize::from(*component)).copied();
        self.sources.extend(self.component.iter().map(|component| source(component).unwrap_or(0)));
        self.chosen.iter().filter(|source| **source != 0).count()
    }
}

fn find(root: &[u8; MOST_NODES], mut node: usize) -> usize {
    while usize::from(root[node]) != node {
        node = usize::from(root[node]);
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_non_trivial_union_of_components_is_chosen_equally_often() {
        // Nodes 0 and 2 hang together in one mask, 2 and 3 in the other.
        let masks: [&[u8]; 2] = [&[0, 1, 0, 3, 4], &[0, 1, 2, 2, 4]];
        let mut choice = Choice::default();
        choice.join(5, masks, |_| false);
        assert_eq!(choice.components(), 3);
        let mut rng = Rng::stream(4, 0, "choice");
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let size = choice.choose(2, &mut rng);
            let sources = choice.sources().to_vec();
            assert!(sources[0] == sources[2] && sources[2] == sources[3]);
            let components = [0, 1, 4].map(|node| usize::from(sources[node]));
            assert_eq!(size, components.iter().sum::<usize>());
            *counts.entry(sources).or_insert(0) += 1;
        }
        // 2^3 - 2 sets; four standard deviations of a count are 115.
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (885..=1115).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_stays_comes_from_the_first_source_with_all_that_hangs_on_it() {
        let masks: [&[u8]; 1] = [&[0, 1, 1, 3]];
        let mut choice = Choice::default();
        choice.join(4, masks, |node| node == 2);
        assert_eq!(choice.components(), 3);
        let mut rng = Rng::stream(4, 1, "choice");
        for sources in [2, 5] {
            for _ in 0..100 {
                choice.choose(sources, &mut rng);
                assert_eq!(choice.sources()[1..3], [0, 0]);
                assert!(choice.sources().iter().any(|source| *source != 0));
            }
        }
        choice.join(4, masks, |_| true);
        assert_eq!(choice.components(), 1);
    }
}
