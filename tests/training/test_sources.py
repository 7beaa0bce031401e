"""Where data comes from: archives within limits, text in any encoding, rows and their lines."""

import gzip
import io
import logging
import os
import stat
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.files import archives, ratings, unpack
from training.data.files.names import RATINGS, find, normal, parse_columns, require
from training.data.files.ratings import Layout, read_ratings
from training.data.files.rows import Form, read_rows
from training.data.files.source import File
from training.data.files.text import find_lines, lines
from training.data.read import read
from training.data.scale import parse_scale
from training.data.tables import DataError

RATINGS_CSV = b"userId,movieId,rating\n1,1,4\n2,1,3\n2,2,5\n"


def file(path: Path, content: bytes = b"") -> File:
    path.write_bytes(content)
    return File(path.name, path.name, lambda: path)


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as refused:
        read(path, name="it")
    assert "\n" not in str(refused.value)
    return str(refused.value)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    "name", ["../ratings.csv", "/tmp/ratings.csv", "a/../../r.csv", "..\\r.csv", "C:\\r.csv"]
)
def test_names_that_leave_the_folder(name: str, tmp_path: Path) -> None:
    expected = f"it holds {name!r}, a name that leaves its folder"
    assert refusal(zipped(tmp_path / "a.zip", {name: RATINGS_CSV})) == expected
    assert refusal(tarred(tmp_path / "a.tgz", (entry(name), RATINGS_CSV))) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tgz", "a.zip"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_in_a_tar(kind: bytes, tmp_path: Path) -> None:
    packed = tarred(tmp_path / "a.tar.gz", (entry("ratings.csv", kind, "/etc/passwd"), b""))
    assert refusal(packed) == "it holds a link or device, 'ratings.csv': refused"


@pytest.mark.parametrize(
    ("kind", "size"),
    [(tarfile.XHDTYPE, 600_000), (tarfile.GNUTYPE_LONGNAME, 600_000), (tarfile.XGLTYPE, 600)],
)
def test_what_is_told_of_members_has_a_bound(kind: bytes, size: int, tmp_path: Path) -> None:
    """It is in memory before a member is looked at."""
    told, data = (entry("ratings.csv", kind), bytes(size)), (entry("ratings.csv"), RATINGS_CSV)
    found = (entry("films.csv"), b"")
    for members in ([told, told, data], [found, told, told, data]):
        packed = tarred(tmp_path / "a.tgz", *members)
        assert refusal(packed) == "it cannot be read: it tells too much of its members"
    for _ in range(2):  # each archive for itself
        named = [(entry(f"{'a' * 200}/{name}.csv"), RATINGS_CSV) for name in ("ratings", "b")]
        assert len(read(tarred(tmp_path / "b.tgz", *named)).ratings) == 3


