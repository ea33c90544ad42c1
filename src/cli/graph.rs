//! The causal graph of a family's variables: drawn, exported, checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::builder::RangedU64ValueParser;
use serde_json::json;

use super::mask::{finger_color, kind, write};
use super::output::{Done, Json, file_error, json_reason, note};
use super::variables::group::paths;
use super::work::{Progress, Threads};
use super::world::{FamilyWords, Physical};
use crate::agent;
use crate::causal::graph::{Evidence, Graph, Occasion, explore};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::report::diagram::{Diagram, Link, Place};
use crate::report::matrix::{Cell, Heading, Matrix};
use crate::rng::Rng;
use crate::robot::FINGER_NAMES;
use crate::variable::{self, Entity};
use crate::vec_env::{Autoreset, VecEnv};

#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    family: FamilyWords,
    #[command(flatten)]
    physical: Physical,
    /// Where to write: .svg, .png, .dot, or .json, which has the experiment behind every edge; may be
    /// given more than once
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Make the experiments of a graph's JSON again and compare
    #[arg(long, value_name = "FILE.json", conflicts_with = "output")]
    check: Option<PathBuf>,
    /// In how many states of episodes edges are looked for; as many staged collisions come to them.
    /// More find rarer edges and take longer
    #[arg(long, default_value_t = 100, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    occasions: usize,
    /// Seed of all random streams
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    json: Json,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    progress: Progress,
}

/// What the actions are grouped by in pictures.
const ACTIONS: &str = "actions";
/// How many experiments that come out otherwise are named before the rest is only counted.
const NAMED: usize = 5;
/// Steps between two occasions.
const APART: usize = 7;
/// Occasions of one episode.
const OF_EPISODE: usize = 20;

