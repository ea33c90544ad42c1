//! The local causal mask of one control step: which node influenced which.
//!
//! Nodes are those of [`Node::all`]: fingers, blocks, goals; besides them every finger has an action
//! node. An entry says that the value of a node, or an action, before the step can matter to a
//! node's value after it, here and now (Pitis et al. 2020, section 3). Ground truth comes from the
//! bodies that the solver coupled in every tick, composed in time order: a touch passes on what was
//! touched before it, not the reverse. Floor, wall and fixed blocks join no two nodes; a fixed
//! block influences what touches it. Goals influence themselves alone.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::robot::FINGERS;
use crate::world::{BlockKind, Contacts, Coupling, Entity, Node, Scene};

/// The number of action nodes, one per finger.
pub const ACTIONS: usize = FINGERS;

/// The most fingers and blocks that a mask has room for.
const MOST: usize = u128::BITS as usize;

/// Which couplings count as influence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Every pair that the solver coupled, though only predicted: nothing is missed.
    Sound,
    /// Pairs that pushed on each other: what a contact that was not made prevents is missed.
    Tight,
}

impl Strength {
    /// Its name: `sound` or `tight`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Tight => "tight",
        }
    }

    /// The strength of that name, `sound` or `tight`.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for any other.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "sound" => Ok(Self::Sound),
            "tight" => Ok(Self::Tight),
            _ => Err(Error::UnknownName {
                what: "mask strength",
                name: name.to_string(),
                known: "sound, tight".to_string(),
            }),
        }
    }
}

/// What an entry of a mask comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A node, by its place in [`Node::all`].
    Node(usize),
    /// A finger's action, 0 to 2.
    Action(usize),
}

/// Two nodes that the solver coupled in a control step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// The lesser node, by its place in [`Node::all`].
    pub first: usize,
    /// The greater node.
    pub second: usize,
    /// The first tick in which they were coupled, from 0.
    pub tick: u32,
    /// The largest sum of normal impulses in a tick, N s; zero where none was exchanged.
    pub impulse: f64,
    /// The smallest distance between them at a tick's start, m; negative where they penetrated.
    pub gap: f64,
}

/// The mask of one control step: (nodes + actions) × nodes truth values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalMask {
    nodes: usize,
    // Fingers and blocks, then actions: whom they influence among fingers and blocks.
    rows: Vec<u128>,
}

impl LocalMask {
    /// The mask of the control step whose couplings these are.
    ///
    /// Couplings of several runs of the same step, one after the other, give the mask of all of
    /// them: an entry is false where in no mixture of these runs anything could pass.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more than 128 fingers and blocks.
    pub fn of(contacts: &Contacts, scene: &Scene, strength: Strength) -> Result<Self> {
        let bodies = FINGERS + scene.blocks.len();
        if bodies > MOST {
            return Err(Error::TooMany {
                what: "fingers and blocks",
                found: bodies,
                limit: "a local mask's room",
                most: MOST,
            });
        }
        let mut rows: Vec<u128> = Vec::with_capacity(bodies + ACTIONS);
        rows.extend((0..bodies).map(bit).chain([0; ACTIONS]));
        let mut couplings = Vec::with_capacity(contacts.couplings.len());
        let counted = |c: &&Coupling| strength == Strength::Sound || c.impulse > 0.0;
        let counted = contacts.couplings.iter().filter(counted);
        couplings.extend(counted.filter_map(|c| Some((c.tick, body(c.first)?, body(c.second)?))));
        // The report of one run is in order.
        if !couplings.is_sorted() {
            couplings.sort_unstable();
        }
        let mut island = vec![0; if couplings.is_empty() { 0 } else { bodies }];
        for tick in couplings.chunk_by(|a, b| a.0 == b.0) {
            join(&mut island, tick, scene);
            for row in &mut rows[..bodies] {
                *row |= spread(*row, &island);
            }
            for (finger, row) in rows[bodies..].iter_mut().enumerate() {
                *row = spread(*row | bit(finger), &island);
            }
        }
        // A tick without couplings still moves each finger by its action.
        for (finger, row) in rows[bodies..].iter_mut().enumerate() {
            *row |= bit(finger);
        }
        Ok(Self { nodes: bodies + scene.goals.len(), rows })
    }

