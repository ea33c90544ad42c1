//! Marks for what can not be seen: frames, and who pushes on whom.

use super::mark::{Mark, MarkShape};
use crate::math::{self, Triple};
use crate::robot::kinematics;
use crate::world::{Contacts, Entity, State, WALL_RADIUS};

/// Length of a frame's axes, m.
const AXIS: f64 = 0.05;
/// Colour of contacts.
const PUSH: Triple = [1.0, 0.75, 0.0];
/// Radius of the rod of the weakest contact, m, and how much it grows with the root of the
/// impulse, m/√(N s).
const ROD: [f64; 2] = [0.0015, 0.02];
/// The greatest radius of a rod, m.
const THICKEST: f64 = 0.006;

/// The axes of every block (red, green, blue are x, y, z) and balls at the fingertips.
pub fn frames(state: &State) -> Vec<Mark> {
    let axes = |position, orientation| Mark::axes(position, orientation, AXIS);
    let blocks = state.blocks.iter().flat_map(|b| axes(b.position, b.orientation));
    let tips = kinematics::tips(&state.robot.joint_positions, state.robot.height);
    let tip = |finger| {
        let center = kinematics::of_finger(&tips, finger);
        Mark { shape: MarkShape::Ball { center, radius: 0.006 }, color: [1.0, 1.0, 1.0] }
    };
    blocks.chain([0, 1, 2].map(tip)).collect()
}

/// Rods between the bodies that pushed on each other in a step, the thicker the harder: between
/// centres of blocks, fingertips and the wall's nearest place.
///
/// What only stands on the floor has none. The engine reports which bodies pushed and how hard, not
/// where: a finger's rod begins at its tip, wherever it touched.
pub fn contacts(state: &State, contacts: &Contacts) -> Vec<Mark> {
    let mut pairs: Vec<(Entity, Entity, f64)> = Vec::new();
    for c in contacts.couplings.iter().filter(|c| c.impulse > 0.0) {
        match pairs.iter_mut().find(|pair| (pair.0, pair.1) == (c.first, c.second)) {
            Some(pair) => pair.2 = pair.2.max(c.impulse),
            None => pairs.push((c.first, c.second, c.impulse)),
        }
    }
    let rod = |(first, second, impulse): (Entity, Entity, f64)| {
        let from = place(state, first)?;
        let to = match second {
            Entity::Wall => wall(from),
            _ => place(state, second)?,
        };
        let radius = (ROD[0] + ROD[1] * impulse.sqrt()).min(THICKEST);
        Some(Mark { shape: MarkShape::Rod { from, to, radius }, color: PUSH })
    };
    pairs.into_iter().filter_map(rod).collect()
}

/// Where a rod to a body ends; `None` for what has no one place.
fn place(state: &State, entity: Entity) -> Option<Triple> {
    match entity {
        Entity::Finger(finger) => {
            let joints = kinematics::of_finger(&state.robot.joint_positions, finger);
            Some(kinematics::tip(finger, joints, state.robot.height))
        }
        Entity::Block(i) => state.blocks.get(i).map(|block| block.position),
        Entity::Floor | Entity::Wall => None,
    }
}

/// The wall's place that is nearest to a point.
fn wall(p: Triple) -> Triple {
    let [_, angle, height] = math::to_cylindrical(p);
    math::from_cylindrical([WALL_RADIUS, angle, height])
}
