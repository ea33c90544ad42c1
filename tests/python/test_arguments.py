"""Whatever is passed for whatever argument: it is taken, or refused below one root, by its name."""

import inspect

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor import TriFingerEnv, augment, curriculum, record, sprites, wrappers
from trifactor.settings import Settings

WRONG = [
    None, True, 2**70, -(2**70), -1, 1.5, 1e308, "x", "", b"x", float("nan"), float("inf"), 1j,
    object(), [], {}, [1], {"x": 1}, {1: 2}, [[1], [1, 2]], ["x", 1], (), int, np.zeros(3),
    np.array(["x"]), np.array(None), lambda: 0,
]  # fmt: skip

CALLED = {}
"""Every public callable by name: what calls it with one argument exchanged, and its arguments."""


KNOWN_AS = {
    "camera_indicies": ["pixels.cameras"],
    "description": ["world:", "No such file", "Is a directory"],
    "do": ["intervention", "variable"],
    "instead": ["questions"],
    "intervention_actors": ["curriculum"],
    "interventions": ["intervention", "variable"],
    "interventions_dict": ["intervention", "variable"],
    "invariance": ["variable"],
    "name": ["policy", "family"],
    "path": ["No such file", "Is a directory", "File exists"],
    "protocols": ["protocol"],
    "starting_state": ["variable"],
    "task_params": ["task parameter"],
    "text": ["state:"],
    "variables": ["variable"],
    "variables_space": ["variables space"],
    "worlds": ["world "],
}
"""What else messages call an argument, where they say more by it: the thing that is unknown."""

NOT_TRIED = {
    # A function that does not take what it is given raises its own error.
    ("evaluate: policy", "function"),
    ("evaluate: progress", "function"),
    ("evaluate: progress", "type"),
    # A bar, which needs another package.
    ("evaluate: progress", "bool"),
}


def public(name, parameters=None):
    """Register a function of keyword arguments; its parameters are those that are exchanged."""

    def register(call):
        given = parameters if parameters is not None else inspect.signature(call).parameters
        for parameter in given:
            if parameter not in ("more", "folder"):
                CALLED[f"{name}: {parameter}"] = (call, parameter)
        return call

    return register


def environment(**more):
    env = TriFingerEnv("pushing", skip_frame=1, **more)
    env.reset(seed=0)
    return env


def vector(**more):
    envs = trifactor.TriFingerVectorEnv(2, num_threads=1, family="pushing", skip_frame=1, **more)
    envs.reset(seed=0)
    return envs


def stepped(**more):
    env = environment(**more)
    env.step(np.zeros(9))
    return env


def replay():
    made = augment.Replay(environment(), 20)
    for _ in range(4):
        made.step(np.zeros(9))
    return made


def _method(name, make, method):
    def call(**more):
        arguments = {**DEFAULTS.get(f"{name}.{method}", {}), **more}
        return getattr(make(), method)(**arguments)

    return call


def methods_of(name, make, *names):
    """Register methods of an object with their own parameters."""
    for method in names:
        parameters = list(inspect.signature(getattr(make(), method)).parameters)

        public(f"{name}.{method}", parameters)(_method(name, make, method))


STATE = environment().get_state()
ROWS = np.zeros((1, 9))
DEFAULTS = {
    "env.step": {"action": np.zeros(9)},
    "env.do_intervention": {"interventions_dict": {}},
    "env.set_starting_state": {"interventions_dict": {}},
    "env.counterfactual": {"state": STATE, "actions": ROWS},
    "env.set_state": {"state": STATE},
    "env.set_intervention_space": {"variables_space": "space_a"},
    "env.from_description": {"description": environment().description()},
    "goal env.compute_reward": {"achieved_goal": np.ones(10), "desired_goal": np.ones(10), "info": {}},
    "batch.step": {"actions": np.zeros((2, 9))},
    "batch.do_interventions": {"interventions": [None, None]},
    "batch.set_starting_states": {"interventions": [None, None]},
    "batch.set_states": {"states": [STATE, STATE]},
    "batch.branch": {"state": STATE, "action_sequences": [ROWS]},
    "batch.call": {"name": "get_state"},
    "batch.get_attr": {"name": "dt"},
    "sprites.step": {"action": np.zeros(2)},
    "replay.step": {"action": np.zeros(9)},
    "replay.coda": {"count": 1},
    "replay.score": {"model": "distance"},
}

