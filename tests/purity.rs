//! Purity: the next state is a function of state and command, bit for bit, whatever went before.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command as Process;

use trifactor::State;
use trifactor::rng::Rng;
use trifactor::robot::Command;
use trifactor::world::World;

use crate::contact::{
    self, SEED, SETTINGS, Setting, Transition, bits, in_contact, motion, transitions,
};

/// Counts the transitions whose next state differs in any bit, and says where the first does.
fn mismatches<'a>(results: impl Iterator<Item = (&'a Transition, Vec<u64>)>) -> (usize, usize) {
    let (mut compared, mut wrong) = (0, 0);
    for (transition, found) in results {
        compared += 1;
        if found != bits(&transition.next) {
            if wrong == 0 {
                println!("first: {:?} {:?}", transition.place, transition.setting);
            }
            wrong += 1;
        }
    }
    (compared, wrong)
}

/// Asserts that every one of these worlds' results is the recorded one.
fn hold<'a>(what: &str, results: impl Iterator<Item = (&'a Transition, Vec<u64>)>) {
    let (compared, wrong) = mismatches(results);
    println!("{what}: {compared} transitions compared, {wrong} mismatches (seed {SEED})");
    assert!(compared > 0);
    assert_eq!(wrong, 0, "{what}");
}

fn step(world: &mut World, state: &State, command: &Command) -> Vec<u64> {
    let mut next = state.clone();
    world.step(state, command, &mut next);
    bits(&next)
}

/// The indices in another order.
fn shuffled(count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        order.swap(i, rng.below(i as u64 + 1) as usize);
    }
    order
}

fn under(setting: Setting) -> Vec<&'static Transition> {
    transitions().iter().filter(|t| t.setting == setting).collect()
}

#[test]
fn the_transitions_of_these_tests_are_many_and_full_of_contact() {
    let all = transitions();
    let mut touched: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for t in all {
        let count = touched.entry(format!("{:?}", t.place)).or_default();
        *count = (count.0 + 1, count.1 + usize::from(in_contact(&t.contacts)));
    }
    let contact = all.iter().filter(|t| in_contact(&t.contacts)).count();
    println!("{} transitions, {contact} with contact: {touched:?} (seed {SEED})", all.len());
    assert!(all.len() >= 2000);
    assert!(2 * contact >= all.len());
    for (place, (count, touched)) in touched {
        assert!(10 * touched >= count, "{place} has hardly any contact");
    }
}

#[test]
fn the_next_state_is_the_same_from_a_world_just_built() {
    hold(
        "a world just built",
        transitions().iter().map(|t| (t, step(&mut t.setting.world(), &t.state, &t.command))),
    );
}

#[test]
fn the_next_state_is_the_same_after_a_thousand_unrelated_steps() {
    let mut rng = Rng::stream(SEED, 0, "order");
    for (setting, _) in SETTINGS {
        let all = under(setting);
        let mut world = setting.world();
        for _ in 0..1000 {
            let other = all[rng.below(all.len() as u64) as usize];
            step(&mut world, &other.state, &other.command);
        }
        let across = shuffled(all.len(), &mut rng);
        hold(
            "after unrelated steps of every scene",
            across.into_iter().map(|i| (all[i], step(&mut world, &all[i].state, &all[i].command))),
        );
    }
    // In one scene the engine is not rebuilt between the steps: what it keeps is another thing.
    for (setting, steps) in SETTINGS {
        for scene in under(setting).chunks(steps) {
            let mut world = setting.world();
            let mut other = contact::roll_out(scene[0].place, setting, 40, SEED + 1);
            other.rotate_left(7);
            for t in other.iter().cycle().take(200) {
                step(&mut world, &t.state, &t.command);
            }
            let order = shuffled(scene.len(), &mut rng);
            let results = order.into_iter().map(|i| {
                let t = &other[i % other.len()];
                step(&mut world, &t.state, &t.command);
                (scene[i], step(&mut world, &scene[i].state, &scene[i].command))
            });
            hold(&format!("after unrelated steps of the scene {:?}", scene[0].place), results);
        }
    }
}

