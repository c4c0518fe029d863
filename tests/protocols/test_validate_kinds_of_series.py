"""`validate` on series that nothing was tuned to: what one level learns the other learns.

Whole runs of the default network, compiled, at a length that a minute or two is enough for.
"""

import pytest

from htm_brian.experiment.progress import SilentProgress
from htm_brian.protocols.validate import Validate, ValidateParameters
from tests.generators import series as made

N = 1500

WITH_ORDER = {
    "load every five minutes": lambda: made.load(days=6),
    "irregular times": lambda: made.irregular(N),
    "noisy sine": lambda: (None, made.noisy_sine(N)),
    "random walk": lambda: (None, made.random_walk(N)),
    "English text": lambda: (None, made.english(N)),
}

WITHOUT_ORDER = {
    "constant": lambda: made.constant(N),
    "white noise": lambda: made.white_noise(N),
    "symbols that never return": lambda: made.never_repeated(400),
}


def outcome(path, **changes):
    """Validate the series at `path`."""
    parameters = ValidateParameters(input=path, jobs=1, **changes)
    return Validate(parameters).outcome(SilentProgress())


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize("kind", WITH_ORDER)
def test_what_the_abstract_memory_learns_the_spiking_one_learns(kind, tmp_path):
    stamps, values = WITH_ORDER[kind]()
    ending = "txt" if isinstance(values, str) else "csv"
    found = outcome(made.write(tmp_path / f"series.{ending}", values, stamps))
    assert found.metrics["learning"].startswith("the abstract memory learned")
    assert len(found.checks) >= 18
    wrong = {c.name: (c.value, c.better_end) for c in found.checks if c.verdict == "FAIL"}
    assert not wrong


@pytest.mark.parametrize("kind", WITHOUT_ORDER)
def test_where_there_is_nothing_to_learn_it_says_so(kind, tmp_path):
    values = WITHOUT_ORDER[kind]()
    ending = "txt" if isinstance(values, str) else "csv"
    path = made.write(tmp_path / f"series.{ending}", values)
    found = outcome(path, columns=128, cells=4)
    assert found.conclusion.startswith("nothing was learned")
    assert [check.verdict for check in found.checks] == ["FAIL"]
