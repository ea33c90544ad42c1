//! What influenced what in an environment's last step, what would have come of other actions, and
//! where the robot's links are.

use numpy::{PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use trifactor::robot::{FINGERS, kinematics, link_name};

use crate::convert::causal::{self, Contact, Course, MaskEdge, OfStep};
use crate::env::NativeEnv;
use crate::state::State;

/// A link's name, its position (m) and its orientation (quaternion x, y, z, w).
type Link = (String, [f64; 3], [f64; 4]);

/// The last step's mask and pairs in arrays of one shape, and whether there are any.
#[pyfunction]
pub(crate) fn step_masks<'py>(
    py: Python<'py>,
    env: &NativeEnv,
    strength: &str,
    intervened: bool,
) -> PyResult<OfStep<'py>> {
    causal::step_masks(py, &env.read()?.env, strength, intervened)
}

/// The names of a mask's rows: the nodes, then the actions.
#[pyfunction]
pub(crate) fn mask_names(env: &NativeEnv) -> PyResult<Vec<String>> {
    Ok(causal::mask_names(&env.read()?.env))
}

/// The last step's mask: the nodes and the actions, by the nodes.
#[pyfunction]
pub(crate) fn local_mask<'py>(
    py: Python<'py>,
    env: &NativeEnv,
    strength: &str,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    causal::local_mask(py, &env.read()?.env, strength)
}

/// The last step's pairs: two nodes, the first tick, the largest impulse, the smallest gap.
#[pyfunction]
pub(crate) fn mask_edges(env: &NativeEnv) -> PyResult<Vec<MaskEdge>> {
    causal::mask_edges(&env.read()?.env)
}

/// The last step's mask expanded to the observation's numbers and the nine of the action.
#[pyfunction]
pub(crate) fn feature_mask<'py>(
    py: Python<'py>,
    env: &NativeEnv,
    strength: &str,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    causal::feature_mask(py, &env.read()?.env, strength)
}

/// The last step's contacts that pushed.
#[pyfunction]
pub(crate) fn contacts(env: &NativeEnv) -> PyResult<Vec<Contact>> {
    causal::contacts(&env.read()?.env)
}

/// What would have come of actions: the factual course, then one for each question, or why it was
/// refused.
#[pyfunction]
#[pyo3(signature = (env, state, actions, questions, *, check_bounds, threads))]
pub(crate) fn counterfactuals<'py>(
    py: Python<'py>,
    env: &NativeEnv,
    state: &State,
    actions: PyReadonlyArray2<'py, f64>,
    questions: Vec<(Bound<'py, PyAny>, Option<PyReadonlyArray2<'py, f64>>)>,
    check_bounds: bool,
    threads: usize,
) -> PyResult<(Course<'py>, Vec<Bound<'py, PyAny>>)> {
    let actions = actions.as_array().iter().copied().collect();
    let inner = env.read()?;
    causal::counterfactuals(py, &inner.env, state, actions, questions, check_bounds, threads)
}

/// Every link's name and where it is: position, m, and quaternion x, y, z, w, world frame.
#[pyfunction]
pub(crate) fn link_poses(env: &NativeEnv) -> PyResult<Vec<Link>> {
    let inner = env.read()?;
    let robot = &inner.env.state().robot;
    let finger = |finger| {
        let joints = kinematics::of_finger(&robot.joint_positions, finger);
        kinematics::link_poses(finger, joints, robot.height)
    };
    let poses = (0..FINGERS).flat_map(finger).enumerate();
    Ok(poses.map(|(link, (position, turn))| (link_name(link), position, turn)).collect())
}
