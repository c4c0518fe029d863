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
from typing import Any, NamedTuple

import brian2
import numpy as np
import xarray as xr
from brian2 import Network, Quantity, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms, second
from brian2.units.fundamentalunits import have_same_dimensions
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells.pyramidal import PyramidalCells, require_level_1
from htm_brian.engine.compiling import uncompiled
from htm_brian.engine.warnings import ORDER_OF_EXECUTION, expected
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, quantity
from htm_brian.experiment.running import run_watched
from htm_brian.parameters import Model, load_model
from htm_brian.synapses.release.stochastic import ReleaseSynapses

POSTER = (
    "discussion: Why don't HTM neuron synapses model long term potentiation and depression?, on "
    "al-Shedivat et al., 'neural generative models with stochastic synapses capture richer "
    "representations' (Cosyne 2015)"
)
TARGET = f"{POSTER}; htm_brian's target: each reading in 40-60 % of trials"
STICKS = "htm_brian's target: one reading in 95 % of trials"
OURS = "htm_brian's target"
DETERMINISTIC = "deterministic"


class Synapse(NamedTuple):
    """A kind of synapse: release sites, and the probability that one of them releases."""

    name: str
    sites: int
    release_probability: float


SYNAPSES = (
    Synapse(DETERMINISTIC, 1, 1.0),
    Synapse("1 site, p = 0.5", 1, 0.5),
    Synapse("5 sites, p = 0.37", 5, 0.37),
)
"""About half of all spikes release nothing (Rusakov, Savtchenko & Latham 2020, Trends Neurosci,
PMC7902755); five sites with 0.37 are the default of the networks (models/minicolumns.toml)."""


@dataclass(frozen=True)
class BistableReadoutParameters:
    """What a run of `BistableReadout` depends on."""

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
        if not have_same_dimensions(self.duration, second) or self.duration <= 0 * second:
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


class Trials(NamedTuple):
    """Kind of synapse, network and number of A's bits of every trial, as indices."""

    synapse: NDArray[np.int64]
    network: NDArray[np.int64]
    level: NDArray[np.int64]


def list_trials(parameters: BistableReadoutParameters) -> Trials:
    """Return all trials; most of them show the ambiguous SDR."""
    rows = []
    for kind, synapse in enumerate(SYNAPSES):
        for network in range(parameters.networks):
            for level, bits in enumerate(parameters.bits_of_a):
                control = synapse.name == DETERMINISTIC
                count = parameters.control_trials if control else parameters.trials
                if 2 * bits != parameters.bits:
                    count = parameters.other_trials
                rows += count * [(kind, network, level)]
    return Trials(*np.array(rows).T)


def compete(
    cell: Model,
    network: Model,
    parameters: BistableReadoutParameters,
    trials: Trials,
    progress: Progress,
) -> NDArray[np.int64]:
    """Return the number of spikes of either assembly in every trial, shape (trials, 2)."""
    step = network["element"]["time_step"]
    n_trials, n_cells = len(trials.synapse), parameters.cells
    cells = PyramidalCells(2 * n_trials * n_cells, cell, dt=step)
    brian2.seed(parameters.seed)
    on = bits_on(parameters)
    # The bits of an SDR that are on take turns, so that drive is even and assemblies can compete.
    turn = (np.cumsum(on, axis=2) - 1) / on.sum(axis=2, keepdims=True)
    volley, axon = np.meshgrid(np.arange(parameters.volleys), np.flatnonzero(on), indexing="ij")
    times = (volley + turn[on]) * cell["burst"]["interval"]
    axons = SpikeGeneratorGroup(on.size, axon.ravel(), times.ravel(), dt=step)
    synapses = connect(cell, network, parameters, trials, axons, cells)
    inhibition = inhibit(cell, network, n_trials, n_cells, cells)
    spikes = SpikeMonitor(cells, record=False)
    whole = Network(axons, cells, synapses, inhibition, spikes)
    run_watched(whole, parameters.duration, progress, "competition", [cells])
    counts: NDArray[np.int64] = spikes.count[:].reshape(n_trials, 2, n_cells).sum(axis=2)
    return counts


def bits_on(parameters: BistableReadoutParameters) -> NDArray[np.bool_]:
    """Return the bits of either SDR that are on, shape (mixtures, 2, bits)."""
    of_a = np.array(parameters.bits_of_a)
    number = np.stack((of_a, parameters.bits - of_a), axis=1)
    return np.arange(parameters.bits) < number[:, :, None]


def connect(
    cell: Model,
    network: Model,
    parameters: BistableReadoutParameters,
    trials: Trials,
    axons: SpikeGeneratorGroup,
    cells: PyramidalCells,
) -> list[ReleaseSynapses]:
    """Connect every cell with those bits of its own SDR that are on.

    Half of an SDR's bits have, together and on average, the conductance of a volley.
    """
    bits, n_cells = parameters.bits, parameters.cells
    rng = np.random.default_rng(parameters.seed)
    shape = (parameters.networks, 2, n_cells, bits)
    weight = np.exp(parameters.weight_variation * rng.standard_normal(shape))
    spread = parameters.drive_spread
    weight *= np.linspace(1 - spread, 1 + spread, n_cells)[:, None]
    on = bits_on(parameters)
    mean = cell["feedforward"]["volley_conductance"] / (bits / 2)
    release = load_model("memoryless_release").with_values(
        {"quantum.quantal_variation": network["relay"]["variation"]}
    )
    made = []
    for kind, synapse in enumerate(SYNAPSES):
        here = np.flatnonzero(trials.synapse == kind)
        # Of each trial of the kind: assembly and bit of the synapses that have something to send.
        trial, assembly, bit = np.nonzero(on[trials.level[here]])
        source = (trials.level[here][trial] * 2 + assembly) * bits + bit
        target = (here[trial] * 2 + assembly) * n_cells
        made.append(
            ReleaseSynapses(
                axons,
                cells,
                release.with_values(
                    {
                        "release.sites": synapse.sites,
                        "release.release_probability": synapse.release_probability,
                    }
                ),
                on_release="feedforward_conductance_post += quantum*weight*amplitude",
                equations="weight : 1 (constant)",
                namespace={"quantum": mean / (synapse.sites * synapse.release_probability)},
                seed=parameters.seed,
                stream=synapse.name,
            )
        )
        places = np.arange(n_cells)
        made[-1].connect(i=np.repeat(source, n_cells), j=(target[:, None] + places).ravel())
        owner = trials.network[here][trial]
        made[-1].weight = weight[owner[:, None], assembly[:, None], places, bit[:, None]].ravel()
    return made


