"""Ours through Gymnasium: the whole `env.step`, observation and reward included.

The share of the bare engine is not measured from Python, so no tick is reported.
"""

from importlib.metadata import version as installed

import gymnasium as gym
import trifactor  # noqa: F401  (registers the environments)
from engine import SKIP_FRAME, Engine
from scene import BLOCK_MASS, BLOCK_SIZE, starting_state

SEVERAL_BLOCKS = "trifactor/General-v0"


def version():
    return f"trifactor {installed('trifactor')}"


class Trifactor(Engine):
    """One block: the pushing task as it comes. More: the `General` task, its blocks laid out."""

    def __init__(self, blocks):
        super().__init__()
        self.info = {}
        if blocks == 1:
            self.env = gym.make("trifactor/Pushing-v0", skip_frame=SKIP_FRAME, disable_env_checker=True)
            self.env.reset(seed=0)
            return
        if SEVERAL_BLOCKS not in gym.registry:
            raise RuntimeError(
                f"{blocks} blocks need {SEVERAL_BLOCKS}, which does not exist yet: "
                "the general family comes later"
            )
        self.env = gym.make(
            SEVERAL_BLOCKS,
            skip_frame=SKIP_FRAME,
            disable_env_checker=True,
            task_params={
                "nums_objects": blocks,
                "tool_block_size": BLOCK_SIZE,
                "tool_block_mass": BLOCK_MASS,
            },
        )
        self.env.reset(seed=0)
        result = self.env.unwrapped.set_starting_state(starting_state(blocks), check_bounds=False)
        if not result[0]:
            raise RuntimeError("trifactor refuses the layout of the blocks")

    def reset(self):
        self.env.reset()

    def step(self, action):
        *_, self.info = self.env.step(action)

    def touching(self):
        """What `info` says under `robot_block_contact`; None where it says nothing of contacts."""
        touching = self.info.get("robot_block_contact")
        return None if touching is None else bool(touching)
