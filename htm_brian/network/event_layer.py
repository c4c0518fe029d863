"""A layer of level 1: reduced cells in minicolumns, with dendritic branches that are events."""

from __future__ import annotations

import gc
import math
from typing import Any

import numpy as np
from brian2.core.base import BrianObject
from brian2.core.clocks import Clock
from brian2.groups.neurongroup import NeuronGroup
from brian2.monitors.spikemonitor import EventMonitor
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.arguments import check_choice, check_integer
from htm_brian.cells import spread
from htm_brian.cells.pyramidal import PyramidalCells, require_level_1
from htm_brian.engine.kept_state import KeptState
from htm_brian.engine.processor import drop_faded, keep_apart
from htm_brian.engine.warnings import TWO_CLOCKS
from htm_brian.errors import InputError
from htm_brian.mechanisms import membrane_noise
from htm_brian.network import excitability, layer_inhibition
from htm_brian.network.column_race import (
    column_race,
    recruitment_of,
    require_race,
)
from htm_brian.network.dendrites import DistalDendrites
from htm_brian.network.distal_synapses import LATER, OWNER_SPIKES, PLATEAU
from htm_brian.network.ensembles import Ensembles
from htm_brian.network.minicolumn_layer import (
    DISTAL_KEYS,
    ELEMENT_KEYS,
    NOISES,
    RELEASES,
    MinicolumnLayer,
    check_clocks,
    without_noise,
)
from htm_brian.network.minicolumns import (
    INHIBITION_KEYS,
    RELAY_KEYS,
    Minicolumns,
    longest_volley,
)
from htm_brian.network.sleeping_cells import SleepingCells, can_sleep
from htm_brian.network.timing import branch_threshold, predicts_after
from htm_brian.parameters import Key, Model
from htm_brian.randomness import stream
from htm_brian.sdr.readout import BranchState, Events
from htm_brian.synapses.plasticity.rule import PlasticityRule
from htm_brian.synapses.release.transmission import RELEASE_KEYS, check_site_growth

KEYS = {
    "element": {
        **ELEMENT_KEYS,
        "arrival": Key(
            "second", "from the start of an element to the arrival of its spikes at branches"
        ),
    },
    "relay": RELAY_KEYS,
    "inhibition": INHIBITION_KEYS,
    "layer_inhibition": layer_inhibition.KEYS,
    "excitability": excitability.KEYS,
    "distal": DISTAL_KEYS,
    "release": RELEASE_KEYS,
    "membrane_noise": membrane_noise.KEYS,
    "spread": spread.KEYS,
}
"""Tables of a network model."""

PATHWAYS = ("release", "withdraw", OWNER_SPIKES, PLATEAU)

FADING_OF_CELLS = ("adaptation", "g_inhibition", "feedforward_conductance")
TIDY_PERIOD = 32
"""After so many elements what has faded is set to zero; from there to subnormal it takes more."""

WORTHWHILE = 4096
"""Neurons from which it takes less time to wake some than to step all."""

INITIAL_BRANCHES = 256
SYNAPSES_PER_BRANCH = 24


