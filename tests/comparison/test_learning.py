"""Level 0 alone tells whether a series holds anything to learn."""

from dataclasses import asdict

import numpy as np
import pytest

from htm_brian.abstract.temporal_memory import TemporalMemory
from htm_brian.comparison.ladder import MemoryParameters, run_abstract
from htm_brian.comparison.learning import LEAST, Learning, learning_from, shuffle
from htm_brian.sdr.ragged import Ragged
from htm_brian.streams.column_stream import choose_columns
from htm_brian.streams.series import Series
from htm_brian.streams.stream_parameters import StreamParameters
from tests.generators import series as made

N = 400


def learned(values, stamps=None, seed=0) -> Learning:
    if isinstance(values, str):
        values = np.array(list(values), dtype="U1")
    series = Series("x", "x", values, stamps).head(N)
    stream = choose_columns(series, 128, StreamParameters.for_series(series, 16), seed)
    parameters = asdict(MemoryParameters.for_size(128, 4, 16))
    own, shuffled = (
        run_abstract(TemporalMemory(**parameters, seed=seed), one, lambda done: True)
        for one in (stream, shuffle(stream, seed))
    )
    return learning_from(own.recording.anomaly, shuffled.recording.anomaly, 0.5)


@pytest.mark.parametrize(
    "values",
    [
        made.never_repeated(),
        made.constant(),
        made.white_noise(),
        "".join(np.random.default_rng(1).choice(list("abcdef"), N)),
    ],
    ids=["each symbol once", "constant", "white noise", "random letters"],
)
def test_nothing_is_learned_where_there_is_no_order(values):
    found = learned(values)
    assert not found.something, str(found)
    assert str(found).startswith("nothing was learned: over the last 200 of 400 steps")
    assert not found.check.passed


@pytest.mark.parametrize(
    "values",
    [made.noisy_sine(), made.english(), "abcdefgh" * 50, np.arange(N) % 7.0],
    ids=["noisy sine", "English", "alphabet", "saw tooth"],
)
def test_something_is_learned_where_there_is_order(values):
    found = learned(values)
    assert found.something, str(found)
    assert found.interval[0] >= LEAST
    assert "the abstract memory learned the series" in str(found)


def test_noise_hardly_ever_counts_as_learned():
    """Of 200 pairs of series of the same kind at most a few: 1 % are on one side by chance."""
    rng = np.random.default_rng(0)
    pairs = rng.uniform(0, 1, size=(200, 2, 300))
    assert sum(learning_from(a, b, 0.5).something for a, b in pairs) <= 4


def test_shuffling_keeps_the_steps():
    stream = Ragged.from_sets([[step, step + 1] for step in range(50)])
    other = shuffle(stream, 1)
    assert other != stream
    assert sorted(map(tuple, other)) == sorted(map(tuple, stream))
    assert shuffle(stream, 1) == other


def test_rows_tell_both_anomalies_and_the_interval():
    rows = learning_from(np.full(100, 0.25), np.ones(100), 0.5).rows
    assert [row.abstract for row in rows] == [None, 0.25, 1.0, 0.75]
    assert rows[-1].interval == (0.75, 0.75)
    assert rows[-1].cells()[-1] == "pass"
