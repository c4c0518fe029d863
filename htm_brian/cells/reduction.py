"""Fit the branch and the cell of level 1 to curves that were measured on a cell of level 2.

What has a closed form is fitted by it: the threshold, its fall with depolarisation, the window in
which synapses count, the burst. The others are fitted together, by least squares, to potentials,
durations and leads of `htm_brian.cells.reduced_response`; each curve counts alike, in units of the
error that is tolerated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brute, least_squares

from htm_brian.cells.reduced_response import (
    branch_conductance,
    first_crossing,
    half_width,
    integrate,
    smallest_volley,
    values_of,
    volley_conductance,
)
from htm_brian.parameters import Model
from htm_brian.units import parse_unit

Array = NDArray[np.float64]

TOLERATED = {
    "soma_peak": 1.0,
    "branch_peak": 5.0,
    "soma_half_width": 10.0,
    "branch_half_width": 10.0,
    "lead_of_strength": 2.0,
    "lead_of_delay": 2.0,
    "lead_of_synapses": 2.0,
}
"""mV or ms; what a reduced cell may be wrong by."""

FREE = (
    "branch.plateau_duration",
    "branch.plateau_growth",
    "branch.plateau_conductance",
    "branch.match_conductance",
    "branch.match_time_constant",
    "basal.leak_conductance",
    "basal.coupling_conductance",
    "proximal.coupling_conductance",
    "feedforward.time_constant",
)
"""Parameters that are fitted together."""

FIRM = 1.2
"""Smallest volleys; the lead to weaker ones diverges with the latency, and is not fitted."""

STEP = 0.125e-3
TIME: Array = np.asarray(np.arange(1840) * STEP, dtype=np.float64)
"""Seconds; beginnings of the steps of integration."""
FIRES_LATE = 60e-3
"""Seconds; latency of a cell that does not fire, so that the fit has somewhere to go."""
SCAN = 0.5e-3
"""Seconds or volts, from one candidate of a window or a potential to the next."""


@dataclass(frozen=True)
class Curves:
    """What was measured on cells of one level: potentials in mV above rest, times in ms.

    Attributes
    ----------
    synapses : ndarray of shape (n,)
        Numbers of synapses that fire together on one branch.
    threshold : float
        Their number at which one more adds most to the soma's peak.
    soma_peak, soma_half_width, branch_peak, branch_half_width : ndarray of shape (n,)
    depolarisation, threshold_of_depolarisation : ndarray
        The threshold of a cell that is held depolarised.
    spread, threshold_of_spread : ndarray
        The threshold when the synapses fire one after the other, evenly over a time.
    strength, lead_of_strength : ndarray
        Volleys, in smallest ones that fire the resting cell, and how much sooner the spike comes.
    delay, lead_of_delay : ndarray
        The same for times from the branch's synapses to the volley's onset.
    lead_of_synapses : ndarray of shape (n,)
        The same for numbers of synapses on the branch.
    standard : dict of str to float
        ``synapses``, ``delay`` and ``strength`` of the leads where they do not vary.
    tuft_synapses, earliest, latest : ndarray
        First and last time of synapses on the tuft, after a spike, that make a burst of it.
    burst_spikes, burst_interval : float
        Number of spikes of such a burst, and their interval.
    """

    synapses: Array
    threshold: float
    soma_peak: Array
    soma_half_width: Array
    branch_peak: Array
    branch_half_width: Array
    depolarisation: Array
    threshold_of_depolarisation: Array
    spread: Array
    threshold_of_spread: Array
    strength: Array
    lead_of_strength: Array
    delay: Array
    lead_of_delay: Array
    lead_of_synapses: Array
    standard: dict[str, float]
    tuft_synapses: Array
    earliest: Array
    latest: Array
    burst_spikes: float
    burst_interval: float


@dataclass(frozen=True)
class Fit:
    """What a fit found.

    Attributes
    ----------
    values : dict of str to float
        Of the fitted parameters, by path, in SI units.
    window : float
        Seconds for which a synapse counts; it belongs to the network.
    errors : dict of str to float
        Root mean square of each curve's residuals.
    """

    values: dict[str, float]
    window: float
    errors: dict[str, float]


def fit(curves: Curves, model: Model, free: tuple[str, ...] = FREE) -> Fit:
    """Fit a cell of level 1.

    Parameters
    ----------
    curves : Curves
        Measured on a cell of level 2.
    model : Model
        Where the fit begins; its physical ranges bound it, and it keeps what is not fitted.
    free : tuple of str
        Parameters to fit together; without the others of `FREE`, these keep the model's values.
    """
    window, spread_error = fit_window(curves)
    fall = fit_fall(curves)
    found = {
        "branch.activation_threshold": curves.threshold,
        "branch.threshold_fall": fall * 1e3,
        "branch.match_threshold": 1.0,
        # One volley starts one plateau: it no longer counts when the next could begin.
        "branch.refractory_period": 5e-3 * float(np.ceil(window / 5e-3)),
    }
    values = values_of(model) | found | first_guess(curves, model, free)
    for _ in range(2):  # the second time with the threshold that the first found
        values |= fit_together(curves, model, values, window, free)
        values["branch.activation_threshold"] = own_threshold(curves, values, window, fall)
    found |= {path: values[path] for path in ("branch.activation_threshold", *free)}
    found["feedforward.volley_conductance"] = curves.standard["strength"] * float(
        smallest_volley(_one_set(values), STEP)[0, 0]
    )
    found["burst.interval"] = 1e-3 * curves.burst_interval
    found["burst.apical_spikes"] = curves.burst_spikes - 1
    apical, burst_error = fit_apical(curves, model, values, window)
    residuals = together_residuals(curves, _one_set(values), window)
    errors = {name: _rms(error[0]) for name, error in residuals.items()}
    expected = curves.threshold - fall * curves.depolarisation
    errors["threshold_of_depolarisation"] = _rms(expected - curves.threshold_of_depolarisation)
    errors["threshold_of_spread"] = spread_error
    errors["burst_window"] = burst_error
    return Fit(found | apical, window, errors)


def fit_fall(curves: Curves) -> float:
    """Return by how many synapses the threshold falls with each mV, a line through that at rest."""
    drop = curves.threshold - curves.threshold_of_depolarisation
    return float(drop @ curves.depolarisation / (curves.depolarisation @ curves.depolarisation))


def own_threshold(curves: Curves, values: Mapping[str, float], window: float, fall: float) -> float:
    """Return a threshold that holds although synapses depolarise their own cell, too.

    One synapse less than the threshold depolarises the soma, which lowers the threshold, but not to
    them; and as many as the threshold start a plateau at once. This is the middle between the two.
    """
    shaped = _one_set(values)
    below = np.array([curves.threshold - 1])
    soma, _ = integrate(shaped, STEP, branch_conductance(shaped, TIME, STEP, below, window))
    return float(curves.threshold + min(0.5 * fall * 1e3 * soma.max(), 0.49))


def threshold_in_window(threshold: float, spread: Array, window: float) -> Array:
    """Return how many synapses, evenly over each spread, put `threshold` of them into a window."""
    k = np.arange(1, 400)[:, None]
    counted = np.minimum(k, np.floor(window * k / np.maximum(spread, 1e-9) - 1e-9) + 1)
    return np.asarray(k[np.argmax(counted >= threshold, axis=0), 0], float)


def fit_window(curves: Curves) -> tuple[float, float]:
    """Return the window (seconds) that explains thresholds of spread synapses, and the error."""

    def error(window: Array) -> float:
        expected = threshold_in_window(curves.threshold, 1e-3 * curves.spread, float(window[0]))
        return _rms(expected - curves.threshold_of_spread)

    found = brute(error, (slice(5e-3, 100e-3, SCAN),), finish=None)
    window = float(np.atleast_1d(found)[0])
    return window, error(np.array([window]))


def first_guess(curves: Curves, model: Model, free: tuple[str, ...]) -> dict[str, float]:
    """Return a plateau's duration and growth from the half-widths in the branch, by a line."""
    above = curves.synapses >= curves.threshold
    logs = np.log(curves.synapses[above] / curves.threshold)
    growth, duration = np.polyfit(logs, 1e-3 * curves.branch_half_width[above], 1)
    guess = {"branch.plateau_duration": float(duration), "branch.plateau_growth": float(growth)}
    guess |= {"branch.match_conductance": 0.2e-9, "branch.match_time_constant": 60e-3}
    return {
        path: float(np.clip(value, *_range(model, path)))
        for path, value in guess.items()
        if path in free
    }


