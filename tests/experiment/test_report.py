from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
import xarray as xr

from htm_brian.experiment import results
from htm_brian.experiment.checks import Check
from htm_brian.experiment.progress import SilentProgress
from htm_brian.experiment.protocol import Outcome, Table, load_protocol
from htm_brian.experiment.report import render, verdict
from htm_brian.experiment.runner import write_results

VOID = {"meta", "img", "link", "br"}


class Balance(HTMLParser):
    """Fails on a tag that is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def report_of(folder: Path, ending: str = "complete", table: Table | None = None) -> str:
    kind = load_protocol("poisson_counts")
    protocol = kind(type(kind.parameters)(ending=ending))
    outcome = protocol.run(SilentProgress())
    if table is not None:
        outcome = Outcome(outcome.dataset, outcome.checks, outcome.metrics, table=table)
    command = "htm-brian run 'poisson_counts'"
    write_results(protocol, outcome, folder, command, datetime.now(UTC), {})
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("extra_protocols")
def test_report_stands_alone_and_holds_everything(tmp_path: Path) -> None:
    html = report_of(tmp_path)
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    assert html.count("<img ") == 1
    for text in (
        "every check holds (2 of 2)",
        "Fano factor 1.",
        "Fano factor</td>",
        "18 to 22 spikes",
        "rate times window",
        "<td>rate</td><td>40.0</td><td>Hz</td>",
        "source.rate",
        "a choice",
        "htm-brian run &#39;poisson_counts&#39;",
        "nested / none",
    ):
        assert text in html, text


@pytest.mark.usefixtures("extra_protocols")
def test_text_is_escaped(tmp_path: Path) -> None:
    assert "&lt;Recherches sur la probabilité des jugements&gt;" in report_of(tmp_path)


@pytest.mark.usefixtures("extra_protocols")
def test_a_protocols_own_table_is_shown_with_its_verdicts(tmp_path: Path) -> None:
    table = Table(["quantity", "abstract", "verdict"], [["bits", "40", "pass"], ["x", "1", "FAIL"]])
    html = report_of(tmp_path, table=table)
    assert '<td class="held">pass</td>' in html
    assert '<td class="failed">FAIL</td>' in html
    assert "<th>abstract</th>" in html


@pytest.mark.parametrize(
    ("better_end", "mark", "colour"), [(0.0, "undecided", "partial"), (-0.2, "failed", "fail")]
)
def test_what_cannot_be_told_is_neither_green_nor_red(
    tmp_path: Path, better_end: float, mark: str, colour: str
) -> None:
    kind = load_protocol("nmda_spike")
    check = Check("agreement", -0.3, "1", -0.1, None, "a paper", better_end=better_end)
    outcome = Outcome(xr.Dataset(), [check])
    origin = results.provenance(kind(), "htm-brian run", datetime.now(UTC), {"input": "0a1b"})
    provenance = origin | {"figures": []}
    html = render(kind(), outcome, provenance, tmp_path)
    assert f'<td class="{mark}">{check.verdict}</td>' in html
    assert f'<p class="verdict {colour}">' in html


def test_verdict_in_words() -> None:
    good = Check("x", 0.5, "1", 0.0, 1.0, "a paper")
    bad = Check("y", 1.5, "1", 0.0, 1.0, "a paper")
    assert verdict(Outcome(xr.Dataset(), [good])) == "every check holds (1 of 1)"
    assert verdict(Outcome(xr.Dataset(), [good, bad])) == "1 of 2 checks fail"
    partial = verdict(Outcome(xr.Dataset(), [good, bad], partial=True))
    assert partial.startswith("partial result: the run was stopped before its end")
    assert "1 of 2 checks hold" in partial
    roles = [replace(good, role="fitted"), replace(bad, role="claim")]
    said = "0 of 1 hold that nothing was fitted to (claim 0 of 1); fitted 1 of 1"
    assert verdict(Outcome(xr.Dataset(), roles)) == said


@pytest.mark.usefixtures("extra_protocols")
def test_a_row_of_words_alone_heads_those_below_it(tmp_path: Path) -> None:
    rows = [["TRAINED APART", "", ""], ["anomaly", "0.25 to 0.5", "pass"]]
    html = report_of(tmp_path, table=Table(["quantity", "value", "verdict"], rows))
    assert '<tr class="part"><th colspan="3"><span>TRAINED APART</span></th></tr>' in html
    assert '<td class="number">0.25 to 0.5</td><td class="held">pass</td>' in html
