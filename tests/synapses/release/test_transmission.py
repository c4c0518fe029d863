"""The probability that a connection transmits, against its closed form."""

from pathlib import Path

import pytest

from htm_brian.errors import InputError
from htm_brian.parameters import load_model
from htm_brian.synapses.release.transmission import (
    check_site_growth,
    sites_per_permanence,
    transmission_of,
)


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


@pytest.mark.parametrize(("growth", "connected", "slope"), [(1, 0.5, 0), (2, 0.5, 2), (3, 1.0, 0)])
def test_sites_grow_from_the_threshold_of_a_connected_synapse(
    growth: float, connected: float, slope: float
) -> None:
    assert sites_per_permanence(growth, connected) == slope


def test_a_strong_connection_has_no_fewer_sites(tmp_path: Path) -> None:
    text = Path(load_model("minicolumns").file).read_text()
    fewer = text.replace("site_growth = { value = 2.0", "site_growth = { value = 0.5")
    fewer = fewer.replace(
        'low = 1.0, high = 10.0, note = "1 turns', 'low = 0.0, high = 10.0, note = "1 turns'
    )
    (tmp_path / "minicolumns.toml").write_text(fewer)
    with pytest.raises(InputError, match="site_growth must be at least 1, got 0.5"):
        check_site_growth(load_model(str(tmp_path / "minicolumns.toml"))["distal"])
