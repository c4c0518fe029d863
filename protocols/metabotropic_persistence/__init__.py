"""Metabotropic persistence: spikes close in time leave a depolarisation of seconds.

Stimulus: presynaptic volleys onto metabotropic receptors, one, three within 20-50 ms of each other,
three at 1 Hz; with and without the receptors. Then, in noisy cells, a subthreshold basal input
after such volleys and without them. Every condition, and every trial, is a cell. Measurement:
depolarisation of the soma over seconds; share of trials in which the basal input fires the cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr
from brian2 import Quantity, ms, mV, second, volt

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.metabotropic_persistence.checks import (
    HTM,
    LEE,
    SIDIROPOULOU,
    checks,
    metrics,
)
from htm_brian.protocols.metabotropic_persistence.measurement import SETTLED, fire, persist
from htm_brian.protocols.metabotropic_persistence.stimulus import VOLLEY
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class MetabotropicPersistenceParameters:
    """What a run of `MetabotropicPersistence` depends on.

    Parameters
    ----------
    model : str
        The cell.
    intervals, slow_interval : tuple of Quantity, Quantity
        Between volleys that are close in time, and between those that are not.
    n_volleys, n_synapses : int
        Volleys of a train, and synapses of each over the basal branches.
    level : Quantity
        Depolarisation whose duration is measured.
    duration, time_step : Quantity
        Of the trains, and of their integration.
    n_trials : int
        Noisy trials with the subthreshold input, with volleys before it and without.
    noise, noise_time_constant : Quantity
        SD and correlation time of the soma's potential in these trials.
    basal_share : float
        Of the basal input that fires the resting cell, what is given.
    test_time, test_time_step : Quantity
        From the last volley to that input, and of the integration of these trials.
    seed : int
        Of all that is left to chance.
    """

    model: str = "l5_thick_tufted"
    intervals: tuple[Quantity, ...] = (20 * ms, 35 * ms, 50 * ms)
    n_volleys: int = 3
    n_synapses: int = 6
    slow_interval: Quantity = quantity(1 * second)
    level: Quantity = quantity(3 * mV)
    duration: Quantity = quantity(3.5 * second)
    time_step: Quantity = quantity(0.25 * ms)
    n_trials: int = 150
    noise: Quantity = quantity(2 * mV)
    noise_time_constant: Quantity = quantity(5 * ms)
    basal_share: float = 0.8
    test_time: Quantity = quantity(500 * ms)
    test_time_step: Quantity = quantity(0.1 * ms)
    seed: int = 1

    def __post_init__(self) -> None:
        check_integer("n_volleys", self.n_volleys, low=2)
        check_integer("n_synapses", self.n_synapses, low=0)
        check_integer("n_trials", self.n_trials, low=10)
        check_number("basal_share", self.basal_share, low=0, high=1)
        units = {
            "slow_interval": second,
            "level": volt,
            "duration": second,
            "time_step": second,
            "noise": volt,
            "noise_time_constant": second,
            "test_time": second,
            "test_time_step": second,
        }
        for name, unit in units.items():
            check_quantity(name, getattr(self, name), unit, positive=True)
        needed = (self.n_volleys - 1) * self.slow_interval + (VOLLEY + SETTLED + 500) * ms
        if self.duration < needed:
            raise InputError(f"duration must be at least {needed}, got {self.duration}")


class MetabotropicPersistence(Protocol):
    """What is left of spikes that come close in time, and what it does to later input."""

    name = "metabotropic_persistence"
    claim = (
        "three spikes within 20-50 ms of each other leave 3 mV or more for 0.5-3 s through "
        "metabotropic receptors, and make the cell fire to input that is else too weak"
    )
    source = f"{HTM}; {SIDIROPOULOU}; {LEE}"
    parameters = MetabotropicPersistenceParameters()
    seeds_by_default = 10
    quick = QuickForm(
        MetabotropicPersistenceParameters(
            duration=3.1 * second, time_step=0.5 * ms, test_time_step=0.5 * ms, n_trials=60
        ),
    )

    def __init__(self, parameters: MetabotropicPersistenceParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = biophysical.require(load_model(self.parameters.model))
        for table in ("spike", "ampa", "nmda", "basal", "metabotropic"):
            if table not in self._model:
                raise InputError(
                    f"metabotropic_persistence needs a table [{table}] ({self._model.file})"
                )

    def run(self, progress: Progress) -> Outcome:
        """Measure the depolarisation, then what it does to a basal input."""
        parameters, model = self.parameters, self._model
        persistence = persist(model, parameters, progress)
        gain = None if persistence is None else fire(model, parameters, progress)
        if persistence is None or gain is None:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        dataset = persistence.merge(gain).assign_attrs(gain.attrs)
        return Outcome(
            dataset, checks(dataset, parameters), metrics(dataset), parameter_rows=model.rows()
        )
