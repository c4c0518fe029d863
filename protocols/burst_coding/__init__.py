"""Burst coding: one ensemble carries two signals, in its event rate and in its burst fraction.

Stimulus: currents into soma and dendrite of ensembles of noisy cells, in a table of static values,
and for one ensemble of 4,000 cells as two independent signals in time. Measurement: events, that is
isolated spikes and bursts; how well the signals are read back from event rate and burst fraction,
and from the firing rate; how the estimate of the burst fraction scatters with the size of the
ensemble. The same table for the cell of the awake animal, and for the tree of compartments.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr
from brian2 import Quantity, ms, pA, second

from htm_brian.arguments import check_integer
from htm_brian.cells import biophysical
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.mechanisms import active_dendrite
from htm_brian.parameters import load_model
from htm_brian.protocols.burst_coding.checks import CELLS, NAUD, checks, metrics
from htm_brian.protocols.burst_coding.decoding import SIZES
from htm_brian.protocols.burst_coding.measurement import run_signals, run_table
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class BurstCodingParameters:
    """What a run of `BurstCoding` depends on.

    Parameters
    ----------
    model, awake_model, tree_model : str
        The two-compartment cell, the same under tonic inhibition, and the tree of compartments.
    cells_each, tree_cells_each : int
        Cells for every pair of currents.
    duration : Quantity
        For which constant currents flow.
    time_step : Quantity
        Of the integration.
    n_cells : int
        Of the ensemble that is read back.
    signal_duration, signal_time_constant : Quantity
        Length of the signals, and how smooth they are.
    soma_mean, soma_deviation, dendrite_mean, dendrite_deviation : Quantity
        Mean and SD of the currents that carry the two signals.
    seed : int
        Of all that is left to chance.
    """

    model: str = "naud_sprekeler"
    awake_model: str = "l5_awake"
    tree_model: str = "l5_thick_tufted"
    cells_each: int = 160
    duration: Quantity = quantity(2.7 * second)
    time_step: Quantity = quantity(0.2 * ms)
    tree_cells_each: int = 150
    n_cells: int = 4000
    signal_duration: Quantity = quantity(5 * second)
    signal_time_constant: Quantity = quantity(100 * ms)
    soma_mean: Quantity = quantity(300 * pA)
    soma_deviation: Quantity = quantity(75 * pA)
    dendrite_mean: Quantity = quantity(75 * pA)
    dendrite_deviation: Quantity = quantity(100 * pA)
    seed: int = 1

    def __post_init__(self) -> None:
        check_integer("cells_each", self.cells_each, low=1)
        check_integer("tree_cells_each", self.tree_cells_each, low=1)
        check_integer("n_cells", self.n_cells, low=2 * SIZES[-1])
        check_integer("seed", self.seed, low=0)
        for name in ("duration", "signal_duration"):
            check_quantity(name, getattr(self, name), second, low=500 * ms)
        for name in ("time_step", "signal_time_constant"):
            check_quantity(name, getattr(self, name), second, positive=True)
        for name in ("soma_mean", "dendrite_mean"):
            check_quantity(name, getattr(self, name), pA)
        for name in ("soma_deviation", "dendrite_deviation"):
            check_quantity(name, getattr(self, name), pA, low=0 * pA)


class BurstCoding(Protocol):
    """Two signals in one ensemble: event rate for the soma, burst fraction for the dendrite."""

    name = "burst_coding"
    claim = (
        "the event rate of an ensemble follows the input to the soma and its burst fraction that "
        "to the dendrite, so that both can be read from the same spikes; awake, bursts are rare"
    )
    source = f"{NAUD}; discussion: Ensembles of neocortical microcircuits"
    parameters = BurstCodingParameters()
    seeds_by_default = 10
    quick = QuickForm(
        BurstCodingParameters(
            cells_each=200,
            duration=1.3 * second,
            time_step=0.4 * ms,
            tree_cells_each=60,
            n_cells=4000,
            signal_duration=2 * second,
        ),
        {
            "tree: change of event rate with the dendrite's current, at most": (
                "it lies so near to its limit that only the full number of cells tells"
            )
        },
    )

    def __init__(self, parameters: BurstCodingParameters | None = None) -> None:
        super().__init__(parameters)
        p = self.parameters
        self._models = dict(
            zip(CELLS, map(load_model, (p.model, p.awake_model, p.tree_model)), strict=True)
        )
        for name, model in self._models.items():
            biophysical.require(model)
            place = "nexus" if name == "tree" else active_dendrite.TABLE
            if place not in model or "spike" not in model:
                raise InputError(
                    f"burst_coding needs the tables [spike] and [{place}] ({model.file})"
                )

    def run(self, progress: Progress) -> Outcome:
        """Measure the tables of the three cells, then the signals."""
        rows = [row for model in self._models.values() for row in model.rows()]
        found = []
        for name, model in self._models.items():
            part = run_table(name, model, self._models[CELLS[0]], self.parameters, progress)
            if part is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            found.append(part)
        signals = run_signals(self._models[CELLS[0]], self.parameters, progress)
        if signals is None:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        dataset = xr.concat(found, xr.Variable("cell", list(CELLS))).merge(signals)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
