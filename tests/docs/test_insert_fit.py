"""The page on fits shows what the stored results say."""

import json

import pytest

from docs import insert_fit
from htm_brian.fitting.detailed_cell import FITTED, HELD_OUT, targets, with_role


def test_the_page_and_the_stored_results_agree():
    text = insert_fit.PAGE.read_text(encoding="utf-8")
    assert insert_fit.PLACE.findall(text)
    assert insert_fit.render(text) == text


@pytest.mark.parametrize("file", sorted(insert_fit.FITS.glob("*.json")), ids=lambda file: file.stem)
def test_a_stored_result_is_of_the_targets_and_roles_of_today(file):
    found = json.loads(file.read_text(encoding="utf-8"))
    rows = {(row["target"], row["measure"]): row for row in found["score"]["rows"]}
    assert len(rows) == len(targets())
    for target in targets():
        row = rows[target.condition.name, target.measure]
        assert (row["wanted"], row["role"]) == (target.value, target.role)
    tallied = found["score"]["by_role"]
    for role in (FITTED, HELD_OUT):
        held = [row["holds"] for row in rows.values() if row["role"] == role]
        assert (len(held), sum(held)) == (
            tallied[role]["all"]["checks"],
            tallied[role]["all"]["hold"],
        )
        assert len(held) == len(with_role(role))
    assert "/" not in found["command"]
