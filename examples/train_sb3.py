"""Trains Stable-Baselines3's PPO on reaching or pushing, with a new goal in every episode.

    pip install trifactor[sb3] matplotlib
    python examples/train_sb3.py --family reaching --seed 0 --out reaching-0.csv
    python examples/train_sb3.py --plot reaching.svg reaching-*.csv

The goals are those of the paper's curriculum 1: drawn from space A before every episode. A row of
the CSV file is an evaluation of the mean action, on worlds whose goals no training run has seen and
that are the same every time; `--plot` draws such files.
"""

import argparse
import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

import trifactor
from trifactor.sb3 import SB3VecEnv


@dataclass
class Task:
    """What differs between the families."""

    id: str
    params: dict
    seconds: float
    steps: int


TASKS = {
    # Progress alone: the reference adds the distance itself to the reward.
    "reaching": Task("trifactor/Reaching-v0", {"fractional_reward_weight": 0.0}, 5.0, 1_500_000),
    # The paper's weights, which leave the rotation out.
    "pushing": Task(
        "trifactor/Pushing-v0", {"dense_reward_weights": [750.0, 250.0, 0.0]}, 10.0, 4_000_000
    ),
}

GAMMA = 0.99
"""The paper's discount."""

HELD_OUT = 1_000_000
"""The seed of the first world of an evaluation; no training run's seeds come this far."""


def make(options, worlds, autoreset_mode):
    """A batch in which every episode has a goal of its own."""
    task = TASKS[options.family]
    envs = gym.make_vec(
        task.id,
        num_envs=worlds,
        num_threads=options.threads,
        autoreset_mode=autoreset_mode,
        skip_frame=options.skip_frame,
        variables_space="space_a",
        action_mode=options.action_mode,
        max_episode_length=options.episode_length,
        task_params={**task.params, **json.loads(options.task_params)},
    )
    return trifactor.RandomGoals(envs)


def bounding_box_success(infos):
    """The reference's fractional success: overlap of boxes along the axes, over the goal's."""
    goal, block = (infos[key].reshape(-1, 2, 3) for key in ("desired_goal", "achieved_goal"))
    low, high = np.maximum(goal[:, 0], block[:, 0]), np.minimum(goal[:, 1], block[:, 1])
    return np.prod(np.clip(high - low, 0, None), axis=1) / np.prod(goal[:, 1] - goal[:, 0], axis=1)


def evaluate(model, normalize, envs):
    """How one episode ends in every world, on average."""
    observations, _ = envs.reset(seed=HELD_OUT)
    total, truncated = np.zeros(envs.num_envs), np.zeros(1, bool)
    while not truncated.all():
        actions, _ = model.predict(normalize(observations), deterministic=True)
        observations, rewards, _, truncated, infos = envs.step(actions)
        total += rewards
    scores = {"fractional_success": infos["fractional_success"], "success": infos["success"]}
    if infos["desired_goal"].shape[1] == 6:
        scores["bounding_box"] = bounding_box_success(infos)
    return {name: round(float(score.mean()), 4) for name, score in scores.items()} | {
        "return": round(float(total.mean()), 2)
    }


