"""How long evaluating one policy on the twelve protocols of pushing takes, beside the reference.

    python benches/peers/evaluation.py [--worlds 200] [--share 0.05]

The policy draws every action at random, so that it costs next to nothing. Ours is evaluated in all
`--worlds` worlds of each protocol by `trifactor.evaluate`, on one thread and on as many as the machine
has, invariance left out; the reference by its own `EvaluationPipeline`, on one process, in that share
of its 200 episodes a protocol. Both take episodes of 833 steps of 12 ms and measure success after each.
Prints seconds for the whole of both, the reference's in proportion, and how many times as fast ours is.
Makes the environments that it needs, as run.py does.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import environments
from clients import HERE, ONE_THREAD

ROOT = HERE.parent.parent


def evaluated(python, *arguments):
    """What a process found that evaluates: how many episodes, how many seconds."""
    command = [str(python), "-B", str(HERE / "evaluation_worker.py"), *map(str, arguments)]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **ONE_THREAD}
    )
    if result.returncode:
        sys.exit(f"{arguments[0]}: the evaluation failed")
    return json.loads(result.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=200, help="of each protocol")
    parser.add_argument("--share", type=float, default=0.05, help="of the reference's episodes")
    chosen = parser.parse_args()
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    try:
        reference = environments.reference_python(target)
        own = environments.our_python(ROOT, target)
    except environments.Missing as missing:
        sys.exit(f"cannot start: {missing}")
    theirs = evaluated(reference, "reference", chosen.share)
    episodes = 12 * chosen.worlds
    seconds = theirs["seconds"] / theirs["episodes"] * episodes
    print(f"{'engine':24} {'episodes run':>12} {f's for {episodes}':>12}  times as fast")
    print(f"{'reference':24} {theirs['episodes']:12} {seconds:12.1f}  1.0")
    for threads in sorted({1, os.cpu_count() or 1}):
        found = evaluated(own, "trifactor", chosen.worlds, threads)
        name = f"trifactor, {threads} thread{'s' * (threads > 1)}"
        times = seconds / found["seconds"]
        print(f"{name:24} {found['episodes']:12} {found['seconds']:12.1f}  {times:.1f}", flush=True)


if __name__ == "__main__":
    main()