/// Finds the graph and draws it; 1 where an experiment does not come out as it is told.
pub(super) fn graph(options: &Options) -> Done {
    let mut env = options.physical.env(options.family.one()?, false)?;
    if let Some(path) = &options.check {
        return check(options, &mut env, path);
    }
    options.output.iter().try_for_each(|path| kind(path).map(drop))?;
    let bar = options.progress.bar(Some(options.occasions as u64));
    bar.set_message("states");
    let occasions = occasions(&mut env, options.occasions, options.seed, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let mut worlds = VecEnv::like(&env, 1, options.threads.count, Autoreset::Disabled)?;
    note(&cost(&mut worlds, &occasions, options.seed)?);
    let bar = options.progress.bar(Some(2 * occasions.len() as u64));
    bar.set_message("experiments");
    let graph = explore(&mut worlds, &occasions, options.seed, &|steps| bar.inc(steps))?;
    bar.finish_and_clear();
    options.json.print(|| json!(graph), || summary(&graph))?;
    for path in &options.output {
        let bytes = match kind(path)? {
            "json" => serde_json::to_vec(&graph).map_err(|e| file_error(path, &e.into()))?,
            "dot" => diagram(&graph, &env).dot().into_bytes(),
            kind => matrix(&graph, &env).picture(kind)?,
        };
        write(path, &bytes)?;
    }
    Ok(0)
}

/// Makes the experiments of a graph's file again; 1 where one comes out otherwise.
fn check(options: &Options, env: &mut Env, path: &Path) -> Done {
    let text = fs::read_to_string(path).map_err(|e| file_error(path, &e))?;
    let graph: Graph = serde_json::from_str(&text).map_err(|e| Error::Malformed {
        what: path.display().to_string(),
        path: format!("line {}", e.line()),
        reason: json_reason(&e),
    })?;
    let wrong = graph.check(env)?;
    let right = graph.edges.len() - wrong.len();
    let document = || {
        let wrong = wrong.iter().map(|edge| json!({"parent": edge.parent, "child": edge.child}));
        json!({
            "experiments": graph.edges.len(),
            "agreed": right,
            "differences": wrong.collect::<Vec<_>>(),
        })
    };
    let text = || {
        let named = wrong.iter().take(NAMED);
        let named =
            named.map(|edge| format!("{} on {} comes out otherwise\n", edge.parent, edge.child));
        let named = named.collect::<String>();
        format!("{named}{right} of {} experiments come out as told", graph.edges.len())
    };
    options.json.print(document, text)?;
    Ok(i32::from(!wrong.is_empty()))
}

/// What looking in all occasions takes, measured in some of them: what touches much takes longer.
fn cost(worlds: &mut VecEnv, occasions: &[Occasion], seed: u64) -> Result<String> {
    let count = occasions.len();
    let mut measured = [0, count / 2, count - 1].to_vec();
    measured.dedup();
    let sample: Vec<Occasion> = measured.iter().map(|i| occasions[*i].clone()).collect();
    let begun = Instant::now();
    let found = explore(worlds, &sample, seed, &|_| ())?;
    let experiments: usize = found.parents.iter().map(|(_, count)| count).sum();
    let share = count as f64 / sample.len() as f64;
    let seconds = begun.elapsed().as_secs_f64() * share;
    let rounded = match seconds < 90.0 {
        true => format!("{seconds:.0} s"),
        false => format!("{:.0} min", seconds / 60.0),
    };
    Ok(format!(
        "{} variables and actions in {count} states and as many staged collisions: {:.0} experiments, \
         about {rounded} on {} thread(s), to judge by {} of the states; --occasions sets how many",
        found.parents.len(),
        experiments as f64 * share,
        worlds.threads(),
        sample.len()
    ))
}

/// States of episodes and the actions there: half of them the scripted policy's, half random, in
/// worlds whose constants are drawn.
fn occasions(env: &mut Env, count: usize, seed: u64, found: &dyn Fn()) -> Result<Vec<Occasion>> {
    let mut occasions = Vec::new();
    let mut policy = agent::scripted(env.family(), env.dt());
    let mut episode = 0;
    while occasions.len() < count {
        env.reset(Some(seed.wrapping_add(episode)));
        let goal = env.sample_new_goal()?;
        env.do_intervention(&goal, false)?;
        let mut rng = Rng::stream(seed, episode, "cli/graph");
        policy.reset();
        let mut action = env.state().robot.target;
        // The scripted policy needs a while before it is at the block.
        let skipped = if episode % 2 == 0 { rng.below(150) as usize } else { 0 };
        for step in 0..skipped + APART * OF_EPISODE {
            match episode % 2 {
                0 => policy.act(env.state(), &mut action),
                _ if step % APART == 0 => {
                    let space = env.action_space();
                    let bounds = space.low.iter().zip(&space.high);
                    action.iter_mut().zip(bounds).for_each(|(a, (low, high))| {
                        *a = rng.uniform(*low, *high);
                    });
                }
                _ => {}
            }
            if step >= skipped && (step - skipped) % APART == APART / 2 && occasions.len() < count {
                let mut state = env.state().clone();
                if rng.below(2) == 0 {
                    vary(env, &mut state)?;
                }
                occasions.push(Occasion { state, action });
                found();
            }
            env.step(&action)?;
        }
        episode += 1;
    }
    Ok(occasions)
}

/// Draws the constants that only enter where something touches from their ranges.
fn vary(env: &Env, state: &mut crate::State) -> Result<()> {
    let (rules, subspace) = (env.family().rules(), env.config().variables_space);
    let all = variable::Variable::all(&state.scene, rules).into_iter();
    let all = all.filter(|v| ["friction", "mass"].contains(&v.attribute.name));
    let paths: Vec<String> = all.map(|v| v.path(&state.scene)).collect();
    for path in paths {
        if let Some(value) = variable::draw(state, rules, &path, subspace)? {
            variable::write(state, rules, &path, &value)?;
        }
    }
    Ok(())
}

fn summary(graph: &Graph) -> String {
    let tried: usize = graph.parents.iter().map(|(_, count)| count).sum();
    let fewest = graph.parents.iter().map(|(_, count)| count).min().copied().unwrap_or_default();
    let (_, without) = by_effect(graph);
    format!(
        "{}: {} variables and actions were set, {} of them change what a step changes ({} \
         variables) by {} edges; {tried} experiments, at least {fewest} for each\nwithout effect: {}",
        graph.family,
        graph.parents.len(),
        graph.parents.len() - without.len(),
        graph.children.len(),
        graph.edges.len(),
        paths(&without).join(", ")
    )
}

/// The variables and actions that change something, and those that do not.
fn by_effect(graph: &Graph) -> (Vec<&str>, Vec<&str>) {
    let names = graph.parents.iter().map(|(name, _)| name.as_str());
    names.partition(|name| graph.edges.iter().any(|edge| edge.parent == *name))
}

/// What a variable is grouped by in pictures, and its name within: a path's two parts; of a finger's
/// link the finger and the rest; an action under `actions`.
fn grouped(path: &str) -> (String, String) {
    let Some((entity, attribute)) = path.split_once('/') else {
        return (ACTIONS.to_string(), path.to_string());
    };
    match entity.split_once("_link_") {
        Some((finger, link)) => (finger.to_string(), format!("link_{link} {attribute}")),
        None => (entity.to_string(), attribute.to_string()),
    }
}

/// The colour that an entity has in pictures of the world; grey where it has none.
fn colour(env: &Env, path: &str) -> [u8; 3] {
    let (state, entity) = (env.state(), path.split('/').next().unwrap_or_default());
    let finger = FINGER_NAMES.iter().position(|name| {
        [format!("robot_finger_{name}_"), format!("action_{name}")]
            .iter()
            .any(|beginning| path.starts_with(beginning))
    });
    let rgb = match (Entity::named(&state.scene, entity), finger) {
        (Some(Entity::Block(i)), _) => state.blocks[i].color,
        (Some(Entity::Goal(i)), _) => state.goals[i].color,
        (_, Some(finger)) => finger_color(state, finger),
        _ => [0.35; 3],
    };
    rgb.map(|part| (255.0 * part.clamp(0.0, 1.0)).round() as u8)
}

/// The graph of all variables, for Graphviz.
fn diagram(graph: &Graph, env: &Env) -> Diagram {
    let place = |name: &str| Place { name: name.to_string(), colour: colour(env, name) };
    let (mut before, without) = by_effect(graph);
    before.extend(without);
    let link = |edge: &Evidence| {
        let from = before.iter().position(|name| *name == edge.parent)?;
        let to = graph.children.iter().position(|name| *name == edge.child)?;
        Some(Link { from, to, own: edge.parent == edge.child })
    };
    Diagram {
        title: format!("{}: who can change whom in one control step", graph.family),
        before: before.iter().map(|name| place(name)).collect(),
        after: graph.children.iter().map(|name| place(name)).collect(),
        links: graph.edges.iter().filter_map(link).collect(),
    }
}

/// The graph as a picture: parents by children, how often and how strongly.
fn matrix(graph: &Graph, env: &Env) -> Matrix {
    let (before, without) = by_effect(graph);
    let heading = |path: &&str| {
        let (group, name) = grouped(path);
        // The actions are of three fingers.
        let colour = if group == ACTIONS { [89; 3] } else { colour(env, path) };
        Heading { group, name, colour }
    };
    let children: Vec<&str> = graph.children.iter().map(String::as_str).collect();
    let cell = |edge: &Evidence| {
        let tried = graph.parents.iter().find(|(name, _)| *name == edge.parent)?.1;
        Some(Cell {
            row: before.iter().position(|name| *name == edge.parent)?,
            column: children.iter().position(|name| *name == edge.child)?,
            often: edge.seen as f64 / tried.max(1) as f64,
            strength: edge.largest(),
            own: edge.parent == edge.child,
        })
    };
    Matrix {
        title: format!("{}: who can change whom in one control step", graph.family),
        rows: before.iter().map(heading).collect(),
        columns: children.iter().map(heading).collect(),
        cells: graph.edges.iter().filter_map(cell).collect(),
        without: paths(&without),
    }
}
