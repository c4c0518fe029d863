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
from typing import NamedTuple

import brian2
import numpy as np
import xarray as xr
from brian2 import Network, Quantity, SpikeMonitor, Synapses, ms, nS, pA, second, siemens
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.cells.group import Cells
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.electrophysiology.ensembles import Spikes, spikes_of
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.experiment.running import run_watched
from htm_brian.mechanisms import active_dendrite
from htm_brian.parameters import Model, load_model
from htm_brian.randomness import brian2_seed, stream
from htm_brian.sdr.cell_bursts import summarise
from htm_brian.synapses.release.stochastic import MECHANISMS, ReleaseSynapses

GENTET = "Gentet et al. 2012, Nat Neurosci 15:607: bursts increase when somatostatin cells are off"
NAUD = "Naud & Sprekeler 2018, PNAS 115:E6329"
THREAD = "discussion: Ensembles of neocortical microcircuits: somatostatin cells gate the dendrite"
TARGET = f"{THREAD}; target: half the burst fraction, event rate within 15 %"

SETTLE = 0.5
"""Seconds at the start that are not counted: facilitation takes as long to settle."""
TARGETS = ("dendrite", "soma")
COPIES = ("chosen on", "judged on")


@dataclass(frozen=True)
class DendriticInhibitionParameters:
    """What a run of `DendriticInhibition` depends on."""

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
            if not have_same_dimensions(getattr(self, name), pA):
                raise InputError(f"{name} must have a unit like pA, got {getattr(self, name)}")
        for name in ("delay", "time_step"):
            value = getattr(self, name)
            if not have_same_dimensions(value, second) or value <= 0 * second:
                raise InputError(f"{name} must be a positive time, got {value}")
        if not have_same_dimensions(self.duration, second) or self.duration < 1 * second:
            raise InputError(f"duration must be a time of at least 1 s, got {self.duration}")
        if not all(have_same_dimensions(strength, nS) for strength in self.strengths):
            raise InputError(f"strengths must have a unit like nS, got {self.strengths}")
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


class Circuits(NamedTuple):
    """Objects of one network that holds all circuits with inhibition of one compartment."""

    pyramidal: PyramidalCells
    interneurons: Cells
    excitation: ReleaseSynapses
    inhibition: Synapses


def run_circuits(
    place: str,
    model: Model,
    inhibitor: Model,
    synapse: Model,
    parameters: DendriticInhibitionParameters,
    progress: Progress,
) -> xr.Dataset | None:
    """Return what the circuits did; None if the run was stopped."""
    with uncompiled(), expected([ORDER_OF_EXECUTION]):
        brian2.seed(brian2_seed(parameters.seed, "dendritic_inhibition", place))
        circuits = build(place, model, inhibitor, synapse, parameters)
        groups = (circuits.pyramidal, circuits.interneurons)
        monitors = [SpikeMonitor(group, "last_spike_time") for group in groups]
        network = Network(*circuits, *monitors)
        description = f"inhibition of the {place}"
        complete = run_watched(network, parameters.duration, progress, description, groups)
    return measure(parameters, *map(spikes_of, monitors)) if complete else None


