//! The causal graph of a family's variables: drawn, exported, checked.

use std::fs;
use std::path::PathBuf;

use super::mask::{kind, picture, write};
use super::variables::group::paths;
use super::work::{Progress, Threads};
use super::{WorldOptions, family, file_error, json_reason, physics, print};
use crate::agent;
use crate::causal::graph::{Evidence, Graph, Occasion, explore};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::report::diagram::{Diagram, Link, Place};
use crate::rng::Rng;
use crate::task::Family;
use crate::variable::{self, Entity};
use crate::vec_env::{Autoreset, VecEnv};
use crate::world::Physics;

#[derive(clap::Args)]
pub(super) struct Options {
    /// Task family: its name, or the JSON file of one of your own
    #[arg(value_parser = family)]
    family: Family,
    /// Ticks of 4 ms per control step
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    skip_frame: u32,
    /// Physics preset: accurate or reference
    #[arg(long, default_value = "accurate", value_parser = physics)]
    physics: Physics,
    /// Where to write: .svg, .png, .dot, or .json, which has the experiment behind every edge; may be
    /// given more than once
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Make the experiments of a graph's JSON again and compare
    #[arg(long, value_name = "FILE.json", conflicts_with = "output")]
    check: Option<PathBuf>,
    /// In how many states of episodes edges are looked for; with staged collisions twice as many
    #[arg(long, default_value_t = 300)]
    occasions: usize,
    /// Seed of all random streams
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    progress: Progress,
}

/// Steps between two occasions.
const APART: usize = 7;
/// Occasions of one episode.
const OF_EPISODE: usize = 20;

/// Finds the graph and draws it; 1 where an experiment does not come out as it is told.
pub(super) fn graph(options: &Options) -> Result<i32> {
    let Options { family, skip_frame, physics, .. } = options;
    let (skip_frame, physics) = (*skip_frame, *physics);
    let world = WorldOptions { family: family.clone(), skip_frame, physics, world: None };
    let mut env = world.env(false)?;
    if let Some(path) = &options.check {
        let text = fs::read_to_string(path).map_err(|e| file_error(path, &e))?;
        let graph: Graph = serde_json::from_str(&text).map_err(|e| Error::Malformed {
            what: path.display().to_string(),
            path: format!("line {}", e.line()),
            reason: json_reason(&e),
        })?;
        let wrong = graph.check(&mut env)?;
        for edge in wrong.iter().take(5) {
            print(&format!("{} on {} comes out otherwise", edge.parent, edge.child))?;
        }
        print(&format!(
            "{} of {} experiments come out as told",
            graph.edges.len() - wrong.len(),
            graph.edges.len()
        ))?;
        return Ok(i32::from(!wrong.is_empty()));
    }
    options.output.iter().try_for_each(|path| kind(path).map(drop))?;
    let occasions = occasions(&mut env, options.occasions, options.seed)?;
    let mut worlds = VecEnv::like(&env, 1, options.threads.count, Autoreset::Disabled)?;
    let bar = options.progress.bar(Some(2 * occasions.len() as u64));
    let graph = explore(&mut worlds, &occasions, options.seed, &|steps| bar.inc(steps))?;
    bar.finish_and_clear();
    print(&summary(&graph))?;
    for path in &options.output {
        let bytes = match kind(path)? {
            "json" => serde_json::to_vec(&graph).map_err(|e| file_error(path, &e.into()))?,
            kind => picture(&diagram(&graph, &env, kind != "dot"), kind)?,
        };
        write(path, &bytes)?;
    }
    Ok(0)
}

/// States of episodes and the actions there: half of them the scripted policy's, half random, in
/// worlds whose constants are drawn.
fn occasions(env: &mut Env, count: usize, seed: u64) -> Result<Vec<Occasion>> {
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

/// The graph as a picture; where it is to be brief, variables without effect stand below, those that
/// are alike in one line.
fn diagram(graph: &Graph, env: &Env, brief: bool) -> Diagram {
    let (mut before, without) = by_effect(graph);
    let idle =
        if brief { paths(&without) } else { without.iter().map(ToString::to_string).collect() };
    before.extend(idle.iter().map(String::as_str));
    let scene = &env.state().scene;
    // Actions, fingers and the robot have one colour, floor, stage and gravity another, each block
    // and goal its own.
    let group = |name: &str| match name.split_once('/').map_or(name, |(entity, _)| entity) {
        entity if entity.starts_with("action_") => 1,
        entity => match Entity::named(scene, entity) {
            Some(Entity::Robot | Entity::Link(_)) => 0,
            Some(Entity::Block(i)) => 2 + i % 4,
            _ => 6,
        },
    };
    let place = |name: &str| Place { name: name.to_string(), group: group(name) };
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
