"""Many environments at once: Gymnasium's conventions, and the same bits as one."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv, VectorWrapper

import trifactor
from trifactor.testing import check_vector_env

MODES = list(AutoresetMode)
SHORT = {"skip_frame": 1, "max_episode_length": 6}


def make(name="Pushing", num_envs=3, **settings):
    return gym.make_vec(
        f"trifactor/{name}-v0",
        num_envs=num_envs,
        vectorization_mode="vector_entry_point",
        **{**SHORT, **settings},
    )


def rollout(envs, steps=10, seed=5):
    """What a seeded run of random actions shows, as bytes."""
    observations, _ = envs.reset(seed=seed)
    rng = np.random.default_rng(seed)
    shown = [observations.tobytes()]
    for _ in range(steps):
        actions = rng.uniform(-1.0, 1.0, envs.action_space.shape)
        observations, *rest = envs.step(actions)
        shown += [observations.tobytes(), *(part.tobytes() for part in rest[:3])]
    return shown


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["Pushing", "ReachingGoal", "PushingGoal"])
@pytest.mark.parametrize("copy", [True, False])
def test_the_checker_finds_nothing_in_any_mode(name, mode, copy):
    check_vector_env(make(name, autoreset_mode=mode, copy=copy, num_threads=2))


@pytest.mark.parametrize(
    "settings",
    [
        {"observation_mode": "entities"},
        {"observation_mode": "entities", "context": "all"},
        {"observe": ["*/cartesian_position"], "dtype": "float64"},
        {"max_blocks": 3},
    ],
    ids=str,
)
def test_every_form_of_an_observation_comes_in_batches(settings):
    check_vector_env(make("Stacking2", autoreset_mode="SameStep", **settings))


def test_every_id_makes_a_batch():
    for name, spec in gym.registry.items():
        # The sprites have no batch of their own, and a custom family needs its document.
        if name.startswith("trifactor/") and not any(x in name for x in ("Custom", "Sprites")):
            envs = gym.make_vec(name, num_envs=2)
            assert isinstance(envs.unwrapped, trifactor.TriFingerVectorEnv), name
            assert envs.reset(seed=0)[0] in envs.observation_space
            assert isinstance(spec.vector_entry_point, str)
            envs.close()


@pytest.mark.parametrize("mode", MODES)
def test_a_batch_shows_what_gymnasiums_own_shows(mode):
    ours = make(autoreset_mode=mode, num_threads=2)
    theirs = SyncVectorEnv(
        [lambda: gym.make("trifactor/Pushing-v0", **SHORT)] * 3, autoreset_mode=mode
    )
    first, second = ours.reset(seed=3), theirs.reset(seed=3)
    ended = np.zeros(3, np.bool_)
    for step in range(16):
        assert_alike(first, second)
        if mode == AutoresetMode.DISABLED and ended.any():
            resets = [envs.reset(options={"reset_mask": ended.copy()}) for envs in (ours, theirs)]
            assert_alike(*resets)
        actions = np.random.default_rng(step).uniform(-1, 1, (3, 9)).astype(np.float32)
        first, second = ours.step(actions), theirs.step(actions)
        ended = first[2] | first[3]


def assert_alike(one, other):
    """Assert that two values have the same structure, types and bits."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_alike(one[key], other[key])
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for parts in zip(one, other, strict=True):
            assert_alike(*parts)
    elif one is not None:
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        if one.dtype == object:
            assert_alike(tuple(one), tuple(other))
        else:
            assert one.tobytes() == other.tobytes()


def test_results_do_not_depend_on_threads_or_the_size_of_the_batch():
    one, two = (make(num_envs=8, num_threads=threads) for threads in (1, 2))
    assert rollout(one) == rollout(two)
    small, large = make(num_envs=2), make(num_envs=9)
    small.reset(seed=1)
    large.reset(seed=1)
    actions = np.full((9, 9), 0.3)
    assert (small.step(actions[:2])[0] == large.step(actions)[0][:2]).all()


def test_metadata_is_of_one_environment_and_not_of_the_class():
    envs = [make(autoreset_mode=mode) for mode in MODES]
    assert [env.metadata["autoreset_mode"] for env in envs] == MODES
    assert "autoreset_mode" not in trifactor.TriFingerEnv.metadata


