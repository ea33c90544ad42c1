//! The scenes that physics is measured on: each runs under any settings and says what it found.
//!
//! Shared by the promises on physics and by `examples/frontier.rs`.

pub(crate) mod blocks;
pub(crate) mod fingers;

use trifactor::robot::{Command, REST};
use trifactor::world::{Physics, State, World};

/// Standard gravity as the arena has it, m/s².
pub(crate) const GRAVITY: f64 = 9.81;

/// The ticks per control step that every promise is held for: the solver starts cold in each
/// control step, so fewer are harder.
pub(crate) const SKIP_FRAMES: [u32; 2] = [3, 10];

/// Whether the long form of a measurement is asked for, by `TRIFACTOR_ALL=1`; says which runs.
pub(crate) fn long_form(test: &str) -> bool {
    let long = std::env::var_os("TRIFACTOR_ALL").is_some_and(|v| v == "1");
    println!("{test}: {} form", if long { "long" } else { "short" });
    long
}

/// What a function makes of every number below `count`, in order, on all cores.
pub(crate) fn in_parallel<T: Send>(count: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(count.max(1));
    let mut made: Vec<(usize, T)> = std::thread::scope(|scope| {
        let part = |first| {
            let make = &make;
            let numbers = (first..count).step_by(threads);
            scope.spawn(move || numbers.map(|i| (i, make(i))).collect::<Vec<_>>())
        };
        let parts: Vec<_> = (0..threads).map(part).collect();
        // A failed assertion in a thread is this test's.
        let whole = |part: std::thread::ScopedJoinHandle<_>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        parts.into_iter().flat_map(whole).collect()
    });
    made.sort_by_key(|(i, _)| *i);
    made.into_iter().map(|(_, value)| value).collect()
}

/// A world and the state it is in.
pub(crate) struct Run {
    world: World,
    pub(crate) state: State,
    next: State,
}

impl Run {
    /// A run from a state.
    pub(crate) fn new(physics: Physics, skip_frame: u32, state: State) -> Self {
        let world = World::new(physics, skip_frame).expect("settings within their ranges");
        Self { world, next: state.clone(), state }
    }

    /// One control step.
    pub(crate) fn step(&mut self, command: &Command) {
        self.world.step(&self.state, command, &mut self.next);
        std::mem::swap(&mut self.state, &mut self.next);
    }

    /// One control step in which the robot holds its rest pose.
    pub(crate) fn idle(&mut self) {
        self.step(&Command::JointPositions(REST));
    }

    /// The fewest control steps that take so many seconds.
    pub(crate) fn steps_of(&self, seconds: f64) -> usize {
        (seconds / self.world.dt()).ceil() as usize
    }

    /// Length of a control step, s.
    pub(crate) fn dt(&self) -> f64 {
        self.world.dt()
    }

    /// The deepest penetration of any two bodies at the start of any tick of the last step, by
    /// the step's own report, or now, by a geometric query, m.
    pub(crate) fn deepest(&mut self) -> f64 {
        let reported =
            self.world.contacts().couplings.iter().fold(0.0, |deep, c| f64::max(deep, -c.gap));
        self.penetration().max(reported)
    }

    /// The deepest penetration of any two bodies now, m.
    pub(crate) fn penetration(&mut self) -> f64 {
        self.world.penetrations(&self.state).first().map_or(0.0, |p| p.depth)
    }
}
