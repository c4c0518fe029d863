"""Weights against means and expectiles, accuracy against the thread's; the table with controls."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.experiment.checks import Check, format_number
from htm_brian.experiment.protocol import Table
from htm_brian.experiment.seeds import over_values
from htm_brian.streams.digits import Digits

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"


def settling_checks(settled: xr.Dataset) -> list[Check]:
    """Hold the settled weights against the running mean, the mean and the expectiles."""
    error = np.abs(settled.weight - settled.expectile)
    errors = {
        "weight less running mean, growth = decay, largest": settled.running_mean_error,
        "weight less mean, growth = decay, largest": error.sel(growth_share=0.5).max(),
        "weight less g/(g+d) expectile, largest": error.max(),
    }
    return [Check(name, float(value), "1", None, 0.01, THREAD) for name, value in errors.items()]


def accuracy_needed(mnist: Digits | None) -> tuple[float, str]:
    """Return the accuracy asked for, and why."""
    if mnist is not None and len(mnist.train_labels) >= 50_000:
        return 0.95, f"{THREAD}: 95 % on MNIST"
    return 0.90, "htm_brian: 90 % where there are fewer digits than the thread's 60,000"


def accuracy_check(classified: xr.Dataset, needed: float, source: str) -> Check:
    """Hold the accuracy with learned templates, over the splits, against the thread's."""
    accuracy = classified.accuracy.sel(feature="learned templates")
    name = f"accuracy with learned templates, {classified.attrs['images']}"
    check = Check(name, float(accuracy.mean()), "1", needed, None, source)
    return over_values(check, accuracy.to_numpy())


def controls(classified: xr.Dataset) -> dict[str, Any]:
    """Return the accuracies of the controls and what learning gains over them."""
    accuracy = classified.accuracy
    learned = accuracy.sel(feature="learned templates")
    gain = learned - accuracy.sel(feature="untrained templates")
    return {
        "accuracy, raw pixels": float(accuracy.sel(feature="raw pixels").mean()),
        "accuracy, untrained templates": float(accuracy.sel(feature="untrained templates").mean()),
        "gain over raw pixels": float((learned - accuracy.sel(feature="raw pixels")).mean()),
        "gain over untrained templates": float(gain.mean()),
        "standard deviation of that gain": float(gain.std()),
        "what learning does": _conclusion(gain.to_numpy()),
        "share of neurons that ever learned": float((classified.n_learned > 0).mean()),
    }


def _conclusion(gain: NDArray[np.float64]) -> str:
    """Say whether learned and untrained templates differ by more than twice the standard error."""
    if gain.size < 3:
        return "too few splits to tell"
    error = gain.std(ddof=1) / np.sqrt(gain.size)
    if abs(gain.mean()) <= 2 * error:
        return "nothing beyond chance"
    return "helps" if gain.mean() > 0 else "harms"


def table(checks: list[Check], classified: xr.Dataset) -> Table:
    """Return the checks, and both controls beside them."""
    rows = [[check.name, check.found, check.target, check.verdict] for check in checks]
    rows += [
        [
            name,
            value if isinstance(value, str) else format_number(value),
            "",
            "control" if name.startswith("accuracy") else "",
        ]
        for name, value in controls(classified).items()
    ]
    return Table(["quantity", "found", "target", "verdict"], rows)
