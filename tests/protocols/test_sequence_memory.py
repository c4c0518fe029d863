"""The protocol on a small memory: its stream, its accuracy, what it demands, and stopping."""

from __future__ import annotations

import numpy as np
import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, load_protocol
from htm_brian.figures.sequence_memory import draw
from htm_brian.protocols.sequence_memory import SequenceMemory, SequenceMemoryParameters
from htm_brian.protocols.sequence_memory.checks import checks
from htm_brian.protocols.sequence_memory.peers import ONE_CELL, SWITCHED, WHOLE
from htm_brian.streams.sequences_in_noise import NEW_SEQUENCES, SEQUENCES, smoothed

SMALL = SequenceMemoryParameters(
    columns=320,
    cells_per_column=6,
    n_active=12,
    threshold=6,
    elements=901,
    switch=500,
    seeds=1,
    damaged_memories=2,
    deaths=(0.5,),
)
FIGURES = {"learning", "cell_death", "permanences"}


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return SequenceMemory(SMALL).run(SilentProgress())


def letters(elements: list[np.ndarray]) -> str:
    return "".join(chr(ord("A") + element[0] // 40) for element in elements)


def test_stream_is_that_of_the_published_script() -> None:
    elements, order_of_death = SequenceMemoryParameters().stream(42, NEW_SEQUENCES)
    same, _ = SequenceMemoryParameters().stream(42, SEQUENCES)
    rng = np.random.RandomState(42)
    for block in range(701):
        chunk = elements[10 * block : 10 * block + 10]
        for place, element in enumerate(chunk):
            if place < 3 or place == 9:
                assert element.tolist() == sorted(rng.permutation(2048)[:40].tolist())
            elif place == 3:
                known = SEQUENCES if block < 350 else NEW_SEQUENCES
                assert letters(chunk[3:9]) == known[rng.randint(5)]
                assert [len(letter) for letter in chunk[3:9]] == [40] * 6
            if block == 350 and place == 0:
                assert order_of_death.tolist() == rng.permutation(65536).tolist()
    before = zip(elements[:3500], same[:3500], strict=True)
    assert all((one == other).all() for one, other in before)


def test_accuracy_is_smoothed_as_in_the_paper() -> None:
    right = np.random.default_rng(1).random(300)
    average, averages = 0.0, [0.0]
    for value in right[1:]:
        average = 0.99 * average + 0.01 * value
        averages.append(average)
    wanted = [np.mean(averages[max(0, i - 59) : i + 1]) for i in range(300)]
    assert smoothed(right.tolist()) == pytest.approx(wanted)
    assert smoothed([]).size == 0


def test_a_small_memory_learns_context_and_suffers_damage(outcome: Outcome) -> None:
    dataset = outcome.dataset

    def accuracy(condition: str, element: int) -> float:
        return float(dataset.accuracy.sel(condition=condition)[0, element])

    assert accuracy(SWITCHED, 499) == accuracy(WHOLE, 499)  # the same seed, the same stream
    assert accuracy(SWITCHED, 499) > accuracy(ONE_CELL, 499) + 0.05
    assert accuracy(SWITCHED, 600) < accuracy(WHOLE, 600) - 0.05
    assert not dataset.accuracy.sel(condition=WHOLE)[1].notnull().any()  # only as many as streams
    dead = dataset.accuracy.sel(condition="50 % of cells dead")[0, 500:]
    assert float(dead.min()) < accuracy(WHOLE, 499) < accuracy(WHOLE, 900)
    assert np.isnan(accuracy(ONE_CELL, 500))


def test_few_bits_learn_but_not_when_rounded_to_the_nearest(outcome: Outcome) -> None:
    last = outcome.dataset.accuracy[:, 0, 499]
    print(last.to_series())
    for name in ("8 bits", "4 bits", "2 bits"):
        assert last.sel(condition=name) > last.sel(condition=WHOLE) - 0.05
    assert last.sel(condition="2 bits, to nearest") == 0.0
    assert last.sel(condition="incidence rate 0.2") > last.sel(condition=WHOLE)


def test_every_figure_is_drawn_and_what_is_demanded_goes_as_far_as_the_run(
    outcome: Outcome,
) -> None:
    assert set(draw(outcome.dataset)) == FIGURES
    assert {check.name for check in outcome.checks} == {
        "accuracy with one cell per column",
        "accuracy at 500, sequences switched",
        "lowest accuracy, 50 % of cells dead",
    }


def test_a_memory_that_predicts_nothing_passes_nothing(outcome: Outcome) -> None:
    nothing = outcome.dataset.copy()
    nothing["accuracy"] = nothing.accuracy * 0
    assert not any(check.passed for check in checks(nothing))


class Stopped(SilentProgress):
    """Ctrl-C after so many hundreds of elements."""

    def __init__(self, hundreds: int) -> None:
        self.left = hundreds

    def advance(self, steps: int = 1) -> None:
        self.left -= 1

    @property
    def interrupted(self) -> bool:  # type: ignore[override]
        return self.left <= 0


@pytest.mark.parametrize("hundreds", [0, 7, 20])
def test_what_was_stopped_is_partial_and_can_be_drawn(hundreds: int) -> None:
    outcome = SequenceMemory(SMALL).run(Stopped(hundreds))
    assert outcome.partial and not outcome.passed
    assert set(draw(outcome.dataset)) == FIGURES


def test_bad_parameters_are_named() -> None:
    with pytest.raises(ValueError, match="columns must"):
        SequenceMemoryParameters(columns=1000)
    with pytest.raises(ValueError, match=r"deaths must lie in \[0.01, 1.0\], got 1.5"):
        SequenceMemoryParameters(deaths=(1.5,))


@pytest.fixture(scope="module")
def full_size() -> Outcome:
    return load_protocol("sequence_memory")().run(SilentProgress())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "n_checks"),
    [
        ("one cell per column", 1),  # stays without context
        ("sequences switched", 8),  # learned, unlearned, and learned again
        ("lowest accuracy", 4),  # 40, 50, 60 and 75 % of the cells die
        ("% of cells dead", 7),  # and recovery
        ("bits", 6),  # permanences in few bits, rounded at random
        ("incidence rate", 6),  # the moving average
    ],
)
def test_full_size_behaviour_is_that_of_the_peers(
    full_size: Outcome, behaviour: str, n_checks: int
) -> None:
    concerned = [check for check in full_size.checks if behaviour in check.name]
    assert len(concerned) == n_checks
    assert [check for check in concerned if not check.passed] == []
