"""The reference: CausalWorld 1.2 on PyBullet, its whole `env.step` with observation and reward."""

import warnings
from importlib.metadata import version as installed
from time import perf_counter

import numpy as np

# Names that numpy removed and the reference still uses.
for _name, _type in {"bool": bool, "int": int, "float": float, "object": object}.items():
    if _name not in np.__dict__:
        setattr(np, _name, _type)

warnings.simplefilter("ignore")

import pybullet  # noqa: E402
from causal_world.configs.world_constants import WorldConstants  # noqa: E402
from causal_world.envs import CausalWorld  # noqa: E402
from causal_world.task_generators import generate_task  # noqa: E402
from engine import SKIP_FRAME, Engine  # noqa: E402
from scene import BLOCK_MASS, BLOCK_SIZE, starting_state  # noqa: E402

# Fields of a PyBullet contact point.
BODY_B, NORMAL_FORCE = 2, 9


def version():
    return f"causal_world {installed('causal_world')}, pybullet {installed('pybullet')}"


def without_shadows():
    """Have the reference's cameras draw no shadows, as ours do not unless asked to."""
    bare = pybullet.getCameraImage
    pybullet.getCameraImage = lambda *args, **kwargs: bare(*args, **{**kwargs, "shadow": 0})


class Reference(Engine):
    """One block: the pushing task as it comes. More: the `general` task, its blocks laid out."""

    def __init__(self, blocks):
        super().__init__()
        self._time_ticks()
        if blocks == 1:
            task = generate_task("pushing")
        else:
            task = generate_task(
                "general",
                nums_objects=blocks,
                tool_block_size=BLOCK_SIZE,
                tool_block_mass=BLOCK_MASS,
            )
        self.env = CausalWorld(task=task, skip_frame=SKIP_FRAME, enable_visualization=False, seed=0)
        if blocks > 1:
            success, _ = self.env.set_starting_state(starting_state(blocks), check_bounds=False)
            if not success:
                raise RuntimeError("the reference refuses the layout of the blocks")

    def _time_ticks(self):
        bare = pybullet.stepSimulation

        def timed(*args, **kwargs):
            start = perf_counter()
            bare(*args, **kwargs)
            self.tick_seconds += perf_counter() - start
            self.ticks += 1

        pybullet.stepSimulation = timed

    def reset(self):
        self.env.reset()

    def step(self, action):
        self.env.step(action)

    def touching(self):
        # Without rendering and with structured observations there is one client. The blocks come
        # after the floor and the wall; goals do not collide.
        client = self.env._pybullet_client_full_id
        robot, stage = WorldConstants.ROBOT_ID, WorldConstants.STAGE_ID
        points = pybullet.getContactPoints(bodyA=robot, physicsClientId=client)
        return any(point[BODY_B] > stage and point[NORMAL_FORCE] > 0 for point in points)
