//! Worlds in which policies are tried.

use trifactor::agent::Policy;
use trifactor::curriculum::Protocol;
use trifactor::intervention::Intervention;
use trifactor::math::Triple;
use trifactor::rng::Rng;
use trifactor::robot::{FINGERS, kinematics};
use trifactor::variable::Subspace;
use trifactor::world::BlockKind;
use trifactor::{Config, Env, Result};

/// How far a block is put off its place, either way along x and y, m.
const JITTER: f64 = 0.001;
/// Joint angles near which a fingertip's goal is sought: knees outwards, rad.
const NEAR: Triple = [0.0, 0.8, -0.8];

/// What a world differs in from its family's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Protocol P0 with every movable block put off its place by up to a millimetre.
    Jitter,
    /// Protocol P5: the goals' places, uniform in space A (facts 8.4); the protocol's worlds.
    P5,
    /// A goal as the family samples it in space A, with its turn.
    Goal,
}

/// An environment of the family for policies: joint angles in rad.
pub(crate) fn env(family: &str, skip_frame: u32) -> Result<Env> {
    let (normalize_actions, variables_space) = (false, Subspace::A);
    let own = Config { skip_frame, normalize_actions, variables_space, ..Config::new(family) };
    Env::new(own)
}

/// Begins the world of that seed; of a protocol, the one of that number.
pub(crate) fn begin(env: &mut Env, change: Change, seed: u64) -> Result<()> {
    env.reset(Some(seed));
    match change {
        // A block put off its place may leave the range of a variable by a millimetre.
        Change::Jitter => env.do_intervention(&jitter(env, seed), false),
        Change::P5 => frozen(env, "P5", seed),
        Change::Goal => env.do_intervention(&env.sample_new_goal()?, true),
    }
}

fn jitter(env: &Env, seed: u64) -> Intervention {
    let (state, mut wanted) = (env.state(), Intervention::new());
    for (block, described) in state.blocks.iter().zip(&state.scene.blocks) {
        if described.kind == BlockKind::Movable {
            let mut rng = Rng::stream(seed, 0, &format!("experts/{}", described.name));
            let [x, y, z] = block.position;
            let [x, y] = [x, y].map(|place| place + rng.uniform(-JITTER, JITTER));
            wanted = wanted.with(&format!("{}/cartesian_position", described.name), [x, y, z]);
        }
    }
    wanted
}

/// Begins that world of the protocol, of those drawn from seed 0.
fn frozen(env: &mut Env, protocol: &str, index: u64) -> Result<()> {
    let family = env.family();
    let worlds = Protocol::named(family, protocol)?.worlds(family, index as usize + 1, 0)?;
    worlds.last().map_or(Ok(()), |world| world.begin(env))
}

/// Whether every fingertip can be where the goal of its finger is.
pub(crate) fn reachable(env: &Env) -> bool {
    let state = env.state();
    let each = (0..FINGERS).zip(&state.goals);
    each.into_iter().all(|(finger, goal)| {
        kinematics::inverse(finger, goal.position, state.robot.height, NEAR).reached
    })
}

/// Lets the policy work from the present state to the episode's end; the fractional success there.
pub(crate) fn finish(env: &mut Env, policy: &mut dyn Policy) -> Result<f64> {
    policy.reset();
    let mut action = env.state().robot.target;
    for _ in 0..env.max_episode_length() {
        policy.act(env.state(), &mut action);
        env.step(&action)?;
    }
    Ok(env.info().fractional_success)
}
