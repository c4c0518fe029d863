"""Credit by bursts: the sign of a change, exclusive-or, and digits beside other rules.

Stimulus: Brian2 synapses whose cells come to burst more or less often than before; exclusive-or in
layers of rates and in spiking ensembles; handwritten digits in layers of rates. Measurement: where
the change of the synapses turns its sign; which inputs of exclusive-or make outputs fire; accuracy,
losses and the angle to back-propagation of credit by bursts, by segregated dendrites, by learned
targets, and of HTM's local rule, all from the same first weights. Controls: an average that stays,
no hidden layer, a hidden layer that is frozen; in spikes no feedback, no teacher, and before.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.model_kinds import load_checked
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.parameters import Model, load_model
from htm_brian.protocols.burst_credit.checks import PAYEUR, THREAD, checks, metrics
from htm_brian.protocols.burst_credit.networks import all_parts
from htm_brian.protocols.burst_credit.spikes import BLOCKS
from htm_brian.synapses.plasticity.burst_dependent import BurstDependent


@dataclass(frozen=True)
class BurstCreditParameters:
    """What a run of `BurstCredit` depends on.

    Parameters
    ----------
    rule : str
        Of the Brian2 synapses.
    model : str
        Numbers of the rules on rates.
    cells_each : int
        Cells for each baseline and step of the share of bursts, and each seed.
    xor_hidden, xor_epochs : int
        Hidden cells, and how often all four inputs are shown.
    spiking_model, spiking_rule : str
        Ensembles that learn exclusive-or in spikes, and the rule of their synapses.
    spiking_epochs, spiking_seeds : int
        How often they are shown all four inputs, and how many networks; 0 networks: left out.
    codegen : str
        How Brian2 runs them: "auto", "cython" or "numpy".
    hidden, epochs : int
        Hidden cells for the digits, and how often the training half is shown.
    jobs : int
        Networks that learn side by side, in processes of their own.
    seeds : int
        Networks, each with weights and halves of the digits of its own.
    seed : int
        Of all that is left to chance.
    """

    rule: str = "burst_dependent"
    model: str = "credit_on_rates"
    cells_each: int = 60
    xor_hidden: int = 4
    xor_epochs: int = 2000
    spiking_model: str = "bursting_ensembles"
    spiking_rule: str = "burst_dependent_ensembles"
    spiking_epochs: int = 75
    spiking_seeds: int = 5
    codegen: str = "auto"
    hidden: int = 100
    epochs: int = 40
    jobs: int = 2
    seeds: int = 10
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("cells_each", "xor_hidden", "xor_epochs", "epochs", "jobs"):
            check_integer(name, getattr(self, name), low=1)
        check_integer("spiking_epochs", self.spiking_epochs, low=BLOCKS)
        check_integer("spiking_seeds", self.spiking_seeds, low=0)
        check_integer("hidden", self.hidden, low=10)
        check_integer("seeds", self.seeds, low=2)
        check_integer("seed", self.seed, low=0)


class BurstCredit(Protocol):
    """The sign of a change by bursts, and what credit by bursts learns beside other rules."""

    name = "burst_credit"
    claim = (
        "synapses that grow where bursts are commoner than usual and shrink where they are rarer "
        "teach a hidden layer nearly as back-propagation does, by random feedback, too"
    )
    source = f"{PAYEUR}; {THREAD}"
    packages = ("sklearn",)
    parameters = BurstCreditParameters()
    quick = QuickForm(
        BurstCreditParameters(
            cells_each=80, xor_epochs=1000, spiking_seeds=0, hidden=50, epochs=10, seeds=4
        ),
        {
            "digits: bursts with a hidden layer over none, lower end": "ten epochs are too few",
            "digits: bursts over a hidden layer that is frozen, lower end": "as before",
        },
    )

    def __init__(self, parameters: BurstCreditParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = load_checked(self.parameters.model, "credit", 0)
        self._rule, self._spiking_rule = (
            _burst_dependent(name, getattr(self.parameters, name))
            for name in ("rule", "spiking_rule")
        )
        self._ensembles = load_checked(self.parameters.spiking_model, "burst_network", 1)

    def run(self, progress: Progress) -> Outcome:
        """Find the sign, then teach."""
        p, rows = self.parameters, [*self._rule.rows(), *self._model.rows()]
        if p.spiking_seeds:
            rows += [*self._spiking_rule.rows(), *self._ensembles.rows()]
        parts = all_parts(p, progress)
        if parts is None:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
        dataset = xr.merge(parts)
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)


def _burst_dependent(parameter: str, name: str) -> Model:
    """Return a model of the burst-dependent rule."""
    rule = load_model(name)
    if BurstDependent.table_name() not in rule:
        raise InputError(f"{parameter} must be burst-dependent, got {name}")
    return rule
