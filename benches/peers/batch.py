"""Whole environment steps per second, one world and many, beside the reference in the same run.

    python benches/peers/batch.py                        everything, five rounds
    python benches/peers/batch.py --families pushing towers --rounds 3
    python benches/peers/batch.py --vector               Gymnasium's own benchmark_vector_step

For every family random actions, with all contacts on; for pushing also fingers that work the block
(`actions.py`), the reference in its usual subprocesses, and MuJoCo's threaded roll-out, which is
physics alone. Every engine replays the same open-loop joint targets, three ticks of 4 ms a step.
They take turns within each round; ratios to one process of the reference are paired within rounds.
Makes the environments that it needs, as run.py does. Written to target/peers/batch.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import environments  # noqa: E402
from clients import ONE_THREAD  # noqa: E402
from engine import SKIP_FRAME  # noqa: E402

FAMILIES = (
    "reaching",
    "pushing",
    "picking",
    "pick_and_place",
    "stacking2",
    "towers",
    "stacked_blocks",
    "creative_stacked_blocks",
    "general",
)
WORLDS = 64
VECTOR = """
import gymnasium as gym, trifactor
from gymnasium.utils.performance import benchmark_vector_step
envs = gym.make_vec("trifactor/Pushing-v0", num_envs=64, skip_frame=3,
                    vectorization_mode="vector_entry_point", num_threads={threads})
print(f"benchmark_vector_step, 64 worlds, {threads} thread(s):",
      round(benchmark_vector_step(envs, target_duration=5, seed=0)), "steps/s")
"""


class Process:
    """An engine that answers rounds from a process of its own."""

    def __init__(self, python, engine, family, worlds, threads):
        limits = {**ONE_THREAD, "RAYON_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            [str(python), "-B", str(HERE / "batch_worker.py"), engine, family, str(worlds), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **limits},
        )

    def rate(self, actions, seconds):
        self.process.stdin.write(json.dumps({"actions": str(actions), "min_seconds": seconds}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "the worker ended"}')
        if "error" in answer:
            raise environments.Missing(answer["error"])
        return answer["steps"] / answer["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Binary:
    """Ours through the command line, a process a round."""

    def __init__(self, binary, family, worlds, threads):
        self.command = [str(binary), "bench", "--family", family, "--skip-frame", str(SKIP_FRAME), "--json"]
        if worlds > 1:
            self.command += ["--worlds", str(worlds), "--threads", str(threads)]
        self.known = {}

    def rate(self, actions, seconds):
        if actions not in self.known:
            self.known[actions] = self._bench(actions, 1)["seconds"]
        answer = self._bench(actions, max(1, round(seconds / self.known[actions])))
        return answer["steps"] / answer["seconds"]

    def _bench(self, actions, rounds):
        command = [*self.command, "--actions", str(actions), "--rounds", str(rounds)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise environments.Missing(result.stderr.strip()[-200:])
        return json.loads(result.stdout)

    def close(self):
        pass


def rows(family, full, places):
    """{name: opener} of what is compared for a family."""
    reference, ours, binary = places
    cores = os.cpu_count() or 1
    table = {
        "reference": lambda: Process(reference, "reference", family, 1, 1),
        "Rust": lambda: Binary(binary, family, 1, 1),
        "Python": lambda: Process(ours, "trifactor-python", family, 1, 1),
        f"Rust, {WORLDS} worlds": lambda: Binary(binary, family, WORLDS, cores),
        f"Python, {WORLDS} worlds": lambda: Process(ours, "trifactor-python", family, WORLDS, cores),
    }
    if full:
        table |= {
            f"Rust, {WORLDS} worlds, one thread": lambda: Binary(binary, family, WORLDS, 1),
            f"reference, {cores} subprocesses": lambda: Process(
                reference, "reference-subprocesses", family, cores, 1
            ),
            f"MuJoCo, {WORLDS} worlds, one thread": lambda: Process(
                reference, "mujoco-rollout", family, WORLDS, 1
            ),
            f"MuJoCo, {WORLDS} worlds": lambda: Process(
                reference, "mujoco-rollout", family, WORLDS, cores
            ),
        }
    return table


def shortened(path, steps):
    """The same episodes with at most so many steps, in a file of their own."""
    content = json.loads(path.read_text())
    content["episodes"] = [episode[:steps] for episode in content["episodes"]]
    short = path.with_name(f"{path.stem}_{steps}.json")
    short.write_text(json.dumps(content))
    return short


def measure(openers, actions, rounds, seconds):
    """{name: [rate of each round]}; what cannot run is left out with a message."""
    clients, rates = {}, {}
    for name, opener in openers.items():
        clients[name], rates[name] = opener(), []
    for number in range(-1, rounds):
        for name in list(clients):
            try:
                # The round before the first warms up; it is not kept.
                rate = clients[name].rate(actions, seconds if number >= 0 else 0.05)
            except environments.Missing as missing:
                print(f"without {name}: {missing}", file=sys.stderr)
                clients.pop(name).close()
                rates.pop(name)
                continue
            if number >= 0:
                rates[name].append(rate)
    for client in clients.values():
        client.close()
    return rates


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--kinds", nargs="+", choices=("contact", "random"), default=["contact", "random"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.6, help="least time of a round")
    parser.add_argument("--steps", type=int, default=150, help="of every episode, at most")
    parser.add_argument("--vector", action="store_true", help="benchmark_vector_step alone")
    chosen = parser.parse_args()
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    try:
        ours = environments.our_python(ROOT, target)
        if chosen.vector:
            for threads in (1, os.cpu_count() or 1):
                subprocess.run([ours, "-c", VECTOR.format(threads=threads)], check=True)
            return
        reference = environments.reference_python(target)
        places = (reference, ours, environments.our_binary(ROOT, target))
        folder = target / "peers"
        environments.run([reference, "-B", HERE / "actions.py", folder, *chosen.kinds], "actions")
    except environments.Missing as missing:
        sys.exit(f"cannot start: {missing}")
    files = {kind: shortened(folder / f"actions_{kind}.json", chosen.steps) for kind in chosen.kinds}
    report = []
    print("| actions | family | what | steps/s | times the reference |\n|---|---|---|---|---|")
    for kind in chosen.kinds:
        for family in chosen.families if kind == "random" else ["pushing"]:
            openers = rows(family, family == "pushing", places)
            rates = measure(openers, files[kind], chosen.rounds, chosen.seconds)
            for name, found in rates.items():
                pairs = zip(found, rates["reference"], strict=True)
                ratios = [own / base for own, base in pairs]
                spread = f"{statistics.median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})"
                rate = statistics.median(found)
                print(f"| {kind} | {family} | {name} | {rate:.0f} | {spread} |", flush=True)
                report.append({"kind": kind, "family": family, "what": name, "rates": found})
    (target / "peers" / "batch.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
