//! Curricula as JSON.

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Draws, Goal, Interpolation, Joints, Pace, Widening};
use super::schedule::{Active, Curriculum};
use crate::env::{Description, Director, Env};
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::task::Family;
use crate::variable::{Space, Subspace};

/// A curriculum as JSON: `{"space": "A", "actors": [{"actor": "goal", "active": [0, null, 1, 0]}]}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurriculumDocument {
    /// The space in force; the environment's where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<Space>,
    /// The actors, in the order in which they act.
    pub actors: Vec<Entry>,
}

/// An actor and when it acts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The actor.
    #[serde(flatten)]
    pub actor: ActorDocument,
    /// When it acts.
    pub active: Active,
}

/// An actor as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "actor", rename_all = "snake_case")]
pub enum ActorDocument {
    /// New goals: [`Goal`].
    Goal,
    /// Domain randomisation: [`Draws::random`].
    Random {
        /// Globs over the variables, where they are not the reference's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        variables: Option<Vec<String>>,
        /// What is drawn from, where it is not the space in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        space: Option<Space>,
    },
    /// Joint positions: [`Joints`].
    Joints,
    /// Poses of blocks: [`Draws::rigid_pose`].
    RigidPose {
        /// Whether positions are drawn.
        positions: bool,
        /// Whether rotations are drawn.
        orientations: bool,
    },
    /// Masses and frictions: [`Draws::physical_properties`].
    PhysicalProperties {
        /// What the names begin with.
        group: String,
    },
    /// Colours: [`Draws::visual`].
    Visual,
    /// From one world to another: [`Interpolation`].
    Interpolation {
        /// The first world; what it leaves out is what the episode begins with.
        #[serde(default)]
        from: Intervention,
        /// The last world.
        to: Intervention,
        /// The first episode and the last.
        episodes: [u64; 2],
    },
    /// From the start of one family to that of another: [`Interpolation::between`].
    FamilyInterpolation {
        /// The first family.
        from_family: String,
        /// The last family.
        to_family: String,
        /// The first episode and the last.
        episodes: [u64; 2],
    },
    /// A range that widens: [`Widening`].
    Widening {
        /// Globs over the variables.
        variables: Vec<String>,
        /// What is drawn from, where it is not the space in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        space: Option<Space>,
        /// How it widens.
        #[serde(default)]
        pace: Pace,
    },
    /// One of the caller's own, by its place in a list.
    Custom {
        /// The place, from 0.
        index: usize,
    },
}

impl CurriculumDocument {
    /// One of the paper's, as [`Curriculum::named`] has it.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn named(name: &str) -> Result<Self> {
        let always = |actor| Entry { actor, active: Active::ALWAYS };
        let actors = match name {
            "0" => vec![],
            "1" => vec![always(ActorDocument::Goal)],
            "2" => vec![always(ActorDocument::Random { variables: None, space: None })],
            _ => {
                return Err(Error::UnknownName {
                    what: "curriculum",
                    name: name.to_string(),
                    known: "0, 1, 2".to_string(),
                });
            }
        };
        Ok(Self { space: Some(Subspace::A.into()), actors })
    }

    /// The document of a JSON text.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place in it.
    pub fn from_json(json: &str) -> Result<Self> {
        let mut reader = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| Error::Malformed {
            what: "curriculum".to_string(),
            path: error.path().to_string(),
            reason: error.into_inner().to_string(),
        })
    }

    /// The curriculum; `custom` makes the caller's own actors.
    ///
    /// # Errors
    /// What is wrong with an actor.
    pub fn build(&self, custom: impl Fn(usize) -> Result<Box<dyn Actor>>) -> Result<Curriculum> {
        let mut curriculum = Curriculum::new();
        if let Some(space) = &self.space {
            curriculum = curriculum.within(space.clone());
        }
        for Entry { actor, active } in &self.actors {
            let actor = match actor {
                ActorDocument::Custom { index } => custom(*index)?,
                actor => actor.build()?,
            };
            curriculum = curriculum.and(actor, *active)?;
        }
        Ok(curriculum.of(self))
    }
}

/// The environment that was described, with its curriculum, which begins anew.
///
/// # Errors
/// As [`Env::from_description`]; what is wrong with the curriculum.
pub fn from_description(description: &Description) -> Result<Env> {
    let curriculum = description.curriculum.as_ref().map(|document| {
        let document = CurriculumDocument::from_json(&document.to_string())?;
        document.build(|_| Err(Error::Order("no custom actor was given")))
    });
    let curriculum = curriculum.transpose()?;
    let mut env = Env::from_description(&Description { curriculum: None, ..description.clone() })?;
    env.set_director(curriculum.map(|own| Box::new(own) as Box<dyn Director>));
    Ok(env)
}

impl ActorDocument {
    /// The actor; of the caller's own there is none.
    fn build(&self) -> Result<Box<dyn Actor>> {
        let from = |draws: Draws, space: &Option<Space>| match space {
            Some(space) => draws.from(space.clone()),
            None => draws,
        };
        Ok(match self {
            Self::Goal => Box::new(Goal),
            Self::Joints => Box::new(Joints),
            Self::Visual => Box::new(Draws::visual()),
            Self::Random { variables: None, space } => Box::new(from(Draws::random(), space)),
            Self::Random { variables: Some(globs), space } => {
                Box::new(from(Draws::random().over(globs)?, space))
            }
            Self::RigidPose { positions, orientations } => {
                Box::new(Draws::rigid_pose(*positions, *orientations))
            }
            Self::PhysicalProperties { group } => Box::new(Draws::physical_properties(group)),
            Self::Interpolation { from, to, episodes } => {
                Box::new(Interpolation::new(from.clone(), to.clone(), *episodes)?)
            }
            Self::FamilyInterpolation { from_family, to_family, episodes } => {
                let (from, to) = (Family::named(from_family)?, Family::named(to_family)?);
                Box::new(Interpolation::between(&from, &to, *episodes)?)
            }
            Self::Widening { variables, space, pace } => {
                Box::new(Widening::new(variables, space.clone(), *pace)?)
            }
            Self::Custom { .. } => return Err(Error::Order("no custom actor was given")),
        })
    }
}
