"""The command line: `python -m trifactor`, and the console script `trifactor`."""

from __future__ import annotations

import signal
import sys

from trifactor import _trifactor


def main() -> int:
    """Run the command line on this process's arguments; return the exit status."""
    # Python would only note an interrupt and wait for the native code to return.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _trifactor.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