def inhibit(
    cell: Model, network: Model, n_trials: int, n_cells: int, cells: PyramidalCells
) -> Synapses:
    """Let the assemblies of a trial inhibit each other; all cells of one together send a pulse."""
    timing = network["inhibition"]
    inhibition = Synapses(
        cells,
        cells,
        on_pre="g_inhibition_post += pulse",
        delay=timing["recruitment_delay"] + timing["delay"],
        namespace={"pulse": cell["inhibition"]["pulse_conductance"] / n_cells},
        clock=cells.clock,
    )
    trial, side, one, other = np.indices((n_trials, 2, n_cells, n_cells)).reshape(4, -1)
    inhibition.connect(
        i=(2 * trial + side) * n_cells + one, j=(2 * trial + 1 - side) * n_cells + other
    )
    return inhibition


def to_dataset(
    parameters: BistableReadoutParameters, trials: Trials, spikes: NDArray[np.int64]
) -> xr.Dataset:
    """Count the readings by kind of synapse, network and mixture."""
    whole = spikes.sum(axis=1)
    share = np.where(whole > 0, spikes[:, 0] / np.maximum(whole, 1), 0.5)
    shape = (len(SYNAPSES), parameters.networks, len(parameters.bits_of_a))
    read = np.zeros((3, *shape))
    decisive = np.zeros(shape)
    number = np.zeros(shape)
    where = (trials.synapse, trials.network, trials.level)
    for place, one in enumerate((share > 0.5, share < 0.5, share == 0.5)):
        np.add.at(read[place], where, one)
    np.add.at(number, where, 1)
    np.add.at(decisive, where, np.maximum(share, 1 - share) >= parameters.decisive_share)
    dims = ("synapse", "network", "bits_of_a")
    return xr.Dataset(
        {
            "read_a": (dims, read[0] / number, {"units": "1"}),
            "read_b": (dims, read[1] / number, {"units": "1"}),
            "undecided": (dims, read[2] / number, {"units": "1"}),
            "decisive": (dims, decisive / number, {"units": "1"}),
            "share_of_a": ("trial", share, {"units": "1"}),
            "trial_synapse": ("trial", trials.synapse),
            "trial_bits_of_a": ("trial", np.array(parameters.bits_of_a)[trials.level]),
        },
        coords={
            "synapse": [kind.name for kind in SYNAPSES],
            "bits_of_a": list(parameters.bits_of_a),
        },
        attrs={"bits": parameters.bits, "decisive_share": parameters.decisive_share},
    )


def _ambiguous(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.sel(bits_of_a=dataset.attrs["bits"] // 2)


def checks(dataset: xr.Dataset, parameters: BistableReadoutParameters) -> list[Check]:
    """Hold readings of the ambiguous SDR against the targets."""
    ambiguous = _ambiguous(dataset)
    rarer = np.minimum(ambiguous.read_a, ambiguous.read_b).mean("network")
    commoner = np.maximum(ambiguous.read_a, ambiguous.read_b).mean("network")
    found = [
        Check(
            f"share of trials with the rarer reading, mean of the networks, {name}",
            float(rarer.sel(synapse=name)),
            "1",
            0.4,
            0.5,
            TARGET,
        )
        for name in dataset.synapse.to_numpy()
        if name != DETERMINISTIC
    ]
    found.append(
        Check(
            "share of trials with the commoner reading, mean of the networks, control",
            float(commoner.sel(synapse=DETERMINISTIC)),
            "1",
            0.95,
            None,
            STICKS,
        )
    )
    for name in dataset.synapse.to_numpy():
        found.append(
            Check(
                f"share of trials in which one assembly fires {parameters.decisive_share:.0%} of "
                f"the spikes, {name}",
                float(ambiguous.decisive.sel(synapse=name).mean()),
                "1",
                0.9,
                None,
                OURS,
            )
        )
    return found


def metrics(dataset: xr.Dataset) -> dict[str, Any]:
    """Return how the networks spread."""
    ambiguous = _ambiguous(dataset)
    found: dict[str, Any] = {}
    for name in dataset.synapse.to_numpy():
        read = ambiguous.sel(synapse=name)
        found[f"read as A, lowest and highest network, {name}"] = (
            f"{float(read.read_a.min()):.2f} to {float(read.read_a.max()):.2f}"
        )
        even = ((read.read_a >= 0.4) & (read.read_a <= 0.6)).mean()
        found[f"share of networks that read A in 40-60 % of trials, {name}"] = float(even)
        stuck = (np.maximum(read.read_a, read.read_b) >= 0.95).mean()
        found[f"share of networks that stick to one reading in 95 % of trials, {name}"] = float(
            stuck
        )
    return found
