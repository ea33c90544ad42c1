use trifactor::agent::*;
use trifactor::intervention::{self, Intervention};
use trifactor::robot::Command;
use trifactor::task::{Family, overlap::Overlap};
use trifactor::variable::{self, Subspace};
use trifactor::world::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: u64 = args.get(1).and_then(|s| s.parse().ok()).unwrap_or(20);
    let skip: u32 = args.get(2).and_then(|s| s.parse().ok()).unwrap_or(3);
    let verbose = args.get(3).is_some();
    let only: Option<u64> = args.get(3).and_then(|s| s.parse().ok());
    let family = Family::named("pushing").unwrap();
    let mut world = World::new(Physics::default(), skip).unwrap();
    let mut total = 0.0;
    for ep in 0..n {
        if only.is_some_and(|o| o != ep) { continue; }
        let mut state = family.initial_state();
        state.episode = ep;
        let name = ["tool_block/mass", "tool_block/size", "tool_block/friction"][(ep % 3) as usize];
        let mut tries = String::new();
        let v = variable::draw(&state, family.rules(), name, Subspace::Both).unwrap().unwrap();
        if let Err(e) = intervention::apply(&mut world, family.rules(), &mut state, &Intervention::new().with(name, &v), Some(Subspace::Both)) { tries = e.to_string(); }
        let goal = family.sample_goal(&state, Subspace::Both).unwrap();
        if let Err(e) = intervention::apply(&mut world, family.rules(), &mut state, &goal, None) { tries += &e.to_string(); }
        let mut p = ScriptedPush::new(world.dt());
        let steps = (10.0 / world.dt()) as usize;
        let mut next = state.clone();
        let mut a = [0.0; 9];
        for t in 0..steps {
            p.act(&state, &mut a);
            world.step(&state, &Command::JointPositions(a), &mut next);
            std::mem::swap(&mut state, &mut next);
            state.step += 1;
            if verbose && t % 15 == 0 {
                let b = &state.blocks[0];
                println!("{t} {:?} block {:.3?} z{:.2?} tips {:.3?}", p.phase_name(), b.position, b.orientation, trifactor::robot::kinematics::tips(&state.robot.joint_positions, state.robot.height));
            }
        }
        let f = Overlap::Volume.of_state(&state);
        total += f;
        let (b, g) = (&state.blocks[0], &state.goals[0]);
        let d = ((b.position[0]-g.position[0]).powi(2) + (b.position[1]-g.position[1]).powi(2)).sqrt();
        println!("{ep:3} {name} {v:.3?} goal {:.3?} frac {f:.3} dist {:.4} end {} {tries}", g.position, d, p.phase_name());
    }
    println!("mean {:.3}", total / n as f64);
}
