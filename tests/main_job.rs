//! The main job: run, log, replay; and the policy that does the work.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use trifactor::agent::{Policy, ScriptedPush, ScriptedReach};
use trifactor::record::{Header, Recorder, Writer};
use trifactor::{Config, Env};

/// Runs the command line.
pub(crate) fn trifactor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trifactor")).args(arguments).output().expect("it starts")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path for a file that this test alone uses.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
}

/// Runs two episodes; the log's path.
pub(crate) fn run(name: &str, family: &str) -> PathBuf {
    let path = file(name);
    let log = path.to_str().expect("a plain path");
    let arguments = ["run", "--family", family, "--episodes", "2", "--skip-frame", "10"];
    let output = trifactor(&[&arguments[..], &["--quiet", "--log", log]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("fractional success"));
    path
}

/// Draws a picture; its bytes.
fn render(name: &str, more: &[&str]) -> Vec<u8> {
    let path = file(name);
    let output = path.to_str().expect("a plain path");
    let arguments = ["render", "--size", "80x60", "--samples", "1", "--output", output];
    let done = trifactor(&[&arguments[..], more].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    std::fs::read(path).expect("it was written")
}

#[test]
fn states_and_episodes_become_pictures() {
    let start = render("start.png", &["--family", "stacking2", "--seed", "3"]);
    let picture = image::load_from_memory(&start).expect("a PNG").into_rgb8();
    assert_eq!(picture.dimensions(), (80, 60));
    assert!(picture.pixels().any(|p| p[0] > 150 && p[1] < 60 && p[2] < 60), "no red block");
    let other = render("other.png", &["--camera", "camera_0", "--no-goals", "--no-shadows"]);
    assert_ne!(start, other);

    let mut env = Env::new(Config::new("pushing")).expect("a world");
    env.reset(Some(0));
    let state = file("state.json");
    env.state().save(&state).expect("it can be written");
    let state = state.to_str().expect("a plain path");
    let plain = render("state.png", &["--state", state]);
    assert_ne!(plain, render("frames.png", &["--state", state, "--frames"]));

    let log = run("drawn.jsonl", "pushing");
    let log = log.to_str().expect("a plain path");
    let episode = ["--log", log, "--episode", "1"];
    let plain = render("plain.gif", &episode);
    let animation =
        render("episode.gif", &[&episode[..], &["--contacts", "--influences"]].concat());
    assert_ne!(plain, animation, "nothing touched");
    assert!(animation.starts_with(b"GIF89a"));
    // One frame is a few kilobytes.
    assert!(animation.len() > 50_000, "{} bytes", animation.len());
    let animation = render("episode.apng", &episode);
    assert!(animation.starts_with(b"\x89PNG") && animation.windows(4).any(|w| w == b"acTL"));

    let data = file("drawn.arrow");
    let writer = Writer::create(&data, &Header::of(&env)).expect("a file");
    let mut recorder = Recorder::new(writer);
    recorder.reset(0, &env).expect("it is recorded");
    let step = env.step(&[0.1; 9]).expect("a step");
    recorder.step(0, &env, &[0.1; 9], &step).expect("it is recorded");
    recorder.close().expect("it is written");
    let data = data.to_str().expect("a plain path");
    // The last state of the data set, and of the environment.
    let last = file("last.json");
    env.state().save(&last).expect("it can be written");
    let last = last.to_str().expect("a plain path");
    assert_eq!(render("data.png", &["--data", data]), render("last.png", &["--state", last]));
}

#[test]
fn what_can_not_be_drawn_is_refused_in_words() {
    for (arguments, expected) in [
        (&["--output", "a.bmp"][..], "png, gif, apng, mp4, webm"),
        (&["--camera", "camera_7"], "camera"),
        (&["--size", "0x5"], "1 to 1024"),
        (&["--state", "no/such/file.json"], "no/such/file.json"),
        (&["--contacts"], "--log"),
    ] {
        let output = trifactor(&[&["render"][..], arguments].concat());
        assert!(!output.status.success(), "{arguments:?}");
        let told = text(&output.stderr);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
}

fn replay(path: &Path, more: &[&str]) -> Output {
    trifactor(&[&["replay", path.to_str().expect("a plain path")], more].concat())
}

#[test]
fn every_transition_of_a_run_can_be_taken_again_bit_for_bit() {
    for (family, count) in [("pushing", 500), ("reaching", 250)] {
        let path = run(&format!("{family}.jsonl"), family);
        let output = replay(&path, &["--verify"]);
        let told = text(&output.stdout);
        assert!(
            told.contains(&format!("{count} of {count} transitions agree bit for bit")),
            "{told}"
        );
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn a_family_of_one_s_own_runs_is_described_and_replays_after_its_file_is_gone() {
    let document = trifactor::task::registry::document("reaching").expect("built in");
    let family = file("mine.json");
    let own = document.replacen("\"reaching\"", "\"mine\"", 1);
    std::fs::write(&family, own).expect("it can be written");
    let family = family.to_str().expect("a plain path");
    let log = run("own.jsonl", family);
    let described = trifactor(&["describe", "--family", family, "--skip-frame", "10"]);
    assert!(described.status.success(), "{}", text(&described.stderr));
    std::fs::remove_file(family).expect("it is there");
    let output = replay(&log, &["--verify"]);
    assert!(text(&output.stdout).contains("250 of 250 transitions agree bit for bit"));
    // The same world from its description writes the same log.
    let world = file("world.json");
    std::fs::write(&world, &described.stdout).expect("it can be written");
    let (world, again) = (world.to_str().expect("a plain path"), file("again.jsonl"));
    let arguments = ["run", "--world", world, "--episodes", "2", "--quiet", "--log"];
    let output = trifactor(&[&arguments[..], &[again.to_str().expect("plain")]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let logs = [log, again].map(|path| std::fs::read(path).expect("it was written"));
    assert!(logs[0] == logs[1]);
    let both = trifactor(&["run", "--world", world, "--family", "pushing"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn the_same_run_writes_the_same_log() {
    let logs = ["first.jsonl", "second.jsonl"].map(|name| std::fs::read(run(name, "pushing")));
    let [first, second] = logs.map(|log| log.expect("it was written"));
    assert!(first == second);
}

#[test]
fn a_run_intervenes_before_every_episode_and_replay_tells_it() {
    let told = text(&replay(&run("told.jsonl", "pushing"), &[]).stdout);
    for part in ["tool_block/mass", "tool_block/size", "goal_block/cylindrical_position", "250"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn verification_finds_one_changed_bit() {
    let path = run("tampered.jsonl", "pushing");
    let log = std::fs::read_to_string(&path).expect("it was written");
    let mut lines: Vec<String> = log.lines().map(String::from).collect();
    let mut line: Value = serde_json::from_str(&lines[99]).expect("JSON lines");
    let x = &mut line["step"]["next"]["blocks"][0]["position"][0];
    *x = json!(x.as_f64().expect("a number").next_up());
    lines[99] = line.to_string();
    std::fs::write(&path, lines.join("\n")).expect("it can be written");
    let output = replay(&path, &["--verify"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("line 100: the next state's blocks differs"), "{told}");
}

#[test]
fn a_malformed_log_is_refused_with_the_line() {
    let path = run("malformed.jsonl", "pushing");
    let log = std::fs::read_to_string(&path).expect("it was written");
    let lines: Vec<&str> = log.lines().collect();
    let cases: [(Vec<&str>, &str); 4] = [
        ([&lines[..6], &["{\"step\":{\"action\":[1.0]"], &lines[7..]].concat(), "line 7"),
        ([&lines[..1], &lines[2..]].concat(), "line 2"),
        (lines[1..].to_vec(), "line 1"),
        (Vec::new(), "line 1"),
    ];
    for (lines, place) in cases {
        std::fs::write(&path, lines.join("\n")).expect("it can be written");
        for more in [&["--verify"][..], &[]] {
            let output = replay(&path, more);
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.starts_with("error: ") && told.contains(place), "{place} in {told}");
        }
    }
}

#[test]
fn wrong_arguments_are_refused_with_what_is_known() {
    for (arguments, told) in [
        (&["run", "--family", "juggling"][..], "known: "),
        (&["run", "--physics", "exact"], "known: accurate, reference"),
        (&["run", "--skip-frame", "0"], "1..=1000"),
        (&["runn"], "run"),
    ] {
        let output = trifactor(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}

#[test]
fn bench_counts_the_steps_of_every_round() {
    let path = file("actions.json");
    let centres = [[0.0, -0.08], [0.09, 0.02], [-0.09, 0.03], [0.03, 0.115], [0.105, 0.105]];
    let episodes = vec![vec![[0.1; 9]; 3], vec![[-0.1; 9]; 4]];
    let actions = json!({"kind": "any", "block_centres": centres, "episodes": episodes});
    std::fs::write(&path, actions.to_string()).expect("it can be written");
    let log = path.to_str().expect("a plain path");
    for blocks in ["1", "5"] {
        let arguments = ["bench", "--actions", log, "--skip-frame", "3", "--rounds", "2", "--json"];
        let output = trifactor(&[&arguments[..], &["--blocks", blocks]].concat());
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(told["steps"], 14);
        assert_eq!(told["contact_fraction"], 0.0);
        for seconds in ["seconds", "tick_seconds"] {
            assert!(told[seconds].as_f64().is_some_and(|seconds| seconds > 0.0), "{told}");
        }
        assert!(told["build"].is_string());
    }
}

#[test]
fn bench_measures_a_batch_with_and_without_a_policy() {
    let arguments = ["bench", "--worlds", "2", "--threads", "2", "--rounds", "1", "--json"];
    let told: Value = serde_json::from_slice(&trifactor(&arguments).stdout).expect("JSON");
    let rows = told["rows"].as_array().expect("a row for each number of threads");
    assert_eq!(rows.iter().map(|row| &row["threads"]).collect::<Vec<_>>(), [1, 2]);
    for row in rows {
        for column in ["environment", "policy"] {
            assert!(row[column].as_f64().is_some_and(|rate| rate > 0.0), "{told}");
        }
        assert_eq!(row["training"], Value::Null);
    }

    let path = file("batch_actions.json");
    let actions = json!({"episodes": vec![vec![[0.1; 9]; 3], vec![[-0.1; 9]; 4]]});
    std::fs::write(&path, actions.to_string()).expect("it can be written");
    let log = path.to_str().expect("a plain path");
    let arguments = ["bench", "--actions", log, "--worlds", "5", "--rounds", "2", "--json"];
    let told: Value = serde_json::from_slice(&trifactor(&arguments).stdout).expect("JSON");
    assert_eq!(told["steps"], 2 * 5 * 3);
}

/// The fractional success at an episode's end, with the policy at work or the robot at rest.
fn success(family: &str, seed: u64, policy: Option<&mut dyn Policy>) -> f64 {
    let config = Config { normalize_actions: false, ..Config::new(family) };
    let mut env = Env::new(config).expect("a built-in family");
    env.reset(Some(seed));
    let goal = env.sample_new_goal().expect("the family has goals");
    env.do_intervention(&goal, true).expect("sampled inside its range");
    let mut action = env.state().robot.target;
    let mut policy = policy;
    for _ in 0..env.max_episode_length() {
        if let Some(policy) = policy.as_mut() {
            policy.act(env.state(), &mut action);
        }
        env.step(&action).expect("nine finite numbers");
    }
    env.info().fractional_success
}

#[test]
fn the_scripted_policy_beats_doing_nothing() {
    let dt = Env::new(Config::new("pushing")).expect("a built-in family").dt();
    let mut sum = 0.0;
    for seed in 0..5 {
        let pushed = success("pushing", seed, Some(&mut ScriptedPush::new(dt)));
        let idle = success("pushing", seed, None);
        assert!(pushed > idle, "seed {seed}: {pushed} against {idle}");
        sum += pushed;
    }
    assert!(sum / 5.0 > 0.5, "{sum}");
    // Goals are within reach one by one; together they may have the fingers in each other's way.
    let mean = |policy: bool| -> f64 {
        let of = |seed| match policy {
            true => success("reaching", seed, Some(&mut ScriptedReach)),
            false => success("reaching", seed, None),
        };
        (0..5).map(of).sum::<f64>() / 5.0
    };
    let (reached, idle) = (mean(true), mean(false));
    assert!(reached > idle + 0.3, "{reached} against {idle}");
}

#[test]
fn a_recorded_run_verifies_is_made_again_by_its_manifest_and_a_changed_one_is_found() {
    let (log, path, copy) = (file("kept.jsonl"), file("kept.arrow"), file("again.arrow"));
    let manifest = file("kept.json");
    let [log, path, copy, manifest] =
        [&log, &path, &copy, &manifest].map(|path| path.to_str().expect("a plain path"));
    let run = ["run", "--episodes", "2", "--skip-frame", "10", "--quiet", "--log", log];
    assert!(trifactor(&[&run[..], &["--record", path]].concat()).status.success());
    let verified = trifactor(&["verify", path, "--quiet", "--threads", "1"]);
    let told = text(&verified.stdout);
    assert!(
        verified.status.success() && told.contains("500") && told.contains("1.000000"),
        "{told}"
    );

    for more in [&[][..], &["--actions"]] {
        let printed = trifactor(&[&["manifest", path][..], more].concat());
        assert!(printed.status.success(), "{}", text(&printed.stderr));
        assert_eq!(text(&printed.stdout).contains("\"act\""), !more.is_empty());
        std::fs::write(manifest, &printed.stdout).expect("it can be written");
        let made = trifactor(&["regenerate", manifest, copy]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        let read = |path| std::fs::read(path).expect("it was written");
        assert!(read(path) == read(copy), "made again {more:?}, it is another");
        std::fs::remove_file(copy).expect("it was written");
    }

    let mut bytes = std::fs::read(path).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).expect("it can be written");
    let refused = trifactor(&["verify", path, "--quiet"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("digest"), "{}", text(&refused.stderr));
}
