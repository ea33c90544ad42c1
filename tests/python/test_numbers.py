"""One rule for numbers: what has `__index__` and is no bool is an integer; numpy's are numbers."""

import inspect

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor import SettingError, TriFingerEnv, augment, checks, curriculum, sprites, wrappers
from trifactor.settings import Settings


class Own:
    """An integer of somebody's own."""

    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


INTEGERS = [int, np.int64, np.int32, np.uint8, lambda n: np.array(n), Own]
NO_INTEGERS = [True, False, np.True_, 1.0, np.float64(1.0), "1", np.array([1]), [1], object()]


def pushing(**more):
    env = TriFingerEnv("pushing", skip_frame=1, **more)
    env.reset(seed=0)
    return env


def batch(**more):
    envs = trifactor.TriFingerVectorEnv(2, num_threads=1, family="pushing", skip_frame=1, **more)
    envs.reset(seed=0)
    return envs


def replay():
    made = augment.Replay(pushing(), 20)
    for _ in range(5):
        made.step(np.zeros(9))
    return made


def coda(**more):
    return replay().coda(**{"count": 1, **more})


# Whatever counts, with a number that it takes; the argument's name is what a refusal names.
COUNTS = {
    "skip_frame": (lambda n: pushing() and TriFingerEnv("pushing", skip_frame=n), 2),
    "max_blocks": (lambda n: pushing(max_blocks=n), 3),
    "max_entities": (lambda n: pushing(observation_mode="entities", max_entities=n), 9),
    "max_episode_length": (lambda n: pushing(max_episode_length=n), 5),
    "render_size": (lambda n: pushing(render_size=(n, 8)), 8),
    "camera_indicies": (
        lambda n: pushing(observation_mode="pixel", camera_indicies=[n], pixels={"width": 8}),
        1,
    ),
    "seed": (lambda n: pushing().reset(seed=n), 3),
    "num_envs": (lambda n: trifactor.TriFingerVectorEnv(n, num_threads=1), 2),
    "num_threads": (lambda n: trifactor.TriFingerVectorEnv(2, num_threads=n), 1),
    "seed of a batch": (lambda n: batch().reset(seed=n), 3),
    "seed of a world": (lambda n: batch().reset(seed=[n, 4]), 3),
    "world": (lambda n: batch().get_current_state_variables(n), 1),
    "world of a call": (lambda n: batch().call("get_state", worlds=[n]), 1),
    "steps": (lambda n: wrappers.delayed_actions(pushing(), n), 1),
    "window_size": (lambda n: wrappers.moving_average_actions(pushing(), n), 2),
    "steps that are late": (lambda n: wrappers.ObservationDelay(pushing(), n), 1),
    "latency": (lambda n: wrappers.RealisticRobot(pushing(), n), 1),
    "capacity": (lambda n: augment.Replay(pushing(), n), 9),
    "count": (lambda n: coda(count=n), 2),
    "tries": (lambda n: coda(tries=n), 2),
    "reuse": (lambda n: coda(reuse=n), 2),
    "sources": (lambda n: coda(sources=n), 2),
    "steps of a segment": (lambda n: coda(steps=n), 1),
    "seed of samples": (lambda n: coda(seed=n), 2),
    "place": (lambda n: sprites.SpriteEnv(n), 2),
    "seed of sprites": (lambda n: sprites.SpriteEnv().reset(seed=n), 2),
    "worlds": (lambda n: curriculum.get_manifest("reaching", "P5", n), 1),
    "seed of a manifest": (lambda n: curriculum.get_manifest("reaching", "P5", 1, n), 4),
    "actives": (
        lambda n: curriculum.CurriculumWrapper(pushing(), [curriculum.GoalActor()], [(n, 1, 1, 0)]),
        1,
    ),
    "num_threads of counterfactuals": (
        lambda n: trifactor.counterfactuals(
            env := pushing(), env.get_state(), np.zeros((1, 9)), [], num_threads=n
        ),
        1,
    ),
}
# A schedule may say 1.0, as JSON does.
ALSO_TAKEN = {"actives": (1.0, np.float64(1.0))}


@pytest.mark.parametrize("name", COUNTS)
def test_whatever_has_an_index_and_is_no_bool_is_an_integer(name):
    call, taken = COUNTS[name]
    for integer in INTEGERS:
        call(integer(taken))
    for other in NO_INTEGERS:
        if not any(type(other) is type(one) for one in ALSO_TAKEN.get(name, ())):
            with pytest.raises(trifactor.TrifactorError, match=name.split(" ")[0]):
                call(other)


