//! Every variable can be read and set, under its path and under the reference's name.

use trifactor::math::{from_cylindrical, from_rotation_vector};
use trifactor::task::Family;
use trifactor::variable::{self, Entity, Subspace, Variable, of_reference, to_reference};
use trifactor::world::State;
use trifactor::{Error, task::registry};

fn families() -> impl Iterator<Item = (Family, State)> {
    registry::names().map(|name| {
        let family = Family::named(name).unwrap();
        let state = family.initial_state();
        (family, state)
    })
}

/// What a pose's coordinates say, in the coordinates that are stored.
fn stored(name: &str, v: &[f64]) -> Vec<f64> {
    match name {
        "cylindrical_position" => from_cylindrical([v[0], v[1], v[2]]).to_vec(),
        "euler_orientation" => from_rotation_vector([v[0], v[1], v[2]]).to_vec(),
        _ => v.to_vec(),
    }
}

#[test]
fn every_variable_reads_back_what_was_written_at_both_ends_of_a_and_of_b() {
    for (family, start) in families() {
        for (path, space) in
            [Subspace::A, Subspace::B].iter().flat_map(|s| family.spaces(&start, *s))
        {
            for end in [&space.low, &space.high] {
                let mut state = start.clone();
                variable::write(&mut state, family.rules(), &path, end).unwrap();
                let read = variable::read(&state, family.rules(), &path).unwrap();
                let name = path.split('/').nth(1).unwrap();
                if stored(name, end) == *end {
                    assert_eq!(&read, end, "{path}");
                    continue;
                }
                // Other coordinates of a stored pose: the same pose, to rounding.
                for (x, y) in stored(name, &read).iter().zip(stored(name, end)) {
                    // At an angle of ±π a quaternion and its negative are one rotation.
                    assert!((x.abs() - y.abs()).abs() < 1e-15, "{path}: {end:?} read {read:?}");
                }
            }
        }
    }
}

#[test]
fn every_variable_without_a_range_reads_back_what_was_written() {
    for (family, start) in families() {
        let all = Variable::all(&start.scene, family.rules());
        for variable in all.iter().filter(|v| v.attribute.is_writable()) {
            let path = variable.path(&start.scene);
            let value = variable.read(&start);
            let mut state = start.clone();
            variable::write(&mut state, family.rules(), &path, &value).unwrap();
            if stored(variable.attribute.name, &value) == value {
                assert_eq!(state, start, "{path}: writing what is there changes nothing");
            }
        }
    }
}

#[test]
fn ranges_a_and_b_differ_touch_at_most_and_lie_in_their_union() {
    for (family, state) in families() {
        for (path, a) in family.spaces(&state, Subspace::A) {
            let of = |s| variable::space(&state, family.rules(), &path, s).unwrap().unwrap();
            let (b, both) = (of(Subspace::B), of(Subspace::Both));
            for space in [&a, &b] {
                assert!(both.contains(&space.low) && both.contains(&space.high), "{path}");
            }
            // Facts 13.5: these two are the same in A and B.
            let same = path.ends_with("/euler_orientation") || path == "task/number_of_obstacles";
            let apart = (0..a.len()).any(|i| a.high[i] <= b.low[i] || b.high[i] <= a.low[i]);
            let identical = same && a == b;
            assert!(apart || identical, "{path}: {a:?} {b:?}");
        }
    }
}

