"""Trains RLlib's PPO (its new API stack) on a batch, with a new goal in every episode.

    pip install trifactor "ray[rllib]" torch
    python examples/train_rllib.py --iterations 20
"""

import argparse

import ray
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.tune import register_env

import trifactor.rllib


def configure(options):
    """The paper's discount, learning rate and network, on batches of one environment runner."""
    register_env("trifactor", trifactor.rllib.make)
    settings = {
        "id": options.id,
        "random_goals": True,
        "variables_space": "space_a",
        "skip_frame": options.skip_frame,
        "max_episode_length": options.episode_length,
        "num_threads": options.threads,
    }
    return (
        PPOConfig()
        .environment("trifactor", env_config=settings)
        # None of them: this process runs the batch itself, and the batch has its own threads.
        .env_runners(
            num_env_runners=options.runners,
            num_envs_per_env_runner=options.worlds,
            gym_env_vectorize_mode="vector_entry_point",
            rollout_fragment_length=options.rollout,
        )
        .learners(num_learners=0)
        .training(
            gamma=0.99,
            lr=2.5e-4,
            train_batch_size_per_learner=options.worlds * options.rollout,
            minibatch_size=options.batch_size,
            num_epochs=options.epochs,
            grad_clip=0.5,
            clip_param=0.2,
            # Dense rewards are large: without this the value's errors would not be learned from.
            vf_clip_param=float("inf"),
        )
        .rl_module(
            model_config=DefaultModelConfig(
                fcnet_hiddens=[256, 256], fcnet_activation="tanh", vf_share_layers=False
            )
        )
        .debugging(seed=options.seed, log_level="ERROR")
    )


def train(options):
    """Train, and return the mean return of episodes after each iteration."""
    torch.set_num_threads(options.threads)
    ray.init(
        num_cpus=max(1, options.runners),
        include_dashboard=False,
        log_to_driver=False,
        ignore_reinit_error=True,
    )
    algorithm = configure(options).build_algo()
    curve = []
    for _ in range(options.iterations):
        result = algorithm.train()
        curve.append(float(result["env_runners"].get("episode_return_mean", float("nan"))))
        steps = int(result["num_env_steps_sampled_lifetime"])
        print(f"{steps} steps, return {curve[-1]:.1f}", flush=True)
    algorithm.stop()
    ray.shutdown()
    return curve


def arguments(given=None):
    """The command line, or a list of words like it, as options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--id", default="trifactor/Reaching-v0")
    parser.add_argument("--worlds", type=int, default=64)
    parser.add_argument("--runners", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--skip-frame", type=int, default=10)
    parser.add_argument("--episode-length", type=int)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--rollout", type=int, default=125)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(given)


def main(given=None):
    return train(arguments(given))


if __name__ == "__main__":
    main()
