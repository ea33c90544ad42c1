//! Families are data: built from JSON, refused with the place of the mistake, sampled by streams.

use serde_json::{Map, Value, json};
use trifactor::Error;
use trifactor::intervention::{Intervention, apply};
use trifactor::math::from_cylindrical;
use trifactor::task::{Family, registry};
use trifactor::variable::Subspace;
use trifactor::world::{Physics, State, World};

fn params(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn started(name: &str, seed: u64, episode: u64, step: u64) -> (Family, State) {
    let family = Family::named(name).unwrap();
    let state = State { seed, episode, step, ..family.initial_state() };
    (family, state)
}

#[test]
fn the_default_scenes_are_those_of_the_facts() {
    let (pushing, state) = started("pushing", 0, 0, 0);
    let (tool, goal) = (&state.blocks[0], &state.goals[0]);
    assert_eq!((tool.position, tool.mass, tool.size), ([0.0, -0.08, 0.0325], 0.02, [0.065; 3]));
    assert_eq!((goal.position, goal.size), ([0.0, 0.08, 0.0325], [0.065; 3]));
    assert_eq!((tool.color, goal.color), ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]));
    assert_eq!(pushing.episode_seconds(&state), 10.0);
    assert_eq!(pushing.reward().weights().dense, [750.0, 250.0, 100.0]);
    let (reaching, state) = started("reaching", 0, 0, 0);
    assert_eq!(state.goals.iter().map(|g| g.position[2]).collect::<Vec<_>>(), [0.1, 0.13, 0.16]);
    assert_eq!(reaching.episode_seconds(&state), 5.0);
    assert_eq!(reaching.observation(&state).len(), 7);
}

#[test]
fn default_starts_are_feasible() {
    let mut world = World::new(Physics::default(), 10).unwrap();
    for name in registry::names() {
        let (family, state) = started(name, 0, 0, 0);
        trifactor::intervention::feasible(&mut world, family.rules(), &state).unwrap();
    }
}