#[test]
fn the_next_state_is_the_same_on_another_thread() {
    const THREADS: usize = 4;
    let all = transitions();
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let mut worlds: Vec<(Setting, World)> =
                        SETTINGS.iter().map(|&(setting, _)| (setting, setting.world())).collect();
                    let step = |t: &'static Transition| {
                        let found = worlds.iter_mut().find(|(setting, _)| *setting == t.setting);
                        let (_, world) = found.expect("every setting has its world");
                        (t, step(world, &t.state, &t.command))
                    };
                    all.iter().skip(thread).step_by(THREADS).map(step).collect::<Vec<_>>()
                })
            })
            .collect();
        handles.into_iter().flat_map(|h| h.join().expect("no thread panics")).collect()
    });
    hold("another thread", results.into_iter());
}

/// Names the file of transitions that a fresh process shall step.
const SERVE: &str = "TRIFACTOR_TEST_STEP_FILE";

#[test]
fn the_next_state_is_the_same_in_a_fresh_process_that_read_the_state_from_json() {
    if let Some(path) = std::env::var_os(SERVE) {
        return serve(Path::new(&path));
    }
    let path = std::env::temp_dir().join(format!("trifactor-purity-{}.json", std::process::id()));
    let asked: Vec<_> = transitions().iter().map(|t| (setting(t), &t.state, &t.command)).collect();
    std::fs::write(&path, serde_json::to_vec(&asked).expect("JSON")).expect("a writable folder");
    let name =
        "purity::the_next_state_is_the_same_in_a_fresh_process_that_read_the_state_from_json";
    let ran = Process::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", name])
        .env(SERVE, &path)
        .output()
        .expect("a process");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    let answer = std::fs::read(&path).expect("the answer");
    std::fs::remove_file(&path).expect("the answer was there");
    let states: Vec<State> = serde_json::from_slice(&answer).expect("states");
    assert_eq!(states.len(), transitions().len());
    hold("a fresh process", transitions().iter().zip(states.iter().map(bits)));
}

/// The index of a transition's setting.
fn setting(t: &Transition) -> usize {
    SETTINGS.iter().position(|(setting, _)| *setting == t.setting).expect("a known setting")
}

/// Steps the transitions of a file, last one first, and writes the next states in their place.
fn serve(path: &Path) {
    let asked = std::fs::read(path).expect("the file of transitions");
    let asked: Vec<(usize, State, Command)> = serde_json::from_slice(&asked).expect("transitions");
    let mut worlds: Vec<World> = SETTINGS.iter().map(|(setting, _)| setting.world()).collect();
    let mut states: Vec<State> = asked
        .iter()
        .rev()
        .map(|(setting, state, command)| {
            let mut next = state.clone();
            worlds[*setting].step(state, command, &mut next);
            next
        })
        .collect();
    states.reverse();
    std::fs::write(path, serde_json::to_vec(&states).expect("JSON")).expect("the same file");
}

/// A change of one kind to a state.
type Change = fn(&mut State, &mut Rng);

