from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htm_brian.errors import InputError
from htm_brian.streams.series import read_series

GOOD = "when,load,count\n2000-06-05 00:00,1.5,3\n2000-06-05 00:30,2.5,4\n"


def write(folder: Path, text: str, name: str = "demand.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def fault(path: Path | str, **columns: str) -> str:
    with pytest.raises(InputError) as caught:
        read_series(path, **columns)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_bundled_series_is_the_published_one() -> None:
    series = read_series()
    assert len(series) == 4032
    assert series.label == "demand_megawatt"
    assert series.timestamps is not None
    assert series.timestamps[0] == np.datetime64("2000-06-05T00:00")
    assert series.timestamps[-1] == np.datetime64("2000-08-27T23:30")
    assert set(np.diff(series.timestamps)) == {np.timedelta64(30, "m")}
    assert series.values[0] == 22262
    assert not series.symbolic


def test_chosen_columns(tmp_path: Path) -> None:
    series = read_series(write(tmp_path, GOOD), timestamp_column="when", value_column="count")
    assert series.values.tolist() == [3.0, 4.0]
    assert series.label == "count"
    assert series.name == "demand.csv"


def test_a_table_without_times(tmp_path: Path) -> None:
    series = read_series(write(tmp_path, "x\n1\n\n2e3\n"))
    assert series.values.tolist() == [1.0, 2000.0]
    assert series.timestamps is None


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_byte_order_mark(tmp_path: Path, delimiter: str) -> None:
    text = "\ufeff" + GOOD.replace(",", delimiter).replace("\n", "\r\n")
    series = read_series(write(tmp_path, text), value_column="load")
    assert series.values.tolist() == [1.5, 2.5]
    assert series.timestamps is not None


@pytest.mark.parametrize(
    "rule", ["|---|---|", "| :--- | ---: |", "|--------+------|", "+======+=====+"]
)
def test_the_rules_of_a_printed_table_are_no_rows(tmp_path: Path, rule: str) -> None:
    text = f"| when | load |\n{rule}\n| 2000-06-05 00:00 | 1.5 |\n| 2000-06-05 00:30 | 1e3 |\n"
    series = read_series(write(tmp_path, text + f"| 2000-06-05 01:00 | -2.5 |\n{rule}\n"))
    assert series.label == "load"
    assert series.values.tolist()[0] == 1.5 and series.values.tolist()[-1] == -2.5
    assert series.timestamps is not None


def test_numbers_that_look_like_dates_are_numbers(tmp_path: Path) -> None:
    series = read_series(write(tmp_path, "x\n20000605\n20000606\n"))
    assert series.values.tolist() == [20000605.0, 20000606.0]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("20000605", "20000606", "2000-06-05T00:00"),
        ("2000060523", "2000060600", "2000-06-05T23:00"),
        ("200006050030", "200006050100", "2000-06-05T00:30"),
        ("20000605003015", "20000605003020", "2000-06-05T00:30:15"),
        ("960163200", "960165000", "2000-06-05T00:00"),
    ],
)
def test_times_of_digits_alone(tmp_path: Path, first: str, second: str, expected: str) -> None:
    series = read_series(write(tmp_path, f"time,x\n{first},1\n{second},2\n"))
    assert series.timestamps is not None
    assert series.timestamps[0] == np.datetime64(expected)


@pytest.mark.parametrize("path", [5, 1.5, ["a.csv"], "https://a.org/b.csv"])
def test_what_is_no_path_is_said_so(path: object) -> None:
    with pytest.raises(InputError, match=r"must be the path|download it"):
        read_series(path)  # type: ignore[arg-type]


def test_wall_clock_time_is_kept_over_a_change_of_offset(tmp_path: Path) -> None:
    text = "t,x\n2000-10-29T01:30+02:00,1\n2000-10-29T01:30+01:00,2\n"
    series = read_series(write(tmp_path, text))
    assert series.timestamps is not None
    assert series.timestamps.tolist() == [series.timestamps[0].item()] * 2


def test_text_is_read_symbol_by_symbol(tmp_path: Path) -> None:
    series = read_series(write(tmp_path, "AB  \n\n CÄ\n", "song.txt"))
    assert "".join(series.values) == "AB CÄ"
    assert series.symbolic
    assert series.label == "symbol"
    assert series.timestamps is None


def test_head(tmp_path: Path) -> None:
    head = read_series().head(3)
    assert len(head) == 3
    assert head.timestamps is not None
    assert len(head.timestamps) == 3
    assert len(read_series(write(tmp_path, "AB", "song.txt")).head(9)) == 2


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, values: list) -> None:
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    path.write_text("x\n" + "".join(f"{value!r}\n" for value in values))
    assert read_series(path).values.tolist() == values


def test_missing_file() -> None:
    assert fault("nowhere.csv") == "there is no file nowhere.csv; check the path"


def test_a_folder(tmp_path: Path) -> None:
    assert fault(tmp_path) == f"{tmp_path} is a folder; give a file"


