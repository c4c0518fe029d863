"""Names of rules that a network may learn by, with the steps of its memory."""

from __future__ import annotations

from htm_brian.arguments import check_choice
from htm_brian.synapses.plasticity.calcium_on_branches import CalciumOnBranches
from htm_brian.synapses.plasticity.local_up_down import LocalUpDown
from htm_brian.synapses.plasticity.rule import PlasticityRule

BETWEEN = "counter"
"""The counter between elements, which is the rule of a network whose user names none."""

NAMES = (BETWEEN, "local", "calcium")


def network_rule(
    name: str, increment: float, decrement: float, predicted_decrement: float
) -> PlasticityRule | None:
    """Return a rule by its name; None for the counter between elements.

    Parameters
    ----------
    name : {"counter", "local", "calcium"}
        Between elements, from lists of cells; the same at the synapse; calcium on branches and of
        plateaus, with the steps of its model.
    increment, decrement, predicted_decrement : float
        Steps of a permanence.

    Examples
    --------
    >>> network_rule("local", 0.1, 0.05, 0.01).capacity
    3.0
    """
    check_choice("rule", name, NAMES)
    if name == "local":
        return LocalUpDown(increment, decrement, predicted_decrement)
    return CalciumOnBranches("calcium_on_branches_plateau") if name == "calcium" else None
