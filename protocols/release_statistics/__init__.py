"""Quantal release, spike by spike, against its closed forms, for five kinds of connection.

Stimulus: many connections of each kind get the same regular train, from rest, and one more spike
half a second later; connections of the published depressing and facilitating sets get long trains
of several rates; a single cell gets one quantum. Measurement: the number of quanta and the
amplitude at each spike, failures included, and the time course of the potential. Checks: against
the binomial formulas, the deterministic model of short-term plasticity, and published values.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.engine.compiling import uncompiled
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol
from htm_brian.parameters import load_model
from htm_brian.protocols.release_statistics.checks import checks, metrics
from htm_brian.protocols.release_statistics.measurement import long_trains, potentials, short_train


@dataclass(frozen=True)
class ReleaseStatisticsParameters:
    """What a run of `ReleaseStatistics` depends on.

    Parameters
    ----------
    connections, long_connections : int
        Connections that get a train, and those that are followed for long.
    seed : int
        Of all that is left to chance.
    """

    connections: int = 200_000
    long_connections: int = 2_000
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("connections", self.connections, low=1000)
        check_integer("long_connections", self.long_connections, low=50)
        check_integer("seed", self.seed, low=0)


PRESETS = (
    "thalamocortical",
    "layer4_pair",
    "layer6_to_layer4",
    "layer23_pair",
    "layer5_pair",
)


class ReleaseStatistics(Protocol):
    """Mean, variation and failures of stochastic synapses, rested and in trains."""

    name = "release_statistics"
    claim = (
        "a connection releases quanta as N independent sites do, its trial average follows the "
        "deterministic model of short-term plasticity, and thalamic input to layer 4 is the most "
        "reliable, input from layer 6 the least"
    )
    source = (
        "Stratford et al. 1996, Nature 382:258; Gil et al. 1999, Neuron 23:385; Tsodyks, Uziel & "
        "Markram 2000, J Neurosci 20:RC50; Fuhrmann et al. 2002, J Neurophysiol 87:140"
    )
    parameters = ReleaseStatisticsParameters()

    def run(self, progress: Progress) -> Outcome:
        """Measure every kind of connection, then the long trains, then the potentials."""
        models = {name: load_model(name) for name in PRESETS}
        rows = [
            (f"{name}: {path}", *rest) for name, m in models.items() for path, *rest in m.rows()
        ]
        parts = []
        progress.begin("kinds of connection", len(models) + 2)
        with uncompiled():
            for name, model in models.items():
                parts.append(short_train(model, name, self.parameters))
                progress.advance()
                if progress.interrupted:
                    return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            dataset = xr.concat(parts, "preset").assign_coords(preset=list(models))
            dataset = dataset.merge(long_trains(self.parameters))
            progress.advance()
            dataset = dataset.merge(potentials(models))
            progress.advance()
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
