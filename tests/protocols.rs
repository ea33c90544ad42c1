//! Protocols: their worlds are accepted, the same for everyone, and leave no trace.

use trifactor::curriculum::{Manifest, Protocol, Space};
use trifactor::intervention::Intervention;
use trifactor::rng::Rng;
use trifactor::task::{Family, registry};
use trifactor::world::TaskState;
use trifactor::{Config, Env};

use crate::scenes::long_form;

fn families() -> impl Iterator<Item = Family> {
    registry::names().map(|name| Family::named(name).expect("a built-in family"))
}

fn env(family: &Family) -> Env {
    Env::with_family(Config::new(family.name()), family.clone()).expect("a built-in family")
}

#[test]
fn worlds_are_accepted_within_five_redraws_in_99_percent_of_cases() {
    // The short form draws few worlds of the generated protocols.
    let long = long_form("protocols: acceptance");
    let [benchmark, generated] = if long { [200, 200] } else { [100, 1] };
    for family in families() {
        for protocol in Protocol::benchmark(&family) {
            let found = protocol.acceptance(&family, benchmark, 1).expect("a built-in family");
            let enough = found.within_redraws * 100 >= benchmark * 99;
            assert!(enough, "{} {}: {found:?}", family.name(), protocol.name);
        }
        // Few worlds of each say nothing of one; of all together they do.
        let mut all = [0, 0];
        // Where scenes are built a world takes a second: the short form tries every sixth protocol.
        let built = !family.initial_state().task.same_structure(&TaskState::Listed);
        let every = if built && !long { 6 } else { 1 };
        let generated = if built { generated.min(20) } else { generated };
        for protocol in Protocol::generated(&family).into_iter().step_by(every) {
            let found = protocol.acceptance(&family, generated, 1).expect("a built-in family");
            all[0] += found.within_redraws;
            all[1] += found.worlds;
            let enough = generated < 100 || found.within_redraws * 100 >= generated * 99;
            assert!(enough, "{} {}: {found:?}", family.name(), protocol.name);
        }
        assert!(all[0] * 100 >= all[1] * 99, "{}: {all:?}", family.name());
    }
}

#[test]
fn a_world_begins_the_same_whatever_was_evaluated_before() {
    for name in ["reaching", "pushing", "pick_and_place", "stacking2", "towers"] {
        let family = Family::named(name).expect("a built-in family");
        let mut protocols = Protocol::benchmark(&family);
        protocols.extend(
            ["single/floor/friction/B", "joint/B", "joint/A"]
                .map(|name| Protocol::named(&family, name).expect("every family has it")),
        );
        let mut used = env(&family);
        let mut rng = Rng::stream(7, 0, name);
        // As a curriculum may have left it.
        let start = Intervention::new().with("floor/friction", [0.7]);
        used.set_starting_state(&start, true).expect("in its range");
        for round in 0..30 {
            let protocol = &protocols[rng.below(protocols.len() as u64) as usize];
            let worlds = protocol.worlds(&family, 2, round % 3).expect("accepted");
            for world in &worlds {
                let mut fresh = env(&family);
                world.begin(&mut fresh).expect("accepted when it was drawn");
                world.begin(&mut used).expect("accepted when it was drawn");
                assert_eq!(used.state(), fresh.state(), "{name} {}", protocol.name);
                for _ in 0..3 {
                    used.step(&[0.3; 9]).expect("it was reset");
                }
            }
            used.reset(Some(5));
            let mut fresh = env(&family);
            fresh.set_starting_state(&start, true).expect("in its range");
            fresh.reset(Some(5));
            assert_eq!(used.state(), fresh.state(), "{name}: {} left a trace", protocol.name);
        }
    }
}

