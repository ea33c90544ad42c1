//! Entity sets: a row for every node, in the order of [`Node`].
//!
//! A row says what its node's own variables say: nothing relative to another node and nothing
//! global, so that the rows of two transitions can be exchanged. The time left is not observed.

use std::sync::Arc;

use super::Layout;
use super::build::Plan;
use super::context::kinds;
use super::source::{Attribute, Source};
use crate::error::{Error, Result};
use crate::robot::{FINGERS, LINKS_PER_FINGER};
use crate::variable::{Entity, Variable};
use crate::world::{Node, NodeKind, Scene};

/// A column of an entity set.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    length: usize,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// 1 in the row of a node, 0 in a row of padding.
    Presence,
    /// 1 in the rows of this kind of node.
    Kind(NodeKind),
    /// The centre of a block or goal, the tip of a finger.
    Position,
    JointPositions,
    JointVelocities,
    /// An attribute of a block or goal.
    Attribute(&'static str),
    /// An attribute of a link of a finger.
    Link(usize, &'static str),
}

impl Plan<'_> {
    /// The columns: what is observed of every node, then what the context shows, less what is
    /// dropped.
    pub(super) fn columns(&self) -> Vec<Column> {
        let column = |name: &str, length, what| Column { name: name.to_string(), length, what };
        let mut columns = vec![column("presence", 1, What::Presence)];
        let kinds_of_nodes = NodeKind::ALL.map(|kind| column(kind.name(), 1, What::Kind(kind)));
        columns.extend(kinds_of_nodes);
        columns.push(column("position", 3, What::Position));
        for (name, length) in
            [("orientation", 4), ("size", 3), ("linear_velocity", 3), ("angular_velocity", 3)]
        {
            columns.push(column(name, length, What::Attribute(name)));
        }
        columns.push(column("joint_positions", 3, What::JointPositions));
        columns.push(column("joint_velocities", 3, What::JointVelocities));
        let kinds = kinds();
        let shown = kinds.iter().filter(|v| self.config.context.shows(v));
        for Variable { entity, attribute } in shown {
            let (name, length) = (attribute.name, attribute.shape.len());
            match entity {
                Entity::Block(0) if name != "size" => {
                    columns.push(column(name, length, What::Attribute(name)));
                }
                Entity::Link(i) if *i < LINKS_PER_FINGER => {
                    columns.push(column(&format!("link_{i}_{name}"), length, What::Link(*i, name)));
                }
                _ => {}
            }
        }
        columns.retain(|column| !self.drops(&column.name));
        columns
    }

    /// Adds the rows of a scene's nodes and of padding.
    pub(super) fn entities(&self, layout: &mut Layout) -> Result<()> {
        let scene = Arc::clone(&layout.scene);
        let apart = |node: &Node| self.config.goal_conditioned && matches!(node, Node::Goal(_));
        let nodes: Vec<Node> = Node::all(&scene).filter(|node| !apart(node)).collect();
        let of_blocks =
            |most: usize| FINGERS + most * if self.config.goal_conditioned { 1 } else { 2 };
        let most = self.config.max_entities.or(self.config.max_blocks.map(of_blocks));
        let rows = most.unwrap_or(nodes.len());
        if rows < nodes.len() {
            let (what, found) = ("fingers, blocks and goals", nodes.len());
            return Err(Error::TooMany { what, found, limit: "max_entities", most: rows });
        }
        let columns = self.columns();
        for row in 0..rows {
            let node = nodes.get(row);
            let name = node.map_or_else(|| format!("row_{row}"), |node| node.name(&scene));
            for column in &columns {
                let source = node.map_or_else(|| column.padding(), |n| column.source(*n, &scene));
                self.push(format!("{name}_{}", column.name), source, layout);
            }
        }
        let width = columns.iter().map(|column| column.length).sum();
        layout.table = Some([rows, width]);
        Ok(())
    }
}

impl Column {
    fn padding(&self) -> Source {
        match self.what {
            What::Presence | What::Kind(_) => Source::Flag(false),
            _ => self.nothing(),
        }
    }

    /// Zeros in a row that lacks the column.
    fn nothing(&self) -> Source {
        let attribute = match self.what {
            What::Attribute("orientation") => Some(Attribute::Quaternion),
            What::Attribute("size") => Some(Attribute::Size),
            What::Attribute("color") | What::Link(_, "color") => Some(Attribute::Color),
            _ => None,
        };
        Source::Nothing(self.length, attribute)
    }

    fn source(&self, node: Node, scene: &Scene) -> Source {
        let variable = |entity, name| match Variable::of(scene, entity, name) {
            Some(variable) => Source::of(variable, scene),
            None => self.nothing(),
        };
        match (self.what, node) {
            (What::Presence, _) => Source::Flag(true),
            (What::Kind(kind), node) => Source::Flag(node.kind(scene) == kind),
            (What::Position, Node::Finger(i)) => Source::Tip(i),
            (What::Position, Node::Block(i)) => variable(Entity::Block(i), "cartesian_position"),
            (What::Position, Node::Goal(i)) => variable(Entity::Goal(i), "cartesian_position"),
            (What::JointPositions, Node::Finger(i)) => Source::FingerPositions(i),
            (What::JointVelocities, Node::Finger(i)) => Source::FingerVelocities(i),
            (What::Link(link, name), Node::Finger(i)) => {
                variable(Entity::Link(LINKS_PER_FINGER * i + link), name)
            }
            // A unit quaternion as it is: the reference's bounds are those of no rotation.
            (What::Attribute("orientation"), Node::Block(i)) => {
                Source::Block(i, Attribute::Quaternion)
            }
            (What::Attribute("orientation"), Node::Goal(i)) => {
                Source::Goal(i, Attribute::Quaternion)
            }
            (What::Attribute(name), Node::Block(i)) => variable(Entity::Block(i), name),
            (What::Attribute(name), Node::Goal(i)) => variable(Entity::Goal(i), name),
            _ => self.nothing(),
        }
    }
}
