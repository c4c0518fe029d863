"""The pages: every link leads somewhere, nothing is loaded from elsewhere, every claim is there."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from htm_brian.cli import main
from htm_brian.errors import ExitStatus
from htm_brian.experiment.claims import settling
from htm_brian.experiment.claims.ladder import load_ladder
from htm_brian.experiment.claims.settling import NOT_TESTED, load_claims, load_results
from htm_brian.experiment.claims.site import write_site
from htm_brian.experiment.claims.sources import kind_of_source, shares
from htm_brian.experiment.protocol import list_protocols
from htm_brian.parameters import list_models, load_model

STORED = Path(__file__).resolve().parents[3] / "docs" / "results"
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Links, identifiers, and whether every element is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert self._open == [], path

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append(tag)
        given = dict(attributes)
        self.links += [str(given[key]) for key in ("href", "src") if key in given]
        self.names += [str(given["id"])] if "id" in given else []

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    figures = runs / "release_cost" / "figures"
    figures.mkdir(parents=True)
    stored = (STORED / "release_cost.json").read_text(encoding="utf-8")
    (runs / "release_cost" / "summary.json").write_text(stored)
    (runs / "release_cost" / "report.html").write_text("<html></html>")
    for kind in ("png", "svg"):
        (figures / f"cost_per_bit.{kind}").write_bytes(b"drawn")
    folder = tmp_path_factory.mktemp("site")
    write_site(load_claims(), load_results([STORED, runs])[0], folder)
    return folder


def test_every_link_leads_somewhere_and_nothing_comes_from_elsewhere(site: Path) -> None:
    pages = {path.name: Page(path) for path in site.glob("*.html") if "-report" not in path.name}
    assert {"index.html", "parameters.html", "release_cost.html"} <= set(pages)
    for page in pages.values():
        assert len(page.names) == len(set(page.names))
        for link in page.links:
            if link == "data:,":  # no picture for the browser's tab
                continue
            assert not re.match(r"\w+:|//", link), link
            file, _, name = link.partition("#")
            assert not file or (site / file).exists(), link
            if name:
                target = pages[file] if file else page
                assert name in target.names, link


def test_every_claim_has_its_verdict(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    for claim in load_claims():
        (article,) = re.findall(rf'<article id="claim-{claim.number}">.*?</article>', text, re.S)
        assert claim.title.replace("'", "&#39;") in article
        assert (claim.protocol is None) == (NOT_TESTED in article)
    assert "found" not in text or "cheapest release probability, 1 site" in text


def test_figures_of_a_run_are_shown_and_open(site: Path) -> None:
    page = Page(site / "release_cost.html")
    assert "figures/release_cost-cost_per_bit.png" in page.links
    assert "figures/release_cost-cost_per_bit.svg" in page.links
    assert "release_cost-report.html" in page.links
    assert "does not hold" in page.text


def test_pages_follow_the_readers_light_or_dark_and_fit_a_telephone(site: Path) -> None:
    for path in site.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        if path.name.endswith("-report.html"):
            continue
        assert "prefers-color-scheme: dark" in text
        assert 'content="width=device-width, initial-scale=1"' in text
        assert text.count("<table>") == text.count('<div class="scroll"><table>')


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_can_be_read_in_light_and_dark(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    schemes = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for name in ("ink", "soft", "link", "supported", "depends", "refuted", "open"):
            for ground in ("ground", "panel"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def test_the_page_of_parameters_says_the_share_of_each_kind(site: Path) -> None:
    kinds = [kind_of_source(r.source) for name in list_models() for r in load_model(name).rows()]
    text = " ".join(" ".join(Page(site / "parameters.html").text).split())
    for kind, n in shares(kinds).items():
        assert n > 0
        assert f"{kind} {n} of {len(kinds)}, {round(100 * n / len(kinds))} %" in text


def test_the_command_fails_while_a_claim_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = load_claims()
    open_again = [replace(first, protocol=None), *others]
    monkeypatch.setattr(settling, "load_claims", lambda: open_again)
    arguments = ["report", "--from", str(STORED), "-o", str(tmp_path / "site")]
    assert main(arguments) == ExitStatus.FAILED
    out = capsys.readouterr().out
    assert out.startswith("46 claims: ")
    assert "not tested: 1. Binary matching\n" in out
    assert (tmp_path / "site" / "index.html").exists()


def test_every_protocol_has_a_page_also_without_a_result(site: Path) -> None:
    assert {f"{name}.html" for name in list_protocols()} <= {path.name for path in site.iterdir()}
    stored = {path.stem for path in STORED.glob("*.json")}
    unrun = set(list_protocols()) - stored
    for name in unrun:
        text = " ".join(Page(site / f"{name}.html").text)
        assert "not run" in text and f"htm-brian run {name}" in text


def test_the_ladder_shows_each_rung_its_costs_and_intervals(site: Path) -> None:
    page = Page(site / "ladder.html")
    text = " ".join(" ".join(page.text).split())
    for rung in load_ladder():
        assert rung.dropped in text
        assert {f"{name}.html" for name in rung.protocols} <= set(page.links)
    assert "latest tuft input that makes a burst" in text  # what branch_reduction misses
    assert "Agreement in validate" in text
