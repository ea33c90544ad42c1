//! Controls: what must change nothing, and what must be seen to be wrong.

use super::nodes::{bodies, copy, is_alone, same};
use super::{DRAWS, Survey, run};
use crate::causal::{LocalMask, Strength};
use crate::error::Result;
use crate::robot::FINGERS;

impl Survey<'_> {
    /// Every node's own value written over itself changes no bit of the state or of what follows.
    pub(super) fn copy_onto_itself(&mut self) -> Result<()> {
        let t = &self.held[self.i];
        let mut state = t.before.clone();
        let nodes = bodies(&t.before) + t.before.goals.len();
        (0..nodes).for_each(|node| copy(node, &t.before, &mut state));
        let (next, _) = run(self.env, &state, &t.action)?;
        self.found.copied += 1;
        let lossless = state.same_bits(&t.before) && next.same_bits(&t.after);
        self.found.copied_wrong += u64::from(!lossless);
        Ok(())
    }

    /// A part of a step of another context, put in all the same: the masks see nothing wrong with
    /// it, and it does not go on as it did where it came from (the paper's icy room).
    pub(super) fn force_across_contexts(&mut self) -> Result<()> {
        let (held, bases) = (self.held, self.bases);
        let (t, base) = (&held[self.i], &bases[self.i]);
        let node = self.body();
        for _ in 0..DRAWS {
            let donor = self.rng.below(held.len() as u64) as usize;
            let giver = &held[donor];
            let other =
                giver.before.scene == t.before.scene && bases[donor].context != base.context;
            if !other || !is_alone(node, &bases[donor].sound, &giver.before) {
                continue;
            }
            let (mut state, mut action) = (t.before.clone(), t.action);
            copy(node, &giver.before, &mut state);
            if node < FINGERS {
                let own = 3 * node..3 * node + 3;
                action[own.clone()].copy_from_slice(&giver.action[own]);
            }
            let (next, contacts) = run(self.env, &state, &action)?;
            let mask = LocalMask::of(&contacts, &t.before.scene, Strength::Sound)?;
            if is_alone(node, &mask, &t.before) && is_alone(node, &base.sound, &t.before) {
                self.found.forced += 1;
                self.found.forced_wrong += u64::from(!same(node, &giver.after, &next));
            }
            break;
        }
        Ok(())
    }
}
