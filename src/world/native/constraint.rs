//! What one contact asks of two velocities, ready for the solver's passes.

use rapier3d_f64::prelude::Vector;

use super::bodies::{Bodies, Six};
use super::geometry::Geometry;
use super::point::{Point, Side};
use crate::math;
use crate::robot::{FINGERS, JOINTS_PER_FINGER};

/// A direction in which two bodies push on each other: how fast they part along it per unit of
/// their velocities, and how a unit of impulse changes these.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    part: [Six; 2],
    answer: [Six; 2],
}

/// One contact point's normal and two tangents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constraint {
    /// The two bodies; the second is [`STILL`] where only one moves.
    pub(super) bodies: [usize; 2],
    pub(super) normal: Row,
    pub(super) tangents: [Row; 2],
    /// The tangents' directions, world frame.
    pub(super) directions: [Vector; 2],
    pub(super) normal_mass: f64,
    /// Inverse of the tangents' 2 × 2 matrix: both diagonal elements and the other one.
    pub(super) tangent_mass: [f64; 3],
    /// Inverse of that matrix's larger eigenvalue.
    pub(super) slip_mass: f64,
    pub(super) friction: f64,
    pub(super) restitution: f64,
    /// Between the bodies along the normal at the step's start, m.
    pub(super) distance: f64,
    /// How fast they part at the step's start, m/s.
    pub(super) parting: f64,
    /// Along the normal and the tangents, N s.
    pub(super) impulse: [f64; 3],
    pub(super) key: [u32; 4],
}

/// The body of what does not move.
pub(super) const STILL: usize = usize::MAX;

const ZERO: Six = [0.0; 6];

/// The two halves of a scalar product, even and odd places: a processor's two lanes.
#[inline]
fn lanes(a: &Six, b: &Six) -> [f64; 2] {
    let mut sum = [0.0; 2];
    for (a, b) in a.chunks_exact(2).zip(b.chunks_exact(2)) {
        sum = [sum[0] + a[0] * b[0], sum[1] + a[1] * b[1]];
    }
    sum
}

fn dot(a: &Six, b: &Six) -> f64 {
    let [even, odd] = lanes(a, b);
    even + odd
}

#[inline]
fn add(velocity: &mut Six, answer: &Six, impulse: f64) {
    for (v, a) in velocity.iter_mut().zip(answer) {
        *v += a * impulse;
    }
}

impl Row {
    /// How fast the bodies part along the row, m/s.
    pub(super) fn speed(&self, bodies: [usize; 2], velocities: &[Six]) -> f64 {
        let [first, second] = bodies;
        if second == STILL {
            self.speed_of(&[velocities[first]])
        } else {
            self.speed_of(&[velocities[first], velocities[second]])
        }
    }

    #[inline]
    fn speed_of<const N: usize>(&self, moved: &[Six; N]) -> f64 {
        let mut sum = [0.0; 2];
        for (part, velocity) in self.part.iter().zip(moved) {
            let [even, odd] = lanes(part, velocity);
            sum = [sum[0] + even, sum[1] + odd];
        }
        sum[0] + sum[1]
    }

    #[inline]
    fn push_on<const N: usize>(&self, moved: &mut [Six; N], impulse: f64) {
        for (velocity, answer) in moved.iter_mut().zip(&self.answer) {
            add(velocity, answer, impulse);
        }
    }

    /// Pushes the bodies apart along the row.
    fn push(&self, bodies: [usize; 2], velocities: &mut [Six], impulse: f64) {
        for (body, answer) in bodies.iter().zip(&self.answer) {
            if *body != STILL {
                add(&mut velocities[*body], answer, impulse);
            }
        }
    }

    /// How fast another row's unit of impulse makes the bodies part along this one.
    #[inline]
    fn answer_to(&self, other: &Row) -> f64 {
        dot(&self.part[0], &other.answer[0]) + dot(&self.part[1], &other.answer[1])
    }
}

/// A side of a contact at the present geometry.
#[derive(Clone, Copy)]
struct Place {
    body: usize,
    side: Side,
    at: Vector,
}

impl Place {
    fn of(side: Side, geometry: &Geometry) -> Self {
        let (body, at) = match side {
            Side::Link(link, local) => {
                (link / JOINTS_PER_FINGER, geometry.links[link].transform_point(local))
            }
            Side::Block(block, local) => {
                (FINGERS + block, geometry.blocks[block].transform_point(local))
            }
            Side::Still(at) => (STILL, at),
        };
        Self { body, side, at }
    }

    /// The row's half of this side for a point and a direction.
    fn half(
        &self,
        at: Vector,
        direction: Vector,
        geometry: &Geometry,
        bodies: &Bodies,
    ) -> [Six; 2] {
        match self.side {
            Side::Still(_) => [ZERO, ZERO],
            Side::Link(link, _) => {
                let finger = link / JOINTS_PER_FINGER;
                let mut part = ZERO;
                for joint in finger * JOINTS_PER_FINGER..=link {
                    let (origin, axis) = geometry.joint(joint);
                    part[joint % JOINTS_PER_FINGER] = direction.dot(axis.cross(at - origin));
                }
                let inverse = &bodies.fingers[finger].inverse_mass;
                let mut answer = ZERO;
                for i in 0..JOINTS_PER_FINGER {
                    answer[i] = inverse[(i, 0)] * part[0]
                        + inverse[(i, 1)] * part[1]
                        + inverse[(i, 2)] * part[2];
                }
                [part, answer]
            }
            Side::Block(block, _) => {
                let turn = (at - geometry.centers[block]).cross(direction);
                let mass = &bodies.blocks[block];
                let spin = mass.inverse_inertia * turn;
                let push = direction * mass.inverse_mass;
                [
                    [direction.x, direction.y, direction.z, turn.x, turn.y, turn.z],
                    [push.x, push.y, push.z, spin.x, spin.y, spin.z],
                ]
            }
        }
    }
}

