"""Brian2 `Synapses` that learn by a rule of efficacy, between any two groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import get_device
from brian2.equations.equations import SUBEXPRESSION, Equations
from brian2.synapses.synapses import Synapses
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.arguments import check_integer, check_mapping, shown
from htm_brian.engine.group_arguments import check_name
from htm_brian.errors import InputError
from htm_brian.parameters import Model
from htm_brian.randomness import key_words
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.online import OnlineRule, synapse_arguments
from htm_brian.synapses.plasticity.trains import LANGUAGE, numbers_of
from htm_brian.synapses.release.values import (
    check_delay,
    check_ends,
    check_language,
    check_texts,
    known_values,
)


class PlasticSynapses(Synapses):
    """Synapses that release at every spike, and learn.

    Parameters
    ----------
    source, target : Group
        As for Brian2's `Synapses`; subgroups, too.
    rule : str, path, Model or OnlineRule
        Of kind "plasticity", such as ``"calcium_based_cortex"``; see ``models/``.
    on_pre : str
        What a spike that arrives does, in Brian2's language. It may use `efficacy`, which is that
        of the present, and whatever else the rule's equations hold.
    equations : str
        Further variables of the synapses.
    delay : Quantity, optional
        From spike to arrival, the same for all synapses; none by default.
    seed : int
        Of the experiment; names the draws of a noisy rule, together with `name`.
    namespace : dict, optional
        As for Brian2's `Synapses`.
    dtype : dict, optional
        As for Brian2's `Synapses`.
    name : str
        Of the synapses.

    Attributes
    ----------
    rule : OnlineRule
        With the numbers of the model.

    Raises
    ------
    InputError
        Where an argument is wrong, or a group lacks what the rule needs.

    Examples
    --------
    >>> from brian2 import Network, SpikeGeneratorGroup, ms, prefs
    >>> prefs.codegen.target = "numpy"
    >>> axon = SpikeGeneratorGroup(1, [0], [10] * ms)
    >>> cell = SpikeGeneratorGroup(1, [0], [15] * ms)
    >>> synapses = PlasticSynapses(axon, cell, "pair_stdp")
    >>> synapses.connect()
    >>> Network(axon, cell, synapses).run(20 * ms)
    >>> (synapses.efficacy[:] - 0.5).round(6)           # 0.005 exp(-5/20)
    array([0.003894])
    """

    def __init__(
        self,
        source: Any,
        target: Any,
        rule: str | Model | OnlineRule,
        *,
        on_pre: str = "",
        equations: str = "",
        delay: Quantity | None = None,
        seed: int = 0,
        namespace: Mapping[str, Any] | None = None,
        dtype: Any = None,
        name: str = "plasticsynapses*",
    ) -> None:
        check_ends(source, target)
        check_name(name)
        check_texts(on_pre=on_pre, equations=equations)
        if delay is not None:
            check_delay(delay)
        own = online_rule(rule)
        check_language(equations, set(Equations(own.equations)), on_pre=on_pre)
        check_fit(own, source, target)
        check_integer("seed", seed, low=0)
        arguments = synapse_arguments(own, on_pre=on_pre, delay=delay)
        arguments["model"] = f"{arguments['model']}\n{equations}"
        arguments["namespace"] |= check_mapping("namespace", namespace or {})
        # Brian2 lets no attribute be added later.
        self.rule, self._seed = own, seed
        super().__init__(source, target, **arguments, clock=source.clock, dtype=dtype, name=name)
        self.contained_objects.extend(own.helpers(target))

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect as Brian2's `Synapses` does, and give all synapses the rule's first state.

        Parameters
        ----------
        *args, **kwargs
            As of Brian2's ``connect``.
        """
        super().connect(*args, **kwargs | {"level": kwargs.get("level", 0) + 1})
        begin(self, self.rule, self._seed)

    def present(self, name: str) -> NDArray[np.float64]:
        """Return a variable of the rule as it is now, in SI units; nothing is changed.

        What is stored is the state at each synapse's last event, which a rule with `catch_up`
        brings to the present at the next one.

        Parameters
        ----------
        name : str
            Of a variable that changes at events or by `catch_up`, such as "efficacy".

        Returns
        -------
        ndarray of float, shape (n_synapses,)
            In SI units.
        """
        names = (
            LANGUAGE | numbers_of(self.rule) | {"t": self.clock.variables["t"].get_value().item()}
        )
        names |= {each: np.asarray(getattr(self, f"{each}_")[:]) for each in self._state()}
        exec(self.rule.catch_up, names)
        found = np.broadcast_to(np.asarray(names[name], dtype=np.float64), len(self))
        return found.copy()

    def _state(self) -> list[str]:
        return [
            name
            for name, each in Equations(self.rule.equations).items()
            if each.type != SUBEXPRESSION
        ]

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        """Check the delays, then prepare as Brian2 does.

        Parameters
        ----------
        run_namespace : dict
            As Brian2 passes it.

        Raises
        ------
        InputError
            If the delay of what comes after a spike's arrival is not that of the arrival.
        """
        check_later(self, self.rule)
        name_in_standalone(self)
        super().before_run(run_namespace)


