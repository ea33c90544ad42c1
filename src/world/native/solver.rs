//! Projected Gauss-Seidel over contacts and joint limits: passes in an order of the scene alone.

use rapier3d_f64::prelude::Vector;

use super::bodies::{Bodies, Six};
use super::constraint::Constraint;
use super::geometry::Geometry;
use super::islands::Islands;
use super::point::Point;
use crate::robot::{self, JOINTS, JOINTS_PER_FINGER};
use crate::world::State;
use crate::world::contacts::Contacts;
use crate::world::settings::{Physics, Softness};

/// The fastest that a penetration is pushed out, m/s, and a joint back into its limits, rad/s.
const MAX_CORRECTIVE_VELOCITY: f64 = 3.0;
/// Approaching slower than this, m/s, two bodies do not bounce: the speed of a few ticks' fall.
const RESTING_SPEED: f64 = 0.1;

/// Nearer than this to a limit, rad, a joint is always looked after.
const LIMIT_MARGIN: f64 = 0.02;

/// A joint at one of its limits.
#[derive(Clone, Copy, Debug)]
struct Limit {
    finger: usize,
    joint: usize,
    /// 1 at the lower limit, -1 at the upper.
    sign: f64,
    bias: f64,
    /// The joint's own row of the inverse mass matrix.
    answer: [f64; JOINTS_PER_FINGER],
    impulse: f64,
}

impl Limit {
    fn visit(&mut self, bodies: &mut Bodies, bias: f64) {
        let velocity = &mut bodies.velocities[self.finger];
        let speed = self.sign * velocity[self.joint];
        let change = (speed + bias) / self.answer[self.joint];
        let impulse = (self.impulse - change).max(0.0);
        for (v, answer) in velocity.iter_mut().zip(&self.answer) {
            *v += self.sign * answer * (impulse - self.impulse);
        }
        self.impulse = impulse;
    }
}

/// The constraints of a step; holds buffers only.
#[derive(Default)]
pub(super) struct Solver {
    constraints: Vec<Constraint>,
    /// Bias of each constraint in the passes before the positions move, and its softness.
    soft: Vec<(f64, f64)>,
    limits: Vec<Limit>,
    islands: Islands,
    /// The velocities of an island before a pass.
    before: Vec<Six>,
    /// What the step before found: key, and impulse along the normal and across it.
    known: Vec<([u32; 4], f64, Vector)>,
    /// The normal impulses of a tick's internal steps so far, N s, per contact.
    totals: Vec<f64>,
}

impl Solver {
    /// The next step starts cold.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// A tick with so many contacts begins.
    pub(super) fn begin_tick(&mut self, contacts: usize) {
        self.totals.clear();
        self.totals.resize(contacts, 0.0);
    }

    /// Makes the contacts' constraints, each with the impulse it had in the step before.
    pub(super) fn prepare(
        &mut self,
        points: &[Point],
        geometry: &Geometry,
        bodies: &Bodies,
        physics: &Physics,
        step: f64,
    ) {
        let softness = Softness::of(physics, step);
        self.constraints.clear();
        self.soft.clear();
        self.limits.clear();
        let mut place = 0;
        for point in points {
            let mut constraint = Constraint::of(point, geometry, bodies);
            // Both lists have the same order, so the next is mostly the one looked for.
            let found = self.known[place..].iter().position(|known| known.0 == point.key);
            if let Some(found) = found {
                let (_, normal, across) = self.known[place + found];
                place += found + 1;
                constraint.impulse = [
                    normal,
                    constraint.directions[0].dot(across),
                    constraint.directions[1].dot(across),
                ];
            }
            let bias = if constraint.distance > 0.0 {
                constraint.distance / step
            } else {
                (softness.bias * constraint.distance).max(-MAX_CORRECTIVE_VELOCITY)
            };
            // Softness is for bodies that rest on each other; an impact would go in by its share.
            let resting = constraint.distance <= 0.0 && constraint.parting > -RESTING_SPEED;
            self.soft.push((bias, if resting { softness.factor } else { 1.0 }));
            self.constraints.push(constraint);
        }
    }

