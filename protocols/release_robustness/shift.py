"""How far spiking branches lie from theory: the fitted share of synapses, and thresholds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import betainc, betaincinv

from htm_brian.sdr import theory

TELLING = 0.01
"""Where theory is this near to 0 or 1, nothing can be told of a shift."""

LARGEST_SHARE = 1.05


def shares(dataset: xr.Dataset, repeats: int, window_trials: int) -> xr.Dataset:
    """Fit how far level 1 lies from theory, and how far the coincidence window alone would."""
    timings = ["together", "spread"]
    fits = [share(dataset.spiking.sel(timing=timing), repeats) for timing in timings]
    predicted, _ = share(dataset.window_rule, window_trials)
    return xr.Dataset(
        {
            "share": (("timing",), [fit[0] for fit in fits]),
            "share_error": (("timing",), [fit[1] for fit in fits]),
            "window_share": ((), predicted),
        },
        coords={"timing": timings},
    )


def share(measured: xr.DataArray, repeats: int) -> tuple[float, float]:
    """Fit the share of transmitting synapses that counts, and its standard error.

    Theory with the transmission probability times this share is as near as it gets to all measured
    curves (maximum likelihood).

    Parameters
    ----------
    measured : DataArray
        Detection by p, size, spikes and spiking_threshold.
    repeats : int
        Trials of each.
    """
    ordered = measured.transpose("p", "size", "spikes", "spiking_threshold")
    grid = np.meshgrid(*(ordered[name].to_numpy() for name in ordered.dims), indexing="ij")
    p, s, k, t = grid
    transmission = np.asarray(theory.burst_transmission(p, k))
    exact = np.asarray(theory.miss_under_release_failure(s, t, transmission))
    # Where theory is all but certain, a share above one would be cut off and decide the fit.
    telling = (exact > TELLING) & (exact < 1 - TELLING) & (transmission < 1 / LARGEST_SHARE)
    hits, s, t, transmission = (a[telling] for a in (ordered.to_numpy(), s, t, transmission))

    def miss(value: float) -> NDArray[np.float64]:
        lowered = np.minimum(value * transmission, 1)
        return np.asarray(theory.miss_under_release_failure(s, t, lowered))

    return _most_likely(lambda value: 1 - miss(value), hits, repeats, (0.5, LARGEST_SHARE), 0.005)


def threshold_shifts(dataset: xr.Dataset, repeats: int, rule_trials: int) -> xr.Dataset:
    """Fit the number of synapses by which the threshold of level-2 branches is another.

    Theory with this threshold, of which the binomial distribution function knows the fractions
    too, is as near as it gets to the measured curves. Theory counts a synapse once however often it
    releases in a burst.

    Parameters
    ----------
    dataset : Dataset
        Of `level2.detect` and `conductance_rule`.
    repeats, rule_trials : int
        Trials of each.
    """
    shape = dataset.sizes["condition"], dataset.sizes["spikes"]
    fits = np.full((4, *shape), np.nan)
    for k, n in np.ndindex(*shape):
        at = {"condition": k, "spikes": n}
        if np.isnan(dataset.branches.isel(at)).all():
            continue
        threshold, spikes = int(dataset.measured_threshold[k]), n + 1
        best, error = _threshold(dataset.branches.isel(at), spikes, repeats)
        rule, _ = _threshold(dataset.conductance_rule.isel(at), spikes, rule_trials)
        moved = half_detection(20, best, spikes) - half_detection(20, threshold, spikes)
        fits[:, k, n] = best - threshold, error, rule - threshold, moved
    names = ("threshold_shift", "threshold_shift_error", "rule_shift", "p_shift")
    units = ("synapses", "synapses", "synapses", "1")
    return xr.Dataset(
        {
            name: (("condition", "spikes"), values, {"units": unit})
            for name, values, unit in zip(names, fits, units, strict=True)
        }
    )


def half_detection(size: int, threshold: float, spikes: int) -> float:
    """Return the transmission probability of a spike at which half of the patterns are detected."""
    chance = betaincinv(threshold, size - threshold + 1, 0.5)
    return float(1 - (1 - chance) ** (1 / spikes))


def _threshold(measured: xr.DataArray, spikes: int, trials: int) -> tuple[float, float]:
    ordered = measured.transpose("p", "size").to_numpy()
    p, s = np.meshgrid(measured.p, measured["size"], indexing="ij")
    chance = np.asarray(theory.burst_transmission(p, spikes))
    top = float(s.min()) - 0.01
    return _most_likely(lambda t: betainc(t, s - t + 1, chance), ordered, trials, (1, top), 0.05)


def _most_likely(
    detection: Callable[[float], NDArray[np.float64]],
    hits: NDArray[np.float64],
    trials: int,
    bounds: tuple[float, float],
    step: float,
) -> tuple[float, float]:
    """Return the value under which the shares of hits are most likely, and its standard error."""

    def cost(value: float) -> float:
        chance = np.clip(detection(value), 1e-12, 1 - 1e-12)
        return -float(trials * (hits * np.log(chance) + (1 - hits) * np.log1p(-chance)).sum())

    best = float(optimize.minimize_scalar(cost, bounds=bounds, method="bounded").x)
    bend = (cost(best + step) - 2 * cost(best) + cost(best - step)) / step**2
    return best, float(1 / np.sqrt(bend))
