"""What a mechanism says of itself, and what it is told of the cell that it becomes part of.

A mechanism is one file. Its module ends with `MECHANISMS`, a tuple with one `Mechanism` for each
table that it reads; nothing else names it. A cell is put together by
`htm_brian.cells.assembly`: it has those mechanisms whose tables its model file has.

A mechanism of the soma that needs no more than its equations and a current reads::

    MECHANISMS = (
        Mechanism(
            TABLE,
            KEYS,
            equations=equations,  # a function of the table and the site
            variables=VARIABLES,  # what its variables mean
            currents={"soma": "t_current"},
        ),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from brian2.equations.equations import Equations
from brian2.units.fundamentalunits import Quantity

from htm_brian.parameters import Key, Table

FIRST, BODY, SPIKE, SYNAPTIC, SOMATIC, OTHER = range(6)
"""The order in which a cell takes its mechanisms, see `Mechanism.order`."""


@dataclass(frozen=True)
class Compartment:
    """One compartment of a cell.

    Attributes
    ----------
    name : str
        As it ends the names of its variables: ``v_basal_0_1``.
    kind : str
        Table that it comes from; names its capacitance and leak.
    parent : str
        Name of the neighbour towards the soma; empty where there is none.
    link : str
        Name of the conductance to that neighbour.
    """

    name: str
    kind: str
    parent: str = ""
    link: str = ""


SOMA = Compartment("soma", "soma")


@dataclass(frozen=True)
class Site:
    """What a mechanism is told of the cell that it becomes part of.

    Attributes
    ----------
    places : tuple of Compartment
        Where it lives.
    inward : mapping of str to sequence of str
        By compartment, the currents that all mechanisms and the cable send into it, each the name
        of a variable, with a minus where it flows out.
    held : bool
        Whether the soma stands at its reset throughout the refractory period.
    """

    places: tuple[Compartment, ...] = (SOMA,)
    inward: Mapping[str, Sequence[str]] = field(default_factory=dict)
    held: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the places."""
        return tuple(place.name for place in self.places)

    def charging(self, compartment: str) -> str:
        """Return the currents into a compartment, as they go on with a sum.

        Parameters
        ----------
        compartment : str
            Its name.

        Returns
        -------
        str
            Brian2 text; empty where nothing flows.

        Examples
        --------
        >>> Site(inward={"soma": ["ampa_current_soma", "-adaptation"]}).charging("soma")
        ' + ampa_current_soma - adaptation'
        """
        return "".join(
            f" - {current[1:]}" if current.startswith("-") else f" + {current}"
            for current in self.inward.get(compartment, ())
        )


IN_SOMA = Site()
"""The soma alone, for a mechanism in a group of one's own."""

Texts: TypeAlias = Mapping[str, str]
Values: TypeAlias = Mapping[str, str | Quantity]


@dataclass(frozen=True)
class Regular:
    """What is done to a group at regular times, at the start of a step.

    Attributes
    ----------
    step : Quantity
        From one time to the next, where the group's own step is not longer.
    statements : callable
        The step in, Brian2 statements out.
    """

    step: Quantity
    statements: Callable[[Quantity], str]


