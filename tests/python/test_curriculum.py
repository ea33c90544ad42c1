"""Curricula and protocols from Python: single environments and batches."""

import copy
import json
import pickle

import gymnasium as gym
import numpy as np
import pytest

import trifactor
from trifactor import curriculum as c

STEPS = 4


def single(**more):
    return gym.make("trifactor/Pushing-v0", skip_frame=1, max_episode_length=STEPS, **more)


def batch(count, **more):
    return gym.make_vec(
        "trifactor/Pushing-v0",
        num_envs=count,
        vectorization_mode="vector_entry_point",
        vector_kwargs=None,
        skip_frame=1,
        max_episode_length=STEPS,
        num_threads=2,
        **more,
    )


def lighter(variables, rng):
    assert "tool_block" in variables
    return {"tool_block": {"mass": rng.uniform(0.015, 0.045)}}


ACTORS = [c.RandomActor(), c.GoalActor(), c.JointsActor(), c.VisualActor(), lighter]
ACTIVES = [c.ALWAYS, c.ALWAYS, (0, None, 2, 0), (0, float("inf"), 1, 0), (0, None, 1, 2)]


def run(env, seed, episodes=3):
    """The states after every step of some episodes, and the flags of the steps."""
    states, flags = [], []
    for episode in range(episodes):
        env.reset(seed=seed if episode == 0 else None)
        for _ in range(STEPS):
            info = env.step(np.full(9, 0.2, np.float32))[-1]
            states.append(env.unwrapped.get_state())
            flags.append(info["intervened"])
    return states, flags


@pytest.mark.parametrize("count", [1, 3])
def test_a_world_of_a_batch_is_what_it_is_alone(count):
    envs = c.CurriculumWrapper(batch(count, autoreset_mode="NextStep"), ACTORS, ACTIVES)
    assert isinstance(envs, c.VectorCurriculumWrapper)
    envs.reset(seed=5)
    states, flags = [], []
    for episode in range(3):
        if episode > 0:
            envs.step(np.zeros((count, 9), np.float32))
        for _ in range(STEPS):
            infos = envs.step(np.full((count, 9), 0.2, np.float32))[-1]
            states.append(envs.unwrapped.get_states())
            flags.append(infos["intervened"])
    for world in range(count):
        alone, own = run(c.CurriculumWrapper(single(), ACTORS, ACTIVES), 5 + world)
        assert [of_all[world] for of_all in states] == alone
        assert [bool(of_all[world]) for of_all in flags] == own
    assert own == [False, True, False, False] * 3


def test_events_tell_who_set_what_when_and_why_it_was_refused():
    env = c.CurriculumWrapper(single(), [lighter, c.VisualActor()], space="A except */color from B")
    env.reset(seed=1)
    first, second = env.take_events()
    assert (first["by"], first["episode"], first["step"]) == ("lighter", 0, 0)
    assert first["values"]["tool_block/mass"] == env.unwrapped.get_state()["blocks"][0]["mass"]
    assert second["by"] == "visual_actor" and first.get("refused") is None
    assert env.take_events() == []
    assert env.unwrapped.tracker["recent"] == [first, second]
    env = c.CurriculumWrapper(single(), [lighter], space="B")
    env.reset(seed=1)
    refused = env.take_events()
    assert len(refused) == 6 and all("outside" in event["refused"] for event in refused)


def test_what_can_not_be_meant_is_refused_where_it_is_said():
    for actors, actives, space, error in [
        ([c.GoalActor()], [(0, 1, 0, 0)], None, trifactor.FormatError),
        ([c.GoalActor()], [(0, 1, 1)], None, trifactor.FormatError),
        ([c.GoalActor()], [(0.5, 1, 1, 0)], None, trifactor.SettingError),
        ([c.GoalActor()], [(float("nan"), 1, 1, 0)], None, trifactor.SettingError),
        ([c.GoalActor()], [], None, trifactor.ShapeError),
        ([3], None, None, trifactor.SettingError),
        ([c.GoalActor()], None, "C", trifactor.FormatError),
        ("3", None, None, trifactor.SettingError),
    ]:
        with pytest.raises(error):
            c.CurriculumWrapper(single(), actors, actives, space=space)

    def wrong(variables, rng):
        raise RuntimeError("out of ideas")

    env = c.CurriculumWrapper(single(), [wrong])
    with pytest.raises(trifactor.TrifactorError, match="wrong.*out of ideas"):
        env.reset(seed=0)


def test_the_papers_curricula_by_name():
    for name, changed in [("0", set()), ("1", {"goal_block"})]:
        env = c.CurriculumWrapper(single(), name)
        env.reset(seed=2)
        plain = single().unwrapped
        plain.reset(seed=2)
        now, then = (w.get_current_state_variables() for w in (env.unwrapped, plain))
        different = {k for k in now if json.dumps(now[k], default=np.ndarray.tolist)
                     != json.dumps(then[k], default=np.ndarray.tolist)}
        assert different == changed


