"""The paper's set-up in one file: trains under curricula 0, 1 and 2, and evaluates on P0 to P11.

    pip install trifactor[sb3] matplotlib tqdm
    python examples/paper_curricula/run.py --out runs/paper

Under every curriculum, and for every training seed, Stable-Baselines3's PPO learns the task in a
batch of worlds. The policies of a curriculum are then the runs of one evaluation, in the frozen
worlds of every protocol. For every task the folder holds

    curriculum-C/seed-S/    the policy, the normalisation of its observations, its training curve
    curriculum-C/scores.json
    report.html             the three curricula side by side, with its pictures
    results.md, curves.svg  last fractional success by protocol; training curves

What was trained for as many steps already is not trained again.
"""

import argparse
import csv
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import gymnasium as gym
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecNormalize
from tqdm import tqdm

import trifactor
from trifactor.curriculum import CurriculumWrapper
from trifactor.sb3 import SB3VecEnv

CURRICULA = {
    "0": "nothing changes",
    "1": "a new goal in every episode",
    "2": "everything changes in every episode",
}
"""The paper's (its section 4), each within space A."""

METRICS = {"last_fractional_success": "exact", "aabb_last_fractional_success": "boxes"}
"""What the table shows: the paper's figure, by volume and as the reference measures it."""

GAMMA = 0.99
"""The paper's discount."""


@dataclass
class Task:
    """How a family is trained and evaluated; parameters left out are the family's own."""

    id: str
    params: dict = field(default_factory=dict)
    episode_length: int = 250
    """In control steps of 0.04 s."""
    log_std: float = -1.0
    """Of the first policy: how far it scatters the joints' targets, half their range being 1."""


TASKS = {
    # What docs/learning.md found to learn: rewards of the reference's own script for pushing
    # alone, episodes of 4 s, and a first policy that scatters its targets little.
    "pushing": Task(
        "trifactor/Pushing-v0",
        {"dense_reward_weights": [2500.0, 2500.0, 0.0], "fractional_reward_weight": 100.0},
        episode_length=100,
        log_std=-2.0,
    ),
    # The benchmark's rewards and times; nothing here says that they are learned in an hour.
    "picking": Task("trifactor/Picking-v0"),
    "pick_and_place": Task("trifactor/PickAndPlace-v0", episode_length=500),
    "stacking2": Task("trifactor/Stacking2-v0", episode_length=500),
}


@dataclass
class Sizes:
    """How much is trained."""

    steps: int
    worlds: int
    batch_size: int


def settings(task):
    """What training and evaluation have in common, as arguments of the environment."""
    return {
        "skip_frame": 10,
        "max_episode_length": task.episode_length,
        "task_params": task.params,
    }


class Curve(BaseCallback):
    """Shows a bar, and notes the mean fractional success at the end of training episodes."""

    def __init__(self, bar):
        super().__init__()
        self.bar, self.rows, self.start = bar, [], time.monotonic()

    def _on_step(self):
        self.bar.update(self.training_env.num_envs)
        return True

    def _on_rollout_end(self):
        # A rollout is one episode in every world, so this step was the last of all of them.
        ends = [info["fractional_success"] for info in self.locals["infos"]]
        self.rows.append(
            {
                "steps": self.num_timesteps,
                "seconds": round(time.monotonic() - self.start, 1),
                "fractional_success": round(sum(ends) / len(ends), 4),
            }
        )


