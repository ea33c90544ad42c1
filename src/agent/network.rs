//! Networks as policies: what trainers save as safetensors, and nothing but multiply and add.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};

use crate::env::Env;
use crate::error::{Error, Result};
use crate::evaluation::{Invariance, Plan, Probes, ProtocolRun};
use crate::math;
use crate::robot::{JOINTS, Nine};
use crate::space::BoxSpace;

/// What stands between two layers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Activation {
    Nothing,
    Tanh,
    Relu,
    Elu,
    Silu,
}

/// A layer: for every number that it gives, the weights of those that it takes, and a bias.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    weights: Vec<f64>,
    bias: Vec<f64>,
}

/// Observations less their mean over their deviation, within bounds.
#[derive(Clone, Debug, PartialEq)]
struct Scaling {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    bound: f64,
}

/// A network of layers, each of which takes all that the one before it gives; its mean action is a
/// function of the observation.
///
/// It is read from a file of safetensors whose names are those of PyTorch's `state_dict`:
///
/// | names | saved from |
/// | --- | --- |
/// | `mlp_extractor.policy_net.N`, `action_net` | the policy of Stable-Baselines3's PPO or A2C |
/// | `actor.latent_pi.N`, `actor.mu` | that of its SAC |
/// | `actor.mu.N` | that of its TD3 or DDPG |
/// | `N` | a `torch.nn.Sequential` |
///
/// each with `.weight` of shape (given, taken) and `.bias`, in 32 or 64 bits; other tensors are left
/// alone. `observation.mean` and `observation.variance` scale the observation first. The file's
/// metadata say what tensors can not: `activation`, one of `tanh`, `relu`, `elu` and `silu`; perhaps
/// `output`, `tanh` where the last layer is squashed (SAC's and TD3's are) or `none`; and of the
/// scaling `clip_observation` (10 where it is left out) and `epsilon` (1e-8).
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    scaling: Option<Scaling>,
    layers: Vec<Layer>,
    activation: Activation,
    output: Activation,
}

/// How the layers of a kind of policy are named.
struct Form {
    /// Before the numbers of the hidden layers.
    hidden: &'static str,
    /// The last layer, where it has no number.
    head: Option<&'static str>,
    squashed: bool,
}

const FORMS: [Form; 4] = [
    Form { hidden: "mlp_extractor.policy_net.", head: Some("action_net"), squashed: false },
    Form { hidden: "actor.latent_pi.", head: Some("actor.mu"), squashed: true },
    Form { hidden: "actor.mu.", head: None, squashed: true },
    Form { hidden: "", head: None, squashed: false },
];