/// Every kind of variable that a step depends on, each with a change to it.
const INTERVENTIONS: [(&str, Change); 26] = [
    ("block size", |s, r| s.blocks[0].size = [(); 3].map(|()| r.uniform(0.03, 0.1))),
    ("every size", |s, r| s.blocks.iter_mut().for_each(|b| b.size = [r.uniform(0.03, 0.1); 3])),
    ("block mass", |s, r| s.blocks[0].mass = r.uniform(0.01, 0.3)),
    ("block friction", |s, r| s.blocks[0].friction = r.uniform(0.0, 2.0)),
    ("block restitution", |s, r| s.blocks[0].restitution = r.uniform(0.1, 1.0)),
    ("block drag", |s, r| s.blocks[0].linear_damping = r.uniform(0.1, 2.0)),
    ("block rotational drag", |s, r| s.blocks[0].angular_damping = r.uniform(0.1, 2.0)),
    ("block position", |s, r| s.blocks[0].position = [0.1, r.uniform(-0.1, 0.1), 0.2]),
    ("block orientation", |s, r| {
        s.blocks[0].orientation =
            trifactor::math::from_rotation_vector([(); 3].map(|()| r.uniform(-1.0, 1.0)));
    }),
    ("block velocity", |s, r| s.blocks[0].linear_velocity = [(); 3].map(|()| r.uniform(-1.0, 1.0))),
    ("block spin", |s, r| s.blocks[0].angular_velocity = [(); 3].map(|()| r.uniform(-9.0, 9.0))),
    ("last block's pose", |s, r| {
        let last = s.blocks.len() - 1;
        s.blocks[last].position = [-0.1, r.uniform(-0.1, 0.1), 0.1];
    }),
    ("joint positions", |s, r| s.robot.joint_positions = [(); 9].map(|()| r.uniform(-0.5, 0.0))),
    ("joint velocities", |s, r| s.robot.joint_velocities = [(); 9].map(|()| r.uniform(-3.0, 3.0))),
    ("link masses", |s, r| s.robot.links.iter_mut().for_each(|l| l.mass *= r.uniform(0.5, 2.0))),
    ("robot height", |s, r| s.robot.height = r.uniform(0.30, 0.38)),
    ("robot friction", |s, r| s.robot.friction = r.uniform(0.0, 2.0)),
    ("robot restitution", |s, r| s.robot.restitution = r.uniform(0.1, 1.0)),
    ("joint damping", |s, r| s.robot.joint_damping = r.uniform(0.01, 0.1)),
    ("motor gains", |s, r| {
        s.robot.position_gain_factor = r.uniform(0.3, 3.0);
        s.robot.velocity_gain_factor = r.uniform(0.3, 3.0);
    }),
    ("torque limit", |s, r| s.robot.torque_limit = r.uniform(0.05, 0.2)),
    ("gravity", |s, r| s.arena.gravity = [(); 3].map(|()| r.uniform(-10.0, 0.0))),
    ("floor friction", |s, r| s.arena.floor.friction = r.uniform(0.0, 2.0)),
    ("floor restitution", |s, r| s.arena.floor.restitution = r.uniform(0.1, 1.0)),
    ("wall friction", |s, r| s.arena.wall.friction = r.uniform(0.0, 2.0)),
    ("wall restitution", |s, r| s.arena.wall.restitution = r.uniform(0.1, 1.0)),
];

#[test]
fn the_next_state_is_the_same_after_any_variable_was_changed_stepped_and_changed_back() {
    let mut rng = Rng::stream(SEED, 0, "interventions");
    for (kind, (name, change)) in INTERVENTIONS.into_iter().enumerate() {
        let mut told = 0;
        let mut worlds = SETTINGS.map(|(setting, _)| setting.world());
        let some = transitions().iter().skip(kind % 11).step_by(11);
        let results = some.map(|t| {
            let world = &mut worlds[setting(t)];
            let mut other = t.state.clone();
            change(&mut other, &mut rng);
            let mut after = other.clone();
            world.step(&other, &t.command, &mut after);
            told += usize::from(motion(&after) != motion(&t.next));
            (t, step(world, &t.state, &t.command))
        });
        let (compared, wrong) = mismatches(results);
        println!("{name}: {compared} compared, {wrong} mismatches, {told} moved otherwise");
        assert!(compared >= 200);
        assert_eq!(wrong, 0, "{name}");
        assert!(told > 0, "{name} changes nothing");
    }
}

#[test]
fn the_next_state_is_the_same_after_a_query_for_penetrations() {
    let mut worlds = SETTINGS.map(|(setting, _)| setting.world());
    let mut found = 0;
    let results = transitions().iter().step_by(3).map(|t| {
        let world = &mut worlds[setting(t)];
        found += world.penetrations(&t.state).len();
        (t, step(world, &t.state, &t.command))
    });
    hold("after a query", results);
    assert!(found > 0);
}
