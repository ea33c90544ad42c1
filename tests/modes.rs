//! The forms of an observation: entity sets, chosen variables, a context, slots, one's own.

use trifactor::env::observation::{Context, Feature, Mode};
use trifactor::env::{Config, Env};
use trifactor::intervention::Intervention;
use trifactor::robot::{FINGER_NAMES, kinematics};
use trifactor::task::registry;
use trifactor::variable::{self, Entity, Subspace, Variable, matches};
use trifactor::world::Node;
use trifactor::{Error, State};

/// The settings that decide the form of an observation.
#[derive(Clone, Debug, Default)]
struct Form {
    mode: Mode,
    context: Context,
    drop: Vec<String>,
    max_blocks: Option<usize>,
    max_entities: Option<usize>,
}

fn config(family: &str, form: Form) -> Config {
    let Form { mode: observation_mode, context, drop, max_blocks, max_entities } = form;
    let normalize_observations = false;
    let plain = Config::new(family);
    Config {
        observation_mode,
        context,
        drop,
        max_blocks,
        max_entities,
        normalize_observations,
        ..plain
    }
}

fn env(family: &str, observation: Form) -> Env {
    let mut env = Env::new(config(family, observation)).unwrap();
    env.reset(Some(1));
    env
}

fn entities() -> Form {
    Form { mode: Mode::Entities, ..Form::default() }
}

fn custom(globs: &[&str]) -> Form {
    let globs = globs.iter().map(ToString::to_string).collect();
    Form { mode: Mode::Custom(globs), ..Form::default() }
}

fn dropping(globs: &[&str], observation: Form) -> Form {
    Form { drop: globs.iter().map(ToString::to_string).collect(), ..observation }
}

fn observe(env: &Env) -> Vec<f64> {
    let mut out = vec![f64::NAN; env.observation_len()];
    env.observe(&mut out).unwrap();
    out
}

/// The numbers whose name without its index is this.
fn named(env: &Env, key: &str) -> Vec<f64> {
    let names = env.observation_names();
    let of = |name: &&String| name.split('[').next() == Some(key);
    let numbers = observe(env);
    let found: Vec<f64> =
        names.iter().zip(numbers).filter(|(name, _)| of(name)).map(|(_, x)| x).collect();
    assert!(!found.is_empty(), "nothing is called {key}");
    found
}

/// Every form that an observation can have in any family.
fn every_form() -> Vec<Form> {
    let structured = Form::default();
    vec![
        structured.clone(),
        Form { context: Context::Visible, ..structured.clone() },
        Form { context: Context::All, ..structured.clone() },
        Form { max_blocks: Some(40), ..structured.clone() },
        Form { max_blocks: Some(40), context: Context::All, ..structured.clone() },
        dropping(&["*_velocities"], structured),
        entities(),
        Form { context: Context::All, ..entities() },
        Form { max_entities: Some(128), ..entities() },
        Form { max_blocks: Some(40), ..entities() },
        dropping(&["presence", "*_velocity"], entities()),
        custom(&["robot/joint_*", "*/color", "end_effector_positions"]),
        Form { context: Context::All, ..custom(&["*/friction"]) },
    ]
}

