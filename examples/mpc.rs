//! Plans pushing with the true model and prints how it ends: `mpc [WORLDS [THREADS]]`.

use std::error::Error;
use std::time::Instant;

use trifactor::agent::{Mpc, MpcSettings, Policy};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::task::overlap::Overlap;
use trifactor::{Config, Env};

/// Control steps of 40 ms.
const SKIP_FRAME: u32 = 10;
/// How far the block is put off its place, either way along x and y, m.
const JITTER: f64 = 0.001;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(10), |number| number.parse())?;
    let threads = arguments.next().map_or(Ok(0), |number| number.parse())?;
    let (skip_frame, normalize_actions) = (SKIP_FRAME, false);
    let mut env = Env::new(Config { skip_frame, normalize_actions, ..Config::new("pushing") })?;
    let settings = MpcSettings { threads, ..MpcSettings::default() };
    println!("{settings:?}");
    let (mut exact, mut boxes) = (0.0, 0.0);
    for seed in 0..count {
        let mut policy = Mpc::new(&env, settings)?;
        env.reset(Some(seed));
        let mut rng = Rng::stream(seed, 0, "experts/tool_block");
        let [x, y, z] = env.state().blocks[0].position;
        let [x, y] = [x, y].map(|place| place + rng.uniform(-JITTER, JITTER));
        let moved = Intervention::new().with("tool_block/cartesian_position", [x, y, z]);
        env.do_intervention(&moved, false)?;
        let start = Instant::now();
        let mut action = env.state().robot.target;
        for _ in 0..env.max_episode_length() {
            policy.act(env.state(), &mut action);
            env.step(&action)?;
        }
        let end = env.info().fractional_success;
        let (seconds, tried) = (start.elapsed().as_secs_f64(), policy.tried());
        println!("world {seed}: {end:.3}, {tried} control steps tried in {seconds:.1} s");
        exact += end;
        boxes += Overlap::Aabb.of_state(env.state());
    }
    let [exact, boxes] = [exact, boxes].map(|sum| sum / count as f64);
    println!("mean last fractional success {exact:.3} exact, {boxes:.3} by bounding boxes");
    Ok(())
}