@dataclass(frozen=True)
class Mechanism:
    """A mechanism of a cell: one table of a model file, and what it makes of it.

    Parameters
    ----------
    table : str
        Its table in a model file.
    keys : mapping of str to Key
        The keys of that table, each with unit and meaning.
    equations : callable, optional
        Table and `Site` in, Brian2 `Equations` out, the table's parameters declared among them.
        None for a mechanism of another group, whose table the cell's model file holds.
    level : int
        Of the models that it belongs to.
    required : bool
        Whether every model of that level must have it.
    needs : tuple of str
        Further tables that must be there.
    kinds : tuple of str, optional
        Kinds of compartments that it lives in, as far as the cell has them; None for all.
    single : bool
        Whether each of these must be one compartment, named like its kind.
    brings : tuple of Compartment
        Compartments that the cell has by this mechanism, whose equations charge them.
    geometry : tuple of str
        Constants of the kinds that it lives in, beside those of the cable, that its equations name
        as ``tuft_area``: ``"area"``, the membrane of one compartment.
    variables : mapping, or callable
        What its variables mean that are no parameters. This and the two that follow are a mapping,
        or a function of the `Site` that returns one.
    currents : mapping, or callable
        By compartment, the variable of the current that it sends there, with a minus where that
        flows out.
    at_rest : mapping, or callable
        Values, or expressions, of variables that are not 0 in a cell at rest.
    threshold : callable, optional
        Table in, a condition on which the cell spikes out.
    on_spike : str or callable, optional
        What a spike of the cell does, as statements or as a function of table and `Site`.
    holds : bool
        Whether the soma is to be held at its reset throughout the refractory period.
    regularly : Regular, optional
        What is done apart from the equations.
    check : callable, optional
        Raises `htm_brian.errors.InputError` if the table's values do not go together.
    off : callable, optional
        Table in, whether its values switch the mechanism off; the cell is then built without it.
    order : int
        Mechanisms follow each other, in sums of currents and in resets, as `FIRST` (the
        soma's membrane), `BODY` (other membranes), `SPIKE`, `SYNAPTIC`, `SOMATIC` (currents of the
        soma) and `OTHER`; those of the same order as their modules' names do. The spike's reset is
        the first, as it looks at the current before others change it; sums of numbers depend on the
        order in the last digit.
    """

    table: str
    keys: Mapping[str, Key]
    equations: Callable[[Table, Site], Equations] | None = None
    level: int = 2
    required: bool = False
    needs: tuple[str, ...] = ()
    kinds: tuple[str, ...] | None = ("soma",)
    single: bool = False
    brings: tuple[Compartment, ...] = ()
    geometry: tuple[str, ...] = ()
    variables: Texts | Callable[[Site], Texts] = field(default_factory=dict)
    currents: Texts | Callable[[Site], Texts] = field(default_factory=dict)
    at_rest: Values | Callable[[Site], Values] = field(default_factory=dict)
    threshold: Callable[[Table], str] | None = None
    on_spike: str | Callable[[Table, Site], str] = ""
    holds: bool = False
    regularly: Regular | None = None
    check: Callable[[Table], object] | None = None
    off: Callable[[Table], bool] | None = None
    order: int = OTHER

    def places(self, compartments: Collection[Compartment]) -> tuple[Compartment, ...]:
        """Return those of a cell's compartments that it lives in.

        Parameters
        ----------
        compartments : collection of Compartment
            Of the cell.

        Returns
        -------
        tuple of Compartment
            In their order.
        """
        return tuple(each for each in compartments if self.kinds is None or each.kind in self.kinds)

    def meanings(self, site: Site) -> Texts:
        """Return what its variables mean.

        Parameters
        ----------
        site : Site

        Returns
        -------
        mapping of str to str
            By variable.
        """
        return self.variables(site) if callable(self.variables) else self.variables

    def flows(self, site: Site) -> Texts:
        """Return the currents that it sends, by compartment.

        Parameters
        ----------
        site : Site

        Returns
        -------
        mapping of str to str
            By compartment, the variable of a current, with a minus where it flows out.
        """
        return self.currents(site) if callable(self.currents) else self.currents

    def resting(self, site: Site) -> Values:
        """Return what is not 0 in a cell at rest.

        Parameters
        ----------
        site : Site

        Returns
        -------
        mapping of str to str or Quantity
            By variable.
        """
        return self.at_rest(site) if callable(self.at_rest) else self.at_rest

    def reset(self, table: Table, site: Site) -> str:
        """Return what a spike does.

        Parameters
        ----------
        table : Table
            Of the model file.
        site : Site

        Returns
        -------
        str
            Brian2 statements.
        """
        return self.on_spike(table, site) if callable(self.on_spike) else self.on_spike
