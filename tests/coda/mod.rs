//! Counterfactual data augmentation: what is stitched is what the dynamics would have brought.

#[cfg(feature = "cli")]
mod command;
pub(crate) mod data;
mod more;
mod owned;

use trifactor::augment::{Coda, Difference, Generator, Method, Report, Resimulator, Samples};
use trifactor::causal::{Distance, Replay};
use trifactor::rng::Rng;
use trifactor::world::Preset;

use crate::scenes::long_form;
use data::{Plan, arena, replay};

const SEED: u64 = 61;

/// How many samples of each size a method made, how many were right bit for bit, and how wrong the
/// others were.
#[derive(Default)]
struct Tally {
    sizes: Vec<[usize; 2]>,
    worst: Difference,
    /// Samples off by more than a millimetre or a hundredth of a radian.
    far: usize,
}

impl Tally {
    fn all(&self) -> [usize; 2] {
        self.sizes.iter().fold([0, 0], |sum, size| [sum[0] + size[0], sum[1] + size[1]])
    }
}

/// Checks every sample by taking its step.
fn tally(samples: &Samples, oracle: &mut Resimulator) -> Tally {
    let mut tally = Tally::default();
    for sample in 0..samples.len() {
        let difference = oracle.check(&samples.transition(sample)).unwrap();
        let base = samples.base(sample) as u32;
        let size = samples.sources(sample).iter().filter(|row| **row != base).count();
        tally.sizes.resize(tally.sizes.len().max(size + 1), [0, 0]);
        tally.sizes[size][0] += 1;
        tally.sizes[size][1] += usize::from(difference.bitwise);
        let worst = &mut tally.worst;
        worst.position = worst.position.max(difference.position);
        worst.orientation = worst.orientation.max(difference.orientation);
        worst.joint = worst.joint.max(difference.joint);
        worst.velocity = worst.velocity.max(difference.velocity);
        tally.far += usize::from(difference.position > 1e-3 || difference.joint > 1e-2);
    }
    tally
}

fn report(name: &str, made: &Report, tally: &Tally) {
    let [checked, right] = tally.all();
    let worst = &tally.worst;
    println!(
        "{name}: {right} of {checked} right bit for bit, {} off by 1 mm or 0.01 rad; worst {:.1e} m, \
         {:.1e} rad, {:.1e} m/s; accepted {} of {} proposals, {:.2} components",
        tally.far,
        worst.position,
        worst.joint,
        worst.velocity,
        made.accepted,
        made.proposals,
        made.mean_components()
    );
    for (size, [count, right]) in tally.sizes.iter().enumerate().filter(|(_, c)| c[0] > 0) {
        println!("    {size} bodies from the other row: {right} of {count}");
    }
}

/// Makes samples and checks them.
fn survey(coda: &mut Coda, replay: &Replay, count: usize, preset: Preset) -> (Report, Tally) {
    let mut samples = Samples::new(replay.layout());
    let mut rng = Rng::stream(SEED, 0, coda.method.name());
    let made = Generator::new(replay, coda).unwrap().fill(count, &mut rng, &mut samples).unwrap();
    let blocks = replay.layout().bodies() - 3;
    let mut oracle = Resimulator::new(arena(blocks, preset)).unwrap();
    let tally = tally(&samples, &mut oracle);
    report(coda.method.name(), &made, &tally);
    (made, tally)
}

#[test]
fn what_passes_the_cut_test_is_what_the_dynamics_would_have_brought() {
    println!("seed {SEED}");
    let long = long_form("coda");
    let (episodes, count) = if long { (400, 20_000) } else { (40, 500) };
    for (preset, blocks) in [(Preset::Accurate, 3), (Preset::Accurate, 5), (Preset::Reference, 3)] {
        let replay = replay(&mut arena(blocks, preset), Plan::default(), 0..episodes).unwrap();
        let share = replay.touching_share();
        println!("{preset:?}, {blocks} blocks: {} rows, {share:.2} in contact", replay.len());
        assert!(share >= 0.3, "{share} of the steps have contact");
        let (made, tally) = survey(&mut Coda::default(), &replay, count, preset);
        assert_eq!(made.accepted, count);
        let [checked, right] = tally.all();
        assert_eq!(right, checked, "{:?}", tally.worst);
        if preset == Preset::Accurate && blocks == 3 {
            controls(&replay, count, preset);
        }
    }
}

/// What goes wrong without the masks, without the test, with the heuristic of the paper.
fn controls(replay: &Replay, count: usize, preset: Preset) {
    for (method, least_wrong) in [
        (Method::Blind, 0.1),
        (Method::Unchecked, 0.01),
        (Method::Model(Box::new(Distance::default())), 0.01),
    ] {
        let mut coda = Coda { method, ..Coda::default() };
        let (_, tally) = survey(&mut coda, replay, count, preset);
        let [checked, right] = tally.all();
        let wrong = (checked - right) as f64 / checked as f64;
        assert!(wrong > least_wrong, "{}: only {wrong} wrong", coda.method.name());
    }
    let oracle = Resimulator::new(arena(replay.layout().bodies() - 3, preset)).unwrap();
    let mut coda = Coda { method: Method::Simulation(Box::new(oracle)), ..Coda::default() };
    let (_, tally) = survey(&mut coda, replay, count, preset);
    let [checked, right] = tally.all();
    assert_eq!(right, checked);
}
