"""Whether a segment recognises a pattern exactly as the overlap of two sets does.

Stimulus: random segments whose synapses have random permanences, and random patterns of active
cells. Measurement: which segments of a `htm_brian.TemporalMemory` predict, against Python's own
sets; how often a random pattern matches by chance, and how often a noisy or badly transmitted one
is missed, against sums of exact fractions and against counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.protocols.binary_matching.checks import THREAD, checks, metrics
from htm_brian.protocols.binary_matching.measurement import chance, formulas, matches


@dataclass(frozen=True)
class BinaryMatchingParameters:
    """What a run of `BinaryMatching` depends on.

    Parameters
    ----------
    cells, active, synapses : int
        Cells of the population, those that are active, and synapses of a segment.
    threshold : int
        Active connected synapses that a segment needs.
    segments, patterns : int
        Segments, and patterns that each of them sees.
    draws : int
        Random patterns that are counted against the closed forms.
    seed : int
        Of all that is left to chance.
    """

    cells: int = 256
    active: int = 64
    synapses: int = 24
    threshold: int = 4
    segments: int = 100
    patterns: int = 100
    draws: int = 200_000
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("cells", self.cells, low=16, high=4096)
        for name in ("active", "synapses"):
            check_integer(name, getattr(self, name), low=1, high=self.cells)
        check_integer("threshold", self.threshold, low=1, high=self.synapses)
        for name, low in (("segments", 1), ("patterns", 1), ("draws", 100), ("seed", 0)):
            check_integer(name, getattr(self, name), low=low)
        if self.segments > self.cells:
            raise InputError(
                f"segments must be at most cells = {self.cells}, one for each, got {self.segments}"
            )


class BinaryMatching(Protocol):
    """Segments against sets, closed forms against fractions and counts."""

    name = "binary_matching"
    claim = (
        "a segment that counts active, connected synapses recognises a pattern exactly as the "
        "overlap of two sets does, with the false matches that combinatorics gives"
    )
    source = THREAD
    parameters = BinaryMatchingParameters()
    quick = QuickForm(BinaryMatchingParameters(draws=50_000))

    def run(self, progress: Progress) -> Outcome:
        """Compare segments, then formulas, then counts."""
        parts = (matches, formulas, chance)
        progress.begin("comparisons", len(parts))
        dataset = xr.Dataset()
        for part in parts:
            dataset = dataset.merge(part(self.parameters))
            progress.advance()
            if progress.interrupted:
                return Outcome(xr.Dataset(), [], partial=True)
        return Outcome(dataset, checks(dataset), metrics=metrics(dataset))