/// A direction across the normal that depends on it alone, and the one across both.
fn across(normal: Vector) -> [Vector; 2] {
    let least = if normal.z.abs() < 0.7 { Vector::Z } else { Vector::X };
    let first = math::direction(normal.cross(least));
    [first, normal.cross(first)]
}

impl Constraint {
    /// The constraint of a contact at the present geometry and velocities.
    pub(super) fn of(point: &Point, geometry: &Geometry, bodies: &Bodies) -> Self {
        let [first, second] = point.sides.map(|side| Place::of(side, geometry));
        let distance = (second.at - first.at).dot(point.normal);
        let at = (first.at + second.at) * 0.5;
        // The body that moves comes first; the signs say which is which.
        let (signs, places) = if first.body == STILL {
            ([1.0, -1.0], [second, first])
        } else {
            ([-1.0, 1.0], [first, second])
        };
        let row = |direction: Vector| {
            let halves: [[Six; 2]; 2] =
                std::array::from_fn(|i| places[i].half(at, direction * signs[i], geometry, bodies));
            Row { part: [halves[0][0], halves[1][0]], answer: [halves[0][1], halves[1][1]] }
        };
        let directions = across(point.normal);
        let normal = row(point.normal);
        let tangents = directions.map(row);
        let (a, b) = (tangents[0].answer_to(&tangents[0]), tangents[1].answer_to(&tangents[1]));
        let c = tangents[0].answer_to(&tangents[1]);
        let determinant = a * b - c * c;
        let bodies_of = [places[0].body, places[1].body];
        Self {
            bodies: bodies_of,
            normal_mass: 1.0 / normal.answer_to(&normal),
            tangent_mass: [b / determinant, a / determinant, -c / determinant],
            slip_mass: 2.0 / (a + b + ((a - b) * (a - b) + 4.0 * c * c).sqrt()),
            parting: normal.speed(bodies_of, &bodies.velocities),
            normal,
            tangents,
            directions,
            friction: point.friction,
            restitution: point.restitution,
            distance,
            impulse: [0.0; 3],
            key: point.key,
        }
    }

    /// Applies the impulses it has.
    pub(super) fn apply(&self, velocities: &mut [Six]) {
        self.normal.push(self.bodies, velocities, self.impulse[0]);
        self.tangents[0].push(self.bodies, velocities, self.impulse[1]);
        self.tangents[1].push(self.bodies, velocities, self.impulse[2]);
    }

    /// One visit: the normal, then friction within its cone.
    ///
    /// `bias` is the speed that the normal is to part with at least, negated, m/s; `softness`
    /// scales the impulse, 1 for a rigid contact.
    pub(super) fn visit(&mut self, velocities: &mut [Six], bias: f64, softness: f64) {
        let [first, second] = self.bodies;
        if second == STILL {
            let mut moved = [velocities[first]];
            self.visit_bodies(&mut moved, bias, softness);
            velocities[first] = moved[0];
        } else {
            let mut moved = [velocities[first], velocities[second]];
            self.visit_bodies(&mut moved, bias, softness);
            velocities[first] = moved[0];
            velocities[second] = moved[1];
        }
    }

    #[inline]
    fn visit_bodies<const N: usize>(&mut self, moved: &mut [Six; N], bias: f64, softness: f64) {
        let speed = self.normal.speed_of(moved);
        let impulse = (softness * (self.impulse[0] - self.normal_mass * (speed + bias))).max(0.0);
        self.normal.push_on(moved, impulse - self.impulse[0]);
        self.impulse[0] = impulse;
        let slip = [self.tangents[0].speed_of(moved), self.tangents[1].speed_of(moved)];
        let tangential = self.friction_against(slip, self.friction * impulse);
        for ((row, now), before) in self.tangents.iter().zip(tangential).zip(&mut self.impulse[1..])
        {
            row.push_on(moved, now - *before);
            *before = now;
        }
    }

    /// The impulse along the tangents that ends this slip, m/s, or as much as the cone allows.
    #[inline]
    fn friction_against(&self, slip: [f64; 2], limit: f64) -> [f64; 2] {
        let [a, b, c] = self.tangent_mass;
        let held = [
            self.impulse[1] - (a * slip[0] + c * slip[1]),
            self.impulse[2] - (c * slip[0] + b * slip[1]),
        ];
        if held[0] * held[0] + held[1] * held[1] <= limit * limit {
            return held;
        }
        // A contact that slides is pushed against the way it slides: one step for both directions,
        // or friction would follow the way that is easiest to push.
        let slipping = [
            self.impulse[1] - self.slip_mass * slip[0],
            self.impulse[2] - self.slip_mass * slip[1],
        ];
        let length = (slipping[0] * slipping[0] + slipping[1] * slipping[1]).sqrt();
        let scale = if length > limit { limit / length } else { 1.0 };
        slipping.map(|impulse| impulse * scale)
    }
}
