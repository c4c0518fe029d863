"""The timing of a column follows from its cells: who is early, and until when inhibition may come.

From the cell model, the noise and the circuit the distribution of first spikes is derived
(`htm_brian.network.first_spikes`); from that, how often a column's answer is right, and the window
after a volley in which spikes may recruit inhibition (`htm_brian.sdr.race`). A network in which a
column cannot be right is refused before it is built.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import numpy as np

from htm_brian.errors import InputError
from htm_brian.network.first_spikes import FirstSpikes, first_spikes
from htm_brian.network.minicolumns import mean_delay
from htm_brian.parameters import Model
from htm_brian.parameters.by_numbers import ByNumbers
from htm_brian.sdr.race import Race

LEAST_RIGHT = 0.5
"""A column that is right less often than this tells nothing."""

USED = (
    "element",
    "relay",
    "inhibition",
    "layer_inhibition",
    "excitability",
    "membrane_noise",
    "spread",
)
"""Tables of a network model that the race depends on."""


def column_race(cell: Model, network: Model, cells: int, neurons_per_cell: int = 1) -> Race:
    """Return the race of a network's columns, with the best window.

    Parameters
    ----------
    cell, network : Model
        Both of level 1.
    cells : int
        HTM cells of a column.
    neurons_per_cell : int
        Spiking neurons that stand for one.

    Returns
    -------
    Race
        Computed once for equal models.

    Examples
    --------
    >>> from htm_brian.parameters import load_model
    >>> models = load_model("l5_in_vivo"), load_model("minicolumns_in_vivo")
    >>> one, many = (column_race(*models, cells=8, neurons_per_cell=n) for n in (1, 16))
    >>> min(one.right()) < 0.9 < 0.99 < min(many.right())
    True
    """
    return _race(ByNumbers(cell), ByNumbers(network, USED), cells, neurons_per_cell)


def spikes_of(cell: Model, network: Model) -> FirstSpikes:
    """Return the distribution of first spikes in a network, computed once for equal models.

    Parameters
    ----------
    cell, network : Model
        Both of level 1.

    Returns
    -------
    FirstSpikes
        Of predicted and of unpredicted cells, times in seconds.
    """
    return _spikes(ByNumbers(cell), ByNumbers(network, USED))


def require_race(cell: Model, network: Model, cells: int, neurons_per_cell: int = 1) -> Race:
    """Return the race, or refuse a network whose columns cannot be right.

    Parameters
    ----------
    cell, network : Model
        Both of level 1.
    cells : int
        HTM cells of a column.
    neurons_per_cell : int
        Spiking neurons that stand for one.

    Returns
    -------
    Race
        In which a column is right more often than wrong.

    Raises
    ------
    InputError
        In one line that names the inequality that does not hold.
    """
    spikes = spikes_of(cell, network)
    early, late = (
        float(np.interp(0.5, reached, spikes.times))
        for reached in (spikes.predicted, spikes.unpredicted)
    )
    latency = latency_of(network)
    where = f"({network.file}; {cell.file})"
    if spikes.predicted[-1] < LEAST_RIGHT or spikes.unpredicted[-1] < LEAST_RIGHT:
        reached = min(spikes.predicted[-1], spikes.unpredicted[-1])
        raise InputError(
            f"a volley must fire a cell: probability of a spike > {LEAST_RIGHT:g}, got "
            f"{reached:.2f}; raise feedforward.volley_conductance {where}"
        )
    race = column_race(cell, network, cells, neurons_per_cell)
    if cells > 1 and late - early <= latency:
        raise InputError(
            f"a predicted cell must be ahead by more than inhibition takes: lead > "
            f"inhibition.recruitment_delay + inhibition.delay, got {1e3 * (late - early):.2f} ms "
            f"and {1e3 * latency:.2f} ms; a plateau lifts the soma by {1e3 * spikes.lead:.1f} mV "
            f"{where}"
        )
    if cells > 1 and min(race.right()) < LEAST_RIGHT:
        noise = float(network["membrane_noise"]["standard_deviation"])
        raise InputError(
            f"a column must be right more often than wrong: probability > {LEAST_RIGHT:g}, got "
            f"{min(race.right()):.2f} with {1e3 * noise:g} mV of noise, a lead of "
            f"{1e3 * spikes.lead:.1f} mV, {cells} cells a column and {neurons_per_cell} "
            f"{'neuron' if neurons_per_cell == 1 else 'neurons'} a cell {where}"
        )
    return race


def latency_of(network: Model) -> float:
    """Return the seconds from a recruiting spike to inhibition.

    The interneuron spikes one time step after what recruits it arrives.

    Parameters
    ----------
    network : Model
        Of level 1.

    Returns
    -------
    float
        Seconds.
    """
    return recruitment_of(network) + float(network["inhibition"]["delay"])


def recruitment_of(network: Model) -> float:
    """Return the seconds from a recruiting spike to that of the interneuron.

    Parameters
    ----------
    network : Model
        Of level 1.

    Returns
    -------
    float
        Seconds.
    """
    step = network["element"]["time_step"]
    return float(network["inhibition"]["recruitment_delay"] + step)


class Windowed(Protocol):
    """What says how long after a volley spikes may recruit inhibition: a race, or a measurement."""

    @property
    def window(self) -> float:
        """Seconds after a volley."""


def early_until(network: Model, race: Windowed) -> float:
    """Return until when a first spike is early, in seconds since the column's relay cell spiked.

    A first spike is early if it can recruit inhibition.

    Parameters
    ----------
    network : Model
        Of level 1.
    race : Windowed
        Derived or measured.

    Returns
    -------
    float
        Seconds.
    """
    relay = network["relay"]
    return float(relay["delay"]) + mean_delay(relay["neuron_jitter"]) + race.window


@lru_cache(maxsize=64)
def _spikes(cell: ByNumbers, network: ByNumbers) -> FirstSpikes:
    return first_spikes(cell.model, network.model)


@lru_cache(maxsize=256)
def _race(cell: ByNumbers, network: ByNumbers, cells: int, neurons_per_cell: int) -> Race:
    spikes = _spikes(cell, network)
    made = Race(
        spikes.times,
        spikes.predicted,
        spikes.unpredicted,
        cells,
        latency_of(network.model),
        neurons_per_cell,
        recruiting=neurons_per_cell // 2 + 1,
    )
    return made.with_best_window()
