//! The promises, one module each.

mod free_dynamics;
mod kinematics;
mod overlap;
mod reward;
