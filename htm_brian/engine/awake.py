"""Groups of which only some members are stepped: those that are on a list.

Brian2 steps every member of a group at every time step. Where most of a group is known to stay as
it is, or can be brought up to date later, its state updater, threshold and regular operations take
the members on a list instead, in the list's order. The list is a variable of the group, so
`Network.store` keeps it; whoever makes it sees to what is not on it.

Runtime device only: C++ standalone has no such templates.
"""

from __future__ import annotations

import numpy as np
from brian2.codegen.codeobject import CodeObject, create_runner_codeobj
from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices.device import get_device
from brian2.groups.group import CodeRunner
from brian2.groups.neurongroup import NeuronGroup, Thresholder
from brian2.synapses.synapses import Synapses
from numpy.typing import NDArray

from htm_brian.engine.arrays import raw
from htm_brian.engine.lean_calls import LeanCythonCodeObject

AWAKE = "_awake"
"""Variable with the list; its last entry is how many of the others count."""

MISSED = "_missed_steps"
"""Variable with the first of the steps that members catch up with, and with that after the last."""

_OF_LIST = "awake_"
"""How the names of the templates that take a list begin; the rest is the name of Brian2's own."""


class ListInCython(LeanCythonCodeObject):
    """Cython code over the members that are on a list."""

    templater = CythonCodeObject.templater.derive("htm_brian.engine")


class ListInNumpy(NumpyCodeObject):
    """NumPy code over the members that are on a list."""

    templater = NumpyCodeObject.templater.derive("htm_brian.engine")


class AwakeList:
    """Which members of a group are stepped.

    Parameters
    ----------
    group : NeuronGroup
        Before its first run. All of its members are on the list at first.

    Attributes
    ----------
    in_force : bool
        Whether the group goes by the list, or steps all of its members.
    """

    def __init__(self, group: NeuronGroup) -> None:
        self._group = group
        group.variables.add_array(AWAKE, size=len(group) + 1, dtype=np.int32)
        group.variables.add_array(MISSED, size=2, dtype=np.int64)
        self.set(np.arange(len(group), dtype=np.int32))
        self._updates, self._regular = _steps_of(group)
        thresholds = [item for item in group.contained_objects if isinstance(item, Thresholder)]
        self._every = [*self._updates, *self._regular, *thresholds]
        self.in_force = False
        self._catch_up: CodeObject | None = None

    @property
    def members(self) -> NDArray[np.int32]:
        """The members on the list, as a copy."""
        array = raw(self._group, AWAKE)
        return array[: array[-1]].copy()

    def set(self, members: NDArray[np.integer]) -> None:
        """Put these members on the list, in the place of all others."""
        array = raw(self._group, AWAKE)
        array[: len(members)] = members
        array[-1] = len(members)

    def catch_up(self, first: int, until: int) -> None:
        """Take the members on the list over steps of their own clock.

        They are updated, and what the group does regularly is done in the steps in which it is due.
        Thresholds are not looked at, and time stands still.

        Parameters
        ----------
        first, until : int
            The first step, and the one after the last.
        """
        if self._catch_up is None:
            self._catch_up = _catch_up_code(self._group, self._updates, self._regular)
        raw(self._group, MISSED)[:] = first, until
        self._catch_up()

    def sums(self, synapses: Synapses) -> None:
        """Let the sums of `synapses` pass over those whose source is not on the list.

        Parameters
        ----------
        synapses : Synapses
            From the group; one from each member, of the member's number.
        """
        synapses.variables.add_reference(AWAKE, self._group)
        self._every += synapses.summed_updaters.values()

    def put_in_force(self, on: bool) -> None:
        """Go by the list from the next preparation on, or step all members."""
        self.in_force, self._catch_up = on, None
        for runner in self._every:
            _go_by(runner, self._group, on)


def can_catch_up(group: NeuronGroup) -> bool:
    """Return whether members of `group` can do steps of their own, apart from the others.

    The group must have one state updater and at most one regular operation, at every so many steps.
    """
    updates, regular = _steps_of(group)
    ratios = [float(item.clock.dt_ / group.clock.dt_) for item in regular]
    whole = all(abs(ratio - round(ratio)) < 1e-6 for ratio in ratios)
    return len(updates) == 1 and len(regular) <= 1 and whole


def _steps_of(group: NeuronGroup) -> tuple[list[CodeRunner], list[CodeRunner]]:
    """Return what a group does at its own time steps but for thresholds, and at those of others."""
    runners = [item for item in group.contained_objects if isinstance(item, CodeRunner)]
    steps = [item for item in runners if item.template.removeprefix(_OF_LIST) == "stateupdate"]
    own = [item for item in steps if item.clock is group.clock]
    return own, [item for item in steps if item.clock is not group.clock]


def _go_by(runner: CodeRunner, group: NeuronGroup, on: bool) -> None:
    """Give `runner` a template that takes the list, or the one that it had."""
    usual = runner.template.removeprefix(_OF_LIST)
    others = {k: value for k, value in (runner.template_kwds or {}).items() if k != "_awake_var"}
    needed = [name for name in runner.needed_variables if name != AWAKE]
    if not on:
        runner.template, runner.template_kwds, runner.needed_variables = usual, others, needed
        runner.codeobj_class = None
        return
    runner.codeobj_class = _target(group)
    runner.template = _OF_LIST + usual
    runner.template_kwds = others | {"_awake_var": group.variables[AWAKE]}
    runner.needed_variables = [*needed, AWAKE]


def _target(group: NeuronGroup) -> type[CodeObject]:
    compiled = issubclass(get_device().code_object_class(group.codeobj_class), CythonCodeObject)
    return ListInCython if compiled else ListInNumpy


def _catch_up_code(
    group: NeuronGroup, updates: list[CodeRunner], regular: list[CodeRunner]
) -> CodeObject:
    """Return code that does several steps of all members at once."""
    for runner in (*updates, *regular):
        # Nobody has prepared the group yet where a stored state was just read from a file.
        if not runner.abstract_code:
            runner.update_abstract_code(run_namespace={})
    code, every = {"update": updates[0].abstract_code}, 1
    if regular:
        code = {"regular": regular[0].abstract_code, **code}
        every = round(float(regular[0].clock.dt_ / group.clock.dt_))
    made: CodeObject = create_runner_codeobj(
        group,
        code,
        "catch_up",
        run_namespace={},
        name=f"{group.name}_catch_up_codeobject*",
        check_units=False,
        needed_variables=[AWAKE, MISSED],
        template_kwds={
            "_awake_var": group.variables[AWAKE],
            "_missed_var": group.variables[MISSED],
            "_every": every,
        },
        codeobj_class=_target(group),
    )
    return made
