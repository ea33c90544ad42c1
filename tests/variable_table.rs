//! The table of variables is one: the command prints it, the page is generated from it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use trifactor::task::{Family, registry};
use trifactor::{Config, Env};

fn variables(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trifactor"));
    command.arg("variables").args(arguments).output().expect("it starts")
}

fn printed(arguments: &[&str]) -> String {
    let output = variables(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_page_of_variables_is_what_the_command_prints() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/variables.md");
    let page = std::fs::read_to_string(page).expect("the page");
    // Whatever a checkout makes of the ends of lines.
    assert!(
        page.replace("\r\n", "\n") == printed(&["--markdown"]),
        "write it anew: cargo run -- variables --markdown > docs/variables.md"
    );
    for name in registry::names() {
        assert!(page.contains(&format!("\n## {name}\n")), "{name}");
    }
}

#[test]
fn the_json_has_every_variable_with_its_default_and_its_ranges() {
    let all: Value = serde_json::from_str(&printed(&["--json"])).expect("JSON");
    let all = all.as_array().expect("a list of families");
    assert_eq!(all.len(), registry::names().count());
    for (name, table) in registry::names().zip(all) {
        let one: Value = serde_json::from_str(&printed(&[name, "--json"])).expect("JSON");
        assert_eq!((&one, &one["family"]), (table, &json!(name)));
        let env = Env::new(Config::new(name)).expect("a built-in family");
        let rows = table["variables"].as_array().expect("rows");
        let values = env.variables();
        assert_eq!(rows.len(), values.len());
        for (row, (path, value)) in rows.iter().zip(values) {
            assert_eq!((&row["path"], &row["default"]), (&json!(path), &json!(value)));
            assert!(row["meaning"].as_str().is_some_and(|meaning| !meaning.is_empty()), "{path}");
            let length = row["shape"].as_array().map(|dimensions| dimensions.len());
            assert_eq!(length, Some(usize::from(value.len() > 1)), "{path}");
        }
    }
}

#[test]
fn what_the_table_calls_observed_is_all_that_is_observed_and_is_a_variable() {
    for name in registry::names() {
        let family = Family::named(name).expect("a built-in family");
        let start = family.initial_state();
        let keys = family.observation(&start);
        let observed = family.table(&start).into_iter().filter(|row| row.observed).count();
        // These two follow from variables and are none themselves.
        let derived = ["time_left_for_task", "end_effector_positions"];
        let variables = keys.iter().filter(|key| !derived.contains(&key.as_str()));
        assert_eq!(observed, variables.count(), "{name}");
    }
}

#[test]
fn the_table_that_people_read_names_units_ranges_and_what_can_not_be_set() {
    let table = printed(&["pushing"]);
    for words in ["tool_block/mass", "kg", "0.015 to 0.045", "m/s²", "can not be set", "\u{d7}3"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(printed(&[]).len() > table.len());
}

#[test]
fn an_unknown_family_is_refused_with_the_known_ones() {
    let output = variables(&["pulling"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("creative_stacked_blocks"));
    assert_eq!(variables(&["pushing", "--markdown"]).status.code(), Some(2));
}
