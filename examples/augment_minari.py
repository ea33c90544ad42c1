"""A Minari data set of a trifactor environment, augmented into another by CoDA.

    python examples/augment_minari.py trifactor/pushing/chance-v0 trifactor/pushing/coda-v0 5000

Needs `pip install trifactor[minari]`, and a data set with states, as `trifactor.record.to_minari`
makes them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import minari

from trifactor.augment import augment_dataset
from trifactor.record import from_minari, to_minari


def augment(source: str, name: str, count: int, folder: Path, **more: Any) -> dict[str, Any]:
    """Make `count` one-step episodes of a data set's; say what came of the proposals.

    Every step of the source is taken again and must come out as it was recorded. What is made is as
    true as what was recorded: no part of a sample came near a part from another step.
    """
    recorded = from_minari(minari.load_dataset(source), folder / "source.arrow")
    made, report = augment_dataset(recorded, folder / "made.arrow", count)
    to_minari(made, name, **more)
    return report


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(augment(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(folder)))
