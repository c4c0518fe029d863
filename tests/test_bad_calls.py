"""Wrong calls in bulk: each raises one line that names the argument, none gets any further."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, second

from htm_brian.abstract.anomaly import AnomalyLikelihood, log_likelihood
from htm_brian.abstract.classifier import SDRClassifier, SDRPredictor
from htm_brian.abstract.encoders import (
    CategoryEncoder,
    CyclicEncoder,
    DateEncoder,
    MultiEncoder,
    ScalarEncoder,
)
from htm_brian.abstract.permanence import IncidenceRate, UpDown
from htm_brian.abstract.real_valued_layer import RealValuedLayer
from htm_brian.abstract.saving import read_memory, write_memory
from htm_brian.abstract.spatial_pooler import SpatialPooler
from htm_brian.abstract.synapse_weight import SigmoidWeight
from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.errors import InputError
from htm_brian.experiment.checks import Check
from htm_brian.sdr import theory
from htm_brian.sdr.cell_bursts import find_events, summarise
from htm_brian.sdr.mapping import predictive_cells, sdr_to_spikes, spikes_to_sdr
from htm_brian.sdr.ragged import Ragged
from htm_brian.sdr.sampling_machine import SynapticSamplingMachine
from htm_brian.sdr.sdr import SDR
from htm_brian.sdr.synaptic_readout import (
    area_under_curve,
    binary_weights,
    evidence,
    expected_input,
    least_squares,
    move_bits,
    random_patterns,
    sigmoid_weights,
    two_values,
)
from htm_brian.synapses.release import short_term
from htm_brian.synapses.release.epsp import TimeCourse
from htm_brian.synapses.release.sampling import transmission_counts
from htm_brian.units import parse_unit

SPIKES: dict[str, Any] = {"indices": [0, 1], "times": [0.1, 0.2], "size": 4, "start": 0, "stop": 1}
PLATEAUS: dict[str, Any] = {
    "branch_owner": [0],
    "plateau_onset": [0.1],
    "plateau_end": [0.2],
    "time": 0.15,
    "n_cells": 2,
}
PATTERNS = np.array([[True, False, True], [True, True, False]])
RNG = np.random.default_rng(1)

LEARNERS: list[tuple[Any, str, Any]] = [
    (TemporalMemory(8, 2), "active_columns", [1]),
    (SpatialPooler(10, 10, density=0.2), "sdr", SDR(10, [1])),
    (RealValuedLayer(3, 4, 1), "samples", [0.1, 0.2, 0.3]),
]

NO_INTEGERS = (2.5, "2", None, True, math.nan, 2 * mV, [1, 2])
NO_NUMBERS = ("0.5", None, True, math.nan, math.inf, -math.inf, 1j, [0.5, 0.5], 0.5 * mV, {})
NO_TIMES = ("1 s", None, True, math.nan, math.inf * second, 5 * mV, 5 * Hz, [1, 2] * ms)
NO_VECTORS = ([[0.1, 0.2]], ["a", "b"], [0.1, math.nan], [[1], [2, 3]], [1, 2] * mV, 3, None)


def table() -> list[tuple[Callable[..., Any], dict[str, Any], str, tuple[Any, ...]]]:
    """Return callables, their right arguments, and wrong values of one argument."""
    classifier, machine = SDRClassifier(10, 3), SynapticSamplingMachine(3, 4)
    knowledge = np.array([0.0, 1.0, 2.0])
    events = find_events([0, 1], [0.0, 0.1])
    check = {"name": "n", "value": 1.0, "unit": "mV", "low": 0.0, "high": 2.0, "source": "s"}
    rates = {"release_probability": 0.5, "recovery_time": 0.8, "facilitation_time": 0.0}
    train = short_term.train
    return [
        (spikes_to_sdr, SPIKES, "indices", ([0, 4], [-1, 0], [0.5, 1], [0], "ab", None, 3)),
        (spikes_to_sdr, SPIKES, "times", (*NO_VECTORS, [0.1])),
        (spikes_to_sdr, SPIKES, "size", (*NO_INTEGERS, 0, -3)),
        (spikes_to_sdr, SPIKES, "start", (*NO_TIMES, 1)),
        (spikes_to_sdr, SPIKES, "stop", (*NO_TIMES, 0, -1)),
        (spikes_to_sdr, SPIKES, "rule", ("last", None, 3, ["burst"])),
        (spikes_to_sdr, SPIKES | {"rule": "first_k"}, "k", (*NO_INTEGERS, -1)),
        (spikes_to_sdr, SPIKES | {"rule": "rate"}, "min_rate", ("5", -1, math.nan, 5 * ms, None)),
        (spikes_to_sdr, SPIKES | {"rule": "burst"}, "max_interval", (*NO_TIMES, -1)),
        (spikes_to_sdr, SPIKES, "cells_per_column", (0, 3, 1.5, True, "2", 2 * mV)),
        (sdr_to_spikes, {"sdr": SDR(4, [1]), "time": 0}, "sdr", ([1], None, 5)),
        (sdr_to_spikes, {"sdr": SDR(4, [1]), "time": 0}, "time", NO_TIMES),
        (sdr_to_spikes, {"sdr": SDR(4, [1]), "time": 0}, "jitter", (*NO_TIMES, -1)),
        (sdr_to_spikes, {"sdr": SDR(4, [1]), "time": 0}, "interval", (*NO_TIMES, -1 * ms)),
        (sdr_to_spikes, {"sdr": SDR(4, [1]), "time": 0}, "n_spikes", (*NO_INTEGERS, 0)),
        (sdr_to_spikes, {"sdr": SDR(4, [1]), "time": 0}, "seed", (*NO_INTEGERS, -1)),
        (predictive_cells, PLATEAUS, "branch_owner", ([2], [-1], [0.5], [0, 0], None)),
        (predictive_cells, PLATEAUS, "plateau_onset", ([0.3], ["a"], [1] * mV, 0.1)),
        (predictive_cells, PLATEAUS, "time", NO_TIMES),
        (predictive_cells, PLATEAUS, "n_cells", (*NO_INTEGERS, 0)),
        (find_events, {"cells": [0, 0], "times": [0, 1]}, "cells", ([0.5, 1], [0], [-1, 0], "ab")),
        (find_events, {"cells": [0, 0], "times": [0, 1]}, "times", NO_VECTORS),
        (
            find_events,
            {"cells": [0, 0], "times": [0, 1]},
            "longest_interval",
            (*NO_TIMES, -1),
        ),
        (
            summarise,
            {"events": events, "n_ensembles": 2, "cells_each": 1, "duration": 1},
            "duration",
            (0, -1, "1", math.nan, 1 * mV),
        ),
        (SDR, {"size": 5, "sparse": [1]}, "size", (*NO_INTEGERS, 0, -1)),
        (
            SDR,
            {"size": 5, "sparse": [1]},
            "sparse",
            ([5], [-1], [1, 1], [0.5], [[1]], "a", [1] * mV),
        ),
        (SDR.from_dense, {"dense": [0, 1]}, "dense", ([], [[1]], [2, 0], ["a"], [[1], [0, 1]])),
        (SDR.random, {"size": 5, "n_active": 2, "seed": 1}, "n_active", (*NO_INTEGERS, 6, -1)),
        (SDR(5, [1]).add_noise, {"fraction": 0.5, "seed": 1}, "fraction", (*NO_NUMBERS, 2, -1)),
        (SDR(5, [1]).subsample, {"n": 1, "seed": 1}, "n", (*NO_INTEGERS, 2, -1)),
        (SDR(5, [1]).overlap, {"other": SDR(5, [2])}, "other", ([1], None, 5)),
        (Ragged.from_sets, {"sets": [[1]]}, "sets", ([[0.5]], [[-1]], [["a"]], [1], [[2**40]])),
        (theory.false_match, {"n": 99, "a": 9, "s": 5, "threshold": 3}, "n", (5, -1, 0.5, "a")),
        (theory.false_match, {"n": 99, "a": 9, "s": 5, "threshold": 3}, "s", (100, 5 * mV, None)),
        (
            theory.synapses_needed,
            {"threshold": 3, "release_probability": 0.5, "max_miss": 0.1},
            "release_probability",
            (0, 1.5, math.nan, "a", 0.5 * mV, 1e-9),
        ),
        (
            theory.union_capacity,
            {"n": 99, "a": 9, "s": 5, "threshold": 3, "max_false_match": 0.1},
            "max_false_match",
            (*NO_NUMBERS, 1, -1),
        ),
        (
            theory.union_false_match,
            {"n": 10**5, "a": 9, "patterns": 3, "s": 5, "threshold": 3},
            "patterns",
            (10**9, -1, 2.5),
        ),
        (ScalarEncoder, {"size": 60, "n_active": 5, "resolution": 1}, "size", (*NO_INTEGERS, 20)),
        (
            ScalarEncoder,
            {"size": 60, "n_active": 5, "resolution": 1},
            "resolution",
            (*NO_NUMBERS, 0, -1),
        ),
        (
            ScalarEncoder(60, 5, 1.0).encode,
            {"value": 1},
            "value",
            (*NO_NUMBERS, 1e308, -1e308),
        ),
        (CyclicEncoder, {"n_active": 2, "period": 24, "radius": 6}, "radius", (0, 13, 6 * ms, "6")),
        (CyclicEncoder, {"n_active": 2, "period": 24, "radius": 6}, "radius", (1e-300, math.nan)),
        (CyclicEncoder, {"n_active": 2, "period": 24, "radius": 6}, "period", (*NO_NUMBERS, 0)),
        (CyclicEncoder(2, 24, 6).encode, {"value": 3}, "value", (*NO_NUMBERS, 1e308)),
        (CategoryEncoder, {"categories": "ab"}, "categories", ((), "aa", 5, [[1], [2]])),
        (CategoryEncoder("ab").encode, {"value": "a"}, "value", ("c", None, [1], 3)),
        (MultiEncoder, {"encoders": {"a": CategoryEncoder("ab")}}, "encoders", ({}, [1], {"a": 3})),
        (
            MultiEncoder({"a": CategoryEncoder("ab")}).encode,
            {"value": {"a": "b"}},
            "value",
            ({}, {"b": 1}, {"a": 1}, 5, None),
        ),
        (DateEncoder, {}, "time_of_day", (5, (21,), (0, 4), (21, 4 * ms), (21, 13), "ab")),
        (DateEncoder, {}, "weekend", (0, 1.5, "21", True)),
        (DateEncoder, {}, "season", ((21, -1), (21, math.nan), (21, 1e308))),
        (
            DateEncoder().encode,
            {"value": np.datetime64("2020-01-01")},
            "value",
            (
                "2020",
                None,
                5,
                date(2020, 1, 1),
                np.datetime64("NaT", "s"),
                np.datetime64(10**6, "Y"),
            ),
        ),
        (AnomalyLikelihood, {}, "historic_window", (*NO_INTEGERS, 5)),
        (AnomalyLikelihood, {}, "flat_variance", (*NO_NUMBERS, -1, 2)),
        (AnomalyLikelihood().compute, {"anomaly": 0.5}, "anomaly", (*NO_NUMBERS, -0.1, 1.1)),
        (log_likelihood, {"likelihood": 0.5}, "likelihood", (*NO_NUMBERS, 2)),
        (UpDown, {}, "increment", (*NO_NUMBERS, -0.1, 1.1)),
        (IncidenceRate, {}, "learning_period", (*NO_NUMBERS, 0, 10 * ms)),
        (IncidenceRate, {}, "incidence_rate", (*NO_NUMBERS, 0, 1.1)),
        (SigmoidWeight, {"threshold": 0.5, "slope": 2}, "slope", ("2", 0, -1, math.nan, 2 * mV)),
        (
            UpDown().update,
            {"permanence": np.array([0.5]), "active": np.array([True])},
            "permanence",
            (["a"], [math.nan], [2.0], [0.5] * mV, None),
        ),
        (
            UpDown().update,
            {"permanence": np.array([0.5]), "active": np.array([True])},
            "active",
            ([0.5], [True, False], None, 1),
        ),
        (SDRClassifier, {"input_size": 5, "n_classes": 2}, "n_classes", (*NO_INTEGERS, 0)),
        (
            SDRClassifier,
            {"input_size": 5, "n_classes": 2},
            "learning_rate",
            (*NO_NUMBERS, 0, 1e308),
        ),
        (classifier.learn, {"sdr": SDR(10, [1]), "labels": 1}, "sdr", ([1], None, SDR(9, [1]))),
        (classifier.learn, {"sdr": SDR(10, [1]), "labels": 1}, "label", (3, -1, 0.5, "a", [])),
        (SDRPredictor, {"input_size": 5, "n_classes": 2}, "steps", ((), [-1], [0.5], 3, "1")),
        (Check, check, "value", (50 * mV, "5", None, [1, 2], 1j)),
        (Check, check, "low", (0 * mV + 1 * mV, "0", math.nan, 3.0)),
        (Check, check, "unit", ("", None, 5)),
        (
            parse_unit,
            {"text": "mV"},
            "unit",
            ("zorkmid", "", 5, None, "mV**99", "__import__('os')"),
        ),
        (train, {**rates, "spike_times": [0.0]}, "release_probability", (*NO_NUMBERS, 1.5, -1)),
        (train, {**rates, "spike_times": [0.0]}, "recovery_time", (*NO_TIMES, -1)),
        (train, {**rates, "spike_times": [0.0]}, "spike_times", (*NO_VECTORS, [2, 1])),
        (short_term.stationary, {**rates, "rate": 5}, "rate", (0, -1, math.nan, "a", 5 * ms)),
        (short_term.mean, {"sites": 3, "probability": 0.5}, "sites", (*NO_INTEGERS, 0)),
        (TimeCourse, {"rise": 0.001, "decay": 0.01}, "rise", (*NO_TIMES, 0, 0.02)),
        (
            TimeCourse.with_rise_time,
            {"rise_time": 1e-3, "decay": 0.01},
            "rise_time",
            (*NO_TIMES, 1),
        ),
        (
            transmission_counts,
            {"trials": 1, "sizes": [2], "probabilities": [0.5], "seed": 1},
            "sizes",
            ([], [2, 1], [0], [0.5], 5, [10**10], "ab"),
        ),
        (
            transmission_counts,
            {"trials": 1, "sizes": [2], "probabilities": [0.5], "seed": 1},
            "probabilities",
            ([1.5], [math.nan], 0.5, ["a"], [0.5] * mV),
        ),
        (SynapticSamplingMachine, {"n_visible": 2, "n_hidden": 2}, "n_visible", (*NO_INTEGERS, 0)),
        (
            SynapticSamplingMachine,
            {"n_visible": 2, "n_hidden": 2},
            "transmission_probability",
            (*NO_NUMBERS, 0, 1.5),
        ),
        (machine.hidden, {"visible": np.ones((1, 3), np.uint8)}, "visible", ([1], [[1] * 9], None)),
        (machine.visible, {"hidden": np.ones((1, 4), np.uint8)}, "hidden", ([[1] * 3], [[2] * 4])),
        (machine.learn, {"data": np.ones((1, 3), np.uint8)}, "data", ([[1]], [[0.5] * 3], "a")),
        (machine.learn, {"data": np.ones((1, 3), np.uint8)}, "rate", NO_NUMBERS),
        (machine.prune, {"share": 0.5}, "share", (*NO_NUMBERS, 2)),
        (
            random_patterns,
            {"n_patterns": 2, "size": 5, "n_active": 2, "rng": RNG},
            "n_active",
            (*NO_INTEGERS, 0, 6),
        ),
        (move_bits, {"patterns": PATTERNS, "noise": 0, "rng": RNG}, "noise", (*NO_NUMBERS, 1)),
        (move_bits, {"patterns": PATTERNS, "noise": 0, "rng": RNG}, "rng", (None, 5)),
        (
            expected_input,
            {"patterns": PATTERNS, "noise": 0, "transmission_probability": 1},
            "patterns",
            (np.zeros((0, 3), bool), [[True]], np.ones(3), ~PATTERNS & False),
        ),
        (
            evidence,
            {"inputs": np.ones((2, 3)), "targets": PATTERNS},
            "inputs",
            ([1], np.ones((3, 3))),
        ),
        (least_squares, {"inputs": np.ones((2, 3)), "targets": PATTERNS}, "targets", (5, [["a"]])),
        (
            binary_weights,
            {"knowledge": knowledge, "connected_share": 0.5},
            "connected_share",
            (2, -1),
        ),
        (binary_weights, {"knowledge": knowledge, "connected_share": 0.5}, "knowledge", ([], "a")),
        (
            sigmoid_weights,
            {"knowledge": knowledge, "connected_share": 0.5, "slope": 1},
            "slope",
            (*NO_NUMBERS, 0),
        ),
        (
            two_values,
            {"knowledge": knowledge, "connected": knowledge},
            "connected",
            ([1], [1, 1, 1]),
        ),
        (
            area_under_curve,
            {"scored": [1.0, 2.0], "positive": [True, False]},
            "axis",
            (3, "a", 0.5),
        ),
        *(
            (memory.compute, {first: right, "learn": True}, "learn", ("no", None, 2, 1.0))
            for memory, first, right in LEARNERS
        ),
        *(
            (memory.import_segments, {"table": None}, "table", (None, 5, "a", {}, [1]))
            for memory, _, _ in LEARNERS[:1]
        ),
        (
            RealValuedLayer(3, 4, 1).compute,
            {"samples": [0.1] * 3},
            "samples",
            ("abc", [0.1], [0.1] * 3 * mV, [math.nan] * 3, None),
        ),
        (read_memory, {"path": "", "kind": "k"}, "path", ("", "/no/such/file", 5, None, "/")),
        (
            write_memory,
            {"path": "", "kind": "k", "config": {"permanence_rule": UpDown()}, "arrays": {}},
            "path",
            ("", "/no/such/folder/x", 5, "/"),
        ),
    ]


CALLS = [
    pytest.param(call, right, name, value, id=f"{number}-{name}-{place}")
    for number, (call, right, name, wrong) in enumerate(table())
    for place, value in enumerate(wrong)
]

SAME_ARGUMENT = {"label": "labels", "unit": "text"}
"""What a message calls an argument of another name."""


@pytest.mark.parametrize(("call", "right", "name", "value"), CALLS)
def test_a_wrong_call_is_one_line_that_names_the_argument(
    call: Callable[..., Any], right: dict[str, Any], name: str, value: object
) -> None:
    argument = SAME_ARGUMENT[name] if SAME_ARGUMENT.get(name) in right else name
    with pytest.raises(InputError) as caught:
        call(**right | {argument: value})
    message = str(caught.value)
    assert name in message or f"{value!r} is not a unit" in message, message
    assert "\n" not in message and len(message) < 300, message


def test_there_are_many_of_them() -> None:
    assert len(CALLS) >= 120
