//! Scenes full of contact, shared by the tests of purity, independence, endurance and digests.

use std::sync::{Arc, OnceLock};

use trifactor::State;
use trifactor::math::{self, Triple};
use trifactor::rng::Rng;
use trifactor::robot::{Command, FINGERS, Nine, RAISED, RobotState, kinematics};
use trifactor::world::{Contacts, Entity, Physics, Preset, Scene, World};

/// The edge of the ordinary cube, m.
pub(crate) const EDGE: f64 = 0.065;

/// A scene by name: a cube at the centre, at the wall, five cubes, a stack of three, a cube by a
/// fixed barrier, a cube between the fingers, a stack of three with two cubes apart, no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Centre,
    Wall,
    Five,
    Stack,
    Barrier,
    Grasp,
    Crowd,
    Empty,
}

/// Every scene with a block.
pub(crate) const PLACES: [Place; 7] = [
    Place::Centre,
    Place::Wall,
    Place::Five,
    Place::Stack,
    Place::Barrier,
    Place::Grasp,
    Place::Crowd,
];

/// The state that a scene begins with; its positions vary a little with the stream.
pub(crate) fn initial(place: Place, rng: &mut Rng) -> State {
    let names = ["tool_block", "block_1", "block_2", "block_3", "block_4"];
    let count = match place {
        Place::Five | Place::Crowd => 5,
        Place::Stack => 3,
        Place::Empty => 0,
        _ => 1,
    };
    let mut scene = names[..count].iter().fold(Scene::new(), |scene, name| scene.movable(name));
    if place == Place::Barrier {
        scene = scene.fixed("barrier");
    }
    let mut state = State::new(Arc::new(scene), RobotState::resting(RAISED));
    let mut jitter = |width: f64| rng.uniform(-width, width);
    for i in 0..count {
        let position = match place {
            Place::Centre | Place::Barrier => [jitter(0.02), jitter(0.02), EDGE / 2.0],
            Place::Wall => [0.205 + jitter(0.001), jitter(0.05), EDGE / 2.0],
            Place::Five => {
                let [x, y] = [[0.0, 0.0], [0.08, 0.0], [0.0, 0.08], [-0.09, 0.0], [0.0, -0.1]][i];
                [x + jitter(0.005), y + jitter(0.005), EDGE / 2.0]
            }
            Place::Crowd if i == 3 => [-0.12 + jitter(0.01), jitter(0.05), EDGE / 2.0],
            Place::Crowd if i == 4 => [0.2 + jitter(0.01), jitter(0.05), EDGE / 2.0],
            Place::Stack | Place::Crowd => [jitter(0.005), jitter(0.005), EDGE * (0.5 + i as f64)],
            Place::Grasp | Place::Empty => [0.0, 0.0, EDGE / 2.0],
        };
        state.blocks[i].position = position;
        let yaw = if place == Place::Wall { 0.2 } else { 0.3 };
        let yaw = if place == Place::Grasp { 0.0 } else { jitter(yaw) };
        state.blocks[i].orientation = math::from_rotation_vector([0.0, 0.0, yaw]);
    }
    if matches!(place, Place::Wall | Place::Five | Place::Barrier) {
        vary(&mut state, rng);
    }
    if place == Place::Crowd {
        // One of the cubes bounces off the floor, and nothing else off anything.
        state.blocks[4].restitution = 0.6;
        state.arena.floor.restitution = 0.6;
    }
    if place == Place::Barrier {
        state.blocks[1].size = [0.3, 0.02, 0.05];
        state.blocks[1].position = [0.0, 0.08, 0.025];
    }
    let Some(position) = state.blocks.first().map(|b| b.position) else { return state };
    for finger in 0..FINGERS {
        let above = toward(finger, position, 0.07);
        reach(&mut state.robot, finger, above);
    }
    state
}

