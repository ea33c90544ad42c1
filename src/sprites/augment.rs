//! CoDA among the sprites: the paper's algorithm with true masks, by the code that TriFinger uses.

use super::{Mask, NODES, SPRITES, SpriteTransition, Sprites, step};
use crate::augment::{Choice, Report};
use crate::error::{Error, Result};
use crate::rng::Rng;

/// A transition stitched of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The stitched step; its noise is that of the action, with which it travels, its mask that of
    /// the stitched state.
    pub transition: SpriteTransition,
    /// The two transitions that it is made of.
    pub rows: [usize; 2],
    /// Which of the two every sprite, and the action, comes from.
    pub sources: [u8; NODES],
}

/// Stitches up to so many samples of pairs of transitions.
///
/// With masks, parts of one component stay together and the mask of what is stitched must not join
/// parts of different transitions (algorithm 1); without, any parts are exchanged: a control.
///
/// # Errors
/// [`Error::Order`] without transitions.
pub fn augment(
    transitions: &[SpriteTransition],
    count: usize,
    masks: bool,
    rng: &mut Rng,
) -> Result<(Vec<Sample>, Report)> {
    if transitions.is_empty() {
        return Err(Error::Order("there are no transitions; take steps first"));
    }
    let (mut samples, mut report) = (Vec::new(), Report::default());
    let mut choice = Choice::default();
    let alone: [u8; NODES] = std::array::from_fn(|node| node as u8);
    // Where nothing can be parted, no number of tries helps.
    for _ in 0..1000 * count.max(1) {
        if samples.len() == count {
            break;
        }
        let rows = [(); 2].map(|()| rng.below(transitions.len() as u64) as usize);
        let pair = rows.map(|row| &transitions[row]);
        let labels = pair.map(|t| if masks { labels(&t.mask) } else { alone });
        report.drawn += 1;
        choice.join(NODES, labels.iter().map(|labels| &labels[..]), |_| false);
        report.components += choice.components();
        if choice.components() < 2 {
            report.whole += 1;
            continue;
        }
        let size = choice.choose(2, rng);
        report.proposed(size);
        let sources: [u8; NODES] = std::array::from_fn(|node| choice.sources()[node]);
        let transition = stitched(pair, &sources);
        let labels = self::labels(&transition.mask);
        if masks && (0..NODES).any(|node| sources[node] != sources[usize::from(labels[node])]) {
            report.refused += 1;
            continue;
        }
        report.accept(size);
        samples.push(Sample { transition, rows, sources });
    }
    Ok((samples, report))
}

/// The stitched transition, with the mask of its own beginning.
fn stitched(pair: [&SpriteTransition; 2], sources: &[u8; NODES]) -> SpriteTransition {
    let of = |node: usize| pair[usize::from(sources[node])];
    let before = Sprites(std::array::from_fn(|sprite| of(sprite).before.0[sprite]));
    let after = Sprites(std::array::from_fn(|sprite| of(sprite).after.0[sprite]));
    let (action, noise) = (of(SPRITES).action, of(SPRITES).noise);
    let mask = step(&before, &action, &noise).mask;
    SpriteTransition { before, action, noise, after, mask }
}

/// The least node of the component of every node.
pub(super) fn labels(mask: &Mask) -> [u8; NODES] {
    let mut labels: [u8; NODES] = std::array::from_fn(|node| node as u8);
    for (from, row) in mask.iter().enumerate() {
        for to in (0..SPRITES).filter(|to| row[*to]) {
            let (a, b) = (labels[from], labels[to]);
            for label in labels.iter_mut().filter(|label| **label == a || **label == b) {
                *label = a.min(b);
            }
        }
    }
    labels
}

/// How many components a mask has.
pub fn components(mask: &Mask) -> usize {
    labels(mask).iter().enumerate().filter(|(node, label)| *node == usize::from(**label)).count()
}

#[cfg(test)]
mod tests {
    use super::super::{EPISODE, Reward, SpriteEnv};
    use super::*;

    const SEED: u64 = 5;

    /// Steps of so many episodes under random actions, and the mean reward per step.
    fn random_steps(place: usize, episodes: u64) -> (Vec<SpriteTransition>, f64) {
        let mut env = SpriteEnv::new(place, Reward::Partial).unwrap();
        let mut rng = Rng::stream(SEED, 0, "actions");
        let (mut steps, mut paid) = (Vec::new(), 0.0);
        for episode in 0..episodes {
            env.reset(Some(episode));
            for i in 1..=EPISODE {
                let action = [(); 2].map(|()| rng.uniform(-1.0, 1.0));
                let taken = env.step(&action).unwrap();
                assert_eq!(taken.truncated, i == EPISODE);
                paid += taken.reward;
                steps.push(taken.transition);
            }
        }
        let count = steps.len() as f64;
        (steps, paid / count)
    }

    /// What `benches/peers/sprites_numpy.py` finds in 40,000 episodes: collisions a step,
    /// components, pay in Place 1 to 4, each with the spread of an episode's mean.
    const PEER: [[f64; 2]; 6] = [
        [0.2067, 0.146],
        [3.7763, 0.171],
        [0.2692, 0.259],
        [0.2685, 0.181],
        [0.2111, 0.130],
        [0.1822, 0.106],
    ];

    #[test]
    fn random_steps_collide_part_and_pay_as_in_a_second_program_of_the_same_facts() {
        println!("seed {SEED}");
        const EPISODES: u64 = 4000;
        let mut found = Vec::new();
        for place in 1..=SPRITES {
            let (steps, reward) = random_steps(place, EPISODES);
            if place == 1 {
                let collides = |t: &&SpriteTransition| {
                    (0..SPRITES).any(|i| (0..SPRITES).any(|j| i != j && t.mask[i][j]))
                };
                let count = steps.len() as f64;
                let sum: usize = steps.iter().map(|t| components(&t.mask)).sum();
                found.push(steps.iter().filter(collides).count() as f64 / count);
                found.push(sum as f64 / count);
                // Facts 3.1; their other figures are of samples too small to tell more.
                assert!((found[1] - 3.79).abs() < 0.03, "{} components", found[1]);
            }
            found.push(reward);
        }
        println!("{found:?}");
        for (found, [expected, spread]) in found.into_iter().zip(PEER) {
            let error = spread * (1.0 / EPISODES as f64 + 1.0 / 40_000.0).sqrt();
            assert!((found - expected).abs() < 3.5 * error, "{found}, expected {expected}");
        }
    }

    #[test]
    fn with_true_masks_no_sample_is_wrong_and_without_many_are() {
        println!("seed {SEED}");
        let long = std::env::var_os("TRIFACTOR_ALL").is_some_and(|v| v == "1");
        println!("sprites: {} form", if long { "long" } else { "short" });
        let count = if long { 100_000 } else { 20_000 };
        let (steps, _) = random_steps(4, 200);
        let mut rng = Rng::stream(SEED, 1, "coda");
        for masks in [true, false] {
            let (samples, report) = augment(&steps, count, masks, &mut rng).unwrap();
            assert_eq!(samples.len(), count);
            let wrong = |sample: &&Sample| {
                let t = &sample.transition;
                !step(&t.before, &t.action, &t.noise).after.same_bits(&t.after)
            };
            let wrong = samples.iter().filter(wrong).count();
            println!(
                "masks {masks}: {wrong} of {count} wrong, {:.3} of {} proposals accepted",
                report.acceptance(),
                report.proposals
            );
            assert_eq!(wrong == 0, masks, "{wrong} wrong");
            assert!(masks || wrong > count / 10, "only {wrong} wrong");
        }
    }
}
