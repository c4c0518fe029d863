"""BAC firing: a back-propagated spike and input to the tuft together make a burst (Larkum 1999).

Stimulus, after Hay et al. 2011: 1.9 nA for 5 ms into the soma, an EPSP-like current into the nexus,
alone and together, in many strengths and at many delays; trains of five spikes at many frequencies;
trains of one to five spikes. Every condition is a cell. Measurement: spikes, and how long the nexus
is above -40 mV. The same for layer 2/3 cells, whose dendritic event is short (Larkum 2007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from brian2 import Quantity, amp, ms, nA, second
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.bac_firing.checks import (
    HAY,
    LARKUM,
    LARKUM_L23,
    LARKUM_TRAINS,
    checks,
    metrics,
)
from htm_brian.protocols.bac_firing.measurement import run_layer
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class BACFiringParameters:
    """What a run of `BACFiring` depends on.

    Parameters
    ----------
    model, layer23_model : str
        Cells of layer 5 and of layer 2/3.
    layer23_share : float
        Of every current, what a cell of layer 2/3 gets: it is smaller.
    soma_current, soma_duration : Quantity
        The pulse into the soma that makes one spike.
    nexus_current : Quantity
        Peak of the subthreshold, EPSP-like input to the nexus.
    highest_current, n_currents : Quantity, int
        Inputs to the nexus among which thresholds are sought: the largest, and how many.
    train_current, train_duration : Quantity
        Each pulse of the trains of spikes.
    event_duration : Quantity
        An event of the nexus as long as this counts as a calcium spike.
    duration, time_step : Quantity
        Of every condition, and of the integration.
    """

    model: str = "l5_thick_tufted"
    layer23_model: str = "l23_pyramidal"
    layer23_share: float = 0.4
    soma_current: Quantity = quantity(1.9 * nA)
    soma_duration: Quantity = quantity(5 * ms)
    nexus_current: Quantity = quantity(0.5 * nA)
    highest_current: Quantity = quantity(3 * nA)
    n_currents: int = 60
    train_current: Quantity = quantity(4.35 * nA)  # 0.15 less drops spikes of slow trains
    train_duration: Quantity = quantity(2 * ms)
    event_duration: Quantity = quantity(15 * ms)
    duration: Quantity = quantity(260 * ms)
    time_step: Quantity = quantity(0.05 * ms)

    def __post_init__(self) -> None:
        check_integer("n_currents", self.n_currents, low=4)
        check_number("layer23_share", self.layer23_share, low=0.01, high=1)
        for name in ("soma_current", "nexus_current", "highest_current", "train_current"):
            check_quantity(name, getattr(self, name), amp, positive=True)
        for name in ("soma_duration", "train_duration", "event_duration", "time_step"):
            check_quantity(name, getattr(self, name), second, positive=True)
        check_quantity("duration", self.duration, second, low=240 * ms)

    @property
    def currents(self) -> NDArray[np.float64]:
        """Amperes into the nexus, in equal steps up to the highest."""
        return np.linspace(0, float(self.highest_current), self.n_currents + 1)[1:]


class BACFiring(Protocol):
    """Bursts by coincidence of a spike and input to the tuft, in layer 5 and in layer 2/3."""

    name = "bac_firing"
    claim = (
        "in layer-5 cells one spike together with subthreshold input to the tuft makes a burst of "
        "2 to 4 spikes; in layer 2/3 the dendritic event is short and adds one spike at most"
    )
    source = f"{LARKUM}; {LARKUM_TRAINS}; {LARKUM_L23}; for comparison {HAY}"
    parameters = BACFiringParameters()
    quick = QuickForm(
        BACFiringParameters(n_currents=20, duration=240 * ms, time_step=0.1 * ms),
    )
    packages = ("efel",)

    def __init__(self, parameters: BACFiringParameters | None = None) -> None:
        super().__init__(parameters)
        names = {"layer 5": self.parameters.model, "layer 2/3": self.parameters.layer23_model}
        self._models = {layer: load_model(name) for layer, name in names.items()}
        for model in self._models.values():
            biophysical.require(model)
            for table in ("calcium_spike", "backpropagation"):
                if table not in model:
                    raise InputError(f"bac_firing needs a table [{table}] ({model.file})")

    def run(self, progress: Progress) -> Outcome:
        """Stimulate cells of both layers."""
        rows = [row for model in self._models.values() for row in model.rows()]
        found = []
        for layer, model in self._models.items():
            dataset = run_layer(model, self.parameters, progress, layer)
            if dataset is None:
                return Outcome(xr.Dataset(), [], partial=True, parameter_rows=rows)
            found.append(dataset)
        dataset = xr.concat(found, xr.Variable("layer", list(self._models)))
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=rows)