def test_without_copy_observations_are_one_array():
    envs = make(copy=False)
    first, _ = envs.reset(seed=0)
    second, *_ = envs.step(np.zeros((3, 9)))
    assert np.shares_memory(first, second)
    assert (first == second).all()


def test_every_world_has_an_outcome_of_its_own():
    envs = make(num_envs=4)
    envs.reset(seed=0)
    before = envs.get_states()
    wanted = [{"tool_block": {"mass": 0.05}}, {"tool_block": {"mass": 9.0}}, None, {"mas": 1.0}]
    result = envs.do_interventions(wanted)
    assert result.success.tolist() == [True, False, True, False]
    assert isinstance(result.reasons[1], trifactor.OutOfSpaceError)
    assert isinstance(result.reasons[3], trifactor.UnknownVariableError)
    assert envs.get_current_state_variables(0)["tool_block"]["mass"] == 0.05
    assert envs.get_states()[1:] == before[1:]
    with pytest.raises(trifactor.ShapeError):
        envs.do_interventions(wanted[:3])


def test_starting_states_are_each_worlds_own():
    envs = make(num_envs=2)
    envs.reset(seed=0)
    assert envs.set_starting_states([{"floor_friction": 0.7}, None]).success.all()
    envs.reset()
    frictions = [envs.get_current_state_variables(i)["floor_friction"] for i in range(2)]
    assert frictions == [0.7, 0.5]


def test_states_go_back_and_into_single_environments():
    envs = make()
    envs.reset(seed=0)
    states, actions = envs.get_states(), np.full((3, 9), 0.2)
    first = envs.step(actions)
    envs.set_states(states)
    second = envs.step(actions)
    assert_alike(first[:4], second[:4])
    env = gym.make("trifactor/Pushing-v0", **SHORT).unwrapped
    env.set_state(states[2])
    assert (env.step(actions[2])[0] == first[0][2]).all()
    with pytest.raises(trifactor.ShapeError):
        envs.set_states(states[:2])
    other = make("Reaching")
    other.reset(seed=0)
    with pytest.raises(trifactor.StateError, match="world 0"):
        envs.set_states(other.get_states())


def test_branches_are_what_the_actions_would_do():
    envs = make(num_threads=2)
    envs.reset(seed=0)
    state = envs.get_states()[1]
    actions = np.random.default_rng(0).uniform(-1, 1, (5, 8, 9))
    branches = envs.branch(state, actions, keep_states=True)
    assert envs.get_states()[1] == state
    env = gym.make("trifactor/Pushing-v0", **SHORT).unwrapped
    for branch, sequence in zip(branches, actions, strict=True):
        env.set_state(state)
        rewards = [env.step(action)[1] for action in sequence[:6]]
        assert branch.rewards.tolist() == rewards
        assert branch.truncated and branch.state == env.get_state() == branch.states[-1]
    for wrong in (np.zeros((2, 3)), np.zeros((2, 3, 8)), [[["a"] * 9]]):
        with pytest.raises(trifactor.ShapeError):
            envs.branch(state, wrong)


def test_goals_of_a_batch_are_worth_what_a_step_pays():
    envs = make("PushingGoal")
    envs.reset(seed=0)
    for _ in range(6):
        observations, rewards, terminated, truncated, infos = envs.step(np.full((3, 9), 0.2))
        goals = observations["achieved_goal"], observations["desired_goal"]
        assert (envs.compute_truncated(*goals, infos) == truncated).all()
        assert (envs.compute_terminated(*goals, infos) == terminated).all()
        assert (envs.compute_reward(*goals, infos) == rewards).all()
    assert truncated.all()


def test_seeds_are_derived_or_given_or_drawn():
    envs = make()
    seeds = lambda: [(state["seed"], state["episode"]) for state in envs.get_states()]  # noqa: E731
    envs.reset()
    drawn = [seed for seed, _ in seeds()]
    assert len(set(drawn)) == 3
    envs.reset(seed=8)
    assert seeds() == [(8, 0), (9, 0), (10, 0)]
    envs.reset(seed=[4, None, 4])
    assert seeds() == [(4, 0), (9, 1), (4, 0)]
    for wrong, error in (([1, 2], trifactor.ShapeError), (-1, trifactor.SettingError)):
        with pytest.raises(error):
            envs.reset(seed=wrong)


