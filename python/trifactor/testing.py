"""A checker of vector environments, trifactor's and others'.

Gymnasium has one for single environments only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

BATCH_ONLY = (
    "num_envs",
    "num_threads",
    "autoreset_mode",
    "copy",
    "vectorization_mode",
    "vector_kwargs",
)
"""Keyword arguments of a vector environment that its single environments do not have."""

OF_A_STEP = ("local_mask", "mask_pairs", "mask_known")
"""Infos that a reset has no value for."""


def check_vector_env(
    env: VectorEnv[Any, Any, Any],
    *,
    single: Callable[[], gym.Env[Any, Any]] | None = None,
    seed: int = 0,
    max_steps: int = 1000,
) -> None:
    """Check that a vector environment keeps Gymnasium's conventions, and close it.

    Checked are spaces and metadata; shapes and types of what is returned; that seeds decide
    everything; the masks of `infos`; that arrays once returned do not change (unless the
    environment has `copy=False`); the autoreset mode it declares, through the ends of episodes;
    that every world is, bit for bit, what a single environment is with its seed; and that it can
    be closed twice. Seeds show only where resets or steps are random.

    Args:
        env: the vector environment; make it with short episodes.
        single: makes one of its environments; by default from `env.spec`.
        seed: of the first world; also of the actions.
        max_steps: within which an episode has to end.

    Raises:
        AssertionError: with what is wrong.
    """
    assert isinstance(env, VectorEnv), f"{type(env)} is no gymnasium.vector.VectorEnv"
    make = single or _maker(env)
    _check_spaces(env)
    _check_seeds(env, seed)
    _check_returns_and_aliasing(env, seed)
    _check_rollout(env, make, seed, max_steps)
    if env.metadata["autoreset_mode"] == AutoresetMode.DISABLED:
        _check_reset_mask(env, seed)
    env.close()
    env.close()


def _maker(env: VectorEnv[Any, Any, Any]) -> Callable[[], gym.Env[Any, Any]]:
    spec = env.spec
    assert spec is not None and spec.entry_point is not None, (
        "env.spec names no single environment to compare with; pass one as `single`"
    )
    kwargs = {key: value for key, value in spec.kwargs.items() if key not in BATCH_ONLY}
    return lambda: gym.make(spec.id, **kwargs)


def _check_spaces(env: VectorEnv[Any, Any, Any]) -> None:
    count = env.num_envs
    assert isinstance(count, int) and count >= 1, f"num_envs is {count!r}"
    for name in ("observation_space", "action_space"):
        batched = batch_space(getattr(env, f"single_{name}"), count)
        assert getattr(env, name) == batched, f"{name} is not single_{name} {count} times"
    mode = env.metadata.get("autoreset_mode")
    assert isinstance(mode, AutoresetMode), (
        f"metadata['autoreset_mode'] is {mode!r}, no gymnasium.vector.AutoresetMode"
    )
    assert env.metadata is not type(env).metadata, (
        "metadata is the class's own: the next environment with another autoreset mode changes it"
    )


def _check_seeds(env: VectorEnv[Any, Any, Any], seed: int) -> None:
    first, _ = env.reset(seed=seed)
    first = _kept(first)
    assert _same(env.reset(seed=seed)[0], first), f"two resets with seed={seed} differ"
    each = [seed + i for i in range(env.num_envs)]
    assert _same(env.reset(seed=each)[0], first), (  # type: ignore[arg-type]
        f"seed={seed} is not seed={each}"
    )
    actions = [_action(env, seed, step) for step in range(5)]
    runs = []
    for _ in range(2):
        env.reset(seed=seed)
        runs.append([_kept(env.step(action)[:4]) for action in actions])
    assert _same(runs[0], runs[1]), "two runs with one seed and the same actions differ"


def _check_returns_and_aliasing(env: VectorEnv[Any, Any, Any], seed: int) -> None:
    copies = getattr(env.unwrapped, "copy", True)
    observations, infos = env.reset(seed=seed)
    _check_observations(env, observations)
    _check_infos(env, infos)
    returned: list[tuple[str, Any, Any]] = []
    if copies:
        returned.append(("observations of reset", observations, _kept(observations)))
    for step in range(3):
        action = _action(env, seed, step)
        given = action.copy()
        observations, rewards, terminated, truncated, infos = env.step(action)
        assert _same(action, given), "step writes into the actions that it is given"
        _check_observations(env, observations)
        shape = (env.num_envs,)
        assert isinstance(rewards, np.ndarray) and rewards.shape == shape, (
            f"rewards are no array of shape {shape}"
        )
        assert np.issubdtype(rewards.dtype, np.floating), f"rewards have dtype {rewards.dtype}"
        for name, flags in (("terminations", terminated), ("truncations", truncated)):
            fits = isinstance(flags, np.ndarray) and flags.shape == shape
            assert fits and flags.dtype == np.bool_, f"{name} are no array of bool, shape {shape}"
        _check_infos(env, infos)
        shown = {
            "rewards": rewards,
            "terminations": terminated,
            "truncations": truncated,
            "infos": infos,
        }
        if copies:
            shown["observations"] = observations
        returned += [(f"{name} of a step", one, _kept(one)) for name, one in shown.items()]
    for name, one, kept in returned:
        assert _same(one, kept), f"the {name} change under the caller"


def _check_observations(env: VectorEnv[Any, Any, Any], observations: Any) -> None:
    space = env.observation_space
    assert observations in space, "observations do not lie in observation_space"
    for part, own in zip(_leaves(observations), _parts(space), strict=True):
        assert part.dtype == own.dtype, f"observations have dtype {part.dtype}, not {own.dtype}"


def _check_infos(env: VectorEnv[Any, Any, Any], infos: dict[str, Any]) -> None:
    assert isinstance(infos, dict), f"infos are {type(infos)}, no dictionary"
    for name, value in infos.items():
        if name.startswith("_") and name[1:] in infos:
            continue
        mask = infos.get(f"_{name}")
        fits = isinstance(mask, np.ndarray) and mask.shape == (env.num_envs,)
        assert fits and mask is not None and mask.dtype == np.bool_, (
            f"infos['{name}'] has no mask '_{name}', an array of bool with one for every world"
        )
        if isinstance(value, dict):
            _check_infos(env, value)
        else:
            assert len(value) == env.num_envs, f"infos['{name}'] has not one row for every world"


class _Alone:
    """A single environment, reset as the autoreset mode says."""

    def __init__(self, env: gym.Env[Any, Any], mode: AutoresetMode) -> None:
        self.env, self.mode, self.ended = env, mode, False

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any], Any]:
        """Observation, reward, flags and info, and the last observation and info, if any."""
        if self.ended:
            observation, info = self.env.reset()
            self.ended = False
            if self.mode == AutoresetMode.NEXT_STEP:
                return observation, 0.0, False, False, info, None
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.ended, final = terminated or truncated, None
        if self.ended and self.mode == AutoresetMode.SAME_STEP:
            final = (observation, info)
            observation, info = self.env.reset()
            self.ended = False
        return observation, float(reward), terminated, truncated, info, final


def _check_rollout(
    env: VectorEnv[Any, Any, Any],
    make: Callable[[], gym.Env[Any, Any]],
    seed: int,
    max_steps: int,
) -> None:
    mode = env.metadata["autoreset_mode"]
    alone = [_Alone(make(), mode) for _ in range(env.num_envs)]
    observations, infos = env.reset(seed=seed)
    for world, one in enumerate(alone):
        observation, info = one.env.reset(seed=seed + world)
        _compare(world, "reset", (_row(observations, world), observation), (infos, info))
    ended, after = np.zeros(env.num_envs, np.bool_), None
    for step in range(max_steps):
        if mode == AutoresetMode.DISABLED and ended.any():
            env.reset(options={"reset_mask": ended.copy()})
        action = _action(env, seed, step)
        observations, rewards, terminated, truncated, infos = env.step(action)
        for world, one in enumerate(alone):
            observation, reward, *flags, info, final = one.step(action[world])
            what = f"step {step}"
            assert [bool(terminated[world]), bool(truncated[world])] == flags, (
                f"world {world}, {what}: flags are {terminated[world]}, {truncated[world]}, "
                f"a single environment's are {flags}"
            )
            assert float(rewards[world]) == reward, (
                f"world {world}, {what}: the reward is {rewards[world]}, a single environment's "
                f"{reward} (autoreset mode {mode})"
            )
            _compare(world, what, (_row(observations, world), observation), (infos, info))
            _check_final(world, what, infos, final)
        ended = np.logical_or(terminated, truncated)
        # A few steps beyond the first end, where a wrong reset shows.
        after = 3 if ended.any() and after is None else after
        if after is not None:
            after -= 1
            if after < 0:
                break
    assert after is not None, (
        f"no episode ended within {max_steps} steps, so autoreset was not checked; make the "
        "environment with shorter episodes, or raise max_steps"
    )
    for one in alone:
        one.env.close()


def _compare(world: int, what: str, observations: tuple[Any, Any], infos: tuple[Any, Any]) -> None:
    assert _same(*observations), (
        f"world {world}, {what}: its observation is not that of a single environment"
    )
    _compare_infos(f"world {world}, {what}: infos", world, *infos)


def _compare_infos(what: str, world: int, infos: dict[str, Any], info: dict[str, Any]) -> None:
    for name, value in info.items():
        if name in OF_A_STEP and not info.get("mask_known", True):
            # No step led here, and where one ended an episode the batch tells of that.
            continue
        assert name in infos and infos[f"_{name}"][world], f"{what} lack '{name}'"
        if isinstance(value, dict):
            _compare_infos(what, world, infos[name], value)
        elif isinstance(value, int | float | np.number | np.bool_ | np.ndarray):
            found = np.asarray(infos[name][world])
            assert np.array_equal(found, value, equal_nan=found.dtype.kind == "f"), (
                f"{what}['{name}'] is {found}, in a single environment {value}"
            )


def _check_final(world: int, what: str, infos: dict[str, Any], final: Any) -> None:
    for name in ("final_obs", "final_info"):
        has = name in infos and bool(infos[f"_{name}"][world])
        assert has == (final is not None), (
            f"world {world}, {what}: '{name}' is {'there' if has else 'missing'}, but the episode "
            f"{'ended' if final is not None else 'did not end'} in this step"
        )
    if final is not None:
        assert _same(infos["final_obs"][world], final[0]), (
            f"world {world}, {what}: final_obs is not the episode's last observation"
        )
        _compare_infos(f"world {world}, {what}: final_info", world, infos["final_info"], final[1])


def _check_reset_mask(env: VectorEnv[Any, Any, Any], seed: int) -> None:
    env.reset(seed=seed)
    before = _kept(env.step(_action(env, seed, 0))[0])
    mask = np.zeros(env.num_envs, np.bool_)
    mask[0] = True
    observations, infos = env.reset(seed=seed, options={"reset_mask": mask})
    assert mask[0] and not mask[1:].any(), "reset writes into reset_mask"
    observations = _kept(observations)
    for name in (name for name in infos if f"_{name}" in infos):
        assert (infos[f"_{name}"] <= mask).all(), f"infos['{name}'] is of worlds not reset"
    first = _kept(env.reset(seed=seed)[0])
    for world in range(env.num_envs):
        expected = first if mask[world] else before
        assert _same(_row(observations, world), _row(expected, world)), (
            f"reset_mask: world {world} was {'not ' if mask[world] else ''}reset"
        )


def _action(env: VectorEnv[Any, Any, Any], seed: int, step: int) -> Any:
    env.action_space.seed(seed * 1_000_003 + step)
    return env.action_space.sample()


def _row(batch: Any, world: int) -> Any:
    if isinstance(batch, dict):
        return {key: _row(part, world) for key, part in batch.items()}
    if isinstance(batch, tuple):
        return tuple(_row(part, world) for part in batch)
    return batch[world]


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _kept(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_kept(part) for part in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _leaves(value[key])
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _parts(space: gym.Space[Any]) -> Iterator[gym.Space[Any]]:
    if isinstance(space, gym.spaces.Dict):
        for key in sorted(space.spaces):
            yield from _parts(space.spaces[key])
    elif isinstance(space, gym.spaces.Tuple):
        for part in space.spaces:
            yield from _parts(part)
    else:
        yield space


def _same(one: Any, other: Any) -> bool:
    first, second = list(_leaves(one)), list(_leaves(other))
    return len(first) == len(second) and all(map(_equal, first, second))


def _equal(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype == object:
        return all(_same(a, b) for a, b in zip(one.ravel(), other.ravel(), strict=True))
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