#[test]
fn a_world_is_the_same_whatever_the_count_and_lies_in_its_protocols_space() {
    for family in families() {
        let mut protocols = Protocol::benchmark(&family);
        protocols.push(Protocol::named(&family, "joint/B").expect("every family has it"));
        for protocol in protocols {
            let worlds = protocol.worlds(&family, 4, 11).expect("accepted");
            assert_eq!(worlds[..2], protocol.worlds(&family, 2, 11).expect("accepted"));
            assert_ne!(worlds[0].seed, protocol.worlds(&family, 1, 12).expect("accepted")[0].seed);
            let varied = protocol.name != "P0";
            for world in &worlds {
                assert_eq!(!world.start.is_empty(), varied, "{}", protocol.name);
                let mut env = env(&family);
                env.reset(Some(world.seed));
                env.intervene_within(&world.start, Some(&protocol.start)).expect("in its space");
            }
        }
    }
}

#[test]
fn what_two_protocols_vary_alike_is_the_same_in_their_worlds() {
    let family = Family::named("pushing").expect("a built-in family");
    let worlds = |name| {
        let protocol = Protocol::named(&family, name).expect("one of the reference's");
        protocol.worlds(&family, 5, 0).expect("accepted")
    };
    for (one, all) in worlds("P1").iter().zip(&worlds("P7")) {
        assert_eq!(one.seed, all.seed);
        assert_eq!(one.start.values["tool_block/mass"], all.start.values["tool_block/mass"]);
    }
}

#[test]
fn interventions_within_the_episode_come_when_they_are_due_and_only_then() {
    let family = Family::named("pushing").expect("a built-in family");
    let heavy = Protocol::named(&family, "within/tool_block/mass/B").expect("generated");
    let world = &heavy.worlds(&family, 1, 0).expect("accepted")[0];
    let mut env = Env::new(Config { max_episode_length: Some(7), ..Config::new("pushing") })
        .expect("a built-in family");
    world.begin(&mut env).expect("accepted");
    for step in 1..=7 {
        env.step(&[0.0; 9]).expect("it was reset");
        let changed = world.follow(&mut env).expect("a mass can always be set");
        assert_eq!(changed, step == 3, "half of seven steps, rounded down");
        assert_eq!(env.state().blocks[0].mass >= 0.045, step >= 3);
    }
}

#[test]
fn a_protocol_of_another_family_has_that_familys_worlds() {
    let trained = Family::named("pushing").expect("a built-in family");
    let cross = Protocol::named(&trained, "cross/picking/P5").expect("picking has it");
    assert!(Protocol::generated(&trained).contains(&cross), "they are observed alike");
    let world = &cross.worlds(&trained, 1, 0).expect("accepted")[0];
    assert_eq!(world.family, "picking");
    assert!(world.start.values["goal_block/cylindrical_position"][2] >= 0.08, "in the air");
    let refused = world.begin(&mut env(&trained)).expect_err("it is of another family");
    assert!(refused.to_string().contains("it is of picking, not of pushing"), "{refused}");
    world.begin(&mut env(&cross.home(&trained).expect("picking"))).expect("accepted");
}

#[test]
fn a_manifest_survives_a_write_and_a_read_and_names_what_is_wrong() {
    let family = Family::named("stacking2").expect("a built-in family");
    let space = Space::parse("nothing except tool_block_*/mass from B").expect("a space");
    let protocol = Protocol::new("mine", "two masses", space)
        .and_within(0.25, Space::parse("nothing except world/gravity from B").expect("a space"))
        .expect("a fraction");
    let manifest = protocol.manifest(&family, 3, 4).expect("accepted");
    let json = manifest.to_json().expect("JSON");
    assert_eq!(Manifest::from_json(&json), Ok(manifest));
    let broken = json.replacen("\"seed\"", "\"sead\"", 1);
    let refused = Manifest::from_json(&broken).expect_err("no such field").to_string();
    assert!(refused.contains("protocol worlds: ") && refused.contains("sead"), "{refused}");
    let never = Space::nothing();
    assert!(Protocol::new("mine", "", never.clone()).and_within(1.0, never).is_err());
}
