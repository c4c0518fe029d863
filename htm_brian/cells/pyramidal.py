"""Pyramidal cells: the mechanisms of a model file put together in one Brian2 group.

The model file's level says which: those of level 2 are put together by
`htm_brian.cells.biophysical`, as other cells of level 2 are, see `htm_brian.cells.group.Cells`.
Those of level 1 are here:

=============  ==========================================================================
compartment    driven by
=============  ==========================================================================
soma           the three others, `injected_current`, inhibition, adaptation; it spikes
proximal       `feedforward_conductance` (one volley adds `feedforward_volley_conductance`)
basal          `basal_conductance`, the sum over its branches
apical         `apical_conductance`, likewise
=============  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Collection

from brian2.core.clocks import Clock
from brian2.equations.equations import Equations
from brian2.units import second
from brian2.units.fundamentalunits import Quantity

from htm_brian.cells import biophysical
from htm_brian.cells.biophysical import Design, vary_by_cell
from htm_brian.cells.group import Cells
from htm_brian.errors import InputError
from htm_brian.mechanisms import (
    adaptation,
    branch,
    burst,
    compartment,
    feedforward,
    inhibition,
    plateau,
    soma,
    spike,
)
from htm_brian.parameters import Key, Model

BRANCHED = ("basal", "apical")
"""Compartments that carry branches."""

COMPARTMENTS = ("proximal", *BRANCHED)
"""Compartments beside the soma."""

MECHANISMS: dict[str, dict[str, Key]] = {
    soma.TABLE: soma.KEYS,
    spike.TABLE: spike.KEYS,
    burst.TABLE: burst.KEYS,
    adaptation.TABLE: adaptation.KEYS,
    inhibition.TABLE: inhibition.KEYS,
    feedforward.TABLE: feedforward.KEYS,
    plateau.TABLE: plateau.KEYS,
    **{name: compartment.KEYS for name in COMPARTMENTS},
    branch.TABLE: branch.KEYS,
}
"""Tables and keys that a model file of a pyramidal cell must have."""

VARIABLES = {
    **soma.VARIABLES,
    **spike.VARIABLES,
    **burst.VARIABLES,
    **adaptation.variables(),
    **inhibition.VARIABLES,
    **feedforward.VARIABLES,
    **{k: v for name in BRANCHED for k, v in plateau.variables(name).items()},
    **{k: v for name in COMPARTMENTS for k, v in compartment.variables(name).items()},
}
"""What the variables of a cell mean."""


def require_level_1(model: Model) -> Model:
    """Check that a model is that of a whole cell of level 1, and return it."""
    if model.kind != "cell" or model.level != 1:
        raise InputError(
            f"a cell of level 1 is needed, such as l5_reduced; got a {model.kind} of level "
            f"{model.level} ({model.file}, [model])"
        )
    return model.require(MECHANISMS)


def threshold(model: Model) -> str:
    """Return the condition on which a cell spikes."""
    return f"({spike.THRESHOLD}) or {burst.threshold(model[burst.TABLE])}"


def on_spike(model: Model) -> str:
    """Return what a spike of a cell does to it."""
    further = burst.on_spike(model[burst.TABLE])
    volley = feedforward.on_spike(model[feedforward.TABLE])
    return "\n".join((further, spike.ON_SPIKE, volley, adaptation.on_spike()))


def equations(model: Model) -> Equations:
    """Return the equations of a pyramidal cell.

    Parameters
    ----------
    model : Model
        A model with the tables and keys of `MECHANISMS`.
    """
    model.require(MECHANISMS)
    coupling = " + ".join(f"{name}_coupling_current" for name in COMPARTMENTS)
    inward = {
        "proximal": "feedforward_current + proximal_inhibition_current",
        **{name: f"{name}_plateau_current" for name in BRANCHED},
    }
    whole = soma.equations(model["soma"], f"{coupling} + inhibition_current - adaptation")
    for name in COMPARTMENTS:
        whole += compartment.equations(model[name], inward[name])
    whole += adaptation.equations(model["adaptation"])
    whole += inhibition.equations(model["inhibition"])
    whole += feedforward.equations(model["feedforward"])
    whole += plateau.equations(model["plateau"], BRANCHED)
    whole += burst.equations(model["burst"])
    return whole + spike.equations(model["spike"])


def design(model: Model, per_cell: Collection[str] = ()) -> Design:
    """Put a cell of level 1 or 2 together.

    Parameters
    ----------
    model : Model
        Its level decides.
    per_cell : collection of str
        Paths of parameters that may differ from cell to cell, such as ``"soma.leak_conductance"``.
    """
    if model.level == 2:
        return biophysical.design(model, per_cell)
    if model.level != 1:
        raise InputError(
            f"a pyramidal cell is of level 1 or 2, got level {model.level} ({model.file}, [model])"
        )
    whole = vary_by_cell(equations(model), model, per_cell) if per_cell else equations(model)
    at_rest = {"burst_spike_due": 1e9 * second}
    places = ["soma", *COMPARTMENTS]
    return Design(
        *(whole, threshold(model), on_spike(model), VARIABLES, places, "euler"), at_rest=at_rest
    )


def input_conductance(model: Model) -> Quantity:
    """Return the conductance that a resting cell shows an electrode in its soma.

    That is the soma's leak and, of each compartment, leak and coupling in series.

    Parameters
    ----------
    model : Model
        A model with the tables and keys of `MECHANISMS`.
    """
    whole = model["soma"]["leak_conductance"]
    for name in COMPARTMENTS:
        leak, coupling = model[name]["leak_conductance"], model[name]["coupling_conductance"]
        whole = whole + leak * coupling / (leak + coupling)
    return whole


class PyramidalCells(Cells):
    """Pyramidal cells of level 1 or 2: a Brian2 `NeuronGroup` built from a model file.

    All parameters but the default of `model`, and all attributes, are those of `Cells`.

    Examples
    --------
    >>> from brian2 import SpikeMonitor, Network, ms
    >>> cells = PyramidalCells(1)
    >>> cells.feedforward_conductance = cells.feedforward_volley_conductance
    >>> spikes = SpikeMonitor(cells)
    >>> Network(cells, spikes).run(30*ms)
    >>> int(spikes.num_spikes)
    1
    """

    def __init__(
        self,
        N: int,
        model: str | Model = "l5_reduced",
        *,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        method: str | None = None,
        per_cell: Collection[str] = (),
        order: int = 0,
        name: str = "pyramidalcells*",
    ) -> None:
        super().__init__(
            N, model, dt=dt, clock=clock, method=method, per_cell=per_cell, order=order, name=name
        )

    @staticmethod
    def put_together(model: Model, per_cell: Collection[str] = ()) -> Design:
        """Return the design of a model of level 1 or 2."""
        return design(model, per_cell)
