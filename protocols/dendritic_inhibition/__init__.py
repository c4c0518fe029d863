"""Dendritic inhibition: somatostatin cells gate the bursts of an ensemble, not its events.

Stimulus: noisy pyramidal cells with input to soma and dendrite excite interneurons, which inhibit
them in return. In one half of the circuits somatostatin cells, reached by facilitating synapses,
inhibit the dendrites; in the other half fast-spiking cells, reached by depressing ones, the somas.
Every circuit has its strength of inhibition, and each comes twice. Measurement: event rate and
burst fraction against those of circuits whose inhibition has no strength. The strength that halves
the burst fraction is chosen on the first of each pair of circuits, and judged on the second.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr
from brian2 import Quantity, ms, nS, pA, second

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.mechanisms import active_dendrite
from htm_brian.parameters import load_model
from htm_brian.protocols.dendritic_inhibition.checks import GENTET, NAUD, THREAD, checks, metrics
from htm_brian.protocols.dendritic_inhibition.measurement import run_circuits
from htm_brian.protocols.dendritic_inhibition.stimulus import COPIES, TARGETS
from htm_brian.quantities import check_quantity
from htm_brian.synapses.release.stochastic import MECHANISMS


@dataclass(frozen=True)
class DendriticInhibitionParameters:
    """What a run of `DendriticInhibition` depends on.

    Parameters
    ----------
    model : str
        The pyramidal cell.
    dendrite_inhibitor, soma_inhibitor : str
        Interneurons that inhibit the dendrite, and the soma.
    dendrite_inhibitor_input, soma_inhibitor_input : str
        Synapses from the pyramidal cells onto them.
    strengths : tuple of Quantity
        Conductances of one inhibitory synapse, rising from 0.
    n_pyramidal, n_interneurons : int
        Cells of a circuit.
    excitation_probability, inhibition_probability : float
        That a pyramidal cell excites an interneuron, and that this inhibits a pyramidal cell.
    delay : Quantity
        Of every synapse.
    soma_current, dendrite_current : Quantity
        Constant input of every pyramidal cell.
    duration, time_step : Quantity
        Of a run, and of the integration.
    seed : int
        Of all that is left to chance.
    """

    model: str = "naud_sprekeler"
    dendrite_inhibitor: str = "sst_interneuron"
    dendrite_inhibitor_input: str = "layer5_to_sst"
    soma_inhibitor: str = "fast_spiking_interneuron"
    soma_inhibitor_input: str = "layer5_to_fast_spiking"
    strengths: tuple[Quantity, ...] = (
        0 * nS,
        0.5 * nS,
        1 * nS,
        1.5 * nS,
        2 * nS,
        2.5 * nS,
        3 * nS,
        4 * nS,
    )
    n_pyramidal: int = 150
    n_interneurons: int = 20
    excitation_probability: float = 0.2
    inhibition_probability: float = 0.7
    delay: Quantity = quantity(1 * ms)
    soma_current: Quantity = quantity(300 * pA)
    dendrite_current: Quantity = quantity(150 * pA)
    duration: Quantity = quantity(2.3 * second)
    time_step: Quantity = quantity(0.2 * ms)
    seed: int = 1

    def __post_init__(self) -> None:
        check_integer("n_pyramidal", self.n_pyramidal, low=1)
        check_integer("n_interneurons", self.n_interneurons, low=1)
        check_integer("seed", self.seed, low=0)
        for name in ("excitation_probability", "inhibition_probability"):
            check_number(name, getattr(self, name), low=0, high=1)
        for name in ("soma_current", "dendrite_current"):
            check_quantity(name, getattr(self, name), pA)
        for name in ("delay", "time_step"):
            check_quantity(name, getattr(self, name), second, positive=True)
        check_quantity("duration", self.duration, second, low=1 * second)
        for strength in self.strengths:
            check_quantity("each of strengths", strength, nS)
        values = [float(strength) for strength in self.strengths]
        if len(values) < 3 or values[0] != 0 or values != sorted(set(values)):
            raise InputError(f"strengths must be three or more and rise from 0, got {values}")

    @property
    def n_circuits(self) -> int:
        """Circuits with inhibition of one compartment."""
        return len(self.strengths) * len(COPIES)


class DendriticInhibition(Protocol):
    """Burst fraction and event rate under inhibition of the dendrite, and of the soma."""

    name = "dendritic_inhibition"
    claim = (
        "inhibition of the dendrites by somatostatin cells halves the share of events that are "
        "bursts and leaves the rate of events as it is; inhibition of the somas does the converse"
    )
    source = f"{GENTET}; {NAUD}; {THREAD}"
    parameters = DendriticInhibitionParameters()
    seeds_by_default = 10

    def __init__(self, parameters: DendriticInhibitionParameters | None = None) -> None:
        super().__init__(parameters)
        p = self.parameters
        self._model = biophysical.require(load_model(p.model))
        for table in (active_dendrite.TABLE, "gaba"):
            if table not in self._model:
                raise InputError(f"dendritic_inhibition needs a table [{table}] ({p.model})")
        self._inhibitors = {
            place: (
                biophysical.require(load_model(getattr(p, f"{place}_inhibitor"))),
                load_model(getattr(p, f"{place}_inhibitor_input")).require(MECHANISMS),
            )
            for place in TARGETS
        }

    def run(self, progress: Progress) -> Outcome:
        """Run all circuits with inhibition of the dendrite, then those with that of the soma."""
        models = [self._model, *(m for pair in self._inhibitors.values() for m in pair)]
        rows = [row for model in models for row in model.rows()]
        found = []
        for place in TARGETS:
            part = run_circuits(
                place, self._model, *self._inhibitors[place], self.parameters, progress
            )
            if part is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            found.append(part)
        dataset = xr.concat(found, xr.Variable("target", list(TARGETS)))
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