/// Gives every material and mass a value of its own, restitution among them.
fn vary(state: &mut State, rng: &mut Rng) {
    for block in &mut state.blocks {
        block.mass = rng.uniform(0.02, 0.15);
        block.friction = rng.uniform(0.3, 1.2);
        block.restitution = rng.uniform(0.3, 0.6);
    }
    for surface in [&mut state.arena.floor, &mut state.arena.wall] {
        surface.friction = rng.uniform(0.3, 0.8);
        surface.restitution = rng.uniform(0.3, 0.6);
    }
    state.robot.restitution = rng.uniform(0.3, 0.6);
}

/// The point beside another that a finger comes from, at that distance.
pub(crate) fn toward(finger: usize, point: Triple, distance: f64) -> Triple {
    let tip = kinematics::tip(finger, kinematics::of_finger(&RAISED, finger), 0.34);
    let away = [tip[0] - point[0], tip[1] - point[1]];
    let length = math::hypot(away[0], away[1]).max(1e-6);
    [point[0] + away[0] / length * distance, point[1] + away[1] / length * distance, point[2]]
}

/// Puts a finger's tip at a point, or as near as it gets.
pub(crate) fn reach(robot: &mut RobotState, finger: usize, target: Triple) {
    let near = kinematics::of_finger(&robot.joint_positions, finger);
    let joints = kinematics::inverse(finger, target, robot.height, near).joints;
    robot.joint_positions[3 * finger..3 * finger + 3].copy_from_slice(&joints);
}

/// Random commands whose fingers work the blocks.
pub(crate) struct Worker {
    rng: Rng,
    targets: [Triple; FINGERS],
    left: [u64; FINGERS],
}

impl Worker {
    pub(crate) fn new(rng: Rng) -> Self {
        Self { rng, targets: [[0.0; 3]; FINGERS], left: [0; FINGERS] }
    }

    /// The next command: each finger goes for a point in a block for some steps, sometimes far
    /// from all of them, and now and then all joints get random torques.
    pub(crate) fn command(&mut self, state: &State) -> Command {
        let rng = &mut self.rng;
        let mut joints: Nine = state.robot.joint_positions;
        for finger in 0..FINGERS {
            if self.left[finger] == 0 {
                self.left[finger] = 3 + rng.below(12);
                self.targets[finger] = if state.blocks.is_empty() || rng.below(8) == 0 {
                    let angle = rng.uniform(-3.1, 3.1);
                    math::from_cylindrical([rng.uniform(0.0, 0.2), angle, rng.uniform(0.02, 0.2)])
                } else {
                    let block = &state.blocks[rng.below(state.blocks.len() as u64) as usize];
                    std::array::from_fn(|i| {
                        block.position[i] + rng.uniform(-0.3, 0.3) * block.size[i]
                    })
                };
            }
            self.left[finger] -= 1;
            let near = kinematics::of_finger(&state.robot.joint_positions, finger);
            let target = self.targets[finger];
            let solution = kinematics::inverse(finger, target, state.robot.height, near);
            joints[3 * finger..3 * finger + 3].copy_from_slice(&solution.joints);
        }
        if rng.below(12) == 0 {
            Command::JointTorques(std::array::from_fn(|_| rng.uniform(-0.36, 0.36)))
        } else {
            Command::JointPositions(joints)
        }
    }
}

/// Every number of a state as its bits.
pub(crate) fn bits(state: &State) -> Vec<u64> {
    fn walk(value: &serde_json::Value, bits: &mut Vec<u64>) {
        match value {
            serde_json::Value::Number(number) => match number.as_u64() {
                Some(whole) => bits.push(whole),
                None => bits.push(number.as_f64().map_or(u64::MAX, f64::to_bits)),
            },
            // What JSON has no number for, NaN or an infinity, reads as null.
            serde_json::Value::Null => bits.push(u64::MAX),
            serde_json::Value::Array(values) => values.iter().for_each(|v| walk(v, bits)),
            serde_json::Value::Object(values) => values.values().for_each(|v| walk(v, bits)),
            _ => {}
        }
    }
    let mut bits = Vec::new();
    walk(&serde_json::to_value(state).expect("a state is JSON"), &mut bits);
    bits
}

