//! What the scripted policies achieve; the long form takes 50 worlds each.

use trifactor::agent;

#[path = "../examples/experts/worlds.rs"]
pub(crate) mod worlds;

use worlds::Change;

/// The mean fractional success by exact overlap at least asked for.
const BARS: [(&str, Change, f64); 9] = [
    ("pushing", Change::Jitter, 0.9),
    ("pushing", Change::P5, 0.9),
    ("picking", Change::Jitter, 0.9),
    ("picking", Change::P5, 0.9),
    ("reaching", Change::P5, 0.8),
    ("pick_and_place", Change::Jitter, 0.7),
    ("pick_and_place", Change::P5, 0.7),
    ("pick_and_place", Change::Goal, 0.7),
    ("stacking2", Change::Jitter, 0.7),
];

#[test]
fn scripted_policies_bring_every_family_to_its_goal() {
    let long = std::env::var_os("TRIFACTOR_ALL").is_some_and(|v| v == "1");
    let count = if long { 50 } else { 3 };
    println!("{count} worlds each; TRIFACTOR_ALL=1 takes 50");
    for skip_frame in [3, 10] {
        for (family, change, bar) in BARS {
            let mut env = worlds::env(family, skip_frame).unwrap();
            let mut policy = agent::scripted(env.family(), env.dt());
            let (mut ends, mut seed) = (Vec::new(), 0);
            while ends.len() < count {
                worlds::begin(&mut env, change, seed).unwrap();
                if family != "reaching" || worlds::reachable(&env) {
                    ends.push(worlds::finish(&mut env, policy.as_mut()).unwrap());
                }
                seed += 1;
            }
            let mean = ends.iter().sum::<f64>() / ends.len() as f64;
            println!("{family} {change:?} at {skip_frame}: {mean:.3}, {ends:.3?}");
            assert!(mean >= bar, "{family} {change:?} at skip_frame {skip_frame}: {ends:?}");
        }
    }
}
