"""Environments as they are made: with types, with one warning each, and in a window."""

import inspect
import sys
import types
import warnings

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor import warn

ID = "trifactor/Pushing-v0"


@pytest.fixture
def unwarned(monkeypatch):
    """As in a process that has warned of nothing yet."""
    monkeypatch.setattr(warn, "_given", set())


def test_make_gives_the_environment_itself_with_its_spec():
    env = trifactor.make(ID, skip_frame=3)
    assert type(env) is trifactor.TriFingerEnv and env.spec.id == ID
    env.reset(seed=0)
    assert env.do_intervention({"tool_block": {"mass": 0.05}}).success
    goal = trifactor.make("trifactor/PushingGoal-v0")
    assert isinstance(goal, trifactor.TriFingerGoalEnv)
    other = gym.make(env.spec).unwrapped
    assert other.description() == env.description()


def test_make_vec_gives_the_batch_itself():
    envs = trifactor.make_vec(ID, 3, skip_frame=3, num_threads=1)
    assert type(envs) is trifactor.TriFingerVectorEnv and envs.num_envs == 3
    envs.reset(seed=0)
    assert envs.do_interventions([{"floor_friction": 0.5}] * 3, False).success.all()


@pytest.mark.parametrize("make", [trifactor.make, trifactor.make_vec])
@pytest.mark.parametrize("id", ["trifactor/Puhsing-v0", "nowhere/Nothing-v0", "", 7, None, "a b"])
def test_an_id_of_no_trifinger_is_refused(make, id):
    with pytest.raises(trifactor.SettingError, match="id"):
        make(id)


def test_an_id_of_something_else_is_refused():
    with pytest.raises(trifactor.SettingError, match="SpriteEnv is no TriFingerEnv"):
        trifactor.make("trifactor/Sprites-Place1-v0")
    with pytest.raises(trifactor.SettingError, match="no batch"):
        trifactor.make_vec("trifactor/Sprites-Place1-v0")


def test_actions_outside_their_space_are_warned_of_once(unwarned):
    env, envs = trifactor.make(ID), trifactor.make_vec(ID, 2, num_threads=1)
    env.reset(seed=0), envs.reset(seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for space in (env.action_space.low, env.action_space.high, np.zeros(9)):
            env.step(space)
            envs.step([space, space])
    with pytest.warns(UserWarning, match="outside the action space"):
        env.step(np.full(9, 5.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env.step(np.full(9, 5.0))
        envs.step(np.full((2, 9), 5.0))


@pytest.mark.parametrize("mode", ["joint_positions", "joint_torques", "end_effector_positions"])
def test_the_bounds_of_an_action_space_are_within_it(mode, unwarned):
    for normalized in (True, False):
        env = trifactor.make(ID, action_mode=mode, normalize_actions=normalized)
        env.reset(seed=0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            env.step(env.action_space.low)
            env.step(env.action_space.high)


def test_a_batch_warns_too(unwarned):
    envs = trifactor.make_vec(ID, 2, num_threads=1)
    envs.reset(seed=0)
    actions = np.zeros((2, 9))
    actions[1, 8] = -1.5
    with pytest.warns(UserWarning, match="outside the action space"):
        envs.step(actions)


@pytest.mark.parametrize("make", [trifactor.make, trifactor.make_vec])
def test_rendering_without_a_mode_is_warned_of_once(make, unwarned):
    env = make(ID)
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode='rgb_array'"):
        assert env.render() is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert env.render() is None


def test_a_window_without_pygame_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(ImportError, match=r"trifactor\[human\]"):
        gym.make(ID, render_mode="human")


class Pygame(types.ModuleType):
    """As much of pygame as shows pictures, which it keeps."""

    def __init__(self):
        super().__init__("pygame")
        self.seen, self.rates, self.open = [], [], False
        self.display = self.event = self.time = self.surfarray = self
        self.init = self.pump = self.flip = lambda: None

    def set_mode(self, size):
        self.size, self.open = size, True
        return self

    def Clock(self):  # noqa: N802
        return self

    def tick(self, rate):
        self.rates.append(rate)

    def make_surface(self, columns):
        return columns

    def blit(self, surface, place):
        self.seen.append(np.array(surface))

    def quit(self):
        self.open = False


def test_a_window_shows_the_reset_and_every_step(monkeypatch):
    pygame = Pygame()
    monkeypatch.setitem(sys.modules, "pygame", pygame)
    arguments = {"skip_frame": 10, "render_size": (32, 24)}
    env = gym.make(ID, render_mode="human", **arguments)
    still = gym.make(ID, render_mode="rgb_array", **arguments)
    pictures = []
    env.reset(seed=0)
    env.step(np.full(9, 0.5, np.float32))
    still.reset(seed=0)
    pictures.append(still.render())
    still.step(np.full(9, 0.5, np.float32))
    pictures.append(still.render())
    assert env.render() is None and pygame.open and pygame.size == (32, 24)
    assert [seen.shape for seen in pygame.seen] == [(32, 24, 3)] * 2
    for seen, picture in zip(pygame.seen, pictures, strict=True):
        assert (np.swapaxes(seen, 0, 1) == picture).all()
    assert pygame.rates == [25, 25]
    env.close()
    assert not pygame.open


def test_a_batch_has_no_window():
    with pytest.raises(trifactor.SettingError, match="render_mode"):
        trifactor.make_vec(ID, render_mode="human")


def test_editors_are_shown_every_argument_with_its_default():
    parameters = inspect.signature(trifactor.TriFingerEnv).parameters
    assert parameters["skip_frame"].default == 10 and "family" in parameters
    documented = inspect.getdoc(trifactor.TriFingerEnv.__init__)
    for name in parameters:
        assert f"    {name}: " in documented, name
