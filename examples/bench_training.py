"""Steps per second of a batch alone, with a policy, and with training: what users compare.

    python examples/bench_training.py --worlds 1 16 64 256 --threads 1 2

The policy is a perceptron of two hidden layers of 256; training is Stable-Baselines3's PPO with
five epochs of minibatches of an eighth of a rollout. Rows are the medians of some rounds, taken in
turns. `trifactor bench` prints the same columns, the first two of them measured from Rust.
"""

import argparse
import statistics

from trifactor.rates import COLUMNS, training_rates


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--id", default="trifactor/Pushing-v0")
    parser.add_argument("--worlds", type=int, nargs="+", default=[64])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--skip-frame", type=int, default=3)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    kinds = [(worlds, threads) for worlds in options.worlds for threads in options.threads]
    rounds = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for worlds, threads in kinds:
            rates = training_rates(
                options.id, worlds, threads, steps=options.steps, skip_frame=options.skip_frame
            )
            rounds[worlds, threads].append(rates)
    print(f"{options.id}, skip_frame {options.skip_frame}, steps per second")
    print("| worlds | threads | " + " | ".join(COLUMNS) + " |")
    print("| ---: " * (2 + len(COLUMNS)) + "|")
    for (worlds, threads), measured in rounds.items():
        medians = [statistics.median(rates[name] for rates in measured) for name in COLUMNS]
        print(f"| {worlds} | {threads} | " + " | ".join(f"{rate:.0f}" for rate in medians) + " |")
    return rounds


if __name__ == "__main__":
    main()