def test_a_link_in_a_zip(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("ratings.csv")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    assert refusal(tmp_path / "a.zip") == "it holds a link, 'ratings.csv': refused"


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    many = {f"{number}.csv": RATINGS_CSV for number in range(4)}
    members = [(entry(name), content) for name, content in many.items()]
    for name, content in many.items():
        (tmp_path / name).write_bytes(content)
    found = [zipped(tmp_path / "a.zip", many), tarred(tmp_path / "a.tgz", *members), tmp_path]
    assert {refusal(path) for path in found} == {"it holds more than 3 files"}


def test_too_much_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_BYTES", 1 << 20)
    much = os.urandom(1 << 20) + b"more"
    assert "it unpacks to more than" in refusal(tarred(tmp_path / "a.tgz", (entry("r.csv"), much)))
    found = refusal(zipped(tmp_path / "a.zip", {"ratings.csv": much}))
    assert "it: ratings.csv unpacks to more than" in found
    (tmp_path / "r.csv.gz").write_bytes(gzip.compress(much))
    assert "it unpacks to more than" in refusal(tmp_path / "r.csv.gz")


def test_a_bomb(tmp_path: Path) -> None:
    bomb = b"0" * (64 << 20)
    expected = "unpacks to more than 200 times its size: no data"
    assert refusal(zipped(tmp_path / "a.zip", {"r.csv": bomb})) == f"it: r.csv {expected}"
    assert refusal(tarred(tmp_path / "a.tgz", (entry("r.csv"), bomb))) == f"it {expected}"
    (tmp_path / "r.csv.gz").write_bytes(gzip.compress(bomb))
    assert refusal(tmp_path / "r.csv.gz") == f"it {expected}"


@pytest.mark.parametrize("few", [False, True])
def test_a_bomb_in_parquet(few: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never read, also where values are no more than the numbers of a few."""
    monkeypatch.setattr(pd, "read_parquet", None)
    frame = pd.DataFrame(1, range(1_500_000), ["user", "item"])
    path = tmp_path / "ratings.parquet"
    (frame.astype("category") if few else frame).to_parquet(path, compression="gzip")
    assert path.stat().st_size < 50_000
    expected = "it/ratings.parquet unpacks to more than 200 times its size: no data"
    assert refusal(tmp_path) == expected


def test_gzip_in_an_archive(tmp_path: Path) -> None:
    packed = {"a/ratings.csv.gz": gzip.compress(RATINGS_CSV)}
    assert len(read(zipped(tmp_path / "a.zip", packed)).ratings) == 3


CUT: list[Callable[[bytes], bytes]] = [
    lambda content: content[: len(content) // 2],
    lambda content: content[:20] + bytes(20) + content[40:],
    lambda content: content[:-30] + bytes(30),
]


@pytest.mark.parametrize("cut", CUT)
@pytest.mark.parametrize("ending", [".zip", ".tar.gz", ".csv.gz"])
def test_a_broken_archive(ending: str, cut: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    if ending == ".zip":
        zipped(path, {"ratings.csv": RATINGS_CSV})
    elif ending == ".tar.gz":
        tarred(path, (entry("ratings.csv"), RATINGS_CSV * 50))
    else:
        path.write_bytes(gzip.compress(RATINGS_CSV + os.urandom(100)))
    path.write_bytes(cut(path.read_bytes()))
    assert refusal(path).startswith("it")


def test_names_with_line_breaks_make_no_second_line(tmp_path: Path) -> None:
    members = {"a\nb/ratings.csv": b'"user\nId",movieId,rating\n1,1,4\nx,1,4\n'}
    found = refusal(zipped(tmp_path / "a.zip", members))
    assert found.startswith(
        "it: a\\nb/ratings.csv, line 4: user\\nId is a text of 1 character, expected "
    )


SECRET = ("Maria", "77777")
NAMELESS = "5 fields that are no names of columns: say which is which, as in --columns user=0,"


@pytest.mark.parametrize(
    ("name", "content", "said", "told"),
    [
        ("r.csv", "Maria,77777,4,9,8\n2,1,4,9,8\n", "", f"line 1: {NAMELESS}"),
        ("ratings.csv", "Maria,77777,x\n", "", "line 1: no column for the user among 3 fields"),
        ("ratings.csv", "Maria,item,5\n", "", "line 1: no column for the user among 3 fields"),
        ("r.csv", "Maria,77777,x\n", "user=user,item=1", "no column 'user' among 3 fields"),
        ("r.csv", "Maria,1,good\n77777x,1,3\n", "user=0,item=1,rating=2", "line 2: column 0 is"),
        ("r.csv", "Maria,1,3\n2,1,3\n", "user=0,item=1,rating=2", "a text of 5 characters"),
    ],
)
def test_no_message_quotes_a_user(
    name: str, content: str, said: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as refused:
        read(tmp_path / name, columns=parse_columns(said) if said else {})
    assert told in str(refused.value)
    assert not any(secret in str(refused.value) for secret in SECRET)


def test_what_is_unpacked_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    data = read(zipped(tmp_path / "a.zip", {"r/ratings.csv": RATINGS_CSV}))
    assert len(data.ratings) == 3
    assert list(scratch.iterdir()) == []


def test_a_missing_library_for_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ratings.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "fastparquet", None)
    expected = "expected fastparquet to be installed, as by uv sync --group parquet"
    assert refusal(tmp_path) == f"it/ratings.parquet is Parquet, {expected}"


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"", b"x" * 100])
def test_broken_parquet(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "ratings.parquet").write_bytes(content)
    assert refusal(tmp_path).startswith("it/ratings.parquet cannot be read as Parquet: ")


def test_columns_that_nobody_needs_cost_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In rows that lack them pandas would fill them."""
    monkeypatch.setattr(pd, "read_csv", None)
    others = "".join(f",c{number}" for number in range(100))
    path = tmp_path / "ratings.csv"
    path.write_text(f"user,item,rating{others}\n1,1,5\n2,1,4\n")
    assert list(read(path).ratings["avaliacao"]) == [5, 4]


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").symlink_to(tmp_path / "ratings.csv")
    assert "it has none of the known layouts" in refusal(tmp_path)


def test_lines_of_mixed_encodings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = "é\r\n€ “x”\rã\n\n".encode() + b"caf\xe9 \x80 \x81\nlast"
    with caplog.at_level(logging.WARNING):
        assert list(lines(file(tmp_path / "f", content))) == [
            "é", "€ “x”", "ã", "", "café € \x81", "last",
        ]  # fmt: skip
    assert caplog.messages == ["f: lines that are not UTF-8, read as Windows-1252: 1"]


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.files.text.LONGEST_LINE", 1000)
    with pytest.raises(DataError, match=r"^f, line 2: longer than 1,000 characters, expected"):
        list(lines(file(tmp_path / "f", b"a\n" + b"x" * 2000)))


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"))))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    if texts:
        texts[0] = texts[0].lstrip("\ufeff")
    path = tmp_path_factory.mktemp("text") / "f"
    assert list(lines(file(path, "\n".join([*texts, ""]).encode() if texts else b""))) == texts


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b"\n\n", b" "])))
def test_the_lines_that_are_not_empty(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    found = file(tmp_path_factory.mktemp("text") / "f", b"".join(parts))
    expected = [number for number, line in enumerate(lines(found)) if line]
    numbers = find_lines(found.path)
    assert numbers is not None
    assert list(numbers) == expected


def test_old_ends_of_lines_are_not_counted(tmp_path: Path) -> None:
    assert find_lines(file(tmp_path / "f", b"a\rb\r").path) is None


FIELD = st.text(st.sampled_from('ab,;"\n é'), max_size=5)


@given(st.lists(st.lists(FIELD, min_size=2, max_size=3), min_size=1, max_size=6))
def test_rows_bear_the_line_on_which_they_begin(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    def quoted(field: str) -> str:
        return '"' + field.replace('"', '""') + '"'

    text, expected = "", []
    for row in rows:
        if any(field.strip() for field in row):
            expected.append((text.count("\n") + 1, row))
        text += ",".join(map(quoted, row)) + "\n"
    found = file(tmp_path_factory.mktemp("rows") / "f", text.encode())
    assert list(read_rows(found, Form())) == expected


NUMBER = st.one_of(
    st.integers(0, 10**6).map(str), st.sampled_from(["", "x", "1.5", "1,5", " 3 ", "-1", "9" * 20])
)


@given(st.lists(st.lists(NUMBER, min_size=1, max_size=5), max_size=5), st.sampled_from(",;\t"))
def test_pandas_reads_what_the_careful_way_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], separator: str
) -> None:
    """Where both read a file, they give the same numbers, lines included."""
    content = "\n".join(separator.join(row) for row in [["u", "f", "r", "t"], *rows]) + "\n"
    found = file(tmp_path_factory.mktemp("rows") / "f", content.encode())
    places = {"usuario_id": 0, "filme_id": 1, "avaliacao": 2}
    layout = Layout(Form(separator), places, 4, header=True)
    quick = ratings.read_by_pandas(found, layout)
    if quick is not None:
        slow = ratings.read_by_row(found, layout)
        assert slow.index.tolist() == quick.index.tolist()
        for column in places:
            assert slow[column].astype(float).tolist() == quick[column].tolist()


