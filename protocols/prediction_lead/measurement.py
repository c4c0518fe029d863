"""The smallest volley that fires a resting cell, and first spikes under every condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from brian2 import ms

from htm_brian.cells.biophysical import on_glutamate
from htm_brian.electrophysiology.stimulation import Stimulus, stimulate
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.parameters import Model
from htm_brian.protocols.prediction_lead.stimulus import (
    DELAYS,
    ONSET,
    STRENGTHS,
    conditions,
    make_stimulus,
    volley,
)

if TYPE_CHECKING:
    from htm_brian.protocols.prediction_lead import PredictionLeadParameters


def least_volley(
    model: Model, parameters: PredictionLeadParameters, progress: Progress
) -> int | None:
    """Return the fewest synapses that fire a resting cell; None if the run was stopped."""
    low, high = 0, parameters.most_feedforward
    while high - low > 1:
        sizes = np.unique(np.linspace(low + 1, high, 120).astype(int))
        stimulus = Stimulus(len(sizes))
        for cell, n in enumerate(sizes):
            stimulus.synapses(cell, on_glutamate("soma"), volley(parameters, n))
        traces = stimulate(
            model,
            stimulus,
            (ONSET + 40) * ms,
            parameters.time_step,
            progress,
            record=(),
            description="smallest volley",
        )
        if not traces.complete:
            return None
        fired = np.array([len(train) > 0 for train in traces.spikes])
        if not fired.any():
            raise InputError(
                f"a volley of {sizes[-1]} synapses does not fire the cell; raise most_feedforward"
            )
        first = int(np.argmax(fired))
        low, high = int(sizes[first - 1]) if first else low, int(sizes[first])
    return high


def predict(
    model: Model, parameters: PredictionLeadParameters, least: int, progress: Progress
) -> xr.Dataset | None:
    """Return first spikes with and without an NMDA spike; None if the run was stopped."""
    n_branches = int(model["basal"]["branches"])
    groups = conditions(parameters, n_branches)
    flat = [condition for group in groups.values() for condition in group]
    stimulus = make_stimulus(model, parameters, flat, least)
    traces = stimulate(
        model,
        stimulus,
        parameters.duration,
        parameters.time_step,
        progress,
        sample=max(1, round(float(0.1 * ms / parameters.time_step))),
        description="with and without an NMDA spike",
    )
    if not traces.complete:
        return None
    first = np.array([1e3 * train[0] - ONSET if len(train) else np.nan for train in traces.spikes])
    count = np.array([len(train) for train in traces.spikes])
    begins = np.cumsum([0, *(len(group) for group in groups.values())])
    where = {name: slice(a, b) for name, a, b in zip(groups, begins, begins[1:], strict=False)}
    unpredicted, predicted, _ = first[where["shown"]]
    traces_shown = traces.potential("soma")[where["shown"]]
    return xr.Dataset(
        {
            "latency": (("strength",), first[where["latency"]], {"units": "ms"}),
            "predicted_latency": (
                ("strength",),
                first[where["predicted_latency"]],
                {"units": "ms"},
            ),
            "unpredicted": ((), unpredicted, {"units": "ms"}),
            "predicted": ((), predicted, {"units": "ms"}),
            "latency_by_delay": (("delay",), first[where["by_delay"]], {"units": "ms"}),
            "spikes_without_volley": (("basal",), count[where["silent"]], {"units": "1"}),
            "latency_by_basal": (("basal",), first[where["by_basal"]], {"units": "ms"}),
            "spikes_of_branches": (("branches",), count[where["branches"]], {"units": "1"}),
            "trace": (("shown", "time"), traces_shown, {"units": "mV"}),
        },
        coords={
            "strength": STRENGTHS,
            "delay": ("delay", DELAYS, {"units": "ms"}),
            "basal": np.arange(1, parameters.most_basal + 1),
            "branches": np.arange(1, n_branches + 1),
            "shown": ["volley", "NMDA spike and volley", "NMDA spike"],
            "time": ("time", traces.time * 1e3 - ONSET, {"units": "ms"}),
        },
        attrs={
            "least_volley": least,
            "n_basal": parameters.n_basal,
            "volley_strength": parameters.volley_strength,
            "delay": float(parameters.delay / ms),
        },
    )
