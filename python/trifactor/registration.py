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

FORMS = {
    "": ("trifactor.env:TriFingerEnv", "trifactor.vector:TriFingerVectorEnv"),
    "Goal": ("trifactor.goal:TriFingerGoalEnv", "trifactor.goal_vector:TriFingerGoalVectorEnv"),
}
"""What follows the name in the id, and the environment with its batch: plain, or goal-conditioned."""


def register() -> None:
    """Make `gym.make("trifactor/Pushing-v0")`, `trifactor/PushingGoal-v0` and siblings work.

    No step limit is registered: how many steps an episode has depends on `skip_frame`, and the
    environment truncates itself.
    """
    for name, family in FAMILIES.items():
        _register(name, family)
    # A family of the user's own; without one there is nothing to make.
    _register("Custom", None)
    for place in range(1, 5):
        for name, sparse in (("", False), ("Sparse", True)):
            gym.register(
                id=f"trifactor/Sprites-Place{place}{name}-v0",
                entry_point="trifactor.sprites:SpriteEnv",
                nondeterministic=False,
                kwargs={"place": place, "sparse": sparse},
            )


def _register(name: str, family: str | None) -> None:
    for form, (entry_point, vector_entry_point) in FORMS.items():
        gym.register(
            id=f"trifactor/{name}{form}-v0",
            entry_point=entry_point,
            vector_entry_point=vector_entry_point,
            nondeterministic=False,
            kwargs={"family": family},
        )
