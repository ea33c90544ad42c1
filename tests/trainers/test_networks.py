"""Policies from files: what Stable-Baselines3 and PyTorch save is evaluated as the model itself."""

import json

import gymnasium as gym
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from stable_baselines3 import A2C, DDPG, PPO, SAC, TD3

import trifactor
from trifactor import _trifactor

SHORT = {"skip_frame": 3, "max_episode_length": 20}
FEW = {"protocols": "P0,P4,P11", "worlds": 3, "resamples": 20, **SHORT}


@pytest.fixture
def observations():
    rng = np.random.default_rng(0)
    width = gym.make("trifactor/Pushing-v0").observation_space.shape[0]
    return rng.uniform(-1.5, 1.5, (16, width)).astype(np.float32)


def model(algorithm, **settings):
    policy = {"net_arch": [32, 16], **settings.pop("policy_kwargs", {})}
    env = gym.make("trifactor/Pushing-v0", **SHORT)
    made = algorithm("MlpPolicy", env, seed=1, device="cpu", policy_kwargs=policy, **settings)
    with torch.no_grad():
        # Beginnings give actions near nought; these reach the bounds too.
        for parameter in made.policy.parameters():
            parameter.mul_(2.5)
        if hasattr(made.policy, "action_net"):
            made.policy.action_net.weight.mul_(100.0)
    return made


def tensors(made):
    return {name: value.contiguous() for name, value in made.policy.state_dict().items()}


@pytest.mark.parametrize(
    ("algorithm", "settings", "activation"),
    [
        (PPO, {}, "tanh"),
        (PPO, {"policy_kwargs": {"activation_fn": torch.nn.ELU}}, "elu"),
        (A2C, {"policy_kwargs": {"activation_fn": torch.nn.SiLU}}, "silu"),
        (SAC, {"buffer_size": 10}, "relu"),
        (TD3, {"buffer_size": 10}, "relu"),
        (DDPG, {"buffer_size": 10}, "relu"),
    ],
)
def test_the_layers_of_its_algorithms_act_as_they_do(
    tmp_path, observations, algorithm, settings, activation
):
    made = model(algorithm, **settings)
    path = tmp_path / "policy.safetensors"
    save_file(tensors(made), path, metadata={"activation": activation})
    expected, _ = made.predict(observations, deterministic=True)
    found = trifactor.load_network(path)(observations)
    assert np.abs(expected).max() > 0.9, "the bounds are reached"
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_sequential_of_torch_and_its_scaling(tmp_path, observations):
    layers = [torch.nn.Linear(observations.shape[1], 8), torch.nn.SiLU(), torch.nn.Linear(8, 9)]
    network = torch.nn.Sequential(*layers)
    mean, variance = torch.full((observations.shape[1],), 0.3), torch.full((observations.shape[1],), 0.2)
    path = tmp_path / "sequential.safetensors"
    parts = {"observation.mean": mean, "observation.variance": variance, **network.state_dict()}
    save_file(parts, path, metadata={"activation": "silu", "clip_observation": "2"})
    scaled = ((torch.tensor(observations) - mean) / (variance + 1e-8).sqrt()).clip(-2, 2)
    expected = network(scaled).clip(-1, 1).detach().numpy()
    np.testing.assert_allclose(trifactor.load_network(path)(observations), expected, atol=2e-5)


def test_a_file_scores_as_its_model_from_python_and_from_the_command_line(tmp_path):
    made, path = model(PPO), tmp_path / "mine.safetensors"
    save_file(tensors(made), path, metadata={"activation": "tanh"})
    scores = trifactor.evaluate(path, **FEW)
    assert scores.policy == "mine" and scores.document["invariance"]["share_altered"] == 0.0
    expected = trifactor.evaluate(made, **FEW)
    for protocol in scores.protocols:
        returns = (one.episodes(protocol, "return") for one in (scores, expected))
        np.testing.assert_allclose(*returns, atol=1e-2)
    # A world that was described is the policy's own, its length of an episode too.
    world = tmp_path / "world.json"
    world.write_text(json.dumps(trifactor.TriFingerEnv("pushing", **SHORT).description()))
    arguments = ["evaluate", "--policy", str(path), "--world", str(world), "--out", str(tmp_path)]
    arguments += ["--protocols", "P0,P4,P11", "--worlds", "3", "--resamples", "20", "--quiet"]
    assert _trifactor.main(arguments) == 0
    commanded = trifactor.Scores.load(tmp_path / "scores.json")
    assert commanded.policy == "mine"
    for protocol in scores.protocols:
        for metric in scores.document["overall"]:
            first, second = (one.episodes(protocol, metric) for one in (scores, commanded))
            assert np.array_equal(first, second)


class MeanAction(torch.nn.Module):
    """The actor of a model of Stable-Baselines3, without its distribution, which can not be traced."""

    def __init__(self, policy):
        super().__init__()
        self.policy = policy

    def forward(self, observation):
        inner = self.policy.mlp_extractor.forward_actor(self.policy.extract_features(observation))
        return self.policy.action_net(inner)


@pytest.mark.parametrize("batched", [True, False])
def test_an_onnx_file_scores_as_its_model(tmp_path, observations, batched):
    made, path = model(PPO), tmp_path / "mine.onnx"
    shapes = {"observation": {0: torch.export.Dim("rows", min=1)}} if batched else None
    example = torch.tensor(observations[: 2 if batched else 1])
    torch.onnx.export(
        MeanAction(made.policy).eval(),
        (example,),
        path,
        input_names=["observation"],
        dynamic_shapes=shapes,
        dynamo=True,
    )
    expected, _ = made.predict(observations, deterministic=True)
    np.testing.assert_allclose(trifactor.load_network(path)(observations), expected, atol=2e-5)
    scores = trifactor.evaluate(str(path), **FEW)
    assert scores.policy == "mine"
    expected = trifactor.evaluate(made, **FEW)
    for protocol in scores.protocols:
        returns = (one.episodes(protocol, "return") for one in (scores, expected))
        np.testing.assert_allclose(*returns, atol=1e-2)


def test_a_broken_graph_is_refused(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(trifactor.FormatError, match="broken.onnx"):
        trifactor.evaluate(path, **FEW)
