"""What kind of source a parameter has, by how the text of its source begins.

========== ========================================================================
kind       where the value comes from
========== ========================================================================
fitted     a program of ours chose it, so that a model does what a source says
calibrated we chose it by hand, to the same end
assumed    no source gives it
measured   a recording, or a rate or time course that was fitted to recordings
published  a published model, or the choice of its authors
defined    a unit, a definition, what the numbers need, or another value of ours
========== ========================================================================
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

FITTED, CALIBRATED, ASSUMED = "fitted", "calibrated", "assumed"
MEASURED, PUBLISHED, DEFINED = "measured", "published", "defined"
KINDS = (FITTED, CALIBRATED, ASSUMED, MEASURED, PUBLISHED, DEFINED)


@cache
def _beginnings() -> Mapping[str, tuple[str, ...]]:
    file = resources.files("htm_brian.experiment.claims") / "sources.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return {kind: tuple(text.lower() for text in content[kind]) for kind in content}


def kind_of_source(source: str) -> str:
    """Return which of `KINDS` a value is; what begins like nothing that is known is published.

    Examples
    --------
    >>> kind_of_source("calibrated: input resistance"), kind_of_source("Major 2008: 100-200 um")
    ('calibrated', 'measured')
    """
    begun = source.strip().lower()
    for kind, beginnings in _beginnings().items():
        if begun.startswith(beginnings):
            return kind
    return PUBLISHED


def shares(kinds: Iterable[str]) -> dict[str, int]:
    """Return how many values are of each kind, in the order of `KINDS`."""
    found = Counter(kinds)
    return {kind: found[kind] for kind in KINDS}
