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
0.5. That state lasts; new synapses at 0.5 get out of it, but slowly. With noise, most synapses
are active less than every second time, and a threshold of 0.5 cuts them off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from htm_brian.abstract.apical_tiebreak import ApicalTiebreakSequenceMemory
from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.protocols.sine_prediction.checks import THREAD, checks, metrics, table
from htm_brian.protocols.sine_prediction.measurement import empty, run_memory
from htm_brian.protocols.sine_prediction.stimulus import VARIANTS


@dataclass(frozen=True)
class SinePredictionParameters:
    """What a run of `SinePrediction` depends on; noise is in amplitudes of the wave.

    Parameters
    ----------
    period, steps : int
        Of the wave, in steps, and of learning.
    noise : tuple of float
        SD added to the values, in amplitudes of the wave: 0 and one other.
    columns, cells_per_column, n_active : int
        Size of the memory, and active columns of a value.
    resolution : float
        Of the encoder, in amplitudes of the wave.
    activation_threshold, min_threshold, sample_size : int
        Synapses that make a segment active, that make it match, and that it may have.
    seeds : int
        Memories of each condition.
    seed : int
        Of all that is left to chance.
    """

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
    seeds: int = 10
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("cells_per_column", "n_active", "min_threshold", "sample_size", "seeds"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("period", self.period, low=4)
        check_integer("steps", self.steps, low=6 * self.period)
        check_integer("columns", self.columns, low=6 * self.n_active)
        check_integer("activation_threshold", self.activation_threshold, 1, self.n_active)
        check_number("resolution", self.resolution, low=1e-6, high=1.0)
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
        found = empty(parameters)
        for number in range(parameters.seeds):
            for noise in parameters.noise:
                for variant in VARIANTS:
                    place = {"variant": variant, "noise": noise, "number": number}
                    for name, values in run_memory(parameters, variant, noise, number).items():
                        found[name].loc[place] = values
                    progress.advance()
                    if progress.interrupted:
                        return Outcome(found, [], partial=True)
        verdicts = checks(found)
        return Outcome(found, verdicts, metrics=metrics(found), table=table(found, verdicts))