#[test]
fn entity_sets_have_a_row_for_every_finger_block_and_goal_in_this_order() {
    for family in registry::names() {
        let mut env = env(family, entities());
        env.step(&[0.4; 9]).unwrap();
        let state = env.state();
        let [rows, columns] = env.observation_table().unwrap();
        assert_eq!(rows, 3 + state.blocks.len() + state.goals.len());
        assert_eq!((columns, env.observation_len()), (27, rows * columns));
        let tips = kinematics::tips(&state.robot.joint_positions, state.robot.height);
        let zeros = |count: usize| vec![0.0; count];
        let mut expected = Vec::new();
        for i in 0..3 {
            let of = |nine: &[f64; 9]| nine[3 * i..3 * i + 3].to_vec();
            expected.push(vec![1.0, 1.0, 0.0, 0.0, 0.0]);
            expected.extend([of(&tips), zeros(13)]);
            expected.extend([of(&state.robot.joint_positions), of(&state.robot.joint_velocities)]);
        }
        for (block, description) in state.blocks.iter().zip(&state.scene.blocks) {
            let movable = description.kind == trifactor::world::BlockKind::Movable;
            expected.push(match movable {
                true => vec![1.0, 0.0, 1.0, 0.0, 0.0],
                false => vec![1.0, 0.0, 0.0, 1.0, 0.0],
            });
            expected.extend([block.position.to_vec(), block.orientation.to_vec()]);
            expected.push(block.size.to_vec());
            match movable {
                true => expected
                    .extend([block.linear_velocity.to_vec(), block.angular_velocity.to_vec()]),
                false => expected.push(zeros(6)),
            }
            expected.push(zeros(6));
        }
        for goal in &state.goals {
            expected.push(vec![1.0, 0.0, 0.0, 0.0, 1.0]);
            expected.extend([goal.position.to_vec(), goal.orientation.to_vec()]);
            expected.extend([goal.size.to_vec(), zeros(12)]);
        }
        assert_eq!(observe(&env), expected.concat(), "{family}");
        let names = env.observation_names();
        assert_eq!(names[0], "robot_finger_60_presence");
        for (row, node) in Node::all(&state.scene).enumerate() {
            let name = format!("{}_joint_velocities[2]", node.name(&state.scene));
            assert_eq!(names[row * columns + columns - 1], name);
        }
    }
}

#[test]
fn a_row_of_an_entity_set_tells_of_its_own_node_alone() {
    for family in ["pick_and_place", "stacking2", "reaching"] {
        let observation = Form { context: Context::All, ..entities() };
        let mut env = env(family, observation);
        let [_, columns] = env.observation_table().unwrap();
        let (start, before) = (env.state().clone(), observe(&env));
        let nodes: Vec<Node> = Node::all(&start.scene).collect();
        let mut seen = 0;
        for variable in Variable::all(&start.scene, env.family().rules()) {
            let node = match variable.entity {
                Entity::Link(i) => Node::Finger(i / 4),
                Entity::Block(i) => Node::Block(i),
                Entity::Goal(i) => Node::Goal(i),
                _ => continue,
            };
            let path = variable.path(&start.scene);
            let Some(state) = changed(&env, &path) else { continue };
            env.set_state(&state).unwrap();
            let after = observe(&env);
            let rows: Vec<usize> =
                (0..before.len()).filter(|&i| before[i] != after[i]).map(|i| i / columns).collect();
            let own = nodes.iter().position(|other| *other == node).unwrap();
            // What images alone tell is in no row.
            assert_eq!(rows.is_empty(), variable.is_seen_alone(), "{family}: {path}");
            assert!(rows.iter().all(|row| *row == own), "{family}: {path} changed {rows:?}");
            env.set_state(&start).unwrap();
            seen += 1;
        }
        assert!(seen > 20, "{family}: only {seen} variables were changed");
    }
}

/// The state with another value of a variable; `None` where it can not be set.
fn changed(env: &Env, path: &str) -> Option<State> {
    let (state, rules) = (env.state(), env.family().rules());
    let now = variable::read(state, rules, path).unwrap();
    let ranges = [Subspace::A, Subspace::B].map(|side| variable::space(state, rules, path, side));
    let ends = ranges.into_iter().flat_map(|range| match range.unwrap() {
        Some(range) => vec![range.low, range.high],
        None => vec![],
    });
    // Where there is no range: a bit more, or a rotation about z.
    let more: Vec<f64> = now.iter().map(|x| x + 0.01).collect();
    let turned = vec![0.0, 0.0, 0.6, 0.8];
    ends.chain([more, turned]).find_map(|value| {
        let mut other = state.clone();
        variable::write(&mut other, rules, path, &value).ok()?;
        (other != *state).then_some(other)
    })
}

