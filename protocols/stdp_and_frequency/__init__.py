"""Curves of spike timing, long trains at many rates, and spikes at random, for several rules.

Stimulus: 60 pairs at 1 Hz over intervals from -100 to 100 ms; 900 pulses at 1 to 50 Hz, each of
which makes the postsynaptic cell fire; independent random trains. Measurement: the strength after
over that before. Checks: the published curve of the calcium rule, the rate at which long trains
turn from depression to potentiation, and closed forms of the rules of spike timing.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, ms

from htm_brian.arguments import check_integer
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.stdp_and_frequency.checks import checks, metrics
from htm_brian.protocols.stdp_and_frequency.measurement import (
    CALCIUM,
    long_trains,
    random_timing,
    timing_curves,
)
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class StdpAndFrequencyParameters:
    """What a run of `StdpAndFrequency` depends on.

    Parameters
    ----------
    synapses : int
        At each point of a curve of the noisy calcium rule.
    random_synapses : int
        Synapses with random trains of their own.
    latency : Quantity
        From a presynaptic pulse of a long train to the postsynaptic spike that it causes.
    seed : int
        Of all that is left to chance.
    """

    synapses: int = 8000
    random_synapses: int = 400
    latency: Quantity = quantity(10 * ms)
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("synapses", self.synapses, low=800)
        check_integer("random_synapses", self.random_synapses, low=10)
        check_quantity("latency", self.latency, ms, positive=True, high=50 * ms)
        check_integer("seed", self.seed, low=0)


class StdpAndFrequency(Protocol):
    """What rules of plasticity make of the timing and of the rate of spikes."""

    name = "stdp_and_frequency"
    claim = (
        "the calcium rule has the published curve of spike timing, and long trains turn from "
        "depression to potentiation between 5 and 10 Hz"
    )
    source = (
        "Graupner & Brunel 2012, PNAS 109:3991; Dudek & Bear 1992, PNAS 89:4363; Pfister & "
        "Gerstner 2006, J Neurosci 26:9673"
    )
    parameters = StdpAndFrequencyParameters()
    quick = QuickForm(StdpAndFrequencyParameters(synapses=2000, random_synapses=100))

    def run(self, progress: Progress) -> Outcome:
        """Measure curves, long trains and random trains."""
        progress.begin("curves, long trains, random trains", 3)
        dataset = timing_curves(self.parameters)
        progress.advance()
        dataset = dataset.merge(long_trains(self.parameters))
        progress.advance()
        dataset = dataset.merge(random_timing(self.parameters))
        progress.advance()
        rows = [(f"{name}: {path}", *rest) for name in CALCIUM
                for path, *rest in load_model(name).rows()]  # fmt: skip
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
