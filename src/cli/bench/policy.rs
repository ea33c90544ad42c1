//! A network of the size that is usual for these tasks, to be timed and not to be trained.

use nalgebra::{DMatrix, DMatrixView, DVector};

use crate::rng::Rng;
use crate::robot::JOINTS;

/// Units of each hidden layer, as in the paper's agents (facts 8.3).
const HIDDEN: usize = 256;

/// Two hidden layers of rectified units, single precision, with random weights.
pub(super) struct Network {
    layers: Vec<(DMatrix<f32>, DVector<f32>)>,
    // What each layer answers, a column for every world.
    values: Vec<DMatrix<f32>>,
}

impl Network {
    /// For so many numbers in an observation.
    pub(super) fn new(inputs: usize) -> Self {
        let mut rng = Rng::stream(0, 0, "weights");
        let sizes = [inputs, HIDDEN, HIDDEN, JOINTS];
        let layer = |pair: &[usize]| {
            let most = 1.0 / (pair[0] as f64).sqrt();
            let weights =
                DMatrix::from_fn(pair[1], pair[0], |_, _| rng.uniform(-most, most) as f32);
            (weights, DVector::zeros(pair[1]))
        };
        Self { layers: sizes.windows(2).map(layer).collect(), values: Vec::new() }
    }

    /// Writes an action in \[-1, 1\] for every observation; both are rows of a batch.
    pub(super) fn act(&mut self, observations: &[f32], actions: &mut [f64]) {
        let worlds = actions.len() / JOINTS;
        let inputs = DMatrixView::from_slice(observations, observations.len() / worlds, worlds);
        self.values.resize(self.layers.len(), DMatrix::zeros(0, 0));
        for (i, (weights, bias)) in self.layers.iter().enumerate() {
            let (before, after) = self.values.split_at_mut(i);
            let out = &mut after[0];
            if out.ncols() != worlds {
                *out = DMatrix::zeros(weights.nrows(), worlds);
            }
            match before.last() {
                Some(before) => out.gemm(1.0, weights, before, 0.0),
                None => out.gemm(1.0, weights, &inputs, 0.0),
            }
            for mut column in out.column_iter_mut() {
                column += bias;
            }
            if i + 1 < self.layers.len() {
                out.apply(|value| *value = value.max(0.0));
            }
        }
        for (action, value) in
            actions.iter_mut().zip(self.values.iter().skip(self.layers.len() - 1).flatten())
        {
            *action = f64::from(value.clamp(-1.0, 1.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_has_the_action_it_has_alone() {
        let mut network = Network::new(5);
        let mut rng = Rng::stream(3, 0, "observations");
        let observations: Vec<f32> = (0..15).map(|_| rng.uniform(-1.0, 1.0) as f32).collect();
        let mut together = [0.0; 3 * JOINTS];
        network.act(&observations, &mut together);
        for (world, action) in together.chunks(JOINTS).enumerate() {
            let mut alone = [0.0; JOINTS];
            network.act(&observations[5 * world..][..5], &mut alone);
            assert!(action.iter().zip(&alone).all(|(a, b)| (a - b).abs() < 1e-6));
            assert!(alone.iter().any(|value| *value != 0.0));
        }
    }
}