#[test]
fn the_ranges_of_the_reference_have_its_names_and_numbers() {
    let family = Family::named("pushing").unwrap();
    let state = family.initial_state();
    let is = |top: &str, below: Option<&str>, subspace, low: &[f64], high: &[f64]| {
        let path = of_reference(top, below);
        let space = variable::space(&state, family.rules(), &path, subspace).unwrap().unwrap();
        assert_eq!((space.low.as_slice(), space.high.as_slice()), (low, high), "{path}");
    };
    let pi = std::f64::consts::PI;
    use Subspace::{A, B, Both};
    is("floor_friction", None, A, &[0.3], &[0.6]);
    is("stage_friction", None, B, &[0.6], &[0.8]);
    is("floor_color", None, A, &[0.5; 3], &[1.0; 3]);
    is("stage_color", None, A, &[0.0; 3], &[0.5; 3]);
    is("robot_finger_300_link_2", Some("mass"), Both, &[0.015], &[0.1]);
    is("robot_finger_60_link_0", Some("color"), B, &[0.5; 3], &[1.0; 3]);
    is("tool_block", Some("size"), A, &[0.055; 3], &[0.075; 3]);
    is("tool_block", Some("mass"), B, &[0.045], &[0.1]);
    is("goal_block", Some("color"), Both, &[0.0; 3], &[1.0; 3]);
    is("goal_block", Some("cylindrical_position"), A, &[0.0, -pi, 0.0325], &[0.11, pi, 0.0325]);
    is("tool_block", Some("cylindrical_position"), B, &[0.11, -pi, 0.0325], &[0.15, pi, 0.0325]);
    is("tool_block", Some("euler_orientation"), B, &[0.0, 0.0, -pi], &[0.0, 0.0, pi]);
    let low = [-1.57, -1.2, -3.0].repeat(3);
    let middle = [-0.69, 0.0, 0.0].repeat(3);
    is("joint_positions", None, A, &low, &middle);
    let reaching = Family::named("reaching").unwrap();
    let start = reaching.initial_state();
    let place = "goal_120/cylindrical_position";
    let space = variable::space(&start, reaching.rules(), place, Both).unwrap().unwrap();
    assert_eq!((space.low, space.high), (vec![0.0, -pi, 0.015], vec![0.15, pi, 0.3]));
    assert_eq!(variable::space(&start, reaching.rules(), "goal_60/size", A), Ok(None));
}

#[test]
fn every_top_level_name_of_the_reference_is_known_and_none_is_two() {
    let mut seen = std::collections::BTreeSet::new();
    for (family, state) in families() {
        let names: Vec<String> =
            family.variables(&state).into_iter().map(|(path, _)| path).collect();
        for path in &names {
            let (top, below) = to_reference(path);
            assert_eq!(&of_reference(&top, below.as_deref()), path, "names translate both ways");
            seen.insert((family.name().to_string(), top));
        }
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    }
    // Facts 13.1.
    let common = "joint_positions control_index joint_velocities robot_height floor_color \
                  floor_friction stage_color stage_friction gravity robot_finger_60_link_0 \
                  robot_finger_120_link_1 robot_finger_300_link_3";
    for (family, own) in [
        ("reaching", "goal_60 goal_120 goal_300 number_of_obstacles"),
        ("pushing", "tool_block goal_block"),
    ] {
        for name in common.split_whitespace().chain(own.split(' ')) {
            assert!(seen.contains(&(family.to_string(), name.to_string())), "{family}: {name}");
        }
    }
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one() {
    let family = Family::named("pushing").unwrap();
    let state = family.initial_state();
    for (asked, nearest) in [
        ("tool_block/mas", "tool_block/mass"),
        ("toolblock/mass", "tool_block/mass"),
        ("task/gravitty", "world/gravity"),
        ("floor/frction", "floor/friction"),
        ("robot_finger_180_link_3/mass", "robot_finger_120_link_3/mass"),
        ("robot/joint_position", "robot/joint_positions"),
    ] {
        let error = variable::read(&state, family.rules(), asked).unwrap_err();
        let suggestion = Some(nearest.to_string());
        assert_eq!(error, Error::UnknownVariable { path: asked.to_string(), suggestion });
    }
    let far = variable::read(&state, family.rules(), "bananas").unwrap_err();
    assert_eq!(far, Error::UnknownVariable { path: "bananas".to_string(), suggestion: None });
    let other = variable::read(&state, family.rules(), "task/number_of_obstacles");
    assert!(matches!(other, Err(Error::UnknownVariable { .. })), "pushing has no obstacles");
}

#[test]
fn entities_are_found_under_the_names_they_give() {
    for (_, state) in families() {
        for entity in Entity::all(&state.scene) {
            assert_eq!(Entity::named(&state.scene, &entity.name(&state.scene)), Some(entity));
        }
    }
}
