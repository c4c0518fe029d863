"""The tasks of `scalar_vs_binary`: a store of transitions, weights of all precisions, scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate
from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.sdr.synaptic_readout import (
    Floats,
    area_under_curve,
    best_segment,
    binary_weights,
    evidence,
    expected_input,
    least_squares,
    move_bits,
    random_patterns,
    scores,
    sigmoid_weights,
    two_values,
)

TRANSITIONS = 16
"""Of one sequence."""
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
"""Of all synapses that are connected, tried in tuning."""
SLOPES = (1.0, 3.0)
RELIABILITIES = ("reliable", "unreliable")


@dataclass(frozen=True)
class ScalarVsBinaryParameters:
    """What a run of `ScalarVsBinary` depends on."""

    size: int = 800
    sparsities: tuple[float, ...] = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5)
    loads: tuple[float, ...] = (0.125, 0.25, 0.5, 1.0)
    noise: float = 0.2
    transmission_probability: float = 0.5
    measured_cells: int = 32
    synapses_per_segment: int = 20
    measured_steps: int = 16
    free_sequences: int = 4
    free_steps: int = 5
    n_seeds: int = 20
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("size", self.size, low=64)
        for sparsity in self.sparsities:
            check_number("sparsities", sparsity, low=1 / self.size, high=0.5)
        for name in ("sparse", "dense"):
            if getattr(self, name) not in self.sparsities:
                raise InputError(
                    f"sparsities must hold {getattr(self, name)}, got {self.sparsities}"
                )
        for load in self.loads:
            check_number("loads", load, low=4 * TRANSITIONS / self.size, high=4)
        if max(self.loads) != 1:
            raise InputError(f"the largest of loads must be 1, got {self.loads}")
        check_number("noise", self.noise, low=0, high=0.5)
        check_number("transmission_probability", self.transmission_probability, low=0.05, high=1)
        check_integer("measured_cells", self.measured_cells, low=1, high=self.size)
        check_integer("n_seeds", self.n_seeds, low=2)
        check_integer("seed", self.seed, low=0)

    sparse = 0.02
    dense = 0.25

    @property
    def probabilities(self) -> dict[str, float]:
        """Transmission probability by name."""
        return dict(zip(RELIABILITIES, (1.0, self.transmission_probability), strict=True))


@dataclass(frozen=True)
class Store:
    """Sequences of SDRs, and the transitions that they are made of."""

    sequences: NDArray[np.bool_]

    @property
    def before(self) -> NDArray[np.bool_]:
        """The SDR of each transition that comes first."""
        return self.sequences[:, :-1].reshape(-1, self.sequences.shape[-1])

    @property
    def after(self) -> NDArray[np.bool_]:
        """The SDR of each transition that comes second."""
        return self.sequences[:, 1:].reshape(-1, self.sequences.shape[-1])


def make_store(
    parameters: ScalarVsBinaryParameters, sparsity: float, load: float, rng: np.random.Generator
) -> Store:
    """Return a store of `load` transitions a cell."""
    n_sequences = round(load * parameters.size / TRANSITIONS)
    patterns = random_patterns(
        n_sequences * (TRANSITIONS + 1), parameters.size, round(sparsity * parameters.size), rng
    )
    return Store(patterns.reshape(n_sequences, TRANSITIONS + 1, -1))


def tune(
    parameters: ScalarVsBinaryParameters, sparsity: float, load: float
) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return, by reliability and scheme, the connected share and slope that recognise best.

    The store is none of those that are measured.
    """
    rng = _generator(parameters, parameters.n_seeds, sparsity, load)
    store = make_store(parameters, sparsity, load, rng)
    targets = store.after[:, : parameters.measured_cells]
    found = {}
    for name, probability in parameters.probabilities.items():
        shown = _transmitted(store, parameters, probability, rng)
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
    rng = _generator(parameters, number, sparsity, load)
    store = make_store(parameters, sparsity, load, rng)
    measured = slice(None) if load == 1 else slice(parameters.measured_cells)
    targets = store.after[:, measured]
    found: dict[tuple[Any, ...], float] = {}
    for name, probability in parameters.probabilities.items():
        inputs = expected_input(store.before, parameters.noise, probability)
        shown = _transmitted(store, parameters, probability, rng)
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


def _generator(
    parameters: ScalarVsBinaryParameters, number: int, sparsity: float, load: float
) -> np.random.Generator:
    place = (parameters.sparsities.index(sparsity), parameters.loads.index(load))
    return np.random.default_rng([parameters.seed, number, *place])


def _transmitted(
    store: Store,
    parameters: ScalarVsBinaryParameters,
    probability: float,
    rng: np.random.Generator,
) -> Floats:
    """Return one noisy presentation of every SDR, without the spikes that fail.

    For a cell its synapses fail one by one; the cells that are measured share the draws, since each
    is judged by itself.
    """
    noisy = move_bits(store.before, parameters.noise, rng)
    if probability < 1:
        noisy &= rng.random(noisy.shape, dtype=np.float32) < probability
    return noisy.astype(np.float32)


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
