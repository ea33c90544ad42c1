"""Evaluates a policy of random actions on the twelve protocols of pushing, and times it.

    evaluation_worker.py reference SHARE
    evaluation_worker.py trifactor WORLDS THREADS
    -> {"episodes": how many were run, "seconds": how long that took}
"""

import json
import os
import sys
from time import perf_counter

import numpy as np

SKIP_FRAME = 3


def reference(share):
    import engine_reference  # noqa: F401  (gives numpy the names that the reference uses)
    import gym

    # A class that gym removed and a wrapper of the reference, unused here, derives from.
    gym.GoalEnv = gym.Env
    from causal_world.benchmark.benchmarks import PUSHING_BENCHMARK
    from causal_world.evaluation.evaluation import EvaluationPipeline

    pipeline = EvaluationPipeline(
        evaluation_protocols=PUSHING_BENCHMARK["evaluation_protocols"],
        world_params={"skip_frame": SKIP_FRAME},
        task_params={"task_generator_id": "pushing"},
    )
    rng, episodes = np.random.default_rng(0), 0
    run_episode = pipeline.run_episode

    def counted(policy):
        nonlocal episodes
        episodes += 1
        return run_episode(policy)

    pipeline.run_episode = counted
    start = perf_counter()
    pipeline.evaluate_policy(lambda _: rng.uniform(-1, 1, 9), fraction=float(share))
    return episodes, perf_counter() - start


def trifactor(worlds, threads):
    from trifactor import evaluate

    rng = np.random.default_rng(0)
    start = perf_counter()
    scores = evaluate(
        lambda observations: rng.uniform(-1, 1, (len(observations), 9)),
        "pushing",
        worlds=int(worlds),
        num_threads=int(threads),
        invariance=None,
        skip_frame=SKIP_FRAME,
    )
    return sum(scores.episodes(f"P{n}", "return").size for n in range(12)), perf_counter() - start


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    episodes, seconds = {"reference": reference, "trifactor": trifactor}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"episodes": episodes, "seconds": seconds}), file=answers, flush=True)


if __name__ == "__main__":
    main()
