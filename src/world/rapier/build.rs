//! Builds the Rapier world that a state's constants ask for: sizes, masses, materials, height.
//!
//! Everything here is a function of [`Constants`] alone, so a world built anew and one that has
//! seen other constants before are the same, bit for bit.

use nalgebra::{Matrix3, SymmetricEigen};
use rapier3d_f64::prelude::*;

use super::constants::{BlockConstants, Constants};
use crate::math::{self, Triple};
use crate::robot::{self, FINGERS, JOINTS_PER_FINGER, LINKS_PER_FINGER};
use crate::world::arena;
use crate::world::contacts::Entity;
use crate::world::mass::{Part, box_inertia, mass_properties, principal};
use crate::world::native::polyhedra;
use crate::world::settings::{Friction, Physics};

/// The length that Rapier scales its tolerances by, m.
const LENGTH_UNIT: f64 = 0.1;
/// The fastest that a penetration is pushed out, m/s (Rapier's default).
const MAX_CORRECTIVE_VELOCITY: f64 = 3.0;
/// The fastest that a body may move, m/s (Rapier's default).
const MAX_LINEAR_VELOCITY: f64 = 400.0;

const FLOOR: Group = Group::GROUP_1;
const WALL: Group = Group::GROUP_2;
const BLOCKS: Group = Group::GROUP_3;
/// The group of each finger's upper, middle and lower link.
const LINKS: [[Group; JOINTS_PER_FINGER]; FINGERS] = [
    [Group::GROUP_4, Group::GROUP_5, Group::GROUP_6],
    [Group::GROUP_7, Group::GROUP_8, Group::GROUP_9],
    [Group::GROUP_10, Group::GROUP_11, Group::GROUP_12],
];

/// What a link collides with besides blocks: the other fingers, but neither its own finger, whose
/// neighbours overlap by design, nor another finger's upper link if it is one itself; middle and
/// lower links meet the wall, lower links the floor.
fn meets(finger: usize, joint: usize) -> Group {
    let others = (0..FINGERS).filter(|other| *other != finger);
    let links = others.flat_map(|other| LINKS[other].into_iter().skip(usize::from(joint == 0)));
    let arena = [Group::NONE, WALL, WALL | FLOOR][joint];
    links.fold(BLOCKS | arena, |groups, link| groups | link)
}

/// The groups of the same link of every finger.
fn every(joint: usize) -> Group {
    LINKS.iter().fold(Group::NONE, |groups, links| groups | links[joint])
}

/// Rapier's sets of one world.
#[derive(Clone)]
pub(super) struct Sets {
    pub(super) bodies: RigidBodySet,
    pub(super) colliders: ColliderSet,
    pub(super) islands: IslandManager,
    pub(super) broad_phase: BroadPhaseBvh,
    pub(super) narrow_phase: NarrowPhase,
    pub(super) multibodies: MultibodyJointSet,
}

/// A built world and where to find things in it.
pub(super) struct Built {
    pub(super) sets: Sets,
    /// The links upper, middle, lower of each finger.
    pub(super) links: [[RigidBodyHandle; JOINTS_PER_FINGER]; FINGERS],
    /// The body of each block; `None` where it is fixed.
    pub(super) blocks: Vec<Option<RigidBodyHandle>>,
    /// The joint axes in the links' own frames.
    pub(super) axes: [Triple; JOINTS_PER_FINGER],
}

/// Writes an entity into a collider's user data.
fn tag(entity: Entity) -> u128 {
    match entity {
        Entity::Floor => 0,
        Entity::Wall => 1,
        Entity::Finger(i) => 2 | (i as u128) << 8,
        Entity::Block(i) => 3 | (i as u128) << 8,
    }
}

/// Reads the entity from a collider's user data.
pub(super) fn entity(tag: u128) -> Entity {
    let index = (tag >> 8) as usize;
    match tag & 0xff {
        0 => Entity::Floor,
        1 => Entity::Wall,
        2 => Entity::Finger(index),
        _ => Entity::Block(index),
    }
}