impl Network {
    /// The network of a file.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Malformed`] with the tensor or the metadata that is wrong.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Self::from_bytes(&bytes)
    }

    /// The network of a file's contents.
    ///
    /// # Errors
    /// As [`Network::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let unreadable = |error: safetensors::SafeTensorError| wrong(".", &error.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unreadable)?;
        let file = SafeTensors::deserialize(bytes).map_err(unreadable)?;
        let told = Told::of(&header);
        let tensors: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
        let names: Vec<&str> = tensors.keys().map(String::as_str).collect();
        let form = FORMS.iter().find_map(|form| Some((form, form.layers(&names)?)));
        let Some((form, prefixes)) = form else {
            let reason = "no layers are named as Stable-Baselines3 or a torch.nn.Sequential names \
                          them, such as '0.weight'";
            return Err(wrong(".", reason));
        };
        let layers = prefixes.iter().map(|prefix| Layer::read(&tensors, prefix));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        for (pair, prefix) in layers.windows(2).zip(&prefixes[1..]) {
            let (given, takes) = (pair[0].bias.len(), pair[1].takes());
            if takes != given {
                let reason = format!("takes {takes} numbers, but is given {given}");
                return Err(wrong(&format!("{prefix}.weight"), &reason));
            }
        }
        if layers.last().is_none_or(|last| last.bias.len() != JOINTS) {
            let last = prefixes.last().map_or(".", String::as_str);
            return Err(wrong(last, "an action is nine numbers"));
        }
        let activation = match layers.len() {
            1 => Activation::Nothing,
            _ => told.activation()?,
        };
        let scaling = Scaling::read(&tensors, &told, layers[0].takes())?;
        Ok(Self { scaling, layers, activation, output: told.output(form.squashed)? })
    }

    /// How many numbers an observation has.
    pub fn takes(&self) -> usize {
        self.layers.first().map_or(0, Layer::takes)
    }

    /// The action for an observation, within an environment's bounds, whose middle and ends are
    /// where a squashed one has 0 and ±1.
    ///
    /// # Errors
    /// [`Error::Shape`] for an observation of another length.
    pub fn act(&self, observation: &[f64], bounds: &BoxSpace) -> Result<Nine> {
        if observation.len() != self.takes() {
            return Err(Error::Shape {
                what: "observation for the network".to_string(),
                expected: format!("{} numbers", self.takes()),
                found: observation.len().to_string(),
            });
        }
        let mut numbers = match &self.scaling {
            Some(scaling) => scaling.apply(observation),
            None => observation.to_vec(),
        };
        for (number, layer) in self.layers.iter().enumerate() {
            let last = number + 1 == self.layers.len();
            numbers = layer.apply(&numbers, if last { self.output } else { self.activation });
        }
        let mut action = [0.0; JOINTS];
        let each = action.iter_mut().zip(numbers).zip(bounds.low.iter().zip(&bounds.high));
        for ((chosen, number), (low, high)) in each {
            let within = match self.output {
                Activation::Nothing => number,
                _ => low + 0.5 * (number + 1.0) * (high - low),
            };
            *chosen = within.clamp(*low, *high);
        }
        Ok(action)
    }

    /// Runs every world of a plan's protocol of that number, `rows` side by side; `tick` is called
    /// after each episode.
    ///
    /// # Errors
    /// As [`Plan::rollout`] and [`Network::act`].
    pub fn evaluate(
        &self,
        plan: &Plan,
        protocol: usize,
        rows: usize,
        threads: usize,
        tick: &dyn Fn(),
    ) -> Result<ProtocolRun> {
        let mut rollout = plan.rollout(protocol, rows, threads)?;
        let mut ended = 0;
        while !rollout.is_over() {
            let actions = rollout.envs().map(|env| self.choose(env)).collect::<Result<Vec<_>>>()?;
            rollout.step(actions.as_flattened())?;
            (ended..rollout.ended()).for_each(|_| tick());
            ended = rollout.ended();
        }
        rollout.finish()
    }

    /// What it does in worlds with other values of what should not matter.
    ///
    /// # Errors
    /// As [`Network::act`].
    pub fn probe(&self, probes: &Probes) -> Result<Invariance> {
        let asked = |changed| probes.envs(changed).map(|env| self.choose(env)).collect();
        let [before, after]: [Result<Vec<_>>; 2] = [false, true].map(asked);
        Ok(probes.judge(&before?, &after?))
    }

    /// Observations are those of 32 bits, which trainers see.
    fn choose(&self, env: &Env) -> Result<Nine> {
        let mut seen = vec![0.0_f32; env.observation_len()];
        env.observe(&mut seen)?;
        let seen: Vec<f64> = seen.into_iter().map(f64::from).collect();
        self.act(&seen, &env.action_space())
    }
}

impl Form {
    /// What stands before `.weight` of the layers in their order, where names have this form.
    fn layers(&self, names: &[&str]) -> Option<Vec<String>> {
        let number = |name: &&str| -> Option<u32> {
            name.strip_prefix(self.hidden)?.strip_suffix(".weight")?.parse().ok()
        };
        let mut numbers: Vec<u32> = names.iter().filter_map(number).collect();
        numbers.sort_unstable();
        let hidden = numbers.iter().map(|number| format!("{}{number}", self.hidden));
        let head = self.head.filter(|head| names.contains(&format!("{head}.weight").as_str()));
        let wanted = self.head.is_none() == head.is_none();
        let all: Vec<String> = hidden.chain(head.map(str::to_string)).collect();
        (wanted && !all.is_empty()).then_some(all)
    }
}

