"""What a worker asks of an engine, and the plain loop that replays episodes in it."""

from time import perf_counter

# Ticks in one step. It stands here because the parent needs it and has, perhaps, no numpy.
SKIP_FRAME = 3


class Engine:
    """One simulator with one scene.

    `ticks` counts ticks of 4 ms and `tick_seconds` sums the seconds the bare engine took for them;
    an engine that cannot tell its own share leaves both at zero.
    """

    def __init__(self):
        self.ticks = 0
        self.tick_seconds = 0.0

    def reset(self):
        raise NotImplementedError

    def step(self, action):
        raise NotImplementedError

    def touching(self):
        """Whether the robot presses on a block now; None where the engine does not say."""
        raise NotImplementedError

    def replay(self, episodes):
        """Step through all episodes; return (steps, seconds), resets not timed."""
        steps, seconds = 0, 0.0
        for episode in episodes:
            self.reset()
            start = perf_counter()
            for action in episode:
                self.step(action)
            seconds += perf_counter() - start
            steps += len(episode)
        return steps, seconds

    def contact_fraction(self, episodes):
        """The fraction of steps that end with the robot pressing on a block."""
        steps, touched = 0, 0
        for episode in episodes:
            self.reset()
            for action in episode:
                self.step(action)
                touching = self.touching()
                if touching is None:
                    return None
                touched += touching
                steps += 1
        return touched / steps
