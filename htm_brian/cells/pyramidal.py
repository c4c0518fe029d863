"""Pyramidal cells: the mechanisms of a model file put together in one Brian2 group.

The model file's level says which: cells of level 2 are those of `htm_brian.cells.biophysical`.
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
from brian2.equations.equations import SUBEXPRESSION, Equations
from brian2.groups.neurongroup import NeuronGroup
from brian2.units import second
from brian2.units.fundamentalunits import Quantity

from htm_brian.cells import (
    adaptation,
    biophysical,
    branch,
    burst,
    compartment,
    feedforward,
    inhibition,
    plateau,
    soma,
    spike,
    tree,
)
from htm_brian.cells.biophysical import Design, vary_by_cell
from htm_brian.cells.dendrite import potential
from htm_brian.cells.mechanism import NEVER, assign, describe, variable_name
from htm_brian.parameters import Key, Model, load_model

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
    **adaptation.VARIABLES,
    **inhibition.VARIABLES,
    **feedforward.VARIABLES,
    **{k: v for name in BRANCHED for k, v in plateau.variables(name).items()},
    **{k: v for name in COMPARTMENTS for k, v in compartment.variables(name).items()},
}
"""What the variables of a cell mean."""

THRESHOLD = f"({spike.THRESHOLD}) or {burst.THRESHOLD}"
ON_SPIKE = "\n".join((burst.ON_SPIKE, spike.ON_SPIKE, feedforward.ON_SPIKE, adaptation.ON_SPIKE))


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
    whole = vary_by_cell(equations(model), model, per_cell) if per_cell else equations(model)
    return Design(whole, THRESHOLD, ON_SPIKE, VARIABLES)


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


class PyramidalCells(NeuronGroup):
    """Pyramidal cells: a Brian2 `NeuronGroup` built from a model file.

    Parameters
    ----------
    N : int
        Number of cells.
    model : str, path or Model
        Name of a model of the package, path of a file, or a `Model`.
    dt : Quantity, optional
        Time step; Brian2's default clock where neither it nor `clock` is given.
    clock : Clock, optional
        Clock in place of `dt`.
    method : str, optional
        Brian2's integration method. By default Euler at level 1; at level 2 exponential Euler,
        which is stable whatever the conductances.
    per_cell : collection of str
        Paths of parameters that may differ from cell to cell, such as ``"nmda.magnesium"``; the
        others are one number for the group.
    order : int
        Order among objects of the same slot.
    name : str
        Name of the group.

    Attributes
    ----------
    parameters : Model
        The model as it was loaded. The values in force are the group's own, which you may change:
        ``cells.leak_conductance = 20*nS``.
    compartments : list of str
        Their names, the soma first.

    Notes
    -----
    A spike is recorded at the start of its step, as everywhere in Brian2; `last_spike_time` has the
    interpolated crossing. The reset runs right after the threshold, before monitors and synapses.
    So ``SpikeMonitor(cells, "last_spike_time")`` records the spike's own time, synapses of the same
    step see it already, and inhibition that arrives in that step cannot disturb it.

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
        self.parameters = load_model(model)
        self._design = design(self.parameters, per_cell)
        detailed = self.parameters.level == 2
        dendrites = (
            [part.name for part in tree.compartments(self.parameters)] if detailed else COMPARTMENTS
        )
        self.compartments = ["soma", *dendrites]
        super().__init__(
            N,
            self._design.equations,
            threshold=self._design.threshold,
            reset=self._design.reset,
            method=method or ("exponential_euler" if detailed else "euler"),
            dt=dt,
            clock=clock,
            order=order,
            name=name,
        )
        if self._design.threshold is not None:
            spike.reset_at_once(self)
        for table in self.parameters.tables:
            if all(variable_name(table.name, key) in self.variables for key in table):
                assign(self, table)
        if detailed:
            biophysical.assign_cable(self, self.parameters)
        self.to_rest()

    def to_rest(self) -> None:
        """Put every cell to rest: no conductance, no adaptation, no spike ever."""
        for equation in self._design.equations.values():
            if "constant" not in equation.flags and equation.type != SUBEXPRESSION:
                setattr(self, equation.varname, Quantity(0, dim=equation.dim))
        for name in self.compartments:
            setattr(self, potential(name), self.resting_potential)
        if "last_spike_time" in self.variables:
            self.last_spike_time = NEVER
        if "burst_spike_due" in self.variables:
            self.burst_spike_due = 1e9 * second

    def describe(self) -> str:
        """Return the equations as text, with units, values and sources."""
        return describe(self.user_equations, self._design.variables, self.parameters)
