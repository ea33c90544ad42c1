"""Environment steps per second of trifactor, of the reference and of MuJoCo, on equal work.

    python benches/peers/run.py                       everything, five rounds
    python benches/peers/run.py --quick               one block, three short rounds
    python benches/peers/run.py --engines reference mujoco --kinds contact --blocks 5

Every engine replays the same open-loop sequences of normalised joint targets (`actions.py`), three
ticks of 4 ms a step, in the pushing task or with five blocks on the floor. Engines take turns
within each round, so that a busy machine slows all of them; the ratios are paired within rounds.
Resets are not timed. Everything runs on one thread.

    reference         CausalWorld 1.2 on PyBullet: the whole env.step, observation and reward
    trifactor-python  ours: the whole env.step through Gymnasium
    trifactor         ours: the whole step from Rust
    mujoco            physics only, torques computed in Python on every tick
    mujoco-rollout    physics only, a whole episode inside MuJoCo

The last two have no observation and no reward: they bound from above what an environment on MuJoCo
could reach. `tick` is the mean time of one tick of the bare engine. `contact` is the fraction of
steps that end with the robot pressing on a block; where it differs between engines, so does the
work. An engine that cannot run is left out with a message. The table is also written, round by
round, to target/peers/result.json. Needs Python 3.11, for which the reference's packages are
pinned, and, for ours, Rust.
"""

import argparse
import hashlib
import json
import os
import platform
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import environments  # noqa: E402
from clients import BinaryClient, WorkerClient  # noqa: E402

ENGINES = (
    "reference",
    "trifactor-python",
    "trifactor",
    "trifactor-tuned",
    "mujoco",
    "mujoco-rollout",
)
KINDS = ("free", "contact")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--blocks", nargs="+", type=int, choices=(1, 5), default=[1, 5])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="least timed stepping a round")
    parser.add_argument("--quick", action="store_true", help="one block, three rounds of 0.3 s")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.blocks, chosen.rounds, chosen.seconds = [1], 3, 0.3
    if chosen.rounds < 1:
        parser.error("--rounds must be at least 1")
    return chosen


def openers(engines, target):
    """{engine: function from the number of blocks to a client}, for those that can be prepared."""
    ready = {}
    for engine in engines:
        try:
            if engine in ("trifactor", "trifactor-tuned"):
                find = environments.our_binary if engine == "trifactor" else environments.our_tuned
                binary = find(ROOT, target)
                ready[engine] = lambda blocks, binary=binary: BinaryClient(binary, blocks)
                continue
            if engine == "trifactor-python":
                python = environments.our_python(ROOT, target)
            else:
                python = environments.reference_python(target)
            ready[engine] = lambda blocks, python=python, engine=engine: WorkerClient(
                python, engine, blocks
            )
        except environments.Missing as missing:
            print(f"without {engine}: {missing}", file=sys.stderr)
    return ready


def write_actions(target, kinds):
    """The sequence files, made by the pinned numpy so that they do not depend on the caller's."""
    folder = target / "peers"
    python = environments.reference_python(target)
    environments.run([python, "-B", HERE / "actions.py", folder, *kinds], "writing the actions")
    return {kind: folder / f"actions_{kind}.json" for kind in kinds}


def measure(ready, blocks, actions, rounds, seconds):
    """Interleaved rounds of one scene: {kind: {engine: [answer per round]}}."""
    clients = {engine: opener(blocks) for engine, opener in ready.items()}
    answers = {kind: {engine: [] for engine in clients} for kind in actions}
    for kind, path in actions.items():
        for number in range(-1, rounds):
            order = list(clients)
            shift = number % len(order) if order else 0
            for engine in order[shift:] + order[:shift]:
                try:
                    # The round before the first counts contacts and warms up; it is not kept.
                    answer = clients[engine].round(kind, seconds if number >= 0 else 0.05, path)
                except environments.Missing as missing:
                    print(f"without {engine}, {blocks} blocks: {missing}", file=sys.stderr)
                    clients.pop(engine).close()
                    for by_engine in answers.values():
                        by_engine.pop(engine, None)
                    continue
                if number >= 0:
                    answers[kind][engine].append(answer)
    for client in clients.values():
        client.close()
    return answers


def summary(rows, reference):
    """Medians of one engine's rounds, and its ratio to the reference paired by round."""
    rates = [row["steps"] / row["seconds"] for row in rows]
    ticks = [row["tick_seconds"] for row in rows if row["tick_seconds"] is not None]
    result = {
        "steps_per_second": statistics.median(rates),
        "tick_seconds": statistics.median(ticks) if ticks else None,
        "contact_fraction": rows[0]["contact_fraction"],
        "build": rows[0]["build"],
        "rounds": rows,
    }
    if reference:
        base = [row["steps"] / row["seconds"] for row in reference]
        ratios = [rate / other for rate, other in zip(rates, base, strict=True)]
        result["ratio"] = {
            "median": statistics.median(ratios),
            "min": min(ratios),
            "max": max(ratios),
        }
    return result


def line(kind, blocks, engine, result):
    ratio, tick, contact = result.get("ratio"), result["tick_seconds"], result["contact_fraction"]
    text = f"{ratio['median']:.2f} ({ratio['min']:.2f}..{ratio['max']:.2f})" if ratio else "-"
    tick = f"{tick * 1e6:.1f}" if tick else "-"
    contact = f"{contact:.0%}" if contact is not None else "-"
    rate = f"{result['steps_per_second']:.0f}"
    return f"{kind:8} {blocks:>6}  {engine:17} {rate:>8}  {text:24} {tick:>8} {contact:>8}"


def main():
    chosen = arguments()
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    try:
        actions = write_actions(target, chosen.kinds)
    except environments.Missing as missing:
        sys.exit(f"cannot start: {missing}")
    ready = openers(chosen.engines, target)
    digests = {
        kind: hashlib.sha256(path.read_bytes()).hexdigest() for kind, path in actions.items()
    }
    report = {"machine": platform.machine(), "actions_sha256": digests, "results": []}
    header = ("kind", "blocks", "engine", "steps/s", "times the reference", "tick us", "contact")
    print("{:8} {:>6}  {:17} {:>8}  {:24} {:>8} {:>8}".format(*header))
    for blocks in chosen.blocks:
        answers = measure(ready, blocks, actions, chosen.rounds, chosen.seconds)
        for kind, by_engine in answers.items():
            for engine, rows in by_engine.items():
                result = summary(rows, by_engine.get("reference"))
                print(line(kind, blocks, engine, result), flush=True)
                named = {"kind": kind, "blocks": blocks, "engine": engine, **result}
                report["results"].append(named)
    path = target / "peers" / "result.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"written to {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
