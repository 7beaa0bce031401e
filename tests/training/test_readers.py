"""Folders of data: every published layout of MovieLens and RecBole's, and broken files."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommender.data.catalog import MAX_ID
from recommender.model.ranking import Strategy
from tests.movielens_100k import ml_100k
from training.choice.metrics import make_profiles, rank_all, score_lists, summarise
from training.data.dataset import Dataset
from training.data.read import read
from training.data.readers.movielens_100k import GENRES
from training.data.splits import split_by_film
from training.data.tables import DataError
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

FILMS = [
    (1, "Toy Story (1995)", ["Animation", "Children's", "Comedy"]),
    (7, "City of Lost Children, The (Cité des enfants perdus, La) (1995)", ["Sci-Fi"]),
    (12, "Star Wars: Episode IV - A New Hope (1977)", ["Action", "War"]),
    (30, 'Fun "Quoted" Film (1999)', []),
    (31, "À nous la liberté (1931)", ["Western"]),
]
RATINGS = [
    (196, 12, 3.0, 881250949),
    (186, 1, 4.0, 891717742),
    (196, 1, 5.0, 878887116),
    (22, 30, 1.0, 880606923),
    (196, 31, 2.0, 886397596),
    (22, 7, 4.0, 884182806),
]
Rows = list[tuple[int, int, float, int]]


def write_csv(folder: Path, ratings: Rows = RATINGS) -> None:
    """ml-latest and ml-20m to ml-32m: UTF-8, titles with commas or quotes are quoted."""
    lines = ["movieId,title,genres"]
    for film, title, genres in FILMS:
        quoted = '"' + title.replace('"', '""') + '"' if "," in title or '"' in title else title
        lines.append(f"{film},{quoted},{'|'.join(genres) or '(no genres listed)'}")
    (folder / "movies.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["userId,movieId,rating,timestamp", *(f"{u},{f},{r},{t}" for u, f, r, t in ratings)]
    (folder / "ratings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0114709,862\n")


def write_100k(folder: Path) -> None:
    """ml-100k: tabs, films in Latin-1 with a flag for each genre."""
    lines = []
    for film, title, genres in FILMS:
        flags = [str(int(name in (genres or ["unknown"]))) for name in GENRES]
        lines.append("|".join([str(film), title, "01-Jan-1995", "", "http://us.imdb.com/", *flags]))
    (folder / "u.item").write_text("\n".join(lines) + "\n", encoding="latin-1")
    lines = [f"{u}\t{f}\t{r:.0f}\t{t}" for u, f, r, t in RATINGS]
    (folder / "u.data").write_text("\n".join(lines) + "\n")
    (folder / "u.genre").write_text("unknown|0\nAction|1\n\n")


def write_dat(folder: Path, encoding: str = "latin-1") -> None:
    """ml-1m (Latin-1) and ml-10m (UTF-8): '::' between the fields."""
    lines = [f"{f}::{title}::{'|'.join(g) or '(no genres listed)'}" for f, title, g in FILMS]
    (folder / "movies.dat").write_text("\n".join(lines) + "\n", encoding=encoding)
    lines = [f"{u}::{f}::{r:g}::{t}" for u, f, r, t in RATINGS]
    (folder / "ratings.dat").write_text("\n".join(lines) + "\n")
    (folder / "users.dat").write_text("1::F::1::10::48067\n")


def write_recbole(folder: Path, genre_column: str = "class") -> None:
    """RecBole's atomic files: tabs, typed columns, year in a column, genres between blanks."""
    lines = [f"item_id:token\tmovie_title:token_seq\trelease_year:token\t{genre_column}:token_seq"]
    for film, title, genres in FILMS:
        name, year = title[:-7], title[-5:-1]
        lines.append(f"{film}\t{name}\t{year}\t{' '.join(genres) or 'unknown'}")
    (folder / "ml.item").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["user_id:token\titem_id:token\trating:float\ttimestamp:float"]
    lines += [f"{u}\t{f}\t{r:.0f}\t{t}" for u, f, r, t in RATINGS]
    (folder / "ml.inter").write_text("\n".join(lines) + "\n")


