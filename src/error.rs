//! The one error of the library: each kind names the thing and says what to do.

use crate::math::Triple;

/// The result of everything that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something was refused; nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No variable of this world has that path.
    #[error("unknown variable '{path}'{}", hint(.suggestion))]
    UnknownVariable {
        /// The path that was asked for.
        path: String,
        /// The nearest path that exists, where one is near.
        suggestion: Option<String>,
    },
    /// A value lies outside the intervention space in force.
    #[error("'{path}' = {value:?} is outside [{low:?}, {high:?}]; choose a value inside")]
    OutOfSpace {
        /// The variable's path.
        path: String,
        /// The value asked for.
        value: Vec<f64>,
        /// The lowest value allowed, per component.
        low: Vec<f64>,
        /// The highest value allowed, per component.
        high: Vec<f64>,
    },
    /// A variable for which the intervention space in force has no values.
    #[error("'{path}' cannot be set: {reason}")]
    NotInSpace {
        /// The variable's path.
        path: String,
        /// What the space says of it.
        reason: String,
    },
    /// A value can not be meant, in any space (a negative mass, a zero quaternion).
    #[error("'{path}' = {value:?} is not possible: {reason}")]
    Impossible {
        /// The variable's path.
        path: String,
        /// The value asked for.
        value: Vec<f64>,
        /// What it would have to be.
        reason: String,
    },
    /// Two bodies would interpenetrate.
    #[error("infeasible: {first} and {second} would overlap by {:.2} mm", .depth * 1e3)]
    Infeasible {
        /// One body.
        first: String,
        /// The other body.
        second: String,
        /// How deep they would overlap, m.
        depth: f64,
    },
    /// A goal would leave the region that the robot can work in.
    #[error("infeasible: {name} at {position:?} would leave the arena")]
    OutOfArena {
        /// The goal's name.
        name: String,
        /// Its position, m.
        position: Triple,
    },
    /// A variable belongs to this world but may not be set like this in this task family.
    #[error("'{path}' can not be set in {family}: {reason}")]
    OutOfFamily {
        /// The variable's path.
        path: String,
        /// The family's name.
        family: String,
        /// Why, and what can be done instead.
        reason: String,
    },
    /// A scene with more of something than the observation was declared for.
    #[error("the scene would have {found} {what}, but {limit} is {most}; choose a larger one")]
    TooMany {
        /// Of what there are too many.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// The setting that bounds them.
        limit: &'static str,
        /// Its value.
        most: usize,
    },
    /// A value of the wrong shape.
    #[error("{what}: expected {expected}, got {found}")]
    Shape {
        /// What was given.
        what: String,
        /// The shape it should have.
        expected: String,
        /// The shape it has.
        found: String,
    },
    /// A number that is not finite.
    #[error("{what} contains {value}; every number must be finite")]
    NotFinite {
        /// What was given.
        what: String,
        /// The offending number.
        value: f64,
    },
    /// A name that is none of the known ones.
    #[error("unknown {what} '{name}'; known: {known}")]
    UnknownName {
        /// What kind of name.
        what: &'static str,
        /// The name given.
        name: String,
        /// The known names, comma separated.
        known: String,
    },
    /// A state, or a description, that belongs to another world.
    #[error("this belongs to another world: {reason}")]
    OtherWorld {
        /// How the two differ.
        reason: String,
    },
    /// A document that could not be understood.
    #[error("{what}: at {path}: {reason}")]
    Malformed {
        /// Which document.
        what: String,
        /// Where in it.
        path: String,
        /// What is wrong and what was expected.
        reason: String,
    },
    /// A setting out of its range.
    #[error("setting {name} = {value}: {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The value given.
        value: String,
        /// What it must be.
        reason: &'static str,
    },
    /// A call out of order, such as a step before the first reset.
    #[error("{0}")]
    Order(&'static str),
    /// One world of a batch refused; the index counts from 0.
    #[error("world {world}: {error}")]
    InWorld {
        /// Which world.
        world: usize,
        /// Why it refused.
        error: Box<Error>,
    },
    /// A scene that would be observed in another length than the other worlds of its batch.
    #[error(
        "a world of this batch would have {found} numbers in its {what}, the others have {expected}; make the batch with max_blocks, or max_entities for entity sets"
    )]
    OutOfBatch {
        /// What would have another length.
        what: &'static str,
        /// How many numbers it would have.
        found: usize,
        /// How many it has in this batch.
        expected: usize,
    },
    /// A defect: the code of a world, or of its task, panicked.
    #[error("it panicked, a defect of the task or of trifactor: {reason}; begin anew with a reset")]
    Panicked {
        /// What the panic said.
        reason: String,
    },
    /// A graphics processor that can not be had, or failed.
    #[error("no graphics processor draws: {reason}; the renderer 'software' draws everywhere")]
    Device {
        /// What is missing, or went wrong.
        reason: String,
    },
    /// A file that could not be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file's path.
        path: String,
        /// The system's reason.
        reason: String,
    },
}

impl Error {
    /// Whether an intervention was understood and refused, so that another may be accepted.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::OutOfSpace { .. }
                | Self::NotInSpace { .. }
                | Self::Impossible { .. }
                | Self::Infeasible { .. }
                | Self::OutOfArena { .. }
                | Self::OutOfFamily { .. }
                | Self::TooMany { .. }
                | Self::OutOfBatch { .. }
        )
    }

    /// The same error, with the world of a batch that it is of.
    #[must_use]
    pub fn in_world(self, world: usize) -> Self {
        Self::InWorld { world, error: Box::new(self) }
    }
}

fn hint(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|s| format!("; did you mean '{s}'?")).unwrap_or_default()
}

/// Refuses the first number that is not finite.
pub fn all_finite(what: &str, values: &[f64]) -> Result<()> {
    match values.iter().find(|v| !v.is_finite()) {
        Some(&value) => Err(Error::NotFinite { what: what.to_string(), value }),
        None => Ok(()),
    }
}
