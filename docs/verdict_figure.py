"""The verdict figure: one mark for every check of every stored run, as SVG.

Written by ``docs/insert_results.py`` from ``docs/results/``; it follows the reader's choice of
light or dark, and is the same text wherever it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

LABEL, STEP, ROW, TOP = 230, 17, 22, 78
"""Width of the labels, distance of two marks, height of a row, of what stands above: pixels."""

STYLE = """
  .ground { fill: #ffffff; }
  text { fill: #1c2126; font: 14px system-ui, "DejaVu Sans", sans-serif; }
  .title { font-size: 17px; font-weight: 600; } .soft { fill: #5b6570; }
  .held { fill: #0072b2; } .failed { stroke: #d55e00; stroke-width: 3; fill: none; }
  .open { stroke: #5b6570; stroke-width: 2; fill: none; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #14181c; } text { fill: #e4e7ea; } .soft { fill: #9aa4ad; }
    .held { fill: #56b4e9; } .failed { stroke: #ff8c42; } .open { stroke: #9aa4ad; }
  }
"""


def draw(results: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> str:
    """Return the figure of the results with these names, one row each, in their order."""
    most = max((len(results[name]["checks"]) for name in names), default=0)
    width, height = LABEL + STEP * most + 110, TOP + ROW * len(names) + 12
    checks = [check for name in names for check in results[name]["checks"]]
    held = sum(check["passed"] for check in checks)
    said = f"{held} of {len(checks)} checks hold, in {len(names)} runs"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'role="img" aria-label="{said}">',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="6"/>',
        f'<text class="title" x="16" y="30">{said}</text>',
        _mark(22, 50, {"name": "holds", "passed": True}),
        '<text class="soft" x="34" y="55">holds</text>',
        _mark(98, 50, {"name": "refuted", "passed": False}),
        '<text class="soft" x="110" y="55">is refuted at this point</text>',
        _mark(290, 50, {"name": "undecided", "passed": False, "undecided": True}),
        '<text class="soft" x="302" y="55">its interval cannot tell</text>',
    ]
    for row, name in enumerate(names):
        lines += _row(name, results[name]["checks"], TOP + ROW * row + ROW / 2)
    return "\n".join([*lines, "</svg>", ""])


def _row(name: str, checks: Sequence[Mapping[str, Any]], y: float) -> list[str]:
    end = LABEL + STEP * len(checks) + 6
    held = sum(check["passed"] for check in checks)
    return [
        f'<text x="16" y="{y + 5:g}">{escape(name.replace("_", " "))}</text>',
        *(_mark(LABEL + STEP * i, y, check) for i, check in enumerate(checks)),
        f'<text class="soft" x="{end}" y="{y + 5:g}">{held} of {len(checks)}</text>',
    ]


def _mark(x: float, y: float, check: Mapping[str, Any]) -> str:
    """Return a disc, a cross or a ring: they differ without their colours."""
    told = f"<title>{escape(check['name'])}</title>"
    if check.get("undecided", False):
        return f'<circle class="open" cx="{x:g}" cy="{y:g}" r="5">{told}</circle>'
    if check["passed"]:
        return f'<circle class="held" cx="{x:g}" cy="{y:g}" r="6">{told}</circle>'
    a, b, c, d = x - 5, x + 5, y - 5, y + 5
    path = f"M{a:g} {c:g}L{b:g} {d:g}M{a:g} {d:g}L{b:g} {c:g}"
    return f'<path class="failed" d="{path}">{told}</path>'
