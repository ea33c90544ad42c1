"""Copies and pickles of what needs a trainer; tests/python/test_copies.py has the rest."""

import copy
import pickle

import numpy as np
import torch

import trifactor
from trifactor.sb3 import SB3VecEnv


def copies(made):
    """Every way to a second one."""
    yield copy.deepcopy(made)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.loads(pickle.dumps(made, protocol))


def test_a_batch_for_stable_baselines3_goes_on_the_same():
    settings = {"num_threads": 1, "autoreset_mode": "SameStep", "max_episode_length": 4}
    envs = SB3VecEnv(trifactor.TriFingerVectorEnv(2, skip_frame=2, **settings))
    envs.seed(3)
    envs.reset()
    envs.step(np.full((2, 9), 0.3))
    made = list(copies(envs))

    def ahead(each):
        steps = [each.step(np.full((2, 9), 0.1)) for _ in range(7)]
        return [[part.tobytes() for part in step[:3]] for step in steps]

    expected = ahead(envs)
    assert all(ahead(each) == expected for each in made)


def test_a_network_from_an_onnx_file_outlives_the_file(tmp_path):
    path = tmp_path / "mine.onnx"
    net = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 9))
    names = {"input_names": ["observation"], "output_names": ["action"], "dynamo": False}
    torch.onnx.export(net, (torch.zeros(1, 5),), str(path), **names)
    made, seen = trifactor.load_network(path), np.random.default_rng(0).normal(size=(3, 5))
    path.unlink()
    expected = made(seen)
    assert all(np.array_equal(each(seen), expected) for each in copies(made))


def test_a_callback_that_evaluates_is_copied_and_pickled_whole():
    """With what it has found so far."""
    made = trifactor.evaluation_callback(7, log="own", protocols="P0", worlds=2)
    made.history.append((7, "found"))
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert (again.history, again._next, again.num_timesteps) == ([(7, "found")], 7, 0)
