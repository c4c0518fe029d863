r"""Seconds: a plateau of the cell changes what was active some time before it, or after.

A presynaptic spike leaves an eligibility E at its synapse, which decays within seconds. A plateau
of the postsynaptic cell sets an instruction I to 1 for as long as it lasts; then I decays. What
changes the efficacy w is their product x = E I (Bittner et al. 2017, Science 357:1033; Milstein et
al. 2021, eLife 10:e73046):

.. math::

    \frac{dw}{dt} = k_+ (w_{max} - w)\, q_+(x) - k_- w\, q_-(x)

======================  =========================================================================
thresholds of x         what the gates are
======================  =========================================================================
both 0                  :math:`q_+ = x`, :math:`k_- = 0`: after Bittner et al. Away from the bound
                        a spike before the plateau changes w by an amount that falls with the time
                        constant of E, one after it with that of I.
above 0                 :math:`q_\pm = \Theta(x - \theta_\pm)`: after Milstein et al., with steps in
                        the place of steep sigmoids. A weak synapse goes up near the plateau, a
                        strong one goes down at some distance from it.
======================  =========================================================================

**Nothing is computed between events.** E decays exponentially, x with E during the plateau and
with both after it: the integral of x is an exponential, its time above a threshold a logarithm.
No spike of the cell plays a part. The postsynaptic group must have an event "plateau".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from htm_brian.errors import InputError
from htm_brian.parameters import Key
from htm_brian.synapses.plasticity.calcium_based import TIME_ABOVE
from htm_brian.synapses.plasticity.online import OnlineRule


@dataclass(frozen=True)
class BehaviouralTimeScale(OnlineRule):
    """Plateau-gated eligibility of seconds.

    Examples
    --------
    >>> rule = BehaviouralTimeScale("behavioural_time_scale_slice")
    >>> print(rule.on_pre.splitlines()[-1])
    eligibility += arrival
    """

    keys: ClassVar = {
        "eligibility_time_constant": Key("second", "decay of the eligibility"),
        "instruction_time_constant": Key("second", "decay of the instruction after a plateau"),
        "plateau_duration": Key("second", "from the onset of a plateau to its end"),
        "potentiation_rate": Key("1/second", "k+, rate of going up"),
        "depression_rate": Key("1/second", "k-, rate of going down; 0 where x has no thresholds"),
        "potentiation_threshold": Key("1", "x above which w goes up; 0: in proportion to x"),
        "depression_threshold": Key("1", "x above which w goes down"),
        "initial_efficacy": Key("1", "efficacy of a new synapse"),
        "maximum_efficacy": Key("1", "upper bound of the efficacy"),
    }

    equations = """
efficacy : 1  # at the last event
eligibility : 1  # at the last event
instruction : 1  # at the last event
plateau_until : second
last_event : second
"""

    @property
    def in_proportion(self) -> bool:
        """Whether the efficacy changes in proportion to x."""
        return self.table["potentiation_threshold"] == 0

    @property
    def catch_up(self) -> str:
        """Statements that bring the state to the present."""
        change = _IN_PROPORTION if self.in_proportion else _ABOVE_THRESHOLDS
        return f"{_COURSE}{change}{_DECAY}".strip()

    @property
    def on_pre(self) -> str:
        """The eligibility that a spike leaves."""
        return f"{self.catch_up}\neligibility += arrival"

    @property
    def on_plateau(self) -> str:
        """The beginning of the instruction."""
        return f"{self.catch_up}\nplateau_until = t + plateau_duration"

    def check(self) -> None:
        """Refuse numbers that do not belong together."""
        table = self.table
        if self.in_proportion and (table["depression_rate"] != 0 or table["depression_threshold"]):
            raise InputError(
                "depression_rate and depression_threshold must be 0 where potentiation_threshold "
                f"is{table.parameter('depression_rate').where}"
            )
        if table["depression_threshold"] > table["potentiation_threshold"]:
            where = table.parameter("depression_threshold").where
            raise InputError(
                "depression_threshold must be at most potentiation_threshold = "
                f"{table['potentiation_threshold']:g}, got {table['depression_threshold']:g}{where}"
            )
        if not self.in_proportion and not table["depression_threshold"] > 0:
            where = table.parameter("depression_threshold").where
            raise InputError(f"depression_threshold must be above 0, got 0{where}")

    def constants(self) -> Mapping[str, Any]:
        """Return the numbers of the model and the function that the text calls."""
        return dict(self.table) | {"time_above": TIME_ABOVE}

    def initial_state(self) -> Mapping[str, Any]:
        """Return a new synapse, from the present on."""
        return {"efficacy": self.table["initial_efficacy"], "last_event": "t"}


_COURSE = """
elapsed = t - last_event
in_plateau = eligibility_time_constant*clip((plateau_until - last_event)/eligibility_time_constant, 0, elapsed/eligibility_time_constant)
after = elapsed - in_plateau
both_time = 1/(1/eligibility_time_constant + 1/instruction_time_constant)
instruction = instruction + int(in_plateau/eligibility_time_constant > 0)*(1 - instruction)
eligibility_after = eligibility*exp(-in_plateau/eligibility_time_constant)
"""  # noqa: E501
_IN_PROPORTION = """overlap = eligibility_time_constant*(eligibility - eligibility_after) + both_time*eligibility_after*instruction*(1 - exp(-after/both_time))
efficacy = maximum_efficacy + (efficacy - maximum_efficacy)*exp(-potentiation_rate*overlap)
"""  # noqa: E501
# x falls all the time, so that it is above both thresholds first and above the lower one then.
_ABOVE_THRESHOLDS = """up = eligibility_time_constant*time_above(eligibility/potentiation_threshold, in_plateau/eligibility_time_constant) + both_time*time_above(eligibility_after*instruction/potentiation_threshold, after/both_time)
down = eligibility_time_constant*time_above(eligibility/depression_threshold, in_plateau/eligibility_time_constant) + both_time*time_above(eligibility_after*instruction/depression_threshold, after/both_time)
goal = maximum_efficacy*potentiation_rate/(potentiation_rate + depression_rate + 1e-300*Hz)
efficacy = goal + (efficacy - goal)*exp(-(potentiation_rate + depression_rate)*up)
efficacy = efficacy*exp(-depression_rate*(down - up))
"""  # noqa: E501
_DECAY = """eligibility = eligibility_after*exp(-after/eligibility_time_constant)
instruction = instruction*exp(-after/instruction_time_constant)
last_event = t
"""
