"""Recognition and sequence prediction by weights of different precision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate
from htm_brian.protocols.scalar_vs_binary.stimulus import (
    RELIABILITIES,
    Store,
    generator,
    make_store,
    transmitted,
)
from htm_brian.sdr.synaptic_readout import (
    Floats,
    area_under_curve,
    best_segment,
    binary_weights,
    evidence,
    expected_input,
    least_squares,
    move_bits,
    scores,
    sigmoid_weights,
    two_values,
)

if TYPE_CHECKING:
    from htm_brian.protocols.scalar_vs_binary import ScalarVsBinaryParameters

SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
"""Of all synapses that are connected, tried in tuning."""
SLOPES = (1.0, 3.0)
LOCAL = ("binary", "sigmoid", "continuous")
SCHEMES = (
    *LOCAL,
    "inhibited binary",
    "corrected binary",
    "corrected continuous",
    "fixed rate",
    "segments",
)


def empty(parameters: ScalarVsBinaryParameters) -> xr.Dataset:
    """Return the dataset to fill; what was not run stays NaN."""
    coords: dict[str, list[Any]] = {
        "sparsity": list(parameters.sparsities),
        "load": list(parameters.loads),
        "reliability": list(RELIABILITIES),
        "scheme": list(SCHEMES),
        "seed": list(range(parameters.n_seeds)),
    }
    shapes = {
        "recognition": ("load", "scheme"),
        "prediction": ("scheme",),
        "right_after_steps": ("scheme",),
    }
    dataset = xr.Dataset(coords=coords)
    for name, dims in shapes.items():
        whole = ("sparsity", "reliability", "seed", *dims)
        shape = tuple(len(coords[dim]) for dim in whole)
        dataset[name] = (whole, np.full(shape, np.nan), {"units": "1"})
    dataset.attrs.update(noise=parameters.noise, size=parameters.size)
    return dataset


def tune(
    parameters: ScalarVsBinaryParameters, sparsity: float, load: float
) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return, by reliability and scheme, the connected share and slope that recognise best.

    The store is none of those that are measured.
    """
    rng = generator(parameters, parameters.n_seeds, sparsity, load)
    store = make_store(parameters, sparsity, load, rng)
    targets = store.after[:, : parameters.measured_cells]
    found = {}
    for name, probability in parameters.probabilities.items():
        shown = transmitted(store, parameters, probability, rng)
        inputs = expected_input(store.before, parameters.noise, probability)
        local = evidence(inputs, targets)
        tried: dict[str, Iterator[tuple[tuple[float, ...], Floats]]] = {
            "binary": (((share,), binary_weights(local, share)) for share in SHARES)
        }
        if load == 1:
            whole = least_squares(inputs, targets)
            tried["corrected binary"] = (
                ((share,), binary_weights(whole, share)) for share in SHARES
            )
            tried["sigmoid"] = (
                ((share, slope), sigmoid_weights(local, share, slope))
                for share in SHARES
                for slope in SLOPES
            )
        for scheme, candidates in tried.items():
            rated = [(_recognition(shown, w, targets), setting) for setting, w in candidates]
            found[name, scheme] = max(rated)[1]
    return found


def measure(
    parameters: ScalarVsBinaryParameters,
    sparsity: float,
    load: float,
    number: int,
    tuned: dict[tuple[str, str], tuple[float, ...]],
) -> dict[tuple[Any, ...], float]:
    """Return what one store gives: variable and place, and the value there."""
    rng = generator(parameters, number, sparsity, load)
    store = make_store(parameters, sparsity, load, rng)
    measured = slice(None) if load == 1 else slice(parameters.measured_cells)
    targets = store.after[:, measured]
    found: dict[tuple[Any, ...], float] = {}
    for name, probability in parameters.probabilities.items():
        inputs = expected_input(store.before, parameters.noise, probability)
        shown = transmitted(store, parameters, probability, rng)
        local = evidence(inputs, targets)
        weights = {
            "binary": binary_weights(local, *tuned[name, "binary"]),
            "continuous": local,
        }
        if load == 1:
            weights["sigmoid"] = sigmoid_weights(local, *tuned[name, "sigmoid"])
            weights["inhibited binary"] = two_values(local, weights["binary"])
            for variable, scheme, value in _predict(parameters, store, weights, probability, rng):
                found[variable, ("reliability", name), ("scheme", scheme)] = value
            few = targets[:, : parameters.measured_cells]
            whole = least_squares(inputs, few)
            rate = (store.before.T @ few.astype(np.float32)) / np.maximum(few.sum(axis=0), 1)
            weights["corrected continuous"] = whole
            weights["corrected binary"] = binary_weights(whole, *tuned[name, "corrected binary"])
            weights["fixed rate"] = (rate >= IncidenceRate().connected_permanence).astype(
                np.float32
            )
            judged = best_segment(shown, store.before, few, parameters.synapses_per_segment, rng)
            place = (("reliability", name), ("load", load), ("scheme", "segments"))
            found["recognition", *place] = float(np.nanmean(area_under_curve(judged, few)))
        for scheme, w in weights.items():
            place = (("reliability", name), ("load", load), ("scheme", scheme))
            few = targets[:, : parameters.measured_cells]
            found["recognition", *place] = _recognition(shown, w[:, : few.shape[1]], few)
    return found


def _recognition(shown: Floats, weights: Floats, targets: NDArray[np.bool_]) -> float:
    return float(np.nanmean(area_under_curve(shown @ weights, targets)))


def _predict(
    parameters: ScalarVsBinaryParameters,
    store: Store,
    weights: dict[str, Floats],
    probability: float,
    rng: np.random.Generator,
) -> Iterator[tuple[str, str, float]]:
    """Yield the AUC of the next SDR's cells, and the share of right cells when running freely."""
    steps = rng.choice(len(store.before), parameters.measured_steps, replace=False)
    noisy = move_bits(store.before[steps], parameters.noise, rng)
    start = move_bits(store.sequences[: parameters.free_sequences, 0], parameters.noise, rng)
    n_active = int(start[0].sum())
    wanted = store.sequences[: parameters.free_sequences, parameters.free_steps]
    for scheme, w in weights.items():
        summed = scores(noisy, w, probability, rng)
        yield "prediction", scheme, float(area_under_curve(summed, store.after[steps], 1).mean())
        state = start
        for _ in range(parameters.free_steps):
            summed = scores(state, w, probability, rng)
            # Ties are broken at random: a constant order would favour the same cells every time.
            summed = summed + 1e-4 * rng.random(summed.shape, dtype=np.float32)
            first = np.argpartition(-summed, n_active - 1, axis=1)[:, :n_active]
            state = np.zeros_like(state)
            np.put_along_axis(state, first, True, axis=1)
        yield "right_after_steps", scheme, float((state & wanted).sum() / wanted.sum())
