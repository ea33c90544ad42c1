//! The promises, one module each.

mod bounds;
#[cfg(feature = "cli")]
mod causal_commands;
mod coda;
#[cfg(feature = "cli")]
mod commands;
mod conformance;
mod contact;
mod counterfactuals;
mod curricula;
mod custom;
mod determinism;
mod edges;
mod endurance;
mod env;
#[cfg(feature = "record")]
mod episodes;
mod evaluation;
mod experts;
mod families;
mod free_dynamics;
mod goal_arrays;
mod goals;
mod gpu;
mod graphs;
mod grasp;
mod house;
mod impacts;
mod independence;
mod interventions;
mod kinematics;
#[cfg(feature = "cli")]
mod main_job;
mod manipulation;
mod masks;
mod mesh_blocks;
mod mesh_motion;
mod meshes;
mod metamorphic;
mod modes;
mod mpc;
mod observation;
mod overlap;
mod pixels;
mod presets;
mod protocols;
mod purity;
#[cfg(feature = "record")]
mod recorders;
mod reward;
mod rollouts;
mod saved;
mod scenes;
mod sliding;
mod spaces;
mod stacks;
mod states;
mod structures;
mod unchanged;
mod unions;
mod variable_contract;
#[cfg(feature = "cli")]
mod variable_table;
mod variables;
mod vec_env;
mod worlds_again;
