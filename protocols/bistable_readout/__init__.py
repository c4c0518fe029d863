"""An ambiguous SDR is read out as A in some trials and as B in others, thanks to lost spikes.

Stimulus: two assemblies of layer-5 cells of level 1, one with synapses to the bits of SDR A, one to
those of SDR B, that inhibit each other. Some of A's bits fire in bursts, and some of B's; half of
each is the ambiguous SDR. Measurement: which assembly fires more, trial by trial, in several
networks whose synapses differ a little. Control: the same networks with synapses that always
transmit the mean; what is left of chance there is the small variation of the relays' spikes.

Both assemblies have the same mixture of cells with stronger and weaker drive (`drive_spread`).
Without it all cells fire at one time, sooner than inhibition can come, and nobody wins.

Without chance the slightest difference between the assemblies decides, and it decides the same way
every time. Lost spikes outweigh it: the difference between the assemblies' drives has a standard
deviation of CV of the synapse / sqrt(active synapses x cells) of its mean, and synapses that
differ by the share `weight_variation` shift it by only that share over the same square root. So the
reading of an ambiguous SDR is close to even as long as synapses vary less than release does.

Two assemblies that are nearly alike compete without chance for up to some 110 ms, until one is
silent. The readout is several times as long, so that it counts who won and not the race. Synapses
do not depress: the question is what chance alone does.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr
from brian2 import Quantity, ms, second
from brian2.units.fundamentalunits import have_same_dimensions

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells.pyramidal import require_level_1
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.bistable_readout.checks import POSTER, checks, metrics
from htm_brian.protocols.bistable_readout.measurement import compete, to_dataset
from htm_brian.protocols.bistable_readout.stimulus import list_trials


@dataclass(frozen=True)
class BistableReadoutParameters:
    """What a run of `BistableReadout` depends on.

    Parameters
    ----------
    cell, network : str
        Models of the cells, and of the network that they stand for.
    bits : int
        On-bits of an SDR, half of which come from either assembly in the ambiguous one.
    bits_of_a : tuple of int
        Bits of A among them, in every mixture.
    cells : int
        Of an assembly.
    networks : int
        Networks, each with weights of its own.
    trials, control_trials, other_trials : int
        Showings of the ambiguous SDR with unreliable synapses, with reliable ones, and of any other
        mixture.
    volleys : int
        Showings of the bits in one trial.
    weight_variation : float
        Spread of the weights, as the SD of their logarithm.
    drive_spread : float
        Spread of the drive among the cells of an assembly.
    decisive_share : float
        Of the spikes of a trial, what one assembly must fire to be what is read.
    duration : Quantity
        Of a trial.
    seed : int
        Of all that is left to chance.
    """

    cell: str = "l5_reduced"
    network: str = "minicolumns"
    bits: int = 40
    bits_of_a: tuple[int, ...] = (16, 18, 19, 20, 21, 22, 24)
    cells: int = 10
    networks: int = 12
    trials: int = 150
    control_trials: int = 40
    other_trials: int = 8
    volleys: int = 40
    weight_variation: float = 0.1
    drive_spread: float = 0.3
    decisive_share: float = 0.75
    duration: Quantity = quantity(420 * ms)
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("bits", self.bits, low=2)
        if self.bits % 2 or self.bits // 2 not in self.bits_of_a:
            raise InputError(
                f"bits must be even, and half of them in bits_of_a, got {self.bits} and "
                f"{self.bits_of_a}"
            )
        for value in self.bits_of_a:
            check_integer("bits_of_a", value, low=1, high=self.bits - 1)
        for name in ("cells", "networks", "trials", "other_trials", "control_trials", "volleys"):
            check_integer(name, getattr(self, name), low=1)
        check_number("weight_variation", self.weight_variation, low=0, high=1)
        check_number("drive_spread", self.drive_spread, low=0, high=0.9)
        check_number("decisive_share", self.decisive_share, low=0.5, high=1)
        check_integer("seed", self.seed, low=0)
        if not have_same_dimensions(self.duration, second) or not self.duration > 0 * second:
            raise InputError(f"duration must be a positive time, got {self.duration}")


class BistableReadout(Protocol):
    """Readings of SDRs between A and B, by kind of synapse."""

    name = "bistable_readout"
    claim = (
        "with stochastic synapses an ambiguous SDR is read as A or as B, each about half of the "
        "time; with deterministic ones always the same way"
    )
    source = POSTER
    parameters = BistableReadoutParameters()

    def __init__(self, parameters: BistableReadoutParameters | None = None) -> None:
        super().__init__(parameters)
        self._cell = require_level_1(load_model(self.parameters.cell))
        self._network = load_model(self.parameters.network)

    def run(self, progress: Progress) -> Outcome:
        """Run all trials side by side, then count readings."""
        rows = [*self._cell.rows(), *self._network.rows()]
        trials = list_trials(self.parameters)
        with uncompiled(), expected([ORDER_OF_EXECUTION]):
            spikes = compete(self._cell, self._network, self.parameters, trials, progress)
        if progress.interrupted:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        dataset = to_dataset(self.parameters, trials, spikes)
        found = checks(dataset, self.parameters)
        return Outcome(dataset, found, metrics(dataset), parameter_rows=rows)
