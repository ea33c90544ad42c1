//! Which physics and which release made scores.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::env::Description;
use crate::world::{Engine, Preset};

/// Which physics and which release made scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The version of trifactor.
    pub trifactor: String,
    /// The physics preset, `accurate` or `reference`; `custom` for other settings.
    pub preset: String,
    /// What solves a tick: `native`, trifactor's own solver, or `rapier`.
    pub engine: Engine,
    /// The library that finds contacts, which is also the solver of the engine `rapier`, with its
    /// version.
    pub collision_detection: String,
    /// The version of the environments.
    pub environment: u32,
    /// Ticks per control step.
    pub skip_frame: u32,
}

impl Origin {
    /// The origin of what this release computes in a world.
    pub fn of(world: &Description) -> Self {
        let config = &world.config;
        Self {
            trifactor: env!("CARGO_PKG_VERSION").to_string(),
            preset: Preset::of(&config.physics).map_or("custom", Preset::name).to_string(),
            engine: config.physics.engine,
            collision_detection: world.engine.clone(),
            environment: world.environment,
            skip_frame: config.skip_frame,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trifactor, preset, collision_detection, environment, skip_frame, .. } = self;
        let engine = self.engine.solver();
        write!(
            out,
            "physics {preset} ({engine}), skip_frame {skip_frame}; trifactor {trifactor}, \
             environment version {environment}, collision detection {collision_detection}"
        )
    }
}
