"""From a file to its text: what kind of file it is, and in which encoding.

A file is known by its first bytes, not by its name. Text packed with gzip, bzip2 or xz is unpacked;
any other kind that is not text is refused with a remedy for that kind.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from htm_brian.errors import InputError

_SPREADSHEET = "open it in a spreadsheet program and save the sheet as CSV (UTF-8)"
_UNPACK = "unpack it, and give the table in it"

# First bytes, what the file is, and the remedy; {path} and {csv} are filled in.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"PAR1",
        "a Parquet file",
        "write it as CSV: python -c \"import pandas; pandas.read_parquet('{path}')"
        ".to_csv('{csv}', index=False)\"",
    ),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 or NetCDF file",
        "write the series as CSV: python -c \"import xarray; xarray.open_dataset('{path}')"
        ".to_dataframe().to_csv('{csv}')\"",
    ),
    *(
        (
            b"CDF" + version,
            "a NetCDF file",
            "write the series as CSV: python -c \"import xarray; xarray.open_dataset('{path}')"
            ".to_dataframe().to_csv('{csv}')\"",
        )
        for version in (b"\x01", b"\x02", b"\x05")
    ),
    (
        b"\x93NUMPY",
        "a NumPy array",
        "write it as CSV: python -c \"import numpy; numpy.savetxt('{csv}', "
        "numpy.load('{path}'), delimiter=',', header='value')\"",
    ),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook", _SPREADSHEET),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it with: unzstd {path}"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"ARROW1", "an Arrow (Feather) file", "write it as CSV with pandas.read_feather"),
    (b"%PDF", "a PDF document", "give the numbers as CSV"),
    (b"\x89PNG", "a picture", "give the numbers as CSV"),
    (b"\xff\xd8\xff", "a picture", "give the numbers as CSV"),
    (b"GIF8", "a picture", "give the numbers as CSV"),
    (b"RIFF", "a sound or a film", "give the numbers as CSV"),
    (b"MATLAB 5.0", "a MATLAB file", "write the series as CSV with writetable"),
    (b"\x80\x04", "a Python pickle", "write the series as CSV"),
    (b"\x80\x05", "a Python pickle", "write the series as CSV"),
)

_PACKED: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", "gzip", gzip.decompress),
    (b"BZh", "bzip2", bz2.decompress),
    (b"\xfd7zXZ\x00", "xz", lzma.decompress),
)

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True)
class Text:
    """The text of a file.

    Parameters
    ----------
    name : str
        Name of the file.
    suffix : str
        Its suffix in lower case, without that of a packed file: ``".csv"`` for ``x.csv.gz``.
    content : str
    notes : tuple of str
        What was done to read it, for the report.
    """

    name: str
    suffix: str
    content: str
    notes: tuple[str, ...] = ()


def read_text(path: Path) -> Text:
    """Return the text of a file.

    Raises
    ------
    InputError
        If there is no such file, or it is not text; the message names the kind and the remedy.
    """
    data = _read_bytes(path)
    suffix, notes = path.suffix.lower(), []
    for magic, packer, unpack in _PACKED:
        if data.startswith(magic):
            try:
                data = unpack(data)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
                raise InputError(
                    f"{path} is packed with {packer}, and damaged ({error}); get it anew"
                ) from None
            notes.append(f"unpacked with {packer}")
            suffix = Path(path.stem).suffix.lower()
            break
    _refuse_other_kinds(data, path)
    content, encoding = _decode(data, path)
    if encoding != "utf-8":
        notes.append(f"read as {encoding}")
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    return Text(path.name, suffix, content, tuple(notes))


def refuse_markup(text: Text) -> None:
    """Raise an `InputError` if the text is JSON, XML or HTML: neither a table nor symbols."""
    content = text.content.strip()
    csv = _beside(Path(text.name))
    if _is_json(content) or text.suffix in (".json", ".jsonl", ".ndjson"):
        lines = ", lines=True" if content.startswith("{") and "\n{" in content else ""
        raise InputError(
            f"{text.name} is JSON, not a table; write it as CSV, for example: python -c "
            f"\"import pandas; pandas.read_json('{text.name}'{lines}).to_csv('{csv}', "
            f'index=False)", or read it symbol by symbol with --read-as text'
        )
    if content[:200].lower().startswith(("<?xml", "<!doctype", "<html", "<svg", "<table")):
        raise InputError(
            f"{text.name} is XML or HTML, not a table; save the table as CSV, "
            "or read it symbol by symbol with --read-as text"
        )


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {path}; check the path") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; give a file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {path}: {reason}; check the path and its rights") from None


def _refuse_other_kinds(data: bytes, path: Path) -> None:
    kind = remedy = ""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        kind, remedy = _inside_zip(data, path)
    for magic, what, how in _KINDS:
        if data.startswith(magic):
            kind, remedy = what, how
            break
    if kind:
        told = remedy.format(path=path, csv=_beside(path))
        raise InputError(f"{path} is {kind}, not text; {told}")


def _beside(path: Path) -> Path:
    """Return where the same as CSV goes: never over the file itself."""
    csv = path.with_suffix(".csv")
    return csv if csv != path else path.with_name(f"{path.stem}_table.csv")


def _inside_zip(data: bytes, path: Path) -> tuple[str, str]:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return "a damaged ZIP archive", "get it anew"
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "an Excel workbook", _SPREADSHEET
    if "content.xml" in names:
        return "an OpenDocument file", _SPREADSHEET
    if any(name.endswith(".npy") for name in names):
        return "a NumPy archive", "write one of its arrays as CSV with numpy.savetxt"
    held = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"a ZIP archive ({held})", "unpack it (unzip {path}), and give the table in it"


def _decode(data: bytes, path: Path) -> tuple[str, str]:
    """Return the text and the encoding that it was read in."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is None:
        encoding = _utf16_without_mark(data) or "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise InputError(
                f"{path} is not {encoding.upper()} text as its first bytes say "
                f"(byte {error.start}); save it as UTF-8"
            ) from None
        text, encoding = _decode_western(data, path, error.start), "Windows-1252, not UTF-8"
    at = next((i for i, c in enumerate(text) if c < " " and c not in "\t\n\r\f\v\x1a"), None)
    if at is not None:
        line = text.count("\n", 0, at) + 1
        raise InputError(
            f"{path}, line {line}: a control character (U+{ord(text[at]):04X}), so it is not "
            "plain text; save it as CSV or as text in UTF-8"
        )
    names = {"utf-8-sig": "utf-8", "utf-16": "UTF-16", "utf-32": "UTF-32"}
    return text.replace("\x1a", ""), names.get(encoding, encoding)


