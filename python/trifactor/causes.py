"""What influenced what in the last step, of one environment and of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trifactor import checks
from trifactor._trifactor import (
    NativeEnv,
    NativeVecEnv,
    State,
    contacts,
    feature_mask,
    link_poses,
    local_mask,
    mask_edges,
    mask_names,
)
from trifactor.causal import Counterfactual, counterfactuals_of
from trifactor.observation import Variables


class Causes:
    """What `TriFingerEnv` knows of its last step, and of what would have come of another."""

    _native: NativeEnv

    def local_mask(self, strength: str = "sound") -> NDArray[np.bool_]:
        """What could influence what in the last step: the ground-truth local causal mask.

        Rows are the nodes before the step (fingers, blocks, goals) and then the three fingers'
        actions, columns the nodes after it, in the order of `mask_names`. An entry is the direct
        truth of the solver: which bodies it coupled in every tick, composed in time order.

        Args:
            strength: "sound" counts every pair that was coupled, "tight" those that pushed.

        Raises:
            OrderError: no step led to the present state.
            SettingError: another strength.
        """
        return local_mask(self._native, checks.text("strength", strength))

    def mask_edges(self) -> list[dict[str, Any]]:
        """The pairs of nodes that the solver coupled in the last step.

        Returns:
            A dictionary per pair: `first` and `second` (places in `mask_names`), `tick` (the first,
            from 0), `impulse` (the largest of a tick, N s), `gap` (the smallest, m).

        Raises:
            OrderError: no step led to the present state.
        """
        names = ("first", "second", "tick", "impulse", "gap")
        return [dict(zip(names, edge, strict=True)) for edge in mask_edges(self._native)]

    def feature_mask(self, strength: str = "sound") -> NDArray[np.bool_]:
        """The last step's local mask over the numbers of the observation.

        Rows are the numbers before the step and then the nine of the action, columns the numbers
        after it, as `get_observation_names` names them. Numbers of one node influence each other,
        what is the whole world's (gravity) influences all bodies, time and padding themselves.

        Args:
            strength: as of `local_mask`.

        Raises:
            OrderError: no step led to the present state.
            SettingError: images are observed, or another strength.
        """
        return feature_mask(self._native, checks.text("strength", strength))

    def counterfactual(
        self,
        state: State,
        actions: ArrayLike,
        do: Variables | None = None,
        *,
        instead: ArrayLike | None = None,
        check_bounds: bool = False,
    ) -> Counterfactual:
        """What would have come of actions, had something been otherwise; nothing is changed here.

        Args:
            state: where they begin: any state of this world, such as a recorded one.
            actions: what was done, of shape (steps, 9).
            do: what is set in that state, as of `do_intervention`.
            instead: other actions in place of those.
            check_bounds: whether values must lie in the intervention space in force.

        Raises:
            RefusedError: the intervention is refused.
            StateError: the state belongs to another world.
            ShapeError: actions are no such array.
        """
        questions = [(do, instead)]
        all_of_them = counterfactuals_of(self._native, state, actions, questions, check_bounds=check_bounds)
        answer = all_of_them.counterfactual[0]
        if isinstance(answer, Exception):
            raise answer
        return Counterfactual(all_of_them.factual, answer)

    def get_contacts(self) -> list[dict[str, Any]]:
        """Who pushed on whom in the last step, where, and how hard.

        Returns:
            A dictionary per pair and tick of 4 ms: `first` and `second` (names as
            `get_entity_names` has them), `tick` (from 0), `impulse` (the sum of normal impulses, N s),
            `gap` (m; negative where they penetrate), `place` (world frame, m), `push` (the impulse
            on the second, world frame, N s).

        Raises:
            OrderError: no step led to the present state.
        """
        names = ("first", "second", "tick", "impulse", "gap", "place", "push")
        return [dict(zip(names, contact, strict=True)) for contact in contacts(self._native)]

    def get_link_poses(self) -> dict[str, tuple[list[float], list[float]]]:
        """Where every link of the robot is: its position (m) and quaternion x, y, z, w, by name."""
        return {link: (at, turn) for link, at, turn in link_poses(self._native)}

    def mask_names(self) -> list[str]:
        """The rows of `local_mask`: the nodes, which are its columns too, then the actions."""
        return mask_names(self._native)


class Branch(NamedTuple):
    """What would come of one sequence of actions."""

    rewards: NDArray[np.float64]
    """Of every step taken; fewer than actions where the episode ends before."""
    terminated: bool
    truncated: bool
    success: bool
    """Whether the goal is reached in the last state."""
    fractional_success: float
    state: State
    """The last state."""
    states: list[State]
    """The state after every step, where they were asked for."""


class BatchCauses:
    """What `TriFingerVectorEnv` knows of the last step of its worlds."""

    num_envs: int
    _native: NativeVecEnv

    def local_masks(self, strength: str = "sound") -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """What could influence what in the last step of every world, as one array.

        Args:
            strength: "sound" counts every pair that was coupled, "tight" those that pushed.

        Returns:
            Masks of shape (worlds, nodes + 3, nodes), each as `TriFingerEnv.local_mask` gives it,
            with places left empty where a world has fewer blocks or goals (`max_blocks` makes the
            shape constant); and which worlds have one: not those that were reset instead, or
            intervened on by an actor.

        Raises:
            SettingError: another strength.
        """
        entries, nodes, known = self._native.local_masks(checks.text("strength", strength))
        return entries.reshape(self.num_envs, nodes + 3, nodes), np.array(known, np.bool_)

    def mask_pairs(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """What the solver coupled in the last step of every world, as one array.

        Returns:
            Of shape (worlds, nodes, nodes, 3): the first tick, the largest impulse (N s) and the
            smallest gap (m) of every pair; NaN where it was not coupled; and which worlds have it.
        """
        numbers, nodes, known = self._native.mask_pairs()
        return numbers.reshape(self.num_envs, nodes, nodes, 3), np.array(known, np.bool_)

    def branch(
        self,
        state: State,
        action_sequences: ArrayLike | Sequence[ArrayLike],
        *,
        keep_states: bool = False,
    ) -> list[Branch]:
        """Try sequences of actions from one state, in parallel; no world of the batch is touched.

        Each is followed to its end or the episode's, and gives what `set_state` and `step` of an
        environment would.

        Args:
            state: where all of them begin; of any world of this kind.
            action_sequences: of shape (sequences, steps, 9), or a list of arrays (steps, 9).
            keep_states: whether to return the states on the way.

        Raises:
            ShapeError: a sequence is no such array.
            NotFiniteError: one contains NaN or infinity.
            StateError: the state belongs to another kind of world.
        """
        listed = checks.sequence("action_sequences", action_sequences, "arrays of actions")
        sequences = [
            checks.numbers(f"action_sequences[{i}]", one, ("steps", 9)) for i, one in enumerate(listed)
        ]
        keep = checks.flag("keep_states", keep_states)
        return [Branch(*one) for one in self._native.branch(checks.state(state), sequences, keep)]
