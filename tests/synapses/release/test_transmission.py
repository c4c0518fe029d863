"""The probability that a connection transmits, against its closed form."""

import pytest

from htm_brian.parameters import load_model
from htm_brian.synapses.release.transmission import transmission_of


@pytest.mark.parametrize(
    ("sites", "probability", "expected"),
    [(1, 0.7, 0.7), (5, 0.37, 0.90076), (10, 0.1, 0.65132), (3, 0.0, 0.0), (2, 1.0, 1.0)],
)
def test_failures_are_those_of_independent_sites(
    sites: int, probability: float, expected: float
) -> None:
    release = {"release.sites": sites, "release.release_probability": probability}
    changed = load_model("minicolumns").with_values(release)
    assert transmission_of(changed["release"]) == pytest.approx(expected, abs=1e-5)


def test_the_layer_fails_as_often_as_layer_2_3_pairs() -> None:
    """Hardingham & Larkman 1998: mean failure rate 16 %, band 8 to 25 %, at 36 C."""
    failures = 1 - transmission_of(load_model("minicolumns")["release"])
    assert 0.08 <= failures <= 0.25, f"measured {failures:.3f}"
