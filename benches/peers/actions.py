"""The action sequences that every engine replays: open loop, so that all do the same work.

`free`     the fingers wander in the air, each in its own sector, above every block.
`contact`  two or three fingers close on the block from its sides, squeeze it and drag it about.
`random`   every joint's target is drawn anew at every step, from its whole range.

    python benches/peers/actions.py FOLDER KIND...

writes FOLDER/actions_KIND.json: {"kind", "block_centres", "episodes"}. `episodes` are normalised
joint targets (episodes, steps, 9); `block_centres` are [x, y] in metres of five blocks, for an
engine that is told to lay out more than the one of the pushing task.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from scene import BLOCK_CENTRES, BLOCK_SIZE, REST, joints_of_tip, normalise, tip

KINDS = ("free", "contact", "random")
EPISODES = 10
STEPS = 150
SEED = 20210503
DECIMALS = 5


def _through(rng, start, sample, steps, low, high):
    """A piecewise linear path: from `start` through samples, `low` to `high` steps apart."""
    path, here = [], np.asarray(start, float)
    while len(path) < steps:
        there, count = sample(), int(rng.integers(low, high + 1))
        path += [here + (there - here) * (i + 1) / count for i in range(count)]
        here = there
    return np.array(path[:steps])


def _joint_path(tips):
    """Normalised actions (steps, 9) of fingertip paths (steps, 3 fingers, 3)."""
    joints = [[joints_of_tip(f, step[f]) for f in range(3)] for step in tips]
    return normalise(np.array(joints).reshape(len(tips), 9))


def _free(rng):
    paths = []
    for finger in range(3):
        start = tip(finger, REST[3 * finger : 3 * finger + 3])
        azimuth = math.atan2(start[1], start[0])

        def sample():
            angle, radius = azimuth + rng.uniform(-0.3, 0.3), rng.uniform(0.09, 0.17)
            return np.array(
                [radius * math.cos(angle), radius * math.sin(angle), rng.uniform(0.12, 0.2)]
            )

        paths.append(_through(rng, start, sample, STEPS, 4, 12))
    return _joint_path(np.stack(paths, axis=1))


def _contact(rng):
    block = np.array([*BLOCK_CENTRES[0], BLOCK_SIZE / 2])
    # Finger 0 faces the block's +y side, finger 120 its +x side, finger 300 its -x side.
    normals = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    third_finger = rng.random() < 0.5
    depth = rng.uniform(0.006, 0.014)
    heights = rng.uniform(-0.008, 0.012, size=3)
    approach, closing = 14, 8

    def sample():
        return np.array([*rng.uniform(-0.025, 0.025, size=2), rng.uniform(-0.005, 0.04)])

    work = _through(rng, np.zeros(3), sample, STEPS - approach - closing, 8, 20)
    paths = []
    for finger in range(3):
        start = tip(finger, REST[3 * finger : 3 * finger + 3])
        level = block + [0.0, 0.0, heights[finger]]
        outside = level + normals[finger] * (BLOCK_SIZE / 2 + 0.035)
        inside = level + normals[finger] * (BLOCK_SIZE / 2 - depth)
        if finger == 0 and not third_finger:
            outside = inside = start
        ramp = np.linspace(0.0, 1.0, approach + 1)[1:, None]
        close = np.linspace(0.0, 1.0, closing + 1)[1:, None]
        jitter = rng.uniform(-0.003, 0.003, size=work.shape)
        paths.append(
            np.concatenate(
                [
                    start + (outside - start) * ramp,
                    outside + (inside - outside) * close,
                    inside + work + jitter,
                ]
            )
        )
    return _joint_path(np.stack(paths, axis=1))


def _random(rng):
    return rng.uniform(-1.0, 1.0, size=(STEPS, 9))


def sequences(kind):
    """Episodes of one kind as nested lists (episodes, steps, 9), the same on every call."""
    rng = np.random.Generator(np.random.PCG64([SEED, KINDS.index(kind)]))
    make = {"free": _free, "contact": _contact, "random": _random}[kind]
    return [make(rng).round(DECIMALS).tolist() for _ in range(EPISODES)]


def write(folder, kinds):
    """Write one JSON file per kind into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        content = {"kind": kind, "block_centres": BLOCK_CENTRES, "episodes": sequences(kind)}
        (folder / f"actions_{kind}.json").write_text(json.dumps(content))


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:])