    /// A mask of these rows: fingers and blocks, then actions.
    pub(crate) fn from_rows(rows: Vec<u128>, scene: &Scene) -> Self {
        Self { nodes: FINGERS + scene.blocks.len() + scene.goals.len(), rows }
    }

    /// Whom fingers, blocks and actions, in this order, influence among fingers and blocks: a bit
    /// each, the first the least.
    pub fn rows(&self) -> &[u128] {
        &self.rows
    }

    /// How many nodes there are: fingers, blocks and goals.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Whether a node's or an action's value before the step can matter to a node's after it.
    pub fn influences(&self, source: Source, node: usize) -> bool {
        let bodies = self.rows.len() - ACTIONS;
        match source {
            Source::Node(from) if from >= bodies || node >= bodies => from == node,
            Source::Node(from) => self.rows[from] & bit(node) != 0,
            Source::Action(finger) => node < bodies && self.rows[bodies + finger] & bit(node) != 0,
        }
    }

    /// Writes the mask row by row, nodes first, then actions: `(nodes + actions) * nodes` values.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn write(&self, out: &mut [bool]) -> Result<()> {
        let expected = (self.nodes + ACTIONS) * self.nodes;
        if out.len() != expected {
            return Err(Error::Shape {
                what: "mask".to_string(),
                expected: format!("{expected} truth values"),
                found: out.len().to_string(),
            });
        }
        out.fill(false);
        (0..self.nodes).for_each(|node| out[node * self.nodes + node] = true);
        let bodies = self.rows.len() - ACTIONS;
        for (row, bits) in self.rows.iter().enumerate() {
            // Goals stand between bodies and actions.
            let at = if row < bodies { row } else { self.nodes + row - bodies };
            let mut rest = *bits;
            while rest != 0 {
                out[at * self.nodes + rest.trailing_zeros() as usize] = true;
                rest &= rest - 1;
            }
        }
        Ok(())
    }

    /// The sets of nodes between which nothing passed, each in order and ordered by its first.
    ///
    /// An action belongs to its finger's. A fixed block is alone: it moves with no one.
    pub fn components(&self, scene: &Scene) -> Vec<Vec<usize>> {
        let bodies = self.rows.len() - ACTIONS;
        let mut sets: Vec<u128> = Vec::new();
        let moves = |body: usize| !is_fixed(body, scene);
        let movable = (0..bodies).filter(|body| moves(*body)).fold(0, |all, body| all | bit(body));
        for body in (0..bodies).filter(|body| moves(*body)) {
            let mut set = self.rows[body] & movable;
            sets.retain(|other| {
                let apart = *other & set == 0;
                if !apart {
                    set |= *other;
                }
                apart
            });
            sets.push(set);
        }
        let members = |set: u128| (0..bodies).filter(move |body| set & bit(*body) != 0).collect();
        let alone = (0..self.nodes).filter(|node| *node >= bodies || !moves(*node));
        let mut components: Vec<Vec<usize>> = sets.into_iter().map(members).collect();
        components.extend(alone.map(|node| vec![node]));
        components.sort();
        components
    }

    /// The least body of the component of every finger and block.
    pub fn labels(&self, scene: &Scene) -> Vec<u8> {
        let bodies = self.rows.len() - ACTIONS;
        let mut labels = vec![0; bodies];
        for component in self.components(scene) {
            for body in component.iter().filter(|body| **body < bodies) {
                labels[*body] = component[0] as u8;
            }
        }
        labels
    }

    /// The pairs of nodes that the solver coupled, ordered; fixed blocks among them.
    pub fn edges(contacts: &Contacts) -> Vec<Edge> {
        let mut edges: Vec<Edge> = Vec::new();
        for c in &contacts.couplings {
            let (Some(first), Some(second)) = (body(c.first), body(c.second)) else { continue };
            let (first, second) = (first.min(second), first.max(second));
            match edges.iter_mut().find(|e| e.first == first && e.second == second) {
                Some(edge) => {
                    edge.tick = edge.tick.min(c.tick);
                    edge.impulse = edge.impulse.max(c.impulse);
                    edge.gap = edge.gap.min(c.gap);
                }
                None => {
                    edges.push(Edge { first, second, tick: c.tick, impulse: c.impulse, gap: c.gap })
                }
            }
        }
        edges.sort_by_key(|edge| (edge.first, edge.second));
        edges
    }

    /// The names of the rows: nodes, then `action_60` and so on.
    pub fn names(scene: &Scene) -> Vec<String> {
        let actions = crate::robot::FINGER_NAMES.map(|name| format!("action_{name}"));
        Node::all(scene).map(|node| node.name(scene)).chain(actions).collect()
    }
}

