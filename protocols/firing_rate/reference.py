"""What others measured in layer-5 cells, and what a detailed model answers to the same steps."""

from __future__ import annotations

HAY = (
    "Hay et al. 2011, PLOS Comput Biol 7:e1002107: layer-5b cell (ModelDB 139653, cell1, "
    "L5PCbiophys3), run in NEURON 9.0.2"
)

HAY_RATES = {0.3: 0.0, 0.4: 4.5, 0.619: 11.0, 1.0: 15.5}
"""Spikes a second in a step of 2 s, by current in nA."""

HAY_INTERVALS = {0.619: (10.2, 97.7), 1.0: (6.8, 66.5)}
"""First and last interspike interval in ms, by current in nA."""

HAY_PASSIVE = {"resistance": 37.3, "sag": 0.81}
"""Megaohm, and steady over largest deflection, with a step of -0.2 nA."""

RECORDED = "recorded layer-5 cells (BluePyOpt, example l5pc)"
RECORDED_ANSWERS = {
    "rate, Hz": "8.5 ± 1.0",
    "latency, ms": "20 ± 3",
    "adaptation index": "0.005 ± 0.007",
    "variation of intervals": "0.07 ± 0.08",
}
"""Of a step of 2 s of 0.562 nA, on top of a holding current of -0.126 nA."""

GUAN = "Guan, Armstrong & Foehring 2015, J Neurophysiol: thick-tufted layer-5 cells of the mouse"
