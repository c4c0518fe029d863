"""Where does precision in a weight begin to pay? Binary, graded and continuous weights on SDRs.

Stimulus: a memory of transitions from SDR to SDR. A population of `size` cells, of which a share
(the sparsity) is on in every SDR, stores as many transitions as it has cells (load 1), at every
sparsity the same number. So each cell must recognise that share of all stored SDRs which precede
its own activity, against all others. Presentations are noisy: of their on-bits 20 % are moved, and
with unreliable synapses half of all spikes are not transmitted.

Measurement, two tasks on one store. *Recognition*: area under the receiver's operating curve (AUC)
of a cell over all stored SDRs, so that no threshold has to be chosen. *Sequence prediction*: that
area over all cells at one step, and what is left of the right SDR after some steps in which the
network goes on from its own predictions.

Design, fixed before any outcome was seen:

- The threads claim that scalar weights "are the only way to distinguish between codes" that are
  dense, and that they add little to sparse ones. So sparsity is varied, and number of cells, of
  transitions, noise and release stay. In a population with dense codes each cell takes part in more
  of them: that is where the sparsity matters; per cell alone, the load would not depend on it.
- Load 1 is the natural scale of memories that sum over synapses. Lighter loads are measured, too:
  where nothing is hard, no precision pays.
- All weights express *the same knowledge*, the synapse's log-odds under noise and failures, which
  is the best that a synapse can know by itself; only their precision differs. Continuous weights
  may be negative. The binary weights' threshold, and threshold and slope of the sigmoid, are tuned
  for every condition on a store of its own.
- Beside them stands a rule that corrects errors (least squares over all noisy presentations), again
  continuous and made binary, and, as a control, a threshold that is never adapted: the default
  incidence rate of the moving-average rule, whatever the sparsity.

Added to explain the outcome, and no part of the checks: binary weights under inhibition in
proportion to the spikes that arrive, which tells precision from sign; and a cell with one segment
for each of its SDRs, as in HTM, which needs more synapses and no precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import t as student

from htm_brian.abstract.permanence import IncidenceRate
from htm_brian.arguments import check_integer, check_number
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.experiment.threads import one_thread
from htm_brian.readout import (
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

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
SPARSE = f"{THREAD}: with SDRs scalar synapses 'don't add much'; htm_brian's target: 0.02"
DENSE = f"{THREAD}: dense codes make scalar synapses 'essential'; htm_brian's target: 0.05"

TRANSITIONS = 16
"""Of one sequence."""
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
RELIABILITIES = ("reliable", "unreliable")
WORTH = 0.02
"""A gain in AUC below this is not worth the precision."""


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
                raise ValueError(
                    f"sparsities must hold {getattr(self, name)}, got {self.sparsities}"
                )
        for load in self.loads:
            check_number("loads", load, low=4 * TRANSITIONS / self.size, high=4)
        if max(self.loads) != 1:
            raise ValueError(f"the largest of loads must be 1, got {self.loads}")
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


class ScalarVsBinary(Protocol):
    """AUC of both tasks by precision of the weights, sparsity, reliability and load."""

    name = "scalar_vs_binary"
    claim = (
        "with sparse codes binary synapses recognise and predict as well as scalar ones; with "
        "dense codes they do not"
    )
    source = THREAD
    parameters = ScalarVsBinaryParameters()

    def run(self, progress: Progress) -> Outcome:
        """Measure every seed on every sparsity, then the gain of precision."""
        with one_thread():
            return self._run(progress)

    def _run(self, progress: Progress) -> Outcome:
        parameters = self.parameters
        dataset = _empty(parameters)
        progress.begin("stores of transitions", len(parameters.sparsities) * parameters.n_seeds)
        for place, sparsity in enumerate(parameters.sparsities):
            tuned = {load: tune(parameters, sparsity, load) for load in parameters.loads}
            for number in range(parameters.n_seeds):
                for load in parameters.loads:
                    one = measure(parameters, sparsity, load, number, tuned[load])
                    for (variable, *where), value in one.items():
                        key = {"sparsity": sparsity, "seed": number, **dict(where)}
                        dataset[variable].loc[key] = value
                progress.advance()
                if progress.interrupted:
                    return Outcome(dataset.isel(sparsity=slice(place)), [], partial=True)
        add_gains(dataset)
        return Outcome(dataset, checks(dataset, parameters), metrics=metrics(dataset, parameters))


def _empty(parameters: ScalarVsBinaryParameters) -> xr.Dataset:
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


def add_gains(dataset: xr.Dataset) -> None:
    """Add by how much continuous weights lead, with half the width of its 95 % interval."""
    pairs = {
        "recognition_gain": ("recognition", "continuous", "binary"),
        "prediction_gain": ("prediction", "continuous", "binary"),
        "sigmoid_gain": ("recognition", "sigmoid", "binary"),
        "inhibited_gain": ("recognition", "continuous", "inhibited binary"),
        "inhibited_prediction_gain": ("prediction", "continuous", "inhibited binary"),
        "segments_gain": ("recognition", "continuous", "segments"),
        "corrected_gain": ("recognition", "corrected continuous", "corrected binary"),
        "fixed_rate_loss": ("recognition", "continuous", "fixed rate"),
    }
    n = dataset.sizes["seed"]
    for name, (variable, scalar, binary) in pairs.items():
        gain = dataset[variable].sel(scheme=scalar) - dataset[variable].sel(scheme=binary)
        half = student.ppf(0.975, n - 1) * gain.std("seed", ddof=1) / np.sqrt(n)
        dataset[name] = gain.mean("seed").assign_attrs(units="1")
        dataset[f"{name}_interval"] = half.assign_attrs(units="1")


def checks(dataset: xr.Dataset, parameters: ScalarVsBinaryParameters) -> list[Check]:
    """Hold the lead of continuous weights over binary ones against the threads' claims."""
    found = []
    gains = {
        "recognition": dataset.recognition_gain.sel(load=1.0),
        "sequence prediction": dataset.prediction_gain,
    }
    for task, gain in gains.items():
        for name in RELIABILITIES:
            one = gain.sel(reliability=name)
            lead = f"AUC, continuous less binary weights, {task}, {name} synapses"
            sparse = float(one.sel(sparsity=parameters.sparse))
            dense = float(one.sel(sparsity=parameters.dense))
            found.append(
                Check(f"{lead}, {parameters.sparse:.0%} on", sparse, "1", -0.02, 0.02, SPARSE)
            )
            found.append(Check(f"{lead}, {parameters.dense:.0%} on", dense, "1", 0.05, None, DENSE))
    return found