    /// Adds the joints that would pass a limit within the step.
    pub(super) fn limit_joints(
        &mut self,
        state: &State,
        bodies: &Bodies,
        physics: &Physics,
        step: f64,
    ) {
        let softness = Softness::of(physics, step);
        for index in 0..JOINTS {
            let (finger, joint) = (index / JOINTS_PER_FINGER, index % JOINTS_PER_FINGER);
            let description = &robot::description().fingers[finger].joints[joint];
            let position = state.robot.joint_positions[index];
            for (sign, room) in
                [(1.0, position - description.low), (-1.0, description.high - position)]
            {
                // A contact may drive a joint as fast as a free step does, but hardly faster.
                let reach = 2.0 * step * bodies.velocities[finger][joint].abs() + LIMIT_MARGIN;
                if room >= reach {
                    continue;
                }
                let bias = if room > 0.0 {
                    room / step
                } else {
                    (softness.bias * room).max(-MAX_CORRECTIVE_VELOCITY)
                };
                let inverse = &bodies.fingers[finger].inverse_mass;
                let answer = std::array::from_fn(|i| inverse[(i, joint)]);
                self.limits.push(Limit { finger, joint, sign, bias, answer, impulse: 0.0 });
            }
        }
    }

    /// The passes before the positions move: penetrations are pushed out.
    ///
    /// Islands are solved one after the other, each with at most so many passes: one that a pass
    /// changes by no more than the tolerance is done.
    pub(super) fn push(&mut self, bodies: &mut Bodies, passes: u32, tolerance: f64) {
        for constraint in &self.constraints {
            constraint.apply(&mut bodies.velocities);
        }
        self.islands.find(
            bodies.velocities.len(),
            self.constraints.iter().map(|constraint| constraint.bodies),
            self.limits.iter().map(|limit| limit.finger),
        );
        for island in self.islands.iter() {
            for _ in 0..passes {
                self.before.clear();
                self.before.extend(island.bodies.iter().map(|&body| bodies.velocities[body]));
                for &index in island.constraints {
                    let (bias, softness) = self.soft[index];
                    self.constraints[index].visit(&mut bodies.velocities, bias, softness);
                }
                for &index in island.limits {
                    let limit = &mut self.limits[index];
                    limit.visit(bodies, limit.bias);
                }
                let after = island.bodies.iter().map(|&body| &bodies.velocities[body]);
                if after.zip(&self.before).all(|(a, b)| near(a, b, tolerance)) {
                    break;
                }
            }
        }
    }

    /// The passes after the positions moved: velocities lose what pushed penetrations out.
    pub(super) fn relax(&mut self, bodies: &mut Bodies, passes: u32, step: f64) {
        if passes == 0 {
            return;
        }
        for (constraint, soft) in self.constraints.iter().zip(&mut self.soft) {
            let bounces = constraint.restitution > 0.0
                && constraint.parting < -RESTING_SPEED
                && constraint.impulse[0] > 0.0;
            soft.0 = if bounces {
                constraint.restitution * constraint.parting
            } else {
                (constraint.distance / step).max(0.0)
            };
        }
        for _ in 0..passes {
            for (constraint, (bias, _)) in self.constraints.iter_mut().zip(&self.soft) {
                constraint.visit(&mut bodies.velocities, *bias, 1.0);
            }
            for limit in &mut self.limits {
                limit.visit(bodies, limit.bias.max(0.0));
            }
        }
    }

    /// Keeps the impulses for the next step's start, and adds them to the tick's.
    pub(super) fn remember(&mut self) {
        for (total, constraint) in self.totals.iter_mut().zip(&self.constraints) {
            *total += constraint.impulse[0];
        }
        self.known.clear();
        self.known.extend(self.constraints.iter().map(|constraint| {
            let [normal, first, second] = constraint.impulse;
            let across = constraint.directions[0] * first + constraint.directions[1] * second;
            (constraint.key, normal, across)
        }));
    }

    /// Adds the tick's contacts to a report.
    pub(super) fn report(
        &self,
        points: &[Point],
        geometry: &Geometry,
        tick: u32,
        contacts: &mut Contacts,
    ) {
        for (point, impulse) in points.iter().zip(&self.totals) {
            contacts.add(point.coupling(geometry, tick, *impulse));
        }
    }
}

/// Whether no number of two velocities differs by more than that.
fn near(a: &Six, b: &Six, tolerance: f64) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance)
}
