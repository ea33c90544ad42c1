//! Determinism: fixed trajectories end in the same bits on every machine and in every build.

use std::collections::BTreeMap;
use std::path::PathBuf;

use trifactor::State;
use trifactor::rng::Rng;
use trifactor::robot::{Command, FINGERS, kinematics};
use trifactor::world::Preset;

use crate::contact::{self, EDGE, Place, Setting, Worker, bits, fnv1a};

/// Control steps of a trajectory, and between two of its digests.
const STEPS: usize = 200;
const EVERY: usize = 50;

/// The trajectories: a name, where they begin.
const TRAJECTORIES: [(&str, Place); 4] = [
    ("free", Place::Empty),
    ("push", Place::Centre),
    ("stack", Place::Stack),
    ("grasp", Place::Grasp),
];

/// Three fingers close on the cube between them and lift it.
fn grasp(state: &State, step: usize) -> Command {
    let height = EDGE / 2.0 + 0.0005 * step.saturating_sub(60) as f64;
    let mut joints = state.robot.joint_positions;
    for finger in 0..FINGERS {
        let target = contact::toward(finger, [0.0, 0.0, height], 0.02);
        let near = kinematics::of_finger(&state.robot.joint_positions, finger);
        let solution = kinematics::inverse(finger, target, state.robot.height, near);
        joints[3 * finger..3 * finger + 3].copy_from_slice(&solution.joints);
    }
    Command::JointPositions(joints)
}

/// The digests of a trajectory's states.
fn digests(place: Place, preset: Preset) -> Vec<String> {
    let mut world = Setting { preset, substeps: 1, skip_frame: 3 }.world();
    let mut state = contact::initial(place, &mut Rng::stream(1, 0, "trajectory"));
    let mut worker = Worker::new(Rng::stream(1, 1, "trajectory"));
    let mut next = state.clone();
    let mut digests = Vec::new();
    for step in 1..=STEPS {
        let command = match place {
            Place::Grasp => grasp(&state, step),
            _ => worker.command(&state),
        };
        world.step(&state, &command, &mut next);
        std::mem::swap(&mut state, &mut next);
        if step % EVERY == 0 {
            digests.push(format!("{:016x}", fnv1a(&bits(&state))));
        }
    }
    digests
}

#[test]
fn trajectories_have_the_bits_that_are_on_record() {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (preset, preset_name) in [(Preset::Accurate, "accurate"), (Preset::Reference, "reference")]
    {
        for (name, place) in TRAJECTORIES {
            found.insert(format!("{preset_name}/{name}"), digests(place, preset));
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/trajectories.json");
    if std::env::var_os("TRIFACTOR_BLESS").is_some_and(|v| v == "1") {
        let text = serde_json::to_string_pretty(&found).expect("JSON");
        std::fs::write(&path, text + "\n").expect("a writable record");
        println!("TRIFACTOR_BLESS=1: wrote {}; nothing was compared", path.display());
        return;
    }
    let text = std::fs::read_to_string(&path).expect("the record");
    let record: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).expect("the record");
    for (name, digests) in &found {
        println!("{name}: {}", digests.join(" "));
        assert_eq!(
            Some(digests),
            record.get(name),
            "{name} has other bits than the record, after steps {EVERY}, {}, ...; where that is \
             meant, TRIFACTOR_BLESS=1 writes the record anew, and the environments' version rises",
            2 * EVERY
        );
    }
    assert_eq!(found.len(), record.len());
}
