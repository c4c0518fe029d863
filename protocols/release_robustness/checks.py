"""What `release_robustness` demands of sampling, level 1 and level 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.protocols.release_robustness.sampling import THRESHOLD, detection, deviations
from htm_brian.protocols.release_robustness.stimulus import EVERY_AMPA
from htm_brian.sdr import theory

BOUGHT_BACK = {0.84: 20, 0.7: 26, 0.5: 40, 0.3: 71}
"""Synapses for at most 1 % misses at `THRESHOLD`, by transmission probability."""

MAX_MISS = 0.01
THEORY = "closed form (htm_brian.sdr.theory)"
RULE = "sampled times and releases: the sum of NMDA conductances against that at the threshold"
WINDOW = "sampled times and releases: a synapse counts from release to the end of its window"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold sampling and spiking branches against theory."""
    return [
        *_bought_back(dataset),
        *_sampling_checks(dataset),
        *level1_checks(dataset),
        *level2_checks(dataset),
    ]


def _bought_back(dataset: xr.Dataset) -> list[Check]:
    needed = {p: theory.synapses_needed(THRESHOLD, p, MAX_MISS) for p in BOUGHT_BACK}
    found = [
        Check(
            f"synapses for at most 1 % misses at p = {p:g}, threshold {THRESHOLD}",
            float(needed[p]),
            "1",
            wanted,
            wanted,
            "Ahmad & Hawkins 2015, binomial misses",
        )
        for p, wanted in BOUGHT_BACK.items()
    ]
    return found + [
        Check(
            f"misses among the sampled trials with {size} synapses at p = {p:g}",
            100 * (1 - float(dataset.sampled.sel(p=p, size=size, threshold=THRESHOLD, spikes=1))),
            "%",
            None,
            100 * MAX_MISS,
            "the claim: at most 1 %",
        )
        for p, size in BOUGHT_BACK.items()
    ]


def _sampling_checks(dataset: xr.Dataset) -> list[Check]:
    z = (dataset.burst_measured - dataset.burst_exact) / dataset.burst_error
    return [
        Check(
            "sampled less exact detection, largest",
            float(deviations(dataset).max()),
            "standard errors",
            None,
            3.0,
            THEORY,
        ),
        Check(
            "sampled trials of 20 synapses in a second of CPU",
            float(dataset.speed),
            "1/s",
            1e6,
            None,
            "htm_brian's target, one core",
        ),
        Check(
            "transmission of bursts by connections with short-term plasticity, less exact, largest",
            float(abs(z).max()),
            "standard errors",
            None,
            3.0,
            "a site that has not released yet is full: 1 - prod(1 - u_k)^N",
        ),
    ]


def level1_checks(dataset: xr.Dataset) -> list[Check]:
    """Hold plateaus of level-1 branches against theory and their coincidence window."""
    counted, spread = dataset.share, dataset.spiking.sel(timing="spread")
    return [
        Check(
            "level 1: share of transmitting synapses that counts, spikes at one moment",
            float(counted.sel(timing="together")),
            "1",
            0.98,
            1.02,
            THEORY + ": all synapses fall into the coincidence window",
        ),
        Check(
            "level 1: that share with spikes spread in time, less what the window alone predicts",
            float(counted.sel(timing="spread") - dataset.window_share),
            "1",
            -0.02,
            0.02,
            WINDOW,
        ),
        Check(
            "level 1: detection with spikes spread, less what the window alone predicts, RMS",
            float(np.sqrt(((spread - dataset.window_rule) ** 2).mean())),
            "1",
            None,
            0.03,
            WINDOW,
        ),
        Check(
            "level 1: trials in which branch and soma disagree on a plateau",
            float(dataset.disagreement.max()),
            "1",
            None,
            0.0,
            "a plateau depolarises the resting soma by 5.9 mV (Schiller 2000); half of it counts",
        ),
    ]


def level2_checks(dataset: xr.Dataset) -> list[Check]:
    """Hold NMDA spikes of level-2 branches against theory and the sum of their conductances."""
    unexplained = abs(dataset.threshold_shift - dataset.rule_shift)
    # Later AMPA currents are not in the rule, nor in the volleys that measure the threshold.
    adds = xr.DataArray(np.isin(dataset.condition, EVERY_AMPA), dims="condition")
    adds = adds & (dataset.spikes > 1)
    saturating = dataset.threshold_shift.sel(condition="NMDA saturates")
    return [
        Check(
            "level 2: threshold of the model's branch",
            float(dataset.measured_threshold.sel(condition="as it is")),
            "synapses",
            8,
            20,
            "Numenta's Bernstein poster: 8-20 coincident synapses",
        ),
        Check(
            "level 2: trials with spikes at one moment in which NMDA spike and count disagree",
            float(dataset.miscounted),
            "1",
            None,
            0.0,
            THEORY + ", at the measured threshold: only the number of synapses matters",
        ),
        Check(
            "level 2: shift of the threshold that the NMDA conductances do not explain, largest",
            float(unexplained.where(~adds).max()),
            "synapses",
            None,
            0.5,
            RULE,
        ),
        Check(
            "level 2: the same where AMPA currents of later spikes add to it, largest",
            float(unexplained.where(adds).max()),
            "synapses",
            None,
            1.0,
            RULE,
        ),
        Check(
            "level 2: shift of the threshold for bursts if NMDA receptors saturate, largest",
            float(abs(saturating).max()),
            "synapses",
            None,
            1.0,
            THEORY + ", in which a synapse counts once, as at level 1",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return what sites and bursts buy, and what saturation and the window cost."""
    found: dict[str, Any] = {}
    for chances in (1, 2, 3, 5):
        for p in BOUGHT_BACK:
            transmission = theory.burst_transmission(p, chances)
            found[f"synapses for 1 % misses, p = {p:g}, sites x spikes = {chances}"] = (
                theory.synapses_needed(THRESHOLD, transmission, MAX_MISS)
            )
    for p in (0.3, 0.5):
        found[f"detection by 20 synapses, p = {p:g}, burst of 3: saturating"] = float(
            detection(p, 20, THRESHOLD, 3)
        )
        found[f"detection by 20 synapses, p = {p:g}, burst of 3: were every release to count"] = (
            float(1 - np.asarray(theory.miss_under_release_failure(60, THRESHOLD, p)))
        )
    for timing in ("together", "spread"):
        found[f"share of synapses that counts, {timing}"] = float(dataset.share.sel(timing=timing))
        found[f"its standard error, {timing}"] = float(dataset.share_error.sel(timing=timing))
    found["share of synapses that counts, by the window alone"] = float(dataset.window_share)
    for k, n in np.argwhere(~np.isnan(dataset.threshold_shift.to_numpy())):
        at = dataset.isel(condition=int(k), spikes=int(n))
        found[f"level 2, {at.condition.item()}, {at.spikes.item()} spikes"] = {
            "measured threshold, synapses": int(at.measured_threshold),
            "shift against theory, synapses": float(at.threshold_shift),
            "its standard error": float(at.threshold_shift_error),
            "shift by the NMDA conductances alone": float(at.rule_shift),
            "shift in p at half detection by 20 synapses": float(at.p_shift),
        }
    for preset in dataset.burst_preset.to_numpy():
        found[f"transmission of a burst of 3, {preset}"] = float(
            dataset.burst_measured.sel(burst_preset=preset, spikes=3)
        )
    return found
