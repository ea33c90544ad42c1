//! States and physics settings as JSON that outlives a release.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Physics, Preset, State};
use crate::error::{Error, Result};
use crate::saved::{self, Format};

/// How states are written.
const STATE: Format = Format { what: "state", version: 1 };

impl State {
    /// The state as JSON; reading it back gives the same bits.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what JSON can not say; a state of finite numbers has none.
    pub fn to_json(&self) -> Result<String> {
        STATE.write(self)
    }

    /// The state that [`State::to_json`] wrote, in this release or an earlier one.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place: a version that this release can not read, a field that
    /// is missing, unknown or of the wrong kind, a number that no world can have, as many values as
    /// there are blocks or goals not.
    pub fn from_json(json: &str) -> Result<Self> {
        let state: Self = STATE.read(json)?;
        state.check().map_err(|error| {
            let (path, reason) = match error {
                Error::Impossible { path, value, reason } => {
                    (path, format!("{value:?} is not possible: {reason}"))
                }
                Error::Shape { what, expected, found } => {
                    (what, format!("expected {expected}, found {found}"))
                }
                other => (".".to_string(), other.to_string()),
            };
            let path = path.trim_start_matches("state.").to_string();
            Error::Malformed { what: STATE.what.to_string(), path, reason }
        })?;
        Ok(state)
    }

    /// Writes [`State::to_json`] to a file.
    ///
    /// # Errors
    /// [`Error::File`], or as [`State::to_json`].
    pub fn save(&self, path: &Path) -> Result<()> {
        saved::write_file(path, &self.to_json()?)
    }

    /// The state that [`State::save`] wrote.
    ///
    /// # Errors
    /// [`Error::File`], or as [`State::from_json`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::from_json(&saved::read_file(path)?)
    }
}

/// Physics settings as they are written down: the name of a preset, or an object with settings of
/// one's own and, under `preset`, the name of the preset that gives the others.
pub mod physics {
    use super::*;

    /// The settings that a JSON value says.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for an unknown preset, [`Error::Malformed`] for settings that are
    /// unknown or of the wrong kind.
    pub fn from_value(value: Value) -> Result<Physics> {
        let malformed = |path: &str, reason: String| Error::Malformed {
            what: "physics".to_string(),
            path: path.to_string(),
            reason,
        };
        let own: Map<String, Value> = match value {
            Value::String(name) => return Ok(Preset::parse(&name)?.physics()),
            Value::Object(own) => own,
            other => {
                let reason = format!("expected a preset's name or settings, found {other}");
                return Err(malformed(".", reason));
            }
        };
        let mut all = serde_json::to_value(Preset::default().physics()).unwrap_or_default();
        if let Some(name) = own.get("preset") {
            let name = name.as_str().ok_or_else(|| malformed("preset", "no name".to_string()))?;
            all = serde_json::to_value(Preset::parse(name)?.physics()).unwrap_or_default();
        }
        if let Some(all) = all.as_object_mut() {
            all.extend(own.into_iter().filter(|(key, _)| key != "preset"));
        }
        serde_path_to_error::deserialize(all).map_err(|e| {
            let place = e.path().to_string();
            malformed(&place, e.into_inner().to_string())
        })
    }

    /// The settings as [`from_value`] reads them: a preset's name where they are its own.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        physics: &Physics,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        let presets = [Preset::Accurate, Preset::Reference];
        match presets.into_iter().find(|preset| preset.physics() == *physics) {
            Some(preset) => preset.serialize(serializer),
            None => physics.serialize(serializer),
        }
    }

    /// As [`from_value`], from any document.
    ///
    /// # Errors
    /// Those of [`from_value`], as the deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Physics, D::Error> {
        from_value(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn physics_are_a_preset_s_name_or_its_settings_with_some_of_one_s_own() {
        let reference = Preset::Reference.physics();
        let own = Physics { passes: 3, ..reference };
        for (value, expected) in [
            (json!("accurate"), Physics::default()),
            (json!("reference"), reference),
            (json!({}), Physics::default()),
            (json!({"preset": "reference", "passes": 3}), own),
            (serde_json::to_value(own).unwrap(), own),
        ] {
            assert_eq!(physics::from_value(value), Ok(expected));
        }
        for physics in [Physics::default(), reference, own] {
            let value = physics::serialize(&physics, serde_json::value::Serializer).unwrap();
            assert_eq!(value.is_string(), physics != own);
            assert_eq!(physics::from_value(value), Ok(physics));
        }
        for (value, told) in [
            (json!("wishful"), "wishful"),
            (json!({"preset": "wishful"}), "wishful"),
            (json!({"preset": 3}), "at preset"),
            (json!({"sub_steps": 2}), "sub_steps"),
            (json!({"substeps": "two"}), "at substeps"),
            (json!(7), "found 7"),
        ] {
            let refused = physics::from_value(value).unwrap_err().to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }
}
