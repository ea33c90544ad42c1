"""MuJoCo with an equal robot, scene and tick: an upper bound on what an environment could reach.

Physics only: no observation and no reward, no drag on the links and no ring wall (`mjcf.py`). What
it costs to press on a block depends on the softness of contacts, which is MuJoCo's default and not
the reference's. Without contact the two agree: one tick of the PD roll-out to (-0.3, 0.3, -1.0)
from rest (facts 1.6) differs from the reference by 3e-9 rad and 6e-7 rad/s; from the second tick on
the missing drag shows.
"""

from time import perf_counter

import mujoco
import numpy as np
from engine import SKIP_FRAME, Engine
from mjcf import model_text
from mujoco import rollout
from scene import KD, KP, MAX_TORQUE, REST, SAFETY_DAMPING, denormalise


def version():
    return f"mujoco {mujoco.__version__}"


class MuJoCo(Engine):
    """Torques computed in Python on every tick, as the reference does."""

    servo = False

    def __init__(self, blocks):
        super().__init__()
        self.model = mujoco.MjModel.from_xml_string(model_text(blocks, self.servo))
        self.data = mujoco.MjData(self.model)
        names = [self.model.geom(index).name for index in range(self.model.ngeom)]
        self.is_finger = np.array([name.startswith("finger") for name in names])
        self.is_block = np.array([name.startswith("block") for name in names])

    def reset(self):
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:9] = REST
        mujoco.mj_forward(self.model, self.data)

    def step(self, action):
        data, target = self.data, denormalise(action)
        q, v = data.qpos[:9], data.qvel[:9]
        for _ in range(SKIP_FRAME):
            torque = np.clip(KP * (target - q) - KD * v, -MAX_TORQUE, MAX_TORQUE)
            data.ctrl[:] = np.clip(torque - SAFETY_DAMPING * v, -MAX_TORQUE, MAX_TORQUE)
            self._tick()

    def _tick(self):
        start = perf_counter()
        mujoco.mj_step(self.model, self.data)
        self.tick_seconds += perf_counter() - start
        self.ticks += 1

    def touching(self):
        contact = self.data.contact
        if not len(contact.geom):
            return False
        a, b = contact.geom[:, 0], contact.geom[:, 1]
        both = (self.is_finger[a] & self.is_block[b]) | (self.is_block[a] & self.is_finger[b])
        rows = contact.efc_address[both]
        return bool(np.any(self.data.efc_force[rows[rows >= 0]] > 0))


class MuJoCoRollout(MuJoCo):
    """A whole episode per call, the position loop closed by MuJoCo: the engine without Python.

    The damping of the safety stage is a joint damping here, so the torque limit does not cover it,
    and `tick_seconds` is what `rollout` takes, all of it.
    """

    servo = True

    def step(self, action):
        self.data.ctrl[:] = denormalise(action)
        for _ in range(SKIP_FRAME):
            mujoco.mj_step(self.model, self.data)

    def replay(self, episodes):
        steps, seconds = 0, 0.0
        for episode in episodes:
            self.reset()
            state = np.empty(mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_FULLPHYSICS))
            mujoco.mj_getState(self.model, self.data, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
            control = np.repeat([denormalise(action) for action in episode], SKIP_FRAME, axis=0)
            start = perf_counter()
            rollout.rollout(self.model, self.data, state[None], control[None])
            seconds += perf_counter() - start
            steps += len(episode)
        self.ticks += steps * SKIP_FRAME
        self.tick_seconds += seconds
        return steps, seconds