/// Rapier's parameters for these settings; the passes are set tick by tick.
pub(super) fn parameters(physics: &Physics) -> IntegrationParameters {
    let softness =
        SpringCoefficients::new(physics.contact_frequency, physics.contact_damping_ratio);
    IntegrationParameters {
        dt: physics.tick,
        num_solver_iterations: physics.substeps as usize,
        num_internal_stabilization_iterations: physics.stabilization_passes as usize,
        contact_softness: softness,
        static_contact_softness: softness,
        // Rapier fattens the boxes of its broad phase by 4 % of this: 4 mm suit blocks of 65 mm.
        length_unit: LENGTH_UNIT,
        normalized_prediction_distance: physics.prediction_distance / LENGTH_UNIT,
        normalized_max_corrective_velocity: MAX_CORRECTIVE_VELOCITY / LENGTH_UNIT,
        normalized_max_linear_velocity: MAX_LINEAR_VELOCITY / LENGTH_UNIT,
        max_ccd_substeps: 0,
        contact_clustering: false,
        contact_recycling: false,
        friction_in_bias_pass: physics.friction_in_bias_pass,
        friction_model: match physics.friction {
            Friction::Simplified => FrictionModel::Simplified,
            Friction::Cone | Friction::Coulomb => FrictionModel::Coulomb,
        },
        ..IntegrationParameters::default()
    }
}

/// Builds the world of these constants: blocks parked apart, robot at zero, nothing in contact.
///
/// `hooks` are those that the engine wants to be asked about contacts of fingers and blocks.
pub(super) fn build(constants: &Constants, hooks: ActiveHooks) -> Built {
    let mut sets = Sets {
        bodies: RigidBodySet::new(),
        colliders: ColliderSet::new(),
        islands: IslandManager::new(),
        broad_phase: BroadPhaseBvh::with_optimization_strategy(BvhOptimizationStrategy::None),
        narrow_phase: NarrowPhase::new(),
        multibodies: MultibodyJointSet::new(),
    };
    build_arena(&mut sets, constants);
    let links = std::array::from_fn(|finger| build_finger(&mut sets, constants, hooks, finger));
    let blocks = constants
        .blocks
        .iter()
        .enumerate()
        .map(|(i, block)| build_block(&mut sets, block, hooks, i))
        .collect();
    let axes = std::array::from_fn(|joint| axis(&robot::description().fingers[0].joints[joint]));
    Built { sets, links, blocks, axes }
}

fn material(builder: ColliderBuilder, [friction, restitution]: [f64; 2]) -> ColliderBuilder {
    builder
        .friction(friction)
        .restitution(restitution)
        .friction_combine_rule(CoefficientCombineRule::Multiply)
        .restitution_combine_rule(CoefficientCombineRule::Multiply)
        .density(0.0)
}

fn build_arena(sets: &mut Sets, constants: &Constants) {
    let groups = |own, with| InteractionGroups::new(own, with, InteractionTestMode::And);
    let floor = material(ColliderBuilder::new(SharedShape::halfspace(Vector::Z)), constants.floor)
        .collision_groups(groups(FLOOR, BLOCKS | every(2)))
        .user_data(tag(Entity::Floor));
    sets.colliders.insert(floor);
    let Some(wall_material) = constants.wall else { return };
    for (pose, half) in arena::wall_segments() {
        let shape = ColliderBuilder::cuboid(half.x, half.y, half.z);
        let wall = material(shape, wall_material)
            .position(pose)
            .collision_groups(groups(WALL, BLOCKS | every(1) | every(2)))
            .user_data(tag(Entity::Wall));
        sets.colliders.insert(wall);
    }
}

