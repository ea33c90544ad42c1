"""Copies and pickles of everything public are whole; a class that this page does not know fails it."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import pickle
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import VectorEnv

import trifactor
from trifactor import causal, errors, record
from trifactor.augment import RecordReplay, Replay
from trifactor.curriculum import actors
from trifactor.record import Dataset, RecordEpisodes
from trifactor.sprites import SpriteEnv

SHORT: dict[str, Any] = {"skip_frame": 2, "max_episode_length": 5}
# Environments, wrappers of them and parts of these and of evaluations, which nobody is given.
PARTS = {
    "trifactor.causes.BatchCauses",
    "trifactor.causes.Causes",
    "trifactor.curriculum.document.Curriculum",
    "trifactor.interventions.BatchInterventions",
    "trifactor.interventions.Interventions",
    "trifactor.observation.Arrangement",
    "trifactor.observation.Extra",
    "trifactor.remaking.Making",
    "trifactor.remaking.WorldSpec",
    "trifactor.settings.Described",
    "trifactor.settings.Settings",
    "trifactor.trained.Trained",
    "trifactor.trained.World",
    "trifactor.worlds.OneByOne",
    "trifactor._trifactor.Snapshot",
    "trifactor.window.Window",
    "trifactor.wrappers.delays.Late",
}
# They need a trainer: tests/trainers has them.
TRAINERS = {"trifactor.sb3.SB3VecEnv"}


def public_modules() -> Iterator[str]:
    """Every module that a name without an underscore leads to."""
    yield "trifactor"
    for module in pkgutil.walk_packages(trifactor.__path__, "trifactor."):
        if not any(part.startswith("_") for part in module.name.split(".")):
            yield module.name


def public_classes() -> dict[str, Any]:
    """Every public class by the module that defines it; None where a trainer is needed."""
    found: dict[str, Any] = {}
    for name in public_modules():
        try:
            module = importlib.import_module(name)
        except ImportError:
            spec = importlib.util.find_spec(name)
            assert spec is not None and spec.origin is not None
            tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
            classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
            found.update({f"{name}.{one}": None for one in classes if not one.startswith("_")})
            continue
        for one, value in vars(module).items():
            own = isinstance(value, type) and value.__module__.split(".")[0] == "trifactor"
            # The native halves are parts of what is public, but for states.
            if own and not one.startswith(("_", "Native")):
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return found


def is_world(found: Any) -> bool:
    """Whether a class is an environment or a wrapper of one."""
    return isinstance(found, type) and issubclass(found, (gym.Env, VectorEnv))


def pushing(**settings: Any) -> Any:
    """A world in the midst of its first episode."""
    env = gym.make("trifactor/Pushing-v0", **{**SHORT, **settings})
    env.reset(seed=4)
    env.action_space.seed(4)
    for _ in range(3):
        env.step(env.action_space.sample())
    return env


def replay(steps: int = 12) -> Replay:
    """Some recorded steps, in several episodes of blocks of other masses."""
    made = Replay(gym.make("trifactor/Pushing-v0", **SHORT), capacity=steps)
    rng = np.random.default_rng(1)
    for step in range(steps):
        if step % 4 == 0:
            made._env.reset(seed=step)
            made._env.unwrapped.do_intervention({"tool_block": {"mass": 0.05 + 0.01 * step}})
        made.step(rng.uniform(-1, 1, 9))
    return made


def recorded(folder: Path) -> Path:
    """A file of two episodes."""
    path = folder / "two.arrow"
    if not path.exists():
        env = RecordEpisodes(pushing(), path, masks="sound", policy="chance")
        for seed in (1, 2):
            env.reset(seed=seed)
            for _ in range(5):
                env.step(env.action_space.sample())
        env.close()
    return path


def plain(value: Any) -> Any:
    """A value as what can be compared: arrays as bytes, objects by their fields."""
    if isinstance(value, trifactor.State):
        return value.to_json()
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), plain(vars(value))
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, BaseException):
        return type(value), str(value), plain(vars(value))
    if isinstance(value, (list, tuple)):
        attributes = vars(value) if hasattr(value, "__dict__") else {}
        return type(value), [plain(one) for one in value], plain(attributes)
    return value


def steps(made: Any) -> Any:
    """What a replay holds and makes, now and after more steps."""
    seen = [plain(made.arrays()), len(made)]
    made._env.reset(seed=99)
    for step in range(8):
        made.step(np.full(9, 0.1 * step))
    samples = made.coda(6, seed=3)
    return seen, plain(made.arrays()), made.touching_share(), sample_views(samples)


def sample_views(samples: Any) -> Any:
    """Everything that samples say."""
    each = [(samples.states(i), samples.check(i)) for i in range(len(samples))]
    whole = [samples.arrays(), samples.sources(), samples.learned(), samples.report]
    return plain([whole, each])


def frames(env: Any) -> Any:
    """What sprites do from now on, beyond the end of an episode."""
    seen = []
    for step in range(70):
        seen.append(plain(env.step(np.array([0.02 * step - 0.7, 0.3]))))
        if step % 20 == 19:
            seen.append(plain(env.reset()))
    return seen


def acts(policy: Any) -> Any:
    """What a policy does from now on in its own environment."""
    taken = []
    for _ in range(40):
        action = policy()
        taken.append(plain(action))
        policy._env.step(action)
    return taken


def scripted(folder: Path) -> Any:
    """A policy in the midst of its work."""
    policy = trifactor.scripted_policy(gym.make("trifactor/Pushing-v0", skip_frame=10))
    policy._env.reset(seed=1)
    for _ in range(25):
        policy._env.step(policy())
    return policy


def scripted_batch(folder: Path) -> Any:
    """A policy in two worlds."""
    envs = trifactor.TriFingerVectorEnv(2, num_threads=1, skip_frame=10)
    policy = trifactor.scripted_policy(envs)
    envs.reset(seed=1)
    for _ in range(5):
        envs.step(policy())
    return policy


def network(folder: Path) -> Any:
    """A network whose file is gone."""
    rng, data, header = np.random.default_rng(2), b"", {}
    for name, shape in (("0.weight", (9, 4)), ("0.bias", (9,))):
        numbers = rng.normal(size=shape).astype("<f4").tobytes()
        ends = [len(data), len(data) + len(numbers)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": ends}
        data += numbers
    text = json.dumps(header).encode()
    path = folder / "layer.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    made = trifactor.load_network(path)
    path.unlink()
    return made


def recording(folder: Path) -> Any:
    """A wrapper that fills a replay."""
    env = RecordReplay(pushing(), capacity=20)
    for _ in range(4):
        env.step(env.action_space.sample())
    return env


def after(env: Any) -> Any:
    """What a recording wrapper's replay holds after more steps, taken through the wrapper."""
    env.reset(seed=8)
    return [plain(env.step(np.full(9, 0.2))) for _ in range(3)], plain(env.replay.arrays())