def test_rows_of_ratings_that_are_read_quickly_have_their_lines(tmp_path: Path) -> None:
    found = file(tmp_path / "f", RATINGS_CSV + b"\n\n")
    layout = Layout(Form(), {"usuario_id": 0, "filme_id": 1, "avaliacao": 2}, 3, header=True)
    table = read_ratings(found, layout)
    assert table.frame["avaliacao"].dtype.kind == "f"
    assert table.record(2) == "f, line 4"


@pytest.mark.parametrize("name", ["userId", "user_id", "USER ID", "UserID", "usuário_id"])
def test_names_are_one_whatever_their_spelling(name: str) -> None:
    assert find([name], RATINGS) == {"usuario_id": 0}
    assert normal(name) in ("userid", "usuarioid")


def test_the_better_name_wins() -> None:
    header = ["date", "user", "item", "timestamp", "userId", "value", "rating"]
    found = require(header, RATINGS, ("usuario_id", "filme_id"), "f")
    assert found == {"usuario_id": 4, "filme_id": 2, "avaliacao": 6, "momento": 3}


@pytest.mark.parametrize(
    "text", ["", "user=0", "user=0,item=", "user=0,item=1,movie=2", "user=0,user=1,item=2", "0,1"]
)
def test_columns_that_say_too_little(text: str) -> None:
    with pytest.raises(DataError, match=r"^columns is '"):
        parse_columns(text)