#[test]
fn the_whole_context_shows_every_parameter_and_the_visible_one_only_what_a_camera_sees() {
    const HIDDEN: [&str; 6] = [
        "*/*mass",
        "*/*friction",
        "*/restitution",
        "*/*damping",
        "world/gravity",
        "robot/*_factor",
    ];
    for family in registry::names().filter(|name| !name.contains("stacked")) {
        for base in [Form::default(), entities(), custom(&["robot/joint_positions"])] {
            let form = |context| Form { context, ..base.clone() };
            let [mut all, mut visible] =
                [Context::All, Context::Visible].map(|context| env(family, form(context)));
            let (seen_all, seen_visible) = (observe(&all), observe(&visible));
            let start = all.state().clone();
            let mut count = [0, 0];
            for variable in Variable::all(&start.scene, all.family().rules()) {
                let (path, name) = (variable.path(&start.scene), variable.attribute.name);
                let dynamic = ["position", "orientation", "velocity", "velocities", "positions"];
                let parameter = !dynamic.iter().any(|end| name.ends_with(end));
                // What a task is built from can not be written without building.
                let structural = matches!(variable.entity, Entity::Task);
                if !parameter || structural {
                    continue;
                }
                let Some(state) = changed(&all, &path) else { continue };
                all.set_state(&state).unwrap();
                visible.set_state(&state).unwrap();
                let shown = observe(&all) != seen_all;
                assert_eq!(shown, !variable.is_seen_alone(), "{family}: {path}");
                let hidden = HIDDEN.iter().any(|glob| matches(glob, &path));
                if hidden {
                    assert_eq!(observe(&visible), seen_visible, "{family}: {path} can be seen");
                }
                if name == "color" || name == "size" {
                    assert_ne!(observe(&visible), seen_visible, "{family}: {path} is not seen");
                }
                count[usize::from(hidden)] += 1;
                all.set_state(&start).unwrap();
                visible.set_state(&start).unwrap();
            }
            assert!(count.iter().all(|n| *n > 10), "{family}: {count:?}");
        }
    }
}

#[test]
fn no_number_of_a_context_is_there_twice() {
    for family in registry::names() {
        for form in every_form() {
            let mut names = env(family, form).observation_names();
            let length = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), length, "{family}");
        }
    }
    let pushing = env("pushing", Form { context: Context::All, ..Form::default() });
    let names = pushing.observation_names();
    assert!(!names.iter().any(|name| name == "tool_block/size[0]"), "it is tool_block_size[0]");
    assert_eq!(named(&pushing, "tool_block/mass"), [0.02]);
    assert_eq!(named(&pushing, "world/gravity"), [0.0, 0.0, -9.81]);
}

#[test]
fn globs_choose_variables_and_keys_in_their_order_each_once() {
    let env = env(
        "pushing",
        custom(&["*/mass", "tool_block/cartesian_position", "end_effector_*", "tool_block/m*"]),
    );
    let rules = env.family().rules();
    let masses: Vec<String> = Variable::all(&env.state().scene, rules)
        .iter()
        .map(|variable| variable.path(&env.state().scene))
        .filter(|path| path.ends_with("/mass"))
        .collect();
    assert_eq!(masses.len(), 13, "twelve links and a block");
    let read = |path: &String| variable::read(env.state(), rules, path).unwrap()[0];
    let expected: Vec<f64> = masses.iter().map(read).collect();
    let names = env.observation_names();
    assert_eq!(names[..13], masses);
    assert_eq!(names[13], "tool_block/cartesian_position[0]");
    assert_eq!(names[16], "end_effector_positions[0]");
    assert_eq!(names.len(), 13 + 3 + 9);
    let numbers = observe(&env);
    assert_eq!(numbers[..13], expected);
    assert_eq!(numbers[13..16], env.state().blocks[0].position);
}

