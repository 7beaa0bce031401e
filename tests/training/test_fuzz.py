"""Mutations of every layout: each ends in a data set or in one clear line.

``make fuzz`` makes thousands of them; here are some for each layout. A mutation changes lines,
fields and names of columns, or bytes, files and archives. Of the data sets that come out a few are
also trained on.
"""

import gzip
import io
import json
import resource
import signal
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzzing import progress, share_of
from tests.training.test_dataset import assert_consistent
from tests.training.test_found import CASES, FOUND
from training.build import build
from training.data.files.names import parse_columns
from training.data.read import read
from training.data.scale import parse_scale
from training.data.tables import DataError

SURFACE = "files of data"
WANTED = share_of(SURFACE)
FEW = 6
TRAINED = 50  # data sets, of which one is trained on, too
PATIENCE = 60  # seconds for a file
MOST_MEMORY = 2 << 30  # bytes
QUICK = {
    "strength": 1.0,
    "bandwidth": 4,
    "output_exponent": 0.2,
    "correction": 1.0,
    "slope": 0.3,
    "user_exponent": 0.25,
    "film_exponent": 0.25,
    "content": 0.4,
    "prior_strength": 1.0,
    "decay": 10.0,
    "recency": 0.0,
    "cells": 1,
    "candidates": 100,
    "groups": 2,
}
Files = dict[str, bytes]


def seeds() -> list[str]:
    """The cases that are read, one for each way to write data."""
    large = ("stray", "rare", "hardly")
    said = {name: json.loads((FOUND / name / "expected.json").read_text()) for name in CASES}
    return [
        name
        for name, asked in said.items()
        if "data" in asked and not any(word in name for word in large)
    ]


SEEDS = seeds()
VALUES = [
    *("", " ", "0", "-1", "6", "11", "1e400", "nan", "inf", "NULL", "\\N", "1.5", "1,5", "٣", "²"),
    *("9" * 18, "9" * 19, "9" * 400, "0" * 30 + "1", "1e3", "0x10", "1_0", "True", "1.0", "+1"),
    *("2005-04-02 23:53:47", "2005-04-02T23:53:47+99:99", "0000-00-00", "99999-01-01", "1:", "::"),
    *(
        '"',
        '""',
        '"a',
        "a\nb",
        '"user\nId"',
        "a\rb",
        "\0",
        "|",
        "a|b",
        "(1995)",
        "(9999)",
        "\u2028",
        "\ufeff",
    ),
    *("user", "item", "rating", "title", "movieId", "id", "userId", "user_id:token", "x" * 2000),
    *(
        "=1+1",
        "../../x",
        "Amélie",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ),
]
BYTES = [
    b"\xff",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\0" * 4,
    b"\r",
    b"\n\n",
    b"\x85",
    b"\xc3",
    b"PK\x03\x04",
]
KINDS = [
    *("field", "field", "field", "field", "drop field", "add field", "swap fields", "drop line"),
    *("copy line", "swap lines", "blank line", "bytes", "bytes", "cut", "separator", "ends"),
    *("encoding", "drop file", "copy file", "empty file", "rename file", "gzip file", "header"),
]
SEPARATORS = [b"::", b"\t", b";", b"|", b","]
ENCODINGS = ["utf-16", "latin-1", "cp1252", "utf-8-sig", "utf-32"]
NAMES = [
    "ratings.csv",
    "movies.csv",
    "u.data",
    "x.inter",
    ".x",
    "a/b/c/d/e/r.csv",
    "r",
    "é.csv",
    "x.txt",
]
PLACE = st.integers(0, 40)
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        *(PLACE, PLACE, PLACE),
        st.sampled_from(VALUES) | st.text(st.characters(codec="utf-8"), max_size=6),
    ),
    min_size=1,
    max_size=3,
)
PACKED = st.sampled_from(["", "", "", "zip", "tar.gz", "gz", "tar", "broken zip", "broken tar.gz"])
SCALES = st.sampled_from([None, None, None, "1:5", "0:100", "1:1", "-5:5"])
COLUMNS = st.sampled_from(
    [None, None, None, None, "user=0,item=1", "user=userId,item=0,rating=2", "user=9,item=0"]
)


def mutate(files: Files, kind: str, one: int, two: int, three: int, value: str) -> Files:
    """Files with one thing changed; places count round."""
    files = dict(files)
    if not files:
        return files
    name = sorted(files)[one % len(files)]
    content = files[name]
    if kind == "drop file":
        del files[name]
    elif kind == "copy file":
        files[NAMES[two % len(NAMES)]] = content
    elif kind == "rename file":
        files[NAMES[two % len(NAMES)]] = files.pop(name)
    elif kind == "empty file":
        files[name] = b""
    elif kind == "gzip file":
        files[name + ".gz"] = gzip.compress(files.pop(name))
    elif kind == "encoding":
        text = content.decode("utf-8", "replace")
        files[name] = text.encode(ENCODINGS[two % len(ENCODINGS)], "replace")
    elif kind == "ends":
        files[name] = content.replace(b"\n", [b"\r\n", b"\r", b"\n\n", b""][two % 4])
    elif kind == "bytes":
        place = (two * 41 + three) % (len(content) + 1)
        files[name] = content[:place] + BYTES[three % len(BYTES)] + content[place + two % 3 :]
    elif kind == "cut":
        files[name] = content[: (two * 41 + three) % (len(content) + 1)]
    else:
        files[name] = b"\n".join(mutate_lines(content.split(b"\n"), kind, two, three, value))
    return files


