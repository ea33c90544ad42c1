"""Warnings of what is allowed and rarely wanted, as Gymnasium gives them: each once."""

from __future__ import annotations

from gymnasium import logger

_given: set[str] = set()


def outside() -> None:
    """Warn that actions outside the action space are clipped."""
    _once("actions outside the action space are clipped to it; this is said once")


def no_render_mode() -> None:
    """Warn that nothing is drawn without a render mode."""
    _once(
        "render() draws nothing without a render mode; make the environment with "
        "render_mode='rgb_array'; this is said once"
    )


def _once(message: str) -> None:
    if message not in _given:
        # Before the warning, which may be made an exception.
        _given.add(message)
        logger.warn(message)