#[test]
fn chosen_variables_are_normalised_by_the_reference_s_bounds_or_by_their_ranges() {
    let observation =
        custom(&["tool_block/mass", "floor/friction", "world/gravity", "stage/color"]);
    let config = Config { normalize_observations: true, ..config("pushing", observation) };
    let mut env = Env::new(config).unwrap();
    env.reset(None);
    // Mass from 0.02 to 0.2 (facts 3.3); friction 0.3 to 0.8 (facts 4.1); gravity straight down,
    // -13 to -8, its other components as they are.
    let share = |value: f64, low: f64, high: f64| 2.0 * (value - low) / (high - low) - 1.0;
    let expected =
        [share(0.02, 0.02, 0.2), share(0.5, 0.3, 0.8), 0.0, 0.0, share(-9.81, -13.0, -8.0)];
    for (found, expected) in observe(&env).iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
    // The bounds do not move with the state.
    let nominal = env.nominal_observation_space();
    let heavy = Intervention::new().with("tool_block/mass", [0.08]).with("floor/friction", [0.7]);
    env.do_intervention(&heavy, false).unwrap();
    assert_eq!(env.nominal_observation_space(), nominal);
    assert!((observe(&env)[1] - share(0.7, 0.3, 0.8)).abs() < 1e-12);
}

#[test]
fn observed_joint_positions_carry_their_noise_under_every_name() {
    let noisy = |observation| {
        let mut env = env("pushing", observation);
        let noise = Intervention::new().with("robot/joint_position_noise", [0.01]);
        env.do_intervention(&noise, false).unwrap();
        env
    };
    let structured = named(&noisy(Form::default()), "joint_positions");
    let path = named(&noisy(custom(&["robot/joint_positions"])), "robot/joint_positions");
    let set = noisy(entities());
    let rows = FINGER_NAMES.map(|f| named(&set, &format!("robot_finger_{f}_joint_positions")));
    assert_eq!(structured, path);
    assert_eq!(structured, rows.concat());
    assert_ne!(structured, set.state().robot.joint_positions);
}

#[test]
fn what_is_dropped_is_gone_and_the_rest_stays_as_it_was() {
    for family in ["pushing", "creative_stacked_blocks"] {
        for (form, globs) in [
            (Form::default(), &["*_velocity", "joint_velocities"][..]),
            (Form { context: Context::All, ..Form::default() }, &["*/color"]),
            (Form { max_blocks: Some(30), ..Form::default() }, &["*_orientation"]),
            (custom(&["*/*"]), &["robot*/*"]),
        ] {
            let (whole, part) = (env(family, form.clone()), env(family, dropping(globs, form)));
            let keep = |name: &String| {
                let key = name.split('[').next().unwrap_or_default();
                !globs.iter().any(|glob| matches(glob, key))
            };
            let kept: Vec<usize> = (0..whole.observation_len())
                .filter(|&i| keep(&whole.observation_names()[i]))
                .collect();
            assert!(kept.len() < whole.observation_len());
            let numbers = observe(&whole);
            assert_eq!(observe(&part), kept.iter().map(|&i| numbers[i]).collect::<Vec<_>>());
        }
    }
    let set = env("pushing", dropping(&["*joint_*", "finger"], entities()));
    assert_eq!(set.observation_table(), Some([5, 27 - 6 - 1]));
    // Dropped under one name, it does not come back under the other.
    let form = Form { context: Context::Visible, ..Form::default() };
    let sizeless = env("pushing", dropping(&["tool_block_size"], form));
    assert!(!sizeless.observation_names().iter().any(|name| name.starts_with("tool_block/size")));
}

