"""The same pairings, with the postsynaptic spikes that a cell of level 2 fires.

In the experiments nobody sets the time of a postsynaptic spike: a pulse of current into the soma
makes it. Here a pulse comes for each spike of the list, so early that a cell at rest fires at the
time that the list says, and the presynaptic cell's contacts on basal branches open at theirs. What
the cell makes of it (a spike, two, none, late after others, a calcium spike that back-propagating
spikes set off) is what the rule gets. Every sweep is the first one again: the cell is at rest by
then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import Quantity, ms, nA
from numpy.typing import NDArray

from htm_brian.electrophysiology.stimulation import Stimulus, stimulate
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.fitting.pairings import fitted_rows
from htm_brian.parameters import Model, load_model
from htm_brian.protocols.pairing_data.measurement import COMPARED, ratios
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.recordings import Pairing

if TYPE_CHECKING:
    from htm_brian.protocols.pairing_data import PairingDataParameters

Times = NDArray[np.float64]

PULSES = {"short": (4.35 * nA, 2 * ms), "long": (1.9 * nA, 5 * ms)}
"""Current into the soma for each spike, and for how long. The short pulse, of `bac_firing`, makes a
spike; the long one makes two where a pulse before, or the contacts, have depolarised the cell.
"""
Pulse = tuple[Quantity, Quantity]
CONTACTS = 6
"""Of the presynaptic cell, two on each basal branch (Markram et al. 1997, J Physiol 500:409: 4 to
8)."""
BEFORE, AFTER = 0.15, 0.05
"""Seconds that are simulated before the first presynaptic spike and after the last of either."""
STEP = 0.1 * ms


def fired_trains(
    rows: Sequence[Pairing], cell: str, pulse: Pulse, progress: Progress
) -> tuple[list[Times], list[Times]] | None:
    """Return the presynaptic and postsynaptic trains of each experiment; None where stopped.

    Parameters
    ----------
    rows : sequence of Pairing
    cell : str
        A model of level 2.
    pulse : tuple of Quantity
        Current and duration.
    progress : Progress
    """
    model = load_model(cell)
    lead = latency(model, pulse, progress)
    if lead is None:
        return None
    sweeps = [first_sweep(row) for row in rows]
    last = max(float(np.concatenate(sweep).max()) for sweep in sweeps)
    stimulus = Stimulus(len(rows))
    steps = round((BEFORE + last + AFTER) / float(STEP))
    currents = np.zeros((steps, len(rows)))
    branches = [f"basal_{branch}_1" for branch in range(3)]
    for place, (before, after) in enumerate(sweeps):
        currents[:, place] = pulses(pulse, BEFORE + after - lead, steps)
        for contact in range(CONTACTS):
            stimulus.glutamate(place, branches[contact % len(branches)], BEFORE + before)
    stimulus.currents["soma"] = currents
    traces = stimulate(
        model, stimulus, steps * STEP, STEP, progress, sample=100, description="cells of level 2"
    )
    if not traces.complete:
        return None
    return [row.trains()[0] for row in rows], every_sweep(rows, traces.spikes)


def every_sweep(rows: Sequence[Pairing], spikes: Sequence[Times]) -> list[Times]:
    """Return the trains of all sweeps, from what a cell fired in the first of each experiment."""
    starts = [1.0 + row.period * np.arange(row.sweeps)[:, None] for row in rows]
    return [(start + own - BEFORE).ravel() for start, own in zip(starts, spikes, strict=True)]


def latency(model: Model, pulse: Pulse, progress: Progress) -> float | None:
    """Return the seconds from a pulse to the spike that it makes in a cell at rest."""
    steps = round(BEFORE / float(STEP))
    stimulus = Stimulus(1)
    stimulus.currents["soma"] = pulses(pulse, np.array([BEFORE / 2]), steps)[:, None]
    traces = stimulate(model, stimulus, steps * STEP, STEP, progress, description="one pulse")
    if not traces.complete:
        return None
    (spikes,) = traces.spikes
    if not len(spikes):
        raise InputError(f"{model.name} must fire at a pulse of {pulse[0]} for {pulse[1]}")
    return float(spikes[0] - BEFORE / 2)


def first_sweep(row: Pairing) -> tuple[Times, Times]:
    """Return the spikes of the first sweep, seconds from its first presynaptic one."""
    before, after = row.trains()
    return before[: row.pairs] - before[0], after[: len(after) // row.sweeps] - before[0]


def pulses(pulse: Pulse, onsets: Times, steps: int) -> Times:
    """Return the current (A) at each step of pulses that begin at some times."""
    current, duration = map(float, pulse)
    first = np.arange(steps)[:, None] * float(STEP)
    covered = np.minimum(first + float(STEP), onsets + duration) - np.maximum(first, onsets)
    return current * np.clip(covered / float(STEP), 0, 1).sum(axis=1)


def by_a_cell(parameters: PairingDataParameters, progress: Progress) -> xr.Dataset:
    """Return what the fitted rule and the published one make of the cell's spikes."""
    rows = fitted_rows()
    listed = np.array([len(row.trains()[1]) for row in rows])
    found, per_pulse = [], []
    for pulse in PULSES.values():
        trains = fired_trains(rows, parameters.cell, pulse, progress)
        if trains is None:
            return xr.Dataset()
        found.append(
            [
                ratios(online_rule(name), rows, parameters.synapses, parameters.seed, trains)
                for name in COMPARED
            ]
        )
        per_pulse.append(np.array([len(post) for post in trains[1]]) / listed)
    return xr.Dataset(
        {
            "fired_ratio": (("pulse", "compared", "fitted_row"), np.array(found)),
            "fired_per_pulse": (("pulse", "fitted_row"), np.array(per_pulse)),
        },
        coords={
            "pulse": list(PULSES),
            "compared": list(COMPARED),
            "fitted_row": [row.name for row in rows],
        },
    )
