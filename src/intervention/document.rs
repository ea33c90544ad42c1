//! Interventions as JSON: paths, or the reference's two-level names.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Intervention;
use crate::variable::of_reference;

impl Serialize for Intervention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (path, value) in &self.values {
            match value.as_slice() {
                [number] => map.serialize_entry(path, number)?,
                numbers => map.serialize_entry(path, numbers)?,
            }
        }
        map.end()
    }
}

/// What may stand under a top-level name.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected a number, a list of numbers, or a map of these")]
enum Entry {
    Number(f64),
    Numbers(Vec<f64>),
    Entity(BTreeMap<String, Value>),
}

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected a number or a list of numbers")]
enum Value {
    Number(f64),
    Numbers(Vec<f64>),
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Intervention;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a map from variables to values")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Intervention, M::Error> {
        let mut values = BTreeMap::new();
        let mut put = |path: String, value: Vec<f64>| match values.insert(path.clone(), value) {
            Some(_) => Err(de::Error::custom(format!("'{path}' is set twice"))),
            None => Ok(()),
        };
        while let Some(top) = map.next_key::<String>()? {
            match map.next_value()? {
                Entry::Number(number) => put(of_reference(&top, None), vec![number])?,
                Entry::Numbers(numbers) => put(of_reference(&top, None), numbers)?,
                Entry::Entity(below) => {
                    for (name, value) in below {
                        let value = match value {
                            Value::Number(number) => vec![number],
                            Value::Numbers(numbers) => numbers,
                        };
                        put(of_reference(&top, Some(&name)), value)?;
                    }
                }
            }
        }
        Ok(Intervention { values })
    }
}

impl<'de> Deserialize<'de> for Intervention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Intervention, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn paths_and_the_references_two_levels_mean_the_same() {
        let paths = read(
            r#"{"tool_block/mass": 0.05, "floor/friction": 0.6, "world/gravity": [0, 0, -9],
                "robot/joint_positions": [0,0,0,0,0,0,0,0,0]}"#,
        );
        let levels = read(
            r#"{"tool_block": {"mass": 0.05}, "floor_friction": 0.6, "gravity": [0, 0, -9],
                "joint_positions": [0,0,0,0,0,0,0,0,0]}"#,
        );
        assert_eq!(paths.unwrap(), levels.unwrap());
    }

    #[test]
    fn an_intervention_survives_a_write_and_a_read() {
        let made = Intervention::new()
            .with("tool_block/mass", [0.1 + 0.2])
            .with("world/gravity", [0.0, -0.0, -9.81]);
        let text = serde_json::to_string(&made).unwrap();
        assert_eq!(
            text,
            r#"{"tool_block/mass":0.30000000000000004,"world/gravity":[0.0,-0.0,-9.81]}"#
        );
        assert_eq!(read(&text).unwrap(), made);
    }

    #[test]
    fn one_variable_under_two_names_is_refused() {
        let message = read(r#"{"floor/friction": 0.5, "floor_friction": 0.6}"#).unwrap_err();
        assert!(message.to_string().contains("'floor/friction' is set twice"), "{message}");
        assert!(read(r#"{"floor_friction": "high"}"#).is_err());
    }
}