def mutate_lines(lines: list[bytes], kind: str, two: int, three: int, value: str) -> list[bytes]:
    """Lines with one of them changed, or moved, or gone."""
    number = 0 if kind == "header" else two % len(lines)
    line = lines[number]
    if kind == "drop line":
        return lines[:number] + lines[number + 1 :]
    if kind == "copy line":
        return [*lines[:number], *[line] * (three + 1), *lines[number:]]
    if kind == "swap lines":
        other = three % len(lines)
        lines[number], lines[other] = lines[other], line
        return lines
    if kind == "blank line":
        return [*lines[:number], [b"", b"   ", b",,,", b"\t"][three % 4], *lines[number:]]
    separator = next((each for each in SEPARATORS if each in line), b",")
    if kind == "separator":
        lines[number] = line.replace(separator, SEPARATORS[three % len(SEPARATORS)])
        return lines
    fields = line.split(separator)
    place = three % len(fields)
    if kind in ("field", "header"):
        fields[place] = value.encode()
    elif kind == "drop field":
        del fields[place]
    elif kind == "add field":
        fields.insert(place, value.encode())
    elif kind == "swap fields":
        fields[place], fields[-1] = fields[-1], fields[place]
    lines[number] = separator.join(fields)
    return lines


def write(files: Files, how: str, folder: Path) -> Path:
    """Write files as they are, or packed."""
    ending = how.removeprefix("broken ")
    path = folder / f"data.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    elif ending in ("tar", "tar.gz"):
        with tarfile.open(path, "w:gz" if ending == "tar.gz" else "w") as packed:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                packed.addfile(member, io.BytesIO(content))
    elif ending == "gz" and files:
        path.write_bytes(gzip.compress(files[max(files)]))
    else:
        path = folder / "data"
        path.mkdir()
        for name, content in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    if how.startswith("broken"):
        content = path.read_bytes()
        half = len(content) // 2
        path.write_bytes(content[:half] + b"\x55\xaa" + content[half + 2 :])
    return path


@contextmanager
def patience() -> Iterator[None]:
    """Fail, with a traceback of where it is, what takes too long."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"not done after {PATIENCE} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Counter:
    """How many files there were, and what became of them."""

    def __init__(self) -> None:
        self.read = self.trained = 0
        self.bar = progress(SURFACE)

    def count(self, *, read: bool, trained: bool) -> None:
        self.read += read
        self.trained += trained
        self.bar.update()
        self.bar.set_postfix(read=self.read, trained=self.trained, refresh=False)


COUNTER = Counter()


def outcome(path: Path, scale: str | None, columns: str | None) -> None:
    """Read, and sometimes train; anything but a data set or a line is an error."""
    is_read = False
    is_trained = COUNTER.read % TRAINED == TRAINED - 1
    try:
        data = read(
            path,
            scale=parse_scale(scale) if scale else None,
            columns=parse_columns(columns) if columns else {},
            name="it",
        )
        is_read = True
        assert_consistent(data)
        if is_trained:
            build(data, path.parent / "artifact", 42, fixed=QUICK)
    except DataError as error:
        text = str(error)
        assert "\n" not in text
        assert 0 < len(text) < 1000
    COUNTER.count(read=is_read, trained=is_read and is_trained)


@pytest.mark.fuzz
@pytest.mark.parametrize("case", SEEDS)
def test_anything_is_read_or_refused(case: str) -> None:
    data = FOUND / case / "data"
    good = {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file()
    }

    @settings(
        max_examples=-(-WANTED // len(SEEDS)) or FEW,
        deadline=None,
        derandomize=not WANTED,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(MUTATIONS, PACKED, SCALES, COLUMNS, st.integers(0, 3))
    def mutated(
        mutations: list[tuple[str, int, int, int, str]],
        packed: str,
        scale: str | None,
        columns: str | None,
        named: int,
    ) -> None:
        files = good
        for mutation in mutations:
            files = mutate(files, *mutation)
        with tempfile.TemporaryDirectory() as scratch, patience():
            try:
                path = write(files, packed, Path(scratch))
            except OSError:  # a file where a folder should be
                return
            inside = sorted(each for each in path.rglob("*") if each.is_file())
            if named == 0 and inside:
                path = inside[0]
            outcome(path, scale, columns)

    mutated()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < MOST_MEMORY