#[test]
fn parameters_set_the_start_and_unknown_ones_are_refused() {
    let family = Family::named("pushing").unwrap();
    let changed = params(json!({
        "tool_block_mass": 0.05,
        "goal_block_position": [0.05, 0.0, 0.0325],
        "dense_reward_weights": [1.0, 2.0, 3.0],
        "activate_sparse_reward": true,
        "joint_positions": null,
    }));
    let other = family.clone().with_params(&changed).unwrap();
    assert_eq!(other.initial_state().blocks[0].mass, 0.05);
    assert_eq!(other.initial_state().goals[0].position, [0.05, 0.0, 0.0325]);
    let weights = other.reward().weights();
    assert!(weights.dense == [1.0, 2.0, 3.0] && weights.sparse);
    assert_ne!(other.digest(), family.digest());
    assert_eq!(other.params()["tool_block_mass"], json!(0.05));
    let again = family.clone().with_params(&family.params()).unwrap();
    assert_eq!(again.digest(), family.digest(), "the defaults, said, change nothing");

    for (bad, said) in [
        (json!({"tool_mass": 0.05}), "tool_block_mass"),
        (json!({"tool_block_mass": -1}), "tool_block/mass"),
        (json!({"tool_block_mass": "heavy"}), "expected a number"),
        (json!({"dense_reward_weights": [1.0]}), "expected 3"),
        (json!({"goal_block_orientation": [0, 0, 0, 0]}), "must not be zero"),
    ] {
        let error = family.clone().with_params(&params(bad)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn the_same_seed_samples_the_same_goals_and_every_step_others() {
    for name in registry::names() {
        let sample = |seed, episode, step| {
            let (family, state) = started(name, seed, episode, step);
            family.sample_goal(&state, Subspace::Both).unwrap()
        };
        let first = sample(1, 2, 3);
        assert_eq!(first, sample(1, 2, 3));
        for other in [sample(2, 2, 3), sample(1, 3, 3), sample(1, 2, 4)] {
            assert_ne!(first, other);
        }
    }
}

#[test]
fn what_one_variable_draws_does_not_depend_on_the_others() {
    let (family, state) = started("pushing", 7, 1, 0);
    let goals = family.sample_goal(&state, Subspace::A).unwrap();
    // Another mass, friction or start pose moves no draw of the goal.
    let mut other = state.clone();
    let edits = [("tool_block/mass", vec![0.04]), ("floor/friction", vec![0.4])];
    for (path, value) in edits {
        trifactor::variable::draw(&other, family.rules(), path, Subspace::A).unwrap();
        trifactor::variable::write(&mut other, family.rules(), path, &value).unwrap();
    }
    assert_eq!(family.sample_goal(&other, Subspace::A).unwrap(), goals);
    // A goal that is taken out of the sampling moves no draw of the remaining ones.
    let json = registry::document("reaching").unwrap();
    let fewer =
        json.replace(r#""goals": ["goal_60", "goal_120", "goal_300"]"#, r#""goals": ["goal_300"]"#);
    assert_ne!(json, fewer);
    let (all, fewer) = (Family::from_json(json).unwrap(), Family::from_json(&fewer).unwrap());
    let state = State { seed: 5, ..all.initial_state() };
    let of_all = all.sample_goal(&state, Subspace::Both).unwrap();
    for (path, value) in fewer.sample_goal(&state, Subspace::Both).unwrap().values {
        assert_eq!(of_all.values[&path], value, "{path}");
    }
}

#[test]
fn sampled_goals_are_accepted_and_spread_as_the_facts_say() {
    let mut world = World::new(Physics::default(), 10).unwrap();
    const DRAWS: usize = 2000;
    for (name, subspace, bounds) in [
        ("pushing", Subspace::A, [0.0, 0.11]),
        ("pushing", Subspace::B, [0.11, 0.15]),
        ("reaching", Subspace::A, [0.0, 0.11]),
    ] {
        let mut mean = 0.0;
        // Where only reachable goals are taken their radii have no simple mean.
        let json = registry::document(name).unwrap().replace(", \"within_reach\": true", "");
        let family = Family::from_json(&json).unwrap();
        for episode in 0..DRAWS {
            let mut state = State { seed: 11, episode: episode as u64, ..family.initial_state() };
            let goals = family.sample_goal(&state, subspace).unwrap();
            apply(&mut world, family.rules(), &mut state, &goals, Some(subspace)).unwrap();
            let (_, place) =
                goals.values.iter().find(|(p, _)| p.ends_with("cylindrical_position")).unwrap();
            mean += place[0] / DRAWS as f64;
            let reached = state.goals.iter().map(|g| g.position);
            let wanted = from_cylindrical([place[0], place[1], place[2]]);
            assert!(reached.into_iter().any(|p| p == wanted), "goals are where they were drawn");
        }
        // Uniform radii average to the middle; radii of uniform areas to two thirds of the way
        // from a low bound of zero. Four standard errors of the mean (sd < 0.3 of the width).
        let width = bounds[1] - bounds[0];
        let expected = bounds[0] + width * if name == "reaching" { 2.0 / 3.0 } else { 0.5 };
        let error = 4.0 * 0.3 * width / (DRAWS as f64).sqrt();
        assert!((mean - expected).abs() < error, "{name} {subspace:?}: {mean} not {expected}");
    }
}

#[test]
fn obstacles_come_and_go_and_are_observed() {
    let mut world = World::new(Physics::default(), 10).unwrap();
    for seed in 0..50 {
        let (family, start) = started("reaching", seed, 0, 0);
        let mut state = start.clone();
        let three = Intervention::new().with("task/number_of_obstacles", [3.0]);
        apply(&mut world, family.rules(), &mut state, &three, Some(Subspace::A)).unwrap();
        assert_eq!(state.blocks.len(), 3);
        assert_eq!(family.observation(&state).len(), 7 + 3 * 4);
        for (block, description) in state.blocks.iter().zip(&state.scene.blocks) {
            assert_eq!((block.size, block.color), ([0.01; 3], [0.0; 3]), "{}", description.name);
            assert!(block.position[2] >= 0.005 && block.position[2] <= 0.295);
        }
        let one = Intervention::new()
            .with("task/number_of_obstacles", [1.0])
            .with("obstacle_0/cartesian_position", [0.0, 0.0, 0.25]);
        apply(&mut world, family.rules(), &mut state, &one, None).unwrap();
        assert_eq!((state.blocks.len(), state.blocks[0].position), (1, [0.0, 0.0, 0.25]));
        let none = Intervention::new().with("task/number_of_obstacles", [0.0]);
        apply(&mut world, family.rules(), &mut state, &none, None).unwrap();
        assert_eq!(state, start, "lowering the number gives the first scene back");
    }
}

/// Whether a value fits the part of JSON Schema that `schema.json` uses; any other keyword is an
/// error, so that the schema can say nothing that is not checked here.
fn fits(schema: &Value, root: &Value, value: &Value) -> bool {
    let number = |key: &str| schema[key].as_f64();
    schema.as_object().unwrap().iter().all(|(keyword, rule)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" => true,
        "$ref" => {
            let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            fits(&root["$defs"][name], root, value)
        }
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "number" => value.is_number(),
            // 5.0 is the integer 5, in JSON Schema and to the loader.
            "integer" => value.as_f64().is_some_and(|v| v.trunc() == v),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("type {other}"),
        },
        "enum" => rule.as_array().unwrap().contains(value),
        "anyOf" => rule.as_array().unwrap().iter().any(|s| fits(s, root, value)),
        "required" => {
            rule.as_array().unwrap().iter().all(|k| value.get(k.as_str().unwrap()).is_some())
        }
        "properties" => rule
            .as_object()
            .unwrap()
            .iter()
            .all(|(k, s)| value.get(k).is_none_or(|v| fits(s, root, v))),
        "additionalProperties" => value.as_object().is_none_or(|map| {
            let known = schema.get("properties").and_then(Value::as_object);
            map.iter().filter(|(k, _)| known.is_none_or(|p| !p.contains_key(*k))).all(|(_, v)| {
                if rule.is_boolean() { rule == &json!(true) } else { fits(rule, root, v) }
            })
        }),
        "items" => value.as_array().is_none_or(|a| a.iter().all(|v| fits(rule, root, v))),
        "minItems" => value.as_array().is_none_or(|a| a.len() as f64 >= number(keyword).unwrap()),
        "maxItems" => value.as_array().is_none_or(|a| a.len() as f64 <= number(keyword).unwrap()),
        "minProperties" => {
            value.as_object().is_none_or(|m| m.len() as f64 >= number(keyword).unwrap())
        }
        "maxProperties" => {
            value.as_object().is_none_or(|m| m.len() as f64 <= number(keyword).unwrap())
        }
        "minimum" => value.as_f64().is_none_or(|v| v >= number(keyword).unwrap()),
        "maximum" => value.as_f64().is_none_or(|v| v <= number(keyword).unwrap()),
        "exclusiveMinimum" => value.as_f64().is_none_or(|v| v > number(keyword).unwrap()),
        "pattern" => {
            assert_eq!(rule, "^[a-z][a-z0-9_]*$", "the one pattern that is checked here");
            value.as_str().is_none_or(|s| {
                s.starts_with(|c: char| c.is_ascii_lowercase())
                    && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            })
        }
        other => panic!("the schema uses '{other}', which this test can not check"),
    })
}

#[test]
fn schema_and_loader_agree_on_what_is_malformed() {
    let schema: Value = serde_json::from_str(registry::SCHEMA).unwrap();
    let good: Value = serde_json::from_str(registry::document("pushing").unwrap()).unwrap();
    for name in registry::names() {
        let document = serde_json::from_str(registry::document(name).unwrap()).unwrap();
        assert!(fits(&schema, &schema, &document), "{name}");
    }
    let set = |pointer: &str, value: Value| {
        let mut document = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
            parent => parent[key] = value,
        }
        document
    };
    let mut missing = good.clone();
    missing.as_object_mut().unwrap().remove("couplings");
    let mut unranged = good.clone();
    unranged["ranges"][0].as_object_mut().unwrap().remove("range");
    // A document of another family with one place changed.
    let other = |name: &str, pointer: &str, value: Value| {
        let mut document: Value = serde_json::from_str(registry::document(name).unwrap()).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
            parent => parent[key] = value,
        }
        document
    };
    let in_tower = |key: &str, value| other("towers", &format!("/structure/tower/{key}"), value);
    let in_stack =
        |key: &str, value| other("stacked_blocks", &format!("/structure/stack/{key}"), value);
    let mut malformed = vec![
        (in_tower("number_of_blocks_in_tower", json!([1, 1, 0])), "structure"),
        (in_tower("number_of_blocks_in_tower", json!([1, 1.5, 1])), "structure"),
        (in_tower("number_of_blocks_in_tower", json!([1, 1])), "structure"),
        (in_tower("tower_dims", json!([0.1, 0.1, 0.001])), "structure"),
        (in_tower("tower_center", json!([0, 0, 0])), "structure"),
        (in_tower("blocks_mass", json!(0)), "structure"),
        (in_tower("colour", json!("red")), "structure"),
        (in_stack("stack_levels", json!(17)), "structure"),
        (in_stack("goals", json!("middle")), "structure"),
        (in_stack("max_level_width", json!(2)), "structure"),
        (other("general", "/structure", json!({"heap": {}})), "structure"),
        (other("general", "/structure/pile/nums_objects", json!(-1)), "structure"),
        (other("general", "/observation/4", json!({"structure": "reversed"})), "observation[4]"),
        (other("general", "/observation/4", json!({"all": true})), "observation[4]"),
        (other("picking", "/parameters/goal_height/components", json!([])), "goal_height"),
        (other("picking", "/parameters/goal_height/component", json!(2)), "goal_height"),
        (other("picking", "/parameters/goal_height", json!([])), "goal_height"),
        (other("picking", "/goal_sampling", json!({"variables": []})), "goal_sampling"),
        (other("picking", "/goal_sampling", json!({"dream": []})), "goal_sampling"),
        (
            other("pick_and_place", "/goal_sampling/opposite_sides/radius", json!(0)),
            "goal_sampling",
        ),
        (
            other("pick_and_place", "/ranges/1/range/a/low/1/positive", json!("left")),
            "ranges[1].range",
        ),
        (other("reaching", "/goal_sampling/poses/within_reach", json!(1)), "goal_sampling"),
    ];
    malformed.extend([
        (missing, "couplings"),
        (unranged, "ranges[0]"),
        (set("/name", json!("Pushing!")), "name"),
        (set("/colour", json!("red")), "colour"),
        (set("/joint_positions", json!([0, 0, 0])), "joint_positions"),
        (set("/blocks/0/kind", json!("soft")), "blocks[0].kind"),
        (set("/blocks/0/mesh", json!(7)), "blocks[0].mesh"),
        (set("/blocks/0/mesh", json!({"file": 7})), "blocks[0].mesh"),
        (set("/blocks/0/mesh", json!({"file": "a.obj", "scale": 2})), "blocks[0].mesh"),
        (set("/blocks/0/mesh", json!({"file": "a.obj", "pieces": 0})), "blocks[0].mesh"),
        (set("/blocks/0/mesh", json!({"file": "a.obj", "pieces": 1.5})), "blocks[0].mesh"),
        (set("/goals/0/mesh", json!({"hulls": []})), "goals[0].mesh"),
        (set("/goals/0/mesh", json!({"hulls": [{"vertices": []}]})), "goals[0].mesh"),
        (
            set("/goals/0/mesh", json!({"hulls": [{"vertices": [[0, 0]], "triangles": []}]})),
            "goals[0].mesh",
        ),
        (set("/blocks/0/mass", json!(0)), "blocks[0].mass"),
        (set("/blocks/0/mass", json!(null)), "blocks[0].mass"),
        (set("/blocks/0/weight", json!(1)), "blocks[0].weight"),
        (set("/blocks/0/size", json!([0.065, 0.065, -0.065])), "blocks[0].size"),
        (set("/goals/0/color", json!([0, 1, 2])), "goals[0].color"),
        (set("/goals/0/orientation", json!([0, 0, 1])), "goals[0].orientation"),
        (set("/episode_seconds", json!({"per_goal": 1})), "episode_seconds"),
        (set("/episode_seconds", json!({"fixed": 0})), "episode_seconds"),
        (set("/reward/terms/1/weight", json!("much")), "reward.terms[1].weight"),
        (set("/reward/rules", json!("pulling")), "reward.rules"),
        (set("/couplings/0", json!({"equal_mass": ["tool_block"]})), "couplings[0]"),
        (set("/couplings/1/on_floor", json!([])), "couplings[1]"),
        (set("/ranges/0/range/a/low/2", json!("height")), "ranges[0].range"),
        (set("/ranges/0/range/c", json!(1)), "ranges[0].range"),
        (set("/task_variables", json!(["mood"])), "task_variables[0]"),
        (set("/goal_sampling", json!({"poses": {"goals": ["goal_block"]}})), "goal_sampling"),
    ]);
    for (document, place) in malformed {
        assert!(!fits(&schema, &schema, &document), "the schema takes it: {place}");
        match Family::from_json(&document.to_string()) {
            Err(Error::Malformed { path, reason, .. }) => {
                assert!(
                    path.contains(place) || reason.contains(place),
                    "{place}: {path}: {reason}"
                );
            }
            other => panic!("{place}: {other:?}"),
        }
    }
    // And what both take.
    for document in [
        set("/ranges/0/range", json!(null)),
        set("/episode_seconds", json!({"fixed": 3})),
        set("/blocks/0/mass", json!(1e-6)),
        set("/task_variables", json!(["number_of_obstacles"])),
        set("/task_variables", json!(["goal_tower"])),
        set("/structure", json!("listed")),
        in_tower("number_of_blocks_in_tower", json!([2, 1, 1])),
        in_tower("number_of_blocks_in_tower", json!([2.0, 1, 1])),
        in_stack("stack_levels", json!(3.0)),
        in_stack("goals", json!("ends")),
        other("picking", "/parameters/goal_height/factor", json!(2)),
        other("general", "/observation/4", json!({"structure": "interleaved"})),
    ] {
        assert!(fits(&schema, &schema, &document));
        Family::from_json(&document.to_string()).unwrap();
    }
}