def counterfactuals(folder: Path) -> Any:
    """An answer, and a question that was refused."""
    env = pushing().unwrapped
    questions = [({"tool_block": {"mass": 0.05}}, None), ({"tool_block": {"mass": -1.0}}, None)]
    return trifactor.counterfactuals(env, env.get_state(), np.zeros((3, 9)), questions)


def branch(folder: Path) -> Any:
    """What would come of some actions."""
    envs = trifactor.TriFingerVectorEnv(1, num_threads=1, **SHORT)
    envs.reset(seed=1)
    return envs.branch(envs.get_states()[0], np.zeros((1, 2, 9)))[0]


def refusal(folder: Path) -> Any:
    """An intervention that was refused, with the reason."""
    return pushing().unwrapped.do_intervention({"tool_block": {"mass": 50.0}})


def refusals(folder: Path) -> Any:
    """Interventions in a batch, one of them refused."""
    envs = trifactor.TriFingerVectorEnv(2, num_threads=1, **SHORT)
    envs.reset(seed=1)
    return envs.do_interventions([None, {"tool_block": {"mass": 50.0}}])


def scores(folder: Path) -> Any:
    """A short evaluation."""
    return trifactor.evaluate("idle", protocols="P0", worlds=2, resamples=20, **SHORT)


def score_views(found: Any) -> Any:
    """What scores say."""
    return found.document, found.summary(), dict(found.compare(found)), repr(found)


