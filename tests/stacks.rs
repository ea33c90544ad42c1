//! Rest and stacks at the accurate preset: cubes put up exactly, µ = 0.5 on the floor and 1 among
//! each other, no drag, fingers out of the way.

use trifactor::world::Preset;

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