@pytest.mark.parametrize("seed", [np.int64(3), np.uint64(2**64 - 1), Own(5)])
def test_a_seed_of_any_integer_type_begins_the_same_episode(seed):
    whole = seed.__index__()
    for make in (pushing, batch):
        one, other = make(), make()
        seen, _ = one.reset(seed=seed if make is pushing else [seed, seed])
        same, _ = other.reset(seed=whole if make is pushing else [whole, whole])
        assert seen.tobytes() == same.tobytes()


def test_every_counting_argument_of_an_environment_is_among_those_tried():
    parameters = inspect.signature(Settings.__init__).parameters.values()
    counting = [p.name for p in parameters if p.annotation in ("int", "int | None")]
    assert counting and set(counting) <= set(COUNTS)


FLAGS = {
    "normalize_actions": lambda flag: pushing(normalize_actions=flag),
    "normalize_observations": lambda flag: pushing(normalize_observations=flag),
    "copy": lambda flag: batch(copy=flag),
    "check_bounds": lambda flag: pushing().do_intervention({}, flag),
    "sparse": lambda flag: sprites.SpriteEnv(sparse=flag),
    "generated": lambda flag: curriculum.get_protocols("reaching", generated=flag),
}


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_a_bool_and_nothing_else(name):
    for flag in (True, False, np.True_, np.False_):
        FLAGS[name](flag)
    for other in (0, 1, None, "True", 1.0, np.int64(1), [], object()):
        with pytest.raises(SettingError, match=name):
            FLAGS[name](other)


NUMBERS = [float, np.float64, np.float32, np.float16, lambda x: np.array(x), lambda x: np.float32(x)]


@pytest.mark.parametrize("number", NUMBERS)
def test_numpys_numbers_are_numbers_within_every_document(number):
    value = 0.0625  # The same in every precision.
    env = pushing(
        task_params={"tool_block_mass": number(value)},
        physics={"substeps": np.int64(2)},
        render_camera={"position": np.array([0.5, 0.5, 0.5]), "target": [number(0.0)] * 3},
    )
    variables = env.get_current_state_variables()
    assert variables["tool_block"]["mass"] == value
    assert env.description()["config"]["physics"]["substeps"] == 2
    assert env.do_intervention({"tool_block": {"mass": number(0.03125)}}, False).success
    assert env.get_current_state_variables()["tool_block"]["mass"] == 0.03125
    assert env.do_intervention({"joint_positions": np.float32(variables["joint_positions"])}, False).success
    pixels = {"width": np.int16(8), "height": np.int64(8), "cameras": np.array([0, 2])}
    seen = TriFingerEnv("pushing", observation_mode="pixel", pixels=pixels)
    assert seen.observation_space.shape == (4, 8, 8, 3)
    family = trifactor.get_family("pushing")
    family["blocks"][0]["mass"] = number(value)
    described = TriFingerEnv(family).description()
    assert described["document"]["blocks"][0]["mass"] == value


@pytest.mark.parametrize("argument", ["task_params", "physics", "render_camera", "family", "pixels"])
@pytest.mark.parametrize("value", [object(), {1: 2}, float("nan"), np.inf, 1j, b"x", {1}])
def test_what_json_cannot_say_is_refused_with_the_place(argument, value):
    more = {"observation_mode": "pixel"} if argument == "pixels" else {}
    with pytest.raises(trifactor.FormatError, match=rf"{argument}\.deep\[1\]"):
        TriFingerEnv(**{argument: {"deep": [1, value]}}, **more)


def test_a_wrong_value_deep_in_a_setting_is_refused_with_its_place():
    for argument, value, place in [
        ("physics", {"substeps": "two"}, "substeps"),
        ("pixels", {"width": -1}, r"pixels\.width"),
        ("pixels", {"style": {"samples": "x"}}, r"pixels\.style\.samples"),
        ("pixels", {"widht": 1}, "widht"),
    ]:
        more = {"observation_mode": "pixel"} if argument == "pixels" else {}
        with pytest.raises(trifactor.FormatError, match=place):
            TriFingerEnv(**{argument: value}, **more)


def test_one_module_decides_what_an_integer_is():
    assert checks.count("n", np.int8(3)) == 3 and type(checks.count("n", np.int8(3))) is int
    with pytest.raises(SettingError, match="n True: choose a whole number of at least 1"):
        checks.count("n", True)
    assert gym.make("trifactor/Pushing-v0", skip_frame=np.int64(3)).unwrapped.dt == 3 * 0.004
