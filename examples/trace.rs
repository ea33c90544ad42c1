//! Draws one episode of the scripted policy from above into `docs/pushing.svg`.

use std::error::Error;

use trifactor::agent::{Policy, ScriptedPush};
use trifactor::robot::{FINGERS, kinematics};
use trifactor::world::WALL_RADIUS;
use trifactor::{Config, Env, math};

/// Which episode: one with a long way and a turn.
const SEED: u64 = 14;
/// Pixels per metre.
const SCALE: f64 = 1000.0;
/// Half the picture's width, m.
const HALF: f64 = 0.26;
/// The block is drawn after this many control steps if it has moved, a fingertip's trace after
/// this many.
const EVERY: [u64; 2] = [25, 2];
/// The fingers' colours: those of the robot's description.
const COLORS: [&str; FINGERS] = ["#990000", "#009900", "#000099"];

/// The corners of a box seen from above, m.
type Corners = [[f64; 2]; 4];

fn main() -> Result<(), Box<dyn Error>> {
    let config = Config { skip_frame: 3, normalize_actions: false, ..Config::new("pushing") };
    let mut env = Env::new(config)?;
    env.reset(Some(SEED));
    let goal = env.sample_new_goal()?;
    env.do_intervention(&goal, true)?;
    let mut policy = ScriptedPush::new(env.dt());
    let mut action = env.state().robot.target;
    let mut blocks = vec![block(&env)];
    let mut traces: [Vec<[f64; 2]>; FINGERS] = Default::default();
    for step in 0..env.max_episode_length() {
        let last = block(&env);
        if step % EVERY[0] == 0 && moved(&last, &blocks[blocks.len() - 1]) {
            blocks.push(last);
        }
        if step % EVERY[1] == 0 {
            let robot = &env.state().robot;
            let tips = kinematics::tips(&robot.joint_positions, robot.height);
            for (trace, tip) in traces.iter_mut().zip(tips.chunks_exact(3)) {
                trace.push([tip[0], tip[1]]);
            }
        }
        policy.act(env.state(), &mut action);
        env.step(&action)?;
    }
    blocks.push(block(&env));
    let goal = &env.state().goals[0];
    let goal = corners(goal.position, goal.orientation, goal.size);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pushing.svg");
    std::fs::write(path, picture(&blocks, &goal, &traces))?;
    Ok(())
}

fn picture(blocks: &[Corners], goal: &Corners, traces: &[Vec<[f64; 2]>; FINGERS]) -> String {
    let (size, start) = (2.0 * HALF * SCALE, -HALF * SCALE);
    let mut parts = vec![
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{start} {start} {size} {size}" width="{size}" height="{size}">"##
        ),
        "<title>A scripted policy pushes a block to its goal, seen from above</title>".to_string(),
        format!(r##"<rect x="{start}" y="{start}" width="{size}" height="{size}" fill="#fff"/>"##),
        format!(
            r##"<circle r="{}" fill="#f4f1ee" stroke="#8a8580" stroke-width="6"/>"##,
            WALL_RADIUS * SCALE + 3.0
        ),
        shape("polygon", goal, r##"fill="#bfe5bf""##),
    ];
    let last = (blocks.len() - 1).max(1) as f64;
    for (index, block) in blocks.iter().enumerate() {
        let shade = 0.15 + 0.85 * index as f64 / last;
        let style = format!(
            r##"fill="#d62828" fill-opacity="0.08" stroke="#d62828" stroke-width="2" stroke-opacity="{shade:.2}""##
        );
        parts.push(shape("polygon", block, &style));
    }
    let dashed = r##"fill="none" stroke="#1b6e1b" stroke-width="3" stroke-dasharray="9 6""##;
    parts.push(shape("polygon", goal, dashed));
    for (trace, color) in traces.iter().zip(COLORS) {
        let style = format!(
            r##"fill="none" stroke="{color}" stroke-width="2" stroke-opacity="0.7" stroke-linejoin="round""##
        );
        parts.push(shape("polyline", trace, &style));
        if let Some(tip) = trace.last() {
            let [x, y] = tip.map(|v| v * SCALE);
            parts
                .push(format!(r##"<circle cx="{x:.1}" cy="{:.1}" r="10.5" fill="{color}"/>"##, -y));
        }
    }
    parts.push("</svg>\n".to_string());
    parts.join("\n")
}

fn shape(kind: &str, points: &[[f64; 2]], style: &str) -> String {
    let points: Vec<String> =
        points.iter().map(|[x, y]| format!("{:.1},{:.1}", x * SCALE, -y * SCALE)).collect();
    format!(r##"<{kind} points="{}" {style}/>"##, points.join(" "))
}

fn block(env: &Env) -> Corners {
    let block = &env.state().blocks[0];
    corners(block.position, block.orientation, block.size)
}

fn corners(position: math::Triple, orientation: math::Quat, size: math::Triple) -> Corners {
    [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]].map(|[x, y]| {
        let corner = math::vector([x * size[0], y * size[1], 0.5 * size[2]]);
        let corner = math::rotation(orientation) * corner;
        [position[0] + corner.x, position[1] + corner.y]
    })
}

/// Whether a corner moved by more than 2 mm.
fn moved(a: &Corners, b: &Corners) -> bool {
    a.iter().zip(b).any(|(p, q)| math::hypot(p[0] - q[0], p[1] - q[1]) > 0.002)
}
