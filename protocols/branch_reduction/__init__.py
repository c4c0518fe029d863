"""From level 2 to level 1: the reduced branch and cell are fitted, and shown beside the original.

Stimulus: the same at both levels. Synapses on one basal branch, together, spread in time, on a
depolarised cell, before a volley; synapses on the tuft around a spike. Measurement: the curves of
`htm_brian.fitting.reduction_curves.Curves`. The cell of level 1 is fitted to those of level 2, and
then measured by the same conditions in Brian2. Checks: the largest error of each curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import xarray as xr
from brian2 import Quantity, ms, second

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.cells.pyramidal import require_level_1
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.fitting.reduction import FREE, VOLLEY, fit
from htm_brian.fitting.reduction_file import fitted_model, write
from htm_brian.parameters import load_model
from htm_brian.protocols.branch_reduction.checks import (
    FARINELLA,
    HTM,
    LARKUM,
    LEVELS,
    SCHILLER,
    checks,
    metrics,
)
from htm_brian.protocols.branch_reduction.levels import Biophysical, Reduced
from htm_brian.protocols.branch_reduction.measurement import measure, to_curves
from htm_brian.quantities import check_quantity

WRITTEN_BY = "htm-brian run branch_reduction --set write=FILE"


@dataclass(frozen=True)
class BranchReductionParameters:
    """What a run of `BranchReduction` depends on.

    Parameters
    ----------
    model, reduced_model, network_model : str
        The cell of level 2, that of level 1 with which the fit begins, and the network it is for.
    n_synapses : int
        Most synapses on a branch.
    n_basal : int
        Synapses of a branch where their number does not vary.
    volley_strength : float
        Of the feedforward volley, in smallest volleys that fire the cell.
    delay : Quantity
        From the synapses on the branch to the volley.
    time_step : Quantity
        Of the integration.
    keep_volley : bool
        Whether the volley's time course and its way to the soma are not fitted.
    write : str
        File for the fitted model, if any.
    """

    model: str = "l5_thick_tufted"
    reduced_model: str = "l5_reduced"
    network_model: str = "minicolumns"
    n_synapses: int = 40
    n_basal: int = 20
    volley_strength: float = 1.4
    delay: Quantity = quantity(30 * ms)
    time_step: Quantity = quantity(0.1 * ms)
    keep_volley: bool = False
    write: str = ""

    def __post_init__(self) -> None:
        check_integer("n_synapses", self.n_synapses, low=20, high=100)
        check_integer("n_basal", self.n_basal, low=1, high=self.n_synapses)
        check_number("volley_strength", self.volley_strength, low=1)
        for name in ("delay", "time_step"):
            check_quantity(name, getattr(self, name), second, positive=True)
        if self.write and not self.write.endswith(".toml"):
            raise InputError(f"write must name a file ending in .toml, got {self.write!r}")

    @property
    def standard(self) -> dict[str, float]:
        """Synapses, delay (ms) and strength of the leads where they do not vary."""
        delay = float(self.delay / ms)
        return {
            "synapses": float(self.n_basal),
            "delay": delay,
            "strength": self.volley_strength,
        }


class BranchReduction(Protocol):
    """The fit of level 1 to level 2, and what it gets wrong."""

    name = "branch_reduction"
    claim = (
        "a branch can be reduced to an event, a threshold and a plateau whose length grows with "
        "the synapses, and a cell to four compartments, with small errors at the soma"
    )
    source = f"{HTM}; {SCHILLER}; {FARINELLA}; {LARKUM}"
    parameters = BranchReductionParameters()

    def __init__(self, parameters: BranchReductionParameters | None = None) -> None:
        super().__init__(parameters)
        self._detailed = biophysical.require(load_model(self.parameters.model))
        for table in ("spike", "ampa", "nmda", "basal", "tuft", "calcium_spike"):
            if table not in self._detailed:
                raise InputError(
                    f"branch_reduction needs a table [{table}] ({self._detailed.file})"
                )
        self._simple = require_level_1(load_model(self.parameters.reduced_model))
        self._network = load_model(self.parameters.network_model)

    def run(self, progress: Progress) -> Outcome:
        """Measure level 2, fit level 1, measure it."""
        parameters, rows = self.parameters, self._detailed.rows() + self._simple.rows()
        step = parameters.time_step
        stopped = Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        original = measure(Biophysical(self._detailed, step), parameters, progress, LEVELS[0])
        if original is None:
            return stopped
        free = tuple(path for path in FREE if not (parameters.keep_volley and path in VOLLEY))
        found = fit(to_curves(original, parameters), self._simple, free)
        fitted = fitted_model(
            self._simple,
            found,
            f"{self._simple.name}_fitted",
            f"{self._simple.name} with branch, plateaus and bursts as {self._detailed.name} has.",
            f"fitted to {self._detailed.name} by the protocol branch_reduction",
        )
        reduced = Reduced(fitted, step, window=1e3 * found.window)
        copy = measure(reduced, parameters, progress, LEVELS[1])
        if copy is None:
            return stopped
        if parameters.write:
            write(Path(parameters.write), fitted, found, WRITTEN_BY)
        dataset = xr.concat([original, copy], xr.Variable("level", list(LEVELS)))
        dataset.attrs |= {"n_basal": parameters.n_basal, "window": 1e3 * found.window}
        return Outcome(
            dataset,
            checks(dataset),
            metrics(dataset, found, fitted, self._simple, self._network),
            parameter_rows=self._detailed.rows() + fitted.rows(),
        )
