//! The promises, one module each.

mod conformance;
mod free_dynamics;
mod kinematics;
mod observation;
mod overlap;
mod reward;
mod rollouts;
