"""The initiation of a spike: a current of the soma that grows exponentially above a threshold.

Lives in the soma. Above `threshold` the current outruns the leak and the potential goes up by
itself (Fourcaud-Trocmé et al. 2003), ``g D exp((v - threshold)/D)``; like the sodium channels that
it stands for it does not grow without end::

    current = largest_current/(1 + exp((half - v)/D))
    half = threshold + D log(largest_current/(g D))

At the threshold its slope is `g`. ``[spike] threshold`` then is where the spike is over and the
potential reset, well above: nothing but this current takes the soma there.

Each spike raises the threshold, which comes back with a time constant, as sodium channels recover
from inactivation (Pozzorini et al. 2013): a relative refractory period, over which more current is
needed. For the absolute one the soma is held at its reset.
"""

from __future__ import annotations

from brian2.equations.equations import Equations

from htm_brian.errors import InputError
from htm_brian.mechanisms.interface import IN_SOMA, SOMATIC, Mechanism, Site
from htm_brian.mechanisms.mechanism import declare
from htm_brian.parameters import Key, Table

TABLE = "spike_initiation"
KEYS = {
    "threshold": Key("volt", "where the current's slope is `conductance`, long after a spike"),
    "slope": Key("volt", "over which the current grows e-fold, D"),
    "conductance": Key("siemens", "slope of the current at the threshold, g"),
    "largest_current": Key("amp", "what the current tends to far above the threshold"),
    "rise": Key("volt", "what a spike adds to the threshold"),
    "recovery_time_constant": Key("second", "with which the threshold comes back"),
}
VARIABLES = {
    "threshold_shift": "what spikes have added to the threshold, and what is left of it",
    "spike_initiation_share": "of the largest current",
    "spike_initiation_current": "into the soma",
}
ON_SPIKE = "threshold_shift += spike_initiation_rise"


def equations(parameters: Table, site: Site = IN_SOMA) -> Equations:
    """Return the equations of the current and of the threshold.

    Parameters
    ----------
    parameters : Table
        See `KEYS`.
    site : Site
        Always the soma.
    """
    parameters.require(KEYS)
    return Equations(
        """
        dthreshold_shift/dt = -threshold_shift/spike_initiation_recovery_time_constant : volt
        spike_initiation_share = 1/(1 + spike_initiation_largest_current
            /(spike_initiation_conductance*spike_initiation_slope)
            *exp((spike_initiation_threshold + threshold_shift - v)/spike_initiation_slope))
            : 1 (constant over dt)
        spike_initiation_current = spike_initiation_largest_current*spike_initiation_share : amp
        """
    ) + declare(TABLE, KEYS)


def check(parameters: Table) -> None:
    """Check that the current grows on above the threshold.

    Raises
    ------
    InputError
    """
    at_threshold = parameters["conductance"] * parameters["slope"]
    if not 2 * at_threshold < parameters["largest_current"]:
        raise InputError(
            f"largest_current must exceed twice that at the threshold, conductance*slope = "
            f"{at_threshold}, got {parameters['largest_current']} ([{TABLE}])"
        )


MECHANISMS = (
    Mechanism(
        TABLE,
        KEYS,
        needs=("spike",),
        equations=equations,
        variables=VARIABLES,
        currents={"soma": "spike_initiation_current"},
        on_spike=ON_SPIKE,
        holds=True,
        check=check,
        order=SOMATIC,
    ),
)
