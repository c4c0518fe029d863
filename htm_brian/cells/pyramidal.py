"""Pyramidal cells: the mechanisms of a model file put together in one Brian2 group.

The model file's level says which. Those of level 2 are trees, as other cells of that level are, see
`htm_brian.cells.biophysical`. Those of level 1 have four compartments:

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

from collections.abc import Collection, Sequence
from types import ModuleType

from brian2.core.clocks import Clock
from brian2.equations.equations import Equations
from brian2.units.fundamentalunits import Quantity

from htm_brian.cells import assembly
from htm_brian.cells.design import Design
from htm_brian.cells.fluctuations import with_noise
from htm_brian.cells.group import Cells
from htm_brian.errors import InputError
from htm_brian.parameters import Model


def require_level_1(model: Model, packages: Sequence[ModuleType] = ()) -> Model:
    """Check that a model is that of a whole cell of level 1, and return it.

    Parameters
    ----------
    model : Model
    packages : sequence of module
        With mechanisms of one's own.

    Returns
    -------
    Model
        The same.

    Raises
    ------
    InputError
        In one line that names file, table and key, and what would be right.
    """
    if model.kind != "cell" or model.level != 1:
        raise InputError(
            f"a cell of level 1 is needed, such as l5_reduced; got a {model.kind} of level "
            f"{model.level} ({model.file}, [model])"
        )
    assembly.require(model, packages)
    return model


def design(
    model: Model, per_cell: Collection[str] = (), packages: Sequence[ModuleType] = ()
) -> Design:
    """Put a cell of level 1 or 2 together; see `htm_brian.cells.assembly.assemble`.

    Parameters
    ----------
    model : Model
    per_cell : collection of str
        Paths of parameters that may differ from cell to cell.
    packages : sequence of module
        With mechanisms of one's own.

    Returns
    -------
    Design
        Equations, compartments, and what stands at rest.
    """
    return with_noise(assembly.assemble(model, per_cell, packages), model)


def equations(model: Model) -> Equations:
    """Return the equations of a pyramidal cell.

    Parameters
    ----------
    model : Model
        Of level 1 or 2.

    Returns
    -------
    Equations
        Brian2's.
    """
    return design(model).equations


def on_spike(model: Model) -> str:
    """Return what a spike of a cell does to it; nothing where cells do not spike.

    Parameters
    ----------
    model : Model
        Of level 1 or 2.

    Returns
    -------
    str
        Brian2 statements.
    """
    return design(model).reset or ""


class PyramidalCells(Cells):
    """Pyramidal cells of level 1 or 2: a Brian2 `NeuronGroup` built from a model file.

    All attributes are those of `Cells`.

    Parameters
    ----------
    N : int
        Number of cells.
    model : str, path or Model, default="l5_reduced"
        Name of a model of the package, path of a file, or a `Model`.
    dt, clock : Quantity or Clock, optional
        Time step, or the clock in its place; Brian2's default clock where neither is given.
    method : str, optional
        Brian2's integration method; see `Cells`.
    per_cell : collection of str
        Paths of parameters that may differ from cell to cell, such as ``"nmda.magnesium"``.
    mechanisms : sequence of module
        Modules with mechanisms of your own.
    order, name : int, str
        As of any `NeuronGroup`.

    Raises
    ------
    InputError
        If there is no such model, it is of another kind or has a fault, or N is too large.

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
        mechanisms: Sequence[ModuleType] = (),
        order: int = 0,
        name: str = "pyramidalcells*",
    ) -> None:
        super().__init__(
            N,
            model,
            dt=dt,
            clock=clock,
            method=method,
            per_cell=per_cell,
            mechanisms=mechanisms,
            order=order,
            name=name,
        )

    @staticmethod
    def put_together(
        model: Model, per_cell: Collection[str] = (), packages: Sequence[ModuleType] = ()
    ) -> Design:
        """Return the design of a model of level 1 or 2.

        Parameters
        ----------
        model : Model
        per_cell : collection of str
            Paths of parameters that may differ from cell to cell.
        packages : sequence of module
            With mechanisms of one's own.

        Returns
        -------
        Design
            Equations, compartments, and what stands at rest.
        """
        return design(model, per_cell, packages)
