"""The environments' ids."""

from __future__ import annotations

import gymnasium as gym

FAMILIES = {
    "Reaching": "reaching",
    "Pushing": "pushing",
    "Picking": "picking",
    "PickAndPlace": "pick_and_place",
    "Stacking2": "stacking2",
    "Towers": "towers",
    "StackedBlocks": "stacked_blocks",
    "CreativeStackedBlocks": "creative_stacked_blocks",
    "General": "general",
}
"""The name in the id, and the task family."""


def register() -> None:
    """Make `gym.make("trifactor/Pushing-v0")` and its siblings work.

    No step limit is registered: how many steps an episode has depends on `skip_frame`, and the
    environment truncates itself.
    """
    for name, family in FAMILIES.items():
        gym.register(
            id=f"trifactor/{name}-v0",
            entry_point="trifactor.env:TriFingerEnv",
            nondeterministic=False,
            kwargs={"family": family},
        )
    # A family of the user's own; without one there is nothing to make.
    gym.register(
        id="trifactor/Custom-v0",
        entry_point="trifactor.env:TriFingerEnv",
        nondeterministic=False,
        kwargs={"family": None},
    )
