"""One recorder of a file at a time, and no way of ending loses more than the episode in it."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor.errors import OrderError, SettingError, TrifactorError
from trifactor.record import Dataset, RecordEpisodes, RecordVectorEpisodes

SHORT: dict[str, Any] = {"skip_frame": 1, "max_episode_length": 3}


def make(batch: bool = False) -> Any:
    """A world of short episodes, or two of them."""
    if not batch:
        return gym.make("trifactor/Pushing-v0", **SHORT)
    settings = {"num_threads": 1, "autoreset_mode": "Disabled", **SHORT}
    return trifactor.TriFingerVectorEnv(2, **settings)


def play(env: Any, seed: int, steps: int = 3) -> None:
    """An episode of a seed, or a part of one; what fails is tried to its end."""
    failed: Exception | None = None
    action = np.zeros(env.action_space.shape)
    for call in [lambda: env.reset(seed=10 * seed), *[lambda: env.step(action)] * steps]:
        try:
            call()
        except TrifactorError as error:
            failed = error
    if failed is not None:
        raise failed


def recorder(path: Any, batch: bool = False, **more: Any) -> Any:
    """A recorder of a world of its own."""
    return RecordEpisodes(make(batch), path, **more)


def seeds(path: Any, batch: bool = False) -> list[int]:
    """The seeds of the episodes that can be read, all of which agree when they are re-run."""
    data = Dataset(path)
    assert data.verify(num_threads=1, allow_truncated=True).fraction == 1.0
    found = sorted(episode.states[0].seed for episode in data)
    if batch:
        assert found[1::2] == [seed + 1 for seed in found[::2]]
        found = found[::2]
    return [seed // 10 for seed in found]


# Two whole episodes and two steps of a third one are recorded; then it ends like this. The seeds that
# are left, and whether nothing is missing at the file's end.
WHOLE, BROKEN_OFF = ([1, 2, 3], True), ([1, 2], False)
ENDINGS = {
    "close": ("env.close()", *WHOLE),
    "close twice": ("env.close(); env.close()", *WHOLE),
    "the end of the script": ("", *WHOLE),
    "an exception": ("raise RuntimeError('on purpose')", *WHOLE),
    "an exit": ("sys.exit(3)", *WHOLE),
    # A shell's background jobs ignore interrupts, and what they start inherits that.
    "an interrupt": (
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        "os.kill(os.getpid(), signal.SIGINT); time.sleep(9)",
        *WHOLE,
    ),
    "no more references": ("del env; gc.collect()", *WHOLE),
    "a cycle of references": ("env.itself = env; del env; gc.collect()", *WHOLE),
    "the environment closed": ("env.unwrapped.close(); del env", *WHOLE),
    "an exit without ado": ("os._exit(0)", *BROKEN_OFF),
    "a signal": ("os.kill(os.getpid(), signal.SIGTERM)", *BROKEN_OFF),
    "a kill": ("os.kill(os.getpid(), signal.SIGKILL)", *BROKEN_OFF),
    "a fork that exits": ("fork(sys.exit); env.close()", *WHOLE),
    "a fork that closes": ("fork(env.close); env.close()", *WHOLE),
    "a fork that drops it": ("fork(lambda: globals().pop('env')); env.close()", *WHOLE),
    "a fork that records": ("fork(records); env.close()", *WHOLE),
    "a fork that appends": ("fork(appends); env.close()", *WHOLE),
    "a fork that outlives": (
        "os.fork() and os.kill(os.getpid(), signal.SIGKILL); time.sleep(0.1); os._exit(0)",
        *BROKEN_OFF,
    ),
    "a disk that was full for a while": (
        "full(play, env, 4); play(env, 5); env.close()",
        [1, 2, 3, 4, 5],
        True,
    ),
    "a disk that was full at the end": ("full(env.close); env.close()", *WHOLE),
    "a kill while the disk is full": (
        "full(play, env, 4); os.kill(os.getpid(), signal.SIGKILL)",
        *BROKEN_OFF,
    ),
}
FAILING = {
    "an exception",
    "an exit",
    "an interrupt",
    "a signal",
    "a kill",
    "a kill while the disk is full",
    "a fork that outlives",
}

DRIVER = """
import gc, json, os, resource, signal, sys, time
sys.path.insert(0, sys.argv[1])
from test_recorders import ENDINGS, TrifactorError, play, recorder

def fork(then):
    child = os.fork()
    if child == 0:
        then()
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status

def refused(call, reason):
    try:
        call()
    except TrifactorError as error:
        assert reason in str(error), error
    else:
        raise AssertionError("nothing was refused")

def records():
    refused(lambda: env.step(env.action_space.sample()), "forked")
    refused(lambda: env.reset(seed=5), "forked")

def appends():
    refused(lambda: recorder(path, batch, append=True), "another recorder")

def full(call, *arguments):
    # No file can grow.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(path) + 100, before[1]))
    refused(lambda: call(*arguments), "too large")
    resource.setrlimit(resource.RLIMIT_FSIZE, before)

