"""Sources of parameters and their kinds."""

from __future__ import annotations

import pytest

from htm_brian.experiment.claims.sources import KINDS, kind_of_source, shares


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("assumption: as many as an experiment needs", "assumed"),
        ("numerics: half a space constant", "defined"),
        ("Calibrated: input resistance of 40 Mohm", "calibrated"),
        ("fitted to l5_thick_tufted by branch_reduction", "fitted"),
        ("Major 2008: terminal branches of 100-200 um", "measured"),
        ("Kole 2006 (ModelDB 139653, Ih.mod), at -70 mV", "measured"),
        ("Naud & Sprekeler 2018", "published"),
    ],
)
def test_kinds(source: str, kind: str) -> None:
    assert kind_of_source(source) == kind


def test_shares_name_every_kind() -> None:
    assert shares(["measured", "fitted", "measured"]) == {
        **dict.fromkeys(KINDS, 0),
        "measured": 2,
        "fitted": 1,
    }
