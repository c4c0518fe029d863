"""What `relay_modes` demands of bursts and of the tonic rate."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.protocols.relay_modes.measurement import INTERVAL, SILENCE, linearity, shortest_burst

SHERMAN = "Sherman 2001, Trends Neurosci 24:122: tonic and burst firing of relay cells"
CRITERION = "Lu, Guido & Sherman 1992: silence of 100 ms or more, then intervals of 4 ms or less"
MCCORMICK = "McCormick & Huguenard 1992: no burst without the T-current"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold both modes against the literature."""
    long = dataset.sel(duration=slice(SILENCE, None))
    sizes = np.concatenate([long.duration_size, dataset.step_size])
    intervals = np.concatenate([long.duration_interval, dataset.step_interval])
    longest = float("nan") if np.isnan(intervals).any() else float(intervals.max())
    after = f"after {SILENCE:g} ms or more of hyperpolarisation"
    return [
        Check(f"fewest spikes of the burst, {after}", int(sizes.min()), "1", 2, 6, SHERMAN),
        Check(f"most spikes of the burst, {after}", int(sizes.max()), "1", 2, 6, SHERMAN),
        Check(f"longest first interval, {after}", longest, "ms", None, INTERVAL, CRITERION),
        Check(
            "shortest hyperpolarisation that makes a burst",
            shortest_burst(dataset),
            "ms",
            50,
            100,
            f"{SHERMAN}: some 100 ms free it of inactivation; the lower end is ours",
        ),
        Check(
            "bursts of the depolarised cell, all steps",
            int(dataset.tonic_bursts.sum()),
            "1",
            0,
            0,
            CRITERION,
        ),
        Check(
            "correlation of the tonic rate with the current",
            linearity(dataset),
            "1",
            0.95,
            None,
            f"{SHERMAN}: linear summation in tonic mode",
        ),
        Check(
            "bursts after hyperpolarisation without T-current, all steps",
            int(dataset.blocked_bursts.sum()),
            "1",
            0,
            0,
            MCCORMICK,
        ),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers; nothing is demanded of them."""
    fires = dataset.tonic_rate > 0
    slope = np.polyfit(dataset.tonic_step[fires], dataset.tonic_rate[fires], 1)[0]
    return {
        "tonic rate, highest, Hz": float(dataset.tonic_rate.max()),
        "slope of the tonic rate, Hz/nA": 1e3 * float(slope),
        "gate of the T-current after 100 ms, share": float(dataset.gate.sel(duration=SILENCE)),
        "gate of the T-current after the longest, share": float(dataset.gate[-1]),
        "latency of the burst, weakest step, ms": float(dataset.latency[0]),
        "latency of the burst, strongest step, ms": float(dataset.latency[-1]),
    }
