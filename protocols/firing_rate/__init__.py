"""Firing rate as a code: what a cell makes of current, and what synapses make of a rate.

Stimulus: current steps into the soma of cells of level 1 and level 2, one cell for each current;
trains of one synapse, at 40, 80 and 100 Hz; branches whose synapses fire at random. Measurement:
rheobase, rate, latency, intervals, resistance; how far excitatory potentials sum at the soma;
how often a branch sees enough synapses within a window. Checks: level 1 against the exact solution
of its equations, level 2 against measurements on layer-5 cells, the branches against the closed
form. A detailed layer-5 cell's answers to the same steps stand beside both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Quantity, amp, ms, nA, second
from numpy.typing import NDArray

from htm_brian.arguments import check_integer
from htm_brian.cells import biophysical
from htm_brian.cells.pyramidal import require_level_1
from htm_brian.engine.compiling import uncompiled
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.firing_rate import current_steps, epsp_summation, rate_detection
from htm_brian.protocols.firing_rate.checks import checks, metrics
from htm_brian.protocols.firing_rate.reference import HAY, HAY_RATES
from htm_brian.quantities import check_quantity

LEAST_STEPS = 10


@dataclass(frozen=True)
class FiringRateParameters:
    """What a run of `FiringRate` depends on.

    Parameters
    ----------
    model, detailed_model : str
        Cells of level 1 and of level 2.
    highest_current, n_currents : Quantity, int
        Steps of current from 0 up, evenly spaced.
    probe_current : Quantity
        A hyperpolarising step, which tells the input resistance.
    duration, time_step : Quantity
        Of the steps, and of the integration.
    train_duration : Quantity
        Of the trains of excitatory potentials.
    n_trials : int
        Of the sampled detection of a rate by coincidence.
    n_branches, n_detailed_branches : int
        Spiking branches of level 1 and of level 2 that do the same.
    seed : int
        Of all that is left to chance.
    """

    model: str = "l5_reduced"
    detailed_model: str = "l5_thick_tufted"
    highest_current: Quantity = quantity(1.2 * nA)
    n_currents: int = 49
    probe_current: Quantity = quantity(-0.2 * nA)
    duration: Quantity = quantity(2 * second)
    time_step: Quantity = quantity(0.1 * ms)
    train_duration: Quantity = quantity(350 * ms)
    n_trials: int = 20_000
    n_branches: int = 400
    n_detailed_branches: int = 20
    seed: int = 42

    def __post_init__(self) -> None:
        lowest = {
            "n_currents": 3,
            "n_trials": 50,
            "n_branches": 50,
            "n_detailed_branches": 1,
            "seed": 0,
        }
        for name, low in lowest.items():
            check_integer(name, getattr(self, name), low=low)
        units = {"highest_current": amp, "duration": second, "time_step": second}
        for name, unit in units.items():
            check_quantity(name, getattr(self, name), unit, positive=True)
        check_quantity("train_duration", self.train_duration, second, low=100 * ms)
        check_quantity("probe_current", self.probe_current, amp)
        if self.probe_current >= 0 * amp:
            raise InputError(f"probe_current must be negative, got {self.probe_current}")
        if self.duration < LEAST_STEPS * self.time_step:
            raise InputError(
                f"duration must be at least {LEAST_STEPS} time steps, got {self.duration}"
            )

    @property
    def currents(self) -> NDArray[np.float64]:
        """Amperes: evenly spaced from 0, and those that the detailed cell was given."""
        even = np.linspace(0, float(self.highest_current), self.n_currents)
        given = np.array(list(HAY_RATES)) * 1e-9
        return np.unique(np.concatenate((even, given[given <= float(self.highest_current)])))

    @property
    def steps(self) -> current_steps.Steps:
        """The stimulus of the cells of either level."""
        return current_steps.Steps(self.currents, self.probe_current, self.duration, self.time_step)


class FiringRate(Protocol):
    """Rate, latency and adaptation by current; summation and coincidence by presynaptic rate."""

    name = "firing_rate"
    claim = (
        "a layer-5 pyramidal cell is silent below its rheobase, fires the sooner and the faster "
        "the more current it gets, and slows down during a step; excitatory potentials of 25 ms "
        "sum above 40 Hz only, while a branch sees the coincidence of fast inputs nearly always"
    )
    source = (
        f"Naud & Sprekeler 2018, PNAS 115:E6329 (soma of level 1); for comparison {HAY}; HTM forum "
        "(summation of potentials, coincidence by rate)"
    )
    parameters = FiringRateParameters()
    packages = ("efel",)

    def __init__(self, parameters: FiringRateParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = require_level_1(load_model(self.parameters.model))
        self._detailed = biophysical.require(load_model(self.parameters.detailed_model))
        for table in ("spike", "ampa", "nmda", "basal"):
            if table not in self._detailed:
                raise InputError(f"firing_rate needs a table [{table}] ({self._detailed.file})")

    def run(self, progress: Progress) -> Outcome:
        """Apply the steps, then the trains, then the random inputs."""
        rows = [*self._model.rows(), *self._detailed.rows()]
        parts: list[xr.Dataset] = []
        with uncompiled():
            for part in (current_steps, epsp_summation, rate_detection):
                found = part.measure(self._model, self._detailed, self.parameters, progress)
                if found is None:
                    return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
                parts.append(found)
        dataset = xr.merge(parts, combine_attrs="no_conflicts")
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
