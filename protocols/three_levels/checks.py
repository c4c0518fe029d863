"""What `three_levels` demands: the same cells without noise, nearly the same in noise."""

from __future__ import annotations

import xarray as xr

from htm_brian.experiment.checks import CLAIM, Check, with_roles
from htm_brian.experiment.seeds import resampled_interval
from htm_brian.protocols.three_levels.stimulus import JITTER_1, JITTER_2, NOISE_1, NOISE_2, QUIET

TARGET = "htm_brian's targets for level 2 against level 0"
LEAST_EXACT = 0.99
LEAST_JACCARD = {NOISE_1: 0.95, NOISE_2: 0.9, JITTER_1: 0.95, JITTER_2: 0.9}
"""Of active cells, by condition: those of `in_vivo` for one neuron."""


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold level 2 against the abstract memory."""
    trees = dataset.sel(level=2)
    made = []
    if QUIET in dataset.condition:
        made.append(
            Check(
                "level 2, no noise: elements with the same cells, overlaps 2 or more synapses from "
                "threshold",
                float(trees.exact_clear.sel(condition=QUIET).mean()),
                "1",
                LEAST_EXACT,
                None,
                TARGET,
            )
        )
    made += [
        Check(
            f"level 2, active cells, Jaccard, lower end of the 95 % interval: {name}",
            resampled_interval(trees.jaccard.sel(condition=name).to_numpy())[0],
            "1",
            least,
            None,
            TARGET,
        )
        for name, least in LEAST_JACCARD.items()
        if name in dataset.condition
    ]
    return with_roles(made, CLAIM, {})


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return the figures of every condition and level."""
    found: dict[str, float] = {
        "threshold of a branch of level 2, synapses": float(dataset.attrs["threshold"]),
        "basal branches of a cell of level 2": float(dataset.attrs["branches"]),
    }
    for condition in dataset.condition.to_numpy():
        for level in dataset.level.to_numpy():
            of = dataset.sel(condition=condition, level=level)
            begin = f"{condition}, level {level}"
            found[f"{begin}: elements with the same cells"] = float(of.exact.mean())
            found[f"{begin}: elements with the same predictive cells"] = float(
                of.same_predictive.mean()
            )
            found[f"{begin}: active cells, Jaccard"] = float(of.jaccard.mean())
            found[f"{begin}: columns right"] = float(of.right_columns.mean())
            found[f"{begin}: seconds for an element"] = float(of.seconds.median())
    if QUIET in dataset.condition:
        clear = float(dataset.clear.sel(level=2, condition=QUIET).mean())
        found["elements with no overlap near the threshold"] = clear
    return found