fn bit(body: usize) -> u128 {
    1 << body
}

/// A body's place among the nodes; floor and wall are none.
fn body(entity: Entity) -> Option<usize> {
    match entity {
        Entity::Finger(finger) => Some(finger),
        Entity::Block(block) => Some(FINGERS + block),
        Entity::Floor | Entity::Wall => None,
    }
}

fn is_fixed(body: usize, scene: &Scene) -> bool {
    body >= FINGERS && scene.blocks[body - FINGERS].kind == BlockKind::Fixed
}

/// Whom each body reaches within one tick: the bodies that it is solved together with.
fn join(island: &mut [u128], couplings: &[(u32, usize, usize)], scene: &Scene) {
    for (body, members) in island.iter_mut().enumerate() {
        *members = bit(body);
    }
    let fixed = |body: usize| is_fixed(body, scene);
    for &(_, first, second) in couplings.iter().filter(|(_, a, b)| !fixed(*a) && !fixed(*b)) {
        let together = island[first] | island[second];
        for (body, members) in island.iter_mut().enumerate() {
            if together & bit(body) != 0 {
                *members = together;
            }
        }
    }
    // What does not move reaches those that touch it, and whom these are solved with.
    for &(_, first, second) in couplings.iter().filter(|(_, a, b)| fixed(*a) != fixed(*b)) {
        let (still, moving) = if fixed(first) { (first, second) } else { (second, first) };
        island[still] |= island[moving];
    }
}

