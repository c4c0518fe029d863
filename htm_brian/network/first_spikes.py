"""When a cell first spikes after a volley, with and without a plateau: a closed form in noise.

The mean path of the potential is that of the cell's own equations. Around it the potential is a
Gaussian process: its covariance, and that with its slope, follow from the same equations and the
noise, step by step, as the volley opens and closes. The rate at which such a process crosses the
threshold upwards is Rice's (Rice 1945, Bell Syst Tech J 24:46)::

    rate = density(threshold) * E[max(slope, 0) | potential at threshold]

Divided by the probability to be below the threshold it is taken for the hazard of the first
crossing. What differs from cell to cell and from volley to volley, but not within one, shifts the
path; the distribution is averaged over shifts that are normal.

A cell is not taken from rest: inhibition of the whole layer has followed the volley before, and
what is left of it holds the potential down; a predicted cell has grown a branch, so that it is a
little harder to excite than others of its column (`htm_brian.network.excitability`).

Times are seconds since the volley arrives at the proximal synapses, potentials volts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

from htm_brian.cells import fluctuations, pyramidal, spread
from htm_brian.cells.reduced_response import (
    DRIVES,
    INHIBITION,
    POTENTIALS,
    STATE,
    VOLLEY,
    by_variable,
    definition,
    values_of,
)
from htm_brian.mechanisms import membrane_noise
from htm_brian.mechanisms.mechanism import variable_name
from htm_brian.network.minicolumns import mean_delay
from htm_brian.parameters import Model

Array = NDArray[np.float64]

LASTS = 50e-3
"""Seconds after a volley that are looked at."""
STEP = 0.0625e-3
"""Of the integration, which is of the first order: with 0.25 ms cells are 0.2 ms too early."""
LEAST_NOISE = 0.02e-3
"""Volts; below, the time of a spike is certain to less than a step."""
SMALL = 1e-3
"""Change of a parameter, as a share of it, by which its effect on the path is found."""
LATEST = 2.0
"""Standard deviations by which the last of some twenty jittered columns is late."""
SHIFTS, WEIGHTS = np.polynomial.hermite_e.hermegauss(21)


@dataclass(frozen=True)
class FirstSpikes:
    """Distribution of the first spike of a neuron, predicted and not.

    Attributes
    ----------
    times : ndarray of shape (n,)
        Ends of the steps, from the earliest volley.
    predicted, unpredicted : ndarray of shape (n,)
        Probability to have spiked by then.
    unprompted : float
        Rate, in hertz, at which a predicted cell spikes without a volley.
    lead : float
        Depolarisation of the soma by one plateau when a volley comes.
    """

    times: Array
    predicted: Array
    unpredicted: Array
    unprompted: float
    lead: float


@dataclass(frozen=True)
class Paths:
    """Mean potential above threshold, and fluctuation around it, step by step and condition.

    Attributes
    ----------
    above, slope : ndarray of shape (n, ...)
        Of the mean path.
    deviation : ndarray of shape (n, 2)
        Of the potential.
    covariance, slope_variance : ndarray of shape (n, 2)
        Of potential and slope, and of the slope.
    """

    above: Array
    slope: Array
    deviation: Array
    covariance: Array
    slope_variance: Array


@dataclass(frozen=True)
class Course:
    """What the cells go through, step by step; conditions are without and with a plateau.

    Attributes
    ----------
    strength, time_constant : float
        Of the noise: its current's standard deviation, amperes, and seconds.
    arrivals : tuple of int
        Steps at which the volley's spikes arrive.
    inhibition : ndarray of shape (n,)
        What is left of the layer's inhibition in each step, siemens.
    excitability : ndarray of shape (2,)
        What the cells of each condition make of a volley.
    """

    strength: float
    time_constant: float
    arrivals: tuple[int, ...]
    inhibition: Array
    excitability: Array

    @property
    def begin(self) -> int:
        """The step at which the volley arrives."""
        return self.arrivals[0]


def first_spikes(cell: Model, network: Model) -> FirstSpikes:
    """Return when cells of a network first spike.

    Parameters
    ----------
    cell : Model
        Of level 1.
    network : Model
        Its tables ``[membrane_noise]``, ``[spread]`` and ``[relay]`` say what varies;
        ``[layer_inhibition]`` and ``[excitability]`` in which state a volley finds the cells.
    """
    values = {name: float(value) for name, value in by_variable(values_of(cell)).items()}
    varied = _varied(values, network)
    course = _course(cell, network, values)
    begin = course.begin
    alone = _paths(values, {}, course)
    shift = np.full_like(alone.above, float(network["spread"]["threshold"])) * (
        values["spike_threshold"] - values["resting_potential"]
    )
    squared = shift**2
    for names, share in varied:
        more = _paths(values, dict.fromkeys(names, 1 + SMALL), replace(course, strength=0.0))
        squared += (share / SMALL * (more.above - alone.above)) ** 2
    shift = np.sqrt(squared)
    each = [_reached(alone, shift * z, begin) for z in SHIFTS]
    reached = _averaged(each)
    idle = _rice(alone, shift, begin - 1)
    times = np.asarray(STEP * np.arange(1, len(reached) + 1), dtype=np.float64)
    jitter = float(network["relay"]["neuron_jitter"])
    if jitter > 0:
        times, reached = _blurred(times, reached, jitter)
    lead = float(alone.above[begin - 1, 1] - alone.above[begin - 1, 0])
    return FirstSpikes(times, reached[:, 1], reached[:, 0], float(idle[1]), lead)


def _course(cell: Model, network: Model, values: Mapping[str, Any]) -> Course:
    """Return what a network does to its cells."""
    noise, relay, element = network[membrane_noise.TABLE], network["relay"], network["element"]
    strength = 0.0
    if noise["standard_deviation"] > 0:
        noisy = cell.with_table(noise)
        conductance = fluctuations.noise_conductance(noisy, pyramidal.equations(noisy))
        strength = float(conductance) * float(noise["standard_deviation"])
    begin = round(float(element["period"] - element["arrival"]) / STEP)
    every = float(relay["spike_interval"]) / STEP
    arrivals = tuple(begin + round(number * every) for number in range(int(relay["spikes"])))
    layer = network["layer_inhibition"]
    # It follows the last relay cell of the element before.
    since = float(element["period"] + relay["delay"] - layer["delay"])
    since += mean_delay(relay["neuron_jitter"]) - LATEST * float(relay["column_jitter"])
    passed = STEP * (np.arange(begin + round(LASTS / STEP)) - begin) + since
    decay = np.exp(-np.maximum(passed, 0) / float(values["inhibition_time_constant"]))
    return Course(
        strength,
        float(noise["time_constant"]),
        arrivals,
        float(layer["conductance"]) * decay * (passed >= 0),
        1 - float(network["excitability"]["held_back"]) * np.array([0.0, 1.0]),
    )


def _varied(values: Mapping[str, float], network: Model) -> list[tuple[tuple[str, ...], float]]:
    """Return which parameters vary together, and by what share."""
    table = network["spread"]
    leaks = tuple(variable_name(place, "leak_conductance") for place in spread.LEAKS)
    volley, branches = (
        (variable_name(*path.split(".")),) for path in (spread.VOLLEY, spread.BRANCHES)
    )
    together = float(np.hypot(table["strength"], network["relay"]["variation"]))
    found = [
        (leaks, float(table["leak"])),
        (volley, together),
        (branches, float(table["strength"])),
    ]
    return [(names, share) for names, share in found if share > 0]


def _paths(values: Mapping[str, float], factors: Mapping[str, float], course: Course) -> Paths:
    """Take the cell's equations, and the covariance of its potentials, through a volley.

    Conditions are side by side: without and with a plateau. As the equations are linear in the
    potentials, their matrix is the difference that a unit of each makes.
    """
    changed = {name: value * factors.get(name, 1.0) for name, value in values.items()}
    n = len(POTENTIALS)
    known: dict[str, Array] = {name: np.asarray(value) for name, value in changed.items()}
    known |= {name: np.zeros((2, n + 1)) for name in (*DRIVES, *VOLLEY)}
    known["basal_conductance"] = np.array([[0.0], [changed["plateau_conductance"]]]) * np.ones(
        (2, n + 1)
    )
    rest = changed["resting_potential"]
    rates = definition().rates.prepare(known)
    state = np.full((n, 2), rest)
    conductances = np.zeros((len(VOLLEY), 2))
    covariance = np.zeros((2, n + 1, n + 1))
    unit = np.vstack([np.zeros(n), np.eye(n)]) * 1e-3  # a millivolt in one potential at a time
    kept = np.exp(-float(membrane_noise.STEP) / course.time_constant)
    every = round(float(membrane_noise.STEP) / STEP)
    above, slopes, deviations, crossed, varied = ([] for _ in range(5))
    covariance[:, n, n] = 1.0
    for step, inhibition in enumerate(course.inhibition):
        known[INHIBITION] = np.full((2, n + 1), inhibition)
        if step in course.arrivals:
            conductances[0] += course.excitability * changed["feedforward_volley_conductance"]
        if step % every == 0:
            covariance[:, n, :] *= kept
            covariance[:, :, n] *= kept
            covariance[:, n, n] += 1 - kept**2
        for row, name in enumerate(POTENTIALS):
            known[name] = state[row][:, None] + unit[:, row]
        for row, name in enumerate(VOLLEY):
            known[name] = conductances[row][:, None] * np.ones(n + 1)
        found = dict(zip(STATE, rates(known), strict=True))
        change = np.array([np.broadcast_to(found[name], (2, n + 1)) for name in POTENTIALS])
        matrix = np.moveaxis((change[:, :, 1:] - change[:, :, :1]) / 1e-3, 1, 0)
        push = np.zeros((2, n))
        push[:, 0] = course.strength / changed["membrane_capacitance"]
        row = np.concatenate([matrix[:, 0, :], push[:, :1]], axis=1)
        whole = np.zeros((2, n + 1, n + 1))
        whole[:, :n, :n], whole[:, :n, n] = matrix, push
        through = np.eye(n + 1) + STEP * whole
        covariance = through @ covariance @ np.swapaxes(through, 1, 2)
        state = state + STEP * change[:, :, 0]
        for index, name in enumerate(VOLLEY):
            rate = np.broadcast_to(found[name], (2, n + 1))[:, 0]
            conductances[index] = conductances[index] + STEP * rate
        above.append(state[0] - changed["spike_threshold"])
        slopes.append(change[0, :, 0])
        deviations.append(np.sqrt(covariance[:, 0, 0]))
        crossed.append(np.einsum("ci,ci->c", covariance[:, 0, :], row))
        varied.append(np.einsum("ci,cij,cj->c", row, covariance, row))
    return Paths(*(np.array(each) for each in (above, slopes, deviations, crossed, varied)))


def _crossing_rate(paths: Paths, shift: Array) -> tuple[Array, Array]:
    """Return the rate of upward crossings of a shifted path, and the distance in deviations."""
    deviation = np.maximum(paths.deviation, LEAST_NOISE)
    away = (paths.above + shift) / deviation
    slope = paths.slope - paths.covariance / deviation**2 * (paths.above + shift)
    rest = paths.slope_variance - (paths.covariance / deviation) ** 2
    spread_of_slope = np.sqrt(np.maximum(rest, (0.01 * LEAST_NOISE / STEP) ** 2))
    ratio = slope / spread_of_slope
    upward = spread_of_slope * np.exp(-(ratio**2) / 2) / np.sqrt(2 * np.pi) + slope * ndtr(ratio)
    density = -(away**2) / 2 - np.log(np.sqrt(2 * np.pi) * deviation)
    return density + np.log(np.maximum(upward, 1e-300)), away


def _reached(paths: Paths, shift: Array, start: int) -> Array:
    """Return the probability of a first spike by the end of each step after the volley."""
    log_rate, away = _crossing_rate(paths, shift)
    hazard = np.exp(np.minimum(log_rate - log_ndtr(-away), 20.0))
    return 1 - np.exp(-STEP * np.cumsum(hazard[start:], axis=0))


def _rice(paths: Paths, shift: Array, step: int) -> Array:
    """Return the rate of crossings before the volley, averaged over cells."""
    return _averaged([np.exp(_crossing_rate(paths, shift * z)[0][step]) for z in SHIFTS])


def _averaged(by_shift: Sequence[Array]) -> Array:
    """Return the mean of what each of `SHIFTS` gives."""
    return np.asarray(np.average(by_shift, axis=0, weights=WEIGHTS), dtype=np.float64)


def _blurred(times: Array, reached: Array, jitter: float) -> tuple[Array, Array]:
    """Return a distribution of times to which normal jitter is added; times begin earlier."""
    n = round(3 * jitter / STEP)
    kernel = np.exp(-((np.arange(-n, n + 1) * STEP / jitter) ** 2) / 2)
    kernel /= kernel.sum()
    padded = np.vstack([np.zeros((2 * n, 2)), reached, np.repeat(reached[-1:], n, axis=0)])
    made = np.array([np.convolve(each, kernel, "valid") for each in padded.T]).T
    later = STEP * np.arange(1 - n, len(made) + 1 - n)
    # Rounding may make it more than certain.
    return np.asarray(later, dtype=np.float64), np.minimum(made, 1.0)
