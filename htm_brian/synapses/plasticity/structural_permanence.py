r"""Permanence beside efficacy: a synapse changes its strength in seconds, its structure in hours.

The efficacy is that of `TaggingCapture`: an early phase of seconds to hours, and a late one that
proteins make. Behind it the structure of the synapse follows slowly: the permanence is what it was
at first plus b, and

.. math::

    \tau_s \frac{db}{dt} = g z - b

with the late phase z. A synapse whose permanence is below the threshold is silent: it has NMDA
receptors and no AMPA receptors, so that at rest nobody hears it, but its calcium enters, and it
learns. From the threshold on it has both (Liao, Hessler & Malinow 1995, Nature 375:400; Isaac,
Nicoll & Malenka 1995, Neuron 15:427). An HTM synapse knows the second of these numbers alone.

====================  ============================================================================
name in `on_pre`      meaning
====================  ============================================================================
`ampa`                efficacy of a connected synapse; 0 of a silent one
`connected`           1 or 0
`permanence`          in [0, 1]
====================  ============================================================================

Between two looks at the proteins (see `consolidation`) z is taken to be the mean of its two values,
so that looks should be short against :math:`\tau_s`, and need not be against anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from htm_brian.parameters import Key
from htm_brian.synapses.plasticity.tagging_capture import TaggingCapture


@dataclass(frozen=True)
class StructuralPermanence(TaggingCapture):
    """Early and late phase, and a permanence that follows the late phase.

    Examples
    --------
    >>> rule = StructuralPermanence("structural_permanence")
    >>> rule.table["structural_time_constant"]
    21.6 * ksecond
    """

    keys: ClassVar = {
        **TaggingCapture.keys,
        "structural_time_constant": Key("second", "of the permanence, tau_s"),
        "permanence_gain": Key("1", "change of permanence by a late phase of 1, g"),
        "initial_permanence": Key("1", "permanence of a new synapse"),
        "connected_permanence": Key("1", "from which a synapse has AMPA receptors"),
    }

    @property
    def equations(self) -> str:
        """State: that of the efficacy, and the permanence."""
        return f"{super().equations}{_STATE}"

    @property
    def capture(self) -> str:
        """Statements by which a synapse captures proteins, and its structure follows."""
        return f"late_before = late\n{super().capture}\n{_FOLLOW}"

    def initial_state(self) -> Mapping[str, Any]:
        """Return a synapse at rest, with the permanence of a new one."""
        first = self.table["initial_permanence"]
        return {**super().initial_state(), "first_permanence": first}


_STATE = """
first_permanence : 1  # before anything was learned
built : 1  # b at the last look at the proteins
permanence = clip(first_permanence + built, 0, 1) : 1
connected = int(clip(first_permanence + built, 0, 1) >= connected_permanence) : 1
ampa = efficacy*int(clip(first_permanence + built, 0, 1) >= connected_permanence) : 1
"""
_FOLLOW = """wanted = permanence_gain*0.5*(late_before + late)
built = wanted + (built - wanted)*exp(-looked/structural_time_constant)
"""
