//! Independence: what touches nothing changes nothing else, bit for bit.

use trifactor::State;
use trifactor::math;
use trifactor::rng::Rng;
use trifactor::robot::{FINGERS, kinematics};
use trifactor::world::{BlockKind, Contacts, Entity};

use crate::contact::{Transition, bits, in_contact, transitions};

const SEED: u64 = 77;

/// The entities that move.
pub(crate) fn movable(state: &State) -> Vec<Entity> {
    let blocks = state.scene.blocks.iter().enumerate();
    let blocks = blocks.filter(|(_, b)| b.kind == BlockKind::Movable);
    (0..FINGERS).map(Entity::Finger).chain(blocks.map(|(i, _)| Entity::Block(i))).collect()
}

/// Which of the movable entities the solver coupled to this one, directly or through others.
fn component(of: Entity, all: &[Entity], contacts: [&Contacts; 2]) -> Vec<Entity> {
    let mut found = vec![of];
    loop {
        let size = found.len();
        for c in contacts.iter().flat_map(|c| &c.couplings) {
            for (one, other) in [(c.first, c.second), (c.second, c.first)] {
                if all.contains(&other) && found.contains(&one) && !found.contains(&other) {
                    found.push(other);
                }
            }
        }
        if found.len() == size {
            return found;
        }
    }
}

/// Makes the numbers of one entity those that it has in another state.
pub(crate) fn write(state: &mut State, entity: Entity, from: &State) {
    match entity {
        Entity::Finger(finger) => {
            let (robot, other) = (&mut state.robot, &from.robot);
            let joints = 3 * finger..3 * finger + 3;
            let copy = |to: &mut [f64; 9], from: &[f64; 9]| {
                to[joints.clone()].copy_from_slice(&from[joints.clone()]);
            };
            copy(&mut robot.joint_positions, &other.joint_positions);
            copy(&mut robot.joint_velocities, &other.joint_velocities);
            copy(&mut robot.torques, &other.torques);
        }
        Entity::Block(i) => state.blocks[i] = from.blocks[i],
        Entity::Floor | Entity::Wall => {}
    }
}

/// Another value of one entity: somewhere else, moving in some other way.
pub(crate) fn donate(state: &mut State, entity: Entity, rng: &mut Rng) {
    match entity {
        Entity::Finger(finger) => {
            let angle = rng.uniform(-3.1, 3.1);
            let tip = [rng.uniform(0.05, 0.2), angle, rng.uniform(0.05, 0.25)];
            let near = kinematics::of_finger(&state.robot.joint_positions, finger);
            let tip = math::from_cylindrical(tip);
            let joints = kinematics::inverse(finger, tip, state.robot.height, near).joints;
            for (i, angle) in joints.into_iter().enumerate() {
                state.robot.joint_positions[3 * finger + i] = angle;
                state.robot.joint_velocities[3 * finger + i] = rng.uniform(-1.0, 1.0);
            }
        }
        Entity::Block(i) => {
            let block = &mut state.blocks[i];
            let angle = rng.uniform(-3.1, 3.1);
            // Of nine, three lie on the floor, one of them at the wall, two hit it from above, and
            // four are in the air.
            let kind = rng.below(9);
            let radius =
                if kind == 0 { 0.242 - block.size[0] / 2.0 } else { rng.uniform(0.0, 0.2) };
            let height = match kind {
                0..3 => block.size[2] / 2.0,
                3..5 => block.size[2] / 2.0 + 0.005,
                _ => rng.uniform(0.1, 0.4),
            };
            block.position = math::from_cylindrical([radius, angle, height]);
            let yaw = if kind == 0 { angle } else { rng.uniform(-3.1, 3.1) };
            block.orientation = math::from_rotation_vector([0.0, 0.0, yaw]);
            block.linear_velocity = [(); 3].map(|()| rng.uniform(-0.5, 0.5));
            block.angular_velocity = [(); 3].map(|()| rng.uniform(-3.0, 3.0));
            if (3..5).contains(&kind) {
                block.linear_velocity[2] = -1.5;
            } else if kind < 3 {
                block.linear_velocity[2] = 0.0;
                block.angular_velocity = [0.0, 0.0, block.angular_velocity[2]];
            }
        }
        Entity::Floor | Entity::Wall => {}
    }
}

