"""Checks of arguments, for every module: what is refused is named, with what is possible."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from trifactor._trifactor import NativeEnv, NativeVecEnv, State
from trifactor.errors import FormatError, SettingError, ShapeError

Half = TypeVar("Half", NativeEnv, NativeVecEnv)

MOST_THREADS = 2**12
"""The most threads."""

MOST = 2**63 - 1
"""The largest count."""


def count(name: str, value: Any, low: int = 1, high: int = MOST) -> int:
    """A whole number between bounds, both allowed; bools are none.

    Raises:
        SettingError: it is none.
    """
    whole = integer(value)
    if whole is None or not low <= whole <= high:
        bounds = f"of at least {low}" if high == MOST else f"between {low} and {high}"
        raise SettingError(f"{name} {shown(value)}: choose a whole number {bounds}")
    return whole


def threads(value: Any, name: str = "num_threads") -> int:
    """How many threads; 0, which is as many as the machine runs at once, for None.

    Raises:
        SettingError: it is no such number.
    """
    return 0 if value is None else count(name, value, high=MOST_THREADS)


def index(name: str, value: Any, length: int) -> int:
    """An index below a count, from 0.

    Raises:
        ShapeError: there is none of that number.
    """
    whole = integer(value)
    if whole is None or not 0 <= whole < length:
        raise ShapeError(f"{name} {shown(value)}: choose a whole number from 0 to {length - 1}")
    return whole


def seed(value: Any, name: str = "seed") -> int:
    """A seed of random streams, 0 to 2**64 - 1; bools are none.

    Raises:
        SettingError: it is none.
    """
    whole = integer(value)
    if whole is None or not 0 <= whole < 2**64:
        raise SettingError(f"{name} {shown(value)}: choose an integer from 0 to 2**64 - 1")
    return whole


def no_options(options: Any) -> None:
    """Refuse options of a reset where there are none.

    Raises:
        SettingError: there is one.
    """
    if options is not None and (given := dictionary("options", options)):
        raise SettingError(f"options: unknown option {next(iter(given))!r}; there is none yet")


def flag(name: str, value: Any) -> bool:
    """True or False; no other value stands for them.

    Raises:
        SettingError: it is neither.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise SettingError(f"{name} {shown(value)}: choose True or False")
    return bool(value)


def choice(name: str, value: Any, known: Sequence[str | None]) -> Any:
    """One of some names, or None where that is one of them.

    Raises:
        SettingError: it is another.
    """
    if not (value is None or isinstance(value, str)) or value not in known:
        names = [repr(one) for one in known]
        listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
        raise SettingError(f"{name} {shown(value)}: choose {listed}")
    return value


def text(name: str, value: Any) -> str:
    """A string.

    Raises:
        SettingError: it is none.
    """
    if not isinstance(value, str):
        raise SettingError(f"{name} {shown(value)}: expected a string")
    return value


def path(name: str, value: Any) -> str:
    """The path of a file or a folder.

    Raises:
        SettingError: it is none.
    """
    if not isinstance(value, (str, PathLike)) or not isinstance(fspath(value), str):
        raise SettingError(f"{name} {shown(value)}: expected a path")
    return str(fspath(value))


def texts(name: str, value: Any) -> list[str]:
    """Strings in a list, or one alone.

    Raises:
        SettingError: they are none.
    """
    listed = [value] if isinstance(value, str) else sequence(name, value, "strings")
    return [text(name, one) for one in listed]


