"""What the tests of worlds made again and of copies share: settings, wrappers, comparisons."""

import json

import gymnasium as gym
import numpy as np
from gymnasium.spaces import MultiDiscrete
from gymnasium.wrappers import TimeLimit

import trifactor
from trifactor.curriculum import (
    AgentInterventionWrapper,
    CurriculumWrapper,
    GoalActor,
    InterpolationActor,
    ProtocolWrapper,
    RandomActor,
    WideningActor,
)
from trifactor.wrappers import (
    DeltaAction,
    ObjectSelector,
    ObservationDelay,
    RealisticRobot,
    delayed_actions,
    moving_average_actions,
)


def goal_sampler(rng, state):
    """A goal near the middle."""
    return {"goal_block": {"cartesian_position": [*rng.normal(0.0, 0.02, 2), 0.0325]}}


def height(variables):
    """The height of the block's centre."""
    return variables["tool_block"]["cartesian_position"][2]


def reward(before, after, info):
    """How far the block moved, beside what the family pays."""
    moved = after["blocks"][0]["position"][0] - before["blocks"][0]["position"][0]
    return info["family_reward"] + moved


def light(variables, rng):
    """An actor in code."""
    return {"tool_block": {"mass": rng.uniform(0.03, 0.05)}}


def own_family():
    family = trifactor.get_family("pushing")
    family["name"] = "mine"
    family["blocks"][0]["color"] = [0.1, 0.2, 0.3]
    return family


EXTRA = {"height": (height, 0.0, 0.5)}
SETTINGS = {
    "task_params": {"tool_block_mass": np.float32(0.05), "activate_sparse_reward": True},
    "skip_frame": 4,
    "action_mode": "end_effector_positions",
    "observation_mode": "entities",
    "observe": ("*/mass", "end_effector_positions"),
    "camera_indicies": np.array([1]),
    "pixels": {"width": 16, "height": 16, "channels": ["rgb"]},
    "context": "all",
    "drop": ("tool_block_*",),
    "max_blocks": 3,
    "max_entities": 8,
    "normalize_actions": False,
    "normalize_observations": False,
    "max_episode_length": 3,
    "variables_space": "space_b",
    "starting_state": {"robot": {"action_delay": 2}, "floor_friction": 0.7},
    "curriculum": {"actors": [{"actor": "goal", "active": (0, None, 1, 0)}], "space": "A"},
    "physics": {"preset": "reference", "passes": 5},
    "overlap": "aabb",
    "local_masks": "tight",
    "expose_potential_partial_solution": True,
    "dtype": np.float64,
    "render_mode": "rgb_array",
    "render_size": (32, 24),
    "render_camera": {"position": np.array([0.5, 0.5, 0.5]), "target": [0, 0, 0]},
    "family": own_family(),
    "goal_sampler": goal_sampler,
    "extra_observations": EXTRA,
}
"""A value that is not the default for every argument of an environment."""

WITH = {
    "camera_indicies": {"observation_mode": "pixel", "pixels": {"width": 8, "height": 8}},
    "pixels": {"observation_mode": "pixel"},
    "max_entities": {"observation_mode": "entities"},
    "render_size": {"render_mode": "rgb_array"},
    "render_camera": {"render_mode": "rgb_array", "render_size": (32, 24)},
}
"""What some of them need beside them."""


def arguments(setting):
    """The arguments of an environment with one setting."""
    if setting == "none":
        return {}
    return {**WITH.get(setting, {}), setting: SETTINGS[setting]}


def make(setting="none", goal=False, **more):
    """A single environment with one setting."""
    given = {"skip_frame": 2, **arguments(setting), **more}
    form = "Goal" if goal else ""
    name = f"trifactor/Custom{form}-v0" if "family" in given else f"trifactor/Pushing{form}-v0"
    return gym.make(name, **given)


def started(env):
    env.unwrapped.set_starting_state({"tool_block": {"mass": 0.05}}, check_bounds=False)
    env.unwrapped.set_intervention_space("space_b")
    return env


def realistic_and_slower(env):
    return delayed_actions(RealisticRobot(env, latency=1), 3)


