"""The two modes of a relay cell: a burst after hyperpolarisation, else a rate that follows input.

Stimulus: a relay cell is held depolarised, then hyperpolarised for 0 to 1000 ms, then gets a step
of current. Every duration and every step is a cell of one group, and so is every cell without the
T-current. Measurement: spikes of the burst that the step begins with, state of the T-current's gate
at the step, rate of the tonic train. A burst is what Lu, Guido and Sherman count: a silence of
100 ms, then spikes at intervals of 4 ms or less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Quantity, amp, ms, mV, pA, second, volt
from numpy.typing import NDArray

from htm_brian.arguments import check_integer
from htm_brian.cells import biophysical
from htm_brian.electrophysiology.stimulation import stimulate
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.mechanisms import spike, t_current
from htm_brian.parameters import load_model
from htm_brian.protocols.relay_modes.checks import CRITERION, SHERMAN, checks, metrics
from htm_brian.protocols.relay_modes.measurement import SAMPLE, measure
from htm_brian.protocols.relay_modes.stimulus import DURATIONS, conditions, start, stimulus
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class RelayModesParameters:
    """What a run of `RelayModes` depends on.

    Parameters
    ----------
    model : str
        The relay cell.
    hyperpolarised, depolarised : Quantity
        Potentials at which it is held.
    longest : Quantity
        Hyperpolarisation.
    step : Quantity
        Of current, where its size does not vary.
    lowest_step, highest_step, n_steps : Quantity, int
        Steps after hyperpolarisation.
    highest_tonic_step, n_tonic_steps : Quantity, int
        Steps of the depolarised cell, from 0 up.
    train : Quantity
        For which a step lasts.
    time_step : Quantity
        Of the integration.
    """

    model: str = "thalamic_relay"
    hyperpolarised: Quantity = quantity(-85 * mV)
    depolarised: Quantity = quantity(-60 * mV)
    longest: Quantity = quantity(1000 * ms)
    step: Quantity = quantity(200 * pA)
    lowest_step: Quantity = quantity(100 * pA)
    highest_step: Quantity = quantity(300 * pA)
    n_steps: int = 9
    highest_tonic_step: Quantity = quantity(600 * pA)
    n_tonic_steps: int = 25
    train: Quantity = quantity(1000 * ms)
    time_step: Quantity = quantity(0.05 * ms)

    def __post_init__(self) -> None:
        check_integer("n_steps", self.n_steps, low=2)
        check_integer("n_tonic_steps", self.n_tonic_steps, low=5)
        for name in ("step", "lowest_step", "highest_step", "highest_tonic_step"):
            check_quantity(name, getattr(self, name), amp, positive=True)
        for name in ("train", "time_step"):
            check_quantity(name, getattr(self, name), second, positive=True)
        check_quantity("longest", self.longest, second, low=150 * ms)
        for name in ("hyperpolarised", "depolarised"):
            check_quantity(name, getattr(self, name), volt)
        if self.hyperpolarised >= self.depolarised:
            raise InputError(
                f"hyperpolarised must lie below depolarised, {self.depolarised}, "
                f"got {self.hyperpolarised}"
            )
        if self.highest_step <= self.lowest_step:
            raise InputError(
                f"highest_step must exceed lowest_step, {self.lowest_step}, got {self.highest_step}"
            )

    @property
    def durations(self) -> NDArray[np.float64]:
        """Ms of hyperpolarisation."""
        longest = float(self.longest / ms)
        return np.append(DURATIONS[longest > DURATIONS], longest)

    @property
    def steps(self) -> NDArray[np.float64]:
        """Amperes, after hyperpolarisation."""
        return np.linspace(float(self.lowest_step), float(self.highest_step), self.n_steps)

    @property
    def tonic_steps(self) -> NDArray[np.float64]:
        """Amperes, of the depolarised cell."""
        return np.linspace(0, float(self.highest_tonic_step), self.n_tonic_steps)


class RelayModes(Protocol):
    """Burst and tonic firing of a thalamic relay cell."""

    name = "relay_modes"
    claim = (
        "hyperpolarised for 100 ms, a relay cell answers a step with a burst of 2 to 6 spikes at "
        "intervals of 4 ms or less; depolarised, it fires at a rate that is linear in the current"
    )
    source = f"{SHERMAN}; {CRITERION}"
    parameters = RelayModesParameters()
    quick = QuickForm(
        RelayModesParameters(
            longest=300 * ms, n_steps=3, n_tonic_steps=9, train=300 * ms, time_step=0.1 * ms
        )
    )

    def __init__(self, parameters: RelayModesParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = biophysical.require(load_model(self.parameters.model))
        for table in (spike.TABLE, t_current.TABLE):
            if table not in self._model:
                raise InputError(f"relay_modes needs a table [{table}] ({self._model.file})")

    def run(self, progress: Progress) -> Outcome:
        """Stimulate all cells at once."""
        parameters, model = self.parameters, self._model
        groups = conditions(parameters)
        traces = stimulate(
            model,
            stimulus(model, parameters, groups),
            (start(parameters) + float(parameters.train / ms)) * ms,
            parameters.time_step,
            progress,
            record=("v", "t_inactivation"),
            sample=max(1, round(SAMPLE / float(parameters.time_step / ms))),
        )
        if not traces.complete:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        dataset = measure(parameters, traces, groups)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())
