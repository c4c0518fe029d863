"""Two assemblies of cells that inhibit each other, and the readings of every trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import brian2
import numpy as np
import xarray as xr
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, Synapses
from numpy.typing import NDArray

from htm_brian.cells.pyramidal import PyramidalCells
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.running import run_watched
from htm_brian.parameters import Model, load_model
from htm_brian.protocols.bistable_readout.stimulus import SYNAPSES, Trials, bits_on
from htm_brian.synapses.release.stochastic import ReleaseSynapses

if TYPE_CHECKING:
    from htm_brian.protocols.bistable_readout import BistableReadoutParameters


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
