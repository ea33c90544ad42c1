//! The promises, one module each.

mod kinematics;
