"""Density, robustness and likeness of codes against their targets."""

from __future__ import annotations

import numpy as np
import xarray as xr

from htm_brian.experiment.checks import Check
from htm_brian.experiment.seeds import over_runs
from htm_brian.protocols.spatial_pooler_noise.measurement import VARIANTS

PAPER = "Cui, Ahmad and Hawkins 2017, Front. Comput. Neurosci. 11:111"
OURS = "htm_brian's target"


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold density, robustness and likeness of codes against their targets, over the poolers."""
    each = dataset[["kept", "likeness"]].assign(density=dataset.density.mean("step"))
    return over_runs(_checks, each, "seed")


def _checks(dataset: xr.Dataset) -> list[Check]:
    away = np.abs(dataset.density.mean("seed") - dataset.attrs["density"])
    published = dataset.sel(variant="published").mean("seed")
    before, after = published.isel(epoch=0), published.isel(epoch=-1)
    gain = after.kept.mean("noise") - before.kept.mean("noise")
    kept = after.kept.sel(noise=0.3, method="nearest")
    return [
        *(
            Check(
                f"density less target, {name}",
                float(away.sel(variant=name)),
                "1",
                None,
                0.001,
                OURS,
            )
            for name in VARIANTS
        ),
        Check("robustness gained by learning", float(gain), "1", 0.1, None, f"{PAPER}: it grows"),
        Check("winners kept at 30 % noise after learning", float(kept), "1", 0.9, None, OURS),
        Check("likeness of other inputs' codes", float(after.likeness), "1", None, 0.05, OURS),
    ]


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return, for each variant, robustness before and after learning, and how evenly it works."""
    found = {}
    for name in VARIANTS:
        variant = dataset.sel(variant=name).mean("seed")
        curve = variant.kept.mean("noise")
        found[f"robustness before learning, {name}"] = float(curve[0])
        found[f"robustness after learning, {name}"] = float(curve[-1])
        found[f"likeness of other inputs' codes, {name}"] = float(variant.likeness[-1])
        found[f"entropy of duty cycles, share of the highest, {name}"] = float(variant.entropy)
    return found
