"""Apical tie-break: the golden trace, and each behaviour of Numenta's test plan by name."""

import doctest
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from htm_brian.abstract import apical_tiebreak
from htm_brian.abstract.apical_tiebreak import (
    ApicalTiebreakPairMemory,
    ApicalTiebreakSequenceMemory,
)
from htm_brian.abstract.permanence import IncidenceRate

DATA = Path(__file__).parents[1] / "data" / "temporal_memory"
W = 40
PLAN = {
    "activation_threshold": 25,
    "min_threshold": 25,
    "sample_size": 30,
    "initial_permanence": 0.5,
    "connected_permanence": 0.6,
    "permanence_increment": 0.1,
    "permanence_decrement": 0.02,
    "basal_predicted_decrement": 0.08,
}


def test_examples():
    assert doctest.testmod(apical_tiebreak).failed == 0


def test_trace_is_exact():
    """htmresearch's ApicalTiebreak sequence memory on ABCDE/XBCDY, without and with feedback."""
    with np.load(DATA / "C1_apical_tiebreak_sequence.npz") as file:
        trace = {key: file[key] for key in file.files}
    params = json.loads(bytes(trace["params_json"]).decode())
    memory = ApicalTiebreakSequenceMemory(
        params["columnCount"],
        params["cellsPerColumn"],
        params["apicalInputSize"],
        activation_threshold=params["activationThreshold"],
        reduced_basal_threshold=params["reducedBasalThreshold"],
        min_threshold=params["minThreshold"],
        sample_size=params["sampleSize"],
        initial_permanence=params["initialPermanence"],
        connected_permanence=params["connectedPermanence"],
        permanence_increment=params["permanenceIncrement"],
        permanence_decrement=params["permanenceDecrement"],
        basal_predicted_decrement=params["basalPredictedSegmentDecrement"],
        apical_predicted_decrement=params["apicalPredictedSegmentDecrement"],
        tie_break="lowest_index",
    )

    def cells(key, step):
        indptr = trace[f"{key}_indptr"]
        return trace[key][indptr[step] : indptr[step + 1]].tolist()

    for t in range(len(trace["learn"])):
        if trace["reset_before"][t]:
            memory.reset()
        assert memory.predictive_cells.tolist() == cells("predicted_cells", t)
        memory.compute(
            cells("active_cols", t),
            bool(trace["learn"][t]),
            apical_input=cells("apical_input", t),
        )
        basal = memory.basal.owner[memory.active_basal_segments].tolist()
        apical = memory.apical.owner[memory.active_apical_segments].tolist()
        assert memory.active_cells.tolist() == cells("active_cells", t), t
        assert memory.winner_cells.tolist() == cells("winner_cells", t), t
        assert memory.predictive_cells.tolist() == cells("next_predicted_cells", t), t
        assert basal == sorted(cells("active_basal_segment_cells", t)), t
        assert apical == sorted(cells("active_apical_segment_cells", t)), t
    # Of ten apical candidates the golden run took eight at random: there cells and permanences.
    assert _without_sources(_segments(memory.apical)) == _without_sources(
        _golden_segments(trace, "apical")
    )
    assert _segments(memory.basal) == _golden_segments(trace, "basal")


def _segments(store):
    table = store.to_table()
    return sorted(
        (
            int(table.owner[i]),
            sorted(
                zip(
                    table.presynaptic[a:b].tolist(),
                    table.permanence[a:b].round(5).tolist(),
                    strict=True,
                )
            ),
        )
        for i, (a, b) in enumerate(pairwise(table.indptr))
    )


def _without_sources(segments):
    return [(cell, sorted(p for _, p in synapses)) for cell, synapses in segments]


def _golden_segments(trace, kind):
    """The golden file keeps segments that have lost all their synapses; here they are removed."""
    indptr = trace[f"{kind}_seg_indptr"]
    return sorted(
        (
            int(trace[f"{kind}_seg_cell"][i]),
            sorted(
                zip(
                    trace[f"{kind}_syn_presyn"][a:b].tolist(),
                    trace[f"{kind}_syn_perm"][a:b].round(5).tolist(),
                    strict=True,
                )
            ),
        )
        for i, (a, b) in enumerate(pairwise(indptr))
        if b > a
    )


# Basal and apical inputs of 1,000 cells, three passes.


class Pairs:
    """A pair memory that has learned two contexts for the same columns."""

    def __init__(self, **options):
        rng = np.random.default_rng(5)

        def pattern(size):
            return np.sort(rng.choice(size, W, replace=False))

        self.memory = ApicalTiebreakPairMemory(2048, 32, 1000, 1000, **(PLAN | options))
        self.columns = pattern(2048)
        self.basal = [pattern(1000) for _ in range(5)]
        self.apical = [pattern(1000) for _ in range(5)]

    def learn(self, *pairs, passes=3):
        """Learn the columns in the context of each (basal, apical) pair; return the cells."""
        for _ in range(passes):
            cells = []
            for b, a in pairs:
                self.memory.compute(self.columns, self.union(self.basal, b), self.apical[a])
                cells.append(self.memory.winner_cells.tolist())
        return cells

    def recall(self, basal, apical):
        self.memory.compute(
            self.columns,
            self.union(self.basal, *basal),
            self.union(self.apical, *apical),
            learn=False,
        )
        return self.memory.active_cells.tolist()

    @staticmethod
    def union(patterns, *chosen):
        found = [patterns[i] for i in chosen]
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=int)