@public("TriFingerEnv", inspect.signature(Settings.__init__).parameters.keys() - {"self"})
def _(**more):
    pixels = any(name in more for name in ("camera_indicies", "pixels"))
    mode = {"observation_mode": "pixel"} if pixels and "observation_mode" not in more else {}
    return TriFingerEnv(**{**mode, **more})


@public("TriFingerVectorEnv", ["num_envs", "num_threads", "autoreset_mode", "copy", "family"])
def _(**more):
    return trifactor.TriFingerVectorEnv(**{"num_envs": 2, "num_threads": 1, **more})


methods_of(
    "env", stepped, "reset", "step", "do_intervention", "set_starting_state", "set_state",
    "set_intervention_space", "local_mask", "feature_mask", "counterfactual",
)  # fmt: skip
methods_of(
    "batch", vector, "reset", "step", "present_infos", "local_masks", "do_interventions",
    "set_starting_states", "get_current_state_variables", "set_states", "branch",
    "sample_new_goals",
)  # fmt: skip
methods_of("replay", replay, "step", "coda", "score")


@public("batch.call", ["worlds"])
def _(**more):
    return vector().call(**{"name": "get_state", **more})


@public("counterfactuals")
def _(env=None, state=STATE, actions=ROWS, questions=((None, None),), check_bounds=False,
      num_threads=1, **more):  # fmt: skip
    env = environment() if env is None else env
    return trifactor.counterfactuals(
        env, state, actions, questions, check_bounds=check_bounds, num_threads=num_threads
    )


@public("from_description", ["description"])
def _(description):
    return TriFingerEnv.from_description(description)


@public("compute_reward")
def _(achieved_goal=None, desired_goal=None):
    env = trifactor.TriFingerGoalEnv("pushing")
    env.reset(seed=0)
    goal = env.observe()["desired_goal"]
    achieved_goal = goal if achieved_goal is None else achieved_goal
    desired_goal = goal if desired_goal is None else desired_goal
    return env.compute_reward(achieved_goal, desired_goal, {})


@public("delayed_actions", ["env", "steps"])
def _(**more):
    return wrappers.delayed_actions(**{"env": environment(), "steps": 1, **more})


@public("moving_average_actions", ["env", "window_size"])
def _(**more):
    return wrappers.moving_average_actions(**{"env": environment(), **more})


@public("DeltaAction", ["env"])
def _(env):
    return wrappers.DeltaAction(env)


@public("DeltaAction.step", ["action"])
def _(action):
    return wrappers.DeltaAction(environment()).step(action)


@public("ObservationDelay", ["env", "steps", "entries"])
def _(**more):
    return wrappers.ObservationDelay(**{"env": environment(), "steps": 1, **more})


@public("VectorObservationDelay", ["env", "steps"])
def _(**more):
    return wrappers.VectorObservationDelay(**{"env": vector(), "steps": 1, **more})


@public("RealisticRobot", ["env", "latency"])
def _(**more):
    return wrappers.RealisticRobot(**{"env": environment(), **more})


@public("ObjectSelector", ["env"])
def _(env):
    return wrappers.ObjectSelector(env)


@public("ObjectSelector.step", ["action"])
def _(action):
    env = wrappers.ObjectSelector(environment())
    env.reset(seed=0)
    return env.step(action)


@public("StateReward", ["env", "reward_function"])
def _(**more):
    given = {"env": environment(), "reward_function": lambda before, after, info: 0.0, **more}
    return trifactor.StateReward(**given)


@public("RandomGoals", ["env"])
def _(env):
    return trifactor.RandomGoals(env)


@public("CurriculumWrapper", ["env", "intervention_actors", "actives", "space"])
def _(**more):
    given = {"env": environment(), "intervention_actors": [curriculum.GoalActor()], **more}
    return curriculum.CurriculumWrapper(**given)


