"""Stochastic release as Brian2 `Synapses`: quanta, depression, facilitation, spontaneous release.

At a spike each empty site has refilled with the probability that its time since the connection's
last event gives, the utilisation is what facilitation made of it, and each full site releases with
that probability. So the trial average is the deterministic model's (`short_term`), and a rested
connection of N sites is binomial. All is done when a spike arrives; between spikes nothing is
computed. The draws are keyed (`draws`): they depend on the seed, the stream's name, the trial, the
connection and the number of its event, on nothing else.

====================  ==============================================================================
name in `on_release`  meaning
====================  ==============================================================================
`quanta`              vesicles released by this spike
`amplitude`           sum of their sizes, in quanta of mean size
`quantal_size`        effect of one mean quantum, from the model
====================  ==============================================================================
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

import numpy as np
from brian2.equations.equations import Equations
from brian2.units import second
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from htm_brian.arguments import check_choice, check_integer, check_mapping, check_text, shown
from htm_brian.engine.group_arguments import check_name
from htm_brian.errors import InputError
from htm_brian.parameters import Key, Model, load_model
from htm_brian.randomness import key_words
from htm_brian.synapses.plasticity.finding import online_rule
from htm_brian.synapses.plasticity.online import OnlineRule, synapse_arguments
from htm_brian.synapses.plasticity.plastic_synapses import (
    begin,
    check_fit,
    check_later,
    name_in_standalone,
)
from htm_brian.synapses.release.draws import FUNCTIONS
from htm_brian.synapses.release.transmission import RELEASE_KEYS
from htm_brian.synapses.release.values import (
    CheckedSynapses,
    check_before_run,
    check_delay,
    check_ends,
    check_language,
    check_texts,
)

MECHANISMS: dict[str, dict[str, Key]] = {
    "release": RELEASE_KEYS,
    "quantum": {
        "quantal_size": Key("volt", "potential that one quantum of mean size adds at the soma"),
        "quantal_variation": Key("1", "SD over mean of the size of one quantum"),
    },
    "short_term": {
        "recovery_time": Key("second", "time constant of refilling a site"),
        "facilitation_time": Key("second", "time constant of the decay of facilitation"),
    },
    "spontaneous": {"spontaneous_rate": Key("hertz", "of a connection with all sites full")},
    "epsp": {
        "rise_time": Key("second", "20 to 80 % rise time at the soma"),
        "decay_time": Key("second", "time constant of decay at the soma"),
    },
}
"""Tables and keys of a model of kind "synapse"."""

VARIANTS = ("multivesicular", "single_site")

PARAMETERS = {
    "sites": "1",
    "release_probability": "1",
    "quantal_size": "volt",
    "quantal_variation": "1",
    "recovery_time": "second",
    "facilitation_time": "second",
    "spontaneous_rate": "hertz",
}
"""Variables of the synapses that a model gives, and their units."""

_STATE = """
empty : integer        # sites without a vesicle
utilisation : 1        # release probability of a full site, at the last spike
last_spike : second
last_refill : second
draws : integer        # random numbers used up
quanta : integer
amplitude : 1
stream_low : integer (shared, constant)
stream_high : integer (shared, constant)
"""

REFILL = """
empty -= binomial_quantile(keyed_uniform(stream_low, stream_high, i, j, contact, draws), empty, 1 - exp(-(t - last_refill)/(recovery_time + 1e-12*second)))
last_refill = t
"""  # noqa: E501
_FACILITATE = """
utilisation = release_probability + (1 - release_probability)*utilisation*exp(-(t - last_spike)/(facilitation_time + 1e-12*second))
last_spike = t
"""  # noqa: E501
_RELEASE = {
    "multivesicular": """
quanta = binomial_quantile(keyed_uniform(stream_low, stream_high, i, j, contact, draws + 1), int(sites - empty), utilisation)
""",  # noqa: E501
    "single_site": """
