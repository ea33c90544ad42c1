//! The promises, one module each.

mod conformance;
mod env;
mod families;
mod free_dynamics;
mod interventions;
mod kinematics;
mod meshes;
mod observation;
mod overlap;
mod reward;
mod rollouts;
mod variables;