@public("AgentInterventionWrapper", ["env", "variables", "space"])
def _(**more):
    given = {"env": environment(), "variables": ["*/mass"], **more}
    return curriculum.AgentInterventionWrapper(**given)


@public("ProtocolWrapper", ["env", "protocol", "worlds", "seed"])
def _(**more):
    given = {"env": environment(), "protocol": "P0", "worlds": 1, **more}
    return curriculum.ProtocolWrapper(**given)


@public("get_protocols", ["family", "generated"])
def _(**more):
    return curriculum.get_protocols(**{"family": "reaching", **more})


@public("get_manifest", ["family", "protocol", "worlds", "seed"])
def _(**more):
    given = {"family": "reaching", "protocol": "P5", "worlds": 1, **more}
    if isinstance(given["worlds"], (int, np.integer)) and given["worlds"] > 1000:
        given["worlds"] = -1
    return curriculum.get_manifest(**given)


@public("get_family", ["name"])
def _(name):
    return trifactor.get_family(name)


@public("scripted_policy", ["env", "name"])
def _(**more):
    return trifactor.scripted_policy(**{"env": environment(), **more})


@public("load_network", ["path"])
def _(path):
    return trifactor.load_network(path)


@public("SpriteEnv", ["place", "sparse", "render_mode"])
def _(**more):
    return sprites.SpriteEnv(**more)


@public("SpriteEnv.step", ["action"])
def _(action):
    env = sprites.SpriteEnv()
    env.reset(seed=0)
    return env.step(action)


@public("SpriteEnv.reset", ["seed", "options"])
def _(**more):
    return sprites.SpriteEnv().reset(**more)


@public("Replay", ["env", "capacity"])
def _(**more):
    return augment.Replay(**{"env": environment(), "capacity": 9, **more})


@public("Samples.states", ["sample"])
def _(sample):
    return replay().coda(1, method="blind").states(sample)


@public("RecordEpisodes", ["env", "path", "append", "observations", "masks", "policy", "notes"])
def _(folder, **more):
    place = folder / str(len(list(folder.iterdir())))
    place.mkdir()
    given = {"env": environment(), "path": place / "episodes.arrow", **more}
    if isinstance(given["path"], str):
        given["path"] = f"{place}/{given['path']}"
    return record.RecordEpisodes(**given).close()


@public("Dataset", ["path"])
def _(path):
    return record.Dataset(path)


@public("evaluate", [
    "policy", "family", "protocols", "worlds", "seed", "out", "name", "goal_conditioned",
    "deterministic", "batch_size", "num_threads", "resamples", "confidence", "invariance",
    "progress",
])  # fmt: skip
def _(folder, **more):
    given = {"policy": "idle", "family": "reaching", "protocols": ["P5"], "worlds": 1,
             "num_threads": 1, "resamples": 20, "max_episode_length": 1, "skip_frame": 1, **more}  # fmt: skip
    if isinstance(given.get("out"), str):
        given["out"] = folder / given["out"]
    return trifactor.evaluate(**given)


@public("State.from_json", ["text"])
def _(text):
    return trifactor.State.from_json(text)


@public("State.load", ["path"])
def _(path):
    return trifactor.State.load(path)


@pytest.mark.parametrize("name", CALLED)
def test_an_argument_is_taken_or_refused_by_its_name(name, tmp_path):
    call, argument = CALLED[name]
    more = {"folder": tmp_path} if "folder" in inspect.signature(call).parameters else {}
    refusals = 0
    for value in WRONG:
        if (name, type(value).__name__) in NOT_TRIED:
            continue
        try:
            call(**{argument: value}, **more)
        except trifactor.TrifactorError as error:
            refusals += 1
            words = (argument, *KNOWN_AS.get(argument, ()))
            named = any(word in str(error) for word in words)
            assert named, f"{value!r}: {argument} is not named: {error}"
        except Exception as error:
            pytest.fail(f"{value!r}: {type(error).__name__}: {error}")
    assert refusals, "nothing was refused"


def test_an_argument_that_is_none_is_refused_as_python_refuses_it():
    with pytest.raises(TypeError, match="skip_frmae"):
        gym.make("trifactor/Pushing-v0", skip_frmae=3)
