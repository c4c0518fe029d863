"""Old and new permanence rule on a sine wave, and why a threshold of 0.5 fails with the new one.

Stimulus: a sine wave, with and without noise on its values, encoded as active columns. Measurement:
how soon a memory with apical tie-break (here without apical input) expects the wave, that is, the
mean anomaly of a period falls below 0.1; and its precision, the share of predicted columns that
become active. Anomaly alone flatters a rule that connects everything, so such a rule is a control.

One reader of the thread saw the new rule fail: it went on with the counter's threshold, 0.5, and
the counter's start of new synapses, 0.21. Both are tried, together and the threshold alone. What
mostly goes wrong without noise: the wave passes most values twice a period, upwards and downwards.
A segment that serves both learns twice, and a synapse of one of them is active every second time:
its permanence swings from 0.475 to 0.525, and is below 0.5 when it is needed. A counter climbs to 1
instead. To show it, what was learned is read again, without learning, at thresholds of 0.46 and
0.5. That state lasts (with ``--set steps=4000 --set seeds=4``, all four runs ended at an anomaly of
0.16 to 0.18); new synapses at 0.5 get out of it, but slowly (there, three runs of four, after some
1,500 steps). With noise, most synapses are active less than every second time, and a threshold of
0.5 cuts them off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from htm_brian.abstract.apical_tiebreak import ApicalTiebreakSequenceMemory
from htm_brian.abstract.encoders import ScalarEncoder
from htm_brian.abstract.permanence import IncidenceRate, PermanenceRule, UpDown
from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check, format_number
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, Table

THREAD = "discussion: New Learning Rule for HTM Synapses"
READER = f"{THREAD}: 'the new one never reach a good prediction!'"
ANSWER = f"{THREAD}: 'If you've set it to 0.5 then it's way too high!'"
SIMILAR = f"{THREAD}: 'results seem on brief inspection to be very similar'"
OURS = "htm_brian's target"

COUNTER = UpDown(increment=0.1, decrement=0.02)
OLD, NEW, ALL = "counter", "rate 0.2", "all connected"
BOTH_WRONG, THRESHOLD_WRONG = "threshold 0.5, new at 0.21", "threshold 0.5, new at it"
VARIANTS: dict[str, dict[str, Any]] = {
    OLD: {"permanence_rule": COUNTER},
    NEW: {"permanence_rule": IncidenceRate(10.0, 0.2)},
    "rate 0.1": {"permanence_rule": IncidenceRate(10.0, 0.1)},
    "rate 0.05": {"permanence_rule": IncidenceRate(10.0, 0.05)},
    BOTH_WRONG: {"permanence_rule": IncidenceRate(10.0, 0.5), "initial_permanence": 0.21},
    THRESHOLD_WRONG: {"permanence_rule": IncidenceRate(10.0, 0.5)},
    ALL: {"permanence_rule": COUNTER, "connected_permanence": 0.0},
}
READ_AT = (0.46, 0.5)
GOOD = 0.1
"""An anomaly below this counts as good."""

REPORTED_STEPS = {OLD: 235, NEW: 119, "rate 0.1": 119, "rate 0.05": 118, BOTH_WRONG: np.inf}
REPORTED_NOISY = {OLD: (0.123, 0.492), NEW: (0.081, 0.418), BOTH_WRONG: (0.376, 0.522)}
"""Steps without noise, and anomaly and precision at a noise of 0.05, of an earlier calculation with
a memory, period and encoder of its own: comparisons, not targets."""


@dataclass(frozen=True)
class SinePredictionParameters:
    """What a run of `SinePrediction` depends on; noise is in amplitudes of the wave."""

    period: int = 50
    steps: int = 1500
    noise: tuple[float, ...] = (0.0, 0.05)
    columns: int = 1024
    cells_per_column: int = 16
    n_active: int = 40
    resolution: float = 0.005
    activation_threshold: int = 13
    min_threshold: int = 10
    sample_size: int = 20
    seeds: int = 5
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("cells_per_column", "min_threshold", "sample_size", "seeds"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("period", self.period, low=4)
        check_integer("steps", self.steps, low=6 * self.period)
        check_integer("columns", self.columns, low=6 * self.n_active)
        check_integer("activation_threshold", self.activation_threshold, 1, self.n_active)
        check_integer("seed", self.seed, low=0)
        for noise in self.noise:
            check_number("noise", noise, low=0.0, high=1.0)
        if 0.0 not in self.noise or len(self.noise) != 2:
            raise InputError(f"noise must be 0 and one other value, got {self.noise}")

    def memory(self, seed: int, **changes: Any) -> ApicalTiebreakSequenceMemory:
        """Return an untrained memory, with the permanences of a variant."""
        return ApicalTiebreakSequenceMemory(
            self.columns,
            self.cells_per_column,
            apical_input_size=1,
            activation_threshold=self.activation_threshold,
            min_threshold=self.min_threshold,
            sample_size=self.sample_size,
            seed=seed,
            **changes,
        )


class SinePrediction(Protocol):
    """Steps to a low anomaly, and precision, of both rules and of a mis-set threshold."""

    name = "sine_prediction"
    claim = (
        "the moving-average rule learns to predict a sine wave as well as the counter, unless its "
        "threshold is left at the counter's 0.5"
    )
    source = THREAD
    parameters = SinePredictionParameters()

    def run(self, progress: Progress) -> Outcome:
        """Run every variant on every noise and seed."""
        parameters = self.parameters
        progress.begin("runs", parameters.seeds * len(parameters.noise) * len(VARIANTS))
        found = _empty(parameters)
        for number in range(parameters.seeds):
            for noise in parameters.noise:
                for variant in VARIANTS:
                    place = {"variant": variant, "noise": noise, "number": number}
                    for name, values in _run(parameters, variant, noise, number).items():
                        found[name].loc[place] = values
                    progress.advance()
                    if progress.interrupted:
                        return Outcome(found, [], partial=True)
        verdicts = checks(found)
        return Outcome(found, verdicts, metrics=metrics(found), table=_table(found, verdicts))


def _empty(parameters: SinePredictionParameters) -> xr.Dataset:
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


def _run(
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
        "anomaly_read": _read(memory, columns[n_learning:], 2 * period),
    }


def _read(
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


def steps_to_good(dataset: xr.Dataset) -> xr.DataArray:
    """Return the steps until the mean anomaly of a period is below `GOOD`; infinite if never."""
    period = dataset.attrs["period"]
    mean = dataset.anomaly.rolling(step=period).mean()
    good = mean < GOOD
    return xr.where(good.any("step"), good.argmax("step") + 1.0, np.inf)


def final(dataset: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Return anomaly and precision over the last five periods."""
    last = dataset.isel(step=slice(-5 * dataset.attrs["period"], None))
    return last.anomaly.mean("step"), last.n_right.sum("step") / last.n_predicted.sum("step")