def build(
    place: str,
    model: Model,
    inhibitor: Model,
    synapse: Model,
    parameters: DendriticInhibitionParameters,
) -> Circuits:
    """Make the cells of all circuits, and connect those of each circuit."""
    p = parameters
    pyramidal = PyramidalCells(p.n_circuits * p.n_pyramidal, model, dt=p.time_step)
    pyramidal.injected_current = p.soma_current
    pyramidal.injected_current_dendrite = p.dendrite_current
    interneurons = Cells(p.n_circuits * p.n_interneurons, inhibitor, clock=pyramidal.clock)
    excitation = ReleaseSynapses(
        pyramidal,
        interneurons,
        synapse,
        on_release="ampa_soma_post += ampa_unitary_conductance_post*amplitude",
        delay=p.delay,
        seed=p.seed,
        stream=f"excitation, {place}",
    )
    inhibition = Synapses(
        interneurons,
        pyramidal,
        "strength : siemens (constant)",
        on_pre=f"gaba_{place}_post += strength",
        delay=p.delay,
        clock=pyramidal.clock,
    )
    rng = stream(p.seed, "connections", place)
    sizes = (p.n_pyramidal, p.n_interneurons)
    excitation.connect(
        **pairs(rng, p.n_circuits, sizes, p.excitation_probability),
    )
    ends = pairs(rng, p.n_circuits, sizes[::-1], p.inhibition_probability)
    inhibition.connect(**ends)
    strengths = np.repeat([float(s) for s in p.strengths], len(COPIES))
    inhibition.strength = strengths[ends["i"] // p.n_interneurons] * siemens
    return Circuits(pyramidal, interneurons, excitation, inhibition)


def pairs(
    rng: np.random.Generator, n_circuits: int, sizes: tuple[int, int], probability: float
) -> dict[str, NDArray[np.int64]]:
    """Return random pairs of a cell of the first and one of the second kind, of one circuit."""
    circuit, first, second_kind = np.nonzero(rng.random((n_circuits, *sizes)) < probability)
    return {"i": circuit * sizes[0] + first, "j": circuit * sizes[1] + second_kind}


def measure(
    parameters: DendriticInhibitionParameters, spikes: Spikes, inhibitory: Spikes
) -> xr.Dataset:
    """Return rates and burst fraction of every circuit."""
    counted = float(parameters.duration) - SETTLE
    n, each = parameters.n_circuits, parameters.n_pyramidal
    whole = summarise(spikes.events(SETTLE), n, each, counted)
    late = inhibitory.cells[inhibitory.times >= SETTLE] // parameters.n_interneurons
    rate = np.bincount(late, minlength=n) / (parameters.n_interneurons * counted)
    shape = (len(parameters.strengths), len(COPIES))
    dims = ("strength", "copy")
    return xr.Dataset(
        {
            "event_rate": (dims, whole.event_rate.reshape(shape), {"units": "Hz"}),
            "burst_fraction": (dims, whole.burst_fraction.reshape(shape), {"units": "1"}),
            "interneuron_rate": (dims, rate.reshape(shape), {"units": "Hz"}),
        },
        coords={
            "strength": (
                "strength",
                [float(s / nS) for s in parameters.strengths],
                {"units": "nS"},
            ),
            "copy": list(COPIES),
        },
    )


# Checks


def relative(dataset: xr.Dataset) -> xr.Dataset:
    """Return event rate and burst fraction over those without inhibition, of each copy."""
    values = dataset[["event_rate", "burst_fraction"]]
    return values / values.isel(strength=0)


def halving_strength(ratio: xr.DataArray) -> float:
    """Return the strength at which a ratio is nearest to a half."""
    nearest = np.argmin(abs(ratio.to_numpy() - 0.5))
    return float(ratio.strength[nearest])


def strength_at(ratio: xr.DataArray, level: float) -> float:
    """Return the strength at which a ratio first falls to `level`, interpolated; NaN if nowhere."""
    values, strengths = ratio.to_numpy(), ratio.strength.to_numpy()
    below = int(np.argmax(values <= level))
    if not values[below] <= level:
        return np.nan
    return float(
        np.interp(-level, -values[below - 1 : below + 1], strengths[below - 1 : below + 1])
    )


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold both kinds of inhibition against the claim."""
    dendrite, soma = (relative(dataset.sel(target=place)) for place in TARGETS)
    strength = halving_strength(dendrite.burst_fraction.sel(copy=COPIES[0]))
    judged = dendrite.sel(copy=COPIES[1], strength=strength)
    mean = dendrite.mean("copy")
    kept = mean.event_rate.where(mean.burst_fraction >= 0.4)
    somatic = halving_strength(soma.event_rate.mean("copy"))
    at_half = soma.mean("copy").sel(strength=somatic)
    return [
        Check(
            f"dendrite, {strength:g} nS: burst fraction over that without inhibition",
            float(judged.burst_fraction),
            "1",
            0.4,
            0.6,
            TARGET,
        ),
        Check(
            f"dendrite, {strength:g} nS: change of event rate",
            100 * float(judged.event_rate - 1),
            "%",
            -15,
            15,
            TARGET,
        ),
        Check(
            "dendrite: strengths that leave 40 to 60 % of the burst fraction, greatest over least",
            strength_at(mean.burst_fraction, 0.4) / strength_at(mean.burst_fraction, 0.6),
            "1",
            1.32,
            None,
            f"{THREAD}; target: no lucky strength, 15 % either way would do",
        ),
        Check(
            "dendrite: change of event rate, at most, as long as 40 % of the bursts are left",
            100 * float(abs(kept - 1).max()),
            "%",
            None,
            15,
            TARGET,
        ),
        Check(
            "dendrite: burst fraction at the greatest strength, over that without",
            float(mean.burst_fraction[-1]),
            "1",
            None,
            0.4,
            GENTET,
        ),
        Check(
            f"soma, {somatic:g} nS: event rate over that without inhibition",
            float(at_half.event_rate),
            "1",
            None,
            0.85,
            f"{NAUD}: the soma sets the event rate; the converse of inhibition of the dendrite",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    found: dict[str, float] = {}
    for place in TARGETS:
        part = dataset.sel(target=place).mean("copy")
        ratio = relative(dataset.sel(target=place)).mean("copy")
        name = "burst_fraction" if place == "dendrite" else "event_rate"
        strength = halving_strength(ratio[name])
        at = ratio.sel(strength=strength)
        found[f"{place}: strength nearest to half the {name.replace('_', ' ')}, nS"] = strength
        found[f"{place}: event rate there, over that without"] = float(at.event_rate)
        found[f"{place}: burst fraction there, over that without"] = float(at.burst_fraction)
        found[f"{place}: event rate without inhibition, Hz"] = float(part.event_rate[0])
        found[f"{place}: burst fraction without inhibition"] = float(part.burst_fraction[0])
        found[f"{place}: rate of interneurons there, Hz"] = float(
            part.interneuron_rate.sel(strength=strength)
        )
        found[f"{place}: rate of interneurons without inhibition, Hz"] = float(
            part.interneuron_rate[0]
        )
    return found
