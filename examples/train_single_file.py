"""PPO in one file, in the manner of CleanRL, on a batch in any autoreset mode.

    pip install trifactor torch
    python examples/train_single_file.py --steps 500000 --autoreset-mode NextStep

Rewards are scaled by what was seen of them: the dense ones are large, and the gradient of their
value would crowd out the policy's, since both are clipped together.
"""

import argparse
import time

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import NormalizeReward
from torch import nn
from torch.distributions import Normal

import trifactor

# The paper's network, discount and learning rate.
HIDDEN, GAMMA, LAMBDA, LEARNING_RATE = 256, 0.99, 0.95, 2.5e-4
CLIP, VALUE_WEIGHT, MAX_GRADIENT = 0.2, 0.5, 0.5


class Agent(nn.Module):
    """A Gaussian policy and a value, each of two hidden layers."""

    def __init__(self, seen, actions):
        super().__init__()
        self.value_net = self.network(seen, 1, 1.0)
        self.mean = self.network(seen, actions, 0.01)
        self.log_std = nn.Parameter(torch.zeros(actions))

    @staticmethod
    def network(inputs, outputs, gain):
        sizes = [(inputs, HIDDEN, 2**0.5), (HIDDEN, HIDDEN, 2**0.5), (HIDDEN, outputs, gain)]
        layers = []
        for rows, columns, scale in sizes:
            layer = nn.Linear(rows, columns)
            nn.init.orthogonal_(layer.weight, scale)
            nn.init.zeros_(layer.bias)
            layers += [layer, nn.Tanh()]
        return nn.Sequential(*layers[:-1])

    def value(self, seen):
        return self.value_net(seen).squeeze(-1)

    def policy(self, seen):
        return Normal(self.mean(seen), self.log_std.exp())


class Stepper:
    """Steps a batch and says, in any autoreset mode, what a transition is and where it led.

    A step gives `seen`, to act on next; `led_to`, the observation that the action led to, which
    is the episode's last where it ended; `reward`, `terminated`, `ended`; and `valid`, false where
    the step only reset the world, so that there was no transition.
    """

    def __init__(self, envs, seed):
        self.envs, self.mode = envs, envs.metadata["autoreset_mode"]
        self.seen, _ = envs.reset(seed=seed)
        self.waiting = np.zeros(envs.num_envs, bool)
        self.finals = []

    def step(self, actions):
        seen, reward, terminated, truncated, infos = self.envs.step(actions)
        ended, valid, led_to = terminated | truncated, ~self.waiting, seen
        last = infos
        if self.mode == AutoresetMode.NEXT_STEP:
            self.waiting = ended
        elif ended.any() and self.mode == AutoresetMode.SAME_STEP:
            led_to = seen.copy()
            led_to[ended] = np.stack(infos["final_obs"][ended])
            last = infos["final_info"]
        elif ended.any():
            seen, _ = self.envs.reset(options={"reset_mask": ended})
        if ended.any():
            self.finals += last["fractional_success"][ended].tolist()
        self.seen = seen
        return led_to, reward, terminated, ended, valid


def advantages(rewards, values, values_after, terminated, ended):
    """Generalised advantages: time limits are bootstrapped, ends of episodes cut the sums."""
    result, running = torch.zeros_like(rewards), torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        delta = rewards[t] + GAMMA * values_after[t] * ~terminated[t] - values[t]
        running = delta + GAMMA * LAMBDA * ~ended[t] * running
        result[t] = running
    return result


def collect(agent, stepper, steps):
    """A rollout, as tensors of (steps, worlds, ...) by name."""
    rows = []
    for _ in range(steps):
        seen = torch.as_tensor(stepper.seen, dtype=torch.float32)
        with torch.no_grad():
            policy = agent.policy(seen)
            action = policy.sample()
        led_to, reward, terminated, ended, valid = stepper.step(action.numpy())
        led_to, reward = (torch.as_tensor(part, dtype=torch.float32) for part in (led_to, reward))
        flags = (torch.as_tensor(flag.copy()) for flag in (terminated, ended, valid))
        rows.append((seen, action, policy.log_prob(action).sum(-1), led_to, reward, *flags))
    names = ("seen", "action", "log_prob", "led_to", "reward", "terminated", "ended", "valid")
    return dict(zip(names, map(torch.stack, zip(*rows, strict=True)), strict=True))


def improve(agent, optimizer, rollout, epochs, batch_size):
    """PPO's clipped update on the rollout's transitions."""
    with torch.no_grad():
        values, after = agent.value(rollout["seen"]), agent.value(rollout["led_to"])
        flags = (rollout["terminated"], rollout["ended"])
        advantage = advantages(rollout["reward"], values, after, *flags)
    valid = rollout["valid"]
    seen, action, old = (rollout[name][valid] for name in ("seen", "action", "log_prob"))
    target, advantage = (values + advantage)[valid], advantage[valid]
    for _ in range(epochs):
        for rows in torch.randperm(len(seen)).split(batch_size):
            scaled = advantage[rows]
            scaled = (scaled - scaled.mean()) / (scaled.std() + 1e-8)
            ratio = (agent.policy(seen[rows]).log_prob(action[rows]).sum(-1) - old[rows]).exp()
            gain = torch.min(ratio * scaled, ratio.clamp(1 - CLIP, 1 + CLIP) * scaled).mean()
            error = (agent.value(seen[rows]) - target[rows]).square().mean()
            optimizer.zero_grad()
            (VALUE_WEIGHT * error - gain).backward()
            nn.utils.clip_grad_norm_(agent.parameters(), MAX_GRADIENT)
            optimizer.step()


def train(options):
    """Train, and return the mean fractional success at the ends of each iteration's episodes."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    envs = gym.make_vec(
        options.id,
        num_envs=options.worlds,
        num_threads=options.threads,
        autoreset_mode=options.autoreset_mode,
        variables_space="space_a",
        skip_frame=options.skip_frame,
        max_episode_length=options.episode_length,
    )
    envs = NormalizeReward(trifactor.RandomGoals(envs), gamma=GAMMA)
    agent = Agent(envs.single_observation_space.shape[0], envs.single_action_space.shape[0])
    optimizer = torch.optim.Adam(agent.parameters(), lr=LEARNING_RATE, eps=1e-5)
    stepper, start, curve = Stepper(envs, options.seed), time.monotonic(), []
    iterations = max(1, options.steps // (options.worlds * options.rollout))
    for iteration in range(1, iterations + 1):
        rollout = collect(agent, stepper, options.rollout)
        improve(agent, optimizer, rollout, options.epochs, options.batch_size)
        curve.append(float(np.mean(stepper.finals)) if stepper.finals else float("nan"))
        stepper.finals.clear()
        steps = iteration * options.worlds * options.rollout
        rate = steps / (time.monotonic() - start)
        print(f"{steps} steps, fractional success {curve[-1]:.3f}, {rate:.0f} steps/s", flush=True)
    envs.close()
    return curve


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--id", default="trifactor/Reaching-v0")
    parser.add_argument("--autoreset-mode", choices=[m.value for m in AutoresetMode])
    parser.set_defaults(autoreset_mode="SameStep")
    parser.add_argument("--worlds", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--skip-frame", type=int, default=10)
    parser.add_argument("--episode-length", type=int)
    parser.add_argument("--steps", type=int, default=500_000)
    parser.add_argument("--rollout", type=int, default=125)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    return train(parser.parse_args(arguments))


if __name__ == "__main__":
    main()
