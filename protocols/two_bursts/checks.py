"""Bursts of columns against prediction, bursts of cells against feedback, and what each tells."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.experiment.checks import CLAIM, Check
from htm_brian.experiment.seeds import mean_interval, share_interval

THREAD = "discussion: Ensembles of neocortical microcircuits"
SILENCED = f"{THREAD}: the burst of a predicted cell prevents that of its minicolumn"
BURSTS = f"{THREAD}: a cell bursts right when it was predicted and is activated"
APICAL = f"{THREAD}: the share of bursts among events grows with apical depolarisation"
BOTH = f"{THREAD}: bottom-up and top-down are read in parallel; htm_brian's target"
CONTROL = "control: what prediction or feedback does without a volley"

FEW, MOST = 0.05, 0.95
"""Of columns that burst, at most and at least."""
AS_A_RULE = 0.5
RISE = 0.1
TOLD, CROSSTALK = 0.9, 0.1
SILENT = 0.01


def share(dataset: xr.Dataset, hits: str, trials: str) -> tuple[NDArray, NDArray]:
    """Return counts of two variables over all elements, by network."""
    over = [dim for dim in dataset[hits].dims if dim not in ("network",)]
    return dataset[hits].sum(over).to_numpy(), dataset[trials].sum(over).to_numpy()


def burst_shares(dataset: xr.Dataset) -> xr.Dataset:
    """Return, by network, prediction and feedback, which shares of columns and events burst."""
    total = dataset[["columns", "column_bursts", "columns_fired", "events", "cell_bursts"]].sum(
        "element"
    )
    return xr.Dataset(
        {
            "column": total.column_bursts / total.columns,
            "fired": total.columns_fired / total.columns,
            "cell": total.cell_bursts / total.events,
        }
    )


def readings(dataset: xr.Dataset) -> xr.Dataset:
    """Return what is read of each element: surprise from columns, agreement from cells."""
    columns = dataset[["columns", "column_bursts"]].sum(("predicted", "feedback"))
    return xr.Dataset(
        {
            "surprise": columns.column_bursts / columns.columns,
            "agreement": dataset.all_bursts / dataset.all_events,
            "unpredicted": 1 - dataset.foreseen_share,
            "feedback_share": dataset.feedback_share,
        }
    )


def slopes(read: xr.Dataset, name: str) -> NDArray[np.float64]:
    """Return, by network, how a reading changes with the unpredicted share and with feedback.

    Returns
    -------
    ndarray of shape (n_networks, 2)
        Coefficients of a linear fit with both.
    """
    found = []
    for number in range(read.sizes["network"]):
        one = read.isel(network=number)
        given = np.column_stack(
            [np.ones(one.sizes["element"]), one.unpredicted, one.feedback_share]
        )
        found.append(np.linalg.lstsq(given, one[name].to_numpy(), rcond=None)[0][1:])
    return np.array(found)


def correlations(read: xr.Dataset, name: str, told: str) -> NDArray[np.float64]:
    """Return, by network, how a reading is correlated with what it should tell; 0 if constant."""
    pairs = zip(read[name].to_numpy(), read[told].to_numpy(), strict=True)
    return np.array([np.corrcoef(x, y)[0, 1] if np.std(x) > 0 else 0.0 for x, y in pairs])


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the first setting against the claim; the worse end of each interval decides."""
    first = dataset.isel(setting=0)
    found = []
    for feedback, said in ((False, "no feedback"), (True, "feedback")):
        its = first.sel(feedback=feedback)
        for predicted, word in ((True, "predicted"), (False, "unpredicted")):
            ends = share_interval(*share(its.sel(predicted=predicted), "column_bursts", "columns"))
            name = f"{word} columns that burst, {said}"
            limit = FEW if predicted else MOST
            found.append(
                _at_most(name, ends, limit, SILENCED)
                if predicted
                else _at_least(name, ends, limit, SILENCED)
            )
    alone = first.sel(predicted=True, feedback=False)
    found.append(
        _at_least(
            "predicted cells that burst, no feedback",
            share_interval(*share(alone, "cell_bursts", "events")),
            AS_A_RULE,
            BURSTS,
        )
    )
    cell = burst_shares(first).cell
    for predicted, word in ((True, "predicted cells"), (False, "cells of unpredicted columns")):
        its = cell.sel(predicted=predicted)
        rise = its.sel(feedback=True) - its.sel(feedback=False)
        found.append(
            _at_least(
                f"rise of the share of bursts by feedback, {word}",
                mean_interval(rise),
                RISE,
                APICAL,
            )
        )
    more = (cell.sel(predicted=True) - cell.sel(predicted=False)).sel(feedback=True)
    found.append(
        _at_least(
            "share of bursts, feedback, predicted cells less unpredicted ones",
            mean_interval(more),
            0.0,
            BURSTS,
        )
    )
    read = readings(first)
    for name, told, word, other in (
        ("surprise", "unpredicted", "unpredicted share and share of columns that burst", 1),
        ("agreement", "feedback_share", "feedback and share of bursts among all events", 0),
    ):
        found.append(
            _at_least(
                f"correlation of {word}", mean_interval(correlations(read, name, told)), TOLD, BOTH
            )
        )
        moved = mean_interval(slopes(read, name)[:, other])
        by = ("the unpredicted share", "feedback")[other]
        worse, better = max(moved, key=abs), float(np.clip(0.0, *moved))
        found.append(
            Check(
                f"change of the {'latter' if other == 0 else 'share of columns that burst'} with "
                f"{by}",
                worse,
                "1",
                -CROSSTALK,
                CROSSTALK,
                BOTH,
                better_end=better,
                role=CLAIM,
            )
        )
    for name, kind in (("feedback alone", "alone"), ("prediction alone", "false")):
        ends = share_interval(*share(first, f"{kind}_fired", f"{kind}_cells"))
        found.append(_at_most(f"cells that {name} fires", ends, SILENT, CONTROL))
    return found


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return the shares of every setting, and of what the networks were made."""
    found: dict[str, float] = {
        "threshold of a basal branch, synapses": float(dataset.attrs["threshold"]),
        "tuft synapses that alone make a calcium spike": float(dataset.attrs["calcium_threshold"]),
        "basal branches of a cell": float(dataset.attrs["branches"]),
        "seconds for an element": float(dataset.seconds.median()),
    }
    for setting in dataset.setting.to_numpy():
        one = dataset.sel(setting=setting)
        shares = burst_shares(one).mean("network")
        for feedback, said in ((False, "no feedback"), (True, "feedback")):
            for predicted, word in ((True, "predicted"), (False, "unpredicted")):
                at = shares.sel(predicted=predicted, feedback=feedback)
                found[f"feedback {setting}: {word}, {said}: columns that burst"] = float(at.column)
                found[f"feedback {setting}: {word}, {said}: columns of which most cells fire"] = (
                    float(at.fired)
                )
                found[f"feedback {setting}: {word}, {said}: events that are bursts"] = float(
                    at.cell
                )
        read = readings(one)
        for name, told in (("surprise", "unpredicted"), ("agreement", "feedback_share")):
            found[f"feedback {setting}: correlation of {name} with what it tells"] = float(
                correlations(read, name, told).mean()
            )
    return found


def _at_most(name: str, ends: tuple[float, float], high: float, source: str) -> Check:
    return Check(name, ends[1], "1", None, high, source, better_end=ends[0], role=CLAIM)


def _at_least(name: str, ends: tuple[float, float], low: float, source: str) -> Check:
    return Check(name, ends[0], "1", low, None, source, better_end=ends[1], role=CLAIM)
