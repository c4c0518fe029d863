"""The Brian2 group of the cells of a model file, whatever kind of cell they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import ModuleType
from typing import Any

from brian2.core.clocks import Clock
from brian2.equations.equations import SUBEXPRESSION, Equations
from brian2.groups.neurongroup import NeuronGroup
from brian2.monitors.statemonitor import StateMonitor
from brian2.units.fundamentalunits import Quantity

from htm_brian.arguments import check_choice, check_integer, shown
from htm_brian.cells import biophysical, inputs
from htm_brian.cells.design import Design
from htm_brian.engine.group_arguments import check_clock, check_method, check_name
from htm_brian.engine.integration import LinearlyImplicit, standing_still, without_flag
from htm_brian.errors import InputError
from htm_brian.mechanisms import spike
from htm_brian.mechanisms.dendrite import potential
from htm_brian.mechanisms.mechanism import assign, describe
from htm_brian.memory import require_bytes
from htm_brian.parameters import Model, load_model

SOMA_POTENTIAL = "v_soma"
"""Another name of `v`, so that every compartment's potential is called alike."""

MOST_CELLS = 2**31 - 1
"""Brian2 numbers cells by 32 bits."""


def check_size(number: int, equations: Equations) -> None:
    """Refuse more cells than Brian2 can number, or than there is memory for.

    Parameters
    ----------
    number : int
        Cells.
    equations : Equations
        Of a cell; each variable takes eight bytes.

    Raises
    ------
    InputError
        If there are more.
    """
    if number > MOST_CELLS:
        raise InputError(f"N must be at most {MOST_CELLS} cells, got {number}")
    of_each = [
        each
        for each in equations.values()
        if each.type != SUBEXPRESSION and "shared" not in each.flags
    ]
    needed = 8.0 * len(of_each) * number
    require_bytes(needed, f"N = {number} cells of {len(of_each)} variables", "take fewer cells")


