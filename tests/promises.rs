//! The promises, one module each.

mod env;
mod families;
mod free_dynamics;
mod house;
mod interventions;
mod kinematics;
mod meshes;
mod observation;
mod overlap;
mod reward;
mod variables;
