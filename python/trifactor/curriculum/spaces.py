"""What may be set, and to what: a subspace for every variable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from trifactor import checks
from trifactor._trifactor import parse_space

Space: TypeAlias = str | Mapping[str, Any]
"""As text, `"A except tool_block/mass from B"`; or, where no text can say it, as a dictionary:
`{"all": "A", "except": {"tool_block/mass": {"low": 0.02, "high": 0.03}}}`."""


def space_document(space: Space) -> Any:
    """A space in its one form, checked.

    Raises:
        FormatError: it says nothing that can be meant; with the place.
    """
    text = space if isinstance(space, str) else checks.document("space", space)
    return json.loads(parse_space(text))