class Cells(NeuronGroup):
    """Cells of level 2: a Brian2 `NeuronGroup` built from a model file.

    Interneurons and relay cells are made by this class; `PyramidalCells` takes level 1, too.

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
        Brian2's integration method. By default Euler at level 1, and at level 2 that of
        `htm_brian.engine.integration`, of second order and stable whatever the conductances.
    per_cell : collection of str
        Paths of parameters that may differ from cell to cell, such as ``"nmda.magnesium"``; the
        others are one number for the group.
    mechanisms : sequence of module
        Modules with mechanisms of your own, or packages of such modules; see
        `htm_brian.mechanisms.interface`.
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
    potentials : list of str
        Names of the variables with their potentials, in the same order: ``v_soma`` (which is `v`),
        ``v_basal_0_0``, and so on.

    Raises
    ------
    InputError
        If an argument is none, the model has a fault or another level, or memory does not suffice.

    Notes
    -----
    A spike is recorded at the start of its step, as everywhere in Brian2; `last_spike_time` has the
    interpolated crossing. The reset runs right after the threshold, before monitors and synapses.
    So ``SpikeMonitor(cells, "last_spike_time")`` records the spike's own time, synapses of the same
    step see it already, and inhibition that arrives in that step cannot disturb it.

    Examples
    --------
    >>> from brian2 import Network, ms
    >>> cells = Cells(1, "passive")
    >>> cells.compartments[:3]
    ['soma', 'basal_0_0', 'basal_0_1']
    >>> Network(cells).run(1*ms)
    """

    def __init__(
        self,
        N: int,
        model: str | Model,
        *,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        method: str | None = None,
        per_cell: Collection[str] = (),
        mechanisms: Sequence[ModuleType] = (),
        order: int = 0,
        name: str = "cells*",
    ) -> None:
        number = check_integer("N", N, low=1)
        check_name(name)
        check_clock(dt, clock)
        check_method(method)
        check_integer("order", order)
        if not isinstance(per_cell, Collection):
            raise InputError(f"per_cell must be a list of parameters, got {shown(per_cell)}")
        self.parameters = load_model(model)
        self._design = self.put_together(self.parameters, per_cell, mechanisms)
        self.compartments = self._design.compartments
        self.potentials = [f"v_{compartment}" for compartment in self.compartments]
        whole, integration = self._design.equations, method or self._design.method
        if integration is None:
            held = standing_still(whole)
            coupled = [potential(compartment) for compartment in self.compartments]
            whole, integration = without_flag(whole, held), LinearlyImplicit(coupled, held)
        whole = whole + Equations(f"{SOMA_POTENTIAL} = v : volt")
        check_size(number, whole)
        super().__init__(
            number,
            whole,
            threshold=self._design.threshold,
            reset=self._design.reset,
            method=integration,
            dt=dt,
            clock=clock,
            order=order,
            name=name,
        )
        if self._design.threshold is not None:
            spike.reset_at_once(self)
        for regular in self._design.regularly:
            step = max(self.clock.dt, regular.step)
            self.run_regularly(regular.statements(step), dt=step, when="start")
        for table in self._design.tables:
            assign(self, self.parameters[table])
        for constant, value in self._design.constants.items():
            setattr(self, constant, value)
        self.to_rest()

    @staticmethod
    def put_together(
        model: Model, per_cell: Collection[str] = (), packages: Sequence[ModuleType] = ()
    ) -> Design:
        """Return the design of a model of level 2.

        Parameters
        ----------
        model : Model
            Of level 2.
        per_cell : collection of str
            Paths of parameters that may differ from cell to cell.
        packages : sequence of module
            With mechanisms of one's own.

        Returns
        -------
        Design
            Equations, compartments, and what stands at rest.

        Raises
        ------
        InputError
            If the model is of another level, or has a fault.
        """
        if model.level != 2:
            raise InputError(
                f"these cells are of level 2, got level {model.level}; PyramidalCells are of "
                f"level 1 or 2 ({model.file}, [model])"
            )
        return biophysical.design(model, per_cell, packages)

    def to_rest(self) -> None:
        """Put every cell to rest: no conductance, no adaptation, no spike ever."""
        for equation in self._design.equations.values():
            if "constant" not in equation.flags and equation.type != SUBEXPRESSION:
                setattr(self, equation.varname, Quantity(0, dim=equation.dim))
        for name in self.compartments:
            setattr(self, potential(name), self.resting_potential)
        for name, value in self._design.at_rest.items():
            setattr(self, name, value)

    def on_glutamate(self, compartment: str, receptors: Collection[str] = ("ampa", "nmda")) -> str:
        """Return what a presynaptic spike does in a compartment, as `on_pre` of a `Synapses`.

        Parameters
        ----------
        compartment : str
            One of `compartments`.
        receptors : collection of str
            Some of those that the compartment has.

        Returns
        -------
        str
            Brian2 statements.

        Raises
        ------
        InputError
            If there is no such compartment, or it lacks a receptor.

        Examples
        --------
        >>> from brian2 import Network, ms
        >>> cells = Cells(1, "fast_spiking_interneuron")
        >>> Network(cells).run(0*ms)
        >>> print(cells.on_glutamate("soma", ["ampa"]))
        ampa_soma_post += ampa_unitary_conductance_post
        """
        check_choice("compartment", compartment, tuple(self.compartments))
        for name in receptors:
            if f"{name}_{compartment}" not in self.variables:
                raise InputError(
                    f"{compartment} has no {name} receptors ({self.parameters.file}, [{name}])"
                )
        return biophysical.on_glutamate(compartment, receptors)

    def synapses_from(
        self,
        source: Any,
        compartment: str,
        receptors: Collection[str] | None = None,
        *,
        release: str | Model | None = None,
        delay: Quantity | None = None,
        seed: int = 0,
        trial: int = 0,
        order: int = 0,
        name: str = "synapses*",
    ) -> inputs.CompartmentSynapses | inputs.ReleasingCompartmentSynapses:
        """Return synapses of a group that spikes onto one compartment, branch or kind of branch.

        They are Brian2 `Synapses`: connect them, and add them to the network. Each has a `weight`,
        1 unless set after ``connect``, in unitary conductances of the receptors.

        Parameters
        ----------
        source : Group
            Anything that spikes: `NeuronGroup`, `PoissonGroup`, `SpikeGeneratorGroup`, `Cells`.
        compartment : str
            One of `compartments`; or a branch (``"basal_0"``) or all branches of a kind
            (``"basal"``), over whose compartments the synapses are spread, by the number of their
            source.
        receptors : collection of str, optional
            Some of ``"ampa"``, ``"nmda"`` and ``"gaba"``; left out, those for glutamate that are
            there.
        release : str, path or Model, optional
            Of kind "synapse", such as ``"layer5_pair"``: a spike then releases vesicles by chance,
            each of which opens the unitary conductance
            (`htm_brian.synapses.release.stochastic.ReleaseSynapses`). Left out, every spike is
            transmitted.
        delay : Quantity, optional
            The same for all.
        seed, trial : int
            Of the releases.
        order : int
            Among all that spikes do in one time step.
        name : str
            Of the synapses; with `release` it names their draws, too.

        Returns
        -------
        CompartmentSynapses or ReleasingCompartmentSynapses
            Without connections; the latter where `release` is given.

        Raises
        ------
        InputError
            If there is no such compartment or receptor, or a compartment lacks it.

        Examples
        --------
        >>> from brian2 import Network, SpikeGeneratorGroup, ms
        >>> cells = Cells(1, "l5_thick_tufted")
        >>> axons = SpikeGeneratorGroup(20, range(20), [1]*20*ms)
        >>> synapses = cells.synapses_from(axons, "basal_0_1")
        >>> synapses.connect()
        >>> Network(cells, axons, synapses).run(1.2*ms)
        >>> cells.ampa_basal_0_1[0] > 15*cells.ampa_unitary_conductance
        np.True_
        """
        return inputs.synapses_from(
            self, source, compartment, receptors, release, delay, seed, trial, order, name
        )

    def record(
        self,
        compartments: Collection[str] | None = None,
        *,
        cells: Any = True,
        dt: Quantity | None = None,
        name: str = "statemonitor*",
    ) -> StateMonitor:
        """Return a Brian2 `StateMonitor` of the potentials; add it to the network.

        Parameters
        ----------
        compartments : collection of str, optional
            Compartments, branches or kinds of them, as in `synapses_from`; all if left out.
        cells : bool or sequence of int
            Which cells; all by default.
        dt : Quantity, optional
            From one value to the next; the cells' own step if left out.
        name : str
            Of the monitor.

        Returns
        -------
        StateMonitor
            Its variables are those of `potentials`, in volt, shape (n_cells, n_times).

        Raises
        ------
        InputError
            If there is no such compartment.

        Examples
        --------
        >>> from brian2 import Network, mV, ms
        >>> cells = Cells(1, "passive")
        >>> traces = cells.record(["soma"], dt=0.5*ms)
        >>> Network(cells, traces).run(1*ms)
        >>> traces.v_soma/mV
        array([[-70., -70.]])
        """
        check_clock(dt, None)
        if compartments is None:
            chosen = list(self.compartments)
        else:
            names = [compartments] if isinstance(compartments, str) else compartments
            chosen = [p for each in names for p in inputs.places_of(each, self.compartments)]
        variables = [f"v_{compartment}" for compartment in dict.fromkeys(chosen)]
        return StateMonitor(self, variables, record=cells, dt=dt, name=name)

    def describe(self) -> str:
        """Return the equations as text, with units, values and sources.

        Returns
        -------
        str
            One equation or parameter a line.
        """
        meanings = self._design.variables | {SOMA_POTENTIAL: "potential of the soma, v"}
        return describe(self.user_equations, meanings, self.parameters)
