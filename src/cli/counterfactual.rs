//! What would have come of a recorded episode, had something been otherwise.

use std::fs;
use std::path::PathBuf;

use comfy_table::Cell;
use serde_json::{Map, Value, json};

use super::data::Data;
use super::output::{Done, Failure, file_error, json_reason, note, pretty, print};
use super::run::show;
use super::table::{narrow, number};
use super::work::Threads;
use crate::causal::{Course, Courses, Difference, Question, counterfactuals, differences};
use crate::error::{Error, Result};
use crate::intervention::Intervention;
use crate::robot::Nine;
use crate::variable::{Rules, Space};
use crate::vec_env::{Autoreset, VecEnv};

#[derive(clap::Args)]
pub(super) struct Options {
    /// A log or a data set, as `run` writes them
    file: PathBuf,
    /// Which episode, from 0
    #[arg(long, default_value_t = 0)]
    episode: usize,
    /// The control step before which it is asked, from 0
    #[arg(long, default_value_t = 0)]
    step: u64,
    /// How many steps are followed at most; by default up to the episode's end, or to where
    /// something was set
    #[arg(long)]
    steps: Option<usize>,
    /// A counterfactual: tool_block/mass=0.2, several with ';' between them, or JSON; given more
    /// than once, each is one of its own
    #[arg(long = "do", value_name = "PATH=VALUE", value_parser = setting)]
    settings: Vec<Intervention>,
    /// Another action at that step, nine numbers as JSON, as the episode's actions are; a
    /// counterfactual of its own
    #[arg(long, value_name = "[..]", value_parser = nine, allow_hyphen_values = true)]
    action: Option<Nine>,
    /// Refuse values outside the world's intervention space
    #[arg(long)]
    check_bounds: bool,
    #[command(flatten)]
    threads: Threads,
    /// Print JSON in place of tables, with every variable at every step that differs; or write it
    /// to a file beside them
    #[arg(long, value_name = "FILE.json", num_args = 0..=1)]
    json: Option<Option<PathBuf>>,
}

/// Asks, prints what differs; 1 where a question was refused.
pub(super) fn counterfactual(options: &Options) -> Done {
    let data = Data::open_what_is_there(&options.file)?;
    let mut span = data.span(options.episode, options.step)?;
    span.truncate(options.steps.unwrap_or(usize::MAX));
    let actions: Vec<f64> = span.iter().flat_map(|taken| taken.action).collect();
    let questions = questions(options, &actions)?;
    let env = data.env()?;
    let space = options.check_bounds.then(|| Space::from(env.config().variables_space));
    let mut worlds = VecEnv::like(&env, 1, options.threads.count, Autoreset::Disabled)?;
    let Some(first) = span.first() else {
        return Err(Failure::setting("steps", "0", "must be at least 1"));
    };
    let courses =
        counterfactuals(&mut worlds, &first.before, &actions, &questions, space.as_ref())?;
    let states = courses.factual.branch.states.iter();
    if !states.zip(&span).all(|(state, taken)| state.same_bits(&taken.after)) {
        let reason = "its steps come out otherwise here: see trifactor replay --verify".to_string();
        return Err(Error::OtherWorld { reason }.into());
    }
    let rules = env.family().rules();
    let document = || document(options, rules, &questions, &courses);
    if let Some(None) = &options.json {
        print(&pretty(&document())?)?;
    } else {
        for (question, course) in questions.iter().zip(&courses.counterfactual) {
            let found = match course {
                Ok(course) => table(rules, &courses.factual, course),
                Err(reason) => format!("refused: {reason}"),
            };
            print(&format!("{}\n{found}", title(question)))?;
        }
    }
    if let Some(Some(path)) = &options.json {
        fs::write(path, document().to_string()).map_err(|e| file_error(path, &e))?;
        note(&format!("written to {}", path.display()));
    }
    Ok(i32::from(courses.counterfactual.iter().any(Result::is_err)))
}

fn questions(options: &Options, actions: &[f64]) -> std::result::Result<Vec<Question>, Failure> {
    let set = |set: &Intervention| Question { set: set.clone(), actions: None };
    let mut questions: Vec<Question> = options.settings.iter().map(set).collect();
    if let Some(action) = options.action {
        let mut actions = actions.to_vec();
        actions.splice(..action.len().min(actions.len()), action);
        questions.push(Question { actions: Some(actions), ..Question::default() });
    }
    if questions.is_empty() {
        let reason = "say what is to be otherwise: --do PATH=VALUE or --action [..]";
        return Err(Failure::setting("do", "none", reason));
    }
    Ok(questions)
}