@pytest.mark.parametrize(
    "mask", [[True, False, False], np.ones(3), np.zeros(3, np.bool_), np.ones(2, np.bool_)], ids=str
)
def test_a_mask_that_is_none_is_refused_and_no_world_reset(mask):
    envs = make()
    envs.reset(seed=0)
    before = envs.get_states()
    with pytest.raises(trifactor.ShapeError):
        envs.reset(options={"reset_mask": mask})
    with pytest.raises(trifactor.SettingError):
        envs.reset(options={"mask": mask})
    assert envs.get_states() == before


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"num_envs": 0}, "num_envs"),
        ({"num_threads": 0}, "num_threads"),
        ({"autoreset_mode": "never"}, "autoreset_mode"),
        ({"extra_observations": {"x": (len, 0, 1)}}, "extra_observations"),
        ({"goal_sampler": print}, "goal_sampler"),
        ({"skip_frame": 0}, "skip_frame"),
    ],
    ids=str,
)
def test_what_can_not_be_meant_is_refused_by_name(settings, word):
    with pytest.raises(trifactor.SettingError, match=word):
        make(**settings)


def test_wrong_actions_move_no_world():
    envs = make()
    envs.reset(seed=0)
    before = envs.get_states()
    wrong = np.zeros((3, 9))
    wrong[2, 4] = np.nan
    with pytest.raises(trifactor.NotFiniteError, match="world 2"):
        envs.step(wrong)
    for actions in (np.zeros((2, 9)), np.zeros(27), "up"):
        with pytest.raises(trifactor.ShapeError):
            envs.step(actions)
    assert envs.get_states() == before
    with pytest.raises(gym.error.ResetNeeded):
        make().step(np.zeros((3, 9)))


def test_closing_twice_is_harmless():
    envs = make(num_threads=2)
    envs.reset(seed=0)
    envs.step(np.zeros((3, 9)))
    envs.close()
    envs.close()


def test_other_threads_run_while_the_worlds_compute():
    envs = make(num_envs=256, num_threads=1, skip_frame=25, max_episode_length=None)
    envs.reset(seed=0)
    actions, go, ran = np.zeros((256, 9)), threading.Event(), []

    def other():
        go.wait()
        ran.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    # From here a thread runs only where another one lets it.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    try:
        go.set()
        envs.step(actions)
        assert ran
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_an_interrupt_stops_a_long_call():
    script = (
        "import signal\n"
        "import numpy as np\n"
        "from test_vector import make\n"
        # A shell's background jobs ignore interrupts, and what they start inherits that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "envs = make(num_threads=2, skip_frame=10, max_episode_length=100_000)\n"
        "envs.reset(seed=0)\n"
        "state = envs.get_states()[0]\n"
        "print('begun', flush=True)\n"
        "try:\n"
        "    envs.branch(state, np.zeros((100_000, 100, 9)))\n"
        "except KeyboardInterrupt:\n"
        "    envs.step(np.zeros((3, 9)))\n"
        "    print('interrupted', flush=True)\n"
    )
    here = __file__.rpartition("/")[0]
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=here) as run:
        assert run.stdout.readline() == b"begun\n"
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        # The whole call would take far longer.
        assert run.communicate(timeout=60)[0] == b"interrupted\n"
        assert run.returncode == 0


def child(queue):
    """What a worker shows of its own batch."""
    queue.put(rollout(make(num_threads=2)))


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_work_however_they_are_started(method):
    # In a process of its own, which has used no batch when it forks.
    script = (
        "import multiprocessing\n"
        "from test_vector import child, make, rollout\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    queue = context.Queue()\n"
        "    worker = context.Process(target=child, args=(queue,))\n"
        "    worker.start()\n"
        "    shown = queue.get(timeout=100)\n"
        "    worker.join()\n"
        "    assert shown == rollout(make(num_threads=2))\n"
    )
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, cwd=__file__.rpartition("/")[0], timeout=120)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can not fork")
def test_a_batch_that_was_used_goes_on_in_a_forked_child():
    script = (
        "import os, sys\n"
        "import numpy as np\n"
        "from test_vector import make\n"
        "envs = make(num_threads=2)\n"
        "envs.reset(seed=0)\n"
        "envs.step(np.zeros((3, 9)))\n"
        "child = os.fork()\n"
        "observations = envs.step(np.zeros((3, 9)))[0]\n"
        "if child == 0:\n"
        "    sys.stdout.write(observations.tobytes().hex() + '\\n')\n"
        "    sys.stdout.flush()\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "print(observations.tobytes().hex())\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", script]
    here = __file__.rpartition("/")[0]
    run = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=here, timeout=120
    )
    first, second = run.stdout.split()
    assert first == second


