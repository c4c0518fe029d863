"""NMDA spikes: how many synapses on one branch it takes, and what reaches the soma.

Stimulus: `k` synapses fire together on the outer half of one basal branch, one cell for each `k`;
the same on a depolarised cell, spread over the branch, shared between two branches, without
magnesium, without NMDA receptors, without sodium channels; and 20 synapses with a jitter.
Measurement: peak and half-width at the soma and in the branch. Checks: Schiller 2000, Polsky 2004,
Major 2008, Farinella 2011, and the number that HTM theory counts on.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr
from brian2 import Quantity, ms, mV, second, volt

from htm_brian.arguments import check_integer
from htm_brian.electrophysiology.stimulation import stimulate
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.nmda_spike.checks import HTM, MAJOR, SCHILLER, checks, metrics
from htm_brian.protocols.nmda_spike.measurement import to_dataset
from htm_brian.protocols.nmda_spike.stimulus import ARRIVAL, basal_branches, make_stimulus
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class NMDASpikeParameters:
    """What a run of `NMDASpike` depends on.

    Parameters
    ----------
    model : str
        The cell.
    n_synapses : int
        Most synapses on the branch.
    depolarisation : Quantity
        Of the cell that is held above rest.
    n_jittered, jitters : int, tuple of Quantity
        Synapses that fire with jitter, and within which time.
    n_draws : int
        Draws of each jitter.
    duration, time_step : Quantity
        Of every condition, and of the integration.
    seed : int
        Of the jitter.
    """

    model: str = "l5_thick_tufted"
    n_synapses: int = 40
    depolarisation: Quantity = quantity(10 * mV)
    n_jittered: int = 20
    jitters: tuple[Quantity, ...] = (0 * ms, 20 * ms, 40 * ms, 60 * ms, 80 * ms, 100 * ms)
    n_draws: int = 10
    duration: Quantity = quantity(450 * ms)
    time_step: Quantity = quantity(0.05 * ms)
    seed: int = 1

    def __post_init__(self) -> None:
        check_integer("n_synapses", self.n_synapses, low=20, high=200)
        check_integer("n_jittered", self.n_jittered, low=1, high=200)
        check_integer("n_draws", self.n_draws, low=1)
        check_quantity("depolarisation", self.depolarisation, volt)
        for jitter in self.jitters:
            check_quantity("each of jitters", jitter, second, low=0 * ms)
        check_quantity("time_step", self.time_step, second, positive=True)
        check_quantity("duration", self.duration, second, low=(ARRIVAL + 150) * ms)


class NMDASpike(Protocol):
    """Threshold, size and duration of NMDA spikes, and how branches sum."""

    name = "nmda_spike"
    claim = (
        "8 to 20 coincident synapses of some 40 on one basal branch start an NMDA spike, which "
        "depolarises the soma by some 6 mV for some 60 ms"
    )
    source = f"{SCHILLER}; {MAJOR}; {HTM}"
    parameters = NMDASpikeParameters()
    seeds_by_default = 10
    quick = QuickForm(
        NMDASpikeParameters(
            jitters=(0 * ms, 60 * ms), n_draws=2, duration=320 * ms, time_step=0.1 * ms
        ),
    )
    packages = ("efel",)

    def __init__(self, parameters: NMDASpikeParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = load_model(self.parameters.model)
        basal_branches(self._model)

    def run(self, progress: Progress) -> Outcome:
        """Give every condition and number of synapses a cell of its own."""
        parameters, model = self.parameters, self._model
        stimulus = make_stimulus(model, parameters)
        _, outer, _ = basal_branches(model)
        traces = stimulate(
            model,
            stimulus,
            parameters.duration,
            parameters.time_step,
            progress,
            record=("v", f"v_{outer}"),
            sample=max(1, round(float(0.25 * ms / parameters.time_step))),
        )
        if not traces.complete:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        dataset = to_dataset(model, parameters, traces, outer)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())