def test_basal_and_apical_context_are_recalled():
    pairs = Pairs()
    (cells,) = pairs.learn((0, 0))
    assert pairs.recall([0], [0]) == cells
    assert pairs.recall([0], []) == cells


def test_apical_input_alone_bursts():
    pairs = Pairs()
    pairs.learn((0, 0))
    assert len(pairs.recall([], [0])) == W * 32
    assert pairs.memory.predicted_cells.tolist() == [] and pairs.memory.anomaly == 1.0


def test_basal_union_without_apical_input_activates_both_contexts():
    pairs = Pairs()
    first, second = pairs.learn((0, 0), (1, 1))
    assert pairs.recall([0, 1], []) == sorted(set(first) | set(second))


def test_apical_input_picks_its_context_from_a_basal_union():
    pairs = Pairs()
    first, second = pairs.learn((0, 0), (1, 1))
    assert pairs.recall([0, 1], [0]) == first
    assert pairs.recall([0, 1], [1]) == second


def test_union_of_three_basal_and_two_apical_contexts_gives_two_contexts():
    pairs = Pairs()
    first, second, _ = pairs.learn((0, 0), (1, 1), (2, 2))
    assert pairs.recall([0, 1, 2], [0, 1]) == sorted(set(first) | set(second))


def test_apical_context_that_fits_no_basal_one_has_no_say():
    pairs = Pairs()
    (first, _) = pairs.learn((0, 0), (1, 1))
    assert pairs.recall([0], [1]) == first


def test_apical_support_lowers_the_basal_threshold_except_while_learning():
    pairs = Pairs(reduced_basal_threshold=12)
    (cells,) = pairs.learn((0, 0))
    half = pairs.basal[0][::2]
    pairs.memory.compute(pairs.columns, half, pairs.apical[0], learn=False)
    recalled = set(pairs.memory.active_cells.tolist())
    segments = pairs.memory.basal.activity(half, 0.6)
    eligible = pairs.memory.basal.owner[segments.segments[segments.connected >= 12]]
    assert len(eligible) > 10 and set(eligible.tolist()) <= recalled
    assert set(pairs.memory.predicted_cells.tolist()) == set(eligible.tolist()) <= set(cells)
    pairs.memory.compute(pairs.columns, half, (), learn=False)
    assert pairs.memory.predicted_cells.tolist() == []
    pairs.memory.compute(pairs.columns, half, pairs.apical[0], learn=True)
    assert pairs.memory.predicted_cells.tolist() == []


def test_growing_to_all_candidates_merges_contexts():
    """A sample size of at most w keeps contexts apart; growing to all candidates does not.

    A segment that sees a union learns the other context too, when it may grow without bound.
    """

    def cells_after_a_union(sample_size):
        pairs = Pairs(sample_size=sample_size)
        (first,) = pairs.learn((0, 0))
        union = pairs.union(pairs.basal, 0, 1)
        for _ in range(3):
            pairs.memory.compute(pairs.columns, union, pairs.apical[0])
        return first, pairs.recall([1], [])

    first, recalled = cells_after_a_union(sample_size=30)
    assert len(recalled) == W * 32  # context 1 alone means nothing
    first, recalled = cells_after_a_union(sample_size=-1)
    assert recalled == first  # context 1 now stands for context 0


def test_growth_candidates_limit_what_is_learned():
    pairs = Pairs(activation_threshold=10, min_threshold=10)
    memory, basal, apical = pairs.memory, pairs.basal[0], pairs.apical[0]
    for _ in range(3):
        memory.compute(
            pairs.columns,
            basal,
            apical,
            basal_growth_candidates=basal[:15],
            apical_growth_candidates=apical[:12],
        )
    assert set(memory.basal.flat().presynaptic.tolist()) == set(basal[:15].tolist())
    assert set(memory.apical.flat().presynaptic.tolist()) == set(apical[:12].tolist())


# ABCDE and XBCDY, learned without feedback, then with feedback F1 and F2.


@pytest.fixture(scope="module")
def feedback():
    rng = np.random.default_rng(11)
    memory = ApicalTiebreakSequenceMemory(2048, 32, 1000, **PLAN)
    letters = {x: np.sort(rng.choice(2048, W, replace=False)) for x in "ABCDEXY"}
    f1, f2 = (np.sort(rng.choice(1000, W, replace=False)) for _ in range(2))
    nothing = np.empty(0, dtype=int)

    def show(sequence, apical=nothing, learn=False):
        memory.reset()
        for letter in sequence:
            memory.compute(letters[letter], learn, apical_input=apical)

    for _ in range(20):
        show("ABCDE", learn=True)
        show("XBCDY", learn=True)
    for _ in range(5):
        show("ABCDE", f1, learn=True)
        show("XBCDY", f2, learn=True)
    return memory, letters, (f1, f2, np.union1d(f1, f2), nothing), show