/// The bits of what moves: joints and blocks.
pub(crate) fn motion(state: &State) -> Vec<u64> {
    let robot = &state.robot;
    let joints = robot.joint_positions.iter().chain(&robot.joint_velocities);
    let blocks = state.blocks.iter().flat_map(|b| {
        (b.position.iter().chain(&b.orientation))
            .chain(&b.linear_velocity)
            .chain(&b.angular_velocity)
    });
    joints.chain(blocks).map(|x| x.to_bits()).collect()
}

/// The 64-bit FNV-1a hash of some bits, least byte first.
pub(crate) fn fnv1a(bits: &[u64]) -> u64 {
    bits.iter().flat_map(|b| b.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// How the physics of a roll-out is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) preset: Preset,
    pub(crate) substeps: u32,
    pub(crate) skip_frame: u32,
}

impl Setting {
    pub(crate) fn world(self) -> World {
        let physics = Physics { substeps: self.substeps, ..self.preset.physics() };
        World::new(physics, self.skip_frame).expect("the presets are in range")
    }
}

/// The settings of the roll-outs, and for how many control steps each scene runs under them.
pub(crate) const SETTINGS: [(Setting, usize); 6] = [
    (Setting { preset: Preset::Accurate, substeps: 1, skip_frame: 3 }, 120),
    (Setting { preset: Preset::Accurate, substeps: 1, skip_frame: 10 }, 50),
    (Setting { preset: Preset::Accurate, substeps: 2, skip_frame: 3 }, 40),
    (Setting { preset: Preset::Reference, substeps: 1, skip_frame: 3 }, 80),
    (Setting { preset: Preset::Reference, substeps: 1, skip_frame: 10 }, 40),
    (Setting { preset: Preset::Reference, substeps: 2, skip_frame: 3 }, 20),
];

/// A step that was taken.
pub(crate) struct Transition {
    pub(crate) setting: Setting,
    pub(crate) place: Place,
    pub(crate) state: State,
    pub(crate) command: Command,
    /// The state that came of it, in a run from the scene's beginning.
    pub(crate) next: State,
    pub(crate) contacts: Contacts,
}

/// What of the contact that these tests are about happened in a step.
pub(crate) fn in_contact(contacts: &Contacts) -> bool {
    contacts.couplings.iter().any(|c| {
        let block = |e| matches!(e, Entity::Block(_));
        let between = match (c.first, c.second) {
            (Entity::Finger(_), other) => block(other),
            (first, second) => block(first) && (block(second) || second == Entity::Wall),
        };
        between && c.impulse > 0.0
    })
}

/// A roll-out of a scene: the states, commands and contacts of a continued run.
pub(crate) fn roll_out(place: Place, setting: Setting, steps: usize, seed: u64) -> Vec<Transition> {
    let mut world = setting.world();
    let mut rng = Rng::stream(seed, place as u64, "scene");
    let mut worker = Worker::new(Rng::stream(seed, place as u64, "worker"));
    let mut state = initial(place, &mut rng);
    (0..steps)
        .map(|_| {
            let command = worker.command(&state);
            let mut next = state.clone();
            world.step(&state, &command, &mut next);
            let before = std::mem::replace(&mut state, next.clone());
            let contacts = world.contacts().clone();
            Transition { setting, place, state: before, command, next, contacts }
        })
        .collect()
}

/// The seed of the shared roll-outs.
pub(crate) const SEED: u64 = 2026;

/// The roll-outs of all scenes under all settings, made once.
pub(crate) fn transitions() -> &'static [Transition] {
    static MADE: OnceLock<Vec<Transition>> = OnceLock::new();
    MADE.get_or_init(|| {
        SETTINGS
            .iter()
            .flat_map(|&(setting, steps)| {
                PLACES.into_iter().flat_map(move |place| roll_out(place, setting, steps, SEED))
            })
            .collect()
    })
}