fn title(question: &Question) -> String {
    match question.set.is_empty() {
        true => "do(another action)".to_string(),
        false => format!("do({})", show(&question.set).replace('\n', ", ")),
    }
}

/// A row for every variable that differs at any step.
fn table(rules: &Rules, factual: &Course, course: &Course) -> String {
    let all = differences(rules, factual, course);
    let mut table = narrow(&["variable", "from step", "largest", "at step", "at the end"]);
    let mut paths: Vec<&str> = Vec::new();
    for difference in &all {
        if !paths.contains(&difference.path.as_str()) {
            paths.push(&difference.path);
        }
    }
    let end = factual.branch.states.len().min(course.branch.states.len());
    for path in paths {
        let of: Vec<&Difference> = all.iter().filter(|d| d.path == path).collect();
        let worst = of.iter().copied().max_by(|a, b| a.largest().total_cmp(&b.largest()));
        let (Some(first), Some(worst)) = (of.first(), worst) else { continue };
        let last = of.last().filter(|d| d.step == end);
        table.add_row(vec![
            Cell::new(path),
            number(first.step.to_string()),
            number(format!("{:.3e}", worst.largest())),
            number(worst.step.to_string()),
            number(last.map_or("the same".to_string(), |d| format!("{:.3e}", d.largest()))),
        ]);
    }
    let (fact, other) = (&factual.branch, &course.branch);
    let sum = |rewards: &[f64]| rewards.iter().sum::<f64>();
    format!(
        "{table}\ndifferences are the largest over a variable's numbers; --json has all values\n\
         after {end} steps: fractional success {:.3}, in fact {:.3}; reward {:.3}, in fact {:.3}",
        other.fractional_success,
        fact.fractional_success,
        sum(&other.rewards),
        sum(&fact.rewards)
    )
}

/// Everything that differs, as JSON.
fn document(options: &Options, rules: &Rules, questions: &[Question], courses: &Courses) -> Value {
    let one = |(question, course): (&Question, &Result<Course>)| {
        let mut entry = Map::new();
        entry.insert("do".to_string(), json!(question.set));
        entry.insert("actions".to_string(), json!(question.actions));
        match course {
            Err(reason) => entry.insert("refused".to_string(), json!(reason.to_string())),
            Ok(course) => {
                let all = differences(rules, &courses.factual, course);
                let all = all.iter().map(|d| {
                    json!({"step": d.step, "variable": d.path, "factual": d.factual,
                           "counterfactual": d.counterfactual})
                });
                entry.insert("rewards".to_string(), json!(course.branch.rewards));
                entry.insert("differences".to_string(), all.collect())
            }
        };
        Value::Object(entry)
    };
    let asked: Vec<Value> = questions.iter().zip(&courses.counterfactual).map(one).collect();
    json!({"episode": options.episode, "step": options.step,
           "rewards": courses.factual.branch.rewards, "counterfactuals": asked})
}

/// An intervention: JSON, or settings with `;` between them.
fn setting(text: &str) -> std::result::Result<Intervention, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|e| json_reason(&e));
    }
    let mut values = Map::new();
    for part in text.split(';').filter(|part| !part.trim().is_empty()) {
        let Some((path, value)) = part.split_once('=') else {
            return Err(format!("'{part}': expected PATH=VALUE, such as tool_block/mass=0.2"));
        };
        let value = serde_json::from_str(value.trim())
            .map_err(|e| format!("{}: {}", path.trim(), json_reason(&e)))?;
        if values.insert(path.trim().to_string(), value).is_some() {
            return Err(format!("'{}' is set twice", path.trim()));
        }
    }
    serde_json::from_value(Value::Object(values)).map_err(|e| json_reason(&e))
}

pub(super) fn nine(text: &str) -> std::result::Result<Nine, String> {
    serde_json::from_str(text).map_err(|e| json_reason(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_pairs_and_as_json() {
        let both = Intervention::new().with("tool_block/mass", [0.2]).with("floor/friction", [0.1]);
        assert_eq!(setting("tool_block/mass=0.2; floor_friction = 0.1"), Ok(both.clone()));
        assert_eq!(setting(r#"{"tool_block": {"mass": 0.2}, "floor_friction": 0.1}"#), Ok(both));
        let gravity = Intervention::new().with("world/gravity", [0.0, 0.0, -1.0]);
        assert_eq!(setting("gravity=[0, 0, -1]"), Ok(gravity));
        for wrong in ["tool_block/mass", "tool_block/mass=heavy", "a=1;a=2"] {
            assert!(setting(wrong).is_err(), "{wrong}");
        }
        assert!(nine("[1, 2]").is_err() && nine("[1,2,3,4,5,6,7,8,9]").is_ok());
    }
}
