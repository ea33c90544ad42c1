//! The promises, one module each.

mod kinematics;
mod overlap;
mod reward;
