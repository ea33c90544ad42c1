"""Stable-Baselines3 with CoDA: a replay buffer that fills with made-up steps beside the real ones.

    python examples/augment_sb3.py --steps 20000 --ratio 3

Every `--every` steps, `--ratio` times as many are made of all that was recorded so far and put into
the agent's buffer, with observations and rewards as the environment would have given them.
Needs `pip install trifactor[sb3]`.
"""

from __future__ import annotations

import argparse

import gymnasium as gym
from stable_baselines3 import SAC
from stable_baselines3.common.callbacks import BaseCallback

import trifactor  # noqa: F401  (registers the environments)
from trifactor.augment import RecordReplay, Replay


class Augment(BaseCallback):
    """Puts made-up steps into the agent's replay buffer."""

    def __init__(self, replay: Replay, every: int, ratio: int) -> None:
        """Make `ratio` steps for every real one, each time there are `every` more of them."""
        super().__init__()
        self.replay, self.every, self.ratio = replay, every, ratio
        self.made, self.samples = 0, None

    def _on_step(self) -> bool:
        if self.n_calls % self.every == 0:
            self.samples = self.replay.coda(self.ratio * self.every, seed=self.n_calls)
            self.samples.add_to(self.model.replay_buffer)
            self.made += len(self.samples)
        return True


def train(steps: int, every: int, ratio: int, **arguments: object) -> tuple[SAC, Augment]:
    """Train on pushing with an augmented buffer."""
    env = RecordReplay(gym.make("trifactor/Pushing-v0", skip_frame=3), capacity=steps)
    room = (1 + ratio) * steps
    model = SAC("MlpPolicy", env, buffer_size=room, learning_starts=every, seed=0, **arguments)
    callback = Augment(env.replay, every, ratio)
    return model.learn(steps, callback=callback), callback


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=1000)
    parser.add_argument("--ratio", type=int, default=3)
    options = parser.parse_args()
    _, augmented = train(options.steps, options.every, options.ratio, verbose=1)
    print(f"{options.steps} real steps, {augmented.made} made of them")
