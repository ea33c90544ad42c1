"""Times whole environment steps of one engine: JSON lines in on stdin, JSON lines out on stdout.

    batch_worker.py ENGINE FAMILY WORLDS THREADS
    {"actions": "FILE", "min_seconds": 1.0}
    -> {"steps": control steps of one world, "seconds": how long they took}

World i replays the file's episode of that number, counted round, and all begin anew together; what
that takes is not timed. Fewer worlds than episodes replay the episodes in turns. A failure is
answered as {"error": "..."}.
"""

import json
import os
import sys
from functools import partial
from time import perf_counter

import numpy as np
from engine import SKIP_FRAME


class Reference:
    """One environment of the reference in this process."""

    def __init__(self, family, worlds, _):
        if worlds != 1:
            raise ValueError("the reference has one world in a process")
        from engine_reference import CausalWorld, generate_task

        task = generate_task(family)
        self.env = CausalWorld(task=task, skip_frame=SKIP_FRAME, enable_visualization=False, seed=0)

    def reset(self):
        self.env.reset()

    def step(self, actions):
        self.env.step(actions[0])


class Subprocesses:
    """The reference in a process for every world, as gym's own vector environment has it."""

    def __init__(self, family, worlds, _):
        from gym.vector import AsyncVectorEnv

        self.env = AsyncVectorEnv([partial(newer_reference, family)] * worlds)

    def reset(self):
        self.env.reset()

    def step(self, actions):
        self.env.step(actions)


def newer_reference(family):
    """The reference with the step and reset of the gym that has the vector environment."""
    import gym
    from engine_reference import CausalWorld, generate_task

    class Newer(gym.Wrapper):
        def reset(self, **_):
            return self.env.reset(), {}

        def step(self, action):
            observation, reward, done, info = self.env.step(action)
            # Every call allocates the reference's info anew; only numbers can be stacked.
            return observation, reward, False, done, {"success": bool(info["success"])}

    task = generate_task(family)
    return Newer(CausalWorld(task=task, skip_frame=SKIP_FRAME, enable_visualization=False, seed=0))


class Ours:
    """A batch of ours, or with one world and one thread the single environment."""

    def __init__(self, family, worlds, threads):
        import gymnasium as gym
        import trifactor  # noqa: F401  (registers the environments)

        name = "".join(word.capitalize() for word in family.split("_"))
        self.single = worlds == 1
        if self.single:
            self.env = gym.make(
                f"trifactor/{name}-v0", skip_frame=SKIP_FRAME, disable_env_checker=True
            )
        else:
            self.env = gym.make_vec(
                f"trifactor/{name}-v0",
                num_envs=worlds,
                vectorization_mode="vector_entry_point",
                skip_frame=SKIP_FRAME,
                num_threads=threads,
                autoreset_mode="Disabled",
                copy=False,
            )
        self.env.reset(seed=0)

    def reset(self):
        self.env.reset()

    def step(self, actions):
        self.env.step(actions[0] if self.single else actions)


class MuJoCo:
    """Worlds inside MuJoCo's threaded roll-out: physics alone, a whole episode a call."""

    def __init__(self, family, worlds, threads):
        import mujoco
        from engine_mujoco import MuJoCoRollout
        from mujoco import rollout

        if family != "pushing":
            raise ValueError("MuJoCo's model is that of pushing")
        self.engine = MuJoCoRollout(1)
        self.engine.reset()
        model, spec = self.engine.model, mujoco.mjtState.mjSTATE_FULLPHYSICS
        state = np.empty(mujoco.mj_stateSize(model, spec))
        mujoco.mj_getState(model, self.engine.data, state, spec)
        self.states = np.repeat(state[None], worlds, axis=0)
        self.data = [mujoco.MjData(model) for _ in range(threads)]
        self.rollout = rollout.Rollout(nthread=threads) if threads > 1 else rollout.Rollout()

    def replay(self, episodes):
        from scene import denormalise

        control = np.stack(
            [np.repeat([denormalise(a) for a in e], SKIP_FRAME, axis=0) for e in episodes]
        )
        start = perf_counter()
        self.rollout.rollout([self.engine.model] * len(episodes), self.data, self.states, control)
        return perf_counter() - start


ENGINES = {
    "reference": Reference,
    "reference-subprocesses": Subprocesses,
    "trifactor-python": Ours,
    "mujoco-rollout": MuJoCo,
}


def replay(engine, episodes):
    """All worlds through their episodes once; how long the steps took, s."""
    if hasattr(engine, "replay"):
        return engine.replay(episodes)
    engine.reset()
    rows = np.ascontiguousarray(episodes.transpose(1, 0, 2)).astype(np.float32)
    start = perf_counter()
    for row in rows:
        engine.step(row)
    return perf_counter() - start


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    name, family, worlds, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    engine, begun = None, {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            engine = engine or ENGINES[name](family, worlds, threads)
            path = request["actions"]
            if path not in begun:
                with open(path) as file:
                    kept = np.array(json.load(file)["episodes"])
                turns = range(0, max(worlds, len(kept)), worlds)
                begun[path] = [kept[np.arange(i, i + worlds) % len(kept)] for i in turns]
            steps, seconds = 0, 0.0
            while seconds < request["min_seconds"]:
                for episodes in begun[path]:
                    seconds += replay(engine, episodes)
                    steps += episodes.shape[0] * episodes.shape[1]
            answer = {"steps": steps, "seconds": seconds}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
