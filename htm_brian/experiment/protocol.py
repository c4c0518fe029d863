"""What every protocol is: a claim with its source, parameters with units, a run, and checks.

A protocol is a module in ``protocols/``, or a folder there, with one subclass of `Protocol`; it is
found by its place, so nothing has to be registered. A folder's ``__init__.py`` holds the subclass;
the modules beside it (``stimulus.py``, ``measurement.py``, ``checks.py``) are parts of it and no
protocols. Figures are drawn by the module of the same name in ``figures/``, from the dataset alone.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Any, ClassVar, Self

import xarray as xr
from brian2.units.fundamentalunits import Quantity

from htm_brian.errors import InputError, did_you_mean
from htm_brian.experiment.checks import Check, all_passed
from htm_brian.experiment.packages import EXTRA_OF_PACKAGE, how_to_install, require_packages
from htm_brian.experiment.parameter_checks import check_parameters
from htm_brian.experiment.progress import Progress


def quantity(default: Quantity) -> Any:
    """Give a dataclass field a default with a unit, which Python takes for a mutable one.

    Parameters
    ----------
    default : Quantity
        With its unit.

    Returns
    -------
    dataclasses.Field
        For the body of a dataclass.

    Examples
    --------
    >>> from brian2 import ms
    >>> @dataclass(frozen=True)
    ... class Parameters:
    ...     period: Quantity = quantity(50 * ms)
    >>> Parameters()
    Parameters(period=50. * msecond)
    """
    return field(default_factory=lambda: default)


@dataclass(frozen=True)
class Table:
    """A table for the terminal and the report; its cells are text.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : sequence of sequence of str
        As many cells each as there are columns.
    title : str
        Stands above it.

    Raises
    ------
    ValueError
        If a row has more or fewer cells.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"a row must have {len(self.columns)} cells, got {len(row)}: {list(row)}"
                )


@dataclass(frozen=True)
class Outcome:
    """What a run gives.

    Parameters
    ----------
    dataset : xarray.Dataset
        All that the figures need, with units in the attributes of its variables.
    checks : list of Check
        At least one, unless the run is partial.
    metrics : dict
        Further numbers (or text) that nothing is demanded of.
    partial : bool
        Whether the run was stopped before its end.
    parameter_rows : sequence
        Parameters of the models used, as `htm_brian.parameters.Model.rows` gives them.
    table : Table, optional
        The table to show, where one row for each check does not say enough.
    undecided : dict of str to str
        Checks that are left out since the sizes of the run cannot decide them, with the reason.
    conclusion : str
        One sentence that says how a complete run ended, where a count of checks does not say
        enough.

    Raises
    ------
    ValueError
        If it is complete and has no check.
    """

    dataset: xr.Dataset
    checks: Sequence[Check]
    metrics: dict[str, Any] = field(default_factory=dict)
    partial: bool = False
    parameter_rows: Sequence[Sequence[Any]] = ()
    table: Table | None = None
    undecided: Mapping[str, str] = field(default_factory=dict)
    conclusion: str = ""

    def __post_init__(self) -> None:
        if not self.checks and not self.partial:
            raise ValueError("a complete outcome needs at least one check")

    @property
    def passed(self) -> bool:
        """Whether the run is complete and every check holds."""
        return not self.partial and all_passed(self.checks)

    def without(self, undecided: Mapping[str, str]) -> Outcome:
        """Return the same but for these checks, which are named as undecided instead.

        Parameters
        ----------
        undecided : mapping of str to str
            Names of checks, with the reason.

        Returns
        -------
        Outcome
            With the other checks.

        Raises
        ------
        KeyError
            If a complete outcome has no such check.
        """
        names = {check.name for check in self.checks}
        if not self.partial:
            for name in undecided:
                if name not in names:
                    raise KeyError(f"there is no check {name!r} to leave undecided")
        left = [check for check in self.checks if check.name not in undecided]
        return dataclasses.replace(self, checks=left, undecided=dict(undecided))


@dataclass(frozen=True)
class QuickForm:
    """A protocol at sizes that take less than a minute; every check keeps its band.

    Parameters
    ----------
    parameters : dataclass instance
        Of the protocol, with smaller sizes.
    undecided : dict of str to str
        Checks that these sizes cannot decide, with the reason. They are left out by name.
    """

    parameters: Any
    undecided: Mapping[str, str] = field(default_factory=dict)


