"""What a reset, an intervention, a step of many blocks and a step that observes pixels cost, beside
the reference, in one run.

    python benches/peers/calls.py [--rounds 7] [--seconds 0.5] [--calls "step with images" ...]

Both environments are called from Python, each in its own process on one thread, in turns. A step
with images is the pixel mode of either: three present images of 128 by 128, bytes, no shadows, the
goals' images kept, a robot of more than 10,000 triangles (ours has 11,388, the
reference's scene about 31,000). "64 worlds with images" is one batch on two threads, timed as one world's step, beside
the same single environment of the reference. Prints the median time of a call in milliseconds and the median of the paired ratios, lowest and highest
round in brackets. Makes the environments that it needs, as run.py does.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import environments
from clients import HERE, ONE_THREAD

ROOT = HERE.parent.parent
CALLS = (
    "reset",
    "mass",
    "position",
    "step of 35 blocks",
    "step with images",
    "64 worlds with images",
)


class Client:
    """One environment in its own process."""

    def __init__(self, python, name):
        self.process = subprocess.Popen(
            [str(python), "-B", str(HERE / "calls_worker.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **ONE_THREAD},
        )

    def milliseconds(self, call, seconds):
        request = {"call": call, "min_seconds": seconds}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            sys.exit(f"{call}: {answer['error']}")
        return 1e3 * answer["seconds"] / answer["count"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="least time of a round")
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=list(CALLS))
    chosen = parser.parse_args()
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    try:
        pythons = {
            "reference": environments.reference_python(target),
            "trifactor-python": environments.our_python(ROOT, target),
        }
    except environments.Missing as missing:
        sys.exit(f"cannot start: {missing}")
    clients = {name: Client(python, name) for name, python in pythons.items()}
    print(f"{'call':22} {'reference ms':>13} {'trifactor ms':>13}  times as fast")
    for call in chosen.calls:
        times = {name: [] for name in clients}
        for number in range(-1, chosen.rounds):
            for name, client in clients.items():
                # The round before the first warms up; it is not kept.
                found = client.milliseconds(call, chosen.seconds if number >= 0 else 0.05)
                if number >= 0:
                    times[name].append(found)
        theirs, own = times.values()
        ratios = [a / b for a, b in zip(theirs, own, strict=True)]
        spread = f"{statistics.median(ratios):.1f} ({min(ratios):.1f}..{max(ratios):.1f})"
        medians = [statistics.median(column) for column in (theirs, own)]
        print(f"{call:22} {medians[0]:13.4f} {medians[1]:13.4f}  {spread}", flush=True)


if __name__ == "__main__":
    main()