fn build_finger(
    sets: &mut Sets,
    constants: &Constants,
    hooks: ActiveHooks,
    finger: usize,
) -> [RigidBodyHandle; JOINTS_PER_FINGER] {
    let description = &robot::description().fingers[finger];
    let [x, y, z] = description.position;
    let base = [x, y, z + (constants.height - robot::HEIGHT)];
    let mut parent = sets.bodies.insert(
        RigidBodyBuilder::fixed().pose(math::to_rapier_pose(base, description.orientation)),
    );
    std::array::from_fn(|joint| {
        let link = &description.links[joint + 1];
        let mass = constants.link_masses[finger * LINKS_PER_FINGER + joint + 1];
        // The tip is fixed to the lower link: one rigid body of two parts.
        let mut parts = vec![Part::of(link, mass, [0.0; 3])];
        if joint + 1 == JOINTS_PER_FINGER {
            let tip = &description.tip;
            parts.push(Part::of(tip, tip.mass, description.tip_position));
        }
        let body = RigidBodyBuilder::dynamic()
            .can_sleep(false)
            .additional_mass_properties(mass_properties(&parts));
        let handle = sets.bodies.insert(body);
        let groups = InteractionGroups::new(
            LINKS[finger][joint],
            meets(finger, joint),
            InteractionTestMode::And,
        );
        for capsule in &link.capsules {
            let shape = ColliderBuilder::capsule_from_endpoints(
                math::to_rapier(capsule.a),
                math::to_rapier(capsule.b),
                capsule.radius,
            );
            let collider = material(shape, constants.finger)
                .collision_groups(groups)
                .active_hooks(hooks)
                .user_data(tag(Entity::Finger(finger)));
            sets.colliders.insert_with_parent(collider, handle, &mut sets.bodies);
        }
        let description = &description.joints[joint];
        let revolute = RevoluteJointBuilder::new(math::to_rapier(axis(description)))
            .local_anchor1(math::to_rapier(description.position))
            .limits([description.low, description.high])
            .contacts_enabled(false);
        let inserted = sets.multibodies.insert(parent, handle, revolute, true);
        debug_assert!(inserted.is_some());
        parent = handle;
        if joint + 1 == JOINTS_PER_FINGER
            && let Some(id) = sets.multibodies.rigid_body_link(handle).copied()
            && let Some(multibody) = sets.multibodies.get_multibody_mut(id.multibody)
        {
            // Lets the multibody see that its root is fixed: three degrees of freedom, not nine.
            multibody.forward_kinematics(&sets.bodies, true);
            // Rapier's default of 0.1 N m s/rad is no part of this robot.
            multibody.damping_mut().fill(0.0);
            multibody.set_self_contacts_enabled(false);
        }
        handle
    })
}

/// The axis of a revolute joint; the description has no other joints in a finger.
fn axis(joint: &robot::Joint) -> Triple {
    joint.axis.unwrap_or([0.0; 3])
}

fn build_block(
    sets: &mut Sets,
    block: &BlockConstants,
    hooks: ActiveHooks,
    index: usize,
) -> Option<RigidBodyHandle> {
    let all = (0..JOINTS_PER_FINGER).fold(FLOOR | WALL | BLOCKS, |all, joint| all | every(joint));
    let groups = InteractionGroups::new(BLOCKS, all, InteractionTestMode::And);
    let collider = |shape: SharedShape| {
        material(ColliderBuilder::new(shape), [block.friction, block.restitution])
            .active_hooks(hooks)
            .user_data(tag(Entity::Block(index)))
            .collision_groups(groups)
    };
    let [x, y, z] = block.size.map(|s| 0.5 * s);
    let shapes: Vec<SharedShape> = match &block.mesh {
        None => vec![SharedShape::cuboid(x, y, z)],
        Some(mesh) => polyhedra(mesh, block.size).into_iter().map(SharedShape::new).collect(),
    };
    if let Some((position, orientation)) = block.fixed_pose {
        for shape in shapes {
            let pose = math::to_rapier_pose(position, orientation);
            sets.colliders.insert(collider(shape).position(pose));
        }
        return None;
    }
    let body = RigidBodyBuilder::dynamic()
        .can_sleep(false)
        .linear_damping(0.0)
        .angular_damping(0.0)
        // Parked one above the other, far from everything: a function of the index alone.
        .translation(Vector::new(0.0, 0.0, 10.0 + index as f64))
        .additional_mass_properties(properties(block));
    let handle = sets.bodies.insert(body);
    for shape in shapes {
        sets.colliders.insert_with_parent(collider(shape), handle, &mut sets.bodies);
    }
    Some(handle)
}

/// Mass, centre of mass and inertia of a block.
fn properties(block: &BlockConstants) -> MassProperties {
    let Some(mesh) = &block.mesh else {
        let inertia = math::to_rapier(box_inertia(block.mass, block.size));
        return MassProperties::new(Vector::ZERO, block.mass, inertia);
    };
    let of_mesh = mesh.mass_properties(block.mass, block.size);
    let [x, y, z] = of_mesh.inertia.map(math::vector);
    let eigen = SymmetricEigen::new(Matrix3::from_columns(&[x, y, z]));
    let center = math::to_rapier(of_mesh.center);
    principal(center, block.mass, eigen)
}