def test_missing_column_names_those_there(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert fault(path, value_column="lod") == (
        "demand.csv has no column 'lod'; its columns are: when, load, count (--value-column)"
    )
    assert "no column 'date'; its columns are" in fault(path, timestamp_column="date")


def test_two_candidates_ask_for_a_choice(tmp_path: Path) -> None:
    assert fault(write(tmp_path, GOOD)) == (
        "demand.csv has 2 columns for the value: load, count; choose one with --value-column"
    )


def test_no_candidate_at_all(tmp_path: Path) -> None:
    message = fault(write(tmp_path, "who,what\nme,that\n"))
    assert message.startswith(
        "demand.csv has no column of numbers that are not times; its columns are: "
        "who ('me'), what ('that'); "
    )


@pytest.mark.parametrize(
    ("cell", "got"),
    [("nan", "'nan'"), ("", "empty"), ("1,5", None), ("n/a", "'n/a'"), ("inf", "'inf'")],
)
def test_a_value_that_is_no_number_is_named_with_its_line(
    tmp_path: Path, cell: str, got: str | None
) -> None:
    message = fault(write(tmp_path, f"t,x\n2000-01-01,1\n2000-01-02,{cell}\n2000-01-03,3\n"))
    if got is None:
        assert message == (
            "demand.csv, line 3: 3 fields where the header has 2; mend the line, "
            "or divide the fields by ; if its commas are decimal"
        )
    else:
        assert message == (
            f"demand.csv, line 3: x is {got}, not a finite number; fill the gap or delete the line"
        )


@pytest.mark.parametrize("text", ["", "\n \n"])
@pytest.mark.parametrize("name", ["empty.csv", "empty.txt"])
def test_empty_file(tmp_path: Path, text: str, name: str) -> None:
    path = write(tmp_path, text, name)
    assert fault(path) == f"{name} is empty; give a file that holds at least one value"


def test_header_only(tmp_path: Path) -> None:
    assert fault(write(tmp_path, "t,x\n")).startswith("demand.csv has a header but no rows")


def test_columns_without_names_are_numbered(tmp_path: Path) -> None:
    path = write(tmp_path, "2000-01-01,5\n2000-01-02,6\n")
    series = read_series(path)
    assert series.values.tolist() == [5, 6]
    assert series.label == "column 2"
    assert "no header line" in series.account["file"]
    two = write(tmp_path, "1,2\n3,4\n")
    assert "2 columns for the value: column 1, column 2; choose one" in fault(two)
    assert read_series(two, value_column="column 2").values.tolist() == [2, 4]


def test_repeated_header(tmp_path: Path) -> None:
    assert "names a column twice (x, x)" in fault(write(tmp_path, "x,x\n1,2\n"))


def test_unparsable_time(tmp_path: Path) -> None:
    message = fault(write(tmp_path, "t,x\n2000-01-01,1\nsoon,2\n2000-01-03,3\n"))
    assert message == "demand.csv, line 3: t is 'soon', not a time; write it like 2000-06-05 00:30"


def test_times_must_increase(tmp_path: Path) -> None:
    head = "t,x\n2000-01-01,1\n2000-01-03,2\n"
    message = fault(write(tmp_path, head + "2000-01-02,3\n"))
    assert message == (
        "demand.csv, line 4: t: 2000-01-02 does not come after 2000-01-03; sort the lines by time"
    )
    assert "keep one line for each time" in fault(write(tmp_path, head + "2000-01-03,3\n"))


def test_the_newest_line_may_come_first(tmp_path: Path) -> None:
    series = read_series(write(tmp_path, "t,x\n2000-01-03,3\n2000-01-02,2\n2000-01-01,1\n"))
    assert series.values.tolist() == [1, 2, 3]
    assert str(series.timestamps[0]).startswith("2000-01-01")
    assert "turned round" in series.account["times"]


def test_times_with_and_without_offset_do_not_mix(tmp_path: Path) -> None:
    message = fault(write(tmp_path, "t,x\n2000-01-01T00:00Z,1\n2000-01-02T00:00,2\n"))
    assert "must both have a UTC offset" in message


def test_columns_make_no_sense_for_text(tmp_path: Path) -> None:
    message = fault(write(tmp_path, "ABC", "song.txt"), value_column="x")
    assert "read as text, which has no columns" in message


def test_an_open_quote(tmp_path: Path) -> None:
    assert "line 2" in fault(write(tmp_path, 'x\n"1\n'))


def test_the_title_says_which_columns_were_used(tmp_path: Path) -> None:
    assert read_series().title == (
        "electricity_demand_2000.csv, column demand_megawatt, times from column timestamp"
    )
    series = read_series(write(tmp_path, "clock,x\nnoon,1\nnight,2\n"))
    assert series.title == (
        "demand.csv, column x, no time was read: the table has no column of dates"
    )
    assert read_series(write(tmp_path, "AB", "a.txt")).title == "a.txt, symbol by symbol"


def test_choices_are_checked(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert fault(path, date_order="dym") == "date_order must be one of dmy, mdy, ymd, got 'dym'"
    assert fault(path, decimal=",") == "decimal must be one of point, comma, got ','"
    assert fault(path, read_as="csv") == "read_as must be one of table, text, got 'csv'"


def test_values_and_times_cannot_be_the_same_column(tmp_path: Path) -> None:
    message = fault(write(tmp_path, GOOD), timestamp_column="when", value_column="when")
    assert "cannot hold both the values and the times" in message
