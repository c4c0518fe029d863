"""Fit the branch and the cell of level 1 to curves that were measured on a cell of level 2.

The threshold is that which was measured; the window in which synapses count for an event has a
closed form, and the burst is scanned. The others are fitted together, by least squares, to
potentials, durations and leads of `htm_brian.cells.reduced_response`; each curve counts alike, in
units of the error that is tolerated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brute, least_squares

from htm_brian.cells.reduced_response import (
    Conditions,
    first_crossing,
    half_width,
    integrate,
    releases,
    smallest_volley,
    values_of,
)
from htm_brian.fitting.reduction_curves import Curves, Fit
from htm_brian.parameters import Model
from htm_brian.units import parse_unit

Array = NDArray[np.float64]

TOLERATED = {
    "soma_peak": 1.0,
    "peak_of_spread": 1.0,
    "peak_of_hold": 1.0,
    "branches_peak": 1.0,
    "half_width_of_spread": 10.0,
    "branch_peak": 5.0,
    "soma_half_width": 10.0,
    "branch_half_width": 10.0,
    "lead_of_strength": 2.0,
    "lead_of_delay": 2.0,
    "lead_of_synapses": 2.0,
}
"""mV or ms; what a reduced cell may be wrong by."""

VOLLEY = (
    "feedforward.time_constant",
    "feedforward.slow_share",
    "proximal.coupling_conductance",
)
"""What makes a volley and takes it to the soma."""

GUESS = {
    "branch.plateau_growth": 70e-3,
    "branch.plateau_duration": 20e-3,
    "branch.plateau_conductance": 3e-9,
    "branch.match_conductance": 0.1e-9,
    "branch.transition_width": 0.7,
    "branch.threshold_fall": 250.0,
    "basal.leak_conductance": 1.5e-9,
    "basal.coupling_conductance": 5e-9,
    "plateau.saturation": 0.1,
    "feedforward.time_constant": 2e-3,
    "feedforward.slow_share": 0.2,
    "proximal.coupling_conductance": 150e-9,
}
"""SI units; where the fit begins."""

FREE = tuple(GUESS)
"""Parameters that are fitted together."""

FIRM = 1.2
"""Smallest volleys; the lead to weaker ones diverges with the latency. It is fitted only if the
volley is."""

STEP = 0.125e-3
"""Seconds."""
N_STEPS = 1840
THINNED = slice(2, 33, 3)
"""Which numbers of synapses are fitted where they also vary otherwise."""
FIRES_LATE = 60e-3
"""Seconds; latency of a cell that does not fire, so that the fit has somewhere to go."""
SCAN = 0.5e-3
"""Seconds or volts, from one candidate of a window or a potential to the next."""
COARSE = 4
"""Steps from one potential of the tuft to the next that is looked at."""
TOLERATED_OF_TUFT = {"burst_window": 10.0, "tuft_count": 1.0}
"""ms, synapses."""


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
    found = {
        "branch.activation_threshold": curves.threshold,
        "branch.match_threshold": 1.0,
        # One volley starts one plateau: it no longer counts when the next could begin.
        "branch.refractory_period": 5e-3 * float(np.ceil(window / 5e-3)),
    }
    values = values_of(model) | found | {path: GUESS[path] for path in free}
    values |= fit_together(curves, model, values, free)
    values["branch.activation_threshold"] = own_threshold(curves, values)
    values |= fit_together(curves, model, values, free)
    found |= {path: values[path] for path in ("branch.activation_threshold", *free)}
    found["branch.match_time_constant"] = values["branch.plateau_growth"]
    found["feedforward.volley_conductance"] = curves.standard["strength"] * float(
        smallest_volley(_one_set(values), STEP)[0, 0]
    )
    found["burst.interval"] = values["burst.interval"] = 1e-3 * curves.burst_interval
    found["burst.apical_spikes"] = curves.burst_spikes - 1
    apical, of_tuft = fit_apical(curves, model, values)
    residuals = together_residuals(curves, _one_set(values), 0.0)
    errors = {name: _rms(error[0]) for name, error in residuals.items()}
    fall = 1e-3 * values["branch.threshold_fall"]
    expected = curves.threshold - fall * curves.depolarisation
    errors["threshold_of_depolarisation"] = _rms(expected - curves.threshold_of_depolarisation)
    errors["threshold_of_spread"] = spread_error
    errors |= of_tuft
    return Fit(found | apical, window, errors)


def own_threshold(curves: Curves, values: Mapping[str, float]) -> float:
    """Return a threshold that holds although synapses depolarise their own cell, too.

    One synapse less than the threshold depolarises the soma, which lowers the threshold, but not to
    them; and as many as the threshold start a plateau at once. This is the middle between the two.
    """
    below = releases([np.zeros(round(curves.threshold) - 1)], N_STEPS, STEP)
    soma, _ = integrate(_one_set(values), STEP, Conditions(below))
    lowered = values["branch.threshold_fall"] * soma.max()
    return float(curves.threshold + min(0.5 * lowered, 0.49))


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


def fit_together(
    curves: Curves, model: Model, values: Mapping[str, float], free: tuple[str, ...]
) -> dict[str, float]:
    """Return the parameters of `free` that fit potentials, durations and leads best."""
    start = np.array([values[path] for path in free])
    low, high = np.array([_range(model, path) for path in free]).T / start
    weakest = 0.0 if set(VOLLEY) <= set(free) else FIRM

    def residuals(scaled: Array) -> Array:
        sets = dict(values) | {
            path: column[:, None] for path, column in zip(free, (scaled * start).T, strict=True)
        }
        shaped = {path: np.reshape(value, (-1, 1)) for path, value in sets.items()}
        parts = together_residuals(curves, shaped, weakest)
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
        xtol=1e-4,
        ftol=1e-4,
        max_nfev=60,
    )
    return {path: float(value) for path, value in zip(free, found.x * start, strict=True)}


def together_residuals(
    curves: Curves, values: Mapping[str, Array], weakest: float
) -> dict[str, Array]:
    """Return model less measurement for each curve, of shape (n_sets, n_points), in mV or ms.

    Volleys below `weakest` are left out.
    """
    return branch_residuals(curves, values) | lead_residuals(curves, values, weakest)


def branch_residuals(curves: Curves, values: Mapping[str, Array]) -> dict[str, Array]:
    """Return those of synapses alone."""
    k, thin = curves.synapses, curves.synapses[THINNED]
    standard = curves.standard["synapses"]
    n_branches, n_spreads, n_holds = (
        len(curves.branches_peak),
        len(curves.spread),
        len(curves.depolarisation),
    )
    times = [*(evenly(n, 0.0) for n in k), *(evenly(standard, 0.0),) * n_branches]
    times += [evenly(standard, spread) for spread in curves.spread]
    times += [evenly(n, spread) for spread in curves.spread for n in thin]
    times += [evenly(n, 0.0) for _ in curves.depolarisation for n in thin]
    sizes = [len(k), n_branches, n_spreads, n_spreads * len(thin), n_holds * len(thin)]
    ends = np.cumsum(sizes)
    branches = np.ones(ends[-1])
    branches[ends[0] : ends[1]] = np.arange(1, n_branches + 1)
    hold = np.zeros(ends[-1])
    hold[ends[3] :] = np.repeat(1e-3 * curves.depolarisation, len(thin))
    soma, branch = integrate(
        values, STEP, Conditions(releases(times, N_STEPS, STEP), branches=branches, hold=hold)
    )
    peak = 1e3 * (soma.max(axis=0) - hold)
    alone, several, _, spread, held = np.split(peak, ends[:-1], axis=1)
    width = 1e3 * half_width(soma[..., : ends[2]], STEP)
    local = branch[..., : len(k)]
    above = k >= curves.threshold
    return {
        "soma_peak": alone - curves.soma_peak,
        "branch_peak": (1e3 * local.max(axis=0) - curves.branch_peak)[:, above],
        "soma_half_width": (width[:, : len(k)] - curves.soma_half_width)[:, above],
        "branch_half_width": (1e3 * half_width(local, STEP) - curves.branch_half_width)[:, above],
        "branches_peak": several - curves.branches_peak,
        "half_width_of_spread": width[:, ends[1] :] - curves.half_width_of_spread,
        "peak_of_spread": spread - curves.peak_of_spread[:, THINNED].ravel(),
        "peak_of_hold": held - curves.peak_of_hold[:, THINNED].ravel(),
    }


def lead_residuals(curves: Curves, values: Mapping[str, Array], weakest: float) -> dict[str, Array]:
    """Return those of leads over volleys that are not below `weakest`."""
    least = smallest_volley(values, STEP)
    standard, kept = curves.standard, curves.strength >= weakest
    strength, n_strong = curves.strength[kept], int(kept.sum())
    # One condition after the other: synapses at time 0, volley at a time.
    parts: list[tuple[Array, Any, Any]] = [
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
    released = releases([evenly(n, 0.0) for n in k], N_STEPS, STEP)
    soma, _ = integrate(values, STEP, Conditions(released, volley=volley * least, at=at))
    level = values["spike.threshold"] - values["soma.resting_potential"]
    latency = 1e3 * (first_crossing(soma, level, STEP) - at)
    latency = np.where(np.isfinite(latency), latency, 1e3 * FIRES_LATE)
    alone, predicted, single, delayed, counted = np.split(latency, np.cumsum(sizes)[:-1], axis=1)
    return {
        "lead_of_strength": alone - predicted - curves.lead_of_strength[kept],
        "lead_of_delay": single - delayed - curves.lead_of_delay,
        "lead_of_synapses": single - counted - curves.lead_of_synapses,
    }


def fit_apical(
    curves: Curves, model: Model, values: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return what explains when tuft input makes a burst, and the errors of it.

    That is the potential from which the apical compartment makes it, how far that rises meanwhile,
    and the compartment's capacitance, by which it gets there. It decides when the burst's second
    spike is due.
    """
    capacitances = np.geomspace(*_range(model, "apical.capacitance"), 15)
    sets = _one_set(values) | {"apical.capacitance": capacitances[:, None]}
    counts = np.arange(1, round(curves.tuft_synapses.min()) + 1)
    synapses = np.concatenate([curves.tuft_synapses, counts])
    released = releases([evenly(n, 0.0) for n in synapses], N_STEPS, STEP)
    _, branch = integrate(sets, STEP, Conditions(released), place="apical")
    step, n = COARSE * STEP, len(curves.tuft_synapses)
    # Axes: threshold, its rise, capacitance, number of synapses.
    potential = branch[::COARSE, None, None] + values["soma.resting_potential"]
    thresholds = np.arange(*_range(model, "burst.apical_threshold"), 2 * SCAN)[:, None, None, None]
    rises = np.arange(0.0, 2.01, 0.1)[:, None, None]
    share = step / values["burst.recovery_time_constant"]
    due = 1e3 * values["burst.interval"]
    decisive = round(1e-3 * (curves.tuft_ahead + due) / step)
    rising = np.zeros((len(thresholds), len(rises), len(capacitances), len(synapses)))
    on, off = np.full(rising.shape, np.inf), np.full(rising.shape, np.inf)
    for now, here in enumerate(potential):
        rising += share * (rises * np.clip(here - thresholds, 0, None) - rising)
        over = here - rising > thresholds
        on[over & np.isinf(on)] = now
        off[over] = now + 1
        if now == decisive:
            made = over[..., n:]
    needed = np.where(made.any(axis=-1), counts[np.argmax(made, axis=-1)], np.inf)
    too_early = due - 1e3 * step * off[..., :n] - curves.earliest
    too_late = due - 1e3 * step * on[..., :n] - curves.latest
    window = np.sqrt(np.mean(np.concatenate([too_early, too_late], axis=-1) ** 2, axis=-1))
    count = np.abs(needed - curves.tuft_count)
    cost = (window / TOLERATED_OF_TUFT["burst_window"]) ** 2
    cost += (count / TOLERATED_OF_TUFT["tuft_count"]) ** 2
    best = np.unravel_index(np.argmin(cost), cost.shape)
    found = {
        "burst.apical_threshold": float(thresholds.ravel()[best[0]]),
        "burst.apical_recovery": float(rises.ravel()[best[1]]),
        "apical.capacitance": float(capacitances[best[2]]),
    }
    return found, {"burst_window": float(window[best]), "tuft_count": float(count[best])}


def evenly(n: float, spread: float) -> Array:
    """Return when `n` synapses release, evenly over `spread` ms, in seconds."""
    return 1e-3 * spread * (np.arange(round(n)) + 0.5) / max(round(n), 1)


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
