"""Which number of the fitted cell a network feels: fitted numbers take the place of hand-set ones.

Stimulus: the segments that an abstract memory has learned from a series, transplanted into spiking
networks whose releases never fail, and the rest of the series; if asked for, the whole series, from
which each learns by itself. Measurement: how far active and predictive cells are those of the
abstract memory. The networks differ in the numbers that they take from the fit to level 2, one
group at a time, and in the time between two elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from htm_brian.arguments import check_integer, check_number
from htm_brian.comparison.ladder import MemoryParameters
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.parameters import load_model
from htm_brian.protocols.fitted_network.checks import checks, metrics
from htm_brian.protocols.fitted_network.measurement import measure, to_dataset, watch
from htm_brian.protocols.fitted_network.stimulus import BRIEF, FULL, GROUPS, HAND, Networks, Variant
from htm_brian.streams.column_stream import choose_columns, n_steps
from htm_brian.streams.series import read_series
from htm_brian.streams.stream_parameters import StreamParameters, active_column_count


@dataclass(frozen=True)
class FittedNetworkParameters:
    """What a run of `FittedNetwork` depends on.

    Parameters
    ----------
    input : Path or None
        Series; the bundled one if left out.
    columns, cells : int
        Minicolumns of each network, and cells of each.
    steps : int
        Values of the series that are used.
    training_share : float
        Of these, what the abstract memory learns from.
    groups : tuple of str
        Groups of numbers that are taken from the fit, one at a time.
    period : float
        Milliseconds from one element to the next where groups are swapped.
    periods, slow : tuple of float, float
        The same for the cell that is fitted but for its volley; `slow` is the one that is checked.
    apart : bool
        Whether each network also learns by itself, which takes five times as long.
    seed : int
        Of all that is left to chance.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model, fitted_model, volley_model : str
        The network; the cell set by hand, the fitted one with a brief volley, and the fitted one.
    """

    input: Path | None = None
    columns: int = 512
    cells: int = 8
    steps: int = 600
    training_share: float = 0.75
    groups: tuple[str, ...] = tuple(GROUPS)
    period: float = 50.0
    periods: tuple[float, ...] = (50.0, 60.0, 75.0, 100.0)
    slow: float = 75.0
    apart: bool = False
    seed: int = 42
    codegen: str = "auto"
    model: str = "minicolumns_slow"
    cell_model: str = "l5_reduced"
    fitted_model: str = "l5_reduced_fitted_brief"
    volley_model: str = "l5_reduced_fitted"

    def __post_init__(self) -> None:
        for name, low in (("columns", 8), ("cells", 1), ("seed", 0), ("steps", 16)):
            check_integer(name, getattr(self, name), low=low)
        check_number("training_share", self.training_share, low=0.1, high=0.9)
        for name in self.groups:
            if name not in GROUPS:
                raise InputError(f"groups must be of {', '.join(GROUPS)}, got {name!r}")
        for period in (self.period, self.slow, *self.periods):
            check_number("period", period, low=30, high=200)

    @property
    def variants(self) -> list[Variant]:
        """Return every network."""
        swaps = [Variant(HAND, self.period), *(Variant(name, self.period) for name in self.groups)]
        periods = sorted({*self.periods, self.slow})
        return [*swaps, *(Variant(BRIEF, period) for period in periods), Variant(FULL, self.slow)]


class FittedNetwork(Protocol):
    """The ladder from the hand-set cell to the fitted one, number by number."""

    name = "fitted_network"
    claim = (
        "a network of cells that are fitted to level 2, not set by hand, computes what the "
        "abstract temporal memory computes"
    )
    source = "levels 0, 1 and 2 of htm_brian"
    parameters = FittedNetworkParameters()
    seeds_by_default = 10

    def __init__(self, parameters: FittedNetworkParameters | None = None) -> None:
        super().__init__(parameters)
        p: FittedNetworkParameters = self.parameters
        series = read_series(p.input, timestamp_column=None, value_column=None)
        self._series = series.head(min(p.steps, len(series)))
        active = active_column_count(p.columns)
        self._stream = StreamParameters.for_series(self._series, active)
        self.networks = Networks(
            memory=MemoryParameters.for_size(p.columns, p.cells, active),
            network=load_model(p.model),
            hand=load_model(p.cell_model),
            brief=load_model(p.fitted_model),
            full=load_model(p.volley_model),
            seed=p.seed,
            codegen=p.codegen,
        )

    def run(self, progress: Progress) -> Outcome:
        """Teach the abstract memory; transplant; if asked for, let every network learn."""
        p: FittedNetworkParameters = self.parameters
        networks, n = self.networks, len(self._series)
        rows = [*networks.rows(), *self._stream.rows(self._series)]
        stopped = Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        progress.begin("choosing columns", n_steps(n, self._stream))
        stream = choose_columns(self._series, p.columns, self._stream, p.seed, watch(progress))
        if stream is None:
            return stopped
        split = round(p.training_share * n)
        found = measure(networks, p.variants, stream, split, p.apart, progress)
        if progress.interrupted:
            return stopped
        dataset = to_dataset(networks, found, p.period, p.slow)
        return Outcome(dataset, checks(dataset, p), metrics(dataset), parameter_rows=rows)
