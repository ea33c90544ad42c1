//! Families and tasks of one's own: from a JSON document, and as a `Task` in Rust.

use serde_json::{Value, json};
use trifactor::env::Info;
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::robot::Nine;
use trifactor::task::overlap::Overlap;
use trifactor::task::reward::{Outcome, Terms};
use trifactor::task::{Family, Task, registry};
use trifactor::variable::Subspace;
use trifactor::{Config, Env, Error, State};

/// A family that no release knows: pushing, with a long plank beside the block.
fn planks() -> Value {
    let mut document: Value = serde_json::from_str(registry::document("pushing").unwrap()).unwrap();
    document["name"] = json!("pushing_beside_a_plank");
    let mut plank = document["blocks"][0].clone();
    plank["name"] = json!("plank");
    plank["size"] = json!([0.15, 0.03, 0.02]);
    plank["position"] = json!([0.0, 0.0, 0.01]);
    document["blocks"].as_array_mut().unwrap().push(plank);
    let keys = document["observation"].as_array_mut().unwrap();
    keys.extend(["plank_cartesian_position", "plank_orientation"].map(|key| json!(key)));
    document
}

/// Brings the block near the arena's middle, whatever the family of the scene wants.
struct ToTheMiddle {
    family: Family,
}

impl Task for ToTheMiddle {
    fn family(&self) -> &Family {
        &self.family
    }

    fn sample_goal(&self, state: &State, _: Subspace) -> trifactor::Result<Intervention> {
        let mut rng = Rng::at_step(state.seed, state.episode, "to_the_middle", state.step);
        let goal = [rng.uniform(-0.01, 0.01), rng.uniform(-0.01, 0.01), 0.0325];
        Ok(Intervention::new().with("goal_block/cartesian_position", goal))
    }

    fn terms(&self, before: &State, after: &State, _: [&Nine; 2]) -> Terms {
        let from_axis = |state: &State| {
            let [x, y, _] = state.blocks[0].position;
            (x * x + y * y).sqrt()
        };
        Terms::new([
            ("middle_progress", from_axis(before) - from_axis(after)),
            ("middle", from_axis(after)),
        ])
    }

    fn outcome(&self, state: &State, _: &Nine, _: Overlap) -> Outcome {
        let [x, y, _] = state.blocks[0].position;
        let success = x * x + y * y < 0.05 * 0.05;
        let fractional_success = if success { 1.0 } else { 0.0 };
        Outcome { goal_term: fractional_success, fractional_success, success }
    }

    fn reward(&self, terms: &Terms, outcome: &Outcome) -> f64 {
        100.0 * terms[0].1 + outcome.goal_term
    }

    fn terminated(&self, _: &State, after: &State) -> bool {
        after.step == 3
    }
}

fn middle() -> Env {
    let family = Family::named("pushing").unwrap();
    Env::with_task(Config::new("pushing"), Box::new(ToTheMiddle { family })).unwrap()
}

#[test]
fn a_family_from_json_is_an_environment_like_any_other() {
    let family = Family::from_json(&planks().to_string()).unwrap();
    let mut env = Env::with_family(Config::new("planks"), family).unwrap();
    env.reset(Some(0));
    assert_eq!(env.family().name(), "pushing_beside_a_plank");
    assert_eq!(env.observation_len(), 56 + 3 + 4);
    assert_eq!(env.state().blocks[1].size, [0.15, 0.03, 0.02]);
    let plank = Intervention::new().with("plank/mass", [0.05]);
    env.do_intervention(&plank, false).unwrap();
    let goal = env.sample_new_goal().unwrap();
    env.do_intervention(&goal, true).unwrap();
    assert!(env.step(&[0.1; 9]).unwrap().reward.is_finite());
    assert_eq!(env.state().blocks[1].mass, 0.05);
}

#[test]
fn a_mistake_in_a_family_s_file_is_told_with_the_file_and_the_place() {
    let mut document = planks();
    document["blocks"][1]["size"] = json!([0.15, 0.03]);
    let path = std::env::temp_dir().join(format!("trifactor-family-{}.json", std::process::id()));
    std::fs::write(&path, document.to_string()).unwrap();
    let refused = Family::from_file(&path).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    let Error::Malformed { what, path: place, .. } = &refused else { panic!("{refused:?}") };
    assert!(what.contains("trifactor-family-"), "{refused}");
    assert!(place.starts_with("blocks[1].size"), "{refused}");
    assert!(matches!(Family::from_file(&path), Err(Error::File { .. })), "the file is gone");
}

#[test]
fn a_task_in_rust_draws_its_goals_and_pays_its_reward() {
    let mut env = middle();
    env.reset(Some(4));
    let Info { reward_terms, success, .. } = env.info();
    assert_eq!(reward_terms, [("middle_progress", 0.0), ("middle", 0.0)]);
    assert!(!success, "the block starts 0.08 m from the middle");

    let goal = env.sample_new_goal().unwrap();
    env.do_intervention(&goal, false).unwrap();
    let at = env.state().goals[0].position;
    assert!(at[0].abs() <= 0.01 && at[1].abs() <= 0.01, "{at:?}");

    let near = Intervention::new().with("tool_block/cartesian_position", [0.0, 0.04, 0.0325]);
    env.do_intervention(&near, false).unwrap();
    let before = env.state().blocks[0].position;
    let step = env.step(&[0.0; 9]).unwrap();
    let after = env.state().blocks[0].position;
    let axis = |p: [f64; 3]| (p[0] * p[0] + p[1] * p[1]).sqrt();
    let info = env.info();
    assert_eq!(
        info.reward_terms,
        [("middle_progress", axis(before) - axis(after)), ("middle", axis(after))]
    );
    assert!(info.success);
    assert_eq!(step.reward, (100.0 * info.reward_terms[0].1 + 1.0) * env.dt());
    assert!(!step.terminated && !env.step(&[0.0; 9]).unwrap().terminated);
    assert!(env.step(&[0.0; 9]).unwrap().terminated, "the third step");
}

#[test]
fn a_task_changes_what_is_wanted_and_not_what_happens() {
    let mut own = middle();
    let mut family = Env::new(Config::new("pushing")).unwrap();
    for env in [&mut own, &mut family] {
        env.reset(Some(9));
        for i in 0..20 {
            env.step(&[0.05 * f64::from(i); 9]).unwrap();
        }
    }
    assert_eq!(own.state(), family.state());
    // A state of the one is a state of the other.
    own.set_state(family.state()).unwrap();
}

#[test]
fn the_same_seed_draws_the_same_goals_of_a_task_in_rust() {
    let goals = |seed: u64| {
        let mut env = middle();
        let mut drawn = Vec::new();
        env.reset(Some(seed));
        for _ in 0..5 {
            drawn.push(env.sample_new_goal().unwrap());
            env.reset(None);
        }
        drawn
    };
    let first = goals(1);
    assert_eq!(first, goals(1));
    assert_ne!(first, goals(2));
    assert!(first.windows(2).all(|pair| pair[0] != pair[1]), "episodes draw anew");
}
