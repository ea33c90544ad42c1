//! The promises, one module each.

mod families;
mod free_dynamics;
mod interventions;
mod kinematics;
mod observation;
mod overlap;
mod reward;
mod variables;
