r"""A local rule: what a synapse released lately is strengthened by a plateau of its branch.

Each synapse keeps a trace e of its own releases, which decays with the time constant tau. When a
plateau begins on its branch, its permanence p follows the trace:

.. math::

    \tau \frac{de}{dt} = -e, \qquad e \leftarrow e + 1 \text{ at a release}, \qquad
    p \leftarrow \mathrm{clip}(p + g e - l,\ 0,\ 1) \text{ at a plateau}

So a synapse that released a time s before the plateau changes by g exp(-s / tau) - l, and one that
was silent, or failed, loses l. This is a plateau-gated eligibility trace, as Bittner et al. 2017
(Science 357:1033) infer it for CA1, shortened to the time between the elements of a sequence.
Neither the postsynaptic spike nor any other cell plays a part. Branches and synapses grow between
elements, as for every rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from brian2.units import ms, second
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.arguments import check_number
from htm_brian.errors import InputError
from htm_brian.synapses.plasticity.between_elements import branches_to_reinforce, grow_to_winners
from htm_brian.synapses.plasticity.rule import Element, Growth, OfflineRule


@dataclass(frozen=True)
class EligibilityTrace(OfflineRule):
    """Permanence rises by the trace of a synapse's own releases when its branch has a plateau.

    Parameters
    ----------
    time_constant : Quantity
        Decay of the trace, tau.
    gain : float in [0, 1]
        Rise of the permanence at a plateau for a trace of 1, g.
    loss : float in [0, 1]
        Fall of the permanence at a plateau, l.

    Examples
    --------
    >>> rule = EligibilityTrace(time_constant=20 * ms, gain=0.2, loss=0.05)
    >>> print(rule.equations)
    deligibility/dt = -eligibility/eligibility_time_constant : 1 (event-driven)
    """

    time_constant: Quantity = field(default_factory=lambda: 20 * ms)
    gain: float = 0.15
    loss: float = 0.05

    equations = "deligibility/dt = -eligibility/eligibility_time_constant : 1 (event-driven)"
    on_pre = "eligibility += arrival"
    on_plateau = (
        "permanence = clip(permanence + eligibility_gain*eligibility - eligibility_loss, 0, 1)"
    )

    initial_permanence = 0.5
    connected_permanence = 0.5

    def __post_init__(self) -> None:
        if not self.time_constant > 0 * second:
            raise InputError(f"time_constant must be above 0 s, got {self.time_constant}")
        for name in ("gain", "loss"):
            check_number(name, getattr(self, name), low=0.0, high=1.0)

    def constants(self) -> Mapping[str, Quantity | float]:
        """Return time constant, gain and loss by their names in the text."""
        return {
            "eligibility_time_constant": self.time_constant,
            "eligibility_gain": self.gain,
            "eligibility_loss": self.loss,
        }

    def between_elements(
        self, store: SegmentStore, growth: Growth, element: Element
    ) -> NDArray[np.int64]:
        """Grow as every rule does, and prune synapses that have lost all their permanence."""
        reinforced, without = branches_to_reinforce(growth, element)
        before = element.predicted_before
        store.touch(np.flatnonzero(before.plateau), element.iteration)
        store.prune(reinforced)
        kept = reinforced[store.owner[reinforced] >= 0]
        return grow_to_winners(store, growth, element, kept, without)
