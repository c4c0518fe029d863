"""Surprise of the cortex sets the mode of its thalamus, and bursts of the thalamus speed learning.

Stimulus: driver axons of an element's columns spike, element after element, in a sequence that is
shown until it is familiar, and then in a new one (`stimulus`). Nothing else is given. Which columns
get a volley is decided by spikes: of relay cells with a T-current, through quantal synapses, of a
cell of layer 4; and how relay cells answer by those of layer 6 and of the reticular nucleus, which
columns make that burst (`htm_brian.network.thalamus`). Measurement: the share of relay spikes that
belong to bursts, by what is recorded of relay cells (silence of 100 ms, then intervals of 4 ms or
less), on the familiar, the new and the learned sequence; and how many elements it takes until the
input is predicted (`measurement`). Controls learn the same sequences in the same order: no
inhibition of relay cells, which stay tonic; relay cells held hyperpolarised, which always burst;
and the reticular spikes of the gated run, each showing's at the time of another one.
"""

from __future__ import annotations

from dataclasses import dataclass

from brian2 import Quantity, amp, pA

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.model_kinds import load_checked
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.network.event_layer import check_models
from htm_brian.parameters import load_model
from htm_brian.protocols.thalamic_gate.checks import SOURCE, checks, metrics
from htm_brian.protocols.thalamic_gate.measurement import CONDITIONS, GATE, TONIC, Models, measure
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class ThalamicGateParameters:
    """What a run of `ThalamicGate` depends on.

    Parameters
    ----------
    columns, cells, active : int
        Columns of the memory, cells of each, and columns of an element.
    sequences, length : int
        Sequences of each set, and elements of each.
    episodes : int
        For each set; in an episode every sequence comes once.
    activation_threshold, min_threshold : int
        Of the memory.
    conditions : tuple of str
        Some of `CONDITIONS`, the gated one first; left out, all but relay cells held in burst mode.
    held : Quantity
        Current into relay cells that always burst, in place of their background's mean.
    seeds, seed : int
        Runs, and the seed of all of them.
    codegen : str
        Brian2's code: auto, cython or numpy.
    model, cell_model : str
        Network and cell of level 1.
    thalamus, relay, reticular : str
        The loop, and its cells of level 2.
    thalamocortical, corticothalamic : str
        Synapses of relay cells and of layer 6.
    """

    columns: int = 128
    cells: int = 8
    active: int = 20
    sequences: int = 1
    length: int = 8
    episodes: int = 9
    activation_threshold: int = 6
    min_threshold: int = 4
    conditions: tuple[str, ...] = CONDITIONS[:3]
    held: Quantity = quantity(-170 * pA)
    seeds: int = 10
    seed: int = 42
    codegen: str = "auto"
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"
    thalamus: str = "thalamocortical_loop"
    relay: str = "thalamic_relay_awake"
    reticular: str = "reticular"
    thalamocortical: str = "thalamocortical_in_vivo"
    corticothalamic: str = "layer6_to_layer4"

    def __post_init__(self) -> None:
        check_integer("active", self.active, low=4)
        check_integer("columns", self.columns, low=2 * self.active)
        check_integer("cells", self.cells, low=2)
        check_integer("length", self.length, low=4)
        check_integer("episodes", self.episodes, low=2)
        check_integer("sequences", self.sequences, low=1)
        check_integer("seeds", self.seeds, low=2)
        check_integer("activation_threshold", self.activation_threshold, low=1, high=self.active)
        check_integer("min_threshold", self.min_threshold, low=1, high=self.activation_threshold)
        check_quantity("held", self.held, amp)
        if self.conditions[:1] != (GATE,) or not set(self.conditions) <= set(CONDITIONS):
            raise InputError(
                f"conditions must be some of {', '.join(CONDITIONS)}, the first one first; got "
                f"{self.conditions}"
            )
        if len(set(self.conditions)) != len(self.conditions):
            raise InputError(f"conditions must differ, got {self.conditions}")


class ThalamicGate(Protocol):
    """Bursts of relay cells where the cortex is surprised, and what they do to learning."""

    name = "thalamic_gate"
    claim = (
        "columns that burst, since they were not predicted, bring relay cells into burst mode; "
        "bursts get through unreliable synapses and speed learning; once it is over they are tonic"
    )
    source = SOURCE
    parameters = ThalamicGateParameters()
    quick = QuickForm(
        ThalamicGateParameters(
            columns=80,
            sequences=1,
            length=8,
            episodes=3,
            conditions=CONDITIONS[:2],
            seeds=2,
            codegen="numpy",
        ),
        {
            f"share of bursts among relay spikes, over that on familiar sequences: {which}": (
                "three episodes make no sequence familiar"
            )
            for which in ("new ones", "once learned")
        }
        | {f"elements to learn, {TONIC} less {GATE}": "no memory learns in three episodes"},
    )

    def __init__(self, parameters: ThalamicGateParameters | None = None) -> None:
        super().__init__(parameters)
        p: ThalamicGateParameters = self.parameters
        self._models = Models(
            load_model(p.model),
            load_model(p.cell_model),
            load_checked(p.thalamus, "thalamus", 1),
            load_checked(p.relay, "cell", 2),
            load_checked(p.reticular, "cell", 2),
            load_checked(p.thalamocortical, "synapse", 1),
            load_checked(p.corticothalamic, "synapse", 1),
        )
        check_models(self._models.network, self._models.cell, "model")
        for model, tables in (
            (self._models.relay, ("ampa", "gaba", "gaba_b", "soma_background")),
            (self._models.reticular, ("ampa",)),
        ):
            for table in tables:
                if table not in model:
                    raise InputError(f"thalamic_gate needs a table [{table}] ({model.file})")

        layer6 = self._models.thalamus["layer6"]
        if p.cells * layer6["epsp"] <= layer6["threshold"]:
            raise InputError(
                f"cells must be so many that a column's burst lets layer 6 spike, got {p.cells} "
                f"of {layer6['epsp']} each, threshold {layer6['threshold']} "
                f"({self._models.thalamus.file}, [layer6])"
            )

    def run(self, progress: Progress) -> Outcome:
        """Let every memory learn with its thalamus, in every condition."""
        dataset, complete = measure(self.parameters, self._models, progress)
        rows = [row for model in self._models for row in model.rows()]
        if not complete:
            return Outcome(dataset, [], partial=True, parameter_rows=rows)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
