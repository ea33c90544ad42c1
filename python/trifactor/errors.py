"""The exceptions of trifactor, under one root.

Whatever raises one of them has changed nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium as gym


class TrifactorError(Exception):
    """The root: everything that trifactor refuses."""


class RefusedError(TrifactorError):
    """An intervention that was understood and refused.

    `do_intervention` and `set_starting_state` return it as `.reason` instead of raising it.
    """


class OutOfSpaceError(RefusedError):
    """A value outside the intervention space in force."""

    def __init__(
        self,
        message: str,
        path: str | None = None,
        value: Sequence[float] = (),
        low: Sequence[float] = (),
        high: Sequence[float] = (),
    ) -> None:
        super().__init__(message)
        self.path = path
        self.value = value
        self.low = low
        self.high = high


class ImpossibleError(RefusedError):
    """A value that this variable cannot have in any space, or not in this task family."""

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class InfeasibleError(RefusedError):
    """Two bodies would interpenetrate by `depth` (m), or one goal would leave the arena."""

    def __init__(
        self,
        message: str,
        first: str | None = None,
        second: str | None = None,
        depth: float | None = None,
    ) -> None:
        super().__init__(message)
        self.first = first
        self.second = second
        self.depth = depth


class UnknownVariableError(TrifactorError):
    """No variable has this name; `suggestion` is the nearest one, where one is near."""

    def __init__(
        self, message: str, path: str | None = None, suggestion: str | None = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.suggestion = suggestion


class ShapeError(TrifactorError, ValueError):
    """A value of the wrong shape or type."""


class NotFiniteError(TrifactorError, ValueError):
    """NaN or infinity where a number must be finite."""


class SettingError(TrifactorError, ValueError):
    """An argument that is none of its values."""


class FormatError(TrifactorError, ValueError):
    """A document (a state, a family) that cannot be understood."""


class StateError(TrifactorError, ValueError):
    """A state that belongs to another world."""


class OrderError(TrifactorError, gym.error.ResetNeeded):
    """A call out of order, such as a step before the first reset."""


class BusyError(TrifactorError, RuntimeError):
    """A call into something that another thread is still at work in; give each thread its own."""
