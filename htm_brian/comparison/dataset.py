"""What a comparison of two levels recorded, as one dataset: all that its figures need.

Along ``step`` (the whole stream) or ``transplant_step`` (its last part):

=============================  =====================================================
``value``, ``time``            the series
``RUN_anomaly``                anomaly score of each run, by spikes at level 1
``RUN_plateau_anomaly``        the same by what was predicted, at level 1 by plateaus
``RUN_SET_sparsity``           share of bits on in each set
``agreement_QUANTITY``         spiking against abstract, trained apart: mean over abstract seeds
``ceiling_QUANTITY``           abstract against abstract: mean over all pairs of seeds
``RELEASE_QUANTITY``           transplant against abstract, release reliable or the model's
``RUN_SET``, ``..._indptr``    sets of columns, ragged (`htm_brian.comparison.recording.Ragged`)
``spike_*``, ``predicted_*``   the last elements of the spiking memory that learned
=============================  =====================================================

Runs that were stopped early are filled up with NaN. Sets of cells are not kept, for their size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

import numpy as np
import xarray as xr

from htm_brian.comparison.ladder import Run, abstract_recordings
from htm_brian.comparison.recording import COLUMN_SETS, SETS, Recording
from htm_brian.comparison.validation import ANOMALIES, agreement, cell_agreement, mean_of_figures
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.series import Series

Variables = dict[str, tuple]
Compare = Callable[[Recording, Recording], dict[str, np.ndarray]]
Comparison = tuple[str, list[tuple[Recording, Recording]], Compare, str]
"""Prefix of the variables, pairs whose mean is taken, how one is compared, and the dimension."""

TIME_ATTRIBUTES = {
    "comment": "wall-clock time; xarray opens years outside of 1678 to 2262 with "
    "decode_times=xarray.coders.CFDatetimeCoder(time_unit='us')"
}


def to_dataset(
    series: Series, stream: Ragged | None, runs: Mapping[str, Run], split: int
) -> xr.Dataset:
    """Put together a dataset of everything that was recorded.

    Parameters
    ----------
    series : Series
    stream : Ragged or None
        The active columns, if they were chosen.
    runs : mapping of str to Run
        Any of those of `htm_brian.comparison.two_levels`.
    split : int
        The step at which the transplant starts.
    """
    variables = _series_variables(series)
    lengths = {"step": len(series), "transplant_step": len(series) - split}
    if stream is not None:
        variables |= _ragged("active_columns", stream)
    for name, run in runs.items():
        variables |= _run_variables(name, run, lengths)
    if "spiking" in runs:
        variables |= _spike_variables(runs["spiking"])
    for prefix, pairs, compare, dim in _comparisons(runs):
        common = min(len(recording) for pair in pairs for recording in pair)
        parts = [(one.part(0, common), other.part(0, common)) for one, other in pairs]
        for quantity, values in mean_of_figures([compare(*pair) for pair in parts]).items():
            filled = _fill(values, lengths[dim])
            variables[f"{prefix}_{quantity}"] = (dim, filled, {"units": "1"})
    coordinates: Variables = {
        "step": ("step", np.arange(len(series)), {"units": "1"}),
        "transplant_step": ("transplant_step", np.arange(split, len(series)), {"units": "1"}),
    }
    if series.timestamps is not None:
        # Nanoseconds would bend years before 1678 and after 2262.
        coordinates["time"] = ("step", series.timestamps.astype("datetime64[us]"), TIME_ATTRIBUTES)
    attributes = {"series": series.name, "label": series.label, "unit": series.unit, "split": split}
    return xr.Dataset(variables, coordinates, attributes)


def _comparisons(runs: Mapping[str, Run]) -> Iterator[Comparison]:
    """Return what is compared of those runs that are there."""
    have = {name: run.recording for name, run in runs.items()}
    abstract = abstract_recordings(runs)
    if len(abstract) > 1:
        yield "ceiling", list(combinations(abstract, 2)), agreement, "step"
    if abstract and "spiking" in have:
        yield "agreement", [(one, have["spiking"]) for one in abstract], agreement, "step"
    for prefix in ("reliable", "model"):
        names = "transplant_abstract", f"transplant_{prefix}"
        if all(name in have for name in names):
            pair = have[names[0]], have[names[1]]
            yield prefix, [pair], cell_agreement, "transplant_step"


def _series_variables(series: Series) -> Variables:
    if series.symbolic:
        symbols, values = np.unique(series.values, return_inverse=True)
        attributes = {"units": "1", "long_name": "symbol", "symbols": "".join(symbols)}
        return {"value": ("step", values.astype(np.int32), attributes)}
    return {"value": ("step", series.values, {"long_name": series.label})}


def _run_variables(name: str, run: Run, lengths: Mapping[str, int]) -> Variables:
    recording = run.recording
    dim = "transplant_step" if name.startswith("transplant") else "step"
    units = {"units": "1"}
    variables: Variables = {}
    for one in ANOMALIES:
        variables[f"{name}_{one}"] = (dim, _fill(getattr(recording, one), lengths[dim]), units)
    for one in SETS:
        sparsity = _fill(recording.sparsity(one), lengths[dim])
        variables[f"{name}_{one}_sparsity"] = (dim, sparsity, units)
    for one in COLUMN_SETS[1:]:
        variables |= _ragged(f"{name}_{one}", recording[one])
    return variables


def _spike_variables(run: Run) -> Variables:
    """Spikes of the last elements, and the cells that were predicted for each of them."""
    if run.spikes is None or not len(run.spikes.element):
        return {}
    first = int(run.spikes.element.min())
    stop = int(run.spikes.element.max()) + 1
    # What predicts an element was read at the end of the one before.
    predicted = run.recording["predictive_cells"].part(max(0, first - 1), stop - 1)
    offset = max(1, first)
    return {
        "spike_element": ("spike", run.spikes.element, {"units": "1"}),
        "spike_cell": ("spike", run.spikes.cell, {"units": "1"}),
        "spike_time": ("spike", run.spikes.time, {"units": "s"}),
        "spike_start": ("spike", run.spikes.start, {"units": "s"}),
        "predicted_element": (
            "predicted",
            (predicted.steps + offset).astype(np.int32),
            {"units": "1"},
        ),
        "predicted_cell": ("predicted", predicted.values, {"units": "1"}),
        "cells_per_column": ((), run.recording.cells_per_column, {"units": "1"}),
    }


def _ragged(name: str, ragged: Ragged) -> Variables:
    return {
        name: (f"{name}_index", ragged.values, {"units": "1"}),
        f"{name}_indptr": (f"{name}_end", ragged.indptr, {"units": "1"}),
    }


def _fill(values: np.ndarray, length: int) -> np.ndarray:
    filled = np.full(length, np.nan)
    filled[: len(values)] = values
    return filled
