"""Worlds on disk, in their wrappers."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import VectorEnv

from trifactor import checks
from trifactor._trifactor import __version__
from trifactor.env import TriFingerEnv
from trifactor.errors import FormatError, SettingError, TrifactorError
from trifactor.remaking import WorldSpec, fixed
from trifactor.vector import TriFingerVectorEnv

FORMAT = "trifactor wrapped world"
"""What the file calls its format."""
VERSION = 1
"""The version of that format."""


def save_world(
    env: gym.Env[Any, Any] | VectorEnv[Any, Any, Any], path: str | PathLike[str]
) -> None:
    """Write what an environment, or a batch, is made of, with its wrappers and its curriculum.

    The file is JSON. `load_world` makes the same of it, before its first reset: what wrappers and
    actors have learned is no part of it, and neither is the present state, which `State.save`
    writes. A recorder around it is left out.

    Args:
        env: an environment of this package, or a batch, in any wrappers that say what they were
            made with (Gymnasium's `RecordConstructorArgs`).
        path: the file to write.

    Raises:
        SettingError: it is none of this package's; or functions belong to it, or a wrapper that
            does not say what it was made with: no file holds those, and they are named.
        TrifactorError: the file cannot be written.
    """
    checks.environment(env)
    world, spec = _inner(env), env.spec
    if spec is None:
        raise SettingError(f"env: {env} has no spec, which says what it was made of")
    # Gymnasium's own wrappers may have left a plain spec.
    spec = spec if isinstance(spec, WorldSpec) else fixed(spec, spec.kwargs)
    said = {"world": world.description(), "spec": json.loads(spec.to_json())}
    document = {"format": FORMAT, "version": VERSION, "program": __version__, **said}
    try:
        Path(path).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise TrifactorError(f"{path}: {error}") from error


def load_world(path: str | PathLike[str]) -> Any:
    """Make the environment, or the batch, that `save_world` wrote, in its wrappers.

    The wrappers' modules are imported, as `gymnasium.make` imports those of a spec: load files of
    people whose code you would run.

    Args:
        path: the file.

    Raises:
        FormatError: it is no such file, or of a version that this release cannot read.
        StateError: this release would make another world of it.
        TrifactorError: the file cannot be read.
    """
    checks.path("path", path)
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: {error}") from error
    spec = _spec(path, document)
    make: Any = gym.make_vec if "vectorization_mode" in spec.kwargs else gym.make
    try:
        env = make(spec)
    except TrifactorError:
        raise
    except (AttributeError, ImportError, TypeError, ValueError, gym.error.Error) as error:
        raise FormatError(f"{path}: at spec: {error}") from error
    _inner(env)._native.check_description(json.dumps(document["world"]))
    return env


def _inner(env: Any) -> TriFingerEnv:
    """The environment of this package; of a batch the one that all its worlds are like."""
    inner = env.unwrapped
    if isinstance(inner, TriFingerVectorEnv):
        return inner._single
    if not isinstance(inner, TriFingerEnv):
        raise SettingError(f"env: {type(inner).__name__} is no environment of trifactor")
    return inner


def _spec(path: object, document: Any) -> EnvSpec:
    """The spec in a document of the right format and version."""
    said = document if isinstance(document, dict) else {}
    if said.get("format") != FORMAT:
        raise FormatError(f"{path}: at format: expected '{FORMAT}', found {said.get('format')!r}")
    if said.get("version") != VERSION:
        raise FormatError(
            f"{path}: at version: {said.get('version')!r}, written by trifactor "
            f"{said.get('program')}; this release reads version {VERSION}"
        )
    if not isinstance(said.get("spec"), dict) or not isinstance(said.get("world"), dict):
        raise FormatError(f"{path}: at spec: expected what `save_world` wrote")
    try:
        return EnvSpec.from_json(json.dumps(said["spec"]))
    except (KeyError, TypeError, ValueError, gym.error.Error) as error:
        raise FormatError(f"{path}: at spec: {error}") from error
