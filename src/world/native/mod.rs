//! Our own engine: fingers in joint space, blocks in maximal coordinates, one solver for all
//! contacts; Rapier's collision detection finds the contacts.
//!
//! Nothing is kept from one control step to the next: every buffer here is overwritten before it
//! is read, so that the step starts from plain numbers by construction.

mod ahead;
mod bodies;
mod collide;
mod constraint;
mod geometry;
mod islands;
mod narrow;
mod point;
mod segment_box;
mod shape;
mod solver;
mod still;
mod sweep;

pub(super) use shape::polyhedra;
pub(super) use sweep::Sweeper;
pub use sweep::{Region, Sweep};

use bodies::Bodies;
use collide::Collider;
use geometry::Geometry;
use solver::Solver;

use super::State;
use super::contacts::Contacts;
use super::settings::Physics;

/// An engine for any state; it holds buffers only.
pub(super) struct Native {
    physics: Physics,
    geometry: Geometry,
    collider: Collider,
    bodies: Bodies,
    solver: Solver,
}

impl Native {
    pub(super) fn new(physics: &Physics) -> Self {
        Self {
            physics: *physics,
            geometry: Geometry::new(),
            collider: Collider::new(),
            bodies: Bodies::default(),
            solver: Solver::default(),
        }
    }

    /// Forgets the last control step's impulses: the next tick starts cold.
    pub(super) fn begin(&mut self) {
        self.solver.forget();
    }

    /// One tick under the motor torques of `state.robot`, with that many solver passes.
    pub(super) fn tick(
        &mut self,
        state: &mut State,
        tick: u32,
        passes: u32,
        contacts: &mut Contacts,
    ) {
        let physics = &self.physics;
        let step = physics.tick / f64::from(physics.substeps);
        self.geometry.place(state);
        self.collider.find(state, &self.geometry, physics);
        self.solver.begin_tick(self.collider.points.len());
        for substep in 0..physics.substeps {
            if substep > 0 {
                self.geometry.place(state);
            }
            self.bodies.prepare(state, &self.geometry, physics, step);
            let (points, geometry) = (&self.collider.points, &self.geometry);
            self.solver.prepare(points, geometry, &self.bodies, physics, step);
            self.bodies.accelerate(step);
            self.solver.limit_joints(state, &self.bodies, physics, step);
            self.solver.push(&mut self.bodies, passes, physics.pass_tolerance);
            self.bodies.integrate(state, &self.geometry, step);
            self.solver.relax(&mut self.bodies, physics.stabilization_passes, step);
            self.bodies.write_velocities(state, &self.geometry);
            state.hold();
            self.solver.remember();
        }
        self.solver.report(&self.collider.points, &self.geometry, tick, contacts);
    }

    /// Adds every overlap in a state to a report; no time passes.
    pub(super) fn detect(&mut self, state: &State, contacts: &mut Contacts) {
        self.geometry.place(state);
        self.collider.find_overlaps(state, &self.geometry);
        for point in &self.collider.points {
            contacts.add(point.coupling(&self.geometry, 0, 0.0));
        }
    }
}
