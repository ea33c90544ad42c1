//! Grasps at the accurate preset.

use trifactor::world::Preset;

use crate::scenes::SKIP_FRAMES;
use crate::scenes::fingers::{GRASPS, Lifted};

#[test]
fn three_fingers_lift_a_cube_and_hold_it_still() {
    // µ = 1 between fingers and cube; 0.08 kg at 0.065 m, 0.02 and 0.15 kg, 0.055 and 0.075 m.
    for skip_frame in SKIP_FRAMES {
        for grasp in GRASPS {
            let held = Lifted::new(Preset::Accurate.physics(), skip_frame, grasp).held(3.0);
            assert!(
                held.lifted > 0.08 && held.drift < 1e-4 && held.penetration < 2e-4,
                "{grasp:?}, skip_frame {skip_frame}: {held:?}"
            );
            println!("{grasp:?}, skip_frame {skip_frame}: {held:?}");
        }
    }
}
