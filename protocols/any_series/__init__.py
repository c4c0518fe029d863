"""What the main comparison finds on one series, on series of several kinds.

Stimulus: the bundled demand, two texts symbol by symbol, sines in noise, walks, cycles of two
shapes (`stimulus`), and any files; what is drawn is drawn anew with every seed. On four of them, or
on others of their kind, the network was looked at while it was made; the others were kept aside.
Measurement: that of `validate`, on each with every seed (`measurement`). Checks: a transplanted
memory does the same, cell by cell; memories trained apart agree as far as their ceilings let them,
of all agreements the worst counts. Where level 0 itself learned nothing there is nothing to agree
about: that is said, and is no pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.protocols.any_series.checks import checks, metrics
from htm_brian.protocols.any_series.measurement import comparisons, measure
from htm_brian.protocols.any_series.stimulus import BUNDLED, SERIES


@dataclass(frozen=True)
class AnySeriesParameters:
    """What a run of `AnySeries` depends on.

    Parameters
    ----------
    series : tuple of str
        Names of series, or paths of files.
    length : int
        Values of a series that is drawn.
    steps : int or None
        Use the first so many values of each only; all if None.
    columns, cells, neurons_per_cell : int
        Of the memories.
    mode : str
        transplant, apart, or both.
    seeds : int
        Runs on each series.
    seed : int
        Of all that is left to chance.
    jobs : int
        Processes to run side by side.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model : str
        Network and cell of the spiking memory.
    """

    series: tuple[str, ...] = SERIES
    length: int = 2000
    steps: int | None = None
    columns: int = 256
    cells: int = 8
    neurons_per_cell: int = 1
    mode: str = "both"
    seeds: int = 5
    seed: int = 42
    jobs: int = 2
    codegen: str = "auto"
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"

    def __post_init__(self) -> None:
        check_integer("length", self.length, low=100, high=1_000_000)
        check_integer("seeds", self.seeds, low=2, high=1000)
        names = [Path(name).name for name in self.series]
        if len(set(names)) != len(names) or not names:
            raise InputError("series must have different names, and there must be one")
        for name in self.series:
            if name not in SERIES and not Path(name).is_file():
                raise InputError(
                    f"series must be files or some of {', '.join(SERIES)}; there is no {name}"
                )


class AnySeries(Protocol):
    """A level against its neighbour, on series that nobody has chosen for it."""

    name = "any_series"
    claim = (
        "a spiking network of pyramidal cells computes what the abstract temporal memory computes, "
        "on any series"
    )
    source = "Hawkins & Ahmad 2016, Front. Neural Circuits 10:23; levels 0 and 1 of htm_brian"
    parameters = AnySeriesParameters()
    quick = QuickForm(
        AnySeriesParameters(
            series=(BUNDLED,),
            steps=300,
            columns=128,
            cells=4,
            mode="transplant",
            seeds=2,
            jobs=1,
            codegen="numpy",
        )
    )

    def __init__(self, parameters: AnySeriesParameters | None = None) -> None:
        super().__init__(parameters)
        self._planned = comparisons(self.parameters)  # every input is read before anything runs
        self._models = next(iter(self._planned.values())).models

    def run(self, progress: Progress) -> Outcome:
        """Compare both levels on every series."""
        dataset, complete = measure(self.parameters, self._planned, progress)
        rows = [row for model in self._models for row in model.rows()]
        if not complete:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
