//! Where experiments are made: an environment that is set up by path and watched.

use trifactor::env::observation::Layout;
use trifactor::intervention::Intervention;
use trifactor::math::Triple;
use trifactor::robot::{ActionMode, kinematics};
use trifactor::world::BlockState;
use trifactor::{Config, Env, State};

/// Joint angles of fingers that point up and out of every block's way, rad (facts 1.5).
const UP: [f64; 3] = [1.0, 1.57, 3.0];

/// An environment whose actions are in physical units and hold the robot unless asked otherwise.
pub(super) struct Lab {
    pub(super) env: Env,
}

impl Lab {
    /// The family's default episode, one tick of 4 ms per control step.
    pub(super) fn new(family: &str) -> Self {
        Self::with(family, ActionMode::JointPositions)
    }

    pub(super) fn with(family: &str, action_mode: ActionMode) -> Self {
        let config = Config {
            skip_frame: 1,
            action_mode,
            normalize_actions: false,
            normalize_observations: false,
            ..Config::new(family)
        };
        let mut env = Env::new(config).unwrap();
        env.reset(Some(5));
        Self { env }
    }

    /// The default episode with the fingers up, where only blocks play.
    pub(super) fn of_blocks(family: &str) -> Self {
        Self::new(family).set("robot/joint_positions", UP.repeat(3))
    }

    /// do(path = value), refused by no bounds.
    pub(super) fn set(mut self, path: &str, value: impl AsRef<[f64]>) -> Self {
        let wanted = Intervention::new().with(path, value);
        self.env.do_intervention(&wanted, false).unwrap_or_else(|e| panic!("{path}: {e}"));
        self
    }

    /// do(path = value) of several variables at once.
    pub(super) fn set_all(mut self, values: &[(&str, &[f64])]) -> Self {
        let all = values.iter().fold(Intervention::new(), |all, (path, v)| all.with(path, v));
        self.env.do_intervention(&all, false).unwrap();
        self
    }

    /// Lets so many seconds pass while the robot holds its targets, or no torque.
    pub(super) fn wait(mut self, seconds: f64) -> Self {
        self.watch(seconds, |_| {});
        self
    }

    /// As [`Lab::wait`], and looks at every state on the way.
    pub(super) fn watch(&mut self, seconds: f64, mut look: impl FnMut(&State)) {
        let hold = match self.env.config().action_mode {
            ActionMode::JointTorques => [0.0; 9],
            _ => self.env.state().robot.target,
        };
        for _ in 0..(seconds / self.env.dt()).round() as u64 {
            self.env.step(&hold).unwrap();
            look(self.env.state());
        }
    }

    pub(super) fn state(&self) -> &State {
        self.env.state()
    }

    /// The block of that name.
    pub(super) fn block(&self, name: &str) -> &BlockState {
        &self.state().blocks[self.state().scene.block_index(name).unwrap()]
    }

    /// The position of the fingertip of that finger, world frame, m.
    pub(super) fn tip(&self, finger: usize) -> Triple {
        let robot = &self.state().robot;
        let joints = kinematics::of_finger(&robot.joint_positions, finger);
        kinematics::tip(finger, joints, robot.height)
    }

    /// What one key of the observation shows.
    pub(super) fn observed(&self, key: &str) -> Vec<f64> {
        let state = self.state();
        let layout = Layout::new(&[key], &state.scene).unwrap();
        let mut out = vec![0.0; layout.len()];
        let tips = kinematics::tips(&state.robot.joint_positions, state.robot.height);
        layout.write(state, &tips, 1.0, 1.0, false, &mut out).unwrap();
        out
    }

    /// What a variable reads as.
    pub(super) fn read(&self, path: &str) -> Vec<f64> {
        let found = self.env.variables().into_iter().find(|(name, _)| name == path);
        found.unwrap_or_else(|| panic!("no variable '{path}'")).1
    }

    /// Asserts that a variable can be read, shows the reader what it should, and can not be set.
    pub(super) fn can_only_be_read(&mut self, path: &str, expected: f64) {
        assert_eq!(self.read(path), [expected]);
        let other = Intervention::new().with(path, [expected + 1.0]);
        let refused = self.env.do_intervention(&other, false).unwrap_err().to_string();
        assert!(refused.contains(path) && refused.contains("not set"), "{refused}");
    }
}

/// The distance between two points in the plane of the floor, m.
pub(super) fn across(a: Triple, b: Triple) -> f64 {
    trifactor::math::hypot(a[0] - b[0], a[1] - b[1])
}

/// Asserts that a number is another one to within a share of it.
pub(super) fn about(found: f64, expected: f64, share: f64) {
    assert!((found - expected).abs() <= share * expected.abs(), "{found} is not {expected}");
}
