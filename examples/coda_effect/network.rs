//! The network and its training.

use std::error::Error;
use std::fmt;

use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use trifactor::rng::Rng;

use crate::worlds::Table;

/// Numbers of a hidden layer; there are two.
const HIDDEN: usize = 256;
const BATCH: usize = 128;
const RATE: f64 = 1e-3;
/// Gradient steps, the same number for whatever is learned from.
const UPDATES: usize = 4000;
/// The first measurement; each later one is a quarter as many steps later again.
const FIRST: usize = 20;

#[derive(Module, Debug)]
struct Network {
    first: Linear,
    second: Linear,
    last: Linear,
}

impl Network {
    fn new(inputs: usize, outputs: usize, device: &Device) -> Self {
        let layer = |from, to| LinearConfig::new(from, to).init(device);
        Self {
            first: layer(inputs, HIDDEN),
            second: layer(HIDDEN, HIDDEN),
            last: layer(HIDDEN, outputs),
        }
    }

    fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let hidden = relu(self.first.forward(input));
        self.last.forward(relu(self.second.forward(hidden)))
    }
}

/// The errors after some gradient steps: mean squared, every predicted number by its spread among
/// the real steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) updates: usize,
    /// On the first steps of what is learned from, the real ones.
    pub(crate) learned: f64,
    /// On steps that are not learned from; of these on those with contact, and on the others.
    pub(crate) held_out: f64,
    pub(crate) touching: f64,
    pub(crate) apart: f64,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.4} on what was learned, {:.4} on the held-out steps ({:.4} in contact, {:.4} not)",
            self.learned, self.held_out, self.touching, self.apart
        )
    }
}

/// Trains a network on one table and measures it on another as it goes.
pub(crate) fn train(
    table: &Table,
    held_out: &Table,
    seed: u64,
    rng: &mut Rng,
) -> Result<Vec<Point>, Box<dyn Error>> {
    let plain = Device::flex();
    plain.seed(seed);
    let device = Device::flex().autodiff();
    let [inputs, outputs] = table.widths();
    let mut network = Network::new(inputs, outputs, &device);
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let (mut points, mut order, mut next) = (Vec::new(), Vec::new(), FIRST);
    for updates in 1..=UPDATES {
        let rows: Vec<usize> =
            (0..BATCH).map(|_| following(&mut order, table.len(), rng)).collect();
        let [inputs, outputs] = batch(table, &rows, &device);
        let loss = MseLoss::new().forward(network.forward(inputs), outputs, Reduction::Mean);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = adam.step(RATE, network, gradients);
        if updates == next || updates == UPDATES {
            points.push(measured(&network.valid(), updates, table, held_out)?);
            next += next / 4;
        }
    }
    Ok(points)
}

/// The next row of a pass through all rows in a random order.
fn following(order: &mut Vec<usize>, rows: usize, rng: &mut Rng) -> usize {
    if order.is_empty() {
        order.extend(0..rows);
        for i in (1..rows).rev() {
            order.swap(i, rng.below(i as u64 + 1) as usize);
        }
    }
    order.pop().unwrap_or(0)
}

fn batch(table: &Table, rows: &[usize], device: &Device) -> [Tensor<2>; 2] {
    let widths = table.widths();
    [0, 1].map(|side| {
        let picked = rows.iter().flat_map(|row| table.row(*row)[side]).copied();
        let picked: Vec<f32> = picked.collect();
        Tensor::from_data(TensorData::new(picked, [rows.len(), widths[side]]), device)
    })
}

fn measured(
    network: &Network,
    updates: usize,
    table: &Table,
    held_out: &Table,
) -> Result<Point, Box<dyn Error>> {
    let learned = errors(network, table, table.len().min(crate::REAL))?;
    let errors = errors(network, held_out, held_out.len())?;
    let mean = |of: &dyn Fn(usize) -> bool| {
        let picked = errors.iter().enumerate().filter(|(row, _)| of(*row)).map(|(_, error)| error);
        picked.clone().sum::<f64>() / picked.count() as f64
    };
    Ok(Point {
        updates,
        learned: learned.iter().sum::<f64>() / learned.len() as f64,
        held_out: mean(&|_| true),
        touching: mean(&|row| held_out.touching[row]),
        apart: mean(&|row| !held_out.touching[row]),
    })
}

/// The mean squared error of the first rows, each by itself.
fn errors(network: &Network, table: &Table, rows: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let device = Device::flex();
    let rows: Vec<usize> = (0..rows).collect();
    let mut errors = Vec::new();
    for rows in rows.chunks(500) {
        let [inputs, outputs] = batch(table, rows, &device);
        let squares = (network.forward(inputs) - outputs).powi_scalar(2).mean_dim(1);
        errors.extend(squares.into_data().try_to_vec_as::<f32>()?.into_iter().map(f64::from));
    }
    Ok(errors)
}
