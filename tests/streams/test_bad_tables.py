"""Tables as people have them: each is read right, or refused in one line that leads on."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pytest

from htm_brian.errors import InputError
from htm_brian.streams.series import read_series

N = 48
VALUES = [20.5 + step % 24 for step in range(N)]
HOURS = np.datetime64("2011-03-01T00", "us") + np.arange(N) * np.timedelta64(1, "h")


def iso(step: int) -> str:
    return str(HOURS[step])[:16].replace("T", " ")


def table(
    time=iso, number=str, *, delimiter=",", header=("stamp", "load"), end="\n", before="", n=N
) -> str:
    rows = [delimiter.join(header)] if header else []
    rows += [delimiter.join((time(step), number(VALUES[step]))) for step in range(n)]
    return before + end.join(rows) + end


def us(step: int) -> str:
    return f"3/{1 + step // 24}/11 {step % 24}:00"


def named_month(step: int) -> str:
    return f"{1 + step // 24} Mar 2011 {step % 24:02d}:00"


def half_day(step: int) -> str:
    hour = step % 24
    return f"03/{1 + step // 24:02d}/2011 {hour % 12 or 12}:00 {'AM' if hour < 12 else 'PM'}"


def german(step: int) -> str:
    return f"{1 + step // 24:02d}.03.2011 {step % 24:02d}:00"


def ends_of_hours(step: int) -> str:
    return (
        iso(step) if step % 24 else f"{str(HOURS[step - 1])[:10] if step else '2011-02-28'} 24:00"
    )


def comma(value: float) -> str:
    return str(value).replace(".", ",")


PLAIN = table()
HTM = table().replace("stamp,load\n", "stamp,load\ndatetime,float\nT,\n")

READ: dict[str, tuple[str, bytes | str]] = {
    "plain": ("a.csv", PLAIN),
    "dos": ("a.csv", table(end="\r\n")),
    "old mac": ("a.csv", table(end="\r")),
    "byte-order mark": ("a.csv", PLAIN.encode("utf-8-sig")),
    "utf-16": ("a.csv", PLAIN.encode("utf-16")),
    "utf-16-le without a mark": ("a.csv", PLAIN.encode("utf-16-le")),
    "utf-16-be without a mark": ("a.csv", PLAIN.encode("utf-16-be")),
    "utf-32": ("a.csv", PLAIN.encode("utf-32")),
    "latin-1": ("a.csv", table(header=("stamp", "größe")).encode("latin-1")),
    "gzip": ("a.csv.gz", gzip.compress(PLAIN.encode())),
    "gzip under a wrong name": ("a.csv", gzip.compress(PLAIN.encode())),
    "bzip2": ("a.csv.bz2", bz2.compress(PLAIN.encode())),
    "xz": ("a.csv.xz", lzma.compress(PLAIN.encode())),
    "semicolons": ("a.csv", table(delimiter=";")),
    "tabs": ("a.tsv", table(delimiter="\t")),
    "bars": ("a.csv", table(delimiter="|")),
    "bars with blanks": ("a.csv", table(delimiter=" | ")),
    "commas with blanks": ("a.csv", table(delimiter=", ")),
    "blanks": ("a.csv", table(delimiter=" ")),
    "many blanks": ("a.dat", table(delimiter="   ")),
    "blanks, ISO with a T": ("a.dat", table(lambda s: iso(s).replace(" ", "T"), delimiter=" ")),
    "decimal commas, semicolons": ("a.csv", table(number=comma, delimiter=";")),
    "decimal commas, tabs": ("a.csv", table(number=comma, delimiter="\t")),
    "decimal commas in quotes": ("a.csv", table(number=lambda v: f'"{comma(v)}"')),
    "all in quotes": ("a.csv", table(lambda s: f'"{iso(s)}"', lambda v: f'"{v}"')),
    "sep=;": ("a.csv", table(delimiter=";", before="sep=;\n")),
    "sep=; in quotes": ("a.csv", table(delimiter=";", before='"sep=;"\n')),
    "sep=,": ("a.csv", table(before="sep=,\r\n", end="\r\n")),
    "comments before": ("a.csv", table(before="# station: 7, north\n# by hand\n")),
    "comment percent": ("a.csv", table(before="% station 7\n")),
    "comments within": ("a.csv", PLAIN.replace("\n2011-03-02", "\n# a day\n2011-03-02", 1)),
    "empty lines": ("a.csv", "\n\n" + PLAIN.replace("\n", "\n\n")),
    "names in a comment": ("a.csv", "# stamp,load\n" + table(header=())),
    "a title before": ("a.csv", "Station 7\n" + PLAIN),
    "a title and commas before": ("a.csv", "Station 7,\n,\n" + PLAIN),
    "HTM's three lines": ("a.csv", HTM),
    "HTM's three lines, DOS": ("a.csv", HTM.replace("\n", "\r\n")),
    "HTM's types alone": ("a.csv", HTM.replace("T,\n", "")),
    "HTM with a reset": (
        "a.csv",
        "reset,stamp,load\nint,datetime,float\nR,T,\n"
        + "".join(f"0,{iso(s)},{VALUES[s]}\n" for s in range(N)),
    ),
    "an end without newline": ("a.csv", PLAIN.rstrip("\n")),
    "a comma at each end": ("a.csv", PLAIN.replace("\n", ",\n")),
    "a comma at each end but the header's": (
        "a.csv",
        PLAIN.replace("\n", ",\n").replace("load,\n", "load\n"),
    ),
    "an index of pandas": (
        "a.csv",
        ",stamp,load\n" + "".join(f"{s},{iso(s)},{VALUES[s]}\n" for s in range(N)),
    ),
    "a column of words": (
        "a.csv",
        "stamp,who,load\n" + "".join(f"{iso(s)},me,{VALUES[s]}\n" for s in range(N)),
    ),
    "a column of booleans": (
        "a.csv",
        "stamp,odd,load\n" + "".join(f"{iso(s)},{s % 2 == 1},{VALUES[s]}\n" for s in range(N)),
    ),
    "US dates": ("a.csv", table(us)),
    "US dates, AM and PM": ("a.csv", table(half_day)),
    "named months": ("a.csv", table(named_month)),
    "named months, first": ("a.csv", table(lambda s: f'"Mar {1 + s // 24}, 2011 {s % 24}:00"')),
    "German dates": ("a.csv", table(german)),
    "slashes, year first": ("a.csv", table(lambda s: iso(s).replace("-", "/"))),
    "ISO compact": ("a.csv", table(lambda s: iso(s).translate({45: "", 32: "T", 58: ""}))),
    "ISO with Z": ("a.csv", table(lambda s: iso(s).replace(" ", "T") + "Z")),
    "ISO with an offset": ("a.csv", table(lambda s: iso(s) + "+01:00")),
    "ISO with seconds": ("a.csv", table(lambda s: iso(s) + ":00")),
    "ISO with nanoseconds": ("a.csv", table(lambda s: iso(s) + ":00.000000000")),
    "days end at 24:00": ("a.csv", table(ends_of_hours)),
    "weekdays": ("a.csv", table(lambda s: f'"Tue, {named_month(s)}"')),
    "Unix time": (
        "a.csv",
        table(lambda s: str(HOURS.astype("datetime64[s]").astype(int)[s]), header=("time", "load")),
    ),
    "Unix time in ms": (
        "a.csv",
        table(
            lambda s: str(HOURS.astype("datetime64[ms]").astype(int)[s]), header=("time", "load")
        ),
    ),
    "date and time apart": (
        "a.csv",
        table(lambda s: iso(s).replace(" ", ","), header=("day", "clock", "load")),
    ),
    "newest first": (
        "a.csv",
        "stamp,load\n" + "".join(f"{iso(s)},{VALUES[s]}\n" for s in reversed(range(N))),
    ),
    "units": ("a.csv", table(number=lambda v: f"{v} °C")),
    "units without a blank": ("a.csv", table(number=lambda v: f"{v}kW")),
    "percent": ("a.csv", table(number=lambda v: f"{v}%")),
    "currency before": ("a.csv", table(number=lambda v: f"${v}")),
    "plus signs": ("a.csv", table(number=lambda v: f"+{v}")),
    "exponents": ("a.csv", table(number=lambda v: f"{v:.6e}")),
    "no suffix": ("a", PLAIN),
    "txt": ("a.txt", PLAIN),
    "dat": ("a.dat", table(delimiter="\t")),
    "upper case suffix": ("a.CSV", PLAIN),
    "no header": ("a.csv", table(header=())),
    "no header, txt": ("a.txt", table(header=(), delimiter=";")),
    "control-Z at the end": ("a.csv", PLAIN + "\x1a"),
}


@pytest.mark.parametrize("case", READ)
def test_what_can_be_read_is_read_right(tmp_path: Path, case: str) -> None:
    name, content = READ[case]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    series = read_series(path)
    assert series.values.tolist() == VALUES
    assert series.timestamps is not None
    np.testing.assert_array_equal(series.timestamps, HOURS)


NUMBERS = {
    "point": (["1.5", "2.25"], [1.5, 2.25]),
    "thousands by commas": (['"1,234.5"', '"1,234,567.0"'], [1234.5, 1234567]),
    "thousands by points": (['"1.234,5"', '"7,0"'], [1234.5, 7]),
    "thousands by points, whole": (["1.234.567", "1.234"], [1234567, 1234]),
    "thousands by commas, whole": (['"1,234,567"', '"1,234"'], [1234567, 1234]),
    "below a thousand": (['"1,234"', "950"], [1234, 950]),
    "thousands by blanks": (["1 234.5", "12 345 678"], [1234.5, 12345678]),
    "thousands by narrow blanks": (["1\u202f234,5".join('""'), "7"], [1234.5, 7]),
    "thousands by apostrophes": (["1'234.5", "7"], [1234.5, 7]),
    "decimal comma, more than three": (['"0,1234"', '"5"'], [0.1234, 5]),
    "decimal comma after nought": (['"0,123"', '"1,500"'], [0.123, 1.5]),
    "minus sign": (["−1.5", "-2"], [-1.5, -2]),
    "no digit before": ([".5", "-.5"], [0.5, -0.5]),
    "no digit after": (["5.", "6."], [5, 6]),
    "booleans": (["True", "false"], [1, 0]),
    "yes and no": (["yes", "no"], [1, 0]),
    "large": (["1e308", "-1e308"], [1e308, -1e308]),
    "small": (["5e-324", "0"], [5e-324, 0]),
    "unit of an area": (["3 W/m²", "4 W/m²"], [3, 4]),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_read_as_people_write_them(tmp_path: Path, case: str) -> None:
    texts, expected = NUMBERS[case]
    path = tmp_path / "a.csv"
    path.write_text("stamp,load\n2000-01-01," + "\n2000-01-02,".join(texts) + "\n")
    assert read_series(path).values.tolist() == expected


def test_one_column_tells_how_the_others_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("load;heat\n1.234;5,3\n2.345;5,4\n")
    assert read_series(path, value_column="load").values.tolist() == [1234, 2345]
    path.write_text("load;heat\n1.234;5.3\n2.345;5.4\n")
    assert read_series(path, value_column="load").values.tolist() == [1.234, 2.345]


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(InputError) as caught:
        read_series(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    assert len(message) < 400
    assert ";" in message, "no remedy"
    return message


GAPS = ["", "-", "--", "?", "NA", "n/a", "nan", "NaN", "null", "None", "inf", "-inf", "#N/A", "."]
WRONG = ["abc", "1.2.3", "1/2", "12:30", "1e", "--5", "0x1F", "5 of 7", "1,2", "1e400"]


@pytest.mark.parametrize("row", [0, 7, N - 1])
@pytest.mark.parametrize("bad", [*GAPS, *WRONG])
def test_a_bad_value_is_named_with_its_line(tmp_path: Path, row: int, bad: str) -> None:
    lines = PLAIN.splitlines()
    good = lines[1 + row]
    lines[1 + row] = f'{good.partition(",")[0]},"{bad}"'
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    message = refusal(path)
    assert f"line {row + 2}" in message
    assert bad in message or not bad
    # Following the advice leads on: without the line the table is read.
    del lines[1 + row]
    path.write_text("\n".join(lines) + "\n")
    assert len(read_series(path)) == N - 1


BAD_TIMES = {
    "": "is empty",
    "NaT": "not a time",
    "soon": "not a time",
    "2011-02-30 00:00": "no date of the calendar",
    "2011-13-01 00:00": "no date of the calendar",
    "2011-03-01 25:00": "not a time",
    "2011-03-01 00:61": "not a time",
    "9999-12-31 00:00": "stands for a time that is missing",
    "0000-01-01 00:00": "no date of the calendar",
    "2011-03-01T00:00Z": "UTC offset",
    "12011-03-01 00:00": "not a time",
    "40602.5": "not a time",
}


@pytest.mark.parametrize("row", [3, N - 1])
@pytest.mark.parametrize("bad", BAD_TIMES)
def test_a_bad_time_is_named_with_its_line(tmp_path: Path, row: int, bad: str) -> None:
    lines = PLAIN.splitlines()
    lines[1 + row] = f"{bad},5"
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    message = refusal(path)
    assert f"line {row + 2}" in message
    assert BAD_TIMES[bad] in message
    del lines[1 + row]
    path.write_text("\n".join(lines) + "\n")
    assert len(read_series(path)) == N - 1


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def saved_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3.0))
    return buffer.getvalue()


DAMAGED = bytearray(gzip.compress(PLAIN.encode()))
"""The bytes in the middle are no longer those that were written."""
DAMAGED[20:40] = bytes(range(200, 220))

OTHER_KINDS: dict[str, tuple[str, bytes, str]] = {
    "workbook": ("a.xlsx", zipped("xl/workbook.xml"), "save the sheet as CSV"),
    "workbook called csv": ("a.csv", zipped("xl/workbook.xml"), "save the sheet as CSV"),
    "old workbook": ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "save the sheet"),
    "OpenDocument": ("a.ods", zipped("mimetype", "content.xml"), "save the sheet as CSV"),
    "zip": ("a.zip", zipped("b.csv"), "unzip"),
    "broken zip": ("a.zip", b"PK\x03\x04" + bytes(50), "get it anew"),
    "broken gzip": ("a.csv.gz", gzip.compress(PLAIN.encode())[:60], "get it anew"),
    "Parquet": ("a.parquet", b"PAR1" + bytes(99), "read_parquet"),
    "Parquet called csv": ("a.csv", b"PAR1" + bytes(99), "read_parquet"),
    "HDF5": ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), "to_csv"),
    "NumPy": ("a.npy", saved_array(), "savetxt"),
    "PDF": ("a.pdf", b"%PDF-1.4\n\x00", "CSV"),
    "picture": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(99), "CSV"),
    "JSON list": ("a.json", json.dumps([1, 2, 3]).encode(), "read_json"),
    "JSON records": ("a.json", json.dumps([{"x": 1}, {"x": 2}]).encode(), "read_json"),
    "JSON lines": ("a.jsonl", b'{"x": 1}\n{"x": 2}\n', "lines=True"),
    "JSON called txt": ("a.txt", json.dumps({"x": [1, 2]}).encode(), "read_json"),
    "JSON called csv": ("a.csv", json.dumps({"x": [1, 2]}, indent=1).encode(), "read_json"),
    "XML": ("a.xml", b"<?xml version='1.0'?><a>1</a>", "save the table as CSV"),
    "HTML": ("a.html", b"<!DOCTYPE html><html></html>", "save the table as CSV"),
    "zeros": ("a.csv", bytes(100), "control character"),
    "noise": ("a.bin", bytes(range(256)) * 4, "UTF-8"),
    "empty": ("a.csv", b"", "is empty"),
    "blank": ("a.txt", b" \n\t\n", "is empty"),
    "a mark alone": ("a.csv", b"\xef\xbb\xbf", "is empty"),
    "comments alone": ("a.csv", b"# nothing\n", "at least one value"),
    "delimiters alone": ("a.csv", b",,,\n,,,\n", "at least one value"),
    "header alone": ("a.csv", b"stamp,load\n", "at least one value"),
    "numbers on one line": ("a.txt", b"1 2 3 4 5 6\n", "one a line"),
    "column twice": ("a.csv", b"x,x\n1,2\n", "rename"),
    "no numbers": ("a.csv", b"who,what\nme,that\n", "--read-as text"),
    "two values": ("a.csv", b"x,y\n1,2\n3,4\n", "--value-column"),
    "two times": ("a.csv", b"s,t,x\n2000-01-01,2000-01-01,1\n", "--timestamp-column"),
    "a line too long": ("a.csv", b"x,y\n1,2\n1,2,3\n", "line 3"),
    "a line too short": ("a.csv", b"x,y\n1,2\n1\n", "line 3"),
    "decimal commas among commas": ("a.csv", b"t,x\n2000-01-01,1,5\n2000-01-02,2,5\n", "by ;"),
    "damaged gzip": ("a.csv.gz", bytes(DAMAGED), "get it anew"),
    "braces in the name": ("a{b}.zip", zipped("b.csv"), "unzip"),
    "JSON over its own name": ("a.csv", b"[1, 2, 3]", "a_table.csv"),
    "a field too long": ("a.csv", b"x,y\n" + b"a" * 200_000 + b",1\nb,2\n", "shorten it"),
    "a number too long": ("a.csv", b"x\n" + b"9" * 5000 + b"\n1\n", "a larger unit"),
    "many columns": (
        "a.csv",
        b",".join([b"x%d" % i for i in range(900)]) + b"\n" + b"1," * 899 + b"1\n",
        "and 888 more",
    ),
    "a gap of a spreadsheet in the first column": ("a.csv", b"x\n1\n#N/A\n3\n", "line 3"),
    "open quote": ("a.csv", b'x\n"1\n', "quotes"),
    "mixed units": ("a.csv", b"x\n1 kW\n2 kW\n3 W\n", "line 4"),
    "unit missing once": ("a.csv", b"x\n1 kW\n2 kW\n3\n", "line 4"),
    "mixed decimal marks": ("a.csv", b"x;y\n1,5;a\n2,5;b\n2.5;b\n", "line 4"),
    "comma of two meanings": ("a.csv", b"x;y\n1,500;a\n2,500;b\n", "--decimal"),
    "dates of two meanings": ("a.csv", b"t,x\n01/02/2000,1\n02/02/2000,2\n", "--date-order"),
    "dates of no order": ("a.csv", b"t,x\n01/13/2000,1\n13/02/2000,2\n", "line 3"),
    "not sorted": ("a.csv", b"t,x\n2000-01-01,1\n2000-01-03,2\n2000-01-02,3\n", "sort"),
    "a time twice": ("a.csv", b"t,x\n2000-01-01,1\n2000-01-01,3\n", "one line for each time"),
    "summer time ends, half-hours": (
        "a.csv",
        b"t,x\n2000-10-29 01:00,1\n2000-10-29 01:30,2\n2000-10-29 01:00,3\n2000-10-29 01:30,4\n",
        "UTC offset",
    ),
    "summer time ends, hours": (
        "a.csv",
        b"t,x\n2000-10-29 01:00,1\n2000-10-29 02:00,2\n2000-10-29 02:00,3\n2000-10-29 03:00,4\n",
        "UTC offset",
    ),
}


@pytest.mark.parametrize("case", OTHER_KINDS)
def test_what_cannot_be_read_is_refused_with_the_remedy_for_its_kind(
    tmp_path: Path, case: str
) -> None:
    name, content, remedy = OTHER_KINDS[case]
    path = tmp_path / name
    path.write_bytes(content)
    assert remedy in refusal(path)


FOLLOWED: dict[str, tuple[str, dict[str, str], list[float], str | None]] = {
    "dmy": ("t,x\n01/02/2000,1\n02/02/2000,2\n", {"date_order": "dmy"}, [1, 2], "2000-02-01"),
    "mdy": ("t,x\n01/02/2000,1\n02/02/2000,2\n", {"date_order": "mdy"}, [1, 2], "2000-01-02"),
    "ymd": ("t,x\n01/02/03,1\n01/02/04,2\n", {"date_order": "ymd"}, [1, 2], "2001-02-03"),
    "comma": ("x;y\n1,500;a\n2,500;b\n", {"decimal": "comma"}, [1.5, 2.5], None),
    "point": ("x;y\n1,500;a\n2,500;b\n", {"decimal": "point"}, [1500, 2500], None),
    "value": ("x,y\n1,2\n3,4\n", {"value_column": "y"}, [2, 4], None),
    "stamp": ("s,t,x\n2000-01-01,2001-01-01,1\n", {"timestamp_column": "t"}, [1], "2001-01-01"),
    "offsets": (
        "t,x\n2000-10-29 01:30+02:00,1\n2000-10-29 01:00+01:00,2\n", {}, [1, 2], "2000-10-29",
    ),
    "UTC": ("t,x\n2000-10-28 23:30Z,1\n2000-10-29 00:00Z,2\n", {}, [1, 2], "2000-10-28"),
    "semicolons": ("t;x\n2000-01-01;1,5\n2000-01-02;2,5\n", {}, [1.5, 2.5], "2000-01-01"),
}  # fmt: skip


@pytest.mark.parametrize("case", FOLLOWED)
def test_following_the_advice_leads_on(tmp_path: Path, case: str) -> None:
    text, options, values, first = FOLLOWED[case]
    path = tmp_path / "a.csv"
    path.write_text(text)
    series = read_series(path, **options)
    assert series.values.tolist() == values
    stamps = series.timestamps
    assert (None if stamps is None else str(stamps[0])[:10]) == first


@pytest.mark.parametrize(
    "text",
    [
        "[" * 9999,
        "word " * 40_000,
        "A horse, a horse; my kingdom\nfor a horse, 1597\n",
        "ABAB\nCDCD\n",
        "word\n",
        "a,b,c,d\n",
    ],
)
def test_what_is_no_table_is_read_symbol_by_symbol(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    series = read_series(path)
    assert "".join(series.values) == " ".join(text.split())
    assert "no time was read" in series.account["times"]


def test_a_text_of_digits_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pi.txt"
    path.write_text("3\n1\n4\n1\n5\n")
    assert read_series(path).values.tolist() == [3, 1, 4, 1, 5]
    assert "".join(read_series(path, read_as="text").values) == "3 1 4 1 5"


@pytest.mark.parametrize("year", [1, 1659, 1677, 2263, 9998])
def test_no_year_is_bent(tmp_path: Path, year: int) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"month,celsius\n{year:04d}-01-01,3\n{year:04d}-02-01,4\n")
    assert read_series(path).timestamps.tolist()[0].year == year


def test_there_are_enough_tables() -> None:
    n_values = 3 * len(GAPS + WRONG)
    assert len(READ) + len(NUMBERS) + len(OTHER_KINDS) + n_values + 2 * len(BAD_TIMES) >= 120
