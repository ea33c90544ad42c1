//! Whether a state is of this world; where it is not, which settings differ.

use super::episode::world_id;
use super::{Config, Env};
use crate::error::{Error, Result};
use crate::task::{Family, registry};
use crate::world::{Preset, State};

/// Ticks per control step that are tried to find the world of a state.
const TICKS: std::ops::RangeInclusive<u32> = 1..=100;

impl Env {
    /// Refuses a state of another world, with the settings that differ where they are found.
    pub(super) fn check_world(&self, state: &State) -> Result<()> {
        let own = self.state().world;
        if state.world == own {
            return Ok(());
        }
        let differ = self.differences(state.world);
        let differ = differ.unwrap_or_else(|| {
            "family, task_params, physics and skip_frame must agree".to_string()
        });
        let reason = format!(
            "its world id is {:016x}, this world's is {own:016x}; {differ}; make the environment with \
             the settings of the state's",
            state.world
        );
        Err(Error::OtherWorld { reason })
    }

    /// How the settings of a world differ from this one's, by its id, in as few of them as possible:
    /// built-in families, presets and numbers of ticks are tried.
    fn differences(&self, world: u64) -> Option<String> {
        let config = self.config();
        let families = registry::names().filter_map(|name| Family::named(name).ok());
        let families = std::iter::once(self.family().clone()).chain(families);
        let presets = [Preset::Accurate, Preset::Reference].map(Preset::physics);
        let mut found: Vec<Vec<String>> = Vec::new();
        for (turn, family) in families.enumerate() {
            for physics in std::iter::once(config.physics).chain(presets) {
                for skip_frame in TICKS {
                    let other = Config { physics, skip_frame, ..config.clone() };
                    if world_id(&family, &other) != world {
                        continue;
                    }
                    let mut differ = Vec::new();
                    if turn > 0 {
                        let own = self.family().name();
                        differ.push(format!("family {}, not {own}", family.name()));
                    }
                    if skip_frame != config.skip_frame {
                        differ.push(format!("skip_frame {skip_frame}, not {}", config.skip_frame));
                    }
                    if physics != config.physics {
                        let name = |physics| Preset::of(physics).map_or("custom", Preset::name);
                        let own = name(&config.physics);
                        differ.push(format!("physics {}, not {own}", name(&physics)));
                    }
                    found.push(differ);
                }
            }
        }
        let fewest = found.into_iter().filter(|differ| !differ.is_empty()).min_by_key(Vec::len)?;
        Some(format!("the state is of a world with {}", fewest.join(" and ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Physics;

    #[test]
    fn a_state_of_another_world_is_refused_with_the_settings_that_differ() {
        let mut env = Env::new(Config::new("pushing")).unwrap();
        let reference = Preset::Reference.physics();
        let plain = || Config::new("pushing");
        for (config, told) in [
            (Config { skip_frame: 3, ..plain() }, "with skip_frame 3, not 10;"),
            (Config { physics: reference, ..plain() }, "physics reference, not accurate;"),
            (
                Config { physics: reference, skip_frame: 1, ..plain() },
                "skip_frame 1, not 10 and physics reference, not accurate;",
            ),
            (Config::new("picking"), "with family picking, not pushing;"),
            (Config { physics: Physics { passes: 25, ..plain().physics }, ..plain() }, "world id"),
        ] {
            let other = Env::new(config).unwrap();
            let refused = env.set_state(other.state()).unwrap_err().to_string();
            assert!(refused.contains(told), "{told}: {refused}");
            assert_eq!(env.check_state(other.state()).unwrap_err().to_string(), refused);
        }
    }
}
