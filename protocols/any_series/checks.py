"""What must hold of every series, over its seeds; nothing counts where nothing was learned."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from htm_brian.comparison.learning import LEAST
from htm_brian.comparison.table import AGREEMENTS, BELOW_CEILING, PLATEAU_AGREEMENTS, SAME_STEPS
from htm_brian.experiment.checks import CLAIM, Check
from htm_brian.experiment.seeds import mean_interval

TARGETS = "htm_brian's targets for level 1 against level 0"
LEARNED = "level 0 learned"
SAME = "transplant, reliable release: share of steps"
GROUPS = {
    "agreements of spikes less their ceilings": AGREEMENTS,
    "agreements of plateaus less their ceilings": PLATEAU_AGREEMENTS,
}


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold each series against the targets; the worse end of an interval over seeds decides."""
    found = []
    for name in dataset.series.to_numpy():
        one = dataset.sel(series=name)
        found.append(learned(str(name), one))
        if nothing_learned(one):
            continue
        found += [check for check in (same(str(name), one), *apart(str(name), one)) if check]
    return found


def nothing_learned(one: xr.Dataset) -> bool:
    """Return whether level 0 learned nothing with some seed: then agreement means nothing."""
    falls = named(one, LEARNED).value.to_numpy()
    return bool((falls < LEAST).any())


def named(one: xr.Dataset, beginning: str) -> xr.Dataset:
    """Return the checks whose names begin so."""
    return one.sel(check=[str(c) for c in one.check.to_numpy() if str(c).startswith(beginning)])


def learned(name: str, one: xr.Dataset) -> Check:
    """Return the check that there was anything to learn, the least of the seeds."""
    falls = named(one, LEARNED).value.to_numpy()
    return Check(
        f"{name}: fall of level 0's anomaly by the order of the series, least of the seeds",
        float(falls.min()),
        "1",
        LEAST,
        None,
        "htm_brian: order is all that a temporal memory learns",
        role=CLAIM,
    )


def same(name: str, one: xr.Dataset) -> Check | None:
    """Return the check that a transplanted memory does the same, cell by cell."""
    shares = named(one, SAME).value.to_numpy()
    if not shares.size:
        return None
    worse, better = mean_interval(shares.ravel())
    return Check(
        f"{name}: transplant, reliable release: share of the same steps",
        worse,
        "1",
        SAME_STEPS,
        None,
        TARGETS,
        better_end=better,
        role=CLAIM,
    )


def apart(name: str, one: xr.Dataset) -> list[Check]:
    """Return the checks of memories that learned apart, by the worst of their agreements."""
    found = []
    for group, agreements in GROUPS.items():
        ends = agreement_ends(one, list(agreements.values()))
        if not ends:
            continue
        worst = min(ends, key=lambda quantity: _order(ends[quantity]))
        value, better = ends[worst]
        found.append(
            Check(
                f"{name}: {group}, the least",
                value,
                "1",
                -BELOW_CEILING,
                None,
                TARGETS,
                undefined=f"{worst} has no value with some seed",
                better_end=None if math.isnan(better) else better,
                role=CLAIM,
            )
        )
    return found


def agreement_ends(one: xr.Dataset, quantities: list[str]) -> dict[str, tuple[float, float]]:
    """Return the ends of each agreement less its ceiling: means over seeds, with their intervals.

    Each seed counts with the worse and the better end of its own interval over the series.
    """
    found = {}
    for quantity in quantities:
        of_seeds = named(one, f"trained apart, {quantity}: agreement")
        if of_seeds.sizes["check"]:
            worse, _ = mean_interval(of_seeds.value.to_numpy().ravel())
            _, better = mean_interval(of_seeds.better_end.to_numpy().ravel())
            found[quantity] = worse, better
    return found


def metrics(dataset: xr.Dataset) -> dict[str, object]:
    """Return the mean over seeds of every check's value, by series."""
    means = dataset.value.mean("seed")
    return {
        str(name): {
            str(check): float(means.sel(series=name, check=check))
            for check in dataset.check.to_numpy()
            if np.isfinite(means.sel(series=name, check=check))
        }
        for name in dataset.series.to_numpy()
    }


def _order(ends: tuple[float, float]) -> float:
    return -math.inf if math.isnan(ends[0]) else ends[0]