class Curve(BaseCallback):
    """Evaluates every so many steps, and writes the rows."""

    def __init__(self, envs, every, out):
        super().__init__()
        self.envs, self.every, self.out, self.rows = envs, every, out, []
        self.start, self.aside = time.monotonic(), 0.0

    def _on_rollout_start(self):
        if not self.rows or self.num_timesteps - self.rows[-1]["steps"] >= self.every:
            self._evaluate()

    def _on_training_end(self):
        self._evaluate()

    def _on_step(self):
        return True

    def _evaluate(self):
        begun = time.monotonic()
        # Training time, without the evaluations'.
        row = {"steps": self.num_timesteps, "seconds": round(begun - self.start - self.aside, 1)}
        scaled = self.model.get_vec_normalize_env()
        row |= evaluate(self.model, scaled.normalize_obs if scaled else np.asarray, self.envs)
        self.rows.append(row)
        with open(self.out, "w", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerows(self.rows)
        print(row, flush=True)
        self.aside += time.monotonic() - begun


def train(options):
    """Train one policy; the rows of its curve."""
    torch.set_num_threads(options.threads)
    batch = make(options, options.worlds, "SameStep")
    episode = options.episode_length or int(TASKS[options.family].seconds / batch.unwrapped.dt)
    envs = VecMonitor(SB3VecEnv(batch))
    # Dense rewards are large. Unscaled, the value's gradient fills the norm to which both are
    # clipped together, and the policy stands still.
    if not options.raw:
        envs = VecNormalize(envs, gamma=GAMMA)
    model = PPO(
        "MlpPolicy",
        envs,
        # The paper's, but for the learning rate (2.5e-4 there), and for rollouts of one episode
        # in 64 worlds in place of 120,000 steps, 3,000 in a minibatch, 4 epochs.
        learning_rate=options.learning_rate,
        n_steps=episode,
        batch_size=options.batch_size,
        n_epochs=options.epochs,
        gamma=GAMMA,
        gae_lambda=0.95,
        clip_range=0.2,
        ent_coef=options.entropy,
        vf_coef=0.5,
        max_grad_norm=0.5,
        policy_kwargs={
            "net_arch": [256, 256],
            "activation_fn": torch.nn.Tanh,
            "log_std_init": options.log_std,
        },
        seed=options.seed,
        device="cpu",
    )
    # Runs with other seeds have other worlds.
    envs.seed(options.worlds * options.seed)
    held_out = make(options, options.evaluation_worlds, "Disabled")
    curve = Curve(held_out, options.every, options.out)
    model.learn(options.steps or TASKS[options.family].steps, callback=curve)
    if options.save:
        model.save(options.save)
        if not options.raw:
            envs.save(Path(options.save).with_suffix(".pkl"))
    return curve.rows


def plot(path, files):
    """Draw curves of several runs, exact and by bounding boxes."""
    import matplotlib

    matplotlib.use("Agg")
    # So that the same curves are the same file.
    matplotlib.rcParams["svg.hashsalt"] = "trifactor"
    from matplotlib import pyplot

    styles = {"fractional_success": "-", "bounding_box": ":", "success": "--"}
    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for i, name in enumerate(files):
        with open(name) as file:
            rows = list(csv.DictReader(file))
        steps = [float(row["steps"]) / 1e6 for row in rows]
        for column, style in styles.items():
            if column in rows[0]:
                scores = [float(row[column]) for row in rows]
                label = f"{Path(name).stem} {column.replace('_', ' ')}"
                axes.plot(steps, scores, style, color=f"C{i}", label=label)
    axes.set(xlabel="million steps", ylabel="at the end of an episode", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="x-small")
    figure.savefig(path, metadata={"Date": None})


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plot", metavar="PICTURE", help="draw the curves of the files, only")
    parser.add_argument("files", nargs="*", help="curves to draw")
    parser.add_argument("--family", choices=TASKS, default="reaching")
    parser.add_argument("--worlds", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--skip-frame", type=int, default=10)
    parser.add_argument("--action-mode", default="joint_positions")
    parser.add_argument("--episode-length", type=int, help="in steps; else the family's")
    parser.add_argument("--task-params", default="{}", help="more of them, as JSON")
    parser.add_argument("--steps", type=int, help="1.5 million for reaching, 4 for pushing")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--entropy", type=float, default=0.0)
    parser.add_argument("--log-std", type=float, default=-0.5, help="of the first policy")
    parser.add_argument("--every", type=int, default=100_000, help="steps between evaluations")
    parser.add_argument("--evaluation-worlds", type=int, default=200)
    parser.add_argument("--raw", action="store_true", help="scale neither rewards nor observations")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="curve.csv")
    parser.add_argument("--save", help="where the policy goes: NAME.zip")
    options = parser.parse_args(arguments)
    if options.plot:
        return plot(options.plot, options.files)
    return train(options)


if __name__ == "__main__":
    main()