impl Layer {
    fn read(tensors: &BTreeMap<String, TensorView<'_>>, prefix: &str) -> Result<Self> {
        let (weight, bias) = (format!("{prefix}.weight"), format!("{prefix}.bias"));
        let (bias, given) = (read(tensors, &bias, 1)?, bias);
        let weights = read(tensors, &weight, 2)?;
        let shape = tensors[&weight].shape();
        if shape[0] != bias.len() || shape[1] == 0 || bias.is_empty() {
            let reason = format!("has the shape {shape:?}, but {given} has {}", bias.len());
            return Err(wrong(&weight, &reason));
        }
        Ok(Self { weights, bias })
    }

    fn takes(&self) -> usize {
        self.weights.len() / self.bias.len()
    }

    fn apply(&self, numbers: &[f64], activation: Activation) -> Vec<f64> {
        let rows = self.weights.chunks_exact(self.takes()).zip(&self.bias);
        let sum = |(row, bias): (&[f64], &f64)| {
            row.iter().zip(numbers).fold(*bias, |sum, (weight, number)| sum + weight * number)
        };
        rows.map(sum).map(|number| activation.of(number)).collect()
    }
}

impl Scaling {
    fn read(
        tensors: &BTreeMap<String, TensorView<'_>>,
        told: &Told,
        length: usize,
    ) -> Result<Option<Self>> {
        let (mean, variance) = ("observation.mean", "observation.variance");
        if !tensors.contains_key(mean) && !tensors.contains_key(variance) {
            return Ok(None);
        }
        let [means, variances] = [read(tensors, mean, 1)?, read(tensors, variance, 1)?];
        for (name, found) in [(mean, &means), (variance, &variances)] {
            if found.len() != length {
                let reason = format!("has {} numbers, an observation {length}", found.len());
                return Err(wrong(name, &reason));
            }
        }
        let epsilon = told.number("epsilon", 1e-8)?;
        if variances.iter().any(|variance| variance + epsilon <= 0.0) {
            return Err(wrong(variance, "a variance is positive"));
        }
        Ok(Some(Self {
            mean: means,
            deviation: variances.iter().map(|variance| (variance + epsilon).sqrt()).collect(),
            bound: told.number("clip_observation", 10.0)?,
        }))
    }

    fn apply(&self, observation: &[f64]) -> Vec<f64> {
        let each = observation.iter().zip(self.mean.iter().zip(&self.deviation));
        each.map(|(n, (mean, deviation))| ((n - mean) / deviation).clamp(-self.bound, self.bound))
            .collect()
    }
}

impl Activation {
    fn of(self, number: f64) -> f64 {
        match self {
            Self::Nothing => number,
            Self::Tanh => math::tanh(number),
            Self::Relu => number.max(0.0),
            Self::Elu if number > 0.0 => number,
            Self::Elu => math::exp(number) - 1.0,
            Self::Silu => number / (1.0 + math::exp(-number)),
        }
    }
}

/// What the metadata say.
struct Told(BTreeMap<String, String>);

