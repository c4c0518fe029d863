"""What other temporal memories reach on the paper's stream, by condition."""

from __future__ import annotations

PAPER = "Hawkins and Ahmad 2016, Front. Neural Circuits 10:23"
PEERS = "temporal memories of NuPIC and htm.core on the stream of " + PAPER
SWITCHED, ONE_CELL, WHOLE = "sequences switched", "one cell per column", "undamaged"
PEERS_ACCURACY = {
    SWITCHED: {
        **{500: 0.373, 1000: 0.463, 2500: 0.490, 3499: 0.496},
        **{3800: 0.294, 4500: 0.366, 5000: 0.441, 7000: 0.500},
    },
    WHOLE: {1000: 0.481, 2499: 0.485},
    "40 % of cells dead": {4500: 0.500},
    "60 % of cells dead": {7000: 0.500},
    "75 % of cells dead": {4500: 0.469},
    "8 bits": {1000: 0.481, 2499: 0.485},
    "4 bits": {1000: 0.481, 2499: 0.485},
    "2 bits": {1000: 0.488, 2499: 0.492},
    "incidence rate 0.2": {1000: 0.497, 3499: 0.502},
    "incidence rate 0.1": {1000: 0.496, 3499: 0.502},
    "incidence rate 0.5": {1000: 0.481, 3499: 0.500},
}
"""By condition and element."""
PEERS_LOWEST = {
    "40 % of cells dead": 0.482,
    "50 % of cells dead": 0.429,
    "60 % of cells dead": 0.341,
    "75 % of cells dead": 0.159,
}
"""Lowest accuracy after the death of cells."""
PEERS_SPREAD = {500: 0.012, 1000: 0.014, 2500: 0.002, 3499: 0.005}
"""Standard deviation over streams, where it is known."""
