"""A dendritic branch as an event: enough coincident synapses start a plateau.

`tally` counts the connected synapses that released together, `potential_tally` those that are not
connected too. Both are changed by synapses only: whoever wires them also takes away what is out of
date. At the threshold the branch emits an event and drives its compartment for a time that grows
with the synapses, as their conductance takes longer to decay::

    plateau_duration + plateau_growth*log(tally/needed)

Synapses that are late, but within the window in which they count, prolong a plateau whose length
grows with their number: their conductance adds to what is open. After `refractory_period` a branch
can start a plateau again: a new volley then prolongs one that is still on.
A depolarised owner lowers the threshold, if synapses tell the branch of it::

    "owner_depolarisation_post = v_pre - resting_potential_pre : volt (summed)"

Fewer coincident synapses, yet at least `match_threshold`, open NMDA receptors in part:
`depolarisation` follows their number and outlasts the coincidence. What still fewer synapses do is
left out.

The conductance, which the owner's compartment sums over its branches, is::

    plateau_conductance*int(t < plateau_end) + match_conductance*depolarisation

Where the model gives the transition to a plateau a width, it is graded instead, as in a cell of
level 2. What counts then are the synapses whose receptors are `still_open`: each that releases adds
one, and they close with the time constant `plateau_growth`, which is why a plateau lasts the
longer, the more there were. It takes `sustaining` ones to keep half a plateau up: what is left of
the threshold after `plateau_duration`. Around that number the conductance rises from none to a full
plateau::

    plateau_conductance*risen**2*(3 - 2*risen) + match_conductance*potentially_open

The event is the same, and tells by its end when the conductance has fallen to half.
"""

from __future__ import annotations

from brian2.core.clocks import Clock
from brian2.equations.equations import Equations
from brian2.groups.neurongroup import NeuronGroup
from brian2.units import second, volt
from brian2.units.fundamentalunits import Quantity

from htm_brian.errors import InputError
from htm_brian.mechanisms.interface import Mechanism
from htm_brian.mechanisms.mechanism import NEVER, assign, declare, describe
from htm_brian.parameters import Key, Model, Table, load_model

TABLE = "branch"
KEYS = {
    "activation_threshold": Key("1", "coincident synapses that start a plateau"),
    "threshold_fall": Key("1/volt", "fall of the threshold with the owner's depolarisation"),
    "plateau_duration": Key("second", "length of a plateau at the threshold"),
    "plateau_growth": Key("second", "its growth with each e-fold of synapses above the threshold"),
    "refractory_period": Key("second", "least time between two plateau onsets"),
    "plateau_conductance": Key("siemens", "NMDA conductance during a plateau"),
    "match_threshold": Key("1", "coincident synapses, connected or not, that depolarise"),
    "match_conductance": Key("siemens", "NMDA conductance of one of these synapses"),
    "match_time_constant": Key("second", "rise and decay of that conductance"),
    "transition_width": Key(
        "1", "of the rise to a plateau, by the synapses that sustain one; 0: none or full"
    ),
}
VARIABLES = {
    "tally": "connected synapses that released together",
    "potential_tally": "synapses that released together, connected or not",
    "owner_depolarisation": "lowers the threshold; 0 unless synapses set it",
    "needed": "synapses that start a plateau, at the owner's depolarisation",
    "matched": "synapses that the depolarisation follows",
    "depolarisation": "below the threshold of a plateau, in synapses",
    "ended": "depolarisation that dendritic inhibition ended last; 0 unless synapses set it",
    "ended_at": "when it did",
    "plateau_onset": "start of the last plateau",
    "plateau_end": "end of the last plateau",
    "needed_at_onset": "synapses that its onset took",
    "most": "of the tally during the last plateau",
    "still_open": "connected synapses, as far as their receptors are open",
    "potentially_open": "synapses, connected or not, as far as their receptors are open",
    "sustaining": "open synapses that keep half a plateau up",
    "risen": "how far a plateau is on",
    "conductance": "drives the compartment of the branch's owner",
}
# The tally is a whole number; half a synapse below keeps rounding out of the comparison.
THRESHOLD = "tally > needed - 0.5 and t - plateau_onset >= refractory_period"
ON_PLATEAU = """
plateau_onset = t
needed_at_onset = needed
most = tally
plateau_end = t + plateau_duration + plateau_growth*log(clip(tally/needed, 1, inf))
"""
PROLONGED = "t < plateau_end and tally > most + 0.5"
ON_PROLONGED = """
remainder = exp((plateau_end - plateau_duration - t)/plateau_growth)
late = (tally - most)/needed_at_onset
plateau_end = t + plateau_duration + plateau_growth*log(remainder + late)
most = tally
"""
"""What is left of the synapses that started it, in units of those needed, and the late ones."""

ALL_OR_NONE = """
conductance = plateau_conductance*int(t < plateau_end) + match_conductance*depolarisation : siemens
"""
GRADED = """
dstill_open/dt = -still_open/plateau_growth : 1
dpotentially_open/dt = -potentially_open/plateau_growth : 1
sustaining = needed*exp(-plateau_duration/plateau_growth) : 1
risen = clip(0.5 + (still_open/sustaining - 1)/transition_width, 0, 1) : 1
conductance = plateau_conductance*risen**2*(3 - 2*risen)
    + match_conductance*potentially_open : siemens
"""