def test_copies_have_the_curriculum_from_its_beginning():
    env = c.CurriculumWrapper(single(), "2")
    env.reset(seed=3)
    for twin in (pickle.loads(pickle.dumps(env)), copy.deepcopy(env)):
        assert run(twin, 9)[0] == run(c.CurriculumWrapper(single(), "2"), 9)[0]


def test_copies_of_batches_have_wrappers_of_their_own():
    made = c.CurriculumWrapper(batch(2), ACTORS, ACTIVES)
    chosen = c.VectorAgentInterventionWrapper(batch(2), ["tool_block/mass"], space="B")
    for envs in (made, chosen):
        twin = pickle.loads(pickle.dumps(envs))
        for both in (envs, twin):
            both.reset(seed=4)
            for _ in range(STEPS):
                both.step(np.ones(envs.action_space.shape, np.float32))
        assert twin.unwrapped.get_states() == envs.unwrapped.get_states()
        masses = [state["blocks"][0]["mass"] for state in twin.unwrapped.get_states()]
        assert 0.02 not in masses


def test_a_policy_chooses_its_own_interventions_within_the_space():
    env = c.AgentInterventionWrapper(single(), ["tool_block/mass", "tool_block/size"], space="A")
    assert env.choices == [("tool_block/size", 3), ("tool_block/mass", 1)]
    assert env.action_space.shape == (14,)
    env.reset(seed=0)
    quiet = np.zeros(14, np.float32)
    assert not env.step(quiet)[-1]["intervened"]
    loud = np.array([0.0] * 9 + [1.0, -1.0, -1.0, -1.0, 1.0], np.float32)
    observation, _, _, _, info = env.step(loud)
    assert info["intervened"] and info["intervention_refused"] == ""
    variables = env.unwrapped.get_current_state_variables()
    assert variables["tool_block"]["mass"] == 0.045
    assert (variables["tool_block"]["size"] == 0.055).all()
    assert (observation == env.unwrapped.observe()).all()
    assert env.unwrapped.tracker["recent"][-1]["by"] == "agent"
    with pytest.raises(trifactor.SettingError):
        c.AgentInterventionWrapper(single(), ["tool_block/friction"], space="nothing")


def test_the_policies_of_a_batch_choose_each_for_its_world():
    envs = c.VectorAgentInterventionWrapper(batch(3), ["tool_block/mass"], space="B")
    envs.reset(seed=0)
    actions = np.zeros((3, 11), np.float32)
    actions[1, 9:] = [1.0, 1.0]
    _, _, _, _, infos = envs.step(actions)
    assert infos["intervened"].tolist() == [False, True, False]
    masses = [state["blocks"][0]["mass"] for state in envs.unwrapped.get_states()]
    assert masses == [0.02, 0.1, 0.02]


def test_the_worlds_of_a_protocol_are_the_same_for_every_agent():
    names = [p["name"] for p in c.get_protocols("pushing", generated=False)]
    assert names == [f"P{i}" for i in range(12)]
    first = c.get_manifest("pushing", "P4", 3, seed=1)["worlds"]
    assert first == c.get_manifest("pushing", "P4", 5, seed=1)["worlds"][:3]
    for count, seed in [(0, 1), (3, -1)]:
        with pytest.raises(trifactor.SettingError):
            c.get_manifest("pushing", "P4", count, seed)
    env = c.ProtocolWrapper(single(), "P4", worlds=3, seed=1)
    env.reset()
    assert env.unwrapped.tracker["recent"][-1]["by"] == "protocol"
    start = env.unwrapped.get_state()
    env.step(np.zeros(9, np.float32))
    for _ in range(3):
        env.reset(seed=99)
    assert env.unwrapped.get_state() == start
    own = {"name": "mine", "description": "", "start": "nothing except tool_block/mass from B"}
    assert 0.045 <= c.get_manifest("pushing", own, 1)["worlds"][0]["start"]["tool_block/mass"]
    with pytest.raises(trifactor.UnknownVariableError):
        c.get_manifest("pushing", "single/tool_blok/mass/A", 1)


def test_the_goals_that_info_tells_are_those_of_the_protocols_world():
    env = c.ProtocolWrapper(single(), "P5", worlds=1)
    _, info = env.reset()
    plain = single()
    default = plain.reset(seed=env.worlds[0]["seed"])[1]
    assert (info["desired_goal"] != default["desired_goal"]).any()
    moved = env.step(np.zeros(9, np.float32))[-1]
    assert (info["desired_goal"] == moved["desired_goal"]).all()


def test_a_protocol_intervenes_within_the_episode():
    env = c.ProtocolWrapper(single(), "within/tool_block/mass/B", worlds=2)
    env.reset()
    flags = [env.step(np.zeros(9, np.float32))[-1]["intervened"] for _ in range(STEPS)]
    assert flags == [False, True, False, False]
