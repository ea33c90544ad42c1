//! Islands: the moving bodies of a step in groups that no constraint joins.
//!
//! Islands share no velocity, so each can be solved for itself, with as many passes as it needs,
//! and no pass of one can reach another's bits.

/// The bodies, constraints and limits of a step by island; holds buffers only.
#[derive(Default)]
pub(super) struct Islands {
    // For every body one of its island, and itself for the island's first.
    parents: Vec<usize>,
    // Island after island, each island's in their own order.
    lists: [Vec<usize>; 3],
    // Where each island ends in each list.
    ends: Vec<[usize; 3]>,
}

/// An island that has a constraint or a limit: indices into the step's lists.
pub(super) struct Island<'a> {
    pub(super) bodies: &'a [usize],
    pub(super) constraints: &'a [usize],
    pub(super) limits: &'a [usize],
}

impl Islands {
    /// Finds the islands of so many bodies.
    ///
    /// `pairs` are the two bodies of every constraint, the second no body where only one moves;
    /// `limits` are the bodies of the limits.
    pub(super) fn find(
        &mut self,
        bodies: usize,
        pairs: impl Iterator<Item = [usize; 2]> + Clone,
        limits: impl Iterator<Item = usize> + Clone,
    ) {
        self.parents.clear();
        self.parents.extend(0..bodies);
        for [first, second] in pairs.clone() {
            if second < bodies {
                let (a, b) = (self.root(first), self.root(second));
                self.parents[a.max(b)] = a.min(b);
            }
        }
        // A parent comes before its children, so each now finds its island's first body at once.
        for body in 0..bodies {
            self.parents[body] = self.parents[self.parents[body]];
        }
        self.lists.iter_mut().for_each(Vec::clear);
        self.ends.clear();
        let mut lists = std::mem::take(&mut self.lists);
        for island in (0..bodies).filter(|&body| self.parents[body] == body) {
            let begins = [lists[1].len(), lists[2].len()];
            let of_island =
                |(index, body): (usize, usize)| (self.parents[body] == island).then_some(index);
            let firsts = pairs.clone().map(|[first, _]| first);
            lists[1].extend(firsts.enumerate().filter_map(of_island));
            lists[2].extend(limits.clone().enumerate().filter_map(of_island));
            if [lists[1].len(), lists[2].len()] != begins {
                lists[0].extend((island..bodies).filter(|&body| self.parents[body] == island));
                self.ends.push([lists[0].len(), lists[1].len(), lists[2].len()]);
            }
        }
        self.lists = lists;
    }

    /// The islands, ordered by their first bodies.
    pub(super) fn iter(&self) -> impl Iterator<Item = Island<'_>> {
        let [bodies, constraints, limits] = &self.lists;
        let begins = std::iter::once(&[0; 3]).chain(&self.ends);
        begins.zip(&self.ends).map(|(begin, end)| Island {
            bodies: &bodies[begin[0]..end[0]],
            constraints: &constraints[begin[1]..end[1]],
            limits: &limits[begin[2]..end[2]],
        })
    }

    fn root(&self, mut body: usize) -> usize {
        while self.parents[body] != body {
            body = self.parents[body];
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: usize = usize::MAX;

    #[test]
    fn what_touches_is_one_island_and_what_moves_freely_is_none() {
        let mut islands = Islands::default();
        let pairs = [[3, NONE], [5, NONE], [0, 5], [4, 5], [3, NONE]];
        islands.find(7, pairs.into_iter(), [2, 0].into_iter());
        let found: Vec<_> = islands
            .iter()
            .map(|i| [i.bodies, i.constraints, i.limits].map(<[_]>::to_vec))
            .collect();
        assert_eq!(
            found,
            [
                [vec![0, 4, 5], vec![1, 2, 3], vec![1]],
                [vec![2], vec![], vec![0]],
                [vec![3], vec![0, 4], vec![]],
            ]
        );
    }

    #[test]
    fn a_chain_is_one_island_whatever_the_order_of_its_links() {
        for pairs in [[[0, 1], [1, 2], [2, 3]], [[2, 3], [0, 1], [1, 2]], [[1, 2], [2, 3], [0, 1]]]
        {
            let mut islands = Islands::default();
            islands.find(4, pairs.into_iter(), [].into_iter());
            let bodies: Vec<_> = islands.iter().map(|island| island.bodies.to_vec()).collect();
            assert_eq!(bodies, [vec![0, 1, 2, 3]]);
        }
    }
}
