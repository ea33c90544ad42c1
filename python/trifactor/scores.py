"""What an evaluation found, and how two policies compare."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trifactor import checks
from trifactor._trifactor import compare_scores, write_report
from trifactor.errors import SettingError

HEADLINE = "last_fractional_success"
"""The metric of the paper's figures: the fractional success after the last step."""


class Scores:
    """What an evaluation found: the document of `scores.json`, and questions to it."""

    def __init__(self, text: str) -> None:
        """Read the text of a `scores.json`."""
        self._text = checks.text("text", text)
        self.document: dict[str, Any] = json.loads(text)
        """Everything, as `docs/evaluation.md` describes it."""

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Scores:
        """What `save` wrote."""
        return cls(Path(checks.path("path", path)).read_text(encoding="utf-8"))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the document."""
        Path(path).write_text(self._text + "\n", encoding="utf-8")

    @property
    def policy(self) -> str:
        """The policy's name."""
        return str(self.document["policy"])

    def named(self, name: str) -> Scores:
        """The same scores under another name, so that two models of one class can be told apart."""
        return Scores(json.dumps({**self.document, "policy": str(name)}))

    @property
    def protocols(self) -> list[str]:
        """The protocols' names, in order."""
        return [one["protocol"]["name"] for one in self.document["protocols"]]

    def summary(self, protocol: str | None = None, metric: str = HEADLINE) -> dict[str, Any]:
        """Mean, interquartile mean, their intervals, deviations: of a protocol, or of all.

        Raises:
            SettingError: there is no such protocol or metric.
        """
        of = self.document["overall"] if protocol is None else self._of(protocol)["summary"]
        return dict(_metric(of, metric))

    def mean(self, protocol: str | None = None, metric: str = HEADLINE) -> float:
        """The mean over runs and worlds of a protocol, or over all protocols."""
        return float(self.summary(protocol, metric)["mean"])

    def episodes(self, protocol: str, metric: str = HEADLINE) -> NDArray[np.float64]:
        """One figure for every run and world, of shape (runs, worlds)."""
        runs = self._of(protocol)["episodes"]
        return np.array([_metric(run, metric) for run in runs], np.float64)

    def compare(self, other: Scores) -> Comparison:
        """This policy against another, world by world: differences with intervals.

        Where both have one name, `first` and `second` tell them apart; `named` gives better ones.

        Raises:
            SettingError: `other` is not `Scores`.
            StateError: they were not evaluated in the same worlds.
        """
        _check(other)
        found: dict[str, Any] = json.loads(compare_scores(self._text, other._text))
        if found["first"] == found["second"]:
            name = found["first"]
            found["first"], found["second"] = f"{name} (first)", f"{name} (second)"
        return Comparison(found)

    def report(self, folder: str | PathLike[str], *others: Scores) -> list[Path]:
        """Write `report.html` and its pictures, with other policies beside this one.

        Returns:
            The paths of the files, the page first.

        Raises:
            SettingError: one of the others is not `Scores`.
        """
        for other in others:
            _check(other)
        texts = [self._text, *(other._text for other in others)]
        return [Path(path) for path in write_report(Path(folder), texts)]

    def __repr__(self) -> str:
        """Name policy and family with the headline figure."""
        family = self.document["world"]["config"]["family"]
        return f"<Scores of {self.policy} on {family}: {HEADLINE} {self.mean():.3f}>"

    def _of(self, protocol: str) -> dict[str, Any]:
        for one in self.document["protocols"]:
            if one["protocol"]["name"] == protocol:
                return dict(one)
        raise SettingError(f"protocol '{protocol}': choose one of {', '.join(self.protocols)}")


class Comparison(Mapping[str, Any]):
    """Two policies in the same worlds, as a table that prints itself, in a notebook too.

    It is also the dictionary that it is made of: `first` and `second`, the policies' names;
    `protocols`, a list with a `protocol` and its `metrics` each; and `overall`, the metrics over
    all of them. Every metric has the `difference` of the means, first less second, its `interval`,
    and `better`, the share of the pairs of worlds in which the first is better.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take the dictionary over."""
        self._document = dict(document)

    def to_dict(self) -> dict[str, Any]:
        """The dictionary, a copy that JSON can say."""
        copied: dict[str, Any] = json.loads(json.dumps(self._document))
        return copied

    def rows(self, metric: str = HEADLINE) -> list[tuple[str, float, float, float, float]]:
        """The table: protocol, difference, both ends of its interval, share better; last `all`.

        Raises:
            SettingError: there is no such metric.
        """
        each = [(one["protocol"], one["metrics"]) for one in self["protocols"]]
        pairs = [(name, _metric(of, metric)) for name, of in [*each, ("all", self["overall"])]]
        return [(n, p["difference"], *p["interval"], p["better"]) for n, p in pairs]

    def table(self, metric: str = HEADLINE) -> str:
        """The table of a metric as text.

        Raises:
            SettingError: there is no such metric.
        """
        lines = [self._head(), *self._cells(metric)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        pads = (str.ljust, str.rjust, str.rjust, str.rjust)
        padded = [
            "  ".join(pad(cell, width) for pad, cell, width in zip(pads, line, widths, strict=True))
            for line in lines
        ]
        ruled = [padded[0], "-" * len(padded[0]), *padded[1:]]
        return "\n".join([self._title(metric), *(line.rstrip() for line in ruled)])

    def __str__(self) -> str:
        """The table of the headline metric."""
        return self.table()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self._head())
        rows = [
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
            for cells in self._cells(HEADLINE)
        ]
        title = escape(self._title(HEADLINE))
        body = "".join(rows)
        return (
            f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )

    def __getitem__(self, key: str) -> Any:
        """An entry of the dictionary."""
        return self._document[key]

    def __iter__(self) -> Iterator[str]:
        """The dictionary's keys."""
        return iter(self._document)

    def __len__(self) -> int:
        """How many keys the dictionary has."""
        return len(self._document)

    def _title(self, metric: str) -> str:
        return f"{self['first']} against {self['second']}: {metric}"

    def _head(self) -> tuple[str, str, str, str]:
        return "protocol", "difference", "interval", f"{self['first']} better"

    def _cells(self, metric: str) -> list[tuple[str, str, str, str]]:
        return [
            (name, f"{difference:+.3f}", f"[{low:+.3f}, {high:+.3f}]", f"{100.0 * better:.1f} %")
            for name, difference, low, high, better in self.rows(metric)
        ]


def _check(scores: object) -> None:
    if not isinstance(scores, Scores):
        kind = type(scores).__name__
        raise SettingError(f"other: expected Scores, got {kind}; Scores.load reads a scores.json")


def _metric(of: Mapping[str, Any], metric: str) -> Any:
    if metric not in of:
        raise SettingError(f"metric '{metric}': choose one of {', '.join(of)}")
    return of[metric]
