"""A small layer of level 1 that holds given segments, without a memory around it."""

from __future__ import annotations

from htm_brian.abstract.permanence import UpDown
from htm_brian.abstract.segments.store import SegmentStore
from htm_brian.abstract.segments.table import SegmentTable
from htm_brian.network.event_layer import EventLayer
from htm_brian.parameters import Model, load_model
from htm_brian.synapses.plasticity.between_elements import BetweenElements

COLUMNS, CELLS = 8, 3


def layer_with(table: SegmentTable, model: Model | None = None, **options: object) -> EventLayer:
    """Return the layer: 4 connected synapses predict, 3 match, and none fails to release."""
    made = EventLayer(
        COLUMNS,
        CELLS,
        load_model("minicolumns") if model is None else model,
        load_model("l5_reduced"),
        BetweenElements(UpDown()),
        activation_threshold=4,
        min_threshold=3,
        most_synapses=6,
        connected_permanence=0.5,
        release="reliable",
        **options,  # type: ignore[arg-type]
    )
    made.hold(SegmentStore.from_table(table))
    return made
