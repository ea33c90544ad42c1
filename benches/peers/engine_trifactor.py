"""Ours through Gymnasium: the whole `env.step`, observation and reward included."""

from importlib.metadata import version as installed

import gymnasium as gym
import trifactor  # noqa: F401  (registers the environments)
from engine import Engine
from scene import BLOCK_MASS, BLOCK_SIZE, SKIP_FRAME, starting_state


def version():
    return f"trifactor {installed('trifactor')}"


class Trifactor(Engine):
    """One block: the pushing task as it comes. More: the `General` task with the blocks laid out."""

    def __init__(self, blocks):
        super().__init__()
        if blocks == 1:
            self.env = gym.make("trifactor/Pushing-v0", skip_frame=SKIP_FRAME)
            self.env.reset(seed=0)
            return
        self.env = gym.make(
            "trifactor/General-v0",
            skip_frame=SKIP_FRAME,
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
        self.env.step(action)

    def touching(self):
        """The Python door does not report contacts; the Rust door, the same code, does."""
        return None
