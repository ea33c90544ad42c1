//! Marks for what can not be seen: frames, contacts with their forces, who influences whom.

use super::mark::{Mark, MarkShape};
use crate::math::{self, Triple};
use crate::robot::kinematics;
use crate::world::{ArenaState, Contacts, Coupling, Entity, GoalShape, GoalState, State};

/// Length of a frame's axes, m.
const AXIS: f64 = 0.05;
/// Colours of contacts, of their forces, and of what influenced what.
const PLACE: Triple = [1.0, 0.35, 0.0];
const FORCE: Triple = [1.0, 0.75, 0.0];
const INFLUENCE: Triple = [0.75, 0.2, 0.9];
/// Radius of the ball where two bodies touch, m.
const SPOT: f64 = 0.004;
/// Length of a force's arrow, m/N, and its least and greatest.
const LENGTH: f64 = 0.06;
const LENGTHS: [f64; 2] = [0.025, 0.15];
/// Radii of an arrow's shaft and of the rods of influence, m.
const SHAFT: f64 = 0.002;

/// Radius of the rods along a goal's edges, m.
const EDGE: f64 = 0.0012;
/// How bright a goal's edges are, as a share of its colour.
const EDGE_SHADE: f64 = 0.6;
/// What pictures for people show in place of the floor's default colour, which is dark.
const LIGHT_FLOOR: Triple = [0.56, 0.55, 0.53];

/// The state as pictures for people show it: a floor whose colour nobody changed is light, so that
/// feet and shadows are seen on it.
pub fn on_light_floor(state: &State) -> State {
    let mut state = state.clone();
    if state.arena.floor.color == ArenaState::default().floor.color {
        state.arena.floor.color = LIGHT_FLOOR;
    }
    state
}

/// The edges of every goal that is a box, in a darker shade of its colour.
pub fn goals(state: &State) -> Vec<Mark> {
    let boxes = state.goals.iter().zip(&state.scene.goals);
    let boxes = boxes.filter(|(_, goal)| goal.shape == GoalShape::Cuboid && goal.mesh.is_none());
    let edges = |goal: &GoalState| {
        let turn = math::rotation(goal.orientation);
        let corner = |signs: Triple| {
            let own = [0, 1, 2].map(|axis| 0.5 * signs[axis] * goal.size[axis]);
            math::triple(math::vector(goal.position) + turn * math::vector(own))
        };
        let color = goal.color.map(|part| EDGE_SHADE * part);
        let along = move |axis: usize| {
            [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]].map(|[second, third]| {
                let end = |first| {
                    let mut signs = [first; 3];
                    (signs[(axis + 1) % 3], signs[(axis + 2) % 3]) = (second, third);
                    corner(signs)
                };
                let shape = MarkShape::Rod { from: end(-1.0), to: end(1.0), radius: EDGE };
                Mark { shape, color }
            })
        };
        [0, 1, 2].map(along).into_iter().flatten().collect::<Vec<_>>()
    };
    boxes.flat_map(|(goal, _)| edges(goal)).collect()
}

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

/// A ball wherever two bodies pushed on each other in a step, and an arrow for the force on the second
/// of them: the mean over the step, which takes `seconds`.
///
/// What only stands on the floor has none.
pub fn contacts(contacts: &Contacts, seconds: f64) -> Vec<Mark> {
    let mut pairs: Vec<Coupling> = Vec::new();
    for c in contacts.couplings.iter().filter(|c| c.impulse > 0.0 && !stands(c)) {
        match pairs.iter_mut().find(|pair| (pair.first, pair.second) == (c.first, c.second)) {
            // The last place, for that is where the state is.
            Some(pair) => {
                pair.push = [0, 1, 2].map(|i| pair.push[i] + c.push[i]);
                pair.place = c.place;
            }
            None => pairs.push(*c),
        }
    }
    let marks = pairs.iter().flat_map(|pair| {
        let spot = MarkShape::Ball { center: pair.place, radius: SPOT };
        let force = math::vector(pair.push) / seconds;
        let arrow = force.try_normalize(1e-9).map(|along| {
            let length = (LENGTH * math::norm(&force)).clamp(LENGTHS[0], LENGTHS[1]);
            let to = math::vector(pair.place) + along * length;
            Mark::arrow(pair.place, math::triple(to), SHAFT, FORCE)
        });
        let spot = Mark { shape: spot, color: PLACE };
        std::iter::once(spot).chain(arrow.into_iter().flatten()).collect::<Vec<_>>()
    });
    marks.collect()
}

/// Rods between bodies that influenced each other in a step: pairs of a local causal mask's nodes
/// that are fingers and blocks.
pub fn influences(state: &State, pairs: &[(Entity, Entity)]) -> Vec<Mark> {
    let rod = |(first, second): &(Entity, Entity)| {
        let (from, to) = (place(state, *first)?, place(state, *second)?);
        Some(Mark { shape: MarkShape::Rod { from, to, radius: SHAFT }, color: INFLUENCE })
    };
    pairs.iter().filter_map(rod).collect()
}

/// Whether a block only stands on the floor.
fn stands(coupling: &Coupling) -> bool {
    matches!((coupling.first, coupling.second), (Entity::Block(_), Entity::Floor))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_s_edges_are_the_twelve_of_its_box() {
        let mut env = crate::Env::new(crate::Config::new("pushing")).unwrap();
        env.reset(Some(0));
        let (state, marks) = (env.state(), goals(env.state()));
        assert_eq!(marks.len(), 12);
        let lengths = marks.iter().map(|mark| match mark.shape {
            MarkShape::Rod { from, to, .. } => (math::vector(to) - math::vector(from)).norm(),
            _ => f64::NAN,
        });
        let edge = state.goals[0].size[0];
        assert!(lengths.into_iter().all(|length| (length - edge).abs() < 1e-12));
        assert_ne!(on_light_floor(state).arena.floor, state.arena.floor);
        let mut own = state.clone();
        own.arena.floor.color = [0.1, 0.2, 0.3];
        assert_eq!(on_light_floor(&own), own);
    }

    #[test]
    fn a_contact_is_marked_where_it_is_with_its_force() {
        let touch = |tick, first, second, push: Triple| Coupling {
            tick,
            first,
            second,
            impulse: 0.008,
            gap: 0.0,
            place: [0.01, 0.02, 0.03],
            push,
        };
        let report = Contacts {
            couplings: vec![
                touch(0, Entity::Finger(0), Entity::Block(0), [0.004, 0.0, 0.0]),
                touch(1, Entity::Finger(0), Entity::Block(0), [0.008, 0.0, 0.0]),
                touch(1, Entity::Block(0), Entity::Floor, [0.0, 0.0, -0.008]),
            ],
        };
        let marks = contacts(&report, 0.008);
        let ball = MarkShape::Ball { center: [0.01, 0.02, 0.03], radius: SPOT };
        assert_eq!(marks[0].shape, ball);
        // 0.012 N s in 0.008 s are 1.5 N, to the right.
        let MarkShape::Rod { from, .. } = marks[1].shape else { panic!("no shaft") };
        assert_eq!(from, [0.01, 0.02, 0.03]);
        let MarkShape::Cone { tip, .. } = marks[2].shape else { panic!("no head") };
        assert!((tip[0] - (0.01 + 1.5 * LENGTH)).abs() < 1e-12 && tip[1] == 0.02, "{tip:?}");
        assert_eq!(marks.len(), 3);
    }
}
