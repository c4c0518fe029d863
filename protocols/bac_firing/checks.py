"""What `bac_firing` demands of both layers, and the detailed cell's answers beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import CLAIM, FITTED, HELD_OUT, Check, with_roles
from htm_brian.protocols.bac_firing.measurement import (
    critical_frequency,
    current_threshold,
    window,
)

LARKUM = "Larkum et al. 1999, Nature 398:338"
LARKUM_TRAINS = "Larkum et al. 1999, PNAS 96:14600: 60-200 Hz between cells, transition of 10-20 Hz"
LARKUM_L23 = "Larkum et al. 2007, J Neurosci 27:8999: layer 2/3"
HAY = "Hay et al. 2011, PLOS Comput Biol 7:e1002107 (ModelDB 139653), run in NEURON 9.0.2"
NAUD = "Naud & Sprekeler 2018, PNAS 115:E6329: windows from -5..+10 to -15..+15 ms"
HAY_ANSWERS = {
    "spikes of the burst": 3.0,
    "first interval, ms": 9.7,
    "peak of the nexus, mV": 6.4,
    "nexus above -40 mV, ms": 32.3,
    "peak of the nexus after one spike, mV": -37.0,
    "after-hyperpolarisation, one spike, mV": 1.6,
    "after-hyperpolarisation, burst, mV": 4.75,
}

WITHIN = 0.3
"""Share by which an after-hyperpolarisation may differ from Hay's cell, or from the claim."""
THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
CLAIMED = {1: 5.0, 2: 8.0, 3: 12.0}
"""mV of after-hyperpolarisation, by number of spikes; no recorded cell is behind them."""

ROLES = {
    HELD_OUT: (
        "width of the transition",
        "after-hyperpolarisation, burst",
        "after-hyperpolarisation of the burst",
    ),
    CLAIM: ("after-hyperpolarisation, train of",),
}
"""Roles of checks by how their names begin; the cells were calibrated on the others."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold both layers against the literature."""
    return with_roles(_checks(dataset), FITTED, ROLES)


def _checks(dataset: xr.Dataset) -> list[Check]:
    return layer5_checks(dataset.sel(layer="layer 5")) + layer23_checks(
        dataset.sel(layer="layer 2/3")
    )


def layer5_checks(cell: xr.Dataset) -> list[Check]:
    """Return the checks of the layer-5 cell."""
    event = cell.attrs["event_duration"]
    alone = current_threshold(cell.alone_width, event)
    with_spike = current_threshold(cell.with_spike_width, event)
    critical, transition = critical_frequency(cell.late_peak)
    first, last = window(cell)
    count = cell.basic_count
    return [
        Check(
            "spikes after the somatic pulse alone",
            float(count.sel(stimulus="spike")),
            "1",
            1,
            1,
            HAY,
        ),
        Check(
            "spikes after the subthreshold input to the nexus alone",
            float(count.sel(stimulus="nexus")),
            "1",
            0,
            0,
            HAY,
        ),
        Check("spikes after both together", float(count.sel(stimulus="both")), "1", 2, 4, LARKUM),
        Check(
            "threshold of the calcium spike, lowered by a spike by",
            100 * (1 - with_spike / alone),
            "%",
            35,
            75,
            f"{LARKUM}; {NAUD.partition(':')[0]}",
        ),
        Check(
            "earliest input to the nexus, after the spike, that makes a burst",
            first,
            "ms",
            -15,
            0,
            f"{LARKUM}: several ms; {NAUD}",
        ),
        Check(
            "latest input to the nexus, after the spike, that makes a burst",
            last,
            "ms",
            5,
            15,
            f"{LARKUM}: several ms; {NAUD}",
        ),
        Check("critical frequency", critical, "Hz", 60, 120, LARKUM_TRAINS),
        Check(
            "width of the transition at the critical frequency",
            transition,
            "Hz",
            5,
            20,
            LARKUM_TRAINS,
        ),
        *(
            Check(
                f"after-hyperpolarisation, {name}",
                depth,
                "mV",
                (1 - WITHIN) * HAY_ANSWERS[f"after-hyperpolarisation, {name}, mV"],
                (1 + WITHIN) * HAY_ANSWERS[f"after-hyperpolarisation, {name}, mV"],
                f"{HAY}, ± 30 %",
            )
            for name, depth in (
                ("one spike", float(cell.ahp[0])),
                ("burst", float(cell.ahp_burst)),
            )
        ),
        *(
            Check(
                f"after-hyperpolarisation, train of {n} spikes at 50 Hz",
                float(cell.ahp.sel(n_spikes=n)),
                "mV",
                (1 - WITHIN) * depth,
                (1 + WITHIN) * depth,
                f"{THREAD}: {depth:g} mV, ± 30 %",
            )
            for n, depth in CLAIMED.items()
        ),
        Check(
            "after-hyperpolarisation of the burst over that of one spike",
            float(cell.ahp_burst / cell.ahp[0]),
            "1",
            1.5,
            5,
            f"{HAY}: 4.75/1.6",
        ),
    ]


def layer23_checks(cell: xr.Dataset) -> list[Check]:
    """Return the checks of the layer-2/3 cell."""
    physiological = cell.sel(current=slice(None, 3 * cell.attrs["nexus_current"] + 1e-9))
    longest = float(
        np.maximum(physiological.alone_width.max(), physiological.with_spike_width.max())
    )
    extra = float(cell.with_spike_count.max()) - float(cell.basic_count.sel(stimulus="spike"))
    return [
        Check(
            "layer 2/3: spikes after the somatic pulse alone",
            float(cell.basic_count.sel(stimulus="spike")),
            "1",
            1,
            1,
            LARKUM_L23,
        ),
        Check(
            "layer 2/3: longest dendritic event, input up to threefold, alone or with a spike",
            longest,
            "ms",
            1,
            20,
            f"{LARKUM_L23}: no sustained plateau",
        ),
        Check(
            "layer 2/3: most spikes that input to the nexus adds to one",
            extra,
            "1",
            0,
            1,
            f"{LARKUM_L23}: at most one or two",
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the detailed cell's answers beside this one's; nothing is demanded of them."""
    cell = dataset.sel(layer="layer 5")
    both = cell.sel(stimulus="both")
    event = cell.attrs["event_duration"]
    here = {
        "spikes of the burst": float(both.basic_count),
        "first interval, ms": float(both.interval[0]),
        "peak of the nexus, mV": float(both.basic_nexus.max()),
        "nexus above -40 mV, ms": float(both.basic_width),
        "peak of the nexus after one spike, mV": float(
            cell.basic_nexus.sel(stimulus="spike").max()
        ),
        "after-hyperpolarisation, one spike, mV": float(cell.ahp[0]),
        "after-hyperpolarisation, burst, mV": float(cell.ahp_burst),
    }
    found: dict[str, Any] = {}
    for name, value in here.items():
        found[name] = value
        found[f"{name}, Hay 2011"] = HAY_ANSWERS[name]
    found["threshold of the calcium spike alone, nA"] = current_threshold(cell.alone_width, event)
    found["the same after a spike, nA"] = current_threshold(cell.with_spike_width, event)
    layer23 = dataset.sel(layer="layer 2/3")
    found["critical frequency in layer 2/3, Hz"] = critical_frequency(layer23.late_peak)[0]
    return found
