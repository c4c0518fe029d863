"""Strength changes at once, the connected set hours later and only after spaced repetition."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.protocols.strength_and_permanence.stimulus import MASSED, ONE, REPETITIONS, SPACED

THREAD = (
    "discussion: Why don't HTM neuron synapses model LTP?, last post: strength changes fast, "
    "permanence slowly"
)
SILENT = "Liao, Hessler & Malinow 1995, Nature 375:400; half and all are htm_brian's targets"
MINUTES = 5 / 60
"""Hours within which the efficacy changes by half."""


def connected(dataset: xr.Dataset) -> xr.DataArray:
    """Return the share of the stimulated synapses that are connected, by repetition and time."""
    return dataset.connected.where(dataset.stimulated, drop=True).mean("synapse")


def efficacy(dataset: xr.Dataset) -> xr.DataArray:
    """Return the mean efficacy of the stimulated synapses, by repetition and time."""
    return dataset.efficacy.where(dataset.stimulated, drop=True).mean("synapse")


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the two time scales and the effect of spacing against the thread."""
    strength, share = efficacy(dataset), connected(dataset)
    soon = dataset.time <= MINUTES + 1e-9
    first = strength.isel(time=0)
    gain = (strength.sel(repetition=ONE).where(soon, drop=True) / first.sel(repetition=ONE)).max()
    found = [
        Check("efficacy within 5 min, rise", float(gain) - 1, "1", 0.5, None, THREAD),
        Check(
            "connected set within 5 min, largest share",
            float(share.where(soon, drop=True).max()),
            "1",
            None,
            0.0,
            THREAD,
        ),
    ]
    for repetition in REPETITIONS:
        value = float(share.sel(repetition=repetition).isel(time=-1))
        low, high = (1.0, None) if repetition == SPACED else (None, 0.0)
        found.append(Check(f"connected at last, {repetition}", value, "1", low, high, SILENT))
    others = dataset.connected.where(~dataset.stimulated, drop=True)
    bystanders = float(others.max())
    name = "connected at last, synapses without stimulus"
    found.append(Check(name, bystanders, "1", None, 0.0, SILENT))
    hours = connected_after(dataset)
    found.append(Check("spaced: hours until half are connected", hours, "h", 1.0, None, THREAD))
    return found


def connected_after(dataset: xr.Dataset) -> float:
    """Return after how many hours half of the synapses are connected; NaN if never."""
    share = connected(dataset).sel(repetition=SPACED)
    late = dataset.time[(share >= 0.5).to_numpy()]
    return float(late[0]) if late.size else float("nan")


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return what nothing is asked of."""
    found = {"hours until half are connected, spaced": connected_after(dataset)}
    strength = efficacy(dataset)
    for repetition in (ONE, MASSED, SPACED):
        one = strength.sel(repetition=repetition)
        found[f"efficacy at last, {repetition}"] = float(one.isel(time=-1))
        permanence = dataset.permanence.where(dataset.stimulated, drop=True).mean("synapse")
        value = float(permanence.sel(repetition=repetition).isel(time=-1))
        found[f"permanence at last, {repetition}"] = value
    return found
