"""What release failures cost an SDR: closed form, sampled synapses and spiking branches at once.

Stimulus: a volley, of single spikes or of bursts of two or three, arrives at all synapses of a
segment. Measurement: how often enough of them transmit, against the probability of transmission,
the threshold and the number of synapses: in the closed form; by sampling every synapse; in Brian2
on level-1 branches, whose plateau is an event that is seen at the soma; and on level-2 branches,
whose NMDA spike comes of its receptors, at the threshold that they turn out to have. On both with
spikes at one moment and spread in time. Checks: sampling against theory; level 1 against theory and
its coincidence window; level 2 against theory and the sum of its NMDA conductances.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr
from brian2 import Quantity, ms, second

from htm_brian.arguments import check_integer
from htm_brian.cells.pyramidal import require_level_1
from htm_brian.engine.compiling import uncompiled
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.release_robustness import level1, level2
from htm_brian.protocols.release_robustness.checks import checks, metrics
from htm_brian.protocols.release_robustness.sampling import SIZES, THRESHOLD, closed_form, sampled
from htm_brian.protocols.release_robustness.shift import shares
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class ReleaseRobustnessParameters:
    """What a run of `ReleaseRobustness` depends on.

    Parameters
    ----------
    cell_model, network_model, branch_model : str
        Cell and network of level 1, and the cell of level 2 whose branch is taken.
    jitter : Quantity
        SD of the times of spikes that are spread.
    trials : int
        Sampled trials of each condition.
    repeats, branch_repeats : int
        Spiking trials of level 1 and of level 2.
    burst_connections : int
        Connections with short-term plasticity that get bursts.
    spiking_thresholds : tuple of int
        Synapses that a plateau of level 1 takes.
    window_trials : int
        Trials of what the coincidence window alone predicts.
    speed_trials : int
        Trials by which sampling is timed.
    seed : int
        Of all that is left to chance.
    """

    cell_model: str = "l5_reduced"
    network_model: str = "minicolumns"
    branch_model: str = "l5_thick_tufted"
    jitter: Quantity = quantity(10 * ms)
    trials: int = 1_000_000
    repeats: int = 200
    branch_repeats: int = 200
    burst_connections: int = 50_000
    spiking_thresholds: tuple[int, ...] = (10, THRESHOLD, 20)
    window_trials: int = 2000
    speed_trials: int = 1_000_000
    seed: int = 42

    def __post_init__(self) -> None:
        sizes = ("trials", "repeats", "branch_repeats", "burst_connections")
        for name in (*sizes, "window_trials", "speed_trials"):
            check_integer(name, getattr(self, name), low=20)
        for threshold in self.spiking_thresholds:
            check_integer("each of spiking_thresholds", threshold, low=1, high=max(SIZES))
        check_integer("seed", self.seed, low=0)
        if THRESHOLD not in self.spiking_thresholds:
            raise InputError(
                f"spiking_thresholds must hold {THRESHOLD}, at which curves are drawn, "
                f"got {self.spiking_thresholds}"
            )
        check_quantity("jitter", self.jitter, second, low=0 * ms, high=50 * ms)


class ReleaseRobustness(Protocol):
    """Detection of a pattern by synapses that fail: theory, sampling, spiking branches."""

    name = "release_robustness"
    claim = (
        "with sparse representations some percent of the synapses may fail at any moment: more "
        "synapses, several release sites or a burst buy the misses back, at a known price"
    )
    source = (
        "Ahmad & Hawkins 2015, arXiv:1503.07469; Hawkins & Ahmad 2016, Front. Neural Circuits 10:23"
    )
    parameters = ReleaseRobustnessParameters()
    seeds_by_default = 10

    def __init__(self, parameters: ReleaseRobustnessParameters | None = None) -> None:
        super().__init__(parameters)
        self._cell = require_level_1(load_model(self.parameters.cell_model))
        self._network = load_model(self.parameters.network_model)
        self._branch = level2.one_branch(load_model(self.parameters.branch_model))

    def run(self, progress: Progress) -> Outcome:
        """Compute, sample, simulate."""
        parameters = self.parameters
        rows = [*self._cell.rows(), *self._network.rows(), *self._branch.rows()]
        progress.begin("ways to the same curve", 3 + 2 * len(parameters.spiking_thresholds))
        parts = [closed_form(), sampled(parameters)]
        progress.advance()
        with uncompiled():
            plateaus = level1.measure(self._cell, self._network, parameters, progress)
            if plateaus is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            interval = self._cell["burst"]["interval"]
            parts += [plateaus, level2.measure(self._branch, parameters, interval)]
            progress.advance()
            bursts = level1.burst_transmission(parameters.burst_connections, parameters.seed)
            parts.append(bursts)
        dataset = xr.merge(parts, join="outer", compat="no_conflicts", combine_attrs="drop")
        dataset = dataset.merge(shares(dataset, parameters.repeats, parameters.window_trials))
        dataset.attrs |= {
            "repeats": parameters.repeats,
            "branch_repeats": parameters.branch_repeats,
            "trials": parameters.trials,
            "jitter": float(parameters.jitter / ms),
            "threshold": THRESHOLD,
        }
        progress.advance()
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