LAYOUTS: list[Callable[[Path], None]] = [
    write_csv,
    write_100k,
    write_dat,
    lambda folder: write_dat(folder, "utf-8"),
    write_recbole,
    lambda folder: write_recbole(folder, "genre"),
]


@pytest.mark.parametrize("write", LAYOUTS)
def test_every_layout_gives_the_same_data(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path)
    data = read(tmp_path)
    assert data.films["id"].tolist() == [film for film, _, _ in FILMS]
    assert data.films["titulo"].tolist() == [title for _, title, _ in FILMS]
    assert data.genres() == [genres for _, _, genres in FILMS]
    assert data.users["id"].tolist() == [22, 186, 196]
    assert data.users["nome"].tolist() == ["Usuário 22", "Usuário 186", "Usuário 196"]
    found = [
        data.users["id"].to_numpy()[data.ratings["user"]].tolist(),
        data.films["id"].to_numpy()[data.ratings["film"]].tolist(),
        data.ratings["avaliacao"].tolist(),
        data.ratings["momento"].tolist(),
    ]
    assert list(zip(*found, strict=True)) == RATINGS
    assert (data.lowest, data.highest) == (1, 5)


def test_every_layout_has_the_same_digest(tmp_path: Path) -> None:
    digests = set()
    for number, write in enumerate(LAYOUTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder)
        digests.add(read(folder).digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("rating", "scale"), [(0.5, (0.5, 5.0)), (4.5, (1.0, 5.0)), (5.5, (1.0, 10.0))]
)
def test_the_scale_follows_from_the_ratings(
    rating: float, scale: tuple[float, float], tmp_path: Path
) -> None:
    write_csv(tmp_path, [*RATINGS, (22, 12, rating, 880606924)])
    data = read(tmp_path)
    assert data.matrix[0, 2] == rating
    assert (data.lowest, data.highest) == scale