def fit_together(
    curves: Curves,
    model: Model,
    values: Mapping[str, float],
    window: float,
    free: tuple[str, ...],
) -> dict[str, float]:
    """Return the parameters of `free` that fit potentials, durations and leads best."""
    start = np.array([values[path] for path in free])
    low, high = np.array([_range(model, path) for path in free]).T / start

    def residuals(scaled: Array) -> Array:
        sets = dict(values) | {
            path: column[:, None] for path, column in zip(free, (scaled * start).T, strict=True)
        }
        shaped = {path: np.reshape(value, (-1, 1)) for path, value in sets.items()}
        parts = together_residuals(curves, shaped, window)
        return np.concatenate(
            [parts[name] / TOLERATED[name] / np.sqrt(parts[name].shape[1]) for name in parts],
            axis=1,
        )

    def jacobian(scaled: Array) -> Array:
        # All columns at once; a step back from an upper end stays within the range.
        steps = np.where(scaled * 1.01 > high, -1e-3, 1e-3) * np.maximum(scaled, 1e-3)
        sets = np.vstack([scaled, scaled + np.diag(steps)])
        all_of_them = residuals(sets)
        return np.asarray((all_of_them[1:] - all_of_them[0]).T / steps)

    inside = np.clip(np.ones(len(free)), low * 1.001, high * 0.999)
    found = least_squares(
        lambda scaled: residuals(scaled[None])[0],
        inside,
        jac=jacobian,
        bounds=(low, high),
        xtol=1e-5,
        ftol=1e-5,
        max_nfev=60,
    )
    return {path: float(value) for path, value in zip(free, found.x * start, strict=True)}


