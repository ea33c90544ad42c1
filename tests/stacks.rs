//! Rest and stacks at the accurate preset: cubes put up exactly, µ = 0.5 on the floor and 1 among
//! each other, no drag, fingers out of the way.

use trifactor::intervention::Intervention;
use trifactor::task::registry;
use trifactor::variable::{Entity, Subspace, Variable};
use trifactor::world::Preset;
use trifactor::{Config, Env};

use crate::scenes::blocks::{
    EQUAL, HEAVY_ON_LIGHT, SHRINKING, SHRINKING_EQUALLY_HEAVY, SINGLE, SMALL, Stood, Tower,
};
use crate::scenes::{SKIP_FRAMES, long_form};

/// How the whole tower is turned about the vertical, rad.
const YAWS: [f64; 3] = [0.0, 0.1, 0.4];

/// Whether the tower stands 10 s within these bounds on drift and sag, m.
fn stands(tower: &Tower, drift: f64, sag: f64) {
    let physics = Preset::Accurate.physics();
    let yaws = if long_form(tower.name) { &YAWS[..] } else { &YAWS[..1] };
    for skip_frame in SKIP_FRAMES {
        for &yaw in yaws {
            let stood = tower.stand(tower.put_up(physics, skip_frame, yaw, 0.0), 10.0);
            assert!(
                stood.drift < drift && stood.sag < sag,
                "{}, skip_frame {skip_frame}, yaw {yaw}: {stood:?}",
                tower.name
            );
            println!("{}, skip_frame {skip_frame}, yaw {yaw}: {stood:?}", tower.name);
        }
    }
}

#[test]
fn a_block_at_rest_penetrates_the_floor_by_less_than_a_twentieth_of_a_millimetre() {
    // 0.065 m, 0.08 kg.
    for skip_frame in SKIP_FRAMES {
        let run = SINGLE.put_up(Preset::Accurate.physics(), skip_frame, 0.0, 0.0);
        let Stood { penetration, .. } = SINGLE.stand(run, 5.0);
        assert!(penetration < 5e-5, "skip_frame {skip_frame}: {penetration} m");
        println!("at rest, skip_frame {skip_frame}: {penetration:.6} m");
    }
}

#[test]
fn a_tower_of_five_equal_cubes_stands() {
    stands(&EQUAL, 1e-4, 5e-4);
}

#[test]
fn a_tower_of_five_small_cubes_stands() {
    stands(&SMALL, 6e-4, 5e-4);
}

#[test]
fn a_tower_of_shrinking_cubes_stands() {
    stands(&SHRINKING, 6e-4, 5e-4);
    stands(&SHRINKING_EQUALLY_HEAVY, 6e-4, 5e-4);
}

#[test]
fn a_heavy_cube_stands_on_a_light_one() {
    stands(&HEAVY_ON_LIGHT, 1e-3, 2e-3);
}

#[test]
fn a_heavy_cube_stands_on_a_light_one_at_every_ratio_that_is_accepted() {
    for preset in [Preset::Accurate, Preset::Reference] {
        let physics = preset.physics();
        let most = physics.largest_mass_ratio();
        for ratio in [1.0, 2.0, 4.0, 6.7, 10.0, 14.0, 20.0].into_iter().filter(|r| *r <= most) {
            let (light, heavy) = ((0.065, 0.02), (0.065, 0.02 * ratio));
            for cubes in [&[light, heavy][..], &[heavy, light], &[light, heavy, heavy]] {
                // Friction in the reference preset is the reference's, and three cubes creep.
                if preset == Preset::Reference && cubes.len() > 2 {
                    continue;
                }
                let tower = Tower { name: "at a ratio", cubes };
                for skip_frame in SKIP_FRAMES {
                    let stood = tower.stand(tower.put_up(physics, skip_frame, 0.0, 0.0), 2.0);
                    println!("{preset:?}, {cubes:?}, skip_frame {skip_frame}: {stood:?}");
                    assert!(
                        stood.sag < 1e-3,
                        "{preset:?}, {cubes:?}, skip_frame {skip_frame}: {stood:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn masses_too_far_apart_for_contact_are_refused_with_both_and_the_largest_ratio() {
    for (preset, most) in [(Preset::Accurate, 20.0), (Preset::Reference, 10.0)] {
        let physics = preset.physics();
        assert_eq!(physics.largest_mass_ratio(), most);
        let mut env =
            Env::new(Config { physics, ..Config::new("stacking2") }).expect("a built-in family");
        env.reset(Some(3));
        let before = env.state().clone();
        let masses = |low: f64, high: f64| {
            Intervention::new().with("tool_block_1/mass", [low]).with("tool_block_2/mass", [high])
        };
        let refused = env.do_intervention(&masses(0.02, 0.02 * most * 1.01), false);
        let reason = refused.expect_err("the ratio is too large").to_string();
        for part in ["tool_block_1/mass", "tool_block_2/mass", "0.02", &format!("up to {most}")] {
            assert!(reason.contains(part), "{part} is not in: {reason}");
        }
        assert_eq!(env.state(), &before);
        let mut other = before.clone();
        other.blocks[0].mass = 40.0;
        assert!(env.set_state(&other).is_err(), "a state with such masses was taken");
        assert_eq!(env.state(), &before);
        // A block beside which no other moves has nothing to be compared with.
        for (low, high) in [(0.02, 0.02 * most), (0.02 * most, 0.02), (5.0, 5.0)] {
            env.do_intervention(&masses(low, high), false).expect("an accepted ratio");
        }
        let mut pushing =
            Env::new(Config { physics, ..Config::new("pushing") }).expect("a built-in family");
        pushing.reset(Some(3));
        let heavy = Intervention::new().with("tool_block/mass", [40.0]);
        pushing.do_intervention(&heavy, false).expect("one block alone");
    }
}

#[test]
fn every_family_may_set_its_lightest_beside_its_heaviest() {
    for family in registry::names() {
        for physics in [Preset::Accurate, Preset::Reference].map(Preset::physics) {
            let mut env =
                Env::new(Config { physics, ..Config::new(family) }).expect("a built-in family");
            env.reset(Some(5));
            let state = env.state().clone();
            let rules = env.family().rules();
            let mut ends = Intervention::new();
            for (i, variable) in Variable::all(&state.scene, rules).into_iter().enumerate() {
                let block = matches!(variable.entity, Entity::Block(_));
                if !block || variable.attribute.name != "mass" {
                    continue;
                }
                let Some(space) = variable.space(&state, rules, Subspace::Both) else { continue };
                let end = if i % 2 == 0 { space.low[0] } else { space.high[0] };
                ends = ends.with(&variable.path(&state.scene), [end]);
            }
            env.do_intervention(&ends, true).unwrap_or_else(|error| panic!("{family}: {error}"));
        }
    }
}
