"""What a rule of efficacy is: Brian2 text for `Synapses` between any two groups.

A rule is one file of this package with one subclass of `OnlineRule`; it is found by its place. Its
numbers stand in files of ``models/``, kind "plasticity", in one table that is named like the file.
It says what happens at a synapse, and to that synapse alone:

===================  ==============================================================================
`equations`          state of a synapse, among it `efficacy`; ``(event-driven)`` ones are welcome
`on_pre`             a spike arrives; `arrival` is 1 if the synapse releases, 0 if it fails
`later`              the same spike, some time after it arrived, with its own `arrival`
`on_post`            the postsynaptic cell spikes
`on_plateau`         the postsynaptic group has an event "plateau"
`on_target_event`    the postsynaptic group has another event, by its name
`catch_up`           brings the state from the synapse's last event to the present; whatever text
                     of the rule needs the present begins with it
===================  ==============================================================================

What a rule needs of the postsynaptic cell itself, a filtered potential for example, it says in
`target_equations` and `target_events`, which belong into the equations and events of that group.
A rule that draws (`noisy`) does so by `htm_brian.synapses.release.draws`, from a stream that its
variables `noise_low` and `noise_high` name.

`htm_brian.synapses.plasticity.plastic_synapses.PlasticSynapses` makes synapses of a rule;
`ReleaseSynapses(..., rule=...)` makes synapses that also fail. `synapse_arguments` gives the text
to whoever makes their own `Synapses`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

from brian2.core.base import BrianObject
from brian2.equations.equations import Equations
from brian2.units import second
from brian2.units.fundamentalunits import Quantity

from htm_brian.errors import InputError
from htm_brian.parameters import Key, Model, Table, load_model

KIND = "plasticity"
"""What kind of model a rule reads."""

RELIABLE = "arrival = 1"
"""Every spike releases."""


class Later(NamedTuple):
    """What a spike does some time after it arrived.

    Parameters
    ----------
    text : str
        Statements; `arrival` is that of the same spike.
    after : Quantity
        Time from the arrival.
    """

    text: str
    after: Quantity


@dataclass(frozen=True)
class OnlineRule:
    """Base of the rules; a subclass names its keys and gives its text.

    Parameters
    ----------
    model : str, path or Model
        Of kind "plasticity", with the table of the rule.

    Attributes
    ----------
    keys : dict of str to Key
        What the rule's table of a model holds; the text calls these numbers by their keys.

    Raises
    ------
    InputError
        Where the model is not one of this rule.
    """

    model: str | Model

    keys: ClassVar[Mapping[str, Key]] = {}

    def __post_init__(self) -> None:
        model = load_model(self.model)
        if self.table_name() not in model:
            raise InputError(
                f"{type(self).__name__} reads the table [{self.table_name()}], which {model.name} "
                f"does not have ({model.file})"
            )
        model[self.table_name()].require(self.keys)
        object.__setattr__(self, "model", model)
        self.check()

    @classmethod
    def table_name(cls) -> str:
        """Return the name of the rule's table: that of its module.

        Returns
        -------
        str
            Of a table of a model file.
        """
        return cls.__module__.rpartition(".")[2]

    @cached_property
    def table(self) -> Table:
        """The rule's numbers."""
        assert isinstance(self.model, Model)
        return self.model[self.table_name()]

    def check(self) -> None:
        """Raise an `InputError` where the numbers do not fit together."""

    def with_values(self, **values: Any) -> Self:
        """Return the same rule with other numbers, by key, each checked for unit and range.

        Parameters
        ----------
        **values : float or Quantity
            By key of the rule's table.

        Returns
        -------
        OnlineRule
            Of the same class.

        Raises
        ------
        InputError
            If there is no such key, or a value has another unit or lies outside of its range.
        """
        assert isinstance(self.model, Model)
        changes = {f"{self.table_name()}.{key}": value for key, value in values.items()}
        return type(self)(self.model.with_values(changes))

    @property
    def equations(self) -> str:
        """State of a synapse."""
        return "efficacy : 1"

    @property
    def on_pre(self) -> str:
        """What an arriving spike does."""
        return ""

    @property
    def later(self) -> Mapping[str, Later]:
        """Further pathways of the presynaptic spike; of NAME the synapses' is `later_NAME`."""
        return {}

    @property
    def on_post(self) -> str:
        """What a postsynaptic spike does."""
        return ""

    @property
    def on_plateau(self) -> str:
        """What a plateau of the postsynaptic group does."""
        return ""

    @property
    def on_target_event(self) -> Mapping[str, str]:
        """What other events of the postsynaptic group do, by their names."""
        return {}

    @property
    def catch_up(self) -> str:
        """Statements that bring the state to the present."""
        return ""

    @property
    def target_equations(self) -> str:
        """What the equations of the postsynaptic group must hold beside its own."""
        return ""

    @property
    def target_events(self) -> Mapping[str, str]:
        """The events that the postsynaptic group must have, by name, with their conditions."""
        return {}

    @property
    def noisy(self) -> bool:
        """Whether the rule draws."""
        return False

    def helpers(self, target: Any) -> list[BrianObject]:
        """Return Brian2 objects that must run beside the synapses of a postsynaptic group.

        Parameters
        ----------
        target : Group
            The postsynaptic one.

        Returns
        -------
        list of BrianObject
            None, unless a rule says otherwise.
        """
        return []

    def constants(self) -> Mapping[str, Any]:
        """Return the values of the names in the text that are neither state nor Brian2's.

        Returns
        -------
        mapping of str to float or Quantity
            The rule's table, unless a rule says otherwise.
        """
        return dict(self.table)

    def initial_state(self) -> Mapping[str, Any]:
        """Return the state of a new synapse; what is left out is 0.

        Returns
        -------
        mapping of str to float or Quantity
            By variable.
        """
        return {}