def data_views(data: Any) -> Any:
    """Everything that a data set holds."""
    return [plain(episode) for episode in data], data.world, data.policy, data.masks, data.closed


Case = tuple[Callable[[Path], Any], Callable[[Any], Any]]
# How an object of each class is made, and what is asked of it and of its copies.
CASES: dict[str, Case] = {
    "trifactor._trifactor.State": (lambda _: pushing().unwrapped.get_state(), plain),
    "trifactor.augment.RecordReplay": (recording, after),
    "trifactor.augment.Replay": (lambda _: replay(), steps),
    "trifactor.samples.Samples": (lambda _: replay().coda(9), sample_views),
    "trifactor.causal.Counterfactual": (
        lambda _: causal.Counterfactual(*[counterfactuals(_).factual] * 2),
        plain,
    ),
    "trifactor.causal.Counterfactuals": (counterfactuals, plain),
    "trifactor.causal.Course": (lambda _: counterfactuals(_).factual, plain),
    "trifactor.causal.Difference": (
        lambda _: counterfactuals(_).counterfactual[0].differences[0],
        plain,
    ),
    "trifactor.interventions.InterventionResult": (refusal, plain),
    "trifactor.scores.Comparison": (lambda _: scores(_).compare(scores(_)), dict),
    "trifactor.scores.Scores": (scores, score_views),
    "trifactor.policies.ScriptedPolicy": (scripted, acts),
    "trifactor.policies.ScriptedPolicy of a batch": (scripted_batch, acts),
    "trifactor.load_network": (network, lambda made: plain(made(np.ones((3, 4))))),
    "trifactor.record.Dataset": (lambda folder: Dataset(recorded(folder)), data_views),
    "trifactor.record.Difference": (lambda _: record.Difference(1, 2, "the reward", 0.5), plain),
    "trifactor.record.Episode": (lambda folder: Dataset(recorded(folder))[1], plain),
    "trifactor.record.Transition": (
        lambda folder: next(Dataset(recorded(folder))[0].transitions()),
        plain,
    ),
    "trifactor.record.Verification": (lambda folder: Dataset(recorded(folder)).verify(1), plain),
    "trifactor.sprites.SpriteEnv": (lambda _: sprites(), frames),
    "trifactor.interventions.BatchInterventionResult": (refusals, plain),
    "trifactor.causes.Branch": (branch, plain),
}
# Open recorders are refused; see test_recorders.py.
CASES.update(
    {
        f"trifactor.recorders.{name}": (
            lambda folder, batch=batch: closed(folder, batch),
            lambda env: type(env).__name__,
        )
        for name, batch in (("RecordEpisodes", False), ("RecordVectorEpisodes", True))
    }
)
# Actors are values.
for actor, settings in {
    actors.GoalActor: {},
    actors.RandomActor: {"variables": ["*/mass"], "space": "A"},
    actors.JointsActor: {},
    actors.RigidPoseActor: {"positions": False},
    actors.PhysicalPropertiesActor: {"group": "obstacle"},
    actors.VisualActor: {},
    actors.InterpolationActor: {"to": {"tool_block/mass": 0.05}, "episodes": (0, 9)},
    actors.FamilyInterpolationActor: {
        "from_family": "pushing",
        "to_family": "picking",
        "episodes": (1, 2),
    },
    actors.WideningActor: {"variables": ["*/mass"], "pace": {"window": 5}},
}.items():
    made = actor(**settings)
    name = f"{actor.__module__}.{actor.__qualname__}"
    CASES[name] = (lambda _, made=made: made, plain)


