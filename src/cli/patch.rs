//! JSON merge patches (RFC 7396): what changed from one value to the next.

use serde_json::{Map, Value};

/// The merge patch that turns `from` into `to`; neither may hold null in an object.
pub(super) fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = Map::new();
    for (key, value) in to {
        match from.get(key) {
            Some(old) if same_bits(old, value) => {}
            Some(old) => {
                patch.insert(key.clone(), difference(old, value));
            }
            None => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// Whether two values are the same to the last bit of every number.
pub(super) fn same_bits(a: &Value, b: &Value) -> bool {
    // The shortest decimal that reads back as the same number tells all its bits, and the sign of
    // zero, which a comparison of numbers does not see.
    let text = Value::to_string;
    a == b && text(a) == text(b)
}

/// Applies a merge patch.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.as_str()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_turns_one_value_into_the_other() {
        let values = [
            json!({"a": 1.0, "b": {"c": [1, 2], "d": 0.0}}),
            json!({"a": 1.0, "b": {"c": [1, 3], "d": -0.0}}),
            json!({"b": {"e": {"f": true}}, "g": "x"}),
            json!({}),
        ];
        for from in &values {
            for to in &values {
                let patch = difference(from, to);
                let mut merged = from.clone();
                merge(&mut merged, &patch);
                assert_eq!(merged.to_string(), to.to_string(), "by {patch}");
            }
        }
        assert_eq!(difference(&values[0], &values[1]), json!({"b": {"c": [1, 3], "d": -0.0}}));
    }
}