#[test]
fn what_a_schema_can_not_say_is_refused_with_its_place() {
    let json = registry::document("pushing").unwrap();
    let good: Value = serde_json::from_str(json).unwrap();
    let block = format!(r#""blocks": {}"#, good["blocks"]);
    let cases = [
        (r#""on_floor": ["tool_block", "#, r#""on_floor": ["tool_brick", "#, "couplings[1]"),
        ("tool_block/mass", "tool_block/mas", "parameters.tool_block_mass"),
        ("*_block/cylindrical_position", "*_brick/cylindrical_position", "ranges[0].variables"),
        (r#""low": [0.0, "#, r#""low": ["#, "ranges[0].range.a"),
        (r#""low": [0.11, "#, r#""low": [0.2, "#, "ranges[0].range.b"),
        (r#""name": "goal_block""#, r#""name": "tool_block""#, "goals[0].name"),
        (r#""name": "goal_block""#, r#""name": "floor""#, "goals[0].name"),
        ("rotation_progress", "rotation", "reward.terms"),
    ];
    let of = |name: &str, from, to, place| (registry::document(name).unwrap(), from, to, place);
    let others = [
        of("towers", r#""tower_dims","#, r#""stack_levels","#, "task_variables[0]"),
        of("towers", r#""blocks": []"#, &block, "structure"),
        of("stacked_blocks", "task/stack_levels", "task/nums_objects", "parameters.num_of_levels"),
        of("picking", "[2]", "[3]", "parameters.goal_height"),
        of("stacking2", r#""goal_tower/cyl"#, r#""goal_towel/cyl"#, "ranges[4].variables"),
        of("pick_and_place", r#""tool": "tool_block""#, r#""tool": "tool""#, "goal_sampling"),
        of(
            "pick_and_place",
            r#""side_of": "tool_block""#,
            r#""side_of": "tool""#,
            "ranges[1].range",
        ),
        of("reaching", r#""goals": ["goal_60","#, r#""goals": ["goal_90","#, "goal_sampling"),
    ];
    for (json, from, to, place) in cases.map(|(a, b, c)| (json, a, b, c)).into_iter().chain(others)
    {
        let broken = json.replacen(from, to, 1);
        assert_ne!(json, broken, "{from}");
        match Family::from_json(&broken) {
            Err(Error::Malformed { path, .. }) => assert_eq!(path, place),
            other => panic!("{place}: {other:?}"),
        }
    }
}
