//! Every command: its exit status, what goes to which stream, its JSON, its family, its readers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::main_job::{text, trifactor};

/// A folder of what the commands below read: written once, by commands.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("{}-commands", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).expect("it can be made");
        let made = |arguments: &str| {
            let output = ran(&folder, &words(arguments));
            assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
            output.stdout
        };
        made("run --episodes 2 --log log.jsonl --record data.arrow");
        made("augment data.arrow made.arrow --count 5 --certificates claims.json");
        made("graph --occasions 2 -o graph.json");
        made("evaluate --policy idle --worlds 2 --protocols P0 --out other");
        std::fs::write(folder.join("m.json"), made("manifest data.arrow")).expect("written");
        let actions = serde_json::json!({"episodes": vec![vec![[0.1; 9]; 3]]});
        std::fs::write(folder.join("actions.json"), actions.to_string()).expect("written");
        folder
    })
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trifactor"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

fn ran(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("it starts")
}

/// A command that works: its words, where its family is named for it, whether it prints a table or
/// another document that `--json` turns into JSON, and the width of what it prints.
struct Case {
    line: &'static str,
    /// Whether `--json` is known.
    json: bool,
    /// Whether lines have no more than 100 columns where there is no terminal.
    narrow: bool,
}

/// One case and more of every command.
const CASES: [Case; 22] = {
    const fn case(line: &'static str, json: bool, narrow: bool) -> Case {
        Case { line, json, narrow }
    }
    [
        case("run --episodes 1 --log again.jsonl", true, true),
        case("replay log.jsonl", true, true),
        case("replay log.jsonl --verify", true, true),
        case("verify data.arrow", true, true),
        case("manifest data.arrow", false, false),
        case("regenerate m.json NEW.arrow", false, true),
        case("describe", false, false),
        case("counterfactual log.jsonl --steps 20 --do tool_block/mass=0.3", true, true),
        case("mask", true, true),
        case("mask log.jsonl --episode 1 --step 9 -o mask.png", true, true),
        case("mask data.arrow --verify --most 5", true, true),
        case("graph --occasions 2", true, false),
        case("graph --check graph.json", true, true),
        case("augment data.arrow NEW.arrow --count 5", true, true),
        case("augment made.arrow --verify claims.json", true, true),
        case("score data.arrow --every 50", true, true),
        case("render -o start.png --size 40x30 --samples 1", false, true),
        case("bench --worlds 1 --threads 1 --rounds 1", true, true),
        case("bench --actions actions.json --rounds 1", true, true),
        case("variables pushing", true, false),
        case(
            "evaluate --policy idle --worlds 2 --protocols P0 --against other/scores.json",
            true,
            true,
        ),
        case("protocols pushing P0 --worlds 2", true, false),
    ]
};

/// The commands that `trifactor --help` lists.
fn commands() -> Vec<String> {
    let help = text(&trifactor(&["--help"]).stdout);
    let list = help.split("Commands:").nth(1).expect("a list of commands");
    let list = list.split("Options:").next().expect("it ends");
    let names = list.lines().filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(String::from).collect()
}

/// The words of a case; what it writes is a new file each time.
fn fresh(line: &str) -> Vec<String> {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    words(line).iter().map(|word| word.replace("NEW", &format!("new-{number}"))).collect()
}

fn done(line: &str, more: &[&str]) -> Output {
    let words = fresh(line);
    let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
    ran(folder(), &words)
}

#[test]
fn every_command_has_a_case_here_and_succeeds_without_a_terminal_in_plain_text() {
    for name in commands() {
        let has = CASES.iter().any(|case| words(case.line)[0] == name);
        assert!(has, "{name} has no case in tests/commands.rs");
    }
    for Case { line, narrow, .. } in &CASES {
        let output = done(line, &[]);
        let (out, told) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{line}: {told}");
        // Progress bars and colours begin with an escape, or go back to the line's beginning.
        assert!(!(out + &told).contains(['\u{1b}', '\r']), "{line}");
        let widest = text(&output.stdout).lines().map(|l| l.chars().count()).max().unwrap_or(0);
        assert!(!narrow || widest <= 100, "{line}: {widest} columns");
        let result = !line.starts_with("render");
        assert_eq!(!output.stdout.is_empty(), result, "{line}: results go to standard output");
        assert!(!told.contains("error"), "{line}: {told}");
    }
}

