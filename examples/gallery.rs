//! Draws the README's pictures: the nine task families, and the opening one.
//!
//! `cargo run --release --example gallery` writes them to `docs/images/`.

use std::path::Path;

use image::RgbImage;
use trifactor::agent::{Policy, ScriptedPush};
use trifactor::math::Triple;
use trifactor::render::{Camera, Content, Image, Renderer, Style, marks};
use trifactor::task::registry;
use trifactor::{Config, Env, State};

/// Blocks' colours, in turn, so that one tells them apart.
const PALETTE: [Triple; 6] = [
    [0.90, 0.30, 0.24],
    [0.20, 0.60, 0.86],
    [0.95, 0.77, 0.06],
    [0.61, 0.35, 0.71],
    [0.90, 0.49, 0.13],
    [0.10, 0.74, 0.61],
];

fn main() -> trifactor::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    std::fs::create_dir_all(&folder).map_err(|e| file_error(&folder, &e.to_string()))?;
    let style = Style { background: [1.0; 3], ambient: 0.55, diffuse: 0.5, ..Style::picture() };
    let mut renderer = Renderer::new(style);
    let mut draw = |state: &State, size: [usize; 2], name: &str| {
        let mut image = Image::default();
        let state = marks::on_light_floor(&painted(state));
        renderer.pose(&state, &Content::picture(), &marks::goals(&state));
        renderer.shoot_colors(&Camera::view(), size[0], size[1], &mut image);
        let path = folder.join(format!("{name}.png"));
        let [width, height] = size.map(|length| length as u32);
        let Some(picture) = RgbImage::from_raw(width, height, image.rgb) else { return Ok(()) };
        picture.save(&path).map_err(|e| file_error(&path, &e.to_string()))
    };
    for family in registry::names() {
        let mut env = Env::new(Config { normalize_actions: false, ..Config::new(family) })?;
        env.reset(Some(3));
        // Blocks that begin in the air come to rest.
        let hold = env.state().robot.joint_positions;
        for _ in 0..25 {
            env.step(&hold)?;
        }
        let goal = env.sample_new_goal()?;
        let drawn = ["reaching", "pushing", "picking", "pick_and_place", "stacking2"];
        if drawn.contains(&family) {
            env.do_intervention(&goal, true)?;
        }
        draw(env.state(), [360, 270], family)?;
    }
    draw(&pushed()?, [800, 450], "opening")
}

/// The scripted policy at work.
fn pushed() -> trifactor::Result<State> {
    let mut env = Env::new(Config { normalize_actions: false, ..Config::new("pushing") })?;
    env.reset(Some(3));
    let goal = env.sample_new_goal()?;
    env.do_intervention(&goal, true)?;
    let mut policy = ScriptedPush::new(env.dt());
    let mut action = [0.0; 9];
    for _ in 0..70 {
        policy.act(env.state(), &mut action);
        env.step(&action)?;
    }
    Ok(env.state().clone())
}

/// A state in colours that print well; obstacles keep theirs.
fn painted(state: &State) -> State {
    let mut state = state.clone();
    let scene = state.scene.clone();
    let movable = |i: usize| scene.blocks[i].kind == trifactor::world::BlockKind::Movable;
    let mut colors = PALETTE.iter().cycle();
    for (i, block) in state.blocks.iter_mut().enumerate() {
        block.color = match colors.next() {
            Some(color) if movable(i) => *color,
            _ => [0.25, 0.25, 0.28],
        };
    }
    for (link, color) in state.robot.links.chunks_mut(4).zip([
        [0.75, 0.22, 0.17],
        [0.15, 0.55, 0.30],
        [0.17, 0.34, 0.60],
    ]) {
        link.iter_mut().for_each(|link| link.color = color);
    }
    state
}

fn file_error(path: &Path, reason: &str) -> trifactor::Error {
    trifactor::Error::File { path: path.display().to_string(), reason: reason.to_string() }
}