def train(name, curriculum, seed, sizes, folder, place=0):
    """Train one policy and save it with what it needs, unless it is there already."""
    task, policy = TASKS[name], folder / "policy.zip"
    if policy.exists() and PPO.load(policy, device="cpu").num_timesteps >= sizes.steps:
        return
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    envs = gym.make_vec(
        task.id,
        num_envs=sizes.worlds,
        num_threads=1,
        autoreset_mode="SameStep",
        variables_space="space_a",
        **settings(task),
    )
    # Rewards are in the hundreds. Unscaled, the value's gradient fills the norm to which both are
    # clipped together, and the policy stands still.
    envs = VecNormalize(SB3VecEnv(CurriculumWrapper(envs, curriculum)), gamma=GAMMA)
    model = PPO(
        "MlpPolicy",
        envs,
        # The paper's, but for the learning rate (2.5e-4 there), the entropy bonus (0.01), and
        # rollouts of one episode in 64 worlds in place of 120,000 steps, 3,000 in a minibatch.
        learning_rate=5e-4,
        n_steps=task.episode_length,
        batch_size=sizes.batch_size,
        n_epochs=5,
        gamma=GAMMA,
        gae_lambda=0.95,
        clip_range=0.2,
        vf_coef=0.5,
        max_grad_norm=0.5,
        policy_kwargs={
            "net_arch": [256, 256],
            "activation_fn": torch.nn.Tanh,
            "log_std_init": task.log_std,
        },
        seed=seed,
        device="cpu",
    )
    # Runs with other seeds have other worlds; those of protocols have seeds far from these.
    envs.seed(sizes.worlds * seed)
    label = f"{name}, curriculum {curriculum}, seed {seed}"
    with tqdm(total=sizes.steps, desc=label, unit="step", position=place) as bar:
        curve = Curve(bar)
        model.learn(sizes.steps, callback=curve)
    with open(folder / "curve.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(curve.rows[0]))
        writer.writeheader()
        writer.writerows(curve.rows)
    envs.save(folder / "normalize.pkl")
    model.save(policy)


class Trained:
    """A saved policy as a function of a batch of observations."""

    def __init__(self, name, folder):
        self.model = PPO.load(folder / "policy.zip", device="cpu")
        like = gym.make_vec(TASKS[name].id, num_envs=1, autoreset_mode="SameStep", num_threads=1)
        self.normalize = VecNormalize.load(folder / "normalize.pkl", SB3VecEnv(like)).normalize_obs

    def __call__(self, observations):
        """The mean actions."""
        return self.model.predict(self.normalize(observations), deterministic=True)[0]


def evaluate(name, folder, seeds, options):
    """Evaluate the policies of every curriculum; the scores, and the report on disk."""
    found = []
    for curriculum in CURRICULA:
        own = folder / f"curriculum-{curriculum}"
        scores = trifactor.evaluate(
            {str(seed): Trained(name, own / f"seed-{seed}") for seed in seeds},
            name,
            protocols="all",
            worlds=options.evaluation_worlds,
            name=f"curriculum {curriculum}",
            num_threads=options.jobs,
            progress=True,
            **settings(TASKS[name]),
        )
        scores.save(own / "scores.json")
        found.append(scores)
    found[0].report(folder, *found[1:])
    (folder / "results.md").write_text(table(found))
    return found


def table(found):
    """The means as a table in Markdown: a row for each curriculum and kind of overlap."""
    names = found[0].protocols
    lines = [["curriculum", "overlap", *names, "all"], ["---"] * (len(names) + 3)]
    for curriculum, scores in zip(CURRICULA, found, strict=True):
        for metric, overlap in METRICS.items():
            means = [scores.mean(protocol, metric) for protocol in [*names, None]]
            lines.append([curriculum, overlap, *(f"{mean:.2f}" for mean in means)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def draw(folder, seeds):
    """Draw the training curves, each point a mean over the last twenty rollouts."""
    import matplotlib

    matplotlib.use("Agg")
    # So that the same curves are the same file.
    matplotlib.rcParams["svg.hashsalt"] = "trifactor"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for turn, (curriculum, words) in enumerate(CURRICULA.items()):
        for seed in seeds:
            with open(folder / f"curriculum-{curriculum}" / f"seed-{seed}" / "curve.csv") as file:
                rows = list(csv.DictReader(file))
            ends = [float(row["fractional_success"]) for row in rows]
            smooth = [sum(ends[max(0, i - 19) : i + 1]) / min(i + 1, 20) for i in range(len(ends))]
            steps = [int(row["steps"]) / 1e6 for row in rows]
            label = f"curriculum {curriculum}: {words}" if seed == seeds[0] else None
            axes.plot(steps, smooth, color=f"C{turn}", label=label)
    axes.set(xlabel="million steps", ylabel="fractional success, training worlds", ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="x-small")
    figure.savefig(folder / "curves.svg", metadata={"Date": None})


def main(arguments=None):
    """Train, evaluate, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=["pushing"])
    parser.add_argument("--steps", type=int, default=1_000_000, help="of every policy")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--worlds", type=int, default=64, help="that a policy learns in")
    parser.add_argument("--evaluation-worlds", type=int, default=200, help="of every protocol")
    parser.add_argument("--jobs", type=int, default=2, help="policies that learn side by side")
    parser.add_argument("--out", type=Path, default=Path("runs/paper"))
    parser.add_argument("--quick", action="store_true", help="a minute, to see that it runs")
    options = parser.parse_args(arguments)
    sizes = Sizes(options.steps, options.worlds, batch_size=400)
    if options.quick:
        sizes = Sizes(steps=1, worlds=4, batch_size=100)
        options.seeds, options.evaluation_worlds = options.seeds[:1], 2
    runs = [
        (name, curriculum, seed, sizes, options.out / name / f"curriculum-{curriculum}/seed-{seed}")
        for name in options.tasks
        for seed in options.seeds
        for curriculum in CURRICULA
    ]
    if options.jobs == 1:
        for run in runs:
            train(*run)
    else:
        context = get_context("spawn")
        lock = context.RLock()  # With it, bars of several processes keep to their lines.
        with ProcessPoolExecutor(options.jobs, context, tqdm.set_lock, (lock,)) as pool:
            waiting = [pool.submit(train, *run, place) for place, run in enumerate(runs)]
            for one in waiting:
                one.result()
    found = {}
    for name in options.tasks:
        found[name] = evaluate(name, options.out / name, options.seeds, options)
        draw(options.out / name, options.seeds)
        print(f"\n{name}: last fractional success\n{table(found[name])}")
    return found


if __name__ == "__main__":
    main()
