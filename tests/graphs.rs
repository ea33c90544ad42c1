//! The causal graph of a family: every edge has an experiment that comes out as it is told.

use trifactor::agent;
use trifactor::causal::graph::{Graph, Occasion, explore};
use trifactor::rng::Rng;
use trifactor::vec_env::{Autoreset, VecEnv};
use trifactor::{Config, Env};

const SEED: u64 = 41;

fn env(family: &str) -> Env {
    Env::new(Config { skip_frame: 3, normalize_actions: false, ..Config::new(family) }).unwrap()
}

/// States of episodes of the scripted policy, whose actions are disturbed now and then.
fn occasions(env: &mut Env, count: usize) -> Vec<Occasion> {
    let mut rng = Rng::stream(SEED, 0, "graphs");
    let (mut occasions, mut episode) = (Vec::new(), 0);
    while occasions.len() < count {
        let mut policy = agent::scripted(env.family(), env.dt());
        env.reset(Some(episode));
        let goal = env.sample_new_goal().unwrap();
        env.do_intervention(&goal, false).unwrap();
        let mut action = env.state().robot.target;
        for step in 0..520 {
            policy.act(env.state(), &mut action);
            if step % 26 == 25 {
                action.iter_mut().for_each(|a| *a += rng.uniform(-0.2, 0.2));
                occasions.push(Occasion { state: env.state().clone(), action });
            }
            env.step(&action).unwrap();
        }
        episode += 1;
    }
    occasions.truncate(count);
    occasions
}

fn graph(family: &str, count: usize, threads: usize) -> (Env, Graph) {
    let mut env = env(family);
    let occasions = occasions(&mut env, count);
    let mut worlds = VecEnv::like(&env, 1, threads, Autoreset::Disabled).unwrap();
    let graph = explore(&mut worlds, &occasions, SEED, &|_| ()).unwrap();
    (env, graph)
}

fn has(graph: &Graph, parent: &str, child: &str) -> bool {
    graph.edges.iter().any(|edge| edge.parent == parent && edge.child == child)
}

#[test]
fn every_edge_of_a_graph_has_an_experiment_that_comes_out_again() {
    println!("seed {SEED}");
    let (mut env, graph) = graph("pushing", 60, 0);
    let text = serde_json::to_string(&graph).unwrap();
    let read: Graph = serde_json::from_str(&text).unwrap();
    assert_eq!(read, graph, "the experiments survive a write and a read");
    assert_eq!(read.check(&mut env).unwrap(), Vec::<&_>::new());
    println!("{} edges, {} bytes", graph.edges.len(), text.len());
    let mut forged = read;
    forged.edges[0].counterfactual[0] += 1e-9;
    assert_eq!(forged.check(&mut env).unwrap().len(), 1, "a forged experiment is found");
}

#[test]
fn graphs_have_the_edges_that_the_dynamics_have_and_no_others() {
    let (_, graph) = graph("pushing", 120, 0);
    let motion = "tool_block/linear_velocity";
    for parent in [
        "action_60",
        "action_120",
        "action_300",
        "robot/joint_positions",
        "robot/joint_velocities",
        "robot/position_gain_factor",
        "robot/velocity_gain_factor",
        "robot/torque_limit",
        "robot/joint_damping",
        "robot_finger_60_link_1/mass",
        "world/gravity",
    ] {
        assert!(has(&graph, parent, "robot/joint_velocities"), "{parent} moves joints");
    }
    for parent in [
        "tool_block/mass",
        "tool_block/friction",
        "tool_block/linear_damping",
        "floor/friction",
        "stage/friction",
        "robot/friction",
        "world/gravity",
        "robot/joint_positions",
        "tool_block/size",
        "tool_block/cartesian_position",
        "tool_block/restitution",
        "floor/restitution",
    ] {
        assert!(has(&graph, parent, motion), "{parent} moves the block");
    }
    // What is only seen or wanted has no effect, and nothing moves a goal.
    for (parent, count) in &graph.parents {
        let seen = parent.ends_with("/color") || parent.starts_with("goal_block/");
        if seen || parent == "robot/joint_position_noise" {
            assert!(*count > 0, "{parent} was tried");
            assert!(!graph.edges.iter().any(|edge| edge.parent == *parent), "{parent} has none");
        }
    }
    assert!(graph.children.iter().all(|child| !child.starts_with("goal_block/")));
}

#[test]
fn a_graph_is_the_same_on_any_number_of_threads() {
    assert_eq!(graph("picking", 12, 1).1, graph("picking", 12, 3).1);
}
