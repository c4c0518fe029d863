"""The hand-set cell, and the fitted one at the slow interval, against the abstract memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from htm_brian.comparison.table import BELOW_CEILING, SAME_STEPS
from htm_brian.experiment.checks import Check
from htm_brian.protocols.fitted_network.stimulus import BRIEF, HAND, Variant

if TYPE_CHECKING:
    from htm_brian.protocols.fitted_network import FittedNetworkParameters

TARGETS = "htm_brian's targets for level 1 against level 0"


def checks(dataset: xr.Dataset, p: FittedNetworkParameters) -> list[Check]:
    """Hold the hand-set cell, and the fitted one at the slow interval, against the targets."""
    result = []
    for variant in (Variant(HAND, p.period), Variant(BRIEF, p.slow)):
        here = dataset.sel(variant=variant.name)
        result.append(
            Check(
                f"{variant.name}: share of steps with the same active and predictive cells",
                float(here.same_steps),
                "1",
                SAME_STEPS,
                None,
                TARGETS,
            )
        )
        if "apart_jaccard" in dataset:
            for name in ("recall", "jaccard"):
                below = float(here[f"apart_{name}"] - here[f"apart_{name}_ceiling"])
                label = f"{variant.name}, trained apart: {name} of predicted columns less ceiling"
                result.append(Check(label, below, "1", -BELOW_CEILING, None, TARGETS))
    return result


def metrics(dataset: xr.Dataset) -> dict[str, object]:
    """Return every number by variant."""
    names = [name for name in dataset.data_vars if dataset[name].dims == ("variant",)]
    return {
        str(variant): {str(name): float(dataset[name].sel(variant=variant)) for name in names}
        for variant in dataset.variant.values
    }
