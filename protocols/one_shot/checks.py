"""One showing is enough, with a plateau; without one, or by pairs of spikes, it is not."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import Interval, mean_interval, share_interval
from htm_brian.protocols.one_shot.measurement import FALSE_POSITIVES
from htm_brian.protocols.one_shot.stimulus import LEARNS

THREAD = (
    "discussion: Ensembles of neocortical microcircuits: an associative memory beside deep "
    "networks, and very short training"
)
RULE = "Bittner et al. 2017, Science 357:1033; Milstein et al. 2021, eLife 10:e73046"
TARGET = "htm_brian's target"
RECALL = 0.95
NOTHING = 0.05
"""Recall of a control that has failed, at most."""
LN2 = float(np.log(2))


def recall_interval(one: xr.Dataset) -> Interval:
    """Return the interval of the recall at one number of pairs."""
    return share_interval(one.known_hits, one.known_targets)


def wrong_interval(one: xr.Dataset) -> Interval:
    """Return the interval of the share of cells that spike at an unseen SDR."""
    return share_interval(one.unseen_wrong, one.unseen_others)


def holds(one: xr.Dataset) -> bool:
    """Whether recall and false positives hold, each at the worse end of its interval."""
    return recall_interval(one)[0] >= RECALL and wrong_interval(one)[1] <= FALSE_POSITIVES


def largest(dataset: xr.Dataset) -> int:
    """Return up to which number of pairs everything holds for the cells; 0 if it never does."""
    return _last([(n, holds(dataset.sel(pairs=n))) for n in dataset.pairs.to_numpy()])


def largest_of_reader(dataset: xr.Dataset) -> int:
    """Return the same for the best reader, at the false positives that are allowed."""
    return _last(
        [
            (n, mean_or_only(dataset.best_recall.sel(reader_pairs=n))[0] >= RECALL)
            for n in dataset.reader_pairs.to_numpy()
        ]
    )


def _last(held: list[tuple[int, bool]]) -> int:
    found = 0
    for number, holds_there in held:
        if not holds_there:
            break
        found = int(number)
    return found


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold recall, false positives, capacity and controls against their targets."""
    one = dataset.sel(pairs=dataset.attrs["reference"])
    known, wrong = recall_interval(one), wrong_interval(one)
    taken = share_interval(one.unseen_taken, one.unseen_cues)
    most = largest_of_reader(dataset)
    share = largest(dataset) / most if most else float("nan")
    found = [
        Check(
            "recall of noisy cues, lower end",
            known[0],
            "1",
            RECALL,
            None,
            f"{TARGET}; {THREAD}",
            better_end=known[1],
        ),
        Check(
            "cells that answer to an unseen SDR, upper end",
            wrong[1],
            "1",
            None,
            FALSE_POSITIVES,
            TARGET,
            better_end=wrong[0],
        ),
        Check(
            "unseen SDRs taken for known, upper end",
            taken[1],
            "1",
            None,
            FALSE_POSITIVES,
            f"{TARGET}: at least half as many cells answer as a target has",
            better_end=taken[0],
        ),
        Check(
            "capacity over that of the best reader",
            share,
            "1",
            0.5,
            None,
            f"{TARGET}: a threshold is at least half as good as log-odds",
            "the best reader recalls nothing well",
        ),
    ]
    for name in dataset.showing.to_numpy():
        if name != LEARNS:
            part = dataset.sel(showing=name)
            ends = share_interval(part.control_hits, part.control_targets)
            title = f"control, {name}: recall, upper end"
            found.append(
                Check(title, ends[1], "1", None, NOTHING, f"{RULE}; target", better_end=ends[0])
            )
    return found


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return further numbers that nothing is demanded of."""
    one = dataset.sel(pairs=dataset.attrs["reference"])
    found: dict[str, float] = {
        "recall of noisy cues": float((one.known_hits / one.known_targets).mean()),
        "capacity, pairs": largest(dataset),
        "capacity of the best reader, pairs": largest_of_reader(dataset),
        "synapses whose efficacy tells another count, share": float(dataset.misread.max()),
        "cells outside the target that answer to a noisy cue": float(
            one.known_wrong.sum() / one.known_others.sum()
        ),
    }
    for name, text in (
        ("told", "cells"),
        ("most_told", "best reader"),
        ("entropy", "entropy of the levels"),
    ):
        by_pairs = dataset[f"{name}_bits"].mean("seed")
        found[f"bits a synapse, most, {text}"] = float(by_pairs.max())
    found["bits a synapse, clipped synapses, dense limit"] = LN2
    for delay in (1.0, 2.0):
        ends = dataset.delayed_recall.sel(delay=delay)
        found[f"recall, plateau {delay:g} s after the volley"] = float(ends.mean())
    late = dataset.delayed_recall.mean("seed")
    held = dataset.delay[(late >= 0.5).to_numpy()]
    found["longest delay with a recall of half, s"] = float(held.max()) if held.size else np.nan
    for noise in (0.3, 0.4, 0.5):
        found[f"recall at {noise:.0%} noise"] = float(dataset.noisy_recall.sel(noise=noise).mean())
    for n_pairs in dataset.reader_pairs.to_numpy():
        best = dataset.best_recall.sel(reader_pairs=n_pairs)
        found[f"recall of the best reader, {n_pairs} pairs"] = float(best.mean())
    for n_pairs in dataset.pairs.to_numpy():
        wrong = wrong_interval(dataset.sel(pairs=n_pairs))
        found[f"cells that answer to an unseen SDR, {n_pairs} pairs, upper end"] = wrong[1]
    return found


def mean_or_only(values: xr.DataArray) -> Interval:
    """Return the interval of a mean over seeds, or the one value."""
    if values.size == 1:
        return float(values), float(values)
    return mean_interval(values)
