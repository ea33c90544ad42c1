"""CoDA in numpy, on the rows that `benches/coda.rs` recorded: what the Rust code stands beside.

Two forms: algorithm 1 of the paper pair by pair, as it reads, and the same for a whole batch of
pairs at once. Both take the components of the union of the two masks, exchange a random set of
them, and accept by the cut test on the recorded regions.

    python benches/peers/coda_numpy.py target/coda-replay
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

FINGER, BLOCK, LINKS = 12, 13, 9


def load(path: Path) -> dict[str, Any]:
    """The columns of a replay's folder (`Replay::create`), in memory."""
    header = json.loads((path / "replay.json").read_text())
    rows, blocks = header["rows"], len(header["scene"]["blocks"])
    bodies, width = 3 + blocks, 3 * FINGER + BLOCK * blocks
    words = -(-(bodies + 3) * bodies // 64)

    def read(name: str, columns: int, kind: str) -> np.ndarray:
        return np.fromfile(path / name, dtype=kind, count=rows * columns).reshape(rows, columns)

    bits = read("mask.u64", words, "<u8").view(np.uint8)
    bits = np.unpackbits(bits, axis=1, bitorder="little")[:, : (bodies + 3) * bodies]
    regions = read("regions.f32", 6 * (LINKS + blocks), "<f4")
    return {
        "bodies": bodies,
        "before": read("before.f64", width, "<f8"),
        "action": read("action.f64", 9, "<f8"),
        "after": read("after.f64", width, "<f8"),
        "mask": bits.reshape(rows, bodies + 3, bodies).astype(bool),
        "regions": regions.reshape(rows, 2, 3, LINKS + blocks),
    }


def components(adjacency: np.ndarray) -> np.ndarray:
    """The least member of every node's component."""
    labels = np.arange(len(adjacency))
    for _ in labels:
        reached = np.where(adjacency, labels[None, :], len(adjacency)).min(axis=1)
        labels = np.minimum(labels, reached)
    return labels


def columns_of(bodies: int) -> np.ndarray:
    """The body of every column of a state."""
    return np.r_[np.repeat(np.arange(3), FINGER), np.repeat(np.arange(3, bodies), BLOCK)]


def parts_of(bodies: int) -> np.ndarray:
    """The body of every part."""
    return np.r_[np.repeat(np.arange(3), 3), np.arange(3, bodies)]


def pairs_that_matter(bodies: int) -> np.ndarray:
    """Pairs of parts of different bodies; upper links meet none of their kind."""
    part = parts_of(bodies)
    upper = (np.arange(len(part)) % 3 == 0) & (np.arange(len(part)) < LINKS)
    return (part[:, None] != part[None, :]) & ~(upper[:, None] & upper[None, :])


def one_by_one(data: dict[str, Any], proposals: int, rng: np.random.Generator) -> int:
    """Algorithm 1, pair by pair."""
    bodies = data["bodies"]
    column, part = columns_of(bodies), parts_of(bodies)
    matters = pairs_that_matter(bodies)
    accepted = []
    for _ in range(proposals):
        first, second = rng.integers(len(data["before"]), size=2)
        square = data["mask"][first, :bodies] | data["mask"][second, :bodies]
        labels = components(square | square.T | np.eye(bodies, dtype=bool))
        roots = np.unique(labels)
        if len(roots) < 2:
            continue
        chosen = rng.integers(1, 2 ** len(roots) - 1) >> np.arange(len(roots)) & 1
        other = chosen[np.searchsorted(roots, labels)].astype(bool)
        ours = other[part]
        low, high = np.where(ours, data["regions"][second], data["regions"][first])
        meet = (low[:, :, None] <= high[:, None, :]).all(0) & (low[:, None, :] <= high[:, :, None]).all(0)
        if (meet & matters & (ours[:, None] != ours[None, :])).any():
            continue
        take = other[column]
        before = np.where(take, data["before"][second], data["before"][first])
        after = np.where(take, data["after"][second], data["after"][first])
        action = np.where(other[np.repeat(np.arange(3), 3)], data["action"][second], data["action"][first])
        rows = np.r_[other, other[:3]]
        mask = np.where(rows[:, None], data["mask"][second], data["mask"][first])
        accepted.append((before, action, after, mask))
    return len(accepted)


def all_at_once(data: dict[str, Any], proposals: int, rng: np.random.Generator) -> int:
    """The same for a batch of pairs."""
    bodies = data["bodies"]
    column, part = columns_of(bodies), parts_of(bodies)
    first, second = rng.integers(len(data["before"]), size=(2, proposals))
    square = data["mask"][first, :bodies] | data["mask"][second, :bodies]
    square |= square.transpose(0, 2, 1) | np.eye(bodies, dtype=bool)
    labels = np.broadcast_to(np.arange(bodies), (proposals, bodies))
    for _ in range(bodies):
        labels = np.where(square, labels[:, None, :], bodies).min(axis=2)
    chosen = rng.integers(2, size=(proposals, bodies)).astype(bool)
    other = np.take_along_axis(chosen, labels, axis=1)
    mixed = other.any(1) & ~other.all(1)
    first, second, other = first[mixed], second[mixed], other[mixed]
    ours = other[:, part]
    regions = np.where(ours[:, None, None], data["regions"][second], data["regions"][first])
    low, high = regions[:, 0], regions[:, 1]
    meet = (low[:, :, :, None] <= high[:, :, None, :]).all(1)
    meet &= meet.transpose(0, 2, 1)
    crossed = (meet & pairs_that_matter(bodies) & (ours[:, :, None] != ours[:, None, :])).any((1, 2))
    first, second, other = first[~crossed], second[~crossed], other[~crossed]
    take = other[:, column]
    np.where(take, data["before"][second], data["before"][first])
    np.where(take, data["after"][second], data["after"][first])
    fingers = other[:, np.repeat(np.arange(3), 3)]
    np.where(fingers, data["action"][second], data["action"][first])
    rows = np.concatenate([other, other[:, :3]], axis=1)
    np.where(rows[:, :, None], data["mask"][second], data["mask"][first])
    return len(first)


def main() -> None:
    """Prints accepted samples per second of processor time, the best of five turns."""
    data = load(Path(sys.argv[1]))
    rng = np.random.default_rng(0)
    for name, make, proposals in (
        ("numpy, pair by pair", one_by_one, 2000),
        ("numpy, all pairs at once", all_at_once, 20_000),
    ):
        rates, shares = [], []
        for _ in range(5):
            start = time.process_time()
            accepted = make(data, proposals, rng)
            rates.append(accepted / (time.process_time() - start))
            shares.append(accepted / proposals)
        share = np.mean(shares)
        print(f"{name}: {max(rates):,.0f} accepted samples/s; {share:.2f} of proposals accepted")


if __name__ == "__main__":
    main()
