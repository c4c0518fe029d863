"""Rules are found by their place; a wrong model of a rule is told so."""

from __future__ import annotations

from pathlib import Path

from htm_brian.experiment.model_kinds import check_file
from htm_brian.synapses.plasticity.finding import list_rule_models, online_rule


def test_every_model_of_a_rule_is_right() -> None:
    for name in list_rule_models():
        assert check_file(name).faults == [], name


def test_a_wrong_model_of_a_rule_is_told_by_table_and_key(tmp_path: Path) -> None:
    rule = online_rule("pair_stdp")
    text = (Path(__file__).parents[3] / "models" / "pair_stdp.toml").read_text(encoding="utf-8")
    for old, new, fault in (
        ("[pair_stdp]", "[pair_std]", "unknown table [pair_std]; did you mean pair_stdp?"),
        ("potentiation_time", "potentation_time", "unknown key potentation_time; did you mean"),
        ("value = 0.5,", "value = 1.5,", "initial_efficacy must be at most maximum_efficacy = 1"),
        ('value = 20, unit = "ms"', 'value = 20, unit = "mV"', "must have a unit like second"),
    ):
        path = tmp_path / "pair_stdp.toml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert old in text and fault in check_file(path).faults[0]
    assert online_rule(rule) is rule