impl Told {
    fn of(header: &Metadata) -> Self {
        Self(header.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    fn activation(&self) -> Result<Activation> {
        match self.0.get("activation").map(String::as_str) {
            Some("tanh") => Ok(Activation::Tanh),
            Some("relu") => Ok(Activation::Relu),
            Some("elu") => Ok(Activation::Elu),
            Some("silu") => Ok(Activation::Silu),
            other => {
                let reason = format!(
                    "{} is none of tanh, relu, elu, silu; weights alone do not say it: \
                     save_file(..., metadata={{\"activation\": \"tanh\"}})",
                    other.map_or("nothing".to_string(), |name| format!("'{name}'"))
                );
                Err(wrong("metadata.activation", &reason))
            }
        }
    }

    fn output(&self, squashed: bool) -> Result<Activation> {
        match (self.0.get("output").map(String::as_str), squashed) {
            (Some("tanh"), _) | (None, true) => Ok(Activation::Tanh),
            (Some("none"), _) | (None, false) => Ok(Activation::Nothing),
            (Some(name), _) => {
                Err(wrong("metadata.output", &format!("'{name}' is none of tanh, none")))
            }
        }
    }

    fn number(&self, name: &str, default: f64) -> Result<f64> {
        let Some(text) = self.0.get(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
        number.ok_or_else(|| {
            wrong(&format!("metadata.{name}"), &format!("'{text}' is no positive number"))
        })
    }
}

/// A tensor of so many axes, row by row.
fn read(tensors: &BTreeMap<String, TensorView<'_>>, name: &str, axes: usize) -> Result<Vec<f64>> {
    let tensor = tensors.get(name).ok_or_else(|| wrong(name, "there is no such tensor"))?;
    if tensor.shape().len() != axes {
        let reason = format!("expected {axes} axes, got the shape {:?}", tensor.shape());
        return Err(wrong(name, &reason));
    }
    let numbers: Vec<f64> = match tensor.dtype() {
        Dtype::F32 => {
            let (each, _) = tensor.data().as_chunks();
            each.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
        }
        Dtype::F64 => {
            let (each, _) = tensor.data().as_chunks();
            each.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
        }
        other => {
            return Err(wrong(name, &format!("is {other:?}; save it as float32 or float64")));
        }
    };
    match numbers.iter().all(|number| number.is_finite()) {
        true => Ok(numbers),
        false => Err(wrong(name, "contains NaN or infinity")),
    }
}

fn wrong(path: &str, reason: &str) -> Error {
    Error::Malformed {
        what: "network".to_string(),
        path: path.to_string(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use safetensors::serialize;

    use super::*;

    type Tensors<'a> = &'a [(&'a str, &'a [usize], Vec<f32>)];

    fn file(tensors: Tensors<'_>, told: &[(&str, &str)]) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> = (tensors.iter())
            .map(|(.., numbers)| numbers.iter().flat_map(|n| n.to_le_bytes()).collect())
            .collect();
        let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("they fit"))
        });
        let told = told.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        serialize(views, Some(told)).expect("it can be written")
    }

    fn act(bytes: &[u8], observation: &[f64], reach: f64) -> Nine {
        let bounds = BoxSpace::new([-reach; JOINTS], [reach; JOINTS]);
        let network = Network::from_bytes(bytes).expect("a network");
        network.act(observation, &bounds).expect("as many numbers")
    }

    /// The first number of the hidden layer is twice the observation, the second less it; every
    /// joint has the one less half the other.
    fn layers(hidden: &str, head: &str) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        vec![
            (format!("{hidden}.weight"), vec![2, 1], vec![2.0, -1.0]),
            (format!("{hidden}.bias"), vec![2], vec![0.0, 0.5]),
            (format!("{head}.weight"), vec![9, 2], [1.0, -0.5].repeat(9)),
            (format!("{head}.bias"), vec![9], vec![0.25; 9]),
        ]
    }

    fn named(hidden: &str, head: &str, told: &[(&str, &str)]) -> Vec<u8> {
        let own = layers(hidden, head);
        let tensors: Vec<_> =
            own.iter().map(|(name, shape, n)| (&name[..], &shape[..], n.clone())).collect();
        file(&tensors, told)
    }

    #[test]
    fn every_form_is_read_and_computes_what_the_layers_say() {
        let relu = [("activation", "relu")];
        // Of 0.5 the hidden numbers are 1 and 0; of -0.5 they are 0 and 1.
        for (hidden, head) in [("mlp_extractor.policy_net.0", "action_net"), ("0", "2")] {
            assert_eq!(act(&named(hidden, head, &relu), &[0.5], 2.0), [1.25; 9]);
            assert_eq!(act(&named(hidden, head, &relu), &[0.5], 1.0), [1.0; 9], "within bounds");
            assert_eq!(act(&named(hidden, head, &relu), &[-0.5], 2.0), [-0.25; 9]);
        }
        for (hidden, head) in [("actor.latent_pi.0", "actor.mu"), ("actor.mu.0", "actor.mu.2")] {
            let squashed = 2.0 * math::tanh(-0.25);
            let found = act(&named(hidden, head, &relu), &[-0.5], 2.0);
            assert!(found.iter().all(|number| (number - squashed).abs() < 1e-12), "{found:?}");
        }
        let tanh = act(&named("0", "2", &[("activation", "tanh")]), &[0.5], 2.0);
        assert!((tanh[0] - (math::tanh(1.0) + 0.25)).abs() < 1e-12);
        let elu = act(&named("0", "2", &[("activation", "elu")]), &[-0.5], 2.0);
        assert!((elu[0] - (math::exp(-1.0) - 1.0 - 0.5 + 0.25)).abs() < 1e-12);
        let silu = act(&named("0", "2", &[("activation", "silu")]), &[0.5], 2.0);
        assert!((silu[0] - (1.0 / (1.0 + math::exp(-1.0)) + 0.25)).abs() < 1e-12);
    }

    #[test]
    fn observations_are_scaled_and_bounded_before_the_first_layer() {
        let (weight, bias) =
            (("0.weight", &[9, 1][..], vec![1.0; 9]), ("0.bias", &[9][..], vec![0.0; 9]));
        let scaled = |clip| {
            let mean = ("observation.mean", &[1][..], vec![3.0]);
            let variance = ("observation.variance", &[1][..], vec![4.0]);
            let told = [("epsilon", "1e-12"), ("clip_observation", clip)];
            file(&[weight.clone(), bias.clone(), mean, variance], &told)
        };
        assert!((act(&scaled("10"), &[5.0], 9.0)[0] - 1.0).abs() < 1e-9);
        assert_eq!(act(&scaled("0.5"), &[5.0], 9.0), [0.5; 9]);
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_place() {
        let said = |bytes: &[u8]| Network::from_bytes(bytes).expect_err("refused").to_string();
        let none = said(&named("encoder.0", "decoder.0", &[]));
        assert!(none.contains("torch.nn.Sequential"), "{none}");
        let silent = said(&named("0", "2", &[]));
        assert!(silent.contains("metadata.activation") && silent.contains("save_file"), "{silent}");
        let odd = said(&named("0", "2", &[("activation", "sine")]));
        assert!(odd.contains("'sine'"), "{odd}");
        let three = [("0.weight", &[3, 1][..], vec![1.0; 3]), ("0.bias", &[3][..], vec![0.0; 3])];
        assert!(said(&file(&three, &[])).contains("nine numbers"));
        let broken =
            [("0.weight", &[9, 1][..], vec![f32::NAN; 9]), ("0.bias", &[9][..], vec![0.0; 9])];
        assert!(said(&file(&broken, &[])).contains("0.weight"));
        let alone = [("0.weight", &[9, 1][..], vec![1.0; 9])];
        assert!(said(&file(&alone, &[])).contains("0.bias"));
        assert!(said(b"no such thing").contains("network"));
        let bounds = BoxSpace::new([-1.0; JOINTS], [1.0; JOINTS]);
        let network = Network::from_bytes(&named("0", "2", &[("activation", "relu")]));
        let refused = network.expect("a network").act(&[0.0; 4], &bounds).expect_err("four");
        assert!(refused.to_string().contains("expected 1 numbers, got 4"), "{refused}");
    }
}
