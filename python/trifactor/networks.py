"""Policies from files: networks as trainers save them."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from trifactor._trifactor import NativeNetwork
from trifactor.errors import FormatError, SettingError, ShapeError

KINDS = (".onnx", ".safetensors")
"""What the files' names end with."""

Network = Callable[[Any], NDArray[Any]]


def is_network(policy: object) -> bool:
    """Whether a policy is the path of a network."""
    return isinstance(policy, (str, PathLike)) and Path(policy).suffix in KINDS


def load_network(path: Any, action_space: gym.spaces.Space[Any] | None = None) -> Network:
    """Read a network: a function from a batch of observations to as many actions.

    A `.safetensors` file holds the layers of a network under the names that Stable-Baselines3's
    policies or a `torch.nn.Sequential` give them, and in its metadata the `activation`; it is run by
    this package alone. A `.onnx` file is run by `onnxruntime`: its inputs are the observation, or the
    parts of a dictionary of them by name, and its first output is the action.

    Args:
        path: the file.
        action_space: the box that actions are brought into; None for -1 to 1 in every joint.

    Raises:
        SettingError: the name ends otherwise, or there is no such file.
        ImportError: the file is ONNX, and `onnxruntime` is not installed.
        FormatError: the file holds no such network; the message names what is wrong.
    """
    if not is_network(path):
        raise SettingError(f"path: network '{path}': its name must end with {' or '.join(KINDS)}")
    if not Path(path).is_file():
        raise SettingError(f"network '{path}': there is no such file")
    box = gym.spaces.Box(-1.0, 1.0, (9,)) if action_space is None else action_space
    if not isinstance(box, gym.spaces.Box) or box.shape != (9,):
        raise SettingError(f"action_space {box}: expected a Box of nine numbers")
    kind = _Onnx if Path(path).suffix == ".onnx" else _Layers
    return kind(Path(path), box.low.astype(np.float64), box.high.astype(np.float64))


class _Layers:
    """The layers of a safetensors file."""

    def __init__(self, path: Path, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        self._native = NativeNetwork(path)
        self.takes = self._native.takes()
        self._bounds = low.tolist(), high.tolist()

    def __call__(self, observations: Any) -> NDArray[Any]:
        if isinstance(observations, dict):
            raise ShapeError("a safetensors network takes one array of observations, no dictionary")
        rows = np.asarray(observations, np.float64)
        flat = np.ascontiguousarray(rows.reshape(len(rows), -1))
        return self._native.act(flat, *self._bounds)


class _Onnx:
    """The graph of an ONNX file."""

    def __init__(self, path: Path, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            hint = "pip install trifactor[onnx]"
            raise ImportError(f"a policy from an ONNX file needs onnxruntime: {hint}") from error
        self._runtime, self._path = onnxruntime, path
        # Kept for copies: the file may have changed until one is made.
        self._content = path.read_bytes()
        self._session = self._made(str(path))
        self._low, self._high = low, high

    def _made(self, source: str | bytes) -> Any:
        """What runs the graph of a file, or of its contents."""
        options = self._runtime.SessionOptions()
        # One thread gives the same sums whatever the machine; these networks are small.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            return self._runtime.InferenceSession(source, options, ["CPUExecutionProvider"])
        except Exception as error:
            raise FormatError(f"network '{self._path}': {error}") from error

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the session, which is made anew of the file's contents."""
        return {**self.__dict__, "_runtime": None, "_session": None}

    def __setstate__(self, contents: dict[str, Any]) -> None:
        """Make the session anew."""
        import onnxruntime

        self.__dict__.update(contents)
        self._runtime = onnxruntime
        self._session = self._made(self._content)

    def __call__(self, observations: Any) -> NDArray[Any]:
        inputs = self._session.get_inputs()
        if isinstance(observations, dict):
            missing = [one.name for one in inputs if one.name not in observations]
            if missing:
                raise ShapeError(f"the network's inputs {missing} are no parts of the observation")
            parts = {one.name: observations[one.name] for one in inputs}
        elif len(inputs) == 1:
            parts = {inputs[0].name: observations}
        else:
            raise ShapeError(f"the network has {len(inputs)} inputs; the observation is one array")
        doubles = {one.name for one in inputs if one.type == "tensor(double)"}
        parts = {
            name: np.asarray(part, np.float64 if name in doubles else np.float32)
            for name, part in parts.items()
        }
        count = len(next(iter(parts.values())))
        # A graph that was traced with one observation takes one at a time.
        width = inputs[0].shape[0] if isinstance(inputs[0].shape[0], int) else count
        found = [
            self._run({name: part[row : row + width] for name, part in parts.items()})
            for row in range(0, count, max(width, 1))
        ]
        actions: NDArray[Any] = np.clip(np.concatenate(found), self._low, self._high)
        return actions

    def _run(self, parts: dict[str, NDArray[Any]]) -> NDArray[Any]:
        try:
            first = self._session.run(None, parts)[0]
        except Exception as error:
            raise ShapeError(f"the network does not take the observation: {error}") from error
        actions: NDArray[Any] = np.asarray(first)
        return actions