def checks(dataset: xr.Dataset) -> list[Check]:
    """Hold the new rule against the old, and the mis-set one against the thread's report."""
    steps, (anomaly, precision) = steps_to_good(dataset), final(dataset)
    middle, share = steps.median("number"), (steps < np.inf).mean("number")
    found = []
    for noise in dataset.noise.to_numpy().tolist():
        at = f", noise {noise:g}"
        here = {"noise": noise}
        ratio = middle.sel(variant=NEW, **here) / middle.sel(variant=OLD, **here)
        kept = precision.mean("number").sel(here)
        found += [
            _check(f"steps to anomaly below 0.1, new over old{at}", ratio, None, 1.5, OURS),
            _check(
                f"precision, new over old{at}",
                kept.sel(variant=NEW) / kept.sel(variant=OLD),
                0.8,
                None,
                SIMILAR,
            ),
            _check(
                f"runs with anomaly below 0.1, {BOTH_WRONG}{at}",
                share.sel(variant=BOTH_WRONG, **here),
                None,
                0.0,
                f"{READER}; {ANSWER}",
            ),
        ]
    noisy = {"noise": max(dataset.noise.to_numpy().tolist())}
    worse = anomaly.mean("number").sel(noisy)
    kept = precision.mean("number").sel(noisy)
    return [
        *found,
        _check(
            "anomaly, all connected over new, with noise",
            worse.sel(variant=ALL) / worse.sel(variant=NEW),
            None,
            1.0,
            f"{OURS}: anomaly alone flatters",
        ),
        _check(
            "precision, all connected over new, with noise",
            kept.sel(variant=ALL) / kept.sel(variant=NEW),
            None,
            1.0,
            f"{OURS}: precision does not",
        ),
    ]


