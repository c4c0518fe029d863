"""Bursts, rates and the T-current's gate of every cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import ms
from numpy.typing import NDArray

from htm_brian.electrophysiology.stimulation import Traces
from htm_brian.protocols.relay_modes.stimulus import Condition, start

if TYPE_CHECKING:
    from htm_brian.protocols.relay_modes import RelayModesParameters


SILENCE = 100.0
"""ms without a spike before a burst."""

INTERVAL = 4.0
"""ms between spikes of a burst, at most."""

SAMPLE = 0.5
"""ms from one recorded value to the next."""

BEFORE = 100.0
"""ms before the step that are kept of the traces."""


def measure(
    parameters: RelayModesParameters, traces: Traces, groups: dict[str, list[Condition]]
) -> xr.Dataset:
    """Return bursts, rates and traces, by the curve that the cells belong to."""
    onset = start(parameters)
    trains = [train * 1e3 for train in traces.spikes]
    begins = np.cumsum([0, *(len(group) for group in groups.values())])
    where = {name: slice(a, b) for name, a, b in zip(groups, begins, begins[1:], strict=False)}
    time = traces.time * 1e3
    at_step = int(np.searchsorted(time, onset - SAMPLE / 2))
    gate = traces.variables["t_inactivation"]
    # The first spike after the step, and the next: intervals of a train that may be no burst.
    late = [train[train >= onset] for train in trains]
    first = np.array([train[1] - train[0] if len(train) > 1 else np.nan for train in late])
    latency = np.array([train[0] - onset if len(train) else np.nan for train in late])
    seconds = float(parameters.train / ms) / 1e3
    rate = np.array([len(train) for train in late]) / seconds
    size = np.array([burst_size(train, onset) for train in trains])
    bursts = np.array([n_bursts(train, onset) for train in trains])
    shown = time >= onset - BEFORE
    longest = max(1, *(len(train) for train in late))
    spikes = np.full((len(groups["example"]), longest), np.nan)
    for row, train in zip(spikes, late[where["example"]], strict=True):
        row[: len(train)] = train - onset
    found = {
        "gate": (("duration",), gate[where["duration"], at_step], {"units": "1"}),
        "tonic_rate": (("tonic_step",), rate[where["tonic"]], {"units": "Hz"}),
        "tonic_bursts": (("tonic_step",), bursts[where["tonic"]], {"units": "1"}),
        "latency": (("step",), latency[where["step"]], {"units": "ms"}),
        "blocked_bursts": (("step",), bursts[where["blocked"]], {"units": "1"}),
        "potential": (
            ("example", "time"),
            traces.potential("soma")[where["example"]][:, shown],
            {"units": "mV"},
        ),
        "spike_time": (("example", "number"), spikes, {"units": "ms"}),
        "example_gate": (("example", "time"), gate[where["example"]][:, shown], {"units": "1"}),
    }
    for name in ("duration", "step", "blocked"):
        dim = "duration" if name == "duration" else "step"
        found[f"{name}_size"] = ((dim,), size[where[name]], {"units": "1"})
        found[f"{name}_interval"] = ((dim,), first[where[name]], {"units": "ms"})
    return xr.Dataset(
        found,
        coords={
            "duration": ("duration", parameters.durations, {"units": "ms"}),
            "step": ("step", parameters.steps * 1e12, {"units": "pA"}),
            "tonic_step": ("tonic_step", parameters.tonic_steps * 1e12, {"units": "pA"}),
            "time": ("time", time[shown] - onset, {"units": "ms"}),
            "example": ["hyperpolarised", "depolarised", "hyperpolarised, no T-current"],
        },
    )


def burst_size(train: NDArray[np.float64], begin: float = -np.inf) -> int:
    """Return how many spikes the first event from `begin` on has that comes after a silence.

    Parameters
    ----------
    train : ndarray
        Spike times, ms.
    begin : float
        ms.

    Returns
    -------
    int
        2 or more is a burst, 1 a single spike, 0 no spike after a silence.
    """
    silences = np.diff(train, prepend=-np.inf)
    first = np.flatnonzero((train >= begin) & (silences >= SILENCE))
    if not len(first):
        return 0
    later = np.diff(train[first[0] :])
    return 1 + int(np.argmax(np.append(later > INTERVAL, True)))


def n_bursts(train: NDArray[np.float64], begin: float) -> int:
    """Return how many bursts begin from `begin` (ms) on."""
    silences = np.diff(train, prepend=-np.inf)
    following = np.diff(train, append=np.inf)
    return int(((train >= begin) & (silences >= SILENCE) & (following <= INTERVAL)).sum())


def shortest_burst(dataset: xr.Dataset) -> float:
    """Return the shortest hyperpolarisation that makes a burst, in ms; NaN where there is none.

    That is where the first interval falls to that of a burst, interpolated between two durations.
    """
    burst = np.flatnonzero(dataset.duration_size >= 2)
    if not len(burst) or burst[0] == 0:
        return float(dataset.duration[0]) if len(burst) else np.nan
    pair = dataset.isel(duration=slice(int(burst[0]) - 1, int(burst[0]) + 1))
    interval, duration = pair.duration_interval.to_numpy(), pair.duration.to_numpy()
    if np.isnan(interval[0]):
        return float(duration[1])
    return float(np.interp(-INTERVAL, -interval, duration))


def linearity(dataset: xr.Dataset) -> float:
    """Return the correlation of rate and current where the cell fires; NaN below three such."""
    fires = dataset.tonic_rate.to_numpy() > 0
    if fires.sum() < 3:
        return np.nan
    current, rate = dataset.tonic_step.to_numpy()[fires], dataset.tonic_rate.to_numpy()[fires]
    return float(np.corrcoef(current, rate)[0, 1])
