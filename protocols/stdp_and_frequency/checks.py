"""What `stdp_and_frequency` demands: the published curve, the crossing, closed forms."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.protocols.stdp_and_frequency.measurement import PAIRS, RANDOM_SECONDS
from htm_brian.synapses.plasticity.finding import online_rule

GRAUPNER = "Graupner & Brunel 2012, PNAS 109:3991, figure 2, set DP; by its analysis"
DUDEK = "Dudek & Bear 1992, PNAS 89:4363: 900 pulses depress at 1 and potentiate at 50 Hz"
PUBLISHED = {-25: 0.729, 5: 1.240, -100: 0.99, 100: 1.005}
"""Strength after over before by interval in ms."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold curves, crossing and random timing against their targets."""
    curve = dataset.timing.sel(rule="calcium_based_dp")
    found = [
        Check(
            f"calcium rule, 60 pairs at 1 Hz, {interval} ms (identity)",
            float(curve.sel(interval=interval)),
            "1",
            value - 0.03,
            value + 0.03,
            GRAUPNER,
        )
        for interval, value in PUBLISHED.items()
    ]
    low, high = (
        dataset.long_train.sel(calcium_rule="calcium_based_hippocampus", rate=rate)
        for rate in (1.0, 50.0)
    )
    pairs = dataset.timing.sel(rule="pair_stdp")
    z = (dataset.random - expected_at_random(dataset)) / dataset.random_error
    worst = abs(z.sel(random_rule=["pair_stdp", "triplet_stdp_cortex"])).max()
    cortex = dataset.random.sel(random_rule="calcium_based_cortex")
    return [
        *found,
        Check("hippocampus, 900 pulses: turns from depression to potentiation (claim)",
              crossing(dataset), "Hz", 5, 10, DUDEK, "the curve does not cross"),
        Check("hippocampus, 900 pulses at 1 Hz (claim)", float(low), "1", None, 0.95, DUDEK),
        Check("hippocampus, 900 pulses at 50 Hz (claim)", float(high), "1", 1.05, None, DUDEK),
        Check("pairs: curve less its closed form, largest (identity)",
              float(abs(pairs - 1 - pair_curve(pairs.interval)).max()), "1", None, 1e-3,
              "sum over all pairs; pairs a second apart add 1e-20"),
        Check("random timing: pairs and triplets less their closed form, largest (identity)",
              float(worst), "standard errors", None, 4,
              "average of independent Poisson trains; 14 comparisons"),
        Check("random timing, cortex: 40 Hz over 5 Hz (claim)",
              float(cortex.sel(random_rate=40.0) / cortex.sel(random_rate=5.0)), "1", 1.1, None,
              "potentiation grows with the rate: Sjostrom et al. 2001, Neuron 32:1149"),
    ]  # fmt: skip


def crossing(dataset: xr.Dataset) -> float:
    """Return the rate at which long trains first stop depressing, by linear interpolation."""
    curve = dataset.long_train.sel(calcium_rule="calcium_based_hippocampus").to_numpy() - 1
    rate = dataset.rate.to_numpy()
    rises = np.flatnonzero((curve[:-1] < 0) & (curve[1:] >= 0))
    if not rises.size:
        return float("nan")
    k = int(rises[0])
    return float(rate[k] - curve[k] * (rate[k + 1] - rate[k]) / (curve[k + 1] - curve[k]))


def pair_curve(interval: xr.DataArray) -> xr.DataArray:
    """Return the change by the pairs of the protocol, in units of the first efficacy."""
    table = online_rule("pair_stdp").table
    up = table["potentiation"] * np.exp(-interval / (float(table["potentiation_time"]) * 1e3))
    down = table["depression"] * np.exp(interval / (float(table["depression_time"]) * 1e3))
    return PAIRS * xr.where(interval > 0, up, -down) / table["initial_efficacy"]


def expected_at_random(dataset: xr.Dataset) -> xr.DataArray:
    """Return the average ratio of independent Poisson trains of one rate r.

    Pairs drift by r^2 (A+ tau+ - A- tau-), triplets by r^2 (A2+ tau+ + A3+ tau+ tau_y r
    - A2- tau- - A3- tau- tau_x r); the traces begin at 0, which takes off what they lack at first.
    """
    rate = dataset.random_rate
    expected = []
    for name in dataset.random_rule.to_numpy().tolist():
        table = {key: float(value) for key, value in online_rule(name).table.items()}
        total = xr.full_like(rate, np.nan)
        if name == "pair_stdp":
            up, down = table["potentiation"], table["depression"]
            total = rate**2 * (_area(up, table["potentiation_time"])
                               - _area(down, table["depression_time"]))  # fmt: skip
        elif name == "triplet_stdp_cortex":
            tau, slow = table["potentiation_time"], table["postsynaptic_time"]
            pairs = _area(table["pair_potentiation"], tau) - _area(
                table["pair_depression"], table["depression_time"]
            )
            both = tau * slow / (tau + slow)
            full = RANDOM_SECONDS - tau - slow + both
            total = rate**2 * (pairs + table["triplet_potentiation"] * tau * slow * full * rate)
        expected.append(1 + total / table.get("initial_efficacy", 1.0))
    return xr.concat(expected, dataset.random_rule)


def _area(amplitude: float, tau: float) -> float:
    """Return amplitude times the integral of a trace that begins at 0, per squared rate."""
    return amplitude * tau * (RANDOM_SECONDS - tau)


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return the extremes of each curve, and all long trains."""
    found = {}
    for rule in dataset.rule.to_numpy().tolist():
        curve = dataset.timing.sel(rule=rule)
        found[f"60 pairs at 1 Hz, {rule}: least"] = float(curve.min())
        found[f"60 pairs at 1 Hz, {rule}: most"] = float(curve.max())
    for rule in dataset.calcium_rule.to_numpy().tolist():
        for rate in dataset.rate.to_numpy().tolist():
            value = dataset.long_train.sel(calcium_rule=rule, rate=rate)
            found[f"900 pulses at {rate:g} Hz, {rule}"] = float(value)
    return found
