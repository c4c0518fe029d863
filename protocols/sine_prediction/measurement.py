"""One memory on one wave: anomaly and precision period by period, and what it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.apical_tiebreak import ApicalTiebreakSequenceMemory
from htm_brian.abstract.encoders import ScalarEncoder
from htm_brian.protocols.sine_prediction.stimulus import VARIANTS

if TYPE_CHECKING:
    from htm_brian.protocols.sine_prediction import SinePredictionParameters

READ_AT = (0.46, 0.5)


def empty(parameters: SinePredictionParameters) -> xr.Dataset:
    """Return the dataset to fill; what was not run stays NaN."""
    coords: dict[str, Any] = {
        "variant": list(VARIANTS),
        "noise": list(parameters.noise),
        "number": np.arange(parameters.seeds),
        "step": np.arange(parameters.steps),
        "level": (np.arange(50) + 0.5) / 50,
        "threshold": list(READ_AT),
    }
    runs = ("variant", "noise", "number")
    dims = {
        "anomaly": (*runs, "step"),
        "n_predicted": (*runs, "step"),
        "n_right": (*runs, "step"),
        "permanences": (*runs, "level"),
        "anomaly_read": (*runs, "threshold"),
    }
    shapes = {name: [len(coords[dim]) for dim in names] for name, names in dims.items()}
    variables = {
        name: (names, np.full(shapes[name], np.nan, np.float32)) for name, names in dims.items()
    }
    return xr.Dataset(variables, coords=coords, attrs={"period": parameters.period})


def run_memory(
    parameters: SinePredictionParameters, variant: str, noise: float, number: int
) -> dict[str, NDArray[np.float64]]:
    """Learn one wave; then read what was learned at other thresholds."""
    seed = parameters.seed + number
    encoder = ScalarEncoder(
        parameters.columns, parameters.n_active, parameters.resolution, seed=seed
    )
    rng = np.random.default_rng(seed)
    period, n_learning = parameters.period, parameters.steps
    n_steps = n_learning + 2 * period * len(READ_AT)
    wave = np.sin(2 * np.pi * np.arange(n_steps) / period)
    columns = [
        encoder.encode(value).sparse for value in wave + noise * rng.standard_normal(n_steps)
    ]
    memory = parameters.memory(seed, **VARIANTS[variant])
    anomaly, n_predicted, n_right = np.zeros((3, n_learning))
    for step in range(n_learning):
        memory.compute(columns[step])
        anomaly[step] = memory.anomaly
        n_predicted[step] = len(memory.predicted_columns)
        n_right[step] = len(memory.active_columns) - len(memory.column_bursts)
    permanence = memory.basal.flat().permanence
    return {
        "anomaly": anomaly,
        "n_predicted": n_predicted,
        "n_right": n_right,
        "permanences": np.histogram(permanence, 50, (0, 1))[0] / max(len(permanence), 1),
        "anomaly_read": read(memory, columns[n_learning:], 2 * period),
    }


def read(
    memory: ApicalTiebreakSequenceMemory, columns: list[NDArray[np.int64]], n_steps: int
) -> NDArray[np.float64]:
    """Return the mean anomaly at each threshold, without learning, of the second of two periods."""
    anomaly = np.zeros(len(columns))
    for step, active in enumerate(columns):
        memory.connected_permanence = READ_AT[step // n_steps]
        memory.compute(active, learn=False)
        anomaly[step] = memory.anomaly
    halves = anomaly.reshape(len(READ_AT), 2, -1)
    mean: NDArray[np.float64] = halves[:, 1].mean(axis=1)
    return mean
