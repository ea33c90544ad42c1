"""The sprites: Gymnasium's rules, and a second port of their dynamics beside the native one."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import trifactor
from trifactor._trifactor import NativeSprites
from trifactor.errors import OrderError, SettingError


def ported(state: Any, action: Any, noise: Any) -> tuple[Any, Any]:
    """One step as facts 3.1 put it, in Python."""
    p, v = state.reshape(4, 4)[:, :2].copy(), state.reshape(4, 4)[:, 2:].copy()
    mask = np.zeros((5, 4), bool)
    click = (action + 1) / 2
    k = int(np.argmin(np.hypot(*(p - click).T)))
    z = math.hypot(*(p[k] - click))
    away = math.atan2(p[k, 1] - click[1], p[k, 0] - click[0])
    angle = (1 - z) * math.atan2(v[k, 1], v[k, 0]) + z * away
    speed = math.hypot(*v[k])
    pushed = speed * np.array([math.cos(angle), math.sin(angle)]) + noise
    v[k] = np.clip(pushed, -0.08, 0.08).astype(np.float32)
    mask[4, k] = True
    for i in range(4):
        mask[i, i] = True
        old = p[i].copy()
        p[i] += v[i]
        if (p[i] >= 1).any() or (p[i] <= 0).any():
            v[i] = np.clip(-v[i], -0.08, 0.08)
        p[i] = np.clip(p[i], 0, 1)
        for j in (j for j in range(4) if j != i):
            if math.hypot(*(p[i] - p[j])) < 0.1 or (abs(p[i] - p[j]) < 0.075).all():
                mask[j, i] |= (p[i] != old).any() or (v[i] != 0).any()
                p[i], v[i] = old, np.clip(-v[i], -0.08, 0.08)
                break
    return np.hstack([p, v]).ravel(), mask


def test_every_step_is_that_of_the_second_port() -> None:
    """The same masks, and the same numbers but for the last bits of sines and arctangents."""
    env = gym.make("trifactor/Sprites-Place4-v0")
    env.action_space.seed(1)
    collisions = 0
    for episode in range(40):
        state, _ = env.reset(seed=episode)
        truncated = False
        while not truncated:
            action = env.action_space.sample()
            following, _, terminated, truncated, info = env.step(action)
            expected, mask = ported(state, action.astype(np.float64), info["noise"])
            np.testing.assert_allclose(following, expected, atol=1e-7)
            assert (info["local_mask"] == mask).all()
            assert not terminated
            collisions += mask[:4].sum() > 4
            again, _ = NativeSprites.dynamics(state, action.astype(np.float64), info["noise"])
            assert (again == following).all()
            state = following
    assert collisions > 200


@pytest.mark.parametrize("place", [1, 2, 3, 4])
@pytest.mark.parametrize("sparse", ["", "Sparse"])
def test_the_ids_follow_gymnasiums_rules(place: int, sparse: str) -> None:
    """And pay the share of the last sprites that have arrived, or for all of them only."""
    env: Any = gym.make(f"trifactor/Sprites-Place{place}{sparse}-v0")
    check_env(env.unwrapped, skip_render_check=True)
    targets = np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]])
    env.reset(seed=0)
    for _ in range(50):
        state, reward, _, truncated, _ = env.step(env.action_space.sample())
        places = state.reshape(4, 4)[4 - place :, :2]
        arrived = np.hypot(*(places - targets[4 - place :]).T) < 0.25
        assert reward == (arrived.all() if sparse else arrived.mean())
    assert truncated


def test_what_can_not_be_is_refused() -> None:
    """With the reason."""
    with pytest.raises(SettingError, match="between 1 and 4"):
        gym.make("trifactor/Sprites-Place1-v0", place=5)
    with pytest.raises(OrderError):
        NativeSprites(1, False).step(np.zeros(2))
    assert trifactor.__version__