/// Whom a set of bodies reaches.
fn spread(set: u128, island: &[u128]) -> u128 {
    let members = island.iter().enumerate().filter(|(body, _)| set & bit(*body) != 0);
    members.fold(set, |reached, (_, members)| reached | members)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The report of these couplings: tick, bodies, impulse.
    fn report(couplings: &[(u32, Entity, Entity, f64)]) -> Contacts {
        let coupling = |&(tick, first, second, impulse)| Coupling {
            tick,
            first,
            second,
            impulse,
            gap: 0.001 * f64::from(tick),
            place: [0.0; 3],
            push: [0.0; 3],
        };
        Contacts { couplings: couplings.iter().map(coupling).collect() }
    }

    fn scene() -> Scene {
        let goal = crate::world::GoalShape::Cuboid;
        Scene::new().movable("a").movable("b").fixed("barrier").goal("goal", goal)
    }

    const A: usize = 3;
    const B: usize = 4;
    const BARRIER: usize = 5;
    const GOAL: usize = 6;

    #[test]
    fn without_contact_each_node_influences_itself_and_each_action_its_finger() {
        let mask = LocalMask::of(&Contacts::default(), &scene(), Strength::Sound).unwrap();
        assert_eq!(mask.nodes(), 7);
        for from in 0..7 {
            for to in 0..7 {
                assert_eq!(mask.influences(Source::Node(from), to), from == to);
            }
        }
        for finger in 0..3 {
            for to in 0..7 {
                assert_eq!(mask.influences(Source::Action(finger), to), finger == to);
            }
        }
        assert_eq!(mask.components(&scene()).len(), 7);
    }

    #[test]
    fn a_later_touch_passes_on_an_earlier_one_and_not_the_reverse() {
        let (finger, a, b) = (Entity::Finger(1), Entity::Block(0), Entity::Block(1));
        let contacts = report(&[(0, finger, a, 0.1), (2, a, b, 0.0)]);
        let mask = LocalMask::of(&contacts, &scene(), Strength::Sound).unwrap();
        assert!(mask.influences(Source::Node(1), B), "the finger by way of a");
        assert!(mask.influences(Source::Action(1), B), "its action too");
        assert!(!mask.influences(Source::Node(B), 1), "b met a after a left the finger");
        assert!(mask.influences(Source::Node(B), A) && mask.influences(Source::Node(A), 1));
        let expected = vec![vec![0], vec![1, A, B], vec![2], vec![BARRIER], vec![GOAL]];
        assert_eq!(mask.components(&scene()), expected);
        let tight = LocalMask::of(&contacts, &scene(), Strength::Tight).unwrap();
        assert!(!tight.influences(Source::Node(A), B), "no impulse passed");
        let reversed = report(&[(0, a, b, 0.1), (2, finger, a, 0.1)]);
        let mask = LocalMask::of(&reversed, &scene(), Strength::Sound).unwrap();
        assert!(mask.influences(Source::Node(B), 1) && !mask.influences(Source::Node(1), B));
        assert!(mask.influences(Source::Action(1), A), "in the tick of the touch itself");
    }

    #[test]
    fn what_stands_still_joins_no_two_nodes_and_influences_what_touches_it() {
        let (a, b, barrier) = (Entity::Block(0), Entity::Block(1), Entity::Block(2));
        let contacts = report(&[
            (0, a, barrier, 0.1),
            (0, b, barrier, 0.1),
            (0, a, Entity::Floor, 0.1),
            (0, b, Entity::Floor, 0.1),
            (1, a, Entity::Wall, 0.1),
            (1, b, Entity::Wall, 0.1),
        ]);
        let mask = LocalMask::of(&contacts, &scene(), Strength::Sound).unwrap();
        assert!(!mask.influences(Source::Node(A), B) && !mask.influences(Source::Node(B), A));
        for block in [A, B] {
            assert!(mask.influences(Source::Node(BARRIER), block));
            assert!(!mask.influences(Source::Node(block), BARRIER));
        }
        assert_eq!(mask.components(&scene()).len(), 7);
    }

    #[test]
    fn an_edge_tells_its_first_tick_its_largest_impulse_and_its_smallest_gap() {
        let (finger, a) = (Entity::Finger(0), Entity::Block(0));
        let contacts = report(&[(1, finger, a, 0.0), (2, finger, a, 0.3), (3, finger, a, 0.1)]);
        let edge = Edge { first: 0, second: A, tick: 1, impulse: 0.3, gap: 0.001 };
        assert_eq!(LocalMask::edges(&contacts), [edge]);
    }

    #[test]
    fn the_written_mask_is_what_the_entries_say_and_another_length_is_refused() {
        let contacts = report(&[(0, Entity::Finger(0), Entity::Block(1), 0.1)]);
        let mask = LocalMask::of(&contacts, &scene(), Strength::Sound).unwrap();
        let mut out = [false; 70];
        mask.write(&mut out).unwrap();
        assert!(out[B] && out[7 * B] && out[7 * 7 + B] && !out[A]);
        assert_eq!(out.iter().filter(|entry| **entry).count(), 7 + 2 + 3 + 1);
        assert!(matches!(mask.write(&mut out[1..]), Err(Error::Shape { .. })));
        assert_eq!(LocalMask::names(&scene()).len(), 10);
    }
}
