"""Put stored records into ``benchmarks/README.md``.

    python benchmarks/insert_records.py                 # write the tables anew
    python benchmarks/insert_records.py --from FILE...  # store these records first
    python benchmarks/insert_records.py --check         # change nothing; fail where they differ

``benchmarks/records/NAME.json`` is a record of `record.Record`. Its tables stand between
``<!-- record NAME -->`` and ``<!-- end -->``, which a reader does not see.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from record import markdown

HERE = Path(__file__).resolve().parent
PAGE, STORED = HERE / "README.md", HERE / "records"
PLACE = re.compile(r"(<!-- record ([a-z0-9_]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(text: str) -> str:
    """Return the page with all its tables written anew."""

    def anew(match: re.Match[str]) -> str:
        file = STORED / f"{match[2]}.json"
        if not file.exists():
            return f"{match[1]}\nnot run yet\n\n{match[3]}"
        return f"{match[1]}\n{markdown(json.loads(file.read_text(encoding='utf-8')))}\n{match[3]}"

    return PLACE.sub(anew, text)


def store(file: Path) -> None:
    """Keep a record beside the page."""
    found = json.loads(file.read_text(encoding="utf-8"))
    STORED.mkdir(exist_ok=True)
    text = json.dumps(found, indent=1) + "\n"
    (STORED / f"{found['benchmark']}.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--from", dest="files", type=Path, nargs="+", default=[])
    parser.add_argument("--check", action="store_true", help="compare only")
    given = parser.parse_args()
    for file in given.files:
        store(file)
    before = PAGE.read_text(encoding="utf-8")
    after = render(before)
    if given.check and after != before:
        print("benchmarks/README.md differs from its records", file=sys.stderr)
        return 1
    if after != before:
        PAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