def synapse_arguments(
    rule: OnlineRule,
    *,
    arrival: str = RELIABLE,
    on_pre: str = "",
    delay: Quantity | None = None,
) -> dict[str, Any]:
    """Return what makes Brian2 `Synapses` learn by a rule.

    Parameters
    ----------
    rule : OnlineRule
    arrival : str
        Statements that set `arrival` to 1 if the spike releases and to 0 if it fails.
    on_pre : str
        What a spike does beside; it comes after the rule's own text, and the state that it reads is
        that of the present.
    delay : Quantity, optional
        From spike to arrival; none by default.

    Returns
    -------
    dict
        Of the arguments `model`, `on_pre`, `on_post`, `on_event`, `delay`, `namespace` and
        `multisynaptic_index`. The state is 0 until `rule.initial_state()` is set.

    Examples
    --------
    >>> from brian2 import Network, NeuronGroup, Synapses, ms
    >>> from htm_brian.synapses.plasticity.finding import online_rule
    >>> cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    >>> rule = online_rule("pair_stdp")
    >>> synapses = Synapses(cells, cells, **synapse_arguments(rule, on_pre="v_post += efficacy"))
    >>> synapses.connect(i=0, j=1)
    >>> synapses.efficacy = rule.initial_state()["efficacy"]
    >>> cells.v = [2, 0]
    >>> Network(cells, synapses).run(1*ms)
    >>> bool(cells.v[1] == synapses.efficacy[0])
    True
    """
    wait = 0 * second if delay is None else delay
    state, first = [rule.equations], [arrival]
    later: dict[str, str] = {}
    delays = {"pre": wait}
    # Most synapses never fail, and need not note which spike did.
    may_fail = arrival.strip() != RELIABLE
    for short, (text, after) in rule.later.items():
        name = f"later_{short}"
        if not after > 0 * second:
            first.append(text)
            continue
        reads = _mentions(text, ["arrival"])
        if reads and may_fail:
            first.append(_NOTE.format(name=name))
            state.append(_REGISTER.format(name=name))
        before = "" if not reads else _RECALL.format(name=name) if may_fail else RELIABLE
        later[name], delays[name] = f"{before}\n{text}", wait + after
    # A rule whose own text begins so has done it already, and Brian2 sets a scalar but once.
    if _mentions(on_pre, Equations(rule.equations)) and not rule.on_pre.startswith(rule.catch_up):
        first.append(rule.catch_up)
    own = [text for text in (*first[1:], rule.on_pre, on_pre) if text.strip()]
    if own or may_fail or not later:
        later["pre"] = "\n".join([first[0], *own])
    else:
        del delays["pre"]
    after_post = {"post": rule.on_post, "plateau": rule.on_plateau, **rule.on_target_event}
    after_post = {name: text for name, text in after_post.items() if text}
    return {
        "model": "\n".join(state),
        "on_pre": later,
        "on_post": after_post or None,
        "on_event": {name: name for name in after_post if name != "post"},
        "delay": delays,
        "namespace": dict(rule.constants()),
        "multisynaptic_index": "contact" if rule.noisy else None,
    }


_REGISTER = """
released_{name} : 1  # a bit for each spike under way to {name}, the oldest highest: did it release?
waiting_{name} : integer  # spikes under way to {name}
"""
_NOTE = """released_{name} = 2*released_{name} + arrival
waiting_{name} = waiting_{name} + 1"""
_RECALL = """waiting_{name} = waiting_{name} - 1
oldest_{name} = 2.0**waiting_{name}
arrival = int(released_{name} >= oldest_{name})
released_{name} = released_{name} - arrival*oldest_{name}"""


def _mentions(text: str, names: Iterable[str]) -> bool:
    """Return whether a text holds one of some names."""
    return not set(names).isdisjoint(re.findall(r"\w+", text))