def name_in_standalone(synapses: Synapses) -> None:
    """Tell C++ standalone of the synapses that run beside some, which it looks for elsewhere.

    Parameters
    ----------
    synapses : Synapses
        Which contain others.
    """
    device = get_device()
    if isinstance(device, CPPStandaloneDevice):
        device.synapses |= {
            each for each in synapses.contained_objects if isinstance(each, Synapses)
        }


def begin(synapses: Synapses, rule: OnlineRule, seed: int) -> None:
    """Give all synapses the rule's first state, and their draws a name.

    Parameters
    ----------
    synapses : Synapses
        With the rule's equations.
    rule : OnlineRule
    seed : int
        Names the draws of a noisy rule, together with the synapses' name.
    """
    for name, value in rule.initial_state().items():
        setattr(synapses, name, value)
    if rule.noisy:
        words = key_words(seed, "plasticity", synapses.name)
        synapses.noise_low, synapses.noise_high = words


def check_later(synapses: Synapses, rule: OnlineRule) -> None:
    """Refuse a delay that was changed for the arrival of a spike and not for what comes later.

    Parameters
    ----------
    synapses : Synapses
        With the rule's pathways.
    rule : OnlineRule

    Raises
    ------
    InputError
        If so.
    """
    if "pre" not in synapses._synaptic_updaters:
        return
    arrival = known_values(synapses.pre.variables["delay"])
    for short, (_, after) in rule.later.items():
        name = f"later_{short}"
        if arrival is None or name not in synapses._synaptic_updaters:
            continue
        found = np.asarray(known_values(getattr(synapses, name).variables["delay"]))
        if not np.allclose(found, arrival + float(after), rtol=0, atol=1e-9):
            raise InputError(
                f"delay of {synapses.name}.{name} must be {after} more than that of the arrival; "
                "give the delay when the synapses are made"
            )


def check_fit(rule: OnlineRule, source: Any, target: Any) -> None:
    """Refuse groups that lack an event of the rule's, or whose variables its text would meet.

    Parameters
    ----------
    rule : OnlineRule
    source, target : Group
        Of the synapses.

    Raises
    ------
    InputError
        If so; the message says what belongs into the group.
    """
    events = [name for name in ("spike", "plateau") if getattr(rule, _TEXT[name])]
    for event in [*events, *rule.on_target_event]:
        if event not in getattr(target, "events", {}):
            raise InputError(
                f"target must have the event {event!r}, at which {type(rule).__name__} acts; "
                f"{shown(target)} has {', '.join(getattr(target, 'events', {})) or 'none'}"
            )
    for name in rule.target_equations and Equations(rule.target_equations):
        if name not in target.variables:
            raise InputError(
                f"target must have the variable {name!r}, which {type(rule).__name__} reads; its "
                "target_equations belong into the target's equations"
            )
    # Of a name that both have, Brian2 would take the group's variable.
    for constant in rule.constants():
        for group in (source, target):
            if constant in group.variables:
                raise InputError(
                    f"{group.name} has a variable {constant}, which is a number of "
                    f"{type(rule).__name__}; give it another name"
                )


_TEXT = {"spike": "on_post", "plateau": "on_plateau"}
