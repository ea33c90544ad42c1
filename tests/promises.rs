//! The promises, one module each.

mod env;
mod free_dynamics;
mod kinematics;
mod meshes;
mod observation;
mod overlap;
mod reward;
