"""Cells that burst: a soma that makes events, and a dendrite that makes bursts of some of them.

After the cells of Payeur et al. 2021 (Nat Neurosci 24:1010), as a layer of ensembles uses them
(`htm_brian.network.bursting_ensembles`): synapses from below hear events, those from above bursts.
An event becomes a burst of two spikes with a chance that follows the dendrite's potential.
"""

from __future__ import annotations

from collections.abc import Mapping

from brian2.groups.neurongroup import NeuronGroup
from brian2.input.timedarray import TimedArray
from brian2.units import ms, second
from brian2.units.fundamentalunits import Quantity

from htm_brian.mechanisms.spike import reset_at_once
from htm_brian.parameters import Model

TIME_STEP = 1 * ms
NEVER = 1e6 * second

EQUATIONS = """
dv/dt = (leak_conductance*(resting_potential - v) + g_excitation*(excitation_reversal - v)
    + g_inhibition*(inhibition_reversal - v) + current - adaptation)/membrane_capacitance
    + soma_noise*sqrt(2*leak_conductance/membrane_capacitance)*xi : volt
dv_dendrite/dt = (dendrite_leak*(resting_potential - v_dendrite)
    + g_apical*(excitation_reversal - v_dendrite) + apical_current)/dendrite_capacitance : volt
dadaptation/dt = -adaptation/adaptation_time_constant : amp
dg_excitation/dt = -g_excitation/excitation_time_constant : siemens  # from below
dg_inhibition/dt = -g_inhibition/inhibition_time_constant : siemens  # from below
dg_apical/dt = -g_apical/excitation_time_constant : siemens  # from above
devents_lately/dt = -events_lately/average_time_constant : 1  # decaying count of events
current = soma_current + drive(t, channel) : amp
apical_current = dendrite_current + taught*speaks(t)*clip(teacher_gain*(wanted(t) - events_lately/average_time_constant), -largest_current, largest_current) : amp
plastic = learns(t)*(always + (1 - always)*speaks(t)) : 1  # third factor
soma_current : amp (constant)
dendrite_current : amp (constant)
channel : integer (constant)  # which input drives the soma
taught : 1 (constant)  # whether the teacher speaks to it
always : 1 (constant)  # whether its synapses change without the teacher, too
ready_at : second  # when the next event may come
burst_due : second  # when the second spike of a burst comes
second_spike : 1  # whether the latest spike is one
n_events : 1  # since they were counted last
n_bursts : 1
"""  # noqa: E501
DENDRITE_NOISE = (
    "v_dendrite += dendrite_noise*sqrt(2*dt*dendrite_leak/dendrite_capacitance)*randn()"
)
"""At each step. Of two `xi` in the same equations Brian2 draws in an order that differs from one
process to the next, so that equal seeds would give unequal noise."""
THRESHOLD = "(v > threshold and t >= ready_at) or t >= burst_due"
RESET = """
second_spike = int(t >= burst_due)
event = 1 - second_spike
begins = event*int(rand() < 1/(1 + exp((half_activation - v_dendrite)/activation_slope)))
burst_due = t + shortest_interval + rand()*(longest_interval - shortest_interval) + (1 - begins)*never
ready_at = t + refractory_period
v = event*resting_potential + second_spike*v
adaptation += event*increment
events_lately += event
n_events += event
n_bursts += second_spike
"""  # noqa: E501


def bursting_cells(
    number: int, model: Model, average_time_constant: Quantity, schedule: Mapping[str, TimedArray]
) -> NeuronGroup:
    """Return cells at rest.

    Parameters
    ----------
    number : int
    model : Model
        Of kind "burst_network".
    average_time_constant : Quantity
        Over which a cell counts its events.
    schedule : mapping of str to TimedArray
        What `EQUATIONS` call ``drive``, ``wanted``, ``speaks`` and ``learns``.
    """
    group = NeuronGroup(
        number,
        EQUATIONS,
        threshold=THRESHOLD,
        reset=RESET,
        method="euler",
        dt=TIME_STEP,
        namespace={
            **_constants(model),
            "average_time_constant": average_time_constant,
            **schedule,
        },
        name="bursting_cells",
    )
    reset_at_once(group)
    group.run_regularly(DENDRITE_NOISE, name="dendrite_noise_of_cells")
    group.v = group.v_dendrite = model["soma"]["resting_potential"]
    group.burst_due = NEVER
    return group


def _constants(model: Model) -> dict[str, Quantity]:
    """Return what the equations call by name."""
    soma, dendrite, burst = model["soma"], model["dendrite"], model["burst"]
    excitation, inhibition = model["excitation"], model["inhibition"]
    return {
        **{key: soma[key] for key in ("membrane_capacitance", "leak_conductance")},
        **{key: soma[key] for key in ("resting_potential", "threshold", "refractory_period")},
        "soma_noise": soma["noise"],
        "increment": model["adaptation"]["increment"],
        "adaptation_time_constant": model["adaptation"]["time_constant"],
        "dendrite_capacitance": dendrite["capacitance"],
        "dendrite_leak": dendrite["leak_conductance"],
        "dendrite_noise": dendrite["noise"],
        **dict(burst),
        "excitation_time_constant": excitation["time_constant"],
        "excitation_reversal": excitation["reversal_potential"],
        "inhibition_time_constant": inhibition["time_constant"],
        "inhibition_reversal": inhibition["reversal_potential"],
        "teacher_gain": model["teacher"]["gain"],
        "largest_current": model["teacher"]["largest_current"],
        "never": NEVER,
    }
