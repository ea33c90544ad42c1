//! Local masks, proved by intervention: what a mask says is not influenced does not change.

use trifactor::State;
use trifactor::causal::{LocalMask, Source, Strength};
use trifactor::rng::Rng;
use trifactor::robot::FINGERS;
use trifactor::world::{Contacts, Entity};

use crate::contact::{Transition, bits, transitions};
use crate::independence::{donate, movable, write};
use crate::scenes::long_form;

const SEED: u64 = 31;

/// A body's place among the nodes.
fn node(entity: Entity) -> usize {
    match entity {
        Entity::Finger(finger) => finger,
        Entity::Block(block) => FINGERS + block,
        Entity::Floor | Entity::Wall => panic!("{entity:?} is no node"),
    }
}

/// Whether an entity has other numbers in two states.
fn differs(entity: Entity, a: &State, b: &State) -> bool {
    let mut mixed = a.clone();
    write(&mut mixed, entity, b);
    bits(&mixed) != bits(a)
}

/// The couplings of two runs of one step.
fn both(a: &Contacts, b: &Contacts) -> Contacts {
    Contacts { couplings: [&a.couplings[..], &b.couplings].concat() }
}

/// What a survey of donor swaps found.
#[derive(Debug, Default)]
struct Found {
    /// Entries off the diagonal that the mask of both runs leaves out.
    absent: usize,
    /// Those of them that changed all the same, with what the last report alone would have said.
    violations: Vec<String>,
    /// Entries that the masks have, and how many of them changed.
    present: usize,
    changed: usize,
    /// Violations that a mask of the last tick's couplings alone would have let through.
    missed_by_last_tick: usize,
}

/// Puts a donor's value into one entity of a transition and compares every other with the mask.
fn swap(t: &Transition, entity: Entity, rng: &mut Rng, found: &mut Found) {
    let mut donor = t.state.clone();
    donate(&mut donor, entity, rng);
    let mut world = t.setting.world();
    let mut next = donor.clone();
    world.step(&donor, &t.command, &mut next);
    let contacts = both(&t.contacts, world.contacts());
    let mask = LocalMask::of(&contacts, &t.state.scene, Strength::Sound).unwrap();
    let last = contacts.couplings.iter().map(|c| c.tick).max().unwrap_or(0);
    let mut end = contacts.clone();
    end.couplings.retain(|c| c.tick == last);
    let end = LocalMask::of(&end, &t.state.scene, Strength::Sound).unwrap();
    for other in movable(&t.state).into_iter().filter(|other| *other != entity) {
        let changed = differs(other, &t.next, &next);
        let source = Source::Node(node(entity));
        if mask.influences(source, node(other)) {
            found.present += 1;
            found.changed += usize::from(changed);
        } else {
            found.absent += 1;
            if changed {
                found.violations.push(format!("{entity:?} changed {other:?}"));
            }
        }
        if changed && !end.influences(source, node(other)) {
            found.missed_by_last_tick += 1;
        }
    }
}

#[test]
fn donor_swaps_change_nothing_that_the_mask_leaves_out() {
    println!("seed {SEED}");
    let cases = if long_form("masks") { 200_000 } else { 4_000 };
    let mut rng = Rng::stream(SEED, 0, "cases");
    let all = transitions();
    let mut found = Found::default();
    for _ in 0..cases {
        let t = &all[rng.below(all.len() as u64) as usize];
        let entities = movable(&t.state);
        let entity = entities[rng.below(entities.len() as u64) as usize];
        swap(t, entity, &mut rng, &mut found);
    }
    let touching = all.iter().filter(|t| t.contacts.finger_on_block()).count();
    println!("fingers on blocks in {touching} of {} transitions", all.len());
    println!(
        "{} entries left out, {} of them changed (95 % bound {:.1e}); {} entries there, {} changed; \
         the last tick alone would have missed {}",
        found.absent,
        found.violations.len(),
        3.0 / found.absent as f64,
        found.present,
        found.changed,
        found.missed_by_last_tick
    );
    assert!(found.violations.is_empty(), "{:?}", found.violations);
    // The survey would be empty without influences, and without those that a report of the last
    // tick does not show.
    assert!(found.changed > cases / 20 && found.missed_by_last_tick > 0, "{found:?}");
}

#[test]
fn another_action_of_one_finger_changes_nothing_that_the_mask_leaves_out() {
    println!("seed {SEED}");
    let mut rng = Rng::stream(SEED, 1, "actions");
    let (mut absent, mut changed) = (0, 0);
    for t in transitions() {
        let finger = rng.below(FINGERS as u64) as usize;
        let mut command = t.command;
        let (trifactor::robot::Command::JointPositions(values)
        | trifactor::robot::Command::JointTorques(values)) = &mut command;
        for value in &mut values[3 * finger..3 * finger + 3] {
            *value += rng.uniform(-0.3, 0.3);
        }
        let mut world = t.setting.world();
        let mut next = t.state.clone();
        world.step(&t.state, &command, &mut next);
        let contacts = both(&t.contacts, world.contacts());
        let mask = LocalMask::of(&contacts, &t.state.scene, Strength::Sound).unwrap();
        for other in movable(&t.state) {
            let differs = differs(other, &t.next, &next);
            if mask.influences(Source::Action(finger), node(other)) {
                changed += usize::from(differs);
            } else {
                absent += 1;
                assert!(!differs, "the action of finger {finger} changed {other:?}");
            }
        }
    }
    println!("{absent} entries left out, none changed; {changed} entries there changed");
    assert!(absent > 1000 && changed > 1000, "{absent} {changed}");
}