class Broken(VectorWrapper):
    """A batch with one fault."""

    def __init__(self, fault, envs):
        super().__init__(envs)
        self.fault, self.steps, self.held = fault, 0, None

    def reset(self, *, seed=None, options=None):
        if self.fault == "ignores the seed":
            seed = None
        if self.fault == "one seed for all" and isinstance(seed, int):
            seed = [seed] * self.num_envs
        if self.fault == "ignores the mask":
            options = None
        observations, infos = self.env.reset(seed=seed, options=options)
        return self.seen(observations), infos

    def step(self, actions):
        if self.fault == "writes into actions":
            actions += 0.5
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        ended = terminated | truncated
        if self.fault == "flags of another type":
            terminated = terminated.astype(np.int8)
        if self.fault == "a mask is missing":
            del infos["_success"]
        if self.fault == "final_obs is lost":
            infos.pop("final_obs", None), infos.pop("_final_obs", None)
        if self.fault == "final_obs is of the next episode" and "final_obs" in infos:
            for world in np.flatnonzero(ended):
                infos["final_obs"][world] = observations[world]
        if self.fault == "truncation is termination":
            terminated = terminated | truncated
        if self.fault == "the last world differs":
            rewards[-1] += 1e-12
        if self.fault == "an info differs":
            infos["fractional_success"][0] += 1e-12
        return self.seen(observations), rewards, terminated, truncated, infos

    def seen(self, observations):
        if self.fault == "observations of another type":
            return observations.astype(np.float64)
        if self.fault == "one array for all":
            self.held = observations if self.held is None else self.held
            self.held[:] = observations
            return self.held
        return observations


FAULTS = {
    "writes into actions": "NextStep",
    "flags of another type": "NextStep",
    "observations of another type": "NextStep",
    "one array for all": "NextStep",
    "a mask is missing": "NextStep",
    "truncation is termination": "NextStep",
    "the last world differs": "NextStep",
    "an info differs": "NextStep",
    "final_obs is lost": "SameStep",
    "final_obs is of the next episode": "SameStep",
    "ignores the mask": "Disabled",
}


@pytest.mark.filterwarnings("ignore:.*outside the action space")
@pytest.mark.parametrize("fault", FAULTS)
def test_the_checker_finds_a_planted_fault(fault):
    with pytest.raises(AssertionError):
        check_vector_env(Broken(fault, make(autoreset_mode=FAULTS[fault])))


@pytest.mark.parametrize("fault", ["ignores the seed", "one seed for all"])
def test_the_checker_finds_a_wrong_seed_where_resets_are_random(fault):
    with pytest.raises(AssertionError, match="seed|single environment"):
        check_vector_env(Broken(fault, gym.make_vec("CartPole-v1", 3, "sync")))


def test_the_checker_finds_a_wrong_or_missing_autoreset_mode():
    for metadata in ({}, {"autoreset_mode": "NextStep"}, {"autoreset_mode": AutoresetMode.SAME_STEP}):
        envs = Broken(None, make(autoreset_mode="NextStep"))
        envs.metadata = metadata
        with pytest.raises(AssertionError):
            check_vector_env(envs)


def test_the_checker_passes_gymnasiums_own_and_asks_for_ends():
    check_vector_env(gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode="sync"))
    with pytest.raises(AssertionError, match="no episode ended"):
        check_vector_env(make(max_episode_length=50), max_steps=10)


def test_the_checker_takes_vector_environments_only():
    assert not isinstance(gym.make("trifactor/Pushing-v0"), VectorEnv)
    with pytest.raises(AssertionError, match="VectorEnv"):
        check_vector_env(gym.make("trifactor/Pushing-v0"))
