//! The commands about causes: what would have come of it, masks, graphs.

use serde_json::Value;

use crate::main_job::{file, run, text, trifactor};

/// Runs a command that must end with that status; what it printed.
fn done(arguments: &[&str], status: i32) -> String {
    let output = trifactor(arguments);
    let told = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
    told
}

#[test]
fn a_recorded_episode_is_asked_what_would_have_come_of_it() {
    let log = run("asked.jsonl", "pushing");
    let log = log.to_str().expect("a plain path");
    let json = file("answers.json");
    let json = json.to_str().expect("a plain path");
    let ask = ["counterfactual", log, "--episode", "1", "--step", "60", "--steps", "30"];
    let mass = ["--do", "tool_block/mass=0.4; floor_friction=0.9"];
    let action = ["--action", "[0, 0.9, -1.5, 0, 0.9, -1.5, 0, 0.9, -1.5]", "--json", json];
    let told = done(&[&ask[..], &mass, &["--do", "gravity=[0, 0, -20]"], &action].concat(), 0);
    for name in ["tool_block/mass", "floor/friction", "world/gravity", "another action"] {
        assert!(told.contains(name), "{told}");
    }
    let written: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let all = written["counterfactuals"].as_array().expect("a list");
    assert_eq!((all.len(), written["rewards"].as_array().expect("a list").len()), (3, 30));
    assert_eq!(all[0]["differences"][0]["step"], 0);
    assert_eq!(all[2]["differences"][0]["step"], 1, "the first state is the same");
    let refused = done(&[&ask[..], &["--do", "tool_block/mass=-1"]].concat(), 1);
    assert!(refused.contains("refused") && refused.contains("tool_block/mass"), "{refused}");
    assert!(done(&[&ask[..], &["--do", "tool_blok/mass=1"]].concat(), 1).contains("tool_block"));
    assert!(done(&[&ask[..], &["--do", "mass"]].concat(), 2).contains("PATH=VALUE"));
    assert!(done(&ask, 2).contains("--do"));
    assert!(done(&["counterfactual", log, "--episode", "7", "--do", "a=1"], 2).contains("fewer"));
}

#[test]
fn masks_of_recorded_steps_are_printed_drawn_and_proved() {
    let log = run("masked.jsonl", "pushing");
    let log = log.to_str().expect("a plain path");
    let step = ["mask", log, "--episode", "1", "--step", "120"];
    for (kind, expected) in [("svg", "<svg"), ("dot", "digraph"), ("json", "\"mask\"")] {
        let picture = file(&format!("mask.{kind}"));
        let told = done(&[&step[..], &["-o", picture.to_str().unwrap()]].concat(), 0);
        assert!(told.contains("action_60") && told.contains("tool_block"), "{told}");
        assert!(std::fs::read_to_string(picture).unwrap().contains(expected));
    }
    assert!(done(&[&step[..], &["-o", "mask.bmp"]].concat(), 2).contains("svg, png, dot, json"));
    assert!(done(&["mask", "--family", "stacking2"], 0).contains("tool_block_2"));
    let told = done(&["mask", log, "--verify", "--most", "80", "--quiet", "--markdown"], 0);
    assert!(told.contains("| steps | 80 |") && told.contains("| violations |"), "{told}");
    assert!(told.contains("By finite pushes"), "{told}");
}

#[test]
fn a_familys_graph_is_exported_and_its_experiments_made_again() {
    let told = done(&["graph", "pushing", "--threads", "5000"], 2);
    assert!(told.contains("0..=1024"), "{told}");
    let files = ["svg", "dot", "json"].map(|kind| file(&format!("graph.{kind}")));
    let paths = files.each_ref().map(|path| path.to_str().expect("a plain path"));
    let outputs = ["-o", paths[0], "-o", paths[1], "-o", paths[2]];
    let told =
        done(&[&["graph", "pushing", "--occasions", "12", "--quiet"][..], &outputs].concat(), 0);
    assert!(told.contains("edges") && told.contains("tool_block/color"), "{told}");
    for (file, name) in
        [(&files[0], ">linear_velocity<"), (&files[1], "tool_block/linear_velocity")]
    {
        assert!(std::fs::read_to_string(file).unwrap().contains(name), "{name}");
    }
    let told = done(&["graph", "pushing", "--check", paths[2]], 0);
    assert!(told.contains("experiments come out as told"), "{told}");
    let forged = std::fs::read_to_string(&files[2]).unwrap();
    let mut forged: Value = serde_json::from_str(&forged).unwrap();
    forged["edges"][0]["set"][0] = Value::from(0.123);
    std::fs::write(&files[2], forged.to_string()).unwrap();
    assert!(done(&["graph", "pushing", "--check", paths[2]], 1).contains("comes out otherwise"));
}
