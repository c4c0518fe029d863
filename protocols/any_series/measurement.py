"""Both levels on every series, with every seed, as `validate` compares them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from htm_brian.experiment.progress import Named, Progress
from htm_brian.experiment.protocol import Outcome
from htm_brian.protocols.any_series.stimulus import write_series
from htm_brian.protocols.validate import Validate, ValidateParameters

if TYPE_CHECKING:
    from htm_brian.protocols.any_series import AnySeriesParameters

APART = 10
"""From one seed to the next: those between are of the abstract memories that make the ceiling."""


def comparisons(p: AnySeriesParameters) -> dict[tuple[str, int], Validate]:
    """Return a comparison for each series and number of a seed, with its input read and checked.

    Raises
    ------
    InputError
        If a file cannot be read, or a size, model or setting is refused.
    """
    with TemporaryDirectory() as folder:
        return {
            (name, number): _comparison(p, name, p.seed + APART * number, Path(folder))
            for name in p.series
            for number in range(p.seeds)
        }


def _comparison(p: AnySeriesParameters, name: str, seed: int, folder: Path) -> Validate:
    return Validate(
        ValidateParameters(
            input=write_series(name, p.length, seed, folder),
            columns=p.columns,
            cells=p.cells,
            neurons_per_cell=p.neurons_per_cell,
            steps=p.steps,
            seed=seed,
            mode=p.mode,
            model=p.model,
            cell_model=p.cell_model,
            jobs=p.jobs,
            codegen=p.codegen,
        )
    )


def measure(
    p: AnySeriesParameters, planned: dict[tuple[str, int], Validate], progress: Progress
) -> tuple[xr.Dataset, bool]:
    """Return the checks of every comparison, and whether none was stopped."""
    found: dict[tuple[str, int], Outcome] = {}
    for count, ((name, number), comparison) in enumerate(planned.items(), start=1):
        said = f"{count} of {len(planned)}, {Path(name).name}, seed {number}: "
        outcome = comparison.run(Named(progress, said))
        if outcome.partial or progress.interrupted:
            break
        found[name, number] = outcome
    return to_dataset(p, found), len(found) == len(planned)


def to_dataset(p: AnySeriesParameters, found: dict[tuple[str, int], Outcome]) -> xr.Dataset:
    """Return values and better ends of the checks; NaN where a run has not that check.

    Parameters
    ----------
    p : AnySeriesParameters
    found : dict of (str, int) to Outcome
        By series and number of the seed.

    Returns
    -------
    Dataset
        ``value`` and ``better_end`` by series, seed and check.
    """
    names = list(dict.fromkeys(c.name for outcome in found.values() for c in outcome.checks))
    shape = len(p.series), p.seeds, len(names)
    values, better = np.full(shape, np.nan), np.full(shape, np.nan)
    for (name, number), outcome in found.items():
        for check in outcome.checks:
            at = p.series.index(name), number, names.index(check.name)
            values[at] = check.value
            better[at] = check.value if check.better_end is None else check.better_end
    dims = "series", "seed", "check"
    ends = {"value": "worse end of the interval, or the value", "better_end": "its better end"}
    return xr.Dataset(
        {
            key: (dims, array, {"units": "1", "long_name": ends[key]})
            for key, array in (("value", values), ("better_end", better))
        },
        coords={"series": [Path(name).name for name in p.series], "check": names},
    )
