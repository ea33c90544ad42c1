"""How well a policy does in the frozen worlds of protocols, with statistics and a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import NativePlan, NativePolicy, NativeProbes, NativeRollout
from trifactor.custom import check_family
from trifactor.errors import NotFiniteError, SettingError, ShapeError
from trifactor.goal_vector import TriFingerGoalVectorEnv
from trifactor.networks import is_network, load_network
from trifactor.policies import NAMES
from trifactor.scores import Scores
from trifactor.trained import world_of
from trifactor.vector import TriFingerVectorEnv

PROBES = 200
"""In how many worlds it is asked whether the policy follows colours."""


@runtime_checkable
class Predictor(Protocol):
    """A model as Stable-Baselines3 has it."""

    def predict(
        self, observation: Any, state: Any = ..., episode_start: Any = ..., deterministic: bool = ...
    ) -> tuple[Any, Any]:
        """Actions for a batch of observations, and the memory of a recurrent policy."""


Policy: TypeAlias = str | PathLike[str] | Predictor | Callable[[Any], Any]
"""`scripted`, `mpc`, `random` or `idle`; a function of a batch of observations; a model; or the path
of a network, `FILE.onnx` or `FILE.safetensors`."""

Progress: TypeAlias = bool | Callable[[str, int, int], None]


def evaluate(
    policy: Policy | Mapping[str, Policy],
    family: str | PathLike[str] | Mapping[str, Any] | None = None,
    *,
    protocols: str | Sequence[str | Mapping[str, Any]] = "all",
    worlds: int = 200,
    seed: int = 0,
    out: str | PathLike[str] | None = None,
    name: str | None = None,
    goal_conditioned: bool | None = None,
    deterministic: bool = True,
    batch_size: int = 256,
    num_threads: int | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    invariance: str | None = "*/color",
    progress: Progress = False,
    **settings: Any,
) -> Scores:
    """Evaluate a policy in the worlds of protocols, the same for every policy.

    A model of Stable-Baselines3 is evaluated as its training environment is: its family, all other
    arguments of the environment, and what its trainer does to observations (`VecNormalize`). What
    you name here goes before that. Of other policies nothing is known but their spaces, where they
    have any: name the family and the settings that they were trained with.

    Args:
        policy: a function from a batch of observations to as many actions; a model with
            `predict`, as Stable-Baselines3 has them; the path of a network, `FILE.onnx` or
            `FILE.safetensors`, as `load_network` takes it; or the name of one that is built in:
            `scripted`, `mpc`, `random`, `idle`. For several training seeds, a dictionary of them by name.
        family: the task family, as `TriFingerEnv` takes it; None for the one that the policy was
            trained on, and where that is not known for `pushing`.
        protocols: `all`, the reference's for the family; `generated`; or names, in a list or
            separated by commas; in a list also protocols of your own, as dictionaries.
        worlds: of every protocol.
        seed: that the worlds are drawn from.
        out: a folder for `scores.json` and the report; None writes nothing.
        name: the policy's name in the report; None takes the class or function's.
        goal_conditioned: whether observations are those of `TriFingerGoalEnv`; None for what the
            policy takes, by its training environment or its observation space.
        deterministic: what `predict` is asked for.
        batch_size: the most worlds that are stepped side by side.
        num_threads: that step them; None for as many as the machine runs at once.
        resamples: of the bootstrap that makes the intervals.
        confidence: of the intervals.
        invariance: the variables that should not matter to the policy, as a glob; None asks not.
        progress: whether to show a bar, for which `tqdm` must be installed; or a function that is
            called with the protocol's name and how many of how many episodes have ended.
        settings: the other arguments of `TriFingerEnv`, such as `skip_frame`.

    Returns:
        The scores.

    Raises:
        SettingError: an argument is none of the values above, or the policy was trained in a world
            of other observations or actions; nothing has run then.
        ImportError: what runs the network is not installed.
        FormatError: the file holds no network.
        ShapeError: the policy gives no nine numbers for every observation.
        NotFiniteError: an action contains NaN or infinity; the message names the world.
    """
    several = policy if isinstance(policy, Mapping) else {"0": policy}
    if not several:
        raise SettingError("policy: the dictionary of runs is empty")
    for run, one in several.items():
        checks.text("policy: a run's name", run)
        _check_policy(one)
    if family is not None:
        check_family(family)
    worlds, seed = checks.count("worlds", worlds), checks.seed(seed)
    batch_size = checks.count("batch_size", batch_size)
    resamples = checks.count("resamples", resamples)
    confidence = checks.number("confidence", confidence, 0.0, 1.0)
    deterministic = checks.flag("deterministic", deterministic)
    if goal_conditioned is not None:
        goal_conditioned = checks.flag("goal_conditioned", goal_conditioned)
    if not (isinstance(progress, bool) or callable(progress)):
        raise SettingError(f"progress {checks.shown(progress)}: choose a bool or a function")
    folder = None if out is None else Path(checks.path("out", out))
    name = None if name is None else checks.text("name", name)
    invariance = None if invariance is None else checks.text("invariance", invariance)
    world = world_of(several, family, goal_conditioned, settings)
    like = world.like
    ready = {run: _ready(one, like) for run, one in several.items()}
    for run, one in ready.items():
        world.check(run, one)
    threads = checks.threads(num_threads)
    listed = [protocols] if isinstance(protocols, str) else protocols
    texts = [
        one if isinstance(one, str) else checks.document("protocols", one)
        for one in checks.sequence("protocols", listed, "names or documents")
    ]
    plan = NativePlan(like._single._native, texts, worlds, seed, threads)
    names = plan.protocols()
    found: str | None = None
    with _Progress(progress, len(several) * len(names) * worlds) as told:
        for run, one in ready.items():
            plan.begin(run)
            for protocol in names:
                if isinstance(one, str):
                    plan.drive(like._single._native, one)
                    told(protocol, worlds)
                    continue
                rollout = plan.rollout(batch_size, threads)
                actor = _Actor(one, like, partial(world.prepare, run), deterministic)
                _roll(rollout, actor, partial(told, protocol))
                plan.finish(rollout)
            if invariance is not None and found is None:
                probes = plan.probes(invariance, PROBES)
                found = _judged(probes, one, like, partial(world.prepare, run), deterministic)
    first = next(iter(several.values()))
    scores = Scores(plan.scores(name or _named(first), resamples, confidence, found))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        scores.save(folder / "scores.json")
        scores.report(folder)
    return scores


def evaluation_callback(every: int, *, log: str = "evaluation", **arguments: Any) -> Any:
    """Make a callback for Stable-Baselines3 that evaluates the model while it learns.

    The means of every metric are recorded under `LOG/PROTOCOL/METRIC`, and `history` of the
    callback holds pairs of time steps and `Scores`.

    Args:
        every: environment steps between two evaluations; the first comes after as many.
        log: what the names of what is recorded begin with.
        arguments: of `evaluate`, but for the policy; `out` becomes the parent of a folder for
            every evaluation.

    Raises:
        SettingError: `every` is no positive number.
        ImportError: `stable_baselines3` is not installed.
    """
    from stable_baselines3.common.callbacks import BaseCallback

    every = checks.count("every", every)

    class EvaluationCallback(BaseCallback):
        """Evaluates the model on protocols every so many steps."""

        def __init__(self) -> None:
            super().__init__()
            self.history: list[tuple[int, Scores]] = []
            self._next = every

        def __reduce__(self) -> Any:
            """The class lives in a function, which a copy asks for it again."""
            made = partial(evaluation_callback, every, log=log, **arguments)
            return made, (), self.__dict__

        def _on_step(self) -> bool:
            if self.num_timesteps < self._next:
                return True
            self._next = self.num_timesteps + every
            own = dict(arguments)
            if own.get("out") is not None:
                own["out"] = Path(own["out"]) / f"{self.num_timesteps:09d}"
            scores = evaluate(self.model, **own)
            self.history.append((self.num_timesteps, scores))
            for protocol in scores.protocols:
                for metric in scores.document["overall"]:
                    mean = scores.mean(protocol, metric)
                    self.logger.record(f"{log}/{protocol}/{metric}", mean)
            return True

    return EvaluationCallback()


def _ready(policy: Any, like: TriFingerVectorEnv) -> Any:
    """The policy as it is asked; refuses what could not be, before anything runs."""
    if is_network(policy):
        return load_network(policy, like.single_action_space)
    if isinstance(policy, str):
        if policy not in NAMES:
            known = f"{', '.join(NAMES)}, FILE.onnx or FILE.safetensors"
            raise SettingError(f"policy '{policy}': choose {known}, or pass a function or a model")
        NativePolicy(like._single._native, policy)
    return policy


class _Actor:
    """A policy in Python, with the memory that a recurrent one has."""

    def __init__(
        self,
        policy: Any,
        like: TriFingerVectorEnv,
        prepare: Callable[[Any], Any],
        deterministic: bool,
    ) -> None:
        self.policy, self.like, self.deterministic = policy, like, deterministic
        self.prepare = prepare
        self.memory: Any = None

    def act(
        self,
        rows: int,
        begun: NDArray[np.bool_],
        observe_into: Callable[[Any], None],
        goals_into: Callable[[Any, Any], None],
    ) -> NDArray[np.float64]:
        numbers, goals = self.like._lengths
        buffers: list[NDArray[Any]] = [np.empty((rows, numbers), self.like._dtype)]
        observe_into(buffers[0])
        if isinstance(self.like, TriFingerGoalVectorEnv):
            buffers += [np.empty((rows, goals)) for _ in range(2)]
            goals_into(buffers[1], buffers[2])
        seen = self.prepare(self.like._shown_final(tuple(buffers)))
        if hasattr(self.policy, "predict"):
            actions, self.memory = self.policy.predict(
                seen, state=self.memory, episode_start=begun, deterministic=self.deterministic
            )
        else:
            actions = self.policy(seen)
        return _checked(actions, rows)


def _checked(actions: Any, rows: int) -> NDArray[np.float64]:
    if hasattr(actions, "detach"):
        actions = actions.detach().cpu().numpy()
    numbers = checks.numbers("the policy's actions", actions, (rows, 9))
    if not np.isfinite(numbers).all():
        raise NotFiniteError("the policy's actions contain NaN or infinity")
    return np.ascontiguousarray(numbers)


def _roll(rollout: NativeRollout, actor: _Actor, told: Callable[[int], None]) -> None:
    ended = 0
    while not rollout.is_over():
        begun = np.array(rollout.begun(), np.bool_)
        rollout.step(actor.act(len(begun), begun, rollout.observe_into, rollout.goals_into))
        if rollout.ended() > ended:
            told(rollout.ended() - ended)
            ended = rollout.ended()


def _judged(
    probes: NativeProbes,
    policy: Any,
    like: TriFingerVectorEnv,
    prepare: Callable[[Any], Any],
    exact: bool,
) -> str:
    if isinstance(policy, str):
        return probes.drive(policy)
    begun = np.ones(probes.rows(), np.bool_)

    def asked(changed: bool) -> NDArray[np.float64]:
        # Afresh: what a recurrent policy remembers of the one world is no part of the other.
        actor = _Actor(policy, like, prepare, exact)
        observe, goals = probes.observe_into, probes.goals_into
        return actor.act(len(begun), begun, partial(observe, changed), partial(goals, changed))

    return probes.judge(asked(False), asked(True))


def _check_policy(policy: Any) -> None:
    known = isinstance(policy, (str, PathLike)) or hasattr(policy, "predict") or callable(policy)
    if not known or isinstance(policy, type):
        raise SettingError(
            f"policy {checks.shown(policy)}: pass a name, the path of a network, a function of "
            "observations, or a model with `predict`"
        )


def _named(policy: Any) -> str:
    if is_network(policy):
        return Path(policy).stem
    if isinstance(policy, str):
        return policy
    return str(getattr(policy, "__name__", type(policy).__name__))


class _Progress:
    """Tells how far an evaluation is, to a function, to a bar, or to nobody."""

    def __init__(self, wanted: Progress, total: int) -> None:
        self.wanted, self.total, self.done = wanted, total, 0
        self.bar: Any = None

    def __enter__(self) -> _Progress:
        if self.wanted is True:
            # Has no types of its own.
            bars = import_module("tqdm.auto")
            self.bar = bars.tqdm(total=self.total, unit="episode")
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, protocol: str, count: int) -> None:
        self.done += count
        if self.bar is not None:
            self.bar.set_description(protocol)
            self.bar.update(count)
        elif callable(self.wanted):
            self.wanted(protocol, self.done, self.total)
