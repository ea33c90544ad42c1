//! The actors that draw variables: domain randomisation, and its parts by kind of variable.

use super::{Actor, Moment};
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::variable::{Space, Variable, matches, split};

/// What the reference's random actor varies (facts 8.1), as globs over paths; what it can not vary
/// (gravity, delays, noise, …) and joint positions are not among them.
pub const REFERENCE_VARIABLES: [&str; 8] = [
    "*/color",
    "*/cylindrical_position",
    "*/euler_orientation",
    "*/mass",
    "*/size",
    "floor/friction",
    "stage/friction",
    "task/*",
];

/// Sets a set of variables to draws from a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    name: String,
    globs: Vec<String>,
    group: Option<String>,
    space: Option<Space>,
}

impl Draws {
    fn of(name: &str, globs: &[&str]) -> Self {
        let globs = globs.iter().map(ToString::to_string).collect();
        Self { name: name.to_string(), globs, group: None, space: None }
    }

    /// Domain randomisation: everything that the reference's random actor varies, sizes and
    /// positions together.
    pub fn random() -> Self {
        Self::of("random_actor", &REFERENCE_VARIABLES)
    }

    /// Poses of blocks: of everything whose name begins with `tool`.
    pub fn rigid_pose(positions: bool, orientations: bool) -> Self {
        let globs =
            [(positions, "tool*/cylindrical_position"), (orientations, "tool*/euler_orientation")];
        let globs: Vec<&str> = globs.iter().filter(|(on, _)| *on).map(|(_, glob)| *glob).collect();
        Self::of("rigid_pose_actor", &globs)
    }

    /// The mass of everything whose name begins with that (`tool`, `robot`, `floor`, `stage`), or
    /// the friction of what has no mass to be set.
    pub fn physical_properties(group: &str) -> Self {
        let mut all = Self::of("physical_properties_actor", &["*/mass", "*/friction"]);
        all.group = Some(group.to_string());
        all
    }

    /// Every colour, as the reference's, and what it can not vary: patterns, light, cameras.
    pub fn visual() -> Self {
        Self::of("visual_actor", &["*/color", "*/pattern*", "light/*", "camera_*/*"])
    }

    /// The same actor over other variables, by globs over paths.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no path.
    pub fn over(mut self, globs: &[String]) -> Result<Self> {
        if let Some(glob) = globs.iter().find(|glob| split(glob).is_none()) {
            return Err(Error::Malformed {
                what: self.name,
                path: glob.clone(),
                reason: "expected entity/attribute, such as tool_block/mass or */mass".to_string(),
            });
        }
        self.globs = globs.to_vec();
        Ok(self)
    }

    /// The same actor drawing from a space of its own in place of the one in force.
    pub fn from(mut self, space: Space) -> Self {
        self.space = Some(space);
        self
    }
}

impl Actor for Draws {
    fn name(&self) -> &str {
        &self.name
    }

    fn act(&mut self, moment: &mut Moment<'_>) -> Result<Intervention> {
        let space = self.space.clone();
        let (state, rules) = (moment.state(), moment.rules());
        let drawn_from = space.as_ref().unwrap_or(moment.space());
        let heavy = |entity: &str| {
            Variable::find(&state.scene, rules, &format!("{entity}/mass"))
                .is_ok_and(|v| drawn_from.draws(&v, state, rules))
        };
        let mut weighed: Vec<String> = Vec::new();
        if let Some(group) = &self.group {
            let all = Variable::all(&state.scene, rules).into_iter();
            let names = all.map(|v| v.entity.name(&state.scene)).filter(|n| n.starts_with(group));
            weighed = names.filter(|name| heavy(name)).collect();
        }
        let chosen = |path: &str| {
            let of_group = self.group.as_ref().is_none_or(|group| {
                let (entity, attribute) = split(path).unwrap_or((path, ""));
                let weighed = weighed.iter().any(|name| name == entity);
                entity.starts_with(group) && !(attribute == "friction" && weighed)
            });
            of_group && self.globs.iter().any(|glob| matches(glob, path))
        };
        moment.draw(space.as_ref(), &chosen, None)
    }

    fn another(&self) -> Box<dyn Actor> {
        Box::new(self.clone())
    }
}
