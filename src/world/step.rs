//! The step: from a state and a command to the next state, a pure function.

use super::contacts::{Contacts, Entity};
use super::engine::Engine;
use super::settings::Physics;
use super::{Scene, State};
use crate::error::Result;
use crate::robot::{Command, controller, dynamics};

/// Two bodies that overlap.
#[derive(Clone, Debug, PartialEq)]
pub struct Penetration {
    /// One body's name.
    pub first: String,
    /// The other body's name.
    pub second: String,
    /// Whether one of the two is a finger.
    pub robot: bool,
    /// How deep they overlap, m.
    pub depth: f64,
}

/// The physics of one world: steps any state of it.
///
/// A world remembers nothing that could change a result: the same state and command give the same
/// next state, bit for bit, whatever the world did before.
pub struct World {
    physics: Physics,
    skip_frame: u32,
    engine: Option<Engine>,
    contacts: Contacts,
}

impl World {
    /// A world with these physics settings and this many ticks per control step.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] where a setting is out of its range.
    pub fn new(physics: Physics, skip_frame: u32) -> Result<Self> {
        physics.check(skip_frame)?;
        Ok(Self { physics, skip_frame, engine: None, contacts: Contacts::default() })
    }

    /// The physics settings.
    pub fn physics(&self) -> &Physics {
        &self.physics
    }

    /// Ticks per control step.
    pub fn skip_frame(&self) -> u32 {
        self.skip_frame
    }

    /// Length of a control step, s.
    pub fn dt(&self) -> f64 {
        self.physics.tick * f64::from(self.skip_frame)
    }

    /// The couplings of the last step.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// Writes into `next` what `state` becomes under `command` after one control step.
    ///
    /// `next` is overwritten whole; counters of episode and step are left as in `state`.
    pub fn step(&mut self, state: &State, command: &Command, next: &mut State) {
        next.clone_from(state);
        let first_passes = self.physics.first_passes_of(state.scene.movable_count());
        let physics = self.physics;
        let engine = engine(&mut self.engine, &physics, state);
        self.contacts.couplings.clear();
        for tick in 0..self.skip_frame {
            let robot = &mut next.robot;
            robot.torques = controller::torques(robot, command);
            let free = dynamics::passive_torques(
                robot,
                physics.robot_drag,
                &next.arena.gravity,
                physics.tick / f64::from(physics.substeps),
            );
            engine.set_joint_torques(&std::array::from_fn(|i| robot.torques[i] + free[i]));
            engine.set_block_drag(&next.blocks);
            let passes = if tick == 0 { first_passes } else { physics.passes };
            engine.tick(next.arena.gravity, passes);
            engine.read_joints(&mut robot.joint_positions, &mut robot.joint_velocities);
            engine.read_blocks(&mut next.blocks);
            engine.report(tick, &mut self.contacts);
        }
        self.contacts.sort();
    }

    /// Every pair of bodies that overlaps in a state, deepest first; no time passes.
    pub fn penetrations(&mut self, state: &State) -> Vec<Penetration> {
        let physics = self.physics;
        let engine = engine(&mut self.engine, &physics, state);
        engine.detect();
        let mut contacts = Contacts::default();
        engine.report(0, &mut contacts);
        let mut found: Vec<Penetration> = contacts
            .couplings
            .iter()
            .filter(|c| c.gap < 0.0)
            .map(|c| Penetration {
                first: name(c.first, &state.scene),
                second: name(c.second, &state.scene),
                robot: matches!(c.first, Entity::Finger(_))
                    || matches!(c.second, Entity::Finger(_)),
                depth: -c.gap,
            })
            .collect();
        found.sort_by(|a, b| b.depth.total_cmp(&a.depth));
        found
    }
}

/// The engine, made on first use, with the state written into it.
fn engine<'a>(slot: &'a mut Option<Engine>, physics: &Physics, state: &State) -> &'a mut Engine {
    let engine = slot.get_or_insert_with(|| Engine::new(physics, state));
    engine.restore(state);
    engine
}

/// An entity's name in messages.
fn name(entity: Entity, scene: &Scene) -> String {
    match entity {
        Entity::Floor => "floor".to_string(),
        Entity::Wall => "stage".to_string(),
        Entity::Finger(i) => format!("robot_finger_{}", crate::robot::FINGER_NAMES[i]),
        Entity::Block(i) => scene.blocks[i].name.clone(),
    }
}