def together_residuals(
    curves: Curves, values: Mapping[str, Array], window: float
) -> dict[str, Array]:
    """Return model less measurement for each curve, of shape (n_sets, n_points), in mV or ms."""
    least = smallest_volley(values, STEP)
    standard = curves.standard
    firm = curves.strength >= FIRM
    strength, n_strong = curves.strength[firm], int(firm.sum())
    # One condition after the other: synapses at time 0, volley at a time.
    parts: list[tuple[Array, Any, Any]] = [
        (curves.synapses, 0.0, 0.0),
        (np.zeros(n_strong), strength, 0.0),
        (np.full(n_strong, standard["synapses"]), strength, standard["delay"]),
        (np.zeros(1), standard["strength"], 0.0),
        (np.full(len(curves.delay), standard["synapses"]), standard["strength"], curves.delay),
        (curves.synapses, standard["strength"], standard["delay"]),
    ]
    sizes = [len(k) for k, _, _ in parts]
    k = np.concatenate([number for number, _, _ in parts])
    volley = np.concatenate(
        [np.broadcast_to(v, n) for (_, v, _), n in zip(parts, sizes, strict=True)]
    )
    at = 1e-3 * np.concatenate(
        [np.broadcast_to(t, n) for (_, _, t), n in zip(parts, sizes, strict=True)]
    )
    soma, branch = integrate(
        values,
        STEP,
        branch_conductance(values, TIME, STEP, k, window),
        volley_conductance(values, TIME, volley * least, at),
    )
    n = len(curves.synapses)
    level = values["spike.threshold"] - values["soma.resting_potential"]
    latency = 1e3 * (first_crossing(soma[..., n:], level, STEP) - at[n:])
    latency = np.where(np.isfinite(latency), latency, 1e3 * FIRES_LATE)
    _, alone, predicted, single, delayed, counted = np.split(
        np.concatenate([np.zeros((len(latency), n)), latency], axis=1),
        np.cumsum(sizes)[:-1],
        axis=1,
    )
    above = curves.synapses >= curves.threshold
    return {
        "soma_peak": 1e3 * soma[..., :n].max(axis=0) - curves.soma_peak,
        "branch_peak": (1e3 * branch[..., :n].max(axis=0) - curves.branch_peak)[:, above],
        "soma_half_width": (1e3 * half_width(soma[..., :n], STEP) - curves.soma_half_width)[
            :, above
        ],
        "branch_half_width": (1e3 * half_width(branch[..., :n], STEP) - curves.branch_half_width)[
            :, above
        ],
        "lead_of_strength": alone - predicted - curves.lead_of_strength[firm],
        "lead_of_delay": single - delayed - curves.lead_of_delay,
        "lead_of_synapses": single - counted - curves.lead_of_synapses,
    }


def fit_apical(
    curves: Curves, model: Model, values: Mapping[str, float], window: float
) -> tuple[dict[str, float], float]:
    """Return what explains when tuft input makes a burst, and the error of it.

    That is the potential from which the apical compartment makes it, and the compartment's
    capacitance, by which it gets there.
    """
    capacitances = np.geomspace(*_range(model, "apical.capacitance"), 15)
    sets = _one_set(values) | {"apical.capacitance": capacitances[:, None]}
    conductance = branch_conductance(sets, TIME, STEP, curves.tuft_synapses, window)
    _, branch = integrate(sets, STEP, conductance, place="apical")
    potential = branch + values["soma.resting_potential"]

    def error(tried: Array) -> float:
        over = potential[:, round(tried[1])] > tried[0]
        if not over.any(axis=0).all():
            return 1e6
        # A spike makes a burst from `on` to `off` after the synapses.
        on = 1e3 * STEP * np.argmax(over, axis=0)
        off = 1e3 * STEP * (len(over) - np.argmax(over[::-1], axis=0))
        return _rms(np.concatenate([-off - curves.earliest, -on - curves.latest]))

    low, high = _range(model, "burst.apical_threshold")
    best = brute(error, (slice(low, high, SCAN), slice(0, len(capacitances), 1)), finish=None)
    found = {
        "burst.apical_threshold": float(best[0]),
        "apical.capacitance": float(capacitances[round(best[1])]),
    }
    return found, error(best)


def _one_set(values: Mapping[str, float]) -> dict[str, Array]:
    """Return values for one set of parameters, in the shape that responses need."""
    return {path: np.array([[value]]) for path, value in values.items()}


def _range(model: Model, path: str) -> tuple[float, float]:
    """Return the physical range of a parameter, in SI units."""
    table, _, key = path.partition(".")
    parameter = model[table].parameter(key)
    unit = float(parse_unit(parameter.unit))
    return parameter.low * unit, parameter.high * unit


def _rms(errors: Array) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))
