"""The bouncing sprites in numpy, many episodes side by side: a second program from the same facts.

Prints how often random clicks bring a collision, how many components they leave, and what they pay
in Place 1 to 4, each with its standard error, and how much a sample of 400 episodes (20,000 steps)
scatters. `src/sprites` is held to these figures.

    python benches/peers/sprites_numpy.py [EPISODES]
"""

from __future__ import annotations

import sys

import numpy as np

STEPS, SPRITES, MOST_SPEED = 50, 4, 0.08
TARGETS = np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]])


def step(
    place: np.ndarray, velocity: np.ndarray, click: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Take a step in place; returns who influenced whom among sprites, and the action last."""
    episodes = np.arange(len(place))
    pushed = np.linalg.norm(place - click[:, None], axis=2).argmin(1)
    away, own = place[episodes, pushed] - click, velocity[episodes, pushed]
    weight = np.hypot(*away.T)
    angle = (1 - weight) * np.arctan2(own[:, 1], own[:, 0]) + weight * np.arctan2(
        away[:, 1], away[:, 0]
    )
    turned = np.hypot(*own.T)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    velocity[episodes, pushed] = np.clip(turned + noise, -MOST_SPEED, MOST_SPEED)
    mask = np.zeros((len(place), SPRITES + 1, SPRITES), bool)
    mask[episodes, SPRITES, pushed] = True
    for i in range(SPRITES):
        new = place[:, i] + velocity[:, i]
        outside = ((new >= 1) | (new <= 0)).any(1)
        velocity[outside, i] *= -1
        new = np.clip(new, 0, 1)
        met = np.zeros(len(place), bool)
        for j in range(SPRITES):
            if j == i:
                continue
            apart = new - place[:, j]
            near = (np.hypot(*apart.T) < 0.1) | (np.abs(apart) < 0.075).all(1)
            mask[near & ~met, j, i] = True
            met |= near
        velocity[met, i] *= -1
        place[:, i] = np.where(met[:, None], place[:, i], new)
    return mask


def components(mask: np.ndarray) -> np.ndarray:
    """How many components the sprites and the action have."""
    labels = np.tile(np.arange(SPRITES + 1), (len(mask), 1))
    for _ in range(SPRITES):
        for source in range(SPRITES + 1):
            for target in range(SPRITES):
                least = np.minimum(labels[:, source], labels[:, target])
                joined = mask[:, source, target]
                labels[joined, source] = labels[joined, target] = least[joined]
    return (labels == np.arange(SPRITES + 1)).sum(1)


def main() -> None:
    """Plays the episodes and prints the means."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    rng = np.random.default_rng(0)
    place = rng.uniform(0.05, 0.95, (count, SPRITES, 2))
    velocity = rng.uniform(-MOST_SPEED, MOST_SPEED, (count, SPRITES, 2))
    sums: dict[str, np.ndarray] = {}
    for _ in range(STEPS):
        click = 0.5 * (rng.uniform(-1, 1, (count, 2)) + 1)
        mask = step(place, velocity, click, rng.normal(0, 0.01, (count, 2)))
        arrived = np.linalg.norm(place - TARGETS, axis=2) < 0.25
        found = {"collisions": mask[:, :SPRITES].any((1, 2)), "components": components(mask)}
        for number in range(1, SPRITES + 1):
            found[f"place {number}"] = arrived[:, SPRITES - number :].mean(1)
        for name, values in found.items():
            sums[name] = sums.get(name, 0) + values / STEPS
    for name, means in sums.items():
        error = means.std() / np.sqrt(count)
        print(f"{name}: {means.mean():.4f} ± {error:.4f}; of 400 episodes ± {means.std() / 20:.4f}")


if __name__ == "__main__":
    main()
