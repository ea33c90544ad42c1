//! The masks of a batch's last step, in arrays of one shape.

use super::{ACTIONS, Edge, LocalMask, Source, Strength};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::robot::FINGERS;
use crate::vec_env::VecEnv;
use crate::world::{Contacts, Scene};

/// Room for nodes, the same for every world of a batch: fingers, then so many blocks, then so many
/// goals; a world that has fewer leaves places empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Places for blocks.
    pub blocks: usize,
    /// Places for goals.
    pub goals: usize,
}

impl Slots {
    /// Room for the worlds of a batch: `max_blocks` of either where the configuration has it, else
    /// as many as the largest scene has.
    pub fn of(worlds: &VecEnv) -> Self {
        let most = worlds.world(0).and_then(|env| env.config().max_blocks);
        if let Some(most) = most {
            return Self { blocks: most, goals: most };
        }
        let scenes = (0..worlds.len()).filter_map(|world| shown(worlds, world));
        scenes.fold(Self { blocks: 0, goals: 0 }, |slots, scene| Self {
            blocks: slots.blocks.max(scene.blocks.len()),
            goals: slots.goals.max(scene.goals.len()),
        })
    }

    /// Room for one environment as for a batch of its like: `max_blocks` of either, or as many as
    /// its scene has.
    pub fn of_one(env: &Env) -> Self {
        let scene = &env.state().scene;
        match env.config().max_blocks {
            Some(most) => Self { blocks: most, goals: most },
            None => Self { blocks: scene.blocks.len(), goals: scene.goals.len() },
        }
    }

    /// How many nodes there is room for.
    pub fn nodes(self) -> usize {
        FINGERS + self.blocks + self.goals
    }

    /// How many entries a mask has: (nodes + actions) × nodes.
    pub fn entries(self) -> usize {
        (self.nodes() + ACTIONS) * self.nodes()
    }

    /// Where a scene's node stands.
    fn place(self, node: usize, scene: &Scene) -> usize {
        let bodies = FINGERS + scene.blocks.len();
        if node < bodies { node } else { node + self.blocks - scene.blocks.len() }
    }

    fn check(self, scene: &Scene) -> Result<()> {
        let counts = [("blocks", scene.blocks.len(), self.blocks)];
        for (what, found, most) in
            counts.into_iter().chain([("goals", scene.goals.len(), self.goals)])
        {
            if found > most {
                return Err(Error::TooMany { what, found, limit: "the masks' room", most });
            }
        }
        Ok(())
    }

    /// Writes a mask row by row, nodes first, then actions; empty places influence nobody.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length than [`Slots::entries`], [`Error::TooMany`] for a scene
    /// without room.
    pub fn write(self, mask: &LocalMask, scene: &Scene, out: &mut [bool]) -> Result<()> {
        length("mask", out.len(), self.entries())?;
        self.check(scene)?;
        out.fill(false);
        let (nodes, most) = (mask.nodes(), self.nodes());
        let sources = (0..nodes).map(|node| (Source::Node(node), self.place(node, scene)));
        let actions = (0..ACTIONS).map(|finger| (Source::Action(finger), most + finger));
        for (source, row) in sources.chain(actions) {
            for node in (0..nodes).filter(|node| mask.influences(source, *node)) {
                out[row * most + self.place(node, scene)] = true;
            }
        }
        Ok(())
    }

    /// Writes what the solver coupled: nodes × nodes × [`PAIR`] numbers, the same in both
    /// directions, NaN for pairs that were not coupled.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length, [`Error::TooMany`] for a scene without room.
    pub fn write_pairs(self, contacts: &Contacts, scene: &Scene, out: &mut [f64]) -> Result<()> {
        let nodes = self.nodes();
        length("pairs", out.len(), nodes * nodes * PAIR)?;
        self.check(scene)?;
        out.fill(f64::NAN);
        for Edge { first, second, tick, impulse, gap } in LocalMask::edges(contacts) {
            let (first, second) = (self.place(first, scene), self.place(second, scene));
            for at in [first * nodes + second, second * nodes + first] {
                out[PAIR * at..PAIR * (at + 1)].copy_from_slice(&[f64::from(tick), impulse, gap]);
            }
        }
        Ok(())
    }
}

/// Writes every world's mask of the last step, one after the other, each as [`Slots::write`] has
/// it; `known` tells where there was a step of the dynamics, elsewhere all entries are false.
///
/// A step that ended an episode and was followed by a reset in the same call counts; one within
/// which a director intervened does not.
///
/// # Errors
/// [`Error::Shape`] for other lengths; those of [`LocalMask::of`] and [`Slots::write`].
pub fn masks(
    worlds: &VecEnv,
    slots: Slots,
    strength: Strength,
    out: &mut [bool],
    known: &mut [bool],
) -> Result<()> {
    length("masks", out.len(), worlds.len() * slots.entries())?;
    length("known", known.len(), worlds.len())?;
    for (world, (out, known)) in out.chunks_exact_mut(slots.entries()).zip(known).enumerate() {
        let step = stepped(worlds, world);
        *known = step.is_some();
        match step {
            Some((contacts, scene)) => {
                slots.write(&LocalMask::of(contacts, scene, strength)?, scene, out)?;
            }
            None => out.fill(false),
        }
    }
    Ok(())
}