def equations(parameters: Table) -> Equations:
    """Return the equations of a branch.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.

    Returns
    -------
    Equations
        Brian2's, the parameters declared among them.

    Raises
    ------
    InputError
        If a key is missing or unknown, or `is_graded` finds a fault.
    """
    parameters.require(KEYS)
    drive = GRADED if is_graded(parameters) else ALL_OR_NONE
    return Equations(
        """
        ddepolarisation/dt = (matched - depolarisation)/match_time_constant : 1
        matched = potential_tally*int(potential_tally > match_threshold - 0.5) : 1
        needed = clip(activation_threshold - threshold_fall*owner_depolarisation, 1, inf) : 1
        tally : 1
        potential_tally : 1
        owner_depolarisation : volt
        ended : 1
        ended_at : second
        plateau_onset : second
        plateau_end : second
        needed_at_onset : 1
        most : 1
        """
        + drive
    ) + declare(TABLE, KEYS)


def is_graded(parameters: Table) -> bool:
    """Return whether a branch rises to its plateau by degrees.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.

    Returns
    -------
    bool
        Whether `transition_width` is above 0.

    Raises
    ------
    InputError
        If it is, and `plateau_growth` is not.
    """
    if parameters["transition_width"] == 0:
        return False
    if parameters["plateau_growth"] <= 0 * second:
        raise InputError(
            f"a transition_width needs a plateau_growth above 0, got "
            f"{parameters['plateau_growth']} ({parameters.file}, [{parameters.name}])"
        )
    return True


def on_release(model: Model, connected: str = "1", counted: str = "1") -> str:
    """Return what a synapse does to its branch when it releases.

    Parameters
    ----------
    model : Model
        Of the cell.
    connected, counted : str
        What it adds to the synapses that are connected, and to all of them.

    Returns
    -------
    str
        Brian2 statements, for the `on_pre` of a `Synapses` onto branches.
    """
    added = {"tally": connected, "potential_tally": counted}
    if is_graded(model[TABLE]):
        added |= {"still_open": connected, "potentially_open": counted}
    return "\n".join(f"{name}_post += {by}" for name, by in added.items())


def grows(model: Model) -> bool:
    """Return whether the plateaus of a cell model last the longer, the more synapses.

    Parameters
    ----------
    model : Model
        With a table ``[branch]``.

    Returns
    -------
    bool
        Whether `plateau_growth` is above 0.
    """
    return bool(model[TABLE]["plateau_growth"] > 0 * second)


class DendriticBranches(NeuronGroup):
    """Branches of pyramidal cells: a Brian2 `NeuronGroup` whose spikes are plateau onsets.

    Where the model's plateaus grow with the synapses, late synapses are an event of their own,
    ``"prolonged"``.

    Parameters
    ----------
    N : int
        Number of branches.
    model : str, path or Model
        Model with a table ``[branch]``.
    dt : Quantity, optional
        Time step; it may be coarser than that of the cells.
    clock : Clock, optional
        Clock in place of `dt`.
    order : int
        Order among objects of the same slot.
    name : str
        Name of the group.

    Raises
    ------
    InputError
        If there is no such model, it has a fault, or it lacks the table.

    Examples
    --------
    Branches drive the cells that own them through a sum::

        drive = Synapses(branches, cells, "basal_conductance_post = conductance_pre : siemens (summed)")
        drive.connect(i=numpy.arange(len(branches)), j=owner)
    """  # noqa: E501

    def __init__(
        self,
        N: int,
        model: str | Model = "l5_reduced",
        *,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        order: int = 0,
        name: str = "dendriticbranches*",
    ) -> None:
        self.parameters = load_model(model)
        if TABLE not in self.parameters:
            raise InputError(
                f"missing table [{TABLE}] with the keys {', '.join(KEYS)} ({self.parameters.file})"
            )
        table = self.parameters[TABLE]
        growing = grows(self.parameters)
        super().__init__(
            N,
            equations(table),
            threshold=THRESHOLD,
            reset=ON_PLATEAU,
            events={"prolonged": PROLONGED} if growing else None,
            # Exact here, where `matched` does not change within a time step.
            method="exponential_euler",
            dt=dt,
            clock=clock,
            order=order,
            name=name,
        )
        if growing:
            self.run_on_event("prolonged", ON_PROLONGED)
        assign(self, table)
        self.to_rest()

    @property
    def fading(self) -> tuple[str, ...]:
        """The variables that decay, in synapses."""
        graded = ("still_open", "potentially_open")
        return ("depolarisation", *(graded if is_graded(self.parameters[TABLE]) else ()))

    def to_rest(self) -> None:
        """End every plateau and forget every input."""
        self.tally = 0
        self.potential_tally = 0
        for name in self.fading:
            setattr(self, name, 0)
        self.owner_depolarisation = 0 * volt
        self.ended = 0
        self.ended_at = NEVER
        self.plateau_onset = NEVER
        self.plateau_end = NEVER

    def describe(self) -> str:
        """Return the equations as text, with units, values and sources.

        Returns
        -------
        str
            One equation or parameter a line.
        """
        return describe(self.user_equations, VARIABLES, self.parameters)


MECHANISMS = (Mechanism(TABLE, KEYS, level=1, required=True, check=is_graded),)
"""Of level 1, but for its equations: those are of the branches' own group."""
