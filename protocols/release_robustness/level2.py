"""Volleys onto NMDA branches of level-2 cells.

Every trial is a cell with one basal branch; all trials of all conditions, and the volleys that
measure the thresholds, are cells of one Brian2 group. The conditions change one thing at a time:
how strong NMDA receptors are, whether they saturate, what AMPA receptors add, how far spikes are
spread. They share their draws, so a difference between two of them is no chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import Network, NetworkOperation, Quantity, SpikeGeneratorGroup, Synapses, ms, mV, nS
from numpy.typing import NDArray

from htm_brian.cells import biophysical, tree
from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.engine.arrays import raw
from htm_brian.mechanisms import adaptation, ampa, nmda, soma, spike
from htm_brian.mechanisms.dendrite import potential
from htm_brian.parameters import Model
from htm_brian.protocols.release_robustness.conductance_rule import conductance_rule
from htm_brian.protocols.release_robustness.sampling import PROBABILITIES, SIZES
from htm_brian.protocols.release_robustness.shift import threshold_shifts
from htm_brian.protocols.release_robustness.stimulus import AFTER, Condition, conditions
from htm_brian.randomness import key_words, stream
from htm_brian.synapses.release.draws import FUNCTIONS

if TYPE_CHECKING:
    from htm_brian.protocols.release_robustness import ReleaseRobustnessParameters

TIME_STEP = 0.1 * ms
WATCH_STEP = 0.5 * ms
SPIKE_LEVEL, SPIKE_TIME = 30 * mV, 10 * ms
"""An NMDA spike: the branch is so far above rest for so long; AMPA receptors alone hold it for 4 ms
at most. Farinella 2011: NMDA spikes of 40-50 mV for 50-100 ms."""
MOST_SYNAPSES = 40
"""Of the volleys that measure a threshold."""

MECHANISMS = (
    soma.TABLE,
    spike.TABLE,
    adaptation.TABLE,
    adaptation.SLOW_TABLE,
    tree.MEMBRANE,
    "basal",
    ampa.TABLE,
    nmda.TABLE,
)

# `bound`: share of a synapse's NMDA receptors that glutamate has bound, as the conductance decays.
SYNAPSE = """
transmission_probability : 1 (constant)
trial : integer (constant)
number : integer (constant)
volley : integer
occupancy : 1 (constant)
ampa_first : 1 (constant)
ampa_later : 1 (constant)
bound : 1
releases : 1
last_spike : second
stream_low : integer (shared, constant)
stream_high : integer (shared, constant)
"""
ON_SPIKE = """
arrival = int(keyed_uniform(stream_low, stream_high, 0, trial, number, volley) < transmission_probability)
volley += 1
bound *= exp(-(t - last_spike)/nmda_decay_time_constant_post)
last_spike = t
nmda_{branch}_post += arrival*(1 - bound)*nmda_unitary_conductance_post
ampa_{branch}_post += arrival*(ampa_first*int(releases == 0) + ampa_later*int(releases > 0))*ampa_unitary_conductance_post
bound += arrival*occupancy*(1 - bound)
releases += arrival
"""  # noqa: E501


RULE_TRIALS = 500
"""Of the conductance rule, for each condition, probability and size."""


def measure(
    model: Model, parameters: ReleaseRobustnessParameters, interval: Quantity
) -> xr.Dataset:
    """Send volleys to branches under all conditions, and fit their shifts.

    Parameters
    ----------
    model : Model
        Of `one_branch`.
    parameters : ReleaseRobustnessParameters
        Of the protocol.
    interval : Quantity
        Between the spikes of a burst.
    """
    p, grid = parameters, (PROBABILITIES, SIZES)
    given = conditions(p.jitter, model["nmda"]["unitary_conductance"])
    found = detect(model, given, *grid, p.branch_repeats, interval, p.seed)
    needed = found.measured_threshold.to_numpy()
    found = found.merge(
        conductance_rule(model, given, needed, *grid, RULE_TRIALS, interval, p.seed)
    )
    return found.merge(threshold_shifts(found, p.branch_repeats, RULE_TRIALS))


def one_branch(model: Model) -> Model:
    """Return the cell with one basal branch and nothing else but its soma."""
    biophysical.require(model)
    kept = tuple(table for table in model.tables if table.name in MECHANISMS)
    return replace(model, tables=kept).with_values({"basal.branches": 1})


@dataclass(frozen=True)
class Trials:
    """One entry for each cell."""

    condition: NDArray[np.int64]
    p: NDArray[np.float64]
    size: NDArray[np.int64]
    spikes: NDArray[np.int64]
    trial: NDArray[np.int64]


def detect(
    model: Model,
    given: tuple[Condition, ...],
    probabilities: tuple[float, ...],
    sizes: tuple[int, ...],
    repeats: int,
    interval: Quantity,
    seed: int,
) -> xr.Dataset:
    """Send volleys to branches; return how often an NMDA spike follows, and the thresholds.

    Parameters
    ----------
    model : Model
        Of `one_branch`.
    given : tuple of Condition
    probabilities, sizes : tuple
        Of transmission; synapses of the branch.
    repeats : int
        Cells for each condition, probability, size and length of burst.
    interval : Quantity
        Between the spikes of a burst.
    seed : int
    """
    measured = _trials(given, probabilities, sizes, repeats)
    calibration = _calibration(given)
    trials = Trials(
        *(np.concatenate([getattr(calibration, f), getattr(measured, f)]) for f in _FIELDS)
    )
    spiked, transmitting = _simulate(model, given, trials, interval, seed)
    first = len(calibration.p)
    needed = spiked[:first].reshape(len(given), MOST_SYNAPSES).argmax(axis=1) + 1
    longest = max(max(c.spikes) for c in given)
    shape = (len(probabilities), len(sizes), repeats)
    found = np.full((len(given), longest, *shape[:2]), np.nan)
    for k, condition in enumerate(given):
        for n in condition.spikes:
            of_it = (measured.condition == k) & (measured.spikes == n)
            found[k, n - 1] = spiked[first:][of_it].reshape(shape).mean(axis=-1)
    together = np.array([c.jitter == 0 * ms for c in given])[measured.condition]
    counted = transmitting[first:] >= needed[measured.condition]
    plain = together & (measured.spikes == 1)
    return xr.Dataset(
        {
            "branches": (("condition", "spikes", "p", "size"), found),
            "measured_threshold": (("condition",), needed, {"units": "synapses"}),
            "miscounted": ((), float(np.mean(counted[plain] != spiked[first:][plain]))),
        },
        coords={
            "condition": [c.name for c in given],
            "spikes": np.arange(1, longest + 1),
            "p": list(probabilities),
            "size": list(sizes),
        },
        attrs={"branch_repeats": repeats},
    )


_FIELDS = ("condition", "p", "size", "spikes", "trial")


def _trials(
    given: tuple[Condition, ...],
    probabilities: tuple[float, ...],
    sizes: tuple[int, ...],
    repeats: int,
) -> Trials:
    shape = (len(probabilities), len(sizes), repeats)
    p, size, _ = np.indices(shape).reshape(3, -1)
    n = p.size
    pairs = [(k, spikes) for k, condition in enumerate(given) for spikes in condition.spikes]
    return Trials(
        np.repeat([k for k, _ in pairs], n),
        np.tile(np.array(probabilities)[p], len(pairs)),
        np.tile(np.array(sizes)[size], len(pairs)),
        np.repeat([spikes for _, spikes in pairs], n),
        np.tile(np.arange(n), len(pairs)),
    )


def _calibration(given: tuple[Condition, ...]) -> Trials:
    """Return single spikes at one moment through 1, 2, ... synapses that never fail."""
    size = np.tile(np.arange(1, MOST_SYNAPSES + 1), len(given))
    ones = np.ones(size.size, dtype=np.int64)
    which = np.repeat(np.arange(len(given)), MOST_SYNAPSES)
    return Trials(which, ones.astype(float), size, ones, 0 * ones)


def _simulate(
    model: Model, given: tuple[Condition, ...], trials: Trials, interval: Quantity, seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which cells' branches make an NMDA spike, and how many of their synapses release."""
    cells = PyramidalCells(
        trials.p.size, model, dt=TIME_STEP, per_cell=("nmda.unitary_conductance",)
    )
    conductance = np.array([float(c.conductance / nS) for c in given])
    cells.nmda_unitary_conductance = conductance[trials.condition] * nS
    outer = cells.compartments[-1]
    longest = int(trials.spikes.max())
    order = [k for n in range(1, longest + 1) for k in range(n)]
    axon = [n for n in range(longest) for _ in range(n + 1)]
    axons = SpikeGeneratorGroup(longest, axon, np.array(order) * interval, clock=cells.clock)
    synapses = _synapses(axons, cells, outer, given, trials, seed)
    last = (longest - 1) * interval + 8 * max(c.jitter for c in given)
    level = float(cells.v[0]) + float(SPIKE_LEVEL)
    trace = raw(cells, potential(outer))
    above = np.zeros(trials.p.size)

    def watch() -> None:
        np.add(above, float(WATCH_STEP), out=above, where=trace > level)

    parts = (cells, axons, synapses, NetworkOperation(watch, dt=WATCH_STEP))
    Network(*parts).run(last + AFTER, namespace={})
    released = np.asarray(synapses.j[:])[np.asarray(synapses.releases[:]) > 0]
    spiked = above > float(SPIKE_TIME) - float(WATCH_STEP) / 2
    return spiked, np.bincount(released, minlength=trials.p.size)