class EventLayer(MinicolumnLayer):
    """Reduced cells, minicolumns and dendrites, as a Brian2 network that runs in stretches.

    Parameters
    ----------
    columns, cells_per_column : int
    model : Model
        Wiring and timing.
    cell_model : Model
        The pyramidal cell and its branches, of level 1.
    rule : PlasticityRule
        What synapses learn online.
    activation_threshold, min_threshold : int
        Connected synapses from which a branch predicts, and synapses, connected or not, from which
        it may learn.
    most_synapses : int
        Active synapses that a branch has at most.
    connected_permanence : float
        From which a synapse is connected.
    release : {"model", "reliable"}
        Whether distal synapses fail as the model says, or never.
    record_releases : bool
        Whether events tell the latest release of each synapse in their stretch, by slot.
    noise : {"model", "none"}
        Whether membranes fluctuate, volleys jitter and cells differ as the model says, or not.
    neurons_per_cell : int
        Neurons that stand for one HTM cell, see `htm_brian.network.ensembles`.
    seed : int
        Of the spread of cells and of jitter that a column shares.
    unchecked : bool
        Build the layer even if noise leaves its columns wrong more often than right.
    sleeping : bool, optional
        Whether neurons and branches that nothing reaches take no time steps, where their model
        allows it, see `htm_brian.network.sleeping_cells`. Left out, they sleep in layers of at
        least `WORTHWHILE` neurons. All are stepped as long as the network has objects that are not
        the layer's, but for monitors of spikes.

    Attributes
    ----------
    network : SteppedNetwork
        Brian2's network; monitors and groups may be added to it.
    neurons : PyramidalCells
        In the order of the HTM cells that they stand for.
    cells : NeuronGroup
        The HTM cells: the neurons, or their ensembles.
    race : Race
        How often a column is right, and the window in which inhibition can be recruited.
    minicolumns : Minicolumns
        Relay cells, interneurons and their synapses.
    inhibition : LayerInhibition
        What follows each volley all over the layer.
    dendrites : DistalDendrites
        Branches and distal synapses; its Brian2 objects are replaced when branches outgrow them.
    sleeping : SleepingCells or None
        Brings neurons to the present (`wake`) before one looks at them or changes them.
    period : Quantity
        Of an element.
    match_level : float
    early_until : ndarray of shape (columns,)
        See `htm_brian.network.layer.Layer`.

    Raises
    ------
    InputError
        Where a model is not of the right kind or lacks something; before anything is built.
    """

    dendrites: DistalDendrites

    def __init__(
        self,
        columns: int,
        cells_per_column: int,
        model: Model,
        cell_model: Model,
        rule: PlasticityRule,
        *,
        activation_threshold: int,
        min_threshold: int,
        most_synapses: int,
        connected_permanence: float,
        release: str = "model",
        record_releases: bool = False,
        noise: str = "model",
        neurons_per_cell: int = 1,
        seed: int = 0,
        unchecked: bool = False,
        sleeping: bool | None = None,
    ) -> None:
        check_models(model, cell_model, release)
        check_choice("noise", noise, NOISES)
        if noise == "none":
            model = without_noise(model)
        self.neurons_per_cell = check_integer("neurons_per_cell", neurons_per_cell, low=1)
        super().__init__(columns, cells_per_column, model, cell_model, seed)
        element, fine = model["element"], self.clock
        self.match_level = least_match(model, cell_model, min_threshold, most_synapses)
        size = cells_per_column, neurons_per_cell
        derive = column_race if unchecked else require_race
        self.race = derive(cell_model, model, *size)
        self._recruit_within(self.race)
        self.neurons = self._make_neurons(fine)
        self.minicolumns = Minicolumns(
            self.neurons,
            columns,
            model["relay"],
            model["inhibition"],
            fine,
            recruiting=self.race.recruiting,
            window=self.race.window + recruitment_of(model),
        )
        self.inhibition = layer_inhibition.LayerInhibition(
            self.neurons, model["layer_inhibition"], fine, self.branch_clock
        )
        self.cells, ensembles = self.neurons, list[BrianObject]()
        if neurons_per_cell > 1:
            made = Ensembles(self.neurons, neurons_per_cell, fine, self.branch_clock)
            self.cells, ensembles = made.cells, made.objects
        parameters = self._distal_parameters(
            release,
            connected_permanence,
            match_level=self.match_level,
            record_releases=record_releases,
        )
        interval = float(element["period"] - element["arrival"])
        self.dendrites = DistalDendrites(
            self.cells,
            cell_model,
            parameters,
            rule,
            activation_threshold=branch_threshold(cell_model, activation_threshold, interval),
            match_threshold=min_threshold,
            fading=predicts_after(cell_model),
            inhibition=self.inhibition,
            clock=self.branch_clock,
            branches=INITIAL_BRANCHES,
            synapses=INITIAL_BRANCHES * SYNAPSES_PER_BRANCH,
        )
        pathways = [*PATHWAYS, *(LATER + short for short in rule.later)]
        if sleeping is None:
            sleeping = len(self.neurons) >= WORTHWHILE
        self.sleeping = self._make_sleeping() if sleeping else None
        self._build(
            [
                self.neurons,
                *self.minicolumns.objects,
                *self.inhibition.objects,
                *ensembles,
                *self.dendrites.objects,
                *([] if self.sleeping is None else [self.sleeping]),
            ],
            [TWO_CLOCKS.format(name=f"distal_synapses_{pathway}") for pathway in pathways],
        )
        self.network.room = lambda: self.dendrites.capacity
        self._own = {item.name for item in self.network.sorted_objects}
        self.network.before_prepare.append(self._who_may_sleep)

    @property
    def volley_lasts(self) -> float:
        """Seconds until a volley is over, and the inhibition that it recruits."""
        return longest_volley(self.model) + self.race.window + recruitment_of(self.model)

    def drive(self, columns: NDArray[np.integer]) -> None:
        """Make the relay cells of these columns fire at the next time step, or with jitter.

        Inhibition follows, all over the layer: `htm_brian.network.layer_inhibition`.
        """
        if self.sleeping is not None:
            first = np.asarray(columns)[:, None] * self.cells_per_column
            driven = (first + np.arange(self.cells_per_column)).ravel()
            self.sleeping.next_element(driven, float(self.network.t_) + self.volley_lasts)
        wait = self._drive_relays(columns)
        if len(columns):
            now, answered = float(self.network.t_), float(self.early_until[columns].max())
            self.dendrites.end_plateaus(now + answered)
            self.inhibition.follow(now, answered, float(wait.max()))

    def silence(self, cells: NDArray[np.integer]) -> None:
        """Let no volley reach the neurons of these HTM cells any more."""
        each = np.arange(self.neurons_per_cell)
        super().silence((cells[:, None] * self.neurons_per_cell + each).ravel())

    def _guarded(self) -> list[NeuronGroup]:
        return [self.neurons, self.dendrites.branches]

    def _run(self, duration: Quantity) -> Events:
        if self.sleeping is not None:
            self.sleeping.wake_reached()
        return super()._run(duration)

    def branches(self) -> BranchState:
        """Return plateaus and sub-threshold depolarisation of the branches, now."""
        return self.dendrites.state()

    def make_room(self, branches: int) -> None:
        """Make room for exactly so many branches, in a layer that has less."""
        objects = [item.name for item in self.dendrites.objects]
        self.dendrites.make_room(branches)
        self._replace(objects)

    def follow(self, given_away: NDArray[np.integer]) -> None:
        """Take over what changed in the store; branches that were `given_away` begin anew."""
        known = self.dendrites.n_branches
        objects = [item.name for item in self.dendrites.objects]
        if self._follow_store():
            self._replace(objects)
        self.dendrites.clear(given_away[given_away < known])
        size, table = (self.n_cells, self.cells_per_column), self.model["excitability"]
        silenced = self.minicolumns.silenced[:: self.neurons_per_cell]
        excited = excitability.of_cells(self.dendrites.owner, *size, table, silenced)
        self.minicolumns.excite(np.repeat(excited, self.neurons_per_cell))

    def _make_neurons(self, clock: Clock) -> PyramidalCells:
        """Make the neurons, with the noise and the spread of the model."""
        noisy = self.cell_model.with_table(self.model["membrane_noise"])
        paths = spread.spread_paths(self.model["spread"])
        number = self.n_cells * self.neurons_per_cell
        neurons = PyramidalCells(number, noisy, clock=clock, per_cell=paths, name="pyramidal_cells")
        keep_apart(neurons)
        if paths:
            rng = stream(self._seed, "spread")
            spread.spread_cells(neurons, noisy, self.model["spread"], rng)
        return neurons

    def _make_sleeping(self) -> SleepingCells | None:
        if self.dendrites.sleeping is None or not can_sleep(self.neurons):
            return None
        return SleepingCells(self.neurons, self.cells, self.inhibition, self.branch_clock)

    def _who_may_sleep(self) -> None:
        """Let neurons and branches sleep, unless something watches or reaches them unasked."""
        branches = self.dendrites.sleeping
        if self.sleeping is None or branches is None:
            return
        others = [item for item in self.network.sorted_objects if item.name not in self._own]
        allowed = all(isinstance(item, (EventMonitor, KeptState)) for item in others)
        self.sleeping.branches = branches
        if allowed:
            self.sleeping.wake_reached()
        else:
            self.sleeping.wake()
        self.sleeping.awake.put_in_force(allowed)
        branches.awake.put_in_force(allowed)

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "inhibited": self.inhibition.due}

    def _go_back(self) -> None:
        super()._go_back()
        self.inhibition.due = self._stored["inhibited"]

    def _tidy(self) -> None:
        if self._elements % TIDY_PERIOD == 0:
            drop_faded(self.neurons, FADING_OF_CELLS)
            drop_faded(self.dendrites.branches, self.dendrites.branches.fading)

    def _replace(self, names: list[str]) -> None:
        """Put the rebuilt dendrites into the network in the place of the old ones."""
        self.network.remove([item for item in self.network.objects if item.name in names])
        gc.collect()
        self.network.add(self.dendrites.objects)


