"""Steps per second of a batch alone, with a policy, and with training: what users compare.

    python examples/bench_training.py --worlds 1 16 64 256 --threads 1 2

The policy is a perceptron of two hidden layers of 256; training is Stable-Baselines3's PPO with
five epochs of minibatches of an eighth of a rollout. Rows are the medians of some rounds, taken in
turns.
"""

import argparse
import statistics
import time

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO

import trifactor  # noqa: F401  (registers the ids)
from trifactor.sb3 import SB3VecEnv

COLUMNS = ("environment", "inference", "training")


def training_rates(id, worlds, threads, *, steps=50, **settings):
    """Steps per second of one batch in one round, by column.

    Args:
        id: of the environment.
        worlds: how many.
        threads: that step them, and that torch uses.
        steps: of every world in each measurement.
        settings: further arguments of a `TriFingerVectorEnv`.
    """
    torch.set_num_threads(threads)
    settings = {**settings, "num_threads": threads, "autoreset_mode": "SameStep"}
    envs = SB3VecEnv(gym.make_vec(id, num_envs=worlds, **settings))
    model = PPO(
        "MlpPolicy",
        envs,
        n_steps=steps,
        batch_size=max(2, worlds * steps // 8),
        n_epochs=5,
        policy_kwargs={"net_arch": [256, 256]},
        device="cpu",
        seed=0,
    )
    observations = envs.reset()
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (steps, worlds, 9))

    def environment():
        for action in actions:
            envs.envs.step(action)

    def inference():
        nonlocal observations
        for _ in range(steps):
            action, _ = model.predict(observations)
            observations, *_ = envs.step(action)

    def training():
        model.learn(worlds * steps, reset_num_timesteps=False)

    rates = {}
    for name, work in zip(COLUMNS, (environment, inference, training), strict=True):
        begun = time.perf_counter()
        work()
        rates[name] = worlds * steps / (time.perf_counter() - begun)
    envs.close()
    return rates


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--id", default="trifactor/Pushing-v0")
    parser.add_argument("--worlds", type=int, nargs="+", default=[64])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--skip-frame", type=int, default=3)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    kinds = [(worlds, threads) for worlds in options.worlds for threads in options.threads]
    rounds = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for worlds, threads in kinds:
            rates = training_rates(
                options.id, worlds, threads, steps=options.steps, skip_frame=options.skip_frame
            )
            rounds[worlds, threads].append(rates)
    print(f"{options.id}, skip_frame {options.skip_frame}, steps per second")
    print("| worlds | threads | " + " | ".join(COLUMNS) + " |")
    print("| ---: " * (2 + len(COLUMNS)) + "|")
    for (worlds, threads), measured in rounds.items():
        medians = [statistics.median(rates[name] for rates in measured) for name in COLUMNS]
        print(f"| {worlds} | {threads} | " + " | ".join(f"{rate:.0f}" for rate in medians) + " |")
    return rounds


if __name__ == "__main__":
    main()
