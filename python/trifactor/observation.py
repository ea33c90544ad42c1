"""Observations as Gymnasium knows them: arrays, dictionaries of arrays, and their spaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from gymnasium.spaces import Box, Dict, Space
from numpy.typing import ArrayLike, NDArray

from trifactor._trifactor import NativeEnv
from trifactor.errors import NotFiniteError, SettingError, ShapeError

Array: TypeAlias = NDArray[Any]
Variables: TypeAlias = dict[str, Any]
"""Variables by name, in two levels: `{"tool_block": {"mass": 0.05}, "floor_friction": 0.6}`."""
Feature: TypeAlias = tuple[Callable[[Variables], ArrayLike], ArrayLike, ArrayLike]
"""Numbers of one's own: a function of the variables, and its nominal bounds, low and high."""


class Extra:
    """Some numbers that a user's function gives, appended to the observation."""

    def __init__(self, name: str, feature: Feature) -> None:
        """Check the bounds, which say how many numbers there are."""
        try:
            function, low, high = feature
            bounds = [np.atleast_1d(np.asarray(bound, np.float64)) for bound in (low, high)]
        except (TypeError, ValueError) as error:
            expected = "a function of the variables, its low bounds, its high bounds"
            raise SettingError(f"extra_observations['{name}']: expected {expected}") from error
        if not callable(function):
            raise SettingError(f"extra_observations['{name}']: {function!r} cannot be called")
        self.name, self.function = name, function
        self.low, self.high = bounds
        if self.low.ndim != 1 or self.low.shape != self.high.shape or not self.low.size:
            raise SettingError(f"extra_observations['{name}']: the bounds need one length")
        if not np.isfinite(bounds).all():
            raise SettingError(f"extra_observations['{name}']: the bounds must be finite")
        if (self.low > self.high).any():
            raise SettingError(
                f"extra_observations['{name}']: the low bounds {self.low} must not exceed the high "
                f"bounds {self.high}"
            )

    def observe(self, variables: Variables, normalized: bool) -> Array:
        """What the function gives, normalised by its bounds if so wanted."""
        values = np.atleast_1d(np.asarray(self.function(variables), np.float64))
        what = f"extra observation '{self.name}'"
        if values.shape != self.low.shape:
            raise ShapeError(f"{what}: expected {self.low.size} numbers, got {values.shape}")
        if not np.isfinite(values).all():
            raise NotFiniteError(f"{what} contains {values}; every number must be finite")
        # Equal bounds are nothing to normalise by.
        scaled = (self.high != self.low) if normalized else np.zeros(self.low.shape, np.bool_)
        width = np.where(scaled, self.high - self.low, 1.0)
        return np.where(scaled, 2.0 * (values - self.low) / width - 1.0, values)

    def nominal(self, normalized: bool) -> tuple[Array, Array]:
        """The bounds that it is normalised by, in the units of the output."""
        if not normalized:
            return self.low, self.high
        same = self.low == self.high
        return np.where(same, self.low, -1.0), np.where(same, self.high, 1.0)

    def names(self) -> list[str]:
        """The name of every number."""
        return component_names(self.name, self.low.size)


class Arrangement:
    """How the numbers of an observation are arranged: one array, or several by name.

    An observation is a flat array; an entity set is an array with a row per node, and what is
    appended to it stands beside it, in the dictionary `{"entities": ..., "context": ...}`.
    """

    def __init__(self, native: NativeEnv, extras: Mapping[str, Feature]) -> None:
        """Check the extras against the names that the observation has already."""
        self.native = native
        self.extras = [Extra(name, feature) for name, feature in extras.items()]
        if native.image_shape() is not None and self.extras:
            raise SettingError("extra_observations: images have no room for numbers")
        taken = {name.partition("[")[0] for name in native.observation_names()}
        for extra in self.extras:
            if extra.name in taken:
                raise SettingError(f"extra_observations: '{extra.name}' is observed already")

    @property
    def shape(self) -> tuple[int, tuple[int, int] | None]:
        """What decides about the spaces: how many numbers, and rows and columns of the table."""
        return self.native.observation_len(), self.native.observation_table()

    @property
    def _images(self) -> tuple[int, ...] | None:
        shape = self.native.image_shape()
        return None if shape is None else tuple(shape)

    def complete(self, numbers: Array, normalized: bool) -> Any:
        """The observation of the present state, of the numbers that the native half gave."""
        if self.extras:
            variables = self.native.variables()
            own = [extra.observe(variables, normalized) for extra in self.extras]
            numbers = np.concatenate([numbers, *(part.astype(numbers.dtype) for part in own)])
        return self.arrange(numbers)

    def arrange(self, numbers: Array) -> Any:
        """Numbers in a row, or in the rows of a batch, as the observation has them."""
        if self._images is not None:
            return numbers.reshape(*numbers.shape[:-1], *self._images)
        table = self.native.observation_table()
        if table is None:
            return numbers
        rows, columns = table
        whole = (*numbers.shape[:-1], rows, columns)
        entities = numbers[..., : rows * columns].reshape(whole)
        beside = numbers[..., rows * columns :]
        return {"entities": entities, "context": beside} if beside.size else entities

    def names(self) -> Any:
        """The name of every number, arranged as the numbers are, in lists."""
        if self._images is not None:
            return self.native.observation_names()
        names = [*self.native.observation_names(), *(n for e in self.extras for n in e.names())]
        arranged = self.arrange(np.array(names, object))
        if isinstance(arranged, dict):
            return {key: part.tolist() for key, part in arranged.items()}
        return arranged.tolist()

    def space(self, dtype: np.dtype[Any]) -> Space[Any]:
        """Bounds that every observation keeps: infinite where nothing bounds a number."""
        if self._images is not None:
            return self._image_space(dtype)
        low, high = self.native.observation_space()
        own = np.full(sum(extra.low.size for extra in self.extras), np.inf)
        return self._boxes(np.append(low, -own), np.append(high, own), dtype)

    def nominal_space(self, dtype: np.dtype[Any], normalized: bool) -> Space[Any]:
        """The bounds that values are normalised by, which they can leave."""
        if self._images is not None:
            return self._image_space(dtype)
        bounds = [self.native.nominal_observation_space()]
        bounds += [extra.nominal(normalized) for extra in self.extras]
        low, high = (np.concatenate(side) for side in zip(*bounds, strict=True))
        return self._boxes(low, high, dtype)

    def _image_space(self, dtype: np.dtype[Any]) -> Box:
        shape = self._images
        assert shape is not None
        if dtype == np.uint8:
            return Box(0, 255, shape, np.uint8)
        highest = np.asarray(self.native.image_highest(), dtype)
        # Channels are the last axis, or the one after the images.
        channels = highest if shape[-1] == highest.size else highest[:, None, None]
        high = np.broadcast_to(channels, shape)
        return box(np.zeros(shape), high, dtype)

    def _boxes(self, low: Array, high: Array, dtype: np.dtype[Any]) -> Space[Any]:
        lows, highs = self.arrange(low.astype(dtype)), self.arrange(high.astype(dtype))
        if isinstance(lows, dict):
            return Dict({key: box(lows[key], highs[key], dtype) for key in lows})
        return box(lows, highs, dtype)


def box(low: Array, high: Array, dtype: np.dtype[Any]) -> Box:
    """The box with these bounds."""
    return Box(low.astype(dtype), high.astype(dtype), dtype=dtype.type)


def component_names(name: str, size: int) -> list[str]:
    """The name of every number of a value."""
    return [name] if size == 1 else [f"{name}[{i}]" for i in range(size)]
