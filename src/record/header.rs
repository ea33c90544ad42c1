//! What a data set says of itself: format, world, which columns it has.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::causal::Strength;
use crate::env::{Description, Env};
use crate::error::{Error, Result};
use crate::robot::JOINTS;

/// The version of the format; it goes up with every change that older readers would misunderstand.
pub const FORMAT_VERSION: u32 = 1;

/// What the schema's metadata call the format, its version, the release that wrote it, the world,
/// the masks' strength, the policy, the notes.
const FORMAT: (&str, &str) = ("trifactor.format", "trifactor episodes");
const VERSION: &str = "trifactor.version";
const PROGRAM: &str = "trifactor.program";
const WORLD: &str = "trifactor.world";
const MASKS: &str = "trifactor.masks";
const POLICY: &str = "trifactor.policy";
const NOTES: &str = "trifactor.notes";

/// How exactly observations are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// As numbers of 32 bits, as agents usually see them.
    #[default]
    Float32,
    /// As numbers of 64 bits.
    Float64,
}

/// What a data set says of itself: enough to make its environment again.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The world that it was recorded in.
    pub world: Description,
    /// How exactly observations are kept; `None` where they are not.
    pub observations: Option<Precision>,
    /// What counts as influence in the steps' local causal masks; `None` where there are none.
    pub masks: Option<Strength>,
    /// What chose the actions; a policy's name, or empty.
    pub policy: String,
    /// Anything else to be kept with it, as JSON or plain text.
    pub notes: String,
}

impl Header {
    /// The header of an environment's data set, with observations of 32 bits and without masks.
    pub fn of(env: &Env) -> Self {
        Self {
            world: env.description(),
            observations: Some(Precision::default()),
            masks: None,
            policy: String::new(),
            notes: String::new(),
        }
    }

    /// What keeps a recording of another header from going on with this one's data set.
    pub(super) fn differing(&self, other: &Self) -> Vec<&'static str> {
        let same = [
            ("world", self.world == other.world.bound_as(&self.world)),
            ("precision of observations", self.observations == other.observations),
            ("strength of masks", self.masks == other.masks),
            ("policy", self.policy == other.policy),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }

    /// The environment whose transitions were recorded, without a curriculum: what its actors did
    /// stands in the episodes.
    ///
    /// # Errors
    /// As [`Env::from_description`].
    pub fn env(&self) -> Result<Env> {
        Env::from_description(&self.world.of_transitions())
    }

    /// The columns, with what is said of them all.
    pub(super) fn schema(&self) -> Result<SchemaRef> {
        let metadata = HashMap::from([
            (FORMAT.0.to_string(), FORMAT.1.to_string()),
            (VERSION.to_string(), FORMAT_VERSION.to_string()),
            (PROGRAM.to_string(), env!("CARGO_PKG_VERSION").to_string()),
            (WORLD.to_string(), self.world.to_json()?),
            (MASKS.to_string(), self.masks.map_or("none", Strength::name).to_string()),
            (POLICY.to_string(), self.policy.clone()),
            (NOTES.to_string(), self.notes.clone()),
        ]);
        let mut fields = vec![
            Field::new("world", DataType::UInt32, false),
            Field::new("seed", DataType::UInt64, false),
            Field::new("episode", DataType::UInt64, false),
            Field::new("step", DataType::UInt64, false),
            Field::new("kind", DataType::Utf8, false),
            Field::new("action", nine(), true),
            Field::new("reward", DataType::Float64, true),
            Field::new("terminated", DataType::Boolean, false),
            Field::new("truncated", DataType::Boolean, false),
            Field::new("intervened", DataType::Boolean, false),
            Field::new("success", DataType::Boolean, false),
            Field::new("fractional_success", DataType::Float64, false),
            Field::new("interventions", DataType::Utf8, true),
        ];
        if let Some(precision) = self.observations {
            let number = match precision {
                Precision::Float32 => DataType::Float32,
                Precision::Float64 => DataType::Float64,
            };
            fields.push(Field::new("observation", list(number), false));
        }
        if self.masks.is_some() {
            fields.push(Field::new("mask", list(DataType::Boolean), true));
            fields.push(Field::new("pairs", list(DataType::Float64), true));
        }
        for name in MOVED {
            fields.push(Field::new(name, nine(), false));
        }
        fields.push(Field::new("blocks", list(DataType::Float64), false));
        fields.push(Field::new("context", DataType::Utf8, true));
        fields.push(Field::new("digest", DataType::Binary, true));
        Ok(Arc::new(Schema::new_with_metadata(fields, metadata)))
    }

    /// The header that a schema says.
    pub(super) fn from_schema(schema: &Schema) -> Result<Self> {
        let malformed = |path: &str, reason: String| Error::Malformed {
            what: "episodes".to_string(),
            path: path.to_string(),
            reason,
        };
        let said = |key: &str| schema.metadata.get(key).map(String::as_str).unwrap_or_default();
        if said(FORMAT.0) != FORMAT.1 {
            let reason =
                format!("expected '{}', found '{}': it is no data set", FORMAT.1, said(FORMAT.0));
            return Err(malformed(FORMAT.0, reason));
        }
        if said(VERSION) != FORMAT_VERSION.to_string() {
            let (found, program) = (said(VERSION), said(PROGRAM));
            let reason = format!(
                "it has version {found}, written by trifactor {program}; this release reads \
                 version {FORMAT_VERSION}: use the release that wrote it, or a newer one"
            );
            return Err(malformed(VERSION, reason));
        }
        let observations = match schema.field_with_name("observation") {
            Ok(field) if *field.data_type() == list(DataType::Float64) => Some(Precision::Float64),
            Ok(_) => Some(Precision::Float32),
            Err(_) => None,
        };
        let masks = match said(MASKS) {
            "none" => None,
            strength => Some(Strength::parse(strength)?),
        };
        let header = Self {
            world: Description::from_json(said(WORLD))?,
            observations,
            masks,
            policy: said(POLICY).to_string(),
            notes: said(NOTES).to_string(),
        };
        let own = header.schema()?;
        match own.fields() == schema.fields() {
            true => Ok(header),
            false => Err(malformed("columns", difference(&own, schema))),
        }
    }
}

/// The columns of nine numbers that a control step changes, in their order.
pub(super) const MOVED: [&str; 5] =
    ["joint_positions", "joint_velocities", "joint_targets", "joint_torques", "queued_action"];

/// Nine numbers, one per joint.
fn nine() -> DataType {
    DataType::FixedSizeList(item(DataType::Float64), JOINTS as i32)
}

/// As many as there are.
fn list(number: DataType) -> DataType {
    DataType::List(item(number))
}

/// What stands in a list: its values are never missing.
pub(super) fn item(number: DataType) -> Arc<Field> {
    Arc::new(Field::new("item", number, false))
}

fn difference(own: &Schema, found: &Schema) -> String {
    let text = |schema: &Schema| {
        let fields = schema.fields().iter().map(|f| format!("{}: {}", f.name(), f.data_type()));
        fields.collect::<Vec<_>>().join(", ")
    };
    format!("expected {}; found {}", text(own), text(found))
}
