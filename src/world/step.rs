//! The step: from a state and a command to the next state, a pure function.

use super::contacts::{Contacts, Entity};
use super::native::{Native, Sweep, Sweeper};
use super::settings::{self, Physics};
use super::{Scene, State, rapier};
use crate::error::Result;
use crate::robot::{Command, controller};

/// What computes a tick.
enum Engine {
    Native(Box<Native>),
    Rapier(Box<rapier::Slot>),
}

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
    engine: Engine,
    contacts: Contacts,
    sweeper: Option<Box<Sweeper>>,
}

impl World {
    /// A world with these physics settings and this many ticks per control step.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] where a setting is out of its range.
    pub fn new(physics: Physics, skip_frame: u32) -> Result<Self> {
        physics.check(skip_frame)?;
        let engine = match physics.engine {
            settings::Engine::Native => Engine::Native(Box::new(Native::new(&physics))),
            settings::Engine::Rapier => Engine::Rapier(Box::new(rapier::Slot::new(&physics))),
        };
        Ok(Self { physics, skip_frame, engine, contacts: Contacts::default(), sweeper: None })
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

    /// Makes a report that of the last step, as in the world whose place this one takes.
    pub(crate) fn set_contacts(&mut self, contacts: &Contacts) {
        self.contacts.clone_from(contacts);
    }

    /// Whether to record where every part was in every tick, from the next step on; the results
    /// stay the same.
    pub fn record_sweeps(&mut self, on: bool) {
        self.sweeper = on.then(|| Box::new(Sweeper::new()));
    }

    /// Where every part was in the last step, if it is recorded.
    pub fn sweep(&self) -> Option<&Sweep> {
        self.sweeper.as_ref().map(|sweeper| &sweeper.sweep)
    }

    /// Writes into `next` what `state` becomes under `command` after one control step.
    ///
    /// `next` is overwritten whole; counters of episode and step are left as in `state`.
    pub fn step(&mut self, state: &State, command: &Command, next: &mut State) {
        next.clone_from(state);
        let first_passes = self.physics.first_passes_of(state.scene.movable_count());
        let skip_frame = self.skip_frame;
        let passes = |tick| if tick == 0 { first_passes } else { self.physics.passes };
        self.contacts.couplings.clear();
        let physics = &self.physics;
        let mut begin = |tick, next: &mut State| {
            if let Some(sweeper) = &mut self.sweeper {
                if tick == 0 {
                    sweeper.begin();
                }
                sweeper.add(next, physics);
            }
            next.robot.torques = controller::torques(&next.robot, command);
        };
        match &mut self.engine {
            Engine::Native(engine) => {
                engine.begin();
                for tick in 0..skip_frame {
                    begin(tick, next);
                    engine.tick(next, tick, passes(tick), &mut self.contacts);
                }
            }
            Engine::Rapier(engine) => {
                let engine = engine.at(state);
                for tick in 0..skip_frame {
                    begin(tick, next);
                    engine.tick(next, tick, passes(tick), &mut self.contacts);
                }
            }
        }
        self.contacts.sort();
    }

    /// Every pair of bodies that overlaps in a state, deepest first; no time passes.
    pub fn penetrations(&mut self, state: &State) -> Vec<Penetration> {
        let mut contacts = Contacts::default();
        match &mut self.engine {
            Engine::Native(engine) => engine.detect(state, &mut contacts),
            Engine::Rapier(engine) => engine.at(state).detect(&mut contacts),
        }
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

/// An entity's name in messages.
fn name(entity: Entity, scene: &Scene) -> String {
    match entity {
        Entity::Floor => "floor".to_string(),
        Entity::Wall => "stage".to_string(),
        Entity::Finger(i) => format!("robot_finger_{}", crate::robot::FINGER_NAMES[i]),
        Entity::Block(i) => scene.blocks[i].name.clone(),
    }
}
