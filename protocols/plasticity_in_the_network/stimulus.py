"""Rules, conditions, and sequences that take the place of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.comparison.ladder import MemoryParameters
from htm_brian.parameters import Model, load_model
from htm_brian.streams.sequence_task import SEQUENCES, SYMBOLS
from htm_brian.synapses.plasticity.between_elements import BetweenElements
from htm_brian.synapses.plasticity.calcium_on_branches import CalciumOnBranches
from htm_brian.synapses.plasticity.local_up_down import LocalUpDown
from htm_brian.synapses.plasticity.rule import PlasticityRule

if TYPE_CHECKING:
    from htm_brian.protocols.plasticity_in_the_network import PlasticityInTheNetworkParameters

COUNTER = "counter, between elements"
AVERAGE = "incidence rate, between elements"
LOCAL = "local counter"
CALCIUM = "calcium on branches"
PLATEAUS = "calcium on branches, and of plateaus"
PAIRS = "calcium as fitted to pairs"
BINDING = "bursts bind"
NO_BURSTS = "bursts bind, cells fire none"

PREDICTED_DECREMENT = 0.05
"""Half of the increment, as in `network_release`."""

NEW_SEQUENCES = tuple(sequence[::-1] for sequence in SEQUENCES)
"""The same symbols in the reverse order, which may take the place of the first."""


def rules() -> dict[str, PlasticityRule]:
    """Return every rule by its name."""
    binding = LocalUpDown(
        predicted_decrement=PREDICTED_DECREMENT, burst_increment=0.3, burst_decrement=0.1
    )
    return {
        COUNTER: BetweenElements(UpDown()),
        AVERAGE: BetweenElements(IncidenceRate(10.0, 0.2)),
        LOCAL: LocalUpDown(predicted_decrement=PREDICTED_DECREMENT),
        CALCIUM: CalciumOnBranches(),
        PLATEAUS: CalciumOnBranches("calcium_on_branches_plateau"),
        PAIRS: CalciumOnBranches("calcium_on_branches_fitted"),
        BINDING: binding,
        NO_BURSTS: binding,
    }


@dataclass(frozen=True)
class Condition:
    """What fails and fluctuates.

    Parameters
    ----------
    name : str
    model, cell_model : str
    transmission : float, optional
        Of every connection, in the place of the model's.
    rules : tuple of str
    """

    name: str
    model: str = "minicolumns"
    cell_model: str = "l5_reduced"
    transmission: float | None = None
    rules: tuple[str, ...] = (COUNTER, LOCAL, PLATEAUS)

    def network(self) -> Model:
        """Return the network's model."""
        model = load_model(self.model)
        if self.transmission is None:
            return model
        one_site = {"release.sites": 1, "distal.site_growth": 1}
        return model.with_values({**one_site, "release.release_probability": self.transmission})


OWN = Condition(
    "the network's own release",
    rules=(COUNTER, AVERAGE, LOCAL, CALCIUM, PLATEAUS, PAIRS, BINDING, NO_BURSTS),
)
FAILING = Condition("half of the releases fail", transmission=0.5)
NOISY = Condition("in vivo", "minicolumns_in_vivo", "l5_in_vivo")
CONDITIONS = (OWN, FAILING, NOISY)


def memory_arguments(p: PlasticityInTheNetworkParameters, rule: str) -> Mapping[str, Any]:
    """Return size and thresholds of a network; what a permanence is, is its rule's."""
    own = asdict(MemoryParameters.for_size(p.columns, p.cells_per_column, p.active))
    for name in ("initial_permanence", "connected_permanence"):
        del own[name]
    return own | {"rule": rules()[rule], "predicted_decrement": PREDICTED_DECREMENT}


def symbol_columns(p: PlasticityInTheNetworkParameters, seed: int) -> NDArray[np.int64]:
    """Return the columns of each symbol, sorted; shape (symbols, n_active)."""
    rng = np.random.default_rng([p.seed, seed])
    chosen = [rng.choice(p.columns, p.active, replace=False) for _ in SYMBOLS]
    return np.sort(np.array(chosen), axis=1).astype(np.int64)
