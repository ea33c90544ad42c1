"""The viewer's example: an episode becomes a file of Rerun's, and is read back from it."""

import gymnasium as gym
import numpy as np
import rerun as rr
import viewer

import trifactor
from trifactor.record import Dataset, RecordEpisodes

STEPS = 20


def record(path):
    """An episode in which fingers reach the floor, and the block's mass is set half way."""
    env = RecordEpisodes(gym.make("trifactor/Pushing-v0", skip_frame=10), path)
    env.reset(seed=3)
    for step in range(STEPS):
        if step == STEPS // 2:
            assert env.unwrapped.do_intervention({"tool_block": {"mass": 0.05}})[0]
        env.step(np.full(9, 0.6 if step < 5 else -0.6, np.float32))
    env.close()


def columns(path):
    """{entity: {component: values, row by row}} of what changes, by Rerun's own reader."""
    found = {}
    for chunk in rr.chunk.RrdReader(path).stream().to_chunks():
        batch = chunk.to_record_batch()
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if ":" not in name:
                continue  # times and row numbers
            values = found.setdefault(str(chunk.entity_path), {}).setdefault(name, [])
            values.extend(column.to_pylist())
    return found


def test_an_episode_s_entities_are_exported_and_read_back(tmp_path):
    data, output = tmp_path / "episodes.arrow", tmp_path / "episode.rrd"
    record(data)
    episode = Dataset(data)[0]
    assert viewer.export(data, 0, output) == len(episode)
    found = columns(output)

    def rows(entity):
        return max(len(values) for values in found[entity].values())

    for finger in ("60", "120", "300"):
        for link in range(4):
            entity = f"/world/robot/robot_finger_{finger}_link_{link}"
            assert rows(entity) == len(episode)
            assert f"{entity}/mesh_0/form" in found
    for entity in ("/world/blocks/tool_block", "/world/goals/goal_block", "/world/contacts"):
        assert rows(entity) == len(episode)
    assert rows("/reward") == STEPS
    # At the start, and when it was set.
    masses = found["/variables/tool_block/mass"]["Scalars:scalars"]
    assert [mass for (mass,) in masses] == [0.02, 0.05]
    centers = found["/world/blocks/tool_block"]["Boxes3D:centers"]
    env = trifactor.TriFingerEnv.from_description(Dataset(data).world)
    for (center,), state in zip(centers, episode.states, strict=True):
        env.set_state(state)
        block = env.get_current_state_variables()["tool_block"]
        assert np.allclose(center, block["cartesian_position"], atol=1e-6)
    pushes = found["/world/contacts"]["Arrows3D:vectors"]
    assert any(pushes), "no contact was exported"