def _predicted_columns(memory):
    return set((memory.predictive_cells // 32).tolist())


def test_first_shared_element_after_a_reset_bursts(feedback):
    memory, _, (f1, *_), show = feedback
    show("B", f1)
    assert memory.anomaly == 1.0 and len(memory.active_cells) == W * 32


def test_without_feedback_an_ambiguous_sequence_predicts_both_ends(feedback):
    memory, letters, (_, _, _, nothing), show = feedback
    show("BCD", nothing)
    assert _predicted_columns(memory) == set(letters["E"]) | set(letters["Y"])


def test_with_feedback_an_ambiguous_sequence_predicts_the_right_end(feedback):
    memory, letters, (f1, f2, *_), show = feedback
    show("BCD", f1)
    assert _predicted_columns(memory) == set(letters["E"])
    show("BCD", f2)
    assert _predicted_columns(memory) == set(letters["Y"])


def test_an_end_against_feedback_bursts_but_for_shared_columns(feedback):
    memory, letters, (_, f2, *_), show = feedback
    show("BCDE", f2)
    shared = set(letters["E"]) & set(letters["Y"])
    assert set(memory.column_bursts.tolist()) == set(letters["E"]) - shared


def test_a_union_of_feedback_predicts_both_ends(feedback):
    memory, letters, (_, _, both, _), show = feedback
    show("BCD", both)
    assert _predicted_columns(memory) == set(letters["E"]) | set(letters["Y"])


def test_feedback_leaves_an_unambiguous_sequence_alone(feedback):
    memory, letters, (f1, *_), show = feedback
    show("ABCD", f1)
    assert _predicted_columns(memory) == set(letters["E"])
    assert memory.anomaly == 0.0


def test_apical_input_alone_predicts_nothing_in_a_sequence_memory(feedback):
    memory, _, (f1, *_), _ = feedback
    memory.reset()
    memory.compute([], False, apical_input=f1)
    assert memory.predictive_cells.tolist() == [] and memory.anomaly == 0.0


# Interface.


def test_incidence_rate_is_taken_as_a_rule():
    memory = ApicalTiebreakSequenceMemory(
        256,
        8,
        10,
        activation_threshold=8,
        min_threshold=6,
        sample_size=12,
        permanence_rule=IncidenceRate(10, 0.2),
    )
    assert memory.connected_permanence == memory.initial_permanence == 0.2
    rng = np.random.default_rng(0)
    letters = [np.sort(rng.choice(256, 12, replace=False)) for _ in range(5)]
    for _ in range(10):
        for letter in letters:
            memory.compute(letter)
    assert memory.anomaly == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.compute([8]), "active_columns must lie in [0, 8), got 8"),
        (
            lambda m: m.compute([1, 0]),
            "active_columns must be sorted and without repeats, got 1 before 0",
        ),
        (
            lambda m: m.compute([0], [0.5]),
            "basal_input must be a one-dimensional array of integers, got float64 of shape (1,)",
        ),
        (lambda m: m.compute([0], [6]), "basal_input must lie in [0, 6), got 6"),
        (lambda m: m.compute([0], [1], [-1]), "apical_input must lie in [0, 5), got -1"),
        (
            lambda m: m.compute([0], [1], [1], [2, 2]),
            "basal_growth_candidates must be sorted and without repeats, got 2 before 2",
        ),
        (
            lambda m: m.compute([0], [1], [1], [2], [5]),
            "apical_growth_candidates must lie in [0, 5), got 5",
        ),
    ],
)
def test_bad_input_is_refused_and_leaves_the_state_unchanged(call, message):
    memory = ApicalTiebreakPairMemory(8, 2, 6, 5, 2, None, 2)
    memory.compute([0, 1], [0, 1, 2], [0, 1])
    before = memory.active_cells.tolist(), memory.basal.to_table(), memory.iteration
    with pytest.raises(ValueError) as error:
        call(memory)
    assert str(error.value) == message
    assert before == (memory.active_cells.tolist(), memory.basal.to_table(), memory.iteration)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"activation_threshold": 300},
            "activation_threshold must lie in [1, 255], got 300",
        ),
        (
            {"reduced_basal_threshold": 14},
            "reduced_basal_threshold must lie in [1, 13], got 14",
        ),
        ({"sample_size": 0}, "sample_size must be positive, or -1 for all candidates, got 0"),
        ({"apical_input_size": 0}, "apical_input_size must be at least 1, got 0"),
        (
            {"basal_predicted_decrement": -0.1},
            "basal_predicted_decrement must lie in [0.0, 1.0], got -0.1",
        ),
    ],
)
def test_bad_parameters_are_refused(options, message):
    sizes = {"columns": 8, "cells_per_column": 2, "basal_input_size": 6, "apical_input_size": 5}
    with pytest.raises(ValueError) as error:
        ApicalTiebreakPairMemory(**(sizes | options))
    assert str(error.value) == message