#[test]
fn slots_are_the_same_for_every_family_and_stay_when_blocks_come_and_go() {
    let slots = || Form { max_blocks: Some(40), ..Form::default() };
    let names = env("pushing", slots()).observation_names();
    assert_eq!(names.len(), 28 + 40 * 17 + 40 * 11);
    assert_eq!((names[28].as_str(), names[28 + 17].as_str()), ("block_0_type", "block_1_type"));
    for family in registry::names() {
        let env = env(family, slots());
        assert_eq!(env.observation_names(), names, "{family}");
        let numbers = observe(&env);
        let types = |what: &str| -> Vec<f64> {
            (0..40).map(|i| named(&env, &format!("{what}_{i}_type"))[0]).collect()
        };
        let present = |list: Vec<f64>| list.iter().take_while(|id| **id > 0.0).count();
        assert_eq!(present(types("block")), env.state().blocks.len());
        assert_eq!(present(types("goal")), env.state().goals.len());
        let empty = 28 + 17 * env.state().blocks.len()..28 + 17 * 40;
        assert!(numbers[empty].iter().all(|x| *x == 0.0));
    }
    let mut towers = env("towers", slots());
    let space = towers.observation_space();
    for blocks in [3.0, 8.0, 1.0] {
        towers.do_intervention(&tower(blocks), false).unwrap();
        assert_eq!(towers.state().blocks.len(), blocks as usize);
        assert_eq!(
            (towers.observation_names(), towers.observation_space()),
            (names.clone(), space.clone())
        );
        let last = towers.state().blocks.len() - 1;
        let position = named(&towers, &format!("block_{last}_cartesian_position"));
        assert_eq!(position, towers.state().blocks[last].position);
    }
}

fn tower(blocks: f64) -> Intervention {
    Intervention::new().with("task/number_of_blocks_in_tower", [1.0, 1.0, blocks])
}

#[test]
fn more_blocks_than_declared_are_refused_and_nothing_changes() {
    for (form, limit) in [
        (Form { max_blocks: Some(6), ..Form::default() }, "max_blocks"),
        (Form { max_entities: Some(15), ..entities() }, "max_entities"),
        (Form { max_blocks: Some(6), ..entities() }, "max_blocks"),
    ] {
        let mut env = env("towers", form);
        let (before, seen, starting) =
            (env.state().clone(), observe(&env), env.starting_state().clone());
        for refused in [
            env.do_intervention(&tower(8.0), false).unwrap_err(),
            env.set_starting_state(&tower(8.0), false).unwrap_err(),
        ] {
            assert!(matches!(&refused, Error::TooMany { .. }), "{refused}");
            assert!(refused.to_string().contains(limit), "{refused}");
        }
        let mut other = self::env("towers", Form::default());
        other.do_intervention(&tower(8.0), false).unwrap();
        assert!(matches!(env.set_state(other.state()), Err(Error::TooMany { .. })));
        assert_eq!((env.state(), env.starting_state()), (&before, &starting));
        assert_eq!(observe(&env), seen);
    }
}

#[test]
fn every_form_follows_states_and_interventions_that_change_the_scene() {
    let mut donor = env("towers", Form::default());
    donor.do_intervention(&tower(3.0), false).unwrap();
    donor.step(&[0.2; 9]).unwrap();
    for goal_conditioned in [false, true] {
        for form in every_form() {
            let config = Config { goal_conditioned, ..config("towers", form) };
            let mut env = Env::new(config.clone()).unwrap();
            env.reset(Some(2));
            let checked = |env: &Env| {
                let numbers = observe(env);
                assert_eq!(numbers.len(), env.observation_names().len());
                assert!(env.observation_space().contains(&numbers));
                assert_eq!(env.nominal_observation_space().len(), numbers.len());
                numbers
            };
            let first = checked(&env);
            env.do_intervention(&tower(7.0), false).unwrap();
            checked(&env);
            env.step(&[0.1; 9]).unwrap();
            checked(&env);
            env.set_state(donor.state()).unwrap();
            let seen = checked(&env);
            // A copy in that state sees the same.
            let mut copy = Env::new(config).unwrap();
            copy.restore(&env.snapshot()).unwrap();
            assert_eq!(checked(&copy), seen);
            env.reset(Some(2));
            assert_eq!(checked(&env), first);
        }
    }
}

