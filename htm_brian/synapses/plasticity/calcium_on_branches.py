r"""Calcium at the distal synapses of a layer decides on their permanence.

The permanence is the efficacy of `CalciumBased`: it falls while calcium is above one threshold and
rises while it is above a higher one, in closed form between events. Calcium decays, and comes in

======================================  ============================================================
when                                    by how much
======================================  ============================================================
the synapse releases                    :math:`C_{pre}`
its cell spikes                         :math:`s\,(C_{post} + C_{co}\, g)`
a plateau begins on its branch          :math:`C_{plateau}\, g`
======================================  ============================================================

with g the glutamate that is bound to its receptors, 1 at a release, which decays within some 75 ms,
and s = 1 on a branch that was depolarised when the volley came, or a smaller share on another.

`calcium_on_branches_fitted` has :math:`C_{co} = 0` and s = 1 everywhere: the rule that was fitted
to pairs of spikes in slices. In a sequence of one element in 50 ms calcium of the release is gone
when the cell spikes, and a spike takes from every synapse of the cell; what lets a network learn is
bound glutamate, which lasts, and the branch, which tells whose spike it was.

A plateau that no spike follows leaves calcium between the thresholds, where it was asked for: so a
synapse that foresaw in vain loses. Without it (`calcium_on_branches`) nothing unlearns a second
prediction beside the right one; `calcium_on_branches_plateau` has it.

The calcium of a release comes with it, without the delay of the fit, which is short against an
element. A new synapse starts below the threshold of a connected one, as in level 0. Noise is left
out. What a store of segments shows is the permanence at a synapse's last event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from htm_brian.arguments import check_number
from htm_brian.errors import InputError
from htm_brian.parameters import Key, Model, load_model
from htm_brian.synapses.plasticity.calcium_based import LEFT_AFTER, SETTLED, TIME_ABOVE, catch_up
from htm_brian.synapses.plasticity.local_rule import LocalRule
from htm_brian.synapses.plasticity.local_up_down import FORESEEN, INHIBITION_LASTS

TABLE = "calcium_on_branches"
KEYS = {
    "calcium_time_constant": Key("second", "decay of calcium"),
    "glutamate_time_constant": Key("second", "decay of what glutamate binds"),
    "presynaptic_calcium": Key("1", "step of calcium by a release"),
    "postsynaptic_calcium": Key("1", "step of calcium by a spike of the cell"),
    "coincidence_calcium": Key("1", "further step by a spike where all receptors are bound"),
    "plateau_calcium": Key("1", "step by a plateau where all receptors are bound"),
    "resting_share": Key("1", "share of a spike's calcium in a branch that is not depolarised"),
    "depression_threshold": Key("1", "calcium above which the permanence falls"),
    "potentiation_threshold": Key("1", "calcium above which the permanence rises"),
    "depression_rate": Key("1", "rate of the fall, in 1/efficacy_time_constant"),
    "potentiation_rate": Key("1", "rate of the rise, in 1/efficacy_time_constant"),
    "efficacy_time_constant": Key("second", "time scale of the permanence"),
    "hard_bounds": Key("1", "1 where the permanence is cut at 0 and 1, 0 where it saturates"),
}


@dataclass(frozen=True)
class CalciumOnBranches(LocalRule):
    """Two thresholds of calcium for a permanence.

    Parameters
    ----------
    model : str, path or Model
        Of kind "distal_plasticity".

    Examples
    --------
    >>> print(CalciumOnBranches().on_pre.splitlines()[0])
    glutamate += arrival*(1 - glutamate)
    """

    model: str | Model = "calcium_on_branches"

    equations = """
dglutamate/dt = -glutamate/glutamate_time_constant : 1 (event-driven)
calcium : 1  # at the last event, once its step was added
last_event : second
"""
    on_pre = """glutamate += arrival*(1 - glutamate)
calcium += arrival*presynaptic_calcium"""

    def __post_init__(self) -> None:
        model = load_model(self.model)
        if TABLE not in model:
            raise InputError(f"{model.name} has no table [{TABLE}] ({model.file})")
        table = model[TABLE].require(KEYS)
        check_number("resting_share", table["resting_share"], low=0.0, high=1.0)
        if table["hard_bounds"] not in (0, 1):
            parameter = table.parameter("hard_bounds")
            raise InputError(f"hard_bounds must be 0 or 1, got {parameter.text}{parameter.where}")
        object.__setattr__(self, "model", model)

    @property
    def catch_up(self) -> str:
        """Statements that bring calcium and permanence to the present."""
        assert isinstance(self.model, Model)
        return re.sub(r"\befficacy\b", "permanence", catch_up(self.model[TABLE]))

    @property
    def on_post(self) -> str:
        """The calcium of a spike of the cell."""
        return f"{self.catch_up}\n{FORESEEN}\n{_STEP}"

    @property
    def on_plateau(self) -> str:
        """The calcium of a plateau, where it lets any in."""
        assert isinstance(self.model, Model)
        lets_in = self.model[TABLE]["plateau_calcium"] > 0
        return f"{self.catch_up}\ncalcium += plateau_calcium*glutamate" if lets_in else ""

    def constants(self) -> Mapping[str, Any]:
        """Return the numbers of the model and the functions that the text calls."""
        assert isinstance(self.model, Model)
        functions = {"time_above": TIME_ABOVE, "left_after": LEFT_AFTER, "settled": SETTLED}
        return {**self.model[TABLE], **functions, "inhibition_lasts": INHIBITION_LASTS}

    def initial_state(self) -> Mapping[str, float | str]:
        """Return a synapse at rest, from the present on."""
        return {"last_event": "t"}


_STEP = """reaches = foreseen + (1 - foreseen)*resting_share
calcium += reaches*(postsynaptic_calcium + coincidence_calcium*glutamate)"""
