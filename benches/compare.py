"""Compares two builds of trifactor in one interleaved run.

    python benches/compare.py --commands A/trifactor B/trifactor --pythons A/python B/python

`--commands` are two `trifactor` binaries: one environment and a batch of 64 worlds, stepped from
Rust. `--pythons` are two interpreters, each with its own `trifactor` installed: one environment and
a batch of 64 worlds, stepped through Gymnasium. Everything runs on one thread with random actions.

A round measures both builds, one right after the other, and changes their order from round to
round. The time is the processor time of the process, so that other work on the machine matters
less. Prints the median ratio of steps per second, B to A, with the lowest and the highest round in
brackets: above 1, B is faster.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FAMILIES = ("pushing", "stacking2")
STEPS = 400
IN_PYTHON = """
import json, sys, resource
import gymnasium as gym, numpy as np, trifactor
family, worlds, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
id = "trifactor/" + family.capitalize() + "-v0"
def seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
shape = (9,) if worlds == 1 else (worlds, 9)
if worlds == 1:
    env = gym.make(id, skip_frame=3, max_episode_length=10**6)
else:
    env = gym.make_vec(id, num_envs=worlds, num_threads=1, skip_frame=3)
env.reset(seed=0)
rng = np.random.default_rng(0)
actions = [rng.uniform(-1, 1, shape).astype(np.float32) for _ in range(32)]
for at in range(32):
    env.step(actions[at])
begun = seconds()
for at in range(steps):
    env.step(actions[at // 8 % 32])
print(json.dumps((seconds() - begun) / steps / worlds))
"""


def spent(command):
    """The processor seconds of a command that runs to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def random_actions(folder):
    """A file of random joint targets that are held for ten steps each."""
    draw = random.Random(0)
    episodes = []
    for _ in range(5):
        targets = [[draw.uniform(-1, 1) for _ in range(9)] for _ in range(STEPS // 10)]
        episodes.append([target for target in targets for _ in range(10)])
    path = Path(folder) / "actions.json"
    path.write_text(json.dumps({"episodes": episodes}))
    return path


def from_rust(binary, family, worlds, actions, rounds):
    """Processor seconds of replaying the actions, without those of starting the process."""
    command = [binary, "bench", "--family", family, "--skip-frame", "3"]
    command += ["--actions", str(actions)]
    command += ["--threads", "1"] if worlds == 1 else ["--threads", "1", "--worlds", str(worlds)]
    return spent([*command, "--rounds", str(rounds + 1)]) - spent([*command, "--rounds", "1"])


def through_python(python, family, worlds, steps):
    """Processor seconds of a step of one world."""
    command = [python, "-c", IN_PYTHON, family, str(worlds), str(steps)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    """Measures in turns and prints a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--commands", nargs=2, metavar=("A", "B"))
    parser.add_argument("--pythons", nargs=2, metavar=("A", "B"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--families", nargs="+", default=FAMILIES)
    given = parser.parse_args()
    if not (given.commands or given.pythons):
        parser.error("give two builds: --commands or --pythons")
    with tempfile.TemporaryDirectory() as folder:
        actions = random_actions(folder)
        cases = []
        for family in given.families:
            for worlds in (1, 64):
                if given.commands:
                    work = 20 if worlds == 1 else 1
                    cases.append(
                        (
                            f"Rust, {family}, {worlds}",
                            given.commands,
                            lambda build, f=family, w=worlds, r=work: from_rust(
                                build, f, w, actions, r
                            ),
                        )
                    )
                if given.pythons:
                    steps = 20000 if worlds == 1 else 400
                    cases.append(
                        (
                            f"Python, {family}, {worlds}",
                            given.pythons,
                            lambda build, f=family, w=worlds, s=steps: through_python(
                                build, f, w, s
                            ),
                        )
                    )
        ratios = {name: [] for name, *_ in cases}
        for turn in range(given.rounds):
            for name, builds, measure in cases:
                order = [0, 1] if turn % 2 == 0 else [1, 0]
                times = {at: measure(builds[at]) for at in order}
                ratios[name].append(times[0] / times[1])
            print(f"round {turn + 1} of {given.rounds}", file=sys.stderr)
    for name, each in ratios.items():
        low, middle, high = min(each), statistics.median(each), max(each)
        print(f"{name:24} {middle:.3f} ({low:.3f}-{high:.3f})")


if __name__ == "__main__":
    main()
