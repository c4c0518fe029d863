"""Leads of continuous weights against their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.stats import t as student

from htm_brian.experiment.checks import Check
from htm_brian.protocols.scalar_vs_binary.stimulus import RELIABILITIES

if TYPE_CHECKING:
    from htm_brian.protocols.scalar_vs_binary import ScalarVsBinaryParameters

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
SPARSE = f"{THREAD}: with SDRs scalar synapses 'don't add much'; htm_brian's target: 0.02"
DENSE = f"{THREAD}: dense codes make scalar synapses 'essential'; htm_brian's target: 0.05"
WHERE = f"{THREAD}: not with SDRs, of which 2 % are on, but with dense codes, of 25 % and more"
WORTH = 0.02
"""A gain in AUC below this is not worth the precision."""


def add_gains(dataset: xr.Dataset) -> None:
    """Add by how much continuous weights lead, with half the width of its 95 % interval."""
    pairs = {
        "recognition_gain": ("recognition", "continuous", "binary"),
        "prediction_gain": ("prediction", "continuous", "binary"),
        "sigmoid_gain": ("recognition", "sigmoid", "binary"),
        "inhibited_gain": ("recognition", "continuous", "inhibited binary"),
        "inhibited_prediction_gain": ("prediction", "continuous", "inhibited binary"),
        "segments_gain": ("recognition", "continuous", "segments"),
        "corrected_gain": ("recognition", "corrected continuous", "corrected binary"),
        "fixed_rate_loss": ("recognition", "continuous", "fixed rate"),
    }
    n = dataset.sizes["seed"]
    for name, (variable, scalar, binary) in pairs.items():
        gain = dataset[variable].sel(scheme=scalar) - dataset[variable].sel(scheme=binary)
        half = student.ppf(0.975, n - 1) * gain.std("seed", ddof=1) / np.sqrt(n)
        dataset[name] = gain.mean("seed").assign_attrs(units="1")
        dataset[f"{name}_interval"] = half.assign_attrs(units="1")


def checks(dataset: xr.Dataset, parameters: ScalarVsBinaryParameters) -> list[Check]:
    """Hold the lead of continuous weights over binary ones against the threads' claims."""
    found = []
    gains = {
        "recognition": ("recognition_gain", dataset.sel(load=1.0)),
        "sequence prediction": ("prediction_gain", dataset),
    }
    bands = {
        parameters.sparse: (-0.02, 0.02, SPARSE),
        parameters.dense: (0.05, None, DENSE),
    }
    for task, (gain, part) in gains.items():
        for name in RELIABILITIES:
            for sparsity, (low, high, source) in bands.items():
                at = part.sel(reliability=name, sparsity=sparsity)
                what = f"AUC, continuous less binary weights, {task}, {name} synapses"
                lead, half = float(at[gain]), float(at[f"{gain}_interval"])
                check = Check(f"{what}, {sparsity:.0%} on", lead, "1", low, high, source)
                found.append(check.against(lead - half, lead + half))
    full = dataset.sel(load=1.0)
    for name in RELIABILITIES:
        least = pays_from(full.sel(reliability=name), "recognition_gain")
        above = [each for each in parameters.sparsities if each > parameters.sparse]
        found.append(
            Check(
                f"least share of bits on where precision pays, {name} synapses",
                least,
                "1",
                min(above),
                parameters.dense,
                WHERE,
            )
        )
    return found


def pays_from(dataset: xr.Dataset, gain: str) -> float:
    """Return the least sparsity at which a gain is surely worth its precision; NaN if none is."""
    sure = dataset[gain] - dataset[f"{gain}_interval"] > WORTH
    paying = dataset.sparsity.where(sure, drop=True)
    return float(paying.min()) if paying.size else np.nan


def metrics(dataset: xr.Dataset, parameters: ScalarVsBinaryParameters) -> dict[str, Any]:
    """Return intervals, what other rules make of precision, and where it begins to pay."""
    found: dict[str, Any] = {}
    full = dataset.sel(load=1.0)
    for name in RELIABILITIES:
        one = full.sel(reliability=name)
        for sparsity in (parameters.sparse, parameters.dense):
            at = one.sel(sparsity=sparsity)
            where = f"{name}, {sparsity:.0%} on"
            for label, variable in (
                ("recognition", "recognition_gain"),
                ("sequence prediction", "prediction_gain"),
                ("recognition after error correction", "corrected_gain"),
            ):
                half = float(at[f"{variable}_interval"])
                found[f"95 % interval of the lead, {label}, {where}"] = (
                    f"{float(at[variable]) - half:.4f} to {float(at[variable]) + half:.4f}"
                )
            found[f"AUC of binary weights, recognition, {where}"] = float(
                at.recognition.sel(scheme="binary").mean()
            )
            for scheme in ("binary", "inhibited binary", "continuous"):
                found[f"right cells after own predictions, {scheme} weights, {where}"] = float(
                    at.right_after_steps.sel(scheme=scheme).mean()
                )
            inhibited = (
                ("recognition", at.inhibited_gain),
                ("sequence prediction", at.inhibited_prediction_gain),
            )
            for task, gain in inhibited:
                found[f"lead over binary weights under inhibition, {task}, {where}"] = float(gain)
            found[f"lead over one segment for each SDR, {where}"] = float(at.segments_gain)
            found[f"lead over a threshold that is not adapted, {where}"] = float(at.fixed_rate_loss)
        least = pays_from(one, "inhibited_gain")
        what = f"least share of bits on where continuous weights lead by {WORTH} AUC"
        found[f"{what}, under inhibition, {name}"] = "none" if np.isnan(least) else least
    return found