def sprites() -> SpriteEnv:
    """Sprites in the midst of their second episode."""
    env = SpriteEnv(2, sparse=True)
    env.reset(seed=3)
    env.reset()
    for _ in range(7):
        env.step(np.array([0.1, -0.2]))
    return env


def closed(folder: Path, batch: bool) -> Any:
    """A recorder that was closed."""
    world = trifactor.TriFingerVectorEnv(1, num_threads=1, **SHORT) if batch else pushing()
    env = RecordEpisodes(world, folder / "closed.arrow")
    env.reset()
    env.close()
    return env


def exceptions() -> dict[str, Any]:
    """An exception of every class, with all that it can hold."""
    own = {
        errors.OutOfSpaceError: ("a/b", [1.0], [0.0], [0.5]),
        errors.ImpossibleError: ("a/b",),
        errors.InfeasibleError: ("one", "two", 0.01),
        errors.UnknownVariableError: ("a/b", "a/c"),
    }
    found = [one for one in public_classes().values() if isinstance(one, type)]
    found = [one for one in found if issubclass(one, Exception)]
    return {f"{one.__module__}.{one.__qualname__}": one("why", *own.get(one, ())) for one in found}


@pytest.mark.parametrize("name", sorted(CASES))
def test_copies_and_pickles_answer_what_the_original_answers(tmp_path: Any, name: str) -> None:
    """In the midst of whatever it does, it goes on the same; each copy for itself."""
    make, view = CASES[name]
    made = make(tmp_path)
    copies = {"copied": deepcopy(made), "a copy's copy": deepcopy(deepcopy(made))}
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        copies[f"pickled by {protocol}"] = pickle.loads(pickle.dumps(made, protocol))
    expected = view(made)
    for how, copied in copies.items():
        assert type(copied) is type(made), how
        assert view(copied) == expected, how


def test_copies_and_pickles_of_exceptions_say_the_same() -> None:
    """With whatever they hold."""
    found = exceptions()
    assert len(found) > 8
    for name, error in found.items():
        for copied in (deepcopy(error), pickle.loads(pickle.dumps(error))):
            assert plain(copied) == plain(error), name


def test_every_public_class_has_a_promise_about_its_copies() -> None:
    """A new class wants a line in the table above, or belongs to those that other pages have."""
    found = public_classes()
    known = {*CASES, *exceptions(), *PARTS, *TRAINERS}
    unknown = [
        name
        for name, one in found.items()
        if name not in known and not is_world(one) and not getattr(one, "_is_protocol", False)
    ]
    assert not unknown
    assert {*PARTS, *TRAINERS} <= {*found}


SPAWNED = """
import multiprocessing, sys
from trifactor.record import Dataset

def rewards(asked):
    data, index = asked
    return [float(reward) for reward in data[index].rewards[1:]]

if __name__ == "__main__":
    data = Dataset(sys.argv[1])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.map(rewards, [(data, index) for index in range(len(data))])
    assert found == [rewards((data, index)) for index in range(len(data))] and len(found) == 2
"""


def test_a_worker_that_is_spawned_reads_the_data_set_it_is_given(tmp_path: Any) -> None:
    """By a path that was relative, from a process that was told nothing else."""
    recorded(tmp_path)
    script = tmp_path / "loader.py"
    script.write_text(SPAWNED)
    command = [sys.executable, str(script), "two.arrow"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_data_set_that_is_not_there_on_arrival_is_refused_by_name(tmp_path: Any) -> None:
    """And not read as another one in the folder where the worker happens to be."""
    data = Dataset(recorded(tmp_path))
    pickled = pickle.dumps(data)
    recorded(tmp_path).unlink()
    with pytest.raises(trifactor.TrifactorError, match=r"two\.arrow"):
        pickle.loads(pickled)
