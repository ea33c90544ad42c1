"""Curricula as documents, with the actors that are code beside them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trifactor import checks
from trifactor._trifactor import curriculum_document
from trifactor.curriculum.actors import ALWAYS, Active
from trifactor.curriculum.spaces import Space, space_document
from trifactor.errors import SettingError, ShapeError
from trifactor.observation import Variables


class Curriculum:
    """What a curriculum is for an environment and for a batch: a document, and actors in code."""

    def __init__(
        self,
        actors: Sequence[Any] | str,
        actives: Sequence[Active] | None = None,
        space: Space | None = None,
    ) -> None:
        """Check and translate the arguments of `CurriculumWrapper`."""
        self.custom: list[tuple[str, Callable[..., Any]]] = []
        if isinstance(actors, str):
            if actives is not None or space is not None:
                raise SettingError("a curriculum by name has its own actives and space")
            self.document = curriculum_document(actors)
            return
        actors = checks.sequence("intervention_actors", actors, "actors")
        given = (
            [ALWAYS] * len(actors)
            if actives is None
            else checks.sequence("actives", actives, "schedules")
        )
        if len(given) != len(actors):
            raise ShapeError(f"actives: expected {len(actors)}, one for each actor, got {len(given)}")
        entries = [
            {**self._entry(actor), "active": _active(active)}
            for actor, active in zip(actors, given, strict=True)
        ]
        document: dict[str, Any] = {"actors": entries}
        if space is not None:
            document["space"] = space_document(space)
        self.document = checks.document("curriculum", document)

    @classmethod
    def of(cls, given: Any) -> Curriculum:
        """The curriculum of a name, or of a dictionary as `argument` gives it.

        Raises:
            SettingError: it is neither.
        """
        if isinstance(given, str):
            return cls(given)
        if not isinstance(given, Mapping) or not {"actors"} <= set(given) <= {"actors", "space"}:
            known = "'0', '1', '2', or a dictionary with 'actors' and perhaps 'space'"
            raise SettingError(f"curriculum {checks.shown(given)}: choose {known}")
        entries = checks.sequence("curriculum", given["actors"], "actors")
        entries = [checks.dictionary("curriculum", entry) for entry in entries]
        actives = [entry.pop("active", ALWAYS) for entry in entries]
        return cls(entries, actives, given.get("space"))

    def argument(self) -> dict[str, Any]:
        """The dictionary that `of` takes; in it actors that are code stand under `act`."""
        document: dict[str, Any] = json.loads(self.document)
        for entry in document["actors"]:
            if entry["actor"] == "custom":
                _, asked = self.custom[entry.pop("index")]
                entry["act"] = asked.actor
        return document

    def arguments(self) -> dict[str, Any]:
        """The arguments of `CurriculumWrapper`, which JSON can say unless actors are code."""
        document = self.argument()
        actives = [entry.pop("active") for entry in document["actors"]]
        space = document.get("space")
        return {"intervention_actors": document["actors"], "actives": actives, "space": space}

    def _entry(self, actor: Any) -> dict[str, Any]:
        if isinstance(actor, type):
            raise SettingError(
                f"intervention_actors: {actor.__name__} is a class; pass one that it made"
            )
        if isinstance(actor, Mapping):
            if actor.get("actor") != "custom":
                return dict(actor)
            actor = actor.get("act")
        kind = getattr(actor, "_kind", None)
        if kind is None:
            self.custom.append(_custom(actor))
            return {"actor": "custom", "index": len(self.custom) - 1}
        entry = {name.rstrip("_"): value for name, value in asdict(actor).items()}
        entry = {name: value for name, value in entry.items() if value is not None}
        if "space" in entry:
            entry["space"] = space_document(entry["space"])
        return {"actor": kind, **entry}


def _active(active: Active) -> list[int | None]:
    return [_moment(one) for one in checks.sequence("actives", active, "whole numbers")]


def _moment(number: Any) -> int | None:
    if number is None or (isinstance(number, float) and number == math.inf):
        return None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return checks.count("actives", number, 0)


def _custom(actor: Any) -> tuple[str, Callable[..., Any]]:
    act = getattr(actor, "act", actor)
    if not callable(act):
        known = "pass one of this module, a function, or an object with a method 'act'"
        raise SettingError(f"intervention_actors: {checks.shown(actor)}: {known}")
    name = getattr(actor, "name", None) or getattr(actor, "__name__", type(actor).__name__)
    return str(name), _Asked(actor)


@dataclass(frozen=True)
class _Asked:
    """A custom actor as the native half calls it; can be pickled where the actor can."""

    actor: Any

    def __call__(self, variables: Variables, key: tuple[int, ...]) -> Variables | None:
        """Ask the actor, with a generator that is a function of the key."""
        act: Callable[..., Variables | None] = getattr(self.actor, "act", self.actor)
        return act(variables, np.random.default_rng(list(key)))
