//! Physics settings: a handful of numbers with two presets by name.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What computes a tick; both find contacts by Rapier's collision detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Our own: fingers in joint space, one projected Gauss-Seidel solver for all contacts.
    Native,
    /// Rapier's multibodies and its contact solver.
    Rapier,
}

impl Engine {
    /// What solves the contacts, in words.
    pub fn solver(self) -> &'static str {
        match self {
            Self::Native => "native solver",
            Self::Rapier => "Rapier's solver",
        }
    }
}

/// The friction model of contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Friction {
    /// Coulomb's cone at every contact point; the native engine's only one.
    Cone,
    /// One friction constraint and one twist constraint per face between blocks: isotropic.
    Simplified,
    /// Two friction constraints per contact point: closest to the reference, anisotropic.
    Coulomb,
}

/// Physics settings by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The physically best settings.
    #[default]
    Accurate,
    /// The settings closest to the reference simulator.
    Reference,
}

/// How the physics is computed; constant in a world, whatever its state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Physics {
    /// What computes a tick.
    pub engine: Engine,
    /// Length of a tick, s: the controller and contact detection run once per tick.
    pub tick: f64,
    /// Internal integration steps per tick.
    pub substeps: u32,
    /// Solver passes per substep in the first tick of a control step, which starts cold.
    pub first_passes: u32,
    /// Further passes in the first tick for each movable block beyond the first.
    pub first_passes_per_block: u32,
    /// Solver passes per substep in the other ticks.
    pub passes: u32,
    /// The native engine's passes end early for bodies that touch no others when one of them changes
    /// none of their velocities, m/s and rad/s, by more than this; with 0 hardly ever.
    pub pass_tolerance: f64,
    /// Passes that correct velocities after the positions were integrated.
    pub stabilization_passes: u32,
    /// Whether friction is solved in the passes before the position update, as the native engine
    /// always does.
    pub friction_in_bias_pass: bool,
    /// The friction model.
    pub friction: Friction,
    /// Natural frequency of the contacts, Hz.
    pub contact_frequency: f64,
    /// Damping ratio of the contacts.
    pub contact_damping_ratio: f64,
    /// Distance up to which contacts are found ahead of time, m; it must cover speed times tick.
    /// The native engine looks as far as a block flies within the tick where that is farther.
    pub prediction_distance: f64,
    /// A contact found ahead of time is solved where the two bodies' present velocities would
    /// bring its points nearer than this within the tick, m. From `prediction_distance` on, every
    /// contact found is solved.
    pub contact_margin: f64,
    /// Drag coefficient d of every robot link: force −m v (d + d |v|), torque −I ω (d + d |ω|).
    pub robot_drag: f64,
    /// Deepest interpenetration that an intervention may leave between two bodies, m.
    pub penetration_tolerance: f64,
    /// Deepest interpenetration that an intervention may leave at the robot, m.
    pub robot_penetration_tolerance: f64,
}

impl Preset {
    /// The numbers of the preset.
    pub fn physics(self) -> Physics {
        match self {
            Self::Accurate => Physics {
                engine: Engine::Native,
                tick: 0.004,
                substeps: 1,
                first_passes: 160,
                first_passes_per_block: 4,
                passes: 24,
                pass_tolerance: 1e-7,
                stabilization_passes: 4,
                friction_in_bias_pass: true,
                friction: Friction::Cone,
                contact_frequency: 180.0,
                contact_damping_ratio: 1.0,
                prediction_distance: 0.02,
                contact_margin: 0.004,
                robot_drag: 0.5,
                penetration_tolerance: 0.002,
                robot_penetration_tolerance: 0.002,
            },
            Self::Reference => Physics {
                engine: Engine::Rapier,
                tick: 0.004,
                substeps: 1,
                first_passes: 16,
                first_passes_per_block: 8,
                passes: 8,
                pass_tolerance: 0.0,
                stabilization_passes: 0,
                friction_in_bias_pass: true,
                friction: Friction::Coulomb,
                // Together they take 2π f dt / (2π f dt + 2 ζ) = 8 % of a penetration away per
                // tick, as the reference does; docs/physics.md says why for each setting.
                contact_frequency: 1200.0,
                contact_damping_ratio: 173.4,
                prediction_distance: 0.00113,
                contact_margin: 0.00113,
                robot_drag: 0.5,
                penetration_tolerance: 0.03,
                robot_penetration_tolerance: 0.0095,
            },
        }
    }

    /// The preset whose numbers these are; `None` of other settings.
    pub fn of(physics: &Physics) -> Option<Self> {
        [Self::Accurate, Self::Reference].into_iter().find(|preset| preset.physics() == *physics)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accurate => "accurate",
            Self::Reference => "reference",
        }
    }

    /// The preset of that name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "accurate" => Ok(Self::Accurate),
            "reference" => Ok(Self::Reference),
            _ => Err(Error::UnknownName {
                what: "physics preset",
                name: name.to_string(),
                known: "accurate, reference".to_string(),
            }),
        }
    }
}

impl Physics {
    /// Solver passes of the first tick in a scene with that many movable blocks.
    ///
    /// A constant of the scene: a count that followed the blocks' positions would let one block
    /// change another's bits.
    pub fn first_passes_of(&self, movable_blocks: usize) -> u32 {
        self.first_passes + self.first_passes_per_block * (movable_blocks.max(1) as u32 - 1)
    }