#[test]
fn goals_that_stand_apart_are_in_no_form_of_the_observation() {
    for family in ["reaching", "pushing", "stacking2", "towers"] {
        for form in every_form() {
            let config = Config { goal_conditioned: true, ..config(family, form) };
            let mut env = Env::new(config).unwrap();
            env.reset(None);
            let before = observe(&env);
            let mut state = env.state().clone();
            for goal in &mut state.goals {
                goal.position[0] += 0.01;
                goal.size = [0.04; 3];
                (goal.orientation, goal.color) = ([0.0, 0.6, 0.0, 0.8], [0.1, 0.2, 0.3]);
            }
            env.set_state(&state).unwrap();
            assert_eq!(observe(&env), before, "{family}");
            assert!(!env.observation_names().iter().any(|name| name.contains("goal_")));
        }
    }
}

#[test]
fn numbers_of_one_s_own_are_appended_and_normalised() {
    let add = |env: &mut Env| {
        let height = |state: &State, out: &mut [f64]| {
            out[0] = state.blocks.iter().map(|block| block.position[2]).fold(0.0, f64::max);
            out[1] = state.step as f64;
        };
        env.add_feature(Feature::new("top", [0.0, 0.0], [0.5, 0.0], height).unwrap())
    };
    for normalize_observations in [false, true] {
        for form in every_form() {
            let config = Config { normalize_observations, ..config("towers", form) };
            let mut env = Env::new(config).unwrap();
            let length = env.observation_len();
            add(&mut env).unwrap();
            env.reset(Some(0));
            env.do_intervention(&tower(4.0), false).unwrap();
            env.step(&[0.0; 9]).unwrap();
            let found = named(&env, "top");
            let top = env.state().blocks[3].position[2];
            let expected = if normalize_observations { 4.0 * top - 1.0 } else { top };
            assert!((found[0] - expected).abs() < 1e-15);
            assert_eq!(found[1], 1.0, "equal bounds are nothing to normalise by");
            assert!(env.observation_space().contains(&observe(&env)));
            env.reset(None);
            assert_eq!(env.observation_len(), length + 2);
            let refused = add(&mut env).unwrap_err();
            assert!(refused.to_string().contains("'top'"), "{refused}");
        }
    }
    assert!(Feature::new("x", [0.0], [1.0, 2.0], |_, _| ()).is_err());
    assert!(Feature::new("x", [f64::NAN], [1.0], |_, _| ()).is_err());
    assert!(Feature::new("x", [], [], |_, _| ()).is_err());
}

#[test]
fn what_can_not_be_observed_is_refused_when_the_environment_is_made() {
    let structured = Form::default;
    for (form, words) in [
        (custom(&["tool_blok/mass"]), "'tool_blok/mass'"),
        (custom(&["*/mass", "nothing_*"]), "'nothing_*'"),
        (custom(&[]), "observe"),
        (dropping(&["no_such_key"], structured()), "'no_such_key'"),
        (dropping(&["mass"], entities()), "'mass'"),
        (dropping(&["*"], structured()), "must leave something"),
        (Form { max_blocks: Some(4), ..custom(&["*/mass"]) }, "max_blocks"),
        (Form { max_entities: Some(99), ..structured() }, "max_entities"),
        (Form { max_entities: Some(4), ..entities() }, "5 fingers, blocks and goals"),
        (Form { max_blocks: Some(0), ..structured() }, "1 blocks"),
    ] {
        let refused = Env::new(config("pushing", form.clone())).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains(words), "{form:?}: {refused}");
    }
    // In goal form a goal's variables are not there to be chosen.
    let form = Config { goal_conditioned: true, ..config("pushing", custom(&["goal_block/*"])) };
    assert!(Env::new(form).is_err());
    assert!(Context::parse("some").unwrap_err().to_string().contains("none, visible, all"));
}