def _utf16_without_mark(data: bytes) -> str | None:
    """Return the byte order of ASCII characters of two bytes each, where data look so."""
    head = data[:4000]
    half = len(head) // 2
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if half and len(data) % 2 == 0 and head[offset::2].count(0) > 0.7 * half:
            return encoding
    return None


def _decode_western(data: bytes, path: Path, at: int) -> str:
    """Read one byte a character, as the Western European code page of Windows (and Latin-1)."""
    printable = sum(32 <= byte < 127 or byte in b"\t\n\r" for byte in data[:100_000])
    try:
        if printable < 0.5 * len(data[:100_000]):
            raise ValueError
        return data.decode("cp1252")
    except ValueError:
        line = data.count(b"\n", 0, at) + 1
        raise InputError(
            f"{path}, line {line}: byte {at} belongs neither to UTF-8 nor to Windows-1252 text; "
            "save it as UTF-8, in an editor or with iconv -f ENCODING -t UTF-8"
        ) from None


def _is_json(content: str) -> bool:
    if not content.startswith(("{", "[")):
        return False
    try:
        first = content if content.startswith("[") else content.partition("\n")[0]
        json.loads(first)
    except (ValueError, RecursionError):
        try:
            json.loads(content)
        except (ValueError, RecursionError):
            return False
    return True
