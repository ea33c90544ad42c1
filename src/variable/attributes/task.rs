//! The attributes of the task: the goals as one tower, and what scenes are built from.

use super::super::value::{Domain, Shape};
use super::super::{obstacles, structures, tower};
use super::{Attribute, MASS, POSITION, Phase};
use crate::math;
use crate::world::{TaskState, limits};

/// The pose of all goals as one tower (facts 5.4, stacking2).
#[rustfmt::skip]
pub(in crate::variable) static GOAL_TOWER: [Attribute; 4] = [
    Attribute {
        name: "cartesian_position", shape: Shape::Vector(3), unit: "m", domain: POSITION,
        meaning: "x and y of the tower's axis, and the height of one block",
        phase: Phase::Pose,
        read: |s, _| tower::position(s).to_vec(),
        write: Some(|s, _, v| tower::place(s, [v[0], v[1], v[2]])),
    },
    Attribute {
        name: "cylindrical_position", shape: Shape::Vector(3), unit: "m, rad, m", domain: POSITION,
        meaning: "the same as radius and angle of the axis, height of one block",
        phase: Phase::Pose,
        read: |s, _| math::to_cylindrical(tower::position(s)).to_vec(),
        write: Some(|s, _, v| tower::place(s, math::from_cylindrical([v[0], v[1], v[2]]))),
    },
    Attribute {
        name: "orientation", shape: Shape::Vector(4), unit: "", domain: Domain::Rotation,
        meaning: "rotation of every goal to the world frame, quaternion x, y, z, w",
        phase: Phase::Pose,
        read: |s, _| tower::orientation(s).to_vec(),
        write: Some(|s, _, v| tower::turn(s, std::array::from_fn(|i| v[i]))),
    },
    Attribute {
        name: "euler_orientation", shape: Shape::Vector(3), unit: "rad",
        domain: Domain::Within(-100.0, 100.0),
        meaning: "the same rotation as a rotation vector: axis times angle",
        phase: Phase::Pose,
        read: |s, _| math::to_rotation_vector(tower::orientation(s)).to_vec(),
        write: Some(|s, _, v| tower::turn(s, math::from_rotation_vector([v[0], v[1], v[2]]))),
    },
];

/// A task variable that a kind of structure is built from.
macro_rules! built {
    ($name:literal, $shape:expr, $unit:literal, $domain:expr, $kind:ident, |$t:ident| $read:expr,
     |$v:ident| $write:expr, $meaning:literal) => {
        Attribute {
            name: $name,
            shape: $shape,
            unit: $unit,
            domain: $domain,
            meaning: $meaning,
            phase: Phase::Structure,
            read: |s, _| match &s.task {
                TaskState::$kind($t) => $read.to_vec(),
                _ => vec![0.0; $shape.len()],
            },
            write: Some(|s, _, $v| {
                if let TaskState::$kind($t) = &mut s.task {
                    $write;
                }
            }),
        }
    };
}

const EDGE: Domain = Domain::within(limits::SIZE);
const COUNT: Domain = Domain::Whole(limits::COUNT[0], limits::COUNT[1]);

/// What a family may name among its task variables.
#[rustfmt::skip]
pub(in crate::variable) static TASK: [Attribute; 10] = [
    built!("tower_dims", Shape::Vector(3), "m", EDGE, Tower,
        |t| t.tower_dims, |v| t.tower_dims.copy_from_slice(v), "edge lengths of the tower"),
    Attribute {
        name: "blocks_mass", shape: Shape::Scalar, unit: "kg", domain: MASS,
        meaning: "the mass given to every movable block",
        phase: Phase::Structure,
        read: |s, _| vec![s.task.blocks_mass().unwrap_or(0.0)],
        write: Some(|s, _, v| structures::give_mass(s, v[0])),
    },
    built!("number_of_blocks_in_tower", Shape::Vector(3), "", COUNT, Tower,
        |t| t.number_of_blocks_in_tower.map(f64::from),
        |v| t.number_of_blocks_in_tower = std::array::from_fn(|i| v[i] as u32),
        "how many blocks the tower has along x, y, z"),
    built!("tower_center", Shape::Vector(2), "m", Domain::within(limits::AXIS), Tower,
        |t| t.tower_center, |v| t.tower_center.copy_from_slice(v), "x and y of the tower's axis"),
    built!("stack_levels", Shape::Scalar, "", COUNT, Stack,
        |t| [f64::from(t.stack_levels)], |v| t.stack_levels = v[0] as u32,
        "how many levels the stack has"),
    built!("blocks_min_size", Shape::Scalar, "m", EDGE, Stack,
        |t| [t.blocks_min_size], |v| t.blocks_min_size = v[0],
        "height and depth of every block, and the least width of one"),
    built!("max_level_width", Shape::Scalar, "m", Domain::within(limits::LEVEL), Stack,
        |t| [t.max_level_width], |v| t.max_level_width = v[0], "the greatest width of a level"),
    built!("nums_objects", Shape::Scalar, "", COUNT, Pile,
        |t| [f64::from(t.nums_objects)], |v| t.nums_objects = v[0] as u32,
        "how many blocks there are"),
    built!("tool_block_size", Shape::Scalar, "m", EDGE, Pile,
        |t| [t.tool_block_size], |v| t.tool_block_size = v[0], "edge length of every block"),
    Attribute {
        name: obstacles::OBSTACLES, shape: Shape::Scalar, unit: "", domain: obstacles::NUMBER,
        meaning: "how many small fixed cubes hang at random points of the arena",
        phase: Phase::Structure,
        read: |s, _| vec![obstacles::count(&s.scene) as f64],
        write: Some(|s, _, v| obstacles::set_count(s, v[0] as usize)),
    },
];
