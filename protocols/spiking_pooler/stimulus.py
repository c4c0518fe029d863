"""Random inputs, the series as bits, and the poolers of level 0 that see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.randomness import stream
from htm_brian.sdr.ragged import Ragged
from htm_brian.sdr.sdr import SDR
from htm_brian.streams.column_stream import Chooser, choose_columns, encode
from htm_brian.streams.series import Series, read_series
from htm_brian.streams.stream_parameters import StreamParameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from htm_brian.protocols.spiking_pooler import SpikingPoolerParameters


@dataclass(frozen=True)
class Shown:
    """Inputs, and the pooler of level 0 whose permanences are transplanted.

    Parameters
    ----------
    inputs : list of SDR
    pooler : SpatialPooler
    groups : list of int
        Of which density each input is, by its place; all 0 for the series.
    """

    inputs: list[SDR]
    pooler: SpatialPooler
    groups: list[int]

    def chosen_by(self, chooser: Chooser) -> Ragged:
        """Return the columns that are chosen for each input, without learning."""
        return Ragged.from_sets([chooser.compute(one, learn=False).sparse for one in self.inputs])


def random_inputs(p: SpikingPoolerParameters, seed: int) -> Shown:
    """Draw inputs of each density, and a pooler that has learned nothing."""
    rng = stream(p.seed, "random inputs", seed)
    pooler = SpatialPooler(
        p.input_size, p.columns, density=p.density, seed=int(rng.integers(2**31))
    )
    groups = [place for place in range(len(p.active)) for _ in range(p.shown)]
    inputs = [
        SDR.random(p.input_size, max(1, round(p.active[place] * p.input_size)), _number(rng))
        for place in groups
    ]
    return Shown(inputs, pooler, groups)


def _number(rng: np.random.Generator) -> int:
    return int(rng.integers(2**62))


class SeriesOfColumns:
    """The bundled series, and the columns that a pooler makes of it.

    Parameters
    ----------
    p : SpikingPoolerParameters
    seed : int
        Of the pooler and the encoder.
    """

    def __init__(self, p: SpikingPoolerParameters, seed: int) -> None:
        self.series: Series = read_series().head(p.steps)
        self.parameters = StreamParameters.for_series(
            self.series, max(1, round(p.density * p.columns))
        )
        self._columns, self._shown = p.columns, p.shown
        self.seed = int(stream(p.seed, "series", seed).integers(2**31))

    @property
    def taught(self) -> int:
        """Steps at the begin on which poolers learn."""
        return round(self.parameters.training_share * len(self.series))

    def choose(self, chooser: Callable[[SpatialPooler], Chooser]) -> Ragged:
        """Let a pooler learn the first part, and return its columns for the whole series."""
        chosen = choose_columns(
            self.series, self._columns, self.parameters, self.seed, chooser=chooser
        )
        assert chosen is not None
        return chosen

    def inputs(self, pooler: SpatialPooler) -> Shown:
        """Return inputs that lie evenly over the part on which no pooler learns."""
        encodings = encode(self.series, self.parameters, self.seed)[self.taught :]
        places = np.linspace(0, len(encodings) - 1, 4 * self._shown).round().astype(int)
        return Shown([encodings[place] for place in places], pooler, [0] * len(places))
