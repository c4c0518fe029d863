"""Prediction: an NMDA spike alone is silent, and brings the next spike forward (Hawkins & Ahmad).

Stimulus: a feedforward volley, synapses of the soma that fire within 8 ms; before it, in the
cells that predict, coincident synapses on one basal branch. Every condition is a cell. Measurement:
the first spike after the volley's onset, with and without the NMDA spike. First the smallest volley
that fires a resting cell is found; the others are multiples of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr
from brian2 import Quantity, ms, second

from htm_brian.arguments import check_integer, check_number
from htm_brian.cells import biophysical
from htm_brian.errors import InputError
from htm_brian.experiment.progress import Progress
from htm_brian.experiment.protocol import Outcome, Protocol, QuickForm, quantity
from htm_brian.parameters import load_model
from htm_brian.protocols.prediction_lead.checks import HTM, checks, metrics
from htm_brian.protocols.prediction_lead.measurement import least_volley, predict
from htm_brian.protocols.prediction_lead.stimulus import DELAYS, ONSET
from htm_brian.quantities import check_quantity


@dataclass(frozen=True)
class PredictionLeadParameters:
    """What a run of `PredictionLead` depends on.

    Parameters
    ----------
    model : str
        The cell.
    n_basal, most_basal : int
        Synapses on the basal branch where their number does not vary, and where it does.
    volley_window : Quantity
        Within which the synapses of the feedforward volley fire.
    volley_strength : float
        Of the volley, in smallest volleys that fire the resting cell.
    delay : Quantity
        From the basal synapses to the volley.
    most_feedforward : int
        Synapses among which the smallest volley is sought.
    duration, time_step : Quantity
        Of every condition, and of the integration.
    """

    model: str = "l5_thick_tufted"
    n_basal: int = 20
    most_basal: int = 40
    volley_window: Quantity = quantity(8 * ms)
    volley_strength: float = 1.4
    delay: Quantity = quantity(30 * ms)
    most_feedforward: int = 600
    duration: Quantity = quantity(250 * ms)
    time_step: Quantity = quantity(0.05 * ms)

    def __post_init__(self) -> None:
        check_integer("n_basal", self.n_basal, low=1, high=200)
        check_integer("most_basal", self.most_basal, low=1, high=200)
        check_integer("most_feedforward", self.most_feedforward, low=10)
        check_number("volley_strength", self.volley_strength, low=1)
        for name in ("volley_window", "time_step"):
            check_quantity(name, getattr(self, name), second, positive=True)
        check_quantity("delay", self.delay, second, low=0 * ms, high=DELAYS[-1] * ms)
        check_quantity("duration", self.duration, second, low=(ONSET + 60) * ms)


class PredictionLead(Protocol):
    """What an NMDA spike does to the cell's next spike."""

    name = "prediction_lead"
    claim = "an NMDA spike alone never fires the cell, and advances its first spike to a volley"
    source = HTM
    parameters = PredictionLeadParameters()
    quick = QuickForm(
        PredictionLeadParameters(most_basal=30, duration=220 * ms, time_step=0.1 * ms)
    )

    def __init__(self, parameters: PredictionLeadParameters | None = None) -> None:
        super().__init__(parameters)
        self._model = biophysical.require(load_model(self.parameters.model))
        for table in ("spike", "ampa", "nmda", "basal"):
            if table not in self._model:
                raise InputError(f"prediction_lead needs a table [{table}] ({self._model.file})")

    def run(self, progress: Progress) -> Outcome:
        """Find the smallest volley that fires the cell, then all conditions at once."""
        parameters, model = self.parameters, self._model
        least = least_volley(model, parameters, progress)
        dataset = None if least is None else predict(model, parameters, least, progress)
        if dataset is None:
            return Outcome(xr.Dataset(), [], partial=True, parameter_rows=model.rows())
        return Outcome(dataset, checks(dataset), metrics(dataset), parameter_rows=model.rows())