/// What a swap of one entity's value did.
struct Outcome {
    /// What the solver coupled with the entity in either run, itself first.
    component: Vec<Entity>,
    /// Entities outside the component that ended otherwise than without the swap.
    changed: Vec<Entity>,
    /// Whether anything outside the component was in contact.
    others_in_contact: bool,
}

/// Steps the transition with a donor's value in one entity, and compares all others.
fn swap(t: &Transition, entity: Entity, donor: &State) -> Outcome {
    let mut world = t.setting.world();
    let mut next = donor.clone();
    world.step(donor, &t.command, &mut next);
    let all = movable(&t.state);
    let component = component(entity, &all, [&t.contacts, world.contacts()]);
    let changed = all
        .into_iter()
        .filter(|e| !component.contains(e))
        .filter(|e| {
            let mut mixed = t.next.clone();
            write(&mut mixed, *e, &next);
            bits(&mixed) != bits(&t.next)
        })
        .collect();
    let mut others = t.contacts.clone();
    others.couplings.retain(|c| !component.contains(&c.first) && !component.contains(&c.second));
    Outcome { component, changed, others_in_contact: in_contact(&others) }
}

/// Swaps donors into random entities until so many cases are alike what is asked for.
fn survey(cases: usize, alone: bool) -> (usize, usize, Vec<String>) {
    let mut rng = Rng::stream(SEED, u64::from(alone), "cases");
    let all = transitions();
    let (mut counted, mut contact, mut violations) = (0, 0, Vec::new());
    for _ in 0..200 * cases {
        if counted == cases {
            break;
        }
        let t = &all[rng.below(all.len() as u64) as usize];
        let entities = movable(&t.state);
        let entity = entities[rng.below(entities.len() as u64) as usize];
        if alone != (component(entity, &entities, [&t.contacts, &t.contacts]).len() == 1) {
            continue;
        }
        let mut donor = t.state.clone();
        if alone || rng.below(2) == 0 {
            donate(&mut donor, entity, &mut rng);
        } else {
            nudge(&mut donor, entity, &mut rng);
        }
        let outcome = swap(t, entity, &donor);
        if alone == (outcome.component.len() == 1) && (alone || outcome.others_in_contact) {
            counted += 1;
            contact += usize::from(outcome.others_in_contact);
            if !outcome.changed.is_empty() {
                violations.push(format!(
                    "{:?} {:?}: {entity:?} of {:?} changed {:?}",
                    t.place, t.setting, outcome.component, outcome.changed
                ));
            }
        }
    }
    (counted, contact, violations)
}

/// A slightly other velocity.
fn nudge(state: &mut State, entity: Entity, rng: &mut Rng) {
    match entity {
        Entity::Finger(finger) => {
            for joint in 3 * finger..3 * finger + 3 {
                state.robot.joint_velocities[joint] += rng.uniform(-0.1, 0.1);
            }
        }
        Entity::Block(i) => {
            state.blocks[i].linear_velocity[0] += rng.uniform(-0.01, 0.01);
            state.blocks[i].linear_velocity[1] += rng.uniform(-0.01, 0.01);
        }
        Entity::Floor | Entity::Wall => {}
    }
}

#[test]
fn a_finger_or_block_that_touches_nothing_changes_no_other_body() {
    let (cases, contact, violations) = survey(2000, true);
    println!(
        "{cases} donors, {contact} beside contact, {} violations (seed {SEED})",
        violations.len()
    );
    violations.iter().take(20).for_each(|v| println!("{v}"));
    assert_eq!(cases, 2000);
    assert!(contact >= 1000);
    assert!(violations.is_empty());
}

#[test]
fn bodies_in_contact_change_no_body_that_the_solver_did_not_couple_to_them() {
    let (cases, contact, violations) = survey(1000, false);
    println!(
        "{cases} cases, {contact} beside contact, {} violations (seed {SEED})",
        violations.len()
    );
    violations.iter().take(20).for_each(|v| println!("{v}"));
    assert_eq!(cases, 1000);
    assert!(violations.is_empty());
}
