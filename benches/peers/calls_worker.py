"""Times single calls of one environment: JSON lines in on stdin, JSON lines out on stdout.

    calls_worker.py reference|trifactor-python
    {"call": "reset", "min_seconds": 0.5}
    -> {"count": how often it was called, "seconds": how long that took}
"""

import json
import os
import sys
from time import perf_counter

import numpy as np

SKIP_FRAME = 3
# Alternating values, so that every intervention changes something.
MASSES = (0.05, 0.07)
PLACES = ([0.05, 0.02, 0.0325], [-0.05, 0.01, 0.0325])
FAMILIES = {"pushing": "trifactor/Pushing-v0", "stacked_blocks": "trifactor/StackedBlocks-v0"}
# What follows a family's name where images are observed, and where many worlds of ours are.
PIXELS = "/pixels"
BATCH = "/batch"
WORLDS = 64
THREADS = 2
IDLE = np.zeros(9, dtype=np.float32)


def reference(family):
    from engine_reference import CausalWorld, generate_task, without_shadows

    family = family.removesuffix(BATCH)
    task = generate_task(family.removesuffix(PIXELS))
    settings = {"skip_frame": SKIP_FRAME, "enable_visualization": False, "seed": 0}
    if family.endswith(PIXELS):
        # The attribute that its pixel mode reads before it sets it; older versions of gym had it.
        CausalWorld.observation_space = None
        settings |= {"observation_mode": "pixel", "normalize_observations": False}
        without_shadows()
    env = CausalWorld(task=task, **settings)
    env.reset()
    return env


def step_reference(env, _):
    env.step(IDLE)


def step_ours(env, _):
    env.step(IDLE if env.action_space.shape == IDLE.shape else np.tile(IDLE, (WORLDS, 1)))


def ours(family):
    import gymnasium as gym
    import trifactor  # noqa: F401  (registers the environments)

    settings = {"skip_frame": SKIP_FRAME}
    batch = family.endswith(BATCH)
    family = family.removesuffix(BATCH)
    if family.endswith(PIXELS):
        settings["observation_mode"] = "pixel"
    name = FAMILIES[family.removesuffix(PIXELS)]
    if batch:
        settings |= {"num_envs": WORLDS, "num_threads": THREADS, "copy": False}
        env = gym.make_vec(name, vectorization_mode="vector_entry_point", **settings)
    else:
        env = gym.make(name, disable_env_checker=True, **settings).unwrapped
    env.reset(seed=0)
    return env


def intervene(env, number, name, values):
    wanted = {"tool_block": {name: np.array(values[number % 2])}}
    done = env.do_intervention(wanted, check_bounds=False)
    if not done[0]:
        raise RuntimeError(f"{name} {values[number % 2]} is refused")


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    make = {"reference": reference, "trifactor-python": ours}[sys.argv[1]]
    envs = {}
    step = {"reference": step_reference, "trifactor-python": step_ours}[sys.argv[1]]
    calls = {
        "reset": ("pushing", lambda env, _: env.reset()),
        "mass": ("pushing", lambda env, i: intervene(env, i, "mass", MASSES)),
        "position": ("pushing", lambda env, i: intervene(env, i, "cartesian_position", PLACES)),
        "step of 35 blocks": ("stacked_blocks", step),
        "step with images": ("pushing" + PIXELS, step),
        "64 worlds with images": ("pushing" + PIXELS + BATCH, step),
    }
    for line in sys.stdin:
        request = json.loads(line)
        try:
            family, call = calls[request["call"]]
            if family not in envs:
                envs[family] = make(family)
            env, count, start = envs[family], 0, perf_counter()
            while perf_counter() - start < request["min_seconds"]:
                call(env, count)
                count += getattr(env, "num_envs", 1)
            answer = {"count": count, "seconds": perf_counter() - start}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