def metrics(dataset: xr.Dataset, parameters: ScalarVsBinaryParameters) -> dict[str, Any]:
    """Return intervals, what other rules make of precision, and where it begins to pay."""
    found: dict[str, Any] = {}
    full = dataset.sel(load=1.0)
    for name in RELIABILITIES:
        one = full.sel(reliability=name)
        for sparsity in (parameters.sparse, parameters.dense):
            at = one.sel(sparsity=sparsity)
            where = f"{name}, {sparsity:.0%} on"
            for label, variable in (
                ("recognition", "recognition_gain"),
                ("sequence prediction", "prediction_gain"),
                ("recognition after error correction", "corrected_gain"),
            ):
                half = float(at[f"{variable}_interval"])
                found[f"95 % interval of the lead, {label}, {where}"] = (
                    f"{float(at[variable]) - half:.4f} to {float(at[variable]) + half:.4f}"
                )
            found[f"AUC of binary weights, recognition, {where}"] = float(
                at.recognition.sel(scheme="binary").mean()
            )
            for scheme in ("binary", "inhibited binary", "continuous"):
                found[f"right cells after own predictions, {scheme} weights, {where}"] = float(
                    at.right_after_steps.sel(scheme=scheme).mean()
                )
            inhibited = (
                ("recognition", at.inhibited_gain),
                ("sequence prediction", at.inhibited_prediction_gain),
            )
            for task, gain in inhibited:
                found[f"lead over binary weights under inhibition, {task}, {where}"] = float(gain)
            found[f"lead over one segment for each SDR, {where}"] = float(at.segments_gain)
            found[f"lead over a threshold that is not adapted, {where}"] = float(at.fixed_rate_loss)
        for label, variable in (("", "recognition_gain"), (", under inhibition", "inhibited_gain")):
            sure = one[variable] - one[f"{variable}_interval"] > WORTH
            paying = one.sparsity.where(sure, drop=True)
            what = f"least share of bits on where continuous weights lead by {WORTH} AUC"
            found[f"{what}{label}, {name}"] = float(paying.min()) if paying.size else "none"
    return found
