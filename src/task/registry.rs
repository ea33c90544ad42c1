//! The families that are built in, by name.

use crate::error::{Error, Result};

/// The embedded documents, in the reference's order of families.
const EMBEDDED: [(&str, &str); 9] = [
    ("reaching", include_str!("../../task_generators/reaching.json")),
    ("pushing", include_str!("../../task_generators/pushing.json")),
    ("picking", include_str!("../../task_generators/picking.json")),
    ("pick_and_place", include_str!("../../task_generators/pick_and_place.json")),
    ("stacking2", include_str!("../../task_generators/stacking2.json")),
    ("towers", include_str!("../../task_generators/towers.json")),
    ("stacked_blocks", include_str!("../../task_generators/stacked_blocks.json")),
    ("creative_stacked_blocks", include_str!("../../task_generators/creative_stacked_blocks.json")),
    ("general", include_str!("../../task_generators/general.json")),
];

/// The JSON Schema that every family's document fits.
pub const SCHEMA: &str = include_str!("../../task_generators/schema.json");

/// The names of the built-in families.
pub fn names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, _)| *name)
}

/// The JSON document of a built-in family.
///
/// # Errors
/// [`Error::UnknownName`], with the names there are.
pub fn document(name: &str) -> Result<&'static str> {
    match EMBEDDED.iter().find(|(known, _)| *known == name) {
        Some((_, json)) => Ok(json),
        None => Err(Error::UnknownName {
            what: "task family",
            name: name.to_string(),
            known: names().collect::<Vec<_>>().join(", "),
        }),
    }
}
