"""A small protocol for the tests: counts of a Poisson process, in seven ways of ending."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Hz, Quantity, ms

from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity


@dataclass(frozen=True)
class Parameters:
    rate: Quantity = quantity(40 * Hz)
    window: Quantity = quantity(500 * ms)
    trials: int = 400
    seed: int = 1
    largest_fano: float = 1.3
    ending: str = "complete"

    def __post_init__(self) -> None:
        if self.trials < 2:
            raise InputError(f"trials must be at least 2, got {self.trials}")
        if self.ending == "defect in set-up":
            np.zeros(2) + np.zeros(3)


class PoissonCounts(Protocol):
    name = "poisson_counts"
    claim = "Counts of a Poisson process vary as much as their mean: Fano factor 1."
    source = "Poisson 1837, <Recherches sur la probabilité des jugements>"
    parameters = Parameters()
    quick = QuickForm(Parameters(trials=50), {"Fano factor": "50 counts do not tell a variance"})

    def run(self, progress: Progress) -> Outcome:
        p = self.parameters
        if p.ending == "memory":
            raise MemoryError("Unable to allocate 10 PiB")
        if p.ending == "input":
            raise InputError("the series is too short; give one of at least 10 values")
        if p.ending == "defect":
            raise ValueError("a defect in the run")
        rng = np.random.default_rng(p.seed)
        counts = []
        progress.begin("counting", p.trials)
        for trial in range(p.trials):
            if trial == p.trials // 2 and p.ending == "interrupted":
                signal.raise_signal(signal.SIGINT)
            if trial == p.trials // 2 and p.ending == "interrupted twice":
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
            if progress.interrupted:
                break
            counts.append(rng.poisson(float(p.rate * p.window)))
            progress.advance()
        fano = float(np.var(counts) / np.mean(counts))
        dataset = xr.Dataset({"count": ("trial", counts, {"units": "spikes"})})
        checks = [
            Check("Fano factor", fano, "1", 0.7, p.largest_fano, "Poisson 1837"),
            Check("mean count", float(np.mean(counts)), "spikes", 18.0, 22.0, "rate times window"),
        ]
        rows = [("source.rate", 40.0, "Hz", "a choice", 1.0, 100.0, "any rate would do")]
        metrics = {"largest": int(max(counts)), "nested": {"none": float("nan")}}
        partial = len(counts) < p.trials
        return Outcome(dataset, checks, metrics, partial, rows)