def check_models(model: Model, cell_model: Model, release: str) -> None:
    """Refuse what no layer can be made of.

    Raises
    ------
    InputError
    """
    if release not in RELEASES:
        raise InputError(f"release must be 'model' or 'reliable', got {release!r}")
    if model.kind != "network":
        raise InputError(
            f"model must be of a network, such as minicolumns; got a {model.kind} ({model.file}, "
            "[model])"
        )
    if model.level != 1:
        raise InputError(
            f"cells of level 1 need a network of level 1, such as minicolumns; got one of level "
            f"{model.level} ({model.file}, [model])"
        )
    for table, keys in KEYS.items():
        model[table].require(keys)
    check_clocks(model)
    check_site_growth(model["distal"])
    require_level_1(cell_model)


def least_match(model: Model, cell_model: Model, min_threshold: int, most_synapses: int) -> float:
    """Return the depolarisation, in synapses, that tells a match when the next volley comes.

    It rises for the coincidence window and then decays. Half of what is left of the smallest match
    tells a match from none; where the largest of the element before leaves more than that, the
    middle between the two tells them apart.
    """
    element, tau = model["element"], cell_model["branch"]["match_time_constant"]
    window = model["distal"]["coincidence_window"]
    rest = element["period"] - element["arrival"] - window
    left = math.exp(-rest / tau) * (1 - math.exp(-window / tau))
    before = most_synapses * math.exp(-element["period"] / tau)
    if before <= 0.5 * min_threshold:
        before = 0.0
    return left * 0.5 * (min_threshold + before)