def sequence(name: str, value: Any, of: str) -> list[Any]:
    """The members of a list, or of anything like one.

    Raises:
        SettingError: it is no list.
    """
    alike = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping, type))
    # An array without dimensions is iterable by type alone.
    if not alike or (isinstance(value, np.ndarray) and value.ndim == 0):
        raise SettingError(f"{name} {shown(value)}: expected a list of {of}")
    return list(value)


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite number between bounds, both allowed; bools are none.

    Raises:
        SettingError: it is none.
    """
    real = isinstance(value, (int, float, np.number, np.ndarray)) and np.ndim(value) == 0
    try:
        given = float(value) if real and not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        given = math.nan
    if not (math.isfinite(given) and low <= given <= high):
        bounds = "" if math.isinf(low) and math.isinf(high) else f", {low} to {high}"
        raise SettingError(f"{name} {shown(value)}: choose a finite number{bounds}")
    return given


def mask(name: str, value: Any, length: int) -> NDArray[np.bool_]:
    """A mask: an array with one bool per item.

    Raises:
        ShapeError: it is none.
    """
    try:
        array = np.array(value)
    except (TypeError, ValueError):
        array = np.array(None)
    if array.shape != (length,) or array.dtype != np.bool_:
        raise ShapeError(f"{name} {shown(value)}: expected an array of {length} bools")
    return array


def function(name: str, value: Any) -> Any:
    """Something that can be called.

    Raises:
        SettingError: it cannot.
    """
    if not callable(value):
        raise SettingError(f"{name} {shown(value)}: expected a function")
    return value


def native(env: Any, name: str = "env") -> NativeEnv:
    """The native half of an environment of this package, itself wrapped or not.

    Raises:
        SettingError: it is none of this package's.
    """
    return _half(env, name, NativeEnv, "environment")


def batch(env: Any, name: str = "env") -> NativeVecEnv:
    """The native half of a batch of this package, itself wrapped or not.

    Raises:
        SettingError: it is none of this package's.
    """
    return _half(env, name, NativeVecEnv, "batch")


def _half(env: Any, name: str, kind: type[Half], what: str) -> Half:
    inner = getattr(env, "unwrapped", env)
    found = getattr(inner, "_native", None)
    if not isinstance(found, kind):
        raise SettingError(f"{name}: {type(inner).__name__} is no {what} of trifactor")
    return found


def environment(env: Any, name: str = "env") -> None:
    """Refuse what no wrapper can stand around.

    Raises:
        SettingError: it is no environment of Gymnasium, nor a batch of them.
    """
    if not isinstance(env, (gym.Env, VectorEnv)):
        raise SettingError(f"{name} {shown(env)}: expected an environment of Gymnasium")


def state(value: Any, name: str = "state") -> State:
    """A state.

    Raises:
        ShapeError: it is none.
    """
    if not isinstance(value, State):
        raise ShapeError(f"{name}: expected a State, got {type(value).__name__}")
    return value


def numbers(
    name: str, value: Any, shape: tuple[int | str, ...] | None = None
) -> NDArray[np.float64]:
    """An array of numbers; where a shape is given, of that; a word stands for any length.

    Raises:
        ShapeError: it is none.
    """
    expected = "an array of numbers" if shape is None else described(shape)
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ShapeError(f"{name}: expected {expected}, got {shown(value)}") from error
    if shape is not None and array.shape != shape:
        fits = array.ndim == len(shape) and all(
            isinstance(wanted, str) or wanted == length
            for wanted, length in zip(shape, array.shape, strict=True)
        )
        if not fits:
            raise ShapeError(f"{name}: expected {expected}, got an array of shape {array.shape}")
    return array


def described(shape: tuple[int | str, ...]) -> str:
    """A shape in words."""
    if len(shape) == 1:
        return f"{shape[0]} numbers"
    return f"numbers of shape ({', '.join(map(str, shape))})"


def dictionary(name: str, value: Any) -> dict[Any, Any]:
    """A dictionary, copied.

    Raises:
        SettingError: it is none.
    """
    if not isinstance(value, Mapping):
        raise SettingError(f"{name} {shown(value)}: expected a dictionary")
    return dict(value)


def document(name: str, value: Any) -> str:
    """The JSON text of a dictionary; numpy's numbers and arrays become numbers and lists.

    Raises:
        FormatError: something in it is nothing that JSON can say, or a number is not finite; with
            the place.
    """
    if not isinstance(value, Mapping):
        raise FormatError(f"{name} {shown(value)}: expected a dictionary")
    return json.dumps(plain(name, value))


def plain(name: str, value: Any) -> Any:
    """A value as JSON has it; numpy's numbers and arrays become numbers and lists.

    Raises:
        FormatError: something in it is nothing that JSON can say, or a number is not finite; with
            the place.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FormatError(f"{name}: {value} is no number that JSON can say")
        return float(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise FormatError(f"{name}: keys must be strings, got {shown(list(value))}")
        return {str(key): plain(f"{name}.{key}", one) for key, one in value.items()}
    if isinstance(value, (np.generic, np.ndarray)) or hasattr(value, "tolist"):
        listed = value.tolist()
        # An array of objects holds itself; so do numbers that Python has no type for.
        if not isinstance(listed, (np.generic, np.ndarray)):
            return plain(name, listed)
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [plain(f"{name}[{i}]", one) for i, one in enumerate(value)]
    else:
        whole = integer(value)
        if whole is not None:
            return whole
    raise FormatError(f"{name}: {shown(value)} is nothing that JSON can say")


def shown(value: Any) -> str:
    """A value in a message, cut where it is long."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 100 else f"{text[:97]}..."


def integer(value: Any) -> int | None:
    """What has `__index__` and is no bool, as an int; else None."""
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None