def _check(
    name: str, value: xr.DataArray, low: float | None, high: float | None, source: str
) -> Check:
    return Check(name, float(value), "1", low, high, source)


def events_to_connect(rule: PermanenceRule, start: float, threshold: float) -> int:
    """Return after how many events with active input a new synapse is connected."""
    permanence, events = np.array([start], dtype=np.float32), 0
    while permanence[0] < np.float32(threshold - 1e-5):
        permanence = rule.update(permanence, np.array([True]))
        events += 1
    return events


def metrics(dataset: xr.Dataset) -> dict[str, float]:
    """Return what explains the failure of a mis-set threshold."""
    above = dataset.permanences.where(dataset.level > 0.5).sum("level").mean("number")
    read = dataset.anomaly_read.mean("number")
    found = {
        "events to connect, counter from 0.21": float(events_to_connect(COUNTER, 0.21, 0.5)),
        "events to connect, average from 0.21 to 0.5": float(
            events_to_connect(IncidenceRate(10.0, 0.5), 0.21, 0.5)
        ),
    }
    swinging = (dataset.level > 0.46) & (dataset.level < 0.54)
    caught = dataset.permanences.where(swinging).sum("level").mean("number").sel(noise=0.0)
    for variant in (OLD, BOTH_WRONG, THRESHOLD_WRONG):
        found[f"share of permanences within 0.04 of 0.5, {variant}, noise 0"] = float(
            caught.sel(variant=variant)
        )
    for noise in dataset.noise.to_numpy().tolist():
        for variant in (OLD, NEW, BOTH_WRONG):
            one = {"variant": variant, "noise": noise}
            at = f"{variant}, noise {noise:g}"
            found[f"share of permanences above 0.5, {at}"] = float(above.sel(one))
            for threshold in READ_AT:
                name = f"anomaly when read at {threshold:g}, {at}"
                found[name] = float(read.sel(one).sel(threshold=threshold))
    return found


def _table(dataset: xr.Dataset, verdicts: list[Check]) -> Table:
    """Return the checks, and every variant beside what was reported."""
    rows = [
        [check.name, format_number(check.value), check.target, check.verdict] for check in verdicts
    ]
    steps, (anomaly, precision) = steps_to_good(dataset).median("number"), final(dataset)
    for noise in dataset.noise.to_numpy().tolist():
        for variant in VARIANTS:
            one = {"variant": variant, "noise": noise}
            n_steps = float(steps.sel(one))
            values = (float(part.sel(one).mean()) for part in (anomaly, precision))
            text = "steps {}, anomaly {:.3f}, precision {:.3f}".format(_steps(n_steps), *values)
            rows.append([f"{variant}, noise {noise:g}", text, _reported(variant, noise), ""])
    return Table(["quantity", "found", "target", "verdict"], rows)


def _steps(number: float) -> str:
    return f"{number:.0f}" if np.isfinite(number) else "never"


def _reported(variant: str, noise: float) -> str:
    if noise == 0.0 and variant in REPORTED_STEPS:
        return f"reported: steps {_steps(REPORTED_STEPS[variant])}"
    if noise == 0.05 and variant in REPORTED_NOISY:
        return "reported: anomaly {:.3f}, precision {:.3f}".format(*REPORTED_NOISY[variant])
    return ""