    /// How many times the lightest movable block's mass the heaviest may have.
    ///
    /// Both solvers approach the force under a heavy block the more slowly the lighter the block
    /// that passes it on. Up to here one cube on another, and two on one, sink by less than 1 mm.
    pub fn largest_mass_ratio(&self) -> f64 {
        match self.engine {
            Engine::Native => 20.0,
            Engine::Rapier => 10.0,
        }
    }

    /// Refuses settings that no world can be stepped with.
    pub(super) fn check(&self, skip_frame: u32) -> Result<()> {
        self.check_numbers()?;
        self.check_counts(skip_frame)?;
        self.check_engine()
    }

    fn check_numbers(&self) -> Result<()> {
        let above_zero = [
            ("tick", self.tick, 0.1, "must be above 0 and at most 0.1 s"),
            ("contact_frequency", self.contact_frequency, 1e6, "must be above 0, at most 1e6 Hz"),
            (
                "contact_damping_ratio",
                self.contact_damping_ratio,
                1e6,
                "must be above 0 and at most 1e6",
            ),
            ("prediction_distance", self.prediction_distance, 1.0, "must be above 0, at most 1 m"),
            ("contact_margin", self.contact_margin, 1.0, "must be above 0 and at most 1 m"),
        ];
        let fits = |value: f64, most: f64| value > 0.0 && value <= most;
        if let Some((name, value, _, reason)) = above_zero.iter().find(|(_, v, m, _)| !fits(*v, *m))
        {
            return refuse(name, value.to_string(), reason);
        }
        let from_zero = [
            ("pass_tolerance", self.pass_tolerance, 1.0, "must lie between 0 and 1"),
            ("robot_drag", self.robot_drag, 100.0, "must lie between 0 and 100"),
            (
                "penetration_tolerance",
                self.penetration_tolerance,
                1.0,
                "must lie between 0 and 1 m",
            ),
            (
                "robot_penetration_tolerance",
                self.robot_penetration_tolerance,
                1.0,
                "must lie between 0 and 1 m",
            ),
        ];
        let outside = |value: f64, most: f64| !(0.0..=most).contains(&value);
        match from_zero.iter().find(|(_, v, most, _)| outside(*v, *most)) {
            Some((name, value, _, reason)) => refuse(name, value.to_string(), reason),
            None => Ok(()),
        }
    }

    fn check_counts(&self, skip_frame: u32) -> Result<()> {
        let from_one = [
            ("skip_frame", skip_frame),
            ("substeps", self.substeps),
            ("first_passes", self.first_passes),
            ("passes", self.passes),
        ];
        if let Some((name, value)) = from_one.into_iter().find(|(_, v)| !(1..=1000).contains(v)) {
            return refuse(name, value.to_string(), "must be between 1 and 1000");
        }
        let from_zero = [
            ("first_passes_per_block", self.first_passes_per_block),
            ("stabilization_passes", self.stabilization_passes),
        ];
        match from_zero.into_iter().find(|(_, value)| *value > 1000) {
            Some((name, value)) => refuse(name, value.to_string(), "must be at most 1000"),
            None => Ok(()),
        }
    }

    /// Refuses what the engine does not know.
    fn check_engine(&self) -> Result<()> {
        if (self.engine == Engine::Native) != (self.friction == Friction::Cone) {
            let reason = "must be cone with the native engine and another with rapier";
            return refuse("friction", format!("{:?}", self.friction).to_lowercase(), reason);
        }
        if self.engine == Engine::Native && !self.friction_in_bias_pass {
            let reason = "must be true with the native engine, which knows no other way";
            return refuse("friction_in_bias_pass", "false".to_string(), reason);
        }
        if self.engine == Engine::Rapier && self.pass_tolerance != 0.0 {
            let value = self.pass_tolerance.to_string();
            let reason = "must be 0 with rapier, which always takes all passes";
            return refuse("pass_tolerance", value, reason);
        }
        Ok(())
    }
}

fn refuse(name: &'static str, value: String, reason: &'static str) -> Result<()> {
    Err(Error::Setting { name, value, reason })
}

/// How softly penetrations are pushed out in one internal step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Softness {
    /// Speed per depth, 1/s.
    pub(super) bias: f64,
    /// What is left of the impulse that a rigid contact would need.
    pub(super) factor: f64,
}

impl Softness {
    /// A damped spring of the contacts' frequency and damping ratio, integrated implicitly over
    /// `step`, s, and scaled by each contact's own mass; the same as Rapier's.
    pub(super) fn of(physics: &Physics, step: f64) -> Self {
        let rate = std::f64::consts::TAU * physics.contact_frequency;
        let bias = rate / (step * rate + 2.0 * physics.contact_damping_ratio);
        let left = 1.0 / (step * bias) - 1.0;
        let damped = 4.0 * physics.contact_damping_ratio * physics.contact_damping_ratio;
        let compliance = left * left / ((1.0 + left) * damped);
        Self { bias, factor: 1.0 / (1.0 + compliance) }
    }
}

impl Default for Physics {
    fn default() -> Self {
        Preset::default().physics()
    }
}
