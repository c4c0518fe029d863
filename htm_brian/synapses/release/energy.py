"""What release costs: the shares of signalling energy that a budget's model file holds."""

from __future__ import annotations

from htm_brian.parameters import Key

BUDGET = {
    "energy": {
        "action_potential_share": Key("1", "of signalling energy, for action potentials"),
        "postsynaptic_share": Key("1", "for postsynaptic currents"),
        "release_share": Key("1", "for release"),
        "recycling_share": Key("1", "for recycling of transmitter"),
    },
    "release": {"release_probability": Key("1", "of the synapses that the shares are of")},
}
"""Tables and keys of a model of kind "budget"."""
