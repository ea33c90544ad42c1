"""The command line: `python -m trifactor`, and the console script `trifactor`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import statistics
import sys

from trifactor import _trifactor

ROUNDS = 3
"""How often training is measured."""


def main() -> int:
    """Run the command line on this process's arguments; return the exit status."""
    # Python would only note an interrupt and wait for the native code to return.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    arguments = sys.argv[1:]
    if arguments[:1] == ["bench"] and importlib.util.find_spec("stable_baselines3"):
        arguments += _training(arguments[1:])
    return _trifactor.main(arguments)


def _training(arguments: list[str]) -> list[str]:
    """What tells the native `bench` how fast training is, which it can not measure itself."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("place", nargs="?")
    parser.add_argument("--family")
    parser.add_argument("--skip-frame", type=int, default=10)
    parser.add_argument("--worlds", type=int, default=64)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--json", action="store_true")
    known, others = parser.parse_known_args(arguments)
    # Its own files, help and mistakes are the native command's business.
    family = known.family or known.place or "pushing"
    if others or (known.family and known.place) or family.endswith(".json"):
        return []
    from trifactor.rates import training_rates

    id = f"trifactor/{''.join(word.capitalize() for word in family.split('_'))}-v0"
    rates = []
    for threads in range(1, known.threads + 1):
        rounds = [
            training_rates(id, known.worlds, threads, skip_frame=known.skip_frame)["training"]
            for _ in range(ROUNDS)
        ]
        rates.append(f"{statistics.median(rounds):.0f}")
    return ["--training", ",".join(rates)]


if __name__ == "__main__":
    sys.exit(main())
