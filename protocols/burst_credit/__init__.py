"""Credit by bursts: the sign of a change, exclusive-or, and digits beside other rules.

Stimulus: Brian2 synapses whose cells come to burst more or less often than before; exclusive-or and
handwritten digits in layers of rates. Measurement: where the change of the synapses turns its sign;
accuracy, losses and the angle to back-propagation of credit by bursts, by segregated dendrites, by
learned targets, and of HTM's local rule, all from the same first weights. Controls: an average that
stays, no hidden layer, a hidden layer that is frozen.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from htm_brian.arguments import check_integer
from htm_brian.errors import InputError
from htm_brian.experiment.model_kinds import load_checked
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm
from htm_brian.parameters import load_model
from htm_brian.protocols.burst_credit.checks import PAYEUR, THREAD, checks, metrics
from htm_brian.protocols.burst_credit.learning import digits_of_seed, exclusive_or
from htm_brian.protocols.burst_credit.sign import sign_of_change
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
    hidden, epochs : int
        Hidden cells for the digits, and how often the training half is shown.
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
    hidden: int = 100
    epochs: int = 40
    seeds: int = 10
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("cells_each", "xor_hidden", "xor_epochs", "epochs"):
            check_integer(name, getattr(self, name), low=1)
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
        BurstCreditParameters(cells_each=80, xor_epochs=1000, hidden=50, epochs=10, seeds=4),
        {
            "digits: bursts with a hidden layer over none, lower end": "ten epochs are too few",
            "digits: bursts over a hidden layer that is frozen, lower end": "as before",
        },
    )

    def __init__(self, parameters: BurstCreditParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = load_checked(self.parameters.model, "credit", 0)
        rule = load_model(self.parameters.rule)
        if BurstDependent.table_name() not in rule:
            raise InputError(f"rule must be burst-dependent, got {self.parameters.rule}")
        self._rule = rule

    def run(self, progress: Progress) -> Outcome:
        """Find the sign, then teach."""
        p, rows = self.parameters, [*self._rule.rows(), *self._model.rows()]
        progress.begin("sign, exclusive-or and seeds of digits", p.seeds + 2)
        parts = [sign_of_change(p)]
        progress.advance()
        parts.append(exclusive_or(p, self._model))
        progress.advance()
        seeds = []
        for seed in range(p.seeds):
            if progress.interrupted:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            seeds.append(digits_of_seed(p, self._model, seed))
            progress.advance()
        dataset = xr.merge([*parts, xr.concat(seeds, "seed")])
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
