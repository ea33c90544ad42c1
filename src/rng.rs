//! Random streams named by (seed, episode, variable): switching one on moves no other.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

use crate::math;

/// A stream of random numbers whose values are fixed for all time and all machines.
///
/// The generator is ChaCha with 8 rounds, whose output is value-stable; the draws over it are
/// our own, so that no dependency's change of algorithm can move them.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream of one variable in one episode of one seed.
    pub fn stream(seed: u64, episode: u64, variable: &str) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&episode.to_le_bytes());
        key[16..24]
            .copy_from_slice(&fnv1a(variable.as_bytes(), 0xcbf2_9ce4_8422_2325).to_le_bytes());
        key[24..].copy_from_slice(&fnv1a(variable.as_bytes(), 0x9ae1_6a3b_2f90_404f).to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The stream of one variable at one step: what noise is a function of.
    pub fn at_step(seed: u64, episode: u64, variable: &str, step: u64) -> Self {
        let mut rng = Self::stream(seed, episode, variable);
        rng.0.set_stream(step);
        rng
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number uniform in \[0, 1), a multiple of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A number uniform between `low` and `high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number uniform in `0..count`; `count` must not be zero.
    pub fn below(&mut self, count: u64) -> u64 {
        // Rejection keeps every value equally likely for every count.
        let limit = u64::MAX - u64::MAX % count;
        loop {
            let bits = self.bits();
            if bits < limit {
                return bits % count;
            }
        }
    }

    /// A standard normal number (Box and Muller, cosine branch).
    pub fn normal(&mut self) -> f64 {
        let u = 1.0 - self.unit();
        let v = self.unit();
        (-2.0 * math::ln(u)).sqrt() * math::cos(2.0 * std::f64::consts::PI * v)
    }
}

/// The 64-bit FNV-1a hash of some bytes from a starting value.
pub(crate) fn fnv1a(bytes: &[u8], start: u64) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Mixes a number into a hash (the finaliser of MurmurHash3).
pub(crate) fn mix(hash: u64, value: u64) -> u64 {
    let mut h = hash.rotate_left(23) ^ value;
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn streams_are_stable_for_all_time() {
        let mut rng = Rng::stream(1, 2, "tool_block/mass");
        let golden = [rng.bits(), rng.bits()];
        let mut again = Rng::stream(1, 2, "tool_block/mass");
        assert_eq!(golden, [again.bits(), again.bits()]);
        assert_ne!(Rng::stream(1, 2, "tool_block/size").bits(), golden[0]);
        assert_ne!(Rng::stream(1, 3, "tool_block/mass").bits(), golden[0]);
        assert_ne!(Rng::at_step(1, 2, "tool_block/mass", 1).bits(), golden[0]);
    }
}