def defaulted(env):
    delayed_actions(env, 2)
    env.unwrapped.reset_default_state()
    return env


def asked_before(env):
    assert env.spec is not None
    return delayed_actions(env, 3)


ACTORS = [
    GoalActor(),
    RandomActor(variables=["tool_block/mass"]),
    InterpolationActor({"floor/friction": np.float64(0.6)}, (0, 4)),
    WideningActor(["tool_block/size"], pace={"width": 0.5}),
]

WRAPPERS = {
    "none": lambda env: env,
    "delayed_actions": lambda env: delayed_actions(env, 3),
    "moving_average_actions": lambda env: moving_average_actions(env, 4),
    "both": lambda env: moving_average_actions(delayed_actions(env, 1), 2),
    "asked_before": asked_before,
    "started": started,
    "defaulted": defaulted,
    "DeltaAction": DeltaAction,
    "ObservationDelay": lambda env: ObservationDelay(env, 2),
    "entries": lambda env: ObservationDelay(env, 2, np.arange(56) % 2 == 0),
    "RealisticRobot": RealisticRobot,
    "realistic_and_slower": realistic_and_slower,
    "ObjectSelector": ObjectSelector,
    "StateReward": lambda env: trifactor.StateReward(env, reward),
    "curriculum": lambda env: CurriculumWrapper(
        env, ACTORS, [(0, None, 1, 0), (0, np.inf, 1, 2), (0, None, 1, 1), (0, None, 1, 0)]
    ),
    "named_curriculum": lambda env: CurriculumWrapper(env, "1"),
    "two_curricula": lambda env: CurriculumWrapper(CurriculumWrapper(env, "1"), [GoalActor()]),
    "custom_actor": lambda env: CurriculumWrapper(env, [light], space="A"),
    "delayed_protocol": lambda env: ProtocolWrapper(delayed_actions(env, 2), "P1", worlds=2),
    "ProtocolWrapper": lambda env: ProtocolWrapper(env, "P4", worlds=np.int64(3), seed=2),
    "AgentInterventionWrapper": lambda env: AgentInterventionWrapper(
        env, ("tool_block/mass",), space={"all": "A"}
    ),
    "TimeLimit": lambda env: TimeLimit(ObservationDelay(env, 1), 3),
}
"""Every wrapper, and everything else that changes the world that it is put around."""

CODE = {
    "StateReward": "reward_function of StateReward",
    "custom_actor": "curriculum",
    "goal_sampler": "goal_sampler",
    "extra_observations": "extra_observations",
}
"""What in some wrappers and settings is code, as a refusal names it."""


def bits(value):
    """A value to its last bit, so that equal means the same."""
    if isinstance(value, np.ndarray):
        content = bits(value.tolist()) if value.dtype == object else value.tobytes()
        return (str(value.dtype), value.shape, content)
    if isinstance(value, dict):
        return {name: bits(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [bits(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return float(value).hex()
    return str(value) if isinstance(value, Exception) else value


def actions(env, count, seed=3):
    """Random actions of any space of actions."""
    rng = np.random.default_rng(seed)
    space = env.action_space
    if isinstance(space, MultiDiscrete):
        return [rng.integers(0, space.nvec) for _ in range(count)]
    low, high = np.maximum(space.low, -2.0), np.minimum(space.high, 2.0)
    return [rng.uniform(low, high) for _ in range(count)]


def states(env):
    """The states of an environment, or of a batch, as text."""
    inner = env.unwrapped
    if hasattr(inner, "get_states"):
        return [state.to_json() for state in inner.get_states()]
    return inner.get_state().to_json()


def episode(env, seed=5, steps=4):
    """An episode through the next one's beginning, to the last bit."""
    seen = [bits(env.reset(seed=seed)), states(env)]
    for action in actions(env, steps):
        seen += [bits(env.step(action)), states(env)]
    return [*seen, bits(env.reset()), states(env)]


def world_of(description):
    """A description without what only names the release."""
    return json.dumps({**description, "program": None}, sort_keys=True)