/// The numbers of a pair: its first tick, largest impulse (N s) and smallest gap (m).
pub const PAIR: usize = 3;

/// Writes what the solver coupled in every world's last step, one after the other, each as
/// [`Slots::write_pairs`] has it; `known` as [`masks`], elsewhere all are NaN.
///
/// # Errors
/// As [`masks`].
pub fn pairs(worlds: &VecEnv, slots: Slots, out: &mut [f64], known: &mut [bool]) -> Result<()> {
    let nodes = slots.nodes();
    length("pairs", out.len(), worlds.len() * nodes * nodes * PAIR)?;
    length("known", known.len(), worlds.len())?;
    for (world, (out, known)) in out.chunks_exact_mut(nodes * nodes * PAIR).zip(known).enumerate() {
        let step = stepped(worlds, world);
        *known = step.is_some();
        match step {
            Some((contacts, scene)) => slots.write_pairs(contacts, scene, out)?,
            None => out.fill(f64::NAN),
        }
    }
    Ok(())
}

/// The scene that a world's last step was in, or that it is in now.
fn shown(worlds: &VecEnv, world: usize) -> Option<&Scene> {
    match worlds.last(world) {
        Some(last) => Some(&last.state.scene),
        None => worlds.world(world).map(|env| &*env.state().scene),
    }
}

/// What the solver coupled in a world's last step, if the last call was a step of its dynamics.
fn stepped(worlds: &VecEnv, world: usize) -> Option<(&Contacts, &Scene)> {
    let env: &Env = worlds.world(world)?;
    let was = worlds.last(world).is_some() || env.has_stepped();
    // After an intervention the scene may be another than the report's.
    if !was || worlds.intervened(world) {
        return None;
    }
    Some((env.contacts(), shown(worlds, world)?))
}

fn length(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    let (what, expected) = (what.to_string(), format!("{expected} in all"));
    Err(Error::Shape { what, expected, found: found.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::vec_env::Autoreset;

    fn worlds(autoreset: Autoreset, max_blocks: Option<usize>) -> VecEnv {
        let config = Config { max_blocks, max_episode_length: Some(3), ..Config::new("stacking2") };
        let mut worlds = VecEnv::new(config, 3, 1, autoreset).unwrap();
        let mut batch = worlds.batch::<f64>();
        worlds.reset(&worlds.seeds(5), None, &mut batch.observations).unwrap();
        worlds
    }

    /// The masks and which of them are known after so many steps.
    fn after(steps: usize, worlds: &mut VecEnv) -> (Slots, Vec<bool>, Vec<bool>) {
        let mut batch = worlds.batch::<f64>();
        for _ in 0..steps {
            worlds.step(&[0.4; 27], batch.rows()).unwrap();
        }
        let slots = Slots::of(worlds);
        let (mut out, mut known) = (vec![false; 3 * slots.entries()], vec![false; 3]);
        masks(worlds, slots, Strength::Sound, &mut out, &mut known).unwrap();
        (slots, out, known)
    }

    #[test]
    fn every_worlds_row_is_the_mask_of_the_same_world_alone() {
        let mut worlds = worlds(Autoreset::NextStep, None);
        assert_eq!(after(0, &mut worlds).2, [false; 3], "nobody has stepped");
        let (slots, out, known) = after(2, &mut worlds);
        assert_eq!((slots, known), (Slots { blocks: 2, goals: 2 }, vec![true; 3]));
        for (env, row) in worlds.worlds().zip(out.chunks(slots.entries())) {
            let mask = LocalMask::of(env.contacts(), &env.state().scene, Strength::Sound).unwrap();
            let mut alone = vec![false; slots.entries()];
            mask.write(&mut alone).unwrap();
            assert_eq!(row, alone);
        }
        let nodes = slots.nodes();
        let mut out = vec![0.0; 3 * nodes * nodes * PAIR];
        pairs(&worlds, slots, &mut out, &mut [false; 3]).unwrap();
        let coupled = worlds.worlds().map(|env| 2 * LocalMask::edges(env.contacts()).len());
        let written = out.iter().filter(|number| !number.is_nan()).count();
        assert_eq!(written, PAIR * coupled.sum::<usize>());
    }

    #[test]
    fn padding_leaves_empty_places_and_the_step_that_ended_an_episode_has_its_mask() {
        let mut same = worlds(Autoreset::SameStep, Some(4));
        let (slots, out, known) = after(3, &mut same);
        assert!(same.last(0).is_some(), "the third step ended the episode");
        assert_eq!((slots, known), (Slots { blocks: 4, goals: 4 }, vec![true; 3]));
        let at = |row: usize, column: usize| out[row * slots.nodes() + column];
        for node in 0..slots.nodes() {
            // Fingers, two blocks, two empty places, two goals, two empty places.
            let there = node < 5 || (7..9).contains(&node);
            assert_eq!(at(node, node), there, "{node}");
        }
        assert!((0..3).all(|finger| at(slots.nodes() + finger, finger)));
        let mut next = worlds(Autoreset::NextStep, None);
        assert_eq!(after(3, &mut next).2, [true; 3]);
        assert_eq!(after(1, &mut next).2, [false; 3], "a reset stood in the step's place");
    }
}
