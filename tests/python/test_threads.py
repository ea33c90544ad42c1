"""Two threads on one object: whole calls, or a refusal that says what to do; never raw errors."""

import threading

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor import augment, curriculum, record, sprites
from trifactor.evaluation import NativePlan

ZEROS = np.zeros(9)


def world(**more):
    env = gym.make("trifactor/Pushing-v0", skip_frame=3, **more)
    env.reset(seed=0)
    return env


def environment(_):
    env = world()
    inner = env.unwrapped
    yield from (lambda: env.step(ZEROS), inner.get_current_state_variables, inner.observe)
    yield lambda: inner.set_state(inner.get_state())


def goal_environment(_):
    env = gym.make("trifactor/PushingGoal-v0", skip_frame=3)
    env.reset(seed=0)
    yield from (lambda: env.step(ZEROS), env.unwrapped.observe)


def masked(_):
    env = world(local_masks="sound")
    env.step(ZEROS)
    yield from (lambda: env.step(ZEROS), lambda: env.unwrapped.local_mask())


def batch(_):
    envs = gym.make_vec("trifactor/Pushing-v0", num_envs=3, skip_frame=3, num_threads=2)
    envs.reset(seed=0)
    yield from (lambda: envs.step(np.zeros((3, 9))), envs.get_states, envs.observe)
    yield lambda: envs.branch(envs.get_states()[0], np.zeros((2, 2, 9)))


def replay(_):
    made = augment.Replay(world(), 10_000)
    made.step(ZEROS)
    yield from (lambda: made.step(ZEROS), made.arrays, lambda: made.coda(2), lambda: len(made))


def recorder(folder):
    env = record.RecordEpisodes(world(), folder / "episodes.arrow")
    env.reset(seed=0)
    yield from (lambda: env.step(ZEROS), lambda: env.reset(seed=1))


def clicks(_):
    env = sprites.SpriteEnv()
    env.reset(seed=0)
    yield from (lambda: env.step(np.zeros(2)), lambda: env.reset(seed=1))


def policy(_):
    env = world().unwrapped
    chosen, state = trifactor.scripted_policy(env), env.get_state()
    yield from (lambda: chosen._policies[0].act(state), chosen.reset)


def evaluation(_):
    plan = NativePlan(world().unwrapped._native, ["P5"], 1, 0, 1)
    plan.begin("0")
    yield from (plan.protocols, lambda: plan.rollout(1, 1), lambda: plan.begin("more"))


OBJECTS = [
    environment, goal_environment, masked, batch, replay, recorder, clicks, policy, evaluation
]  # fmt: skip


@pytest.mark.parametrize("made", OBJECTS)
def test_two_threads_get_whole_calls_or_are_told_what_to_do(made, tmp_path):
    calls = list(made(tmp_path))
    errors = []
    begin = threading.Barrier(2 * len(calls))

    def work(call):
        begin.wait()
        for _ in range(40):
            try:
                call()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(call,)) for call in calls * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        assert isinstance(error, trifactor.BusyError), repr(error)
        assert "give each thread" in str(error)
    # Nothing is left locked.
    for call in calls:
        call()


def test_a_call_within_a_call_is_refused_with_the_reason():
    env = world().unwrapped
    refused = []

    def meddler(variables, rng):
        try:
            env.get_state()
        except trifactor.BusyError as error:
            refused.append(str(error))

    wrapped = curriculum.CurriculumWrapper(env, [meddler])
    wrapped.reset(seed=0)
    assert refused and "an environment of its own" in refused[0]
    assert isinstance(trifactor.BusyError(), RuntimeError)