class Protocol(ABC):
    """Base of all protocols.

    A subclass sets the class attributes below and writes `run`. Its constructor takes the
    parameters and does all that may find fault with what the user gave (read files, check sizes):
    an `InputError` is shown as one line, any other error is taken for a defect and keeps its
    traceback.

    Parameters
    ----------
    parameters : dataclass instance, optional
        Instead of the class's own `parameters`.

    Attributes
    ----------
    name : str
        The same as the name of the module or folder.
    claim : str
        The statement under test, one sentence.
    source : str
        Who claims it, and where.
    parameters : frozen dataclass instance
        What the run depends on, quantities with units; a field ``seed`` if chance plays a part.
    packages : tuple of str
        Import names of optional packages that the protocol needs.
    quick : QuickForm or None
        What ``--quick`` runs, if there is such a form.
    seeds_by_default : int
        With how many seeds ``htm-brian run`` runs it. 10 where the outcome is drawn and a single
        run has no interval of its own; the checks then stand against the interval over seeds.

    Raises
    ------
    InputError
        If a parameter is out of its range, or a package is missing.
    TypeError
        If the parameters are no dataclass.
    """

    name: ClassVar[str]
    claim: ClassVar[str]
    source: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    quick: ClassVar[QuickForm | None] = None
    seeds_by_default: ClassVar[int] = 1
    parameters: Any
    undecided: Mapping[str, str] = MappingProxyType({})

    def __init__(self, parameters: Any = None) -> None:
        if parameters is not None:
            self.parameters = parameters
        if not dataclasses.is_dataclass(self.parameters):
            raise TypeError(f"parameters of {self.name} must be a dataclass instance")
        check_parameters(self.parameters)
        require_packages(self.name, self.packages)

    @classmethod
    def in_quick_form(cls, change: Callable[[Any], Any] | None = None) -> Self:
        """Return the protocol at the sizes of its quick form.

        Parameters
        ----------
        change : callable, optional
            Takes the quick form's parameters and returns those to use.

        Returns
        -------
        Protocol
            Set up.

        Raises
        ------
        InputError
            If it has no quick form.
        """
        if cls.quick is None:
            raise InputError(f"{cls.name} has no quick form; run it without --quick")
        parameters = cls.quick.parameters
        protocol = cls(parameters if change is None else change(parameters))
        protocol.undecided = cls.quick.undecided
        return protocol

    def outcome(self, progress: Progress) -> Outcome:
        """Run, and leave out the checks that the sizes cannot decide.

        Parameters
        ----------
        progress : Progress
            Told how far it is.

        Returns
        -------
        Outcome
            Of one run.
        """
        return self.run(progress).without(self.undecided)

    @abstractmethod
    def run(self, progress: Progress) -> Outcome:
        """Apply the stimulus, measure, and check.

        A long run looks at ``progress.interrupted`` now and then; once it is True it returns what
        it has, with ``partial=True``.

        Parameters
        ----------
        progress : Progress
            Told how far it is.

        Returns
        -------
        Outcome
            Dataset and checks.
        """


def list_protocols() -> list[str]:
    """Return the names of all protocols, sorted: modules and folders without a leading underscore.

    A folder counts if it has an ``__init__.py``.

    Returns
    -------
    list of str
        As `load_protocol` takes them.
    """
    folder = importlib.import_module("htm_brian.protocols")
    names = [module.name for module in pkgutil.iter_modules(folder.__path__)]
    return sorted(name for name in names if not name.startswith("_"))


def list_quick_protocols() -> list[str]:
    """Return the names of the protocols that have a quick form, sorted.

    Returns
    -------
    list of str
        As `load_protocol` takes them.
    """
    return [name for name in list_protocols() if load_protocol(name).quick is not None]


def load_protocol(name: str) -> type[Protocol]:
    """Return the protocol class of the module or folder `name` of the package.

    `htm_brian.experiment.finding` finds those of other packages and of one's own, too.

    Parameters
    ----------
    name : str
        Of the module or folder.

    Returns
    -------
    type
        A subclass of `Protocol`.

    Raises
    ------
    InputError
        If there is no such protocol (the message lists those there are), or if it needs a package
        that is not installed (the message names it).
    TypeError
        If the module does not hold one protocol of that name.
    """
    known = list_protocols()
    if name not in known:
        hint = did_you_mean(name, known, "known protocols")
        raise InputError(f"unknown protocol {name!r}{hint} (htm-brian list tells what each tests)")
    try:
        module = importlib.import_module(f"htm_brian.protocols.{name}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA_OF_PACKAGE:
            raise
        raise InputError(f"{name} needs the package {package}; {how_to_install(package)}") from None
    classes = protocols_in(module)
    if len(classes) != 1 or classes[0].name != name:
        found = ", ".join(f"{c.__name__} (name {c.name!r})" for c in classes) or "none"
        raise TypeError(f"{module.__name__} must hold one Protocol named {name!r}, found {found}")
    return classes[0]


def protocols_in(module: ModuleType) -> list[type[Protocol]]:
    """Return the protocols that a module defines, not those that it imports.

    Parameters
    ----------
    module : module
        Of the package, or of one's own.

    Returns
    -------
    list of type
        In the order of the module.
    """
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Protocol)
        and value.__module__ == module.__name__
    ]