def test_the_last_rating_of_a_user_and_film_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_csv(tmp_path, [*RATINGS, (196, 12, 1.5, 900000000)])
    with caplog.at_level(logging.WARNING):
        data = read(tmp_path)
    assert data.matrix[2, 2] == 1.5
    assert data.duplicates == 1
    assert caplog.messages == ["ratings replaced by a later one of the same user and film: 1"]


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize("write", LAYOUTS)
def test_windows_line_ends_and_blank_lines_at_the_end(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path)
    digest = read(tmp_path).digest
    for path in tmp_path.iterdir():
        rewrite(path, lambda content: content.replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert read(tmp_path).digest == digest


@pytest.mark.parametrize("name", ["movies.csv", "ratings.csv", "ml.item", "ml.inter"])
def test_a_byte_order_mark(name: str, tmp_path: Path) -> None:
    (write_csv if name.endswith("csv") else write_recbole)(tmp_path)
    digest = read(tmp_path).digest
    rewrite(tmp_path / name, lambda content: b"\xef\xbb\xbf" + content)
    assert read(tmp_path).digest == digest


@pytest.mark.parametrize("mark", ["\x85", "\u2028", "\x0b", "\x1c"])
def test_unusual_line_separators_are_part_of_a_title(mark: str, tmp_path: Path) -> None:
    write_csv(tmp_path)
    rewrite(tmp_path / "movies.csv", lambda c: c.replace(b"Toy Story", f"T{mark}S".encode()))
    assert read(tmp_path).films["titulo"][0] == f"T{mark}S (1995)"


def test_columns_in_another_order_and_more_of_them(tmp_path: Path) -> None:
    write_recbole(tmp_path)
    digest = read(tmp_path).digest
    for path in tmp_path.iterdir():
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        text = "\n".join("\t".join([*reversed(row), "x:token"]) for row in rows) + "\n"
        path.write_text(text, encoding="utf-8")
    assert read(tmp_path).digest == digest


def test_no_genres_in_the_words_of_recbole(tmp_path: Path) -> None:
    write_recbole(tmp_path)
    rewrite(tmp_path / "ml.item", lambda c: c.replace(b"\tunknown", b"\t(no genres listed)"))
    assert read(tmp_path).genres()[3] == []


HEADER = b"userId,movieId,rating,timestamp\n"
INTER = b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
NUMBERS = "expected a number from 0 to 10; for another scale give --scale LOW:HIGH"
WHOLE = f"expected a whole number from 0 to {MAX_ID}; --renumber FILE numbers other ids"
TIMES = "expected seconds since 1970, or a date such as 2005-04-02 23:53:47"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("ratings.csv", b"", " is empty"),
        ("ratings.csv", b"\n", " is empty"),
        ("ratings.csv", HEADER, " has no records: nothing to train on"),
        ("ratings.csv", HEADER + b"1,1,5,9\n1,7", ", line 3: 2 fields, 4 are needed"),
        ("ratings.csv", HEADER + b"1,1,5\n", ", line 2: 3 fields, 4 are needed"),
        ("ratings.csv", HEADER + b"1,1,good,9\n", f", line 2: rating is 'good', {NUMBERS}"),
        ("ratings.csv", HEADER + b"1,1,5,9\n1,7,,9\n", f", line 3: rating is '', {NUMBERS}"),
        ("ratings.csv", HEADER + b"1,1,5,9\n1,7,NaN,9\n", f", line 3: rating is 'NaN', {NUMBERS}"),
        ("ratings.csv", HEADER + b"1,1,inf,9\n", f", line 2: rating is 'inf', {NUMBERS}"),
        ("ratings.csv", HEADER + b"1,1,11,9\n", f", line 2: rating is 11, {NUMBERS}"),
        ("ratings.csv", HEADER + b"1,1,-1,9\n", f", line 2: rating is -1, {NUMBERS}"),
        (
            "ratings.csv",
            HEADER + b"1,1,5,9\n1,7,True,9\n",
            f", line 3: rating is 'True', {NUMBERS}",
        ),
        ("ratings.csv", HEADER + b"1,1,5,\xff\n", f", line 2: timestamp is 'ÿ', {TIMES}"),
        (
            "ratings.csv",
            HEADER + b"1,8,5,9\n1,9,5,9\n2,8,5,9\n",
            ", line 2: movieId is 8, expected the id of a film in the data (and 2 more)",
        ),
        (
            "ratings.csv",
            HEADER + b"1,1,5,9\n7,1,5,9\n-3,1,4,9\n",
            f", line 4: userId is a whole number of 1 digit below 0, {WHOLE}",
        ),
        (
            "ratings.csv",
            HEADER + b"1,1,5,9\n1,7,5,9\nx,1,4,9\n",
            f", line 4: userId is a text of 1 character, {WHOLE}",
        ),
        (
            "ratings.csv",
            HEADER + b"1,1,5,9\n\n1,7,5,9\n2,y,4,9\n",
            f", line 5: movieId is 'y', {WHOLE}",
        ),
        ("ratings.csv", HEADER + b"1,1,5,9\n\n1,7,11,9\n", f", line 4: rating is 11, {NUMBERS}"),
        ("ratings.csv", HEADER + b"1,1.5,4,9\n", f", line 2: movieId is '1.5', {WHOLE}"),
        (
            "ratings.csv",
            HEADER + b"1," + b"9" * 30 + b",4,9\n",
            f", line 2: movieId is '{'9' * 30}', {WHOLE}",
        ),
        (
            "ratings.csv",
            HEADER + b'1,1,5,9\n"1,1,5,9\n',
            ", line 3: unexpected end of data",
        ),
        ("movies.csv", b"", " is empty"),
        ("movies.csv", b"movieId,title,genres\n", " has no records: nothing to train on"),
        (
            "movies.csv",
            b"h\n1,A,Drama\n7,B\n",
            ", line 1: no column for the film among 1 field",
        ),
        (
            "movies.csv",
            b"movieId,title,genres\n1,A,Drama\n7,B\n",
            ", line 3: 2 fields, 3 are needed",
        ),
        (
            "movies.csv",
            b"movieId,title,genres\n1,A,Drama\n1,B,\n",
            ", line 3: movieId is '1', expected an id that no earlier record has",
        ),
        (
            "movies.csv",
            b"movieId,title,genres\n1,A,Drama\n7,,\n",
            ", line 3: title is '', expected text that is not empty",
        ),
        (
            "movies.csv",
            b'movieId,title,genres\n1,A,\n7,"' + b"x" * 200_000,
            ", line 3: field larger than field limit (131072)",
        ),
        ("u.data", b"", " has no records: nothing to train on"),
        ("u.data", b"1\t1\t3\n", ", line 1: 3 fields, 4 are needed"),
        ("u.data", b"1\t1\t3\t9\n1\t7\n", ", line 2: 2 fields, 4 are needed"),
        ("u.data", b"1 1\t3\t9\t0\n", f", line 1: user id is a text of 3 characters, {WHOLE}"),
        ("u.item", b"", " has no records: nothing to train on"),
        ("u.item", b"1|Toy Story|1995\n", ", line 1: 3 fields, 24 are needed"),
        ("ratings.dat", b"", " has no records: nothing to train on"),
        ("ratings.dat", b"1::1::3::9\n1::7::3\n", ", line 2: 3 fields, 4 are needed"),
        ("ratings.dat", b"1::1::3::9\n1:1::3::9\n", ", line 2: 3 fields, 4 are needed"),
        ("ratings.dat", b"1,1,3,9\n", ", line 1: 1 field, 4 are needed"),
        ("movies.dat", b"1::A\n", ", line 1: 2 fields, 3 are needed"),
        ("ml.inter", b"", " is empty"),
        ("ml.inter", INTER, " has no records: nothing to train on"),
        ("ml.inter", b"Ana\t1\t3\t9\n", ", line 1: no column for the user among 4 fields"),
        (
            "ml.inter",
            INTER + b"a\t1\t3\t9\n",
            f", line 2: user_id is a text of 1 character, {WHOLE}",
        ),
        ("ml.item", b"", " is empty"),
        ("ml.item", b"item_id:token\n1\n", ", line 1: no column for the title among 'item_id'"),
        ("ml.item", b"item_id:token\tmovie_title:token\n1\n", ", line 2: 1 field, 2 are needed"),
    ],
)
def test_a_broken_file_is_named(name: str, content: bytes, expected: str, tmp_path: Path) -> None:
    layouts = {"u": write_100k, "ml": write_recbole}
    stem, ending = name.split(".")
    layouts.get(stem, write_csv if ending == "csv" else write_dat)(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as refusal:
        read(tmp_path)
    assert str(refusal.value) == f"{tmp_path / name}{expected}"


@pytest.mark.parametrize(
    "names", [[], ["u.item"], [".ratings.csv"], ["a.inter", "b.inter", "a.item"]]
)
def test_a_folder_without_a_known_layout(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("x\n")
    expected = f"^{tmp_path} has none of the known layouts: a JSON file; "
    with pytest.raises(DataError, match=expected):
        read(tmp_path)


@pytest.fixture(scope="module")
def real() -> Dataset:
    return ml_100k()


def test_ml_100k_is_read(real: Dataset) -> None:
    assert (len(real.users), len(real.films), len(real.ratings)) == (943, 1682, 100_000)
    assert real.duplicates == 0
    assert (real.lowest, real.highest) == (1, 5)
    assert real.films["titulo"][0] == "Toy Story (1995)"
    assert real.genres()[0] == ["Animation", "Children's", "Comedy"]
    # The first published line: user 196 rated film 242 with 3.
    assert (real.users["id"][195], real.films["id"][241], real.matrix[195, 241]) == (196, 242, 3)
    assert real.ratings["avaliacao"].value_counts().sort_index().tolist() == [
        6110, 11370, 27145, 34174, 21201,
    ]  # fmt: skip


def test_the_published_protocol_gives_the_published_figures(real: Dataset) -> None:
    """Most popular films: nDCG 0.252, MAP 0.056. Our defaults beat the best published model."""
    train, test = split_by_film(real.ratings, 42)
    model = fit(real.with_ratings(train), Hyperparameters())
    profiles = make_profiles(model, train, test)
    assert len(profiles.users) == 943

    def means(strategy: str) -> dict[str, float]:
        lists = rank_all(model, profiles, Strategy(strategy))
        found = summarise(score_lists(lists, profiles.relevant))
        return {name: float(np.round(value["mean"] or 0, 3)) for name, value in found.items()}

    popular = means("populares")
    assert (popular["ndcg"], popular["map"], popular["recall"]) == (0.252, 0.056, 0.113)
    best = means("padrao")
    assert best["ndcg"] > 0.475
    assert best["map"] > 0.146
