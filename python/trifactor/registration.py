"""The environments' ids."""

from __future__ import annotations

import gymnasium as gym

FAMILIES = {"Pushing": "pushing", "Reaching": "reaching"}
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