quanta = int(keyed_uniform(stream_low, stream_high, i, j, contact, draws + 1) < 1 - (1 - utilisation)**(sites - empty))
""",  # noqa: E501
}
# Box and Muller's normal number; a size below zero, at a variation of 0.3 one in 2300, becomes 0.
SIZE = """
amplitude = quanta + quantal_variation*sqrt(quanta)*sqrt(-2*log(keyed_uniform(stream_low, stream_high, i, j, contact, draws + 2)))*cos(2*pi*keyed_uniform(stream_low, stream_high, i, j, contact, draws + 3))
amplitude = amplitude*int(amplitude > 0)
empty += quanta
draws += 4
"""  # noqa: E501


_ARRIVAL = "arrival = int(quanta > 0)"


class ReleaseSynapses(CheckedSynapses):
    """Synapses that release by chance, with a state of their own for each connection.

    Parameters
    ----------
    source, target : Group
        As for Brian2's `Synapses`; subgroups, too.
    model : str, path or Model
        Of kind "synapse", such as ``"thalamocortical"``; see ``models/``.
    on_release : str
        What a spike that arrives does, in Brian2's language; see the table above.
    variant : {"multivesicular", "single_site"}
        Whether every site may release at a spike, or one at most: then `sites` is a pool of docked
        vesicles, and the trial average no longer the deterministic model's.
    per_connection : tuple of str
        Parameters that differ between connections; set them after the last ``connect``.
    equations : str
        Further variables of the synapses, such as a weight.
    rule : str, path, Model or OnlineRule, optional
        By which the synapses learn (`htm_brian.synapses.plasticity.online`), such as
        ``"calcium_based_cortex"``: a spike that releases no vesicle does not arrive. `on_release`
        may then use `efficacy` and `arrival`.
    seed, trial : int
        Of the experiment, and the number of the trial in it.
    stream : str, optional
        Name of the stream of draws; by default that of the synapses. Give one or the other where
        a process makes several such synapses: a made-up name depends on those made before.
    delay : Quantity, optional
        The same for all connections; or, without a rule, set `delay` after ``connect``.
    namespace : dict, optional
        As for Brian2's `Synapses`.
    order : int
        Among all that spikes do in one time step: of two such synapses that of the lower order
        acts first. (Brian2's own `order` does not reach the pathway of the spikes.)
    name : str
        Of the synapses.

    Raises
    ------
    InputError
        Here, or when a variable is set, or before a run: a number out of its range
        (`htm_brian.synapses.release.values.BOUNDS`), of a wrong unit or not finite.

    Examples
    --------
    >>> from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, ms, prefs
    >>> prefs.codegen.target = "numpy"
    >>> axon = SpikeGeneratorGroup(1, [0, 0], [1, 21] * ms)
    >>> cells = NeuronGroup(1000, "dv/dt = -v/(16*ms) : volt", method="exact")
    >>> synapses = ReleaseSynapses(axon, cells, "thalamocortical",
    ...                            on_release="v_post += quantal_size*amplitude", seed=42)
    >>> synapses.connect()
    >>> Network(axon, cells, synapses).run(10 * ms)
    >>> round(float(synapses.quanta[:].mean()), 1)          # 27 sites, 0.8 each
    21.6
    """

    def __init__(
        self,
        source: Any,
        target: Any,
        model: str | Model,
        *,
        on_release: str,
        variant: str = "multivesicular",
        per_connection: tuple[str, ...] = (),
        equations: str = "",
        rule: str | Model | OnlineRule | None = None,
        seed: int = 0,
        trial: int = 0,
        stream: str | None = None,
        delay: Quantity | None = None,
        namespace: Mapping[str, Any] | None = None,
        order: int = 0,
        name: str = "releasesynapses*",
    ) -> None:
        check_ends(source, target)
        check_texts(on_release=on_release, equations=equations)
        check_name(name)
        check_language(equations, {*PARAMETERS, *Equations(_STATE)}, on_release=on_release)
        on_release = cleandoc(on_release)  # it comes after lines that are not indented
        self.parameters = check_release(model, variant, per_connection, seed, trial, stream)
        self.variant = variant
        check_integer("order", order)
        if delay is not None:
            check_delay(delay)
        declared = "\n".join(
            f"{key} : {unit} ({'constant' if key in per_connection else 'shared, constant'})"
            for key, unit in PARAMETERS.items()
        )
        self.on_release = on_release
        # Brian2 lets no attribute be added later.
        self.stream = stream or ""
        self.extra_variables = tuple(Equations(equations)) if equations else ()
        self.rule = None if rule is None else online_rule(rule)
        self.stated_targets: NDArray[np.integer] | None = None
        self._connected = False
        self._per_connection = per_connection
        self._seed_and_trial = seed, trial
        release = REFILL + _FACILITATE + _RELEASE[variant] + SIZE
        if self.rule is None:
            arguments: dict[str, Any] = {
                "model": "",
                "on_pre": release + on_release,
                "delay": delay,
                "namespace": {},
            }
        else:
            check_fit(self.rule, source, target)
            arguments = synapse_arguments(
                self.rule, arrival=release + _ARRIVAL, on_pre=on_release, delay=delay
            )
        own = {
            "model": f"{declared}{_STATE}{arguments['model']}\n{equations}",
            "namespace": arguments["namespace"]
            | dict(check_mapping("namespace", namespace or {}))
            | FUNCTIONS,
            "multisynaptic_index": "contact",
        }
        super().__init__(source, target, **arguments | own, clock=source.clock, name=name)
        # Brian2 puts what a presynaptic spike does one before what the groups do.
        self.pre.order = order - 1
        if self.rule is not None:
            self.contained_objects.extend(self.rule.helpers(target))
        if stream is None:
            self.stream = self.name
            warn_of_made_up_name(name, self.name)

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Connect as Brian2's `Synapses` does, and give all connections the model's values.

        Parameters
        ----------
        *args, **kwargs
            As of Brian2's ``connect``.
        """
        super().connect(*args, **kwargs | {"level": kwargs.get("level", 0) + 1})
        ends = [np.asarray(kwargs.get(end)) for end in "ij"]
        stated = not args and kwargs.keys() - {"level"} == {"i", "j"}
        stated = stated and all(end.dtype.kind in "iu" for end in ends)
        # Kept for C++ standalone, which does not know its connections before it runs.
        once = stated and not self._connected
        self.stated_targets = np.broadcast_arrays(*ends)[1].ravel() if once else None
        if not self._connected:
            self._connected = True
            self._assign(shared=True)
            self.set_stream(*self._seed_and_trial)
        self._assign(shared=False)
        if self.rule is not None:
            begin(self, self.rule, self._seed_and_trial[0])

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        """Check the numbers, then prepare as Brian2 does.

        Parameters
        ----------
        run_namespace : dict
            As Brian2 passes it.

        Raises
        ------
        InputError
            If a number is out of its range or not finite, or the delay of what comes after a
            spike's arrival is not that of the arrival.
        """
        check_before_run(self)
        if self.rule is not None:
            check_later(self, self.rule)
            name_in_standalone(self)
        super().before_run(run_namespace)

    def set_stream(self, seed: int, trial: int = 0) -> None:
        """Name the draws anew, for another trial or another experiment; after ``connect``.

        Parameters
        ----------
        seed, trial : int
            At least 0; `trial` below 2**64.

        Raises
        ------
        InputError
            If one is no such integer.
        """
        check_integer("seed", seed, low=0)
        check_integer("trial", trial, low=0, high=2**64 - 1)
        low, high = key_words(seed, "release", self.stream, trial)
        self.stream_low, self.stream_high = low, high

    def rest(self) -> None:
        """Fill all sites and forget all facilitation, and begin the stream of draws again."""
        for name in ("empty", "utilisation", "draws", "quanta", "amplitude"):
            setattr(self, name, 0)
        self.last_spike = self.last_refill = 0 * second  # before any spike, in any network

    def _assign(self, shared: bool) -> None:
        for table in self.parameters.tables:
            for key, value in table.items():
                if key in PARAMETERS and (key not in self._per_connection) == shared:
                    setattr(self, key, value)


def check_release(
    model: str | Model,
    variant: str = "multivesicular",
    per_connection: tuple[str, ...] = (),
    seed: int = 0,
    trial: int = 0,
    stream: str | None = None,
) -> Model:
    """Return the model, once these arguments of `ReleaseSynapses` are checked.

    Parameters
    ----------
    model, variant, per_connection, seed, trial, stream
        As of `ReleaseSynapses`.

    Returns
    -------
    Model
        Loaded, with all its tables there.

    Raises
    ------
    InputError
        If an argument is none, or the model has a fault.
    """
    check_choice("variant", variant, VARIANTS)
    if not isinstance(per_connection, tuple | list):
        raise InputError(
            f'per_connection must be a tuple such as ("sites",), got {shown(per_connection)}'
        )
    for parameter in per_connection:
        check_choice("per_connection", parameter, tuple(PARAMETERS))
    check_integer("seed", seed, low=0)
    check_integer("trial", trial, low=0, high=2**64 - 1)
    if stream is not None and not check_text("stream", stream):
        raise InputError("stream must not be empty")
    return load_model(model).require(MECHANISMS)


def warn_of_made_up_name(given: str, name: str) -> None:
    """Warn if Brian2 numbered the synapses: their draws would depend on what was made before.

    Parameters
    ----------
    given : str
        What the caller named them; a star behind asks Brian2 for a number.
    name : str
        What they are called.
    """
    if given.endswith("*") and name != given[:-1]:
        warnings.warn(
            f"{name}: its draws are named by a number that depends on what was made before; "
            "give it a name or a stream",
            UserWarning,
            stacklevel=3,
        )