@pytest.mark.parametrize("text", ["", "1", "5:1", "a:b", "1:2:3", "nan:5", "0:inf", "-2000:0"])
def test_scales_that_are_none(text: str) -> None:
    with pytest.raises(DataError, match=r"^scale is '"):
        parse_scale(text)


def test_scales() -> None:
    assert parse_scale("1:5") == (1, 5)
    assert parse_scale("-10:10") == (-10, 10)
    assert parse_scale("1:1") == (1, 1)


def quoted(fields: list[str], separator: str) -> str:
    return separator.join('"' + field.replace('"', '""') + '"' for field in fields) + "\n"


@given(
    st.permutations(["userId", "", "movieId", "rating", "timestamp"]),
    st.permutations(["movieId", "title", "", "genres"]),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
)
def test_columns_go_by_their_names(
    tmp_path_factory: pytest.TempPathFactory,
    of_ratings: list[str],
    of_films: list[str],
    separator: str,
    encoding: str,
) -> None:
    """In any order, beside an index as pandas writes it, with any separator and encoding."""
    folder = tmp_path_factory.mktemp("csv")
    rows = [
        {"userId": str(u), "movieId": str(f), "rating": str(r), "timestamp": str(u * 9), "": "7"}
        for u, f, r in [(1, 1, 4), (2, 1, 3), (2, 2, 5)]
    ]
    films = [
        {"movieId": "1", "title": 'À "nous", la liberté (1931)', "genres": "A|B", "": "0"},
        {"movieId": "2", "title": "Café; Bar (1999)", "genres": "", "": "1"},
    ]
    for name, header, records in (("ratings", of_ratings, rows), ("movies", of_films, films)):
        lines = [header, *([record[column] for column in header] for record in records)]
        text = "".join(quoted(fields, separator) for fields in lines)
        (folder / f"{name}.csv").write_bytes(text.encode(encoding))
    data = read(folder)
    assert data.films["titulo"].tolist() == [film["title"] for film in films]
    assert data.genres() == [["A", "B"], []]
    assert data.ratings["avaliacao"].tolist() == [4, 3, 5]
    assert data.ratings["momento"].tolist() == [9, 18, 18]


@pytest.mark.parametrize("long", ["1,23457E+11", "1,3E11", "2e1"])
def test_an_id_as_a_spreadsheet_shortens_it_is_none(long: str, tmp_path: Path) -> None:
    """Several ids would be one."""
    rows = ["usuario;filme;nota;extra", "7;1;4,5;1e5", f"{long};2;3;x", f"{long};1;2;x"]
    (tmp_path / "notas.csv").write_text("\n".join(rows) + "\n")
    told = refusal(tmp_path / "notas.csv")
    assert f"line 3: usuario is a text of {len(long)} characters, expected a whole number" in told
    (tmp_path / "notas.csv").write_text("\n".join(rows[:2]) + "\n7;2;3;x\n")
    data = read(tmp_path / "notas.csv")
    assert (data.users["id"].tolist(), data.ratings["avaliacao"].tolist()) == ([7], [4.5, 3])


def test_ratings_of_single_precision_are_what_was_meant(tmp_path: Path) -> None:
    """Or the scale would begin a little above its lowest rating."""
    ratings = pd.Series([0.1, 4.7, 0.1], dtype="float32")
    frame = pd.DataFrame({"user": [1, 2, 3], "item": [3, 3, 3], "rating": ratings})
    frame.to_parquet(tmp_path / "a.parquet")
    data = read(tmp_path / "a.parquet")
    assert data.ratings["avaliacao"].tolist() == [0.1, 4.7, 0.1]
    assert data.lowest == 0.1


def test_dates_in_parquet(tmp_path: Path) -> None:
    dates = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"]))
    for name, times in (("a", dates), ("b", dates.astype(str) + "T01:00:00+01:00")):
        frame = pd.DataFrame({"user": [1, 2], "item": [3, 3], "rating": [4.5, 2], "time": times})
        frame.to_parquet(tmp_path / f"{name}.parquet")
        data = read(tmp_path / f"{name}.parquet")
        assert data.ratings["momento"].tolist() == [1577836800, 1577923200]