#[test]
fn every_table_is_json_where_that_is_asked_for_with_the_keys_that_the_page_lists() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let page = std::fs::read_to_string(page).expect("the page");
    for Case { line, json, .. } in &CASES {
        let output = done(line, &["--json"]);
        if !json {
            assert_eq!(output.status.code(), Some(2), "{line} --json");
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).expect(line);
        let name = words(line)[0];
        let section = page.split("\n## ").find(|part| part.starts_with(&format!("`{name}`")));
        let section = section.unwrap_or_else(|| panic!("docs/commands.md has no part on {name}"));
        let keys = found.as_object().expect("an object").keys();
        let missing: Vec<&String> =
            keys.filter(|key| !section.contains(&format!("`{key}`"))).collect();
        assert!(missing.is_empty(), "docs/commands.md on {name}: no {missing:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure_of_any_command() {
    for Case { line, .. } in &CASES {
        let words = fresh(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = command(folder(), &words);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("panicked"), "{line}");
    }
}

#[test]
fn wrong_arguments_of_every_command_are_status_2_and_print_no_result() {
    for name in commands() {
        let output = trifactor(&[&name, "--no-such-option"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{name}");
        let help = trifactor(&[&name, "--help"]);
        assert_eq!(help.status.code(), Some(0), "{name}");
        assert!(text(&help.stdout).contains("Usage") && help.stderr.is_empty(), "{name}");
    }
    for line in [
        "run juggling",
        "run pushing --family pushing",
        "run --policy ppo",
        "evaluate --policy ppo",
        "evaluate --protocols P99 --worlds 1",
        "protocols pushing P99",
        "protocols pushing --family pushing P0",
        "protocols --worlds 3",
        "mask --verify",
        "mask -o mask.bmp",
        "mask log.jsonl --episode 7",
        "counterfactual log.jsonl",
        "counterfactual log.jsonl --episode 7 --do floor/friction=1",
        "render -o start.bmp",
        "render --contacts -o start.png",
        "render --log log.jsonl --episode 7 -o start.png",
    ] {
        let output = done(line, &[]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {told}");
        assert!(output.stdout.is_empty() && told.starts_with("error: "), "{line}: {told}");
    }
}

#[test]
fn what_is_missing_or_broken_is_status_1_with_its_path() {
    for line in ["verify", "manifest", "replay", "score", "augment --verify claims.json"] {
        let output = done(line, &["no/such.arrow"]);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(text(&output.stderr).contains("no/such.arrow"), "{line}");
        assert!(output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn the_family_is_named_by_its_place_or_by_an_option_in_every_command() {
    let own = trifactor::task::registry::document("reaching").expect("built in");
    let own = own.replacen("\"reaching\"", "\"mine\"", 1);
    std::fs::write(folder().join("mine.json"), own).expect("it can be written");
    let mut seen = BTreeMap::new();
    for (name, more) in [
        ("run", "--episodes 1 --log family.jsonl"),
        ("describe", ""),
        ("mask", ""),
        ("graph", "--occasions 1"),
        ("render", "-o family.png --size 40x30"),
        ("bench", "--worlds 1 --threads 1 --rounds 1 --json"),
        ("variables", ""),
        ("evaluate", "--policy idle --worlds 1 --protocols P0 --out family"),
        ("protocols", "--benchmark"),
    ] {
        let help = text(&trifactor(&[name, "--help"]).stdout);
        assert!(help.contains("FAMILY]") && !help.contains("--family"), "{name}: {help}");
        for family in ["reaching", "mine.json"] {
            if family == "mine.json" && name == "evaluate" {
                continue;
            }
            let place = done(&format!("{name} {family} {more}"), &[]);
            let option = done(&format!("{name} {more} --family {family}"), &[]);
            for output in [&place, &option] {
                assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
            }
            // Rates differ from one run to the next.
            if !["run", "bench"].contains(&name) {
                assert_eq!(text(&place.stdout), text(&option.stdout), "{name}");
            }
            let family = family.trim_end_matches(".json").to_string();
            seen.entry(name).or_insert_with(Vec::new).push((family, text(&place.stdout)));
        }
    }
    for name in ["describe", "bench", "variables", "protocols"] {
        for (family, told) in &seen[name] {
            assert!(told.contains(family.as_str()), "{name}: no {family} in {told}");
        }
    }
    // With the option, what stands in the family's place is what would come after it.
    let [place, option] =
        ["protocols pushing P4", "protocols --family pushing P4"].map(|line| done(line, &[]));
    assert_eq!(text(&place.stdout), text(&option.stdout));
}

#[test]
fn a_data_set_that_was_cut_off_fails_with_what_was_lost() {
    let whole = std::fs::read(folder().join("data.arrow")).expect("it was written");
    let path = folder().join("cut.arrow");
    let verify = |more: &[&str]| done("verify cut.arrow", more);
    let cut = |length: usize| std::fs::write(&path, &whole[..length]).expect("it can be written");
    // Nothing whole is left, within the header; of the first episode; of the second; of the end.
    for (length, lost) in [
        (1000, "within its header, after 1000 bytes"),
        (40_000, "of up to 251 steps"),
        (whole.len() - 500, "of up to 251 steps"),
        (whole.len() - 8, "ends after a whole episode"),
    ] {
        cut(length);
        let output = verify(&[]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{length}: {told}");
        assert!(told.contains(lost) && told.contains("cut.arrow"), "{length}: {told}");
        let accepted = verify(&["--allow-truncated"]);
        let status = if length == 1000 { 1 } else { 0 };
        assert_eq!(accepted.status.code(), Some(status), "{length}");
        assert!(text(&accepted.stderr).contains(lost), "{length}");
    }
    cut(whole.len() - 500);
    let output = verify(&["--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&found["episodes"], &found["closed"]), (&1.into(), &false.into()));
    assert_eq!(found["lost"]["rows"].as_u64().map(|rows| rows > 250), Some(true), "{found}");
    let there = found["lost"]["length"].as_u64().zip(found["lost"]["bytes"].as_u64());
    assert!(there.is_some_and(|(length, bytes)| length > bytes && bytes > 1000), "{found}");
    assert_eq!(done("mask cut.arrow --verify --most 3", &[]).status.code(), Some(1));
    // Commands that accept a damaged file report what is missing from it.
    for line in ["score cut.arrow --every 100", "manifest cut.arrow"] {
        let output = done(line, &[]);
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert!(text(&output.stderr).contains("note: cut.arrow: the file was cut off"), "{line}");
    }
}

#[test]
fn a_log_that_was_cut_off_fails_with_what_was_lost_at_every_kind_of_place() {
    let whole = std::fs::read_to_string(folder().join("log.jsonl")).expect("it was written");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    // A header; for each episode its start, 250 steps and its end.
    assert_eq!(lines.len(), 1 + 2 * 252);
    let start = lines[..1 + 252 + 100].concat();
    for (cut, lost) in [
        (lines[0].to_string(), "0 of 2 episodes"),
        (lines[..1 + 252].concat(), "1 of 2 episodes"),
        (start.clone(), "episode 1 breaks off after 99 steps"),
        (start + &lines[1 + 252 + 100][..30], "its last 30 bytes"),
        (lines[..lines.len() - 1].concat(), "episode 1 breaks off after 250 steps"),
    ] {
        std::fs::write(folder().join("cut.jsonl"), cut).expect("it can be written");
        let output = done("replay cut.jsonl --verify", &[]);
        assert_eq!(output.status.code(), Some(1), "{lost}");
        assert!(text(&output.stderr).contains(lost), "{lost}: {}", text(&output.stderr));
        let accepted = done("replay cut.jsonl --verify --allow-truncated", &[]);
        assert_eq!(accepted.status.code(), Some(0), "{lost}");
        let summary = done("replay cut.jsonl", &[]);
        assert_eq!(summary.status.code(), Some(0), "{lost}");
        assert!(text(&summary.stderr).contains(lost), "{lost}");
    }
}

#[test]
fn a_recorded_run_names_the_policy_that_made_it() {
    for policy in trifactor::agent::NAMES.iter().filter(|name| **name != "mpc") {
        let (log, data) = (format!("{policy}.jsonl"), format!("{policy}.arrow"));
        let line =
            format!("run reaching --episodes 1 --policy {policy} --log {log} --record {data}");
        let output = done(&line, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let data = trifactor::record::Dataset::open(&folder().join(data)).expect("recorded");
        assert_eq!(data.header().policy, *policy);
    }
}
