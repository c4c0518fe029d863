"""What `prediction_lead` demands of silence and lead."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import FITTED, Check, with_roles

HTM = (
    "Hawkins & Ahmad 2016, Front Neural Circuits 10:23: a dendritic NMDA spike depolarises the "
    "soma without a spike, and the cell then fires earlier"
)

LEAD = "target of 2-15 ms; Bouhadjar et al. 2022 (spiking TM): 1.4 ms"
EGGER = "Egger et al. 2020: proximal drive within 8 ms decides on a spike"
MATTERS = (10.0, 50.0)
"""ms; delays within one element of a sequence."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold silence and lead against the claim."""
    # The cell was calibrated on all of them.
    return with_roles(_checks(dataset), FITTED, {})


def _checks(dataset: xr.Dataset) -> list[Check]:
    by_delay = dataset.unpredicted - dataset.latency_by_delay
    near = by_delay.sel(delay=slice(*MATTERS))
    standard = float(dataset.unpredicted - dataset.predicted)
    window = f"{MATTERS[0]:g}-{MATTERS[1]:g} ms before the volley"
    return [
        Check(
            "most spikes that one NMDA spike alone makes, any number of synapses",
            int(dataset.spikes_without_volley.max()),
            "1",
            0,
            0,
            HTM,
        ),
        Check(
            "first spike to a volley, resting cell", float(dataset.unpredicted), "ms", 3, 15, EGGER
        ),
        Check("lead of the first spike by an NMDA spike", standard, "ms", 2, 15, LEAD),
        Check(f"smallest lead, NMDA spike {window}", _least(near), "ms", 2, 15, LEAD),
        Check(f"largest lead, NMDA spike {window}", float(near.max()), "ms", 2, 15, LEAD),
    ]


def _least(values: xr.DataArray) -> float:
    """Return the smallest of some values; NaN if one is missing."""
    return float(values.min(skipna=False))


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    lead = dataset.latency - dataset.predicted_latency
    found = {
        "smallest volley that fires the cell, synapses": float(dataset.attrs["least_volley"]),
        "the same in human layer 2/3 (Eyal et al. 2018: 134 ± 28)": 134.0,
    }
    for strength in dataset.strength.to_numpy():
        found[f"lead with {strength:g} smallest volleys, ms"] = float(lead.sel(strength=strength))
    for n, spikes in zip(dataset.branches.to_numpy(), dataset.spikes_of_branches, strict=True):
        found[f"spikes, NMDA spikes on {n} branches and no volley"] = float(spikes)
    return found
