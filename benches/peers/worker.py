"""One engine in its own process: JSON lines in on stdin, JSON lines out on stdout.

    worker.py ENGINE BLOCKS
    {"kind": "contact", "min_seconds": 1.0, "actions": "FILE"}
    -> {"steps", "seconds", "contact_fraction", "tick_seconds", "build"}

`tick_seconds` is the mean time of one 4 ms tick of the bare engine, null where it is not measured.
Closing stdin ends the worker. A failure is answered as {"error": "..."}.
"""

import json
import os
import sys

import numpy as np


def make_engine(name, blocks):
    """The engine called `name` with a scene of `blocks` blocks, and its version."""
    if name == "reference":
        from engine_reference import Reference, version

        return Reference(blocks), version()
    if name in ("mujoco", "mujoco-rollout"):
        from engine_mujoco import MuJoCo, MuJoCoRollout, version

        return (MuJoCo if name == "mujoco" else MuJoCoRollout)(blocks), version()
    if name == "trifactor-python":
        from engine_trifactor import Trifactor, version

        return Trifactor(blocks), version()
    raise ValueError(f"no engine is called {name}")


class Worker:
    """One engine with one scene, and the episodes and contact fractions it has seen."""

    def __init__(self, name, blocks):
        self.engine, self.build = make_engine(name, blocks)
        self.episodes, self.fractions = {}, {}

    def round(self, kind, min_seconds, actions):
        """Replay the sequences of one kind until `min_seconds` of stepping have been timed."""
        engine = self.engine
        if kind not in self.episodes:
            with open(actions) as file:
                self.episodes[kind] = np.array(json.load(file)["episodes"])
            self.fractions[kind] = engine.contact_fraction(self.episodes[kind])
        episodes = self.episodes[kind]
        engine.ticks, engine.tick_seconds = 0, 0.0
        steps, seconds = 0, 0.0
        while seconds < min_seconds:
            more, elapsed = engine.replay(episodes)
            steps, seconds = steps + more, seconds + elapsed
        return {
            "steps": steps,
            "seconds": seconds,
            "contact_fraction": self.fractions[kind],
            "tick_seconds": engine.tick_seconds / engine.ticks if engine.ticks else None,
            "build": self.build,
        }


def main():
    # Engines print banners on descriptor 1: keep the real one for answers, send theirs to stderr.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            worker = worker or Worker(sys.argv[1], int(sys.argv[2]))
            answer = worker.round(request["kind"], request["min_seconds"], request["actions"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