def _synapses(
    axons: SpikeGeneratorGroup,
    cells: PyramidalCells,
    branch: str,
    given: tuple[Condition, ...],
    trials: Trials,
    seed: int,
) -> Synapses:
    cell = np.repeat(np.arange(trials.p.size), trials.size)
    number = np.arange(cell.size) - np.repeat(np.cumsum(trials.size) - trials.size, trials.size)
    synapses = Synapses(
        axons,
        cells,
        SYNAPSE,
        on_pre=ON_SPIKE.format(branch=branch),
        clock=axons.clock,
        namespace=FUNCTIONS,
    )
    synapses.connect(i=trials.spikes[cell] - 1, j=cell)
    synapses.transmission_probability = trials.p[cell]
    synapses.trial, synapses.number = trials.trial[cell], number
    of_synapse = trials.condition[cell]
    synapses.occupancy = np.array([c.occupancy for c in given])[of_synapse]
    first, later = np.array([c.ampa for c in given]).T
    synapses.ampa_first, synapses.ampa_later = first[of_synapse], later[of_synapse]
    synapses.pre.delay = _delays(given, trials, cell, number, seed)
    synapses.stream_low, synapses.stream_high = key_words(seed, "branches")
    return synapses


def _delays(
    given: tuple[Condition, ...],
    trials: Trials,
    cell: NDArray[np.int64],
    number: NDArray[np.int64],
    seed: int,
) -> Quantity:
    """Return a delay for each synapse, the same in conditions with the same jitter."""
    jitter = np.array([float(c.jitter / ms) for c in given])[trials.condition[cell]]
    spread = stream(seed, "jitter of branches").standard_normal(
        (int(trials.trial.max()) + 1, int(trials.size.max()))
    )[trials.trial[cell], number]
    calibrating = trials.p[cell] >= 1
    jitter = np.where(calibrating, 0.0, jitter)
    return np.clip(4 * jitter + jitter * spread, 0, 8 * jitter) * ms
