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

from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import t as student

from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.experiment.threads import one_thread
from htm_brian.protocols._precision_tasks import (
    RELIABILITIES,
    ScalarVsBinaryParameters,
    measure,
    tune,
)

THREAD = "discussion: Why don't HTM neuron synapses model long term potentiation and depression?"
SPARSE = f"{THREAD}: with SDRs scalar synapses 'don't add much'; htm_brian's target: 0.02"
DENSE = f"{THREAD}: dense codes make scalar synapses 'essential'; htm_brian's target: 0.05"

LOCAL = ("binary", "sigmoid", "continuous")
SCHEMES = (
    *LOCAL,
    "inhibited binary",
    "corrected binary",
    "corrected continuous",
    "fixed rate",
    "segments",
)
WORTH = 0.02
"""A gain in AUC below this is not worth the precision."""


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