folder, statuses = sys.argv[2], {}
for batch in (False, True):
    for name, (ending, *_) in ENDINGS.items():
        path = os.path.join(folder, f"{name} {batch}.arrow")
        child = os.fork()
        if child == 0:
            env = recorder(path, batch)
            for seed, steps in ((1, 3), (2, 3), (3, 2)):
                play(env, seed, steps)
            exec(ending)
            sys.exit(0)
        statuses[path] = os.waitpid(child, 0)[1]
print(json.dumps(statuses))
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: Any) -> Any:
    """A folder with a recording for every way of ending, and the processes' exit statuses."""
    folder = tmp_path_factory.mktemp("endings")
    command = [sys.executable, "-c", DRIVER, os.path.dirname(__file__), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot fork here")
@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
@pytest.mark.parametrize("name", ENDINGS)
def test_no_way_of_ending_loses_more_than_the_episode_in_it(
    ended: Any, name: str, batch: bool
) -> None:
    """What was over is read, agrees, and the file can be gone on with."""
    folder, statuses, errors = ended
    path = folder / f"{name} {batch}.arrow"
    _, expected, closed = ENDINGS[name]
    assert (statuses[str(path)] != 0) == (name in FAILING), errors
    assert seeds(path, batch) == expected
    data = Dataset(path)
    assert (data.closed, data.cut) == (closed, 0)
    env = recorder(path, batch, append=True)
    play(env, 9)
    env.close()
    assert seeds(path, batch) == [*expected, 9]


@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
def test_a_second_recorder_of_a_file_is_refused_until_the_first_is_closed(
    tmp_path: Any, batch: bool
) -> None:
    """In one process, whoever asks; four episodes, none of which is missing."""
    path = tmp_path / "one.arrow"
    first = recorder(path, batch)
    play(first, 0)
    for more in ({"append": True}, {}):
        with pytest.raises(TrifactorError, match=r"one\.arrow"):
            recorder(path, batch, **more)
    play(first, 1)
    first.close()
    second = recorder(path, batch, append=True)
    play(second, 2)
    play(second, 3)
    second.close()
    assert seeds(path, batch) == [0, 1, 2, 3]


def test_an_environment_is_recorded_into_one_file_at_a_time(tmp_path: Any) -> None:
    """A second recorder of it would end the first without a word."""
    world = make()
    first = RecordEpisodes(world, tmp_path / "a.arrow")
    play(first, 1)
    with pytest.raises(SettingError, match=r"a\.arrow is recorded into already|a\.arrow"):
        RecordEpisodes(first, tmp_path / "b.arrow")
    assert not (tmp_path / "b.arrow").exists()
    play(first, 2)
    first.close()
    second = RecordEpisodes(world, tmp_path / "b.arrow")
    first.close()
    play(second, 3)
    second.close()
    assert (seeds(tmp_path / "a.arrow"), seeds(tmp_path / "b.arrow")) == ([1, 2], [3])


@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
def test_a_closed_recorder_takes_no_steps_that_nothing_would_record(
    tmp_path: Any, batch: bool
) -> None:
    """The environment in it does."""
    env = recorder(tmp_path / "closed.arrow", batch)
    play(env, 1)
    inner = env.env
    env.close()
    for call in (env.reset, lambda: env.step(np.zeros(env.action_space.shape))):
        with pytest.raises(OrderError, match="closed"):
            call()
    if not batch:
        play(inner, 2)
    assert seeds(tmp_path / "closed.arrow", batch) == [1]


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed here")
def test_a_file_that_is_removed_or_written_into_by_others_is_noticed(tmp_path: Any) -> None:
    """With the reason, in the first episode that ends after that."""
    path = tmp_path / "disturbed.arrow"
    env = recorder(path)
    play(env, 1)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(TrifactorError, match="something else writes into it"):
        play(env, 2)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 4)
    play(env, 3)
    env.close()
    assert seeds(path) == [1, 2, 3]
    env = recorder(path, append=True)
    path.unlink()
    with pytest.raises(TrifactorError, match="removed"):
        play(env, 4)
    # Or the collector of garbage would say it again.
    env._end.detach()


@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
def test_an_open_recorder_is_neither_copied_nor_pickled_and_a_closed_one_is(
    tmp_path: Any, batch: bool
) -> None:
    """Two copies would be two writers; and what wraps a recorder is refused with it."""
    env = recorder(tmp_path / "open.arrow", batch)
    play(env, 1, 2)
    wrapped = env if batch else gym.wrappers.TransformReward(env, abs)
    for copy in (deepcopy, pickle.dumps):
        for each in (env, wrapped):
            with pytest.raises(OrderError, match="one writer"):
                copy(each)
    assert isinstance(deepcopy(env.unwrapped), type(env.unwrapped))
    play(env, 2)
    env.close()
    for again in (deepcopy(env), pickle.loads(pickle.dumps(env))):
        assert isinstance(again, (RecordEpisodes, RecordVectorEpisodes))
        with pytest.raises(OrderError, match="closed"):
            again.reset()
    assert seeds(tmp_path / "open.arrow", batch) == [1, 2]
