"""Frequencies and accuracy after pruning against their targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check

NEFTCI = "Neftci et al. 2016, Front. Neurosci. 10:241"
FREQUENCY = f"{NEFTCI}: synaptic stochasticity as a means to sample; htm_brian's target: 0.05"
DIVERGENCE = "htm_brian's target: learning makes the divergence at least 10 times smaller"
PRUNING = (
    f"{NEFTCI}: removal of more than 75 % of the weakest connections followed by cursory "
    "re-learning causes a negligible loss; htm_brian's target: 1 point"
)
STAGES = ("as learned", "pruned", "relearned")


def divergence(dataset: xr.Dataset) -> xr.DataArray:
    """Return the Kullback-Leibler divergence of the frequencies from the target, in bits."""
    floor = 1e-6
    ratio = dataset.target / dataset.frequency.clip(min=floor)
    return (dataset.target * np.log2(ratio)).sum("pattern")


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold frequencies and pruning against their targets."""
    error = np.abs(dataset.frequency.sel(network="stochastic") - dataset.target)
    from_target = divergence(dataset)
    gain = from_target.sel(network="before learning") / from_target.sel(network="stochastic")
    mean = dataset.accuracy.mean("split")
    lost = float(mean.sel(stage="as learned") - mean.sel(stage="relearned"))
    return [
        Check(
            "frequency of an SDR less its target, largest of all networks",
            float(error.max()),
            "1",
            None,
            0.05,
            FREQUENCY,
        ),
        Check(
            "divergence before learning over that after, smallest of the networks",
            float(gain.min()),
            "1",
            10.0,
            None,
            DIVERGENCE,
        ),
        Check("accuracy lost by pruning, after relearning", lost, "1", None, 0.01, PRUNING),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the control's frequencies, how often readings change, and all accuracies."""
    mean = dataset.accuracy.mean("split")
    found: dict[str, Any] = {}
    for name in dataset.network.to_numpy():
        values = dataset.frequency.sel(network=name).mean("machine").to_numpy()
        found[f"frequencies, {name}"] = ", ".join(f"{value:.3f}" for value in values)
    error = dataset.frequency_error
    found["standard error of a frequency, stochastic, largest"] = float(error.max())
    lost = dataset.accuracy.sel(stage="as learned") - dataset.accuracy.sel(stage="relearned")
    found["accuracy lost, standard error over the splits"] = float(
        lost.std("split", ddof=1) / np.sqrt(lost.sizes["split"])
    )
    for name in dataset.running.to_numpy():
        trace = dataset.trace.sel(running=name)
        changes = (trace.diff("step") != 0).mean()
        found[f"changes of reading per step, {name}"] = float(changes)
    for stage in STAGES:
        found[f"test accuracy, {stage}"] = float(mean.sel(stage=stage))
    return found
