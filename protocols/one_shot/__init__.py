"""An associative memory of SDRs that learns a pair from one showing, by plateaus.

Stimulus: a volley at the axons of a cue; half a second later plateaus at the cells of the target.
Each pair is shown once. Measurement: which cells spike at cues a fifth of whose bits are moved, and
at SDRs that were never stored, for more and more pairs; what the best reader of the same synapses
would recall, and how many bits a synapse then tells. Controls: no plateau, a plateau that comes too
late, and spike timing in a window of 20 ms in the place of plateaus.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer, check_number
from htm_brian.errors import InputError
from htm_brian.experiment.model_kinds import load_checked
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.parameters import load_model
from htm_brian.protocols.one_shot.checks import RULE, THREAD, checks, metrics
from htm_brian.protocols.one_shot.measurement import run_seed
from htm_brian.synapses.plasticity.finding import online_rule


@dataclass(frozen=True)
class OneShotParameters:
    """What a run of `OneShot` depends on.

    Parameters
    ----------
    model : str
        The cells.
    rule, pair_rule : str
        Of the synapses: gated by plateaus, and the control by pairs of spikes.
    inputs, active : int
        Axons, and how many of them spike in a cue.
    cells, target : int
        Cells, and how many of them are in a target.
    noise : float
        Share of a cue's bits that are moved.
    pairs : tuple of int
        How many are stored when the memory is asked, rising.
    reader_pairs : int
        Most pairs for the best reader, who is asked beyond what is shown to cells.
    reference : int
        Of `pairs`, at which recall and false positives are held against their targets.
    shown, unseen : int
        Cues that are asked each time; unseen ones at the reference.
    few : int
        Pairs that are shown in the controls.
    seeds : int
        Memories, each with SDRs of its own.
    seed : int
        Of all that is left to chance.
    """

    model: str = "one_shot_memory"
    rule: str = "behavioural_time_scale_place"
    pair_rule: str = "pair_stdp"
    inputs: int = 2048
    active: int = 40
    cells: int = 256
    target: int = 10
    noise: float = 0.2
    pairs: tuple[int, ...] = (50, 100, 200, 300, 400, 500, 600, 800)
    reader_pairs: int = 2400
    reference: int = 200
    shown: int = 50
    unseen: int = 500
    few: int = 20
    seeds: int = 10
    seed: int = 42

    def __post_init__(self) -> None:
        check_integer("inputs", self.inputs, low=100)
        check_integer("active", self.active, low=5, high=self.inputs // 2)
        check_integer("cells", self.cells, low=10)
        check_integer("target", self.target, low=1, high=self.cells // 2)
        check_number("noise", self.noise, low=0, high=0.9)
        for name in ("shown", "unseen", "few", "seeds", "reader_pairs"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("seed", self.seed, low=0)
        for number in self.pairs:
            check_integer("pairs", number, low=1)
        if not self.pairs or list(self.pairs) != sorted(set(self.pairs)):
            raise InputError(f"pairs must rise, got {self.pairs}")
        if check_integer("reference", self.reference, low=1) not in self.pairs:
            raise InputError(f"reference must be one of pairs {self.pairs}, got {self.reference}")
        check_integer("few", self.few, high=max(self.pairs))


class OneShot(Protocol):
    """Recall after one showing, false positives, capacity, and controls that store nothing."""

    name = "one_shot"
    claim = (
        "one showing with a plateau stores a pair of SDRs: a noisy cue recalls it and an unseen "
        "one recalls nothing; spike timing alone does not do it"
    )
    source = f"{THREAD}; {RULE}"
    parameters = OneShotParameters()
    quick = QuickForm(
        OneShotParameters(
            cells=128,
            pairs=(50, 100),
            reference=100,
            reader_pairs=400,
            shown=12,
            unseen=60,
            few=5,
            seeds=3,
        ),
        {
            "unseen SDRs taken for known, upper end": "a thousandth takes thousands of SDRs",
            "capacity over that of the best reader": "so few pairs fill neither",
        },
    )

    def __init__(self, parameters: OneShotParameters | None = None) -> None:
        super().__init__(parameters)
        p = self.parameters
        self._models = [load_checked(p.model, "memory", 1)]
        for name in (p.rule, p.pair_rule):
            rule = online_rule(name)
            if "initial_efficacy" not in rule.table:
                raise InputError(f"a rule needs initial_efficacy, which {name} does not have")
            self._models.append(load_model(rule.model))
        if not online_rule(p.rule).on_plateau:
            raise InputError(f"rule must be one that plateaus gate, got {p.rule}")

    def run(self, progress: Progress) -> Outcome:
        """Follow one memory after the other."""
        rows = [row for model in self._models for row in model.rows()]
        progress.begin("memories", self.parameters.seeds)
        found = []
        for seed in range(self.parameters.seeds):
            part = run_seed(self.parameters, seed, progress)
            if part is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            found.append(part)
        dataset = xr.concat(found, "seed").assign_attrs(reference=self.parameters.reference)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
