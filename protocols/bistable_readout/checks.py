"""Readings of the ambiguous SDR against their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import over_runs
from htm_brian.protocols.bistable_readout.stimulus import DETERMINISTIC

if TYPE_CHECKING:
    from htm_brian.protocols.bistable_readout import BistableReadoutParameters

POSTER = (
    "discussion: Why don't HTM neuron synapses model long term potentiation and depression?, on "
    "al-Shedivat et al., 'neural generative models with stochastic synapses capture richer "
    "representations' (Cosyne 2015)"
)
TARGET = f"{POSTER}; htm_brian's target: each reading in 40-60 % of trials"
STICKS = "htm_brian's target: one reading in 95 % of trials"
OURS = "htm_brian's target"


def _ambiguous(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.sel(bits_of_a=dataset.attrs["bits"] // 2)


def checks(dataset: xr.Dataset, parameters: BistableReadoutParameters) -> list[Check]:
    """Hold readings of the ambiguous SDR against the targets, over the networks."""
    ambiguous = _ambiguous(dataset)
    return over_runs(lambda networks: _checks(networks, parameters), ambiguous, "network")


def _checks(ambiguous: xr.Dataset, parameters: BistableReadoutParameters) -> list[Check]:
    rarer = np.minimum(ambiguous.read_a, ambiguous.read_b).mean("network")
    commoner = np.maximum(ambiguous.read_a, ambiguous.read_b).mean("network")
    found = [
        Check(
            f"share of trials with the rarer reading, mean of the networks, {name}",
            float(rarer.sel(synapse=name)),
            "1",
            0.4,
            0.5,
            TARGET,
        )
        for name in ambiguous.synapse.to_numpy()
        if name != DETERMINISTIC
    ]
    found.append(
        Check(
            "share of trials with the commoner reading, mean of the networks, control",
            float(commoner.sel(synapse=DETERMINISTIC)),
            "1",
            0.95,
            None,
            STICKS,
        )
    )
    for name in ambiguous.synapse.to_numpy():
        found.append(
            Check(
                f"share of trials in which one assembly fires {parameters.decisive_share:.0%} of "
                f"the spikes, {name}",
                float(ambiguous.decisive.sel(synapse=name).mean()),
                "1",
                0.9,
                None,
                OURS,
            )
        )
    return found


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return how the networks spread."""
    ambiguous = _ambiguous(dataset)
    found: dict[str, Any] = {}
    for name in dataset.synapse.to_numpy():
        read = ambiguous.sel(synapse=name)
        found[f"read as A, lowest and highest network, {name}"] = (
            f"{float(read.read_a.min()):.2f} to {float(read.read_a.max()):.2f}"
        )
        even = ((read.read_a >= 0.4) & (read.read_a <= 0.6)).mean()
        found[f"share of networks that read A in 40-60 % of trials, {name}"] = float(even)
        stuck = (np.maximum(read.read_a, read.read_b) >= 0.95).mean()
        found[f"share of networks that stick to one reading in 95 % of trials, {name}"] = float(
            stuck
        )
    return found
