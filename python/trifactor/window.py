"""A window that shows pictures. Needs the package `pygame`: `pip install trifactor[human]`."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray


def available_modes() -> list[str]:
    """The render modes that work here: `human` needs pygame, which Gymnasium's checker would miss."""
    # What was imported already, by whatever way, has no need of a place on the path.
    found = sys.modules["pygame"] if "pygame" in sys.modules else find_spec("pygame")
    return ["rgb_array"] if found is None else ["rgb_array", "human"]


class Window:
    """A window on the screen; it opens with the first picture."""

    def __init__(self, rate: int) -> None:
        """Prepare a window that shows as many pictures in a second.

        Raises:
            ImportError: pygame is not installed.
        """
        try:
            # Has no types of its own in every version.
            self._pygame: Any = import_module("pygame")
        except ImportError as error:
            hint = "pip install trifactor[human]"
            raise ImportError(f"render_mode 'human' needs pygame: {hint}") from error
        self._rate = rate
        self._screen: Any = None
        self._clock: Any = None

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture (rows, columns, RGB) when the one before was seen long enough."""
        pygame = self._pygame
        if self._screen is None:
            pygame.display.init()
            self._screen = pygame.display.set_mode((picture.shape[1], picture.shape[0]))
            self._clock = pygame.time.Clock()
        # Surfaces have columns before rows.
        surface = pygame.surfarray.make_surface(np.swapaxes(picture, 0, 1))
        self._screen.blit(surface, (0, 0))
        pygame.event.pump()
        self._clock.tick(self._rate)
        pygame.display.flip()

    def close(self) -> None:
        """Close it, where it is open."""
        if self._screen is not None:
            self._pygame.display.quit()
            self._screen = None
