"""The example data: complete, reproducible, includes the original case, and has structure."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans  # type: ignore[import-untyped,unused-ignore]
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped,unused-ignore]

ROOT = Path(__file__).resolve().parents[2]
MOCK = "mock_data.json"
CASE = "tests/data/caso_original.json"
FIRST_TWENTY = (
    "Blade Runner",
    "Inception",
    "The Matrix",
    "Pride and Prejudice",
    "The Notebook",
    "La La Land",
    "Die Hard",
    "Mad Max",
    "John Wick",
    "Superbad",
    "Anchorman",
    "The Hangover",
    "The Shawshank Redemption",
    "Forrest Gump",
    "The Godfather",
    "Joker",
    "The Social Network",
    "The Big Lebowski",
    "Guardians of the Galaxy",
    "The Grand Budapest Hotel",
)
TOP_FIVE = (
    "Anchorman|Forrest Gump|The Big Lebowski|Guardians of the Galaxy|The Grand Budapest Hotel",
    "Pride and Prejudice|La La Land|Superbad|The Hangover|The Godfather",
    "Inception|The Matrix|Die Hard|The Shawshank Redemption|Joker",
    "Blade Runner|Mad Max|Anchorman|Forrest Gump|The Grand Budapest Hotel",
    "The Matrix|The Notebook|Superbad|The Shawshank Redemption|The Social Network",
)
Matrix = NDArray[np.float64]


def load(path: str) -> dict[str, list[dict[str, Any]]]:
    """The tables of one of the two files."""
    data = json.loads((ROOT / path).read_text(encoding="utf-8"))
    assert data.pop("demonstracao", False) is (path == MOCK)
    tables: dict[str, list[dict[str, Any]]] = data
    return tables


def matrix(data: dict[str, list[dict[str, Any]]], missing: float) -> Matrix:
    """Ratings as users by films."""
    table = np.full((len(data["usuarios"]), len(data["filmes"])), missing)
    for row in data["avaliacoes"]:
        table[row["usuario_id"] - 1, row["filme_id"] - 1] = row["avaliacao"]
    return table


def test_the_script_writes_the_same_bytes(tmp_path: Path) -> None:
    """A run with another hash seed reproduces both committed files."""
    script = ROOT / "tests/data/make_mock_data.py"
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, script, tmp_path], check=True, env=environment)
    for path in (MOCK, CASE):
        assert (tmp_path / path).read_bytes() == (ROOT / path).read_bytes(), path


@pytest.mark.parametrize("path", [MOCK, CASE])
def test_every_record_has_the_documented_form(path: str) -> None:
    """Fields, ids from 1 to n, whole ratings from 0 to 5, no pair twice, no dangling id."""
    data = load(path)
    assert list(data) == ["usuarios", "filmes", "avaliacoes"]
    people, films, ratings = data.values()
    for records in (people, films):
        assert [record["id"] for record in records] == list(range(1, len(records) + 1))
    assert all(list(user) == ["id", "nome", "email"] for user in people)
    assert all(list(film) == ["id", "titulo", "genero", "diretor", "atores"] for film in films)
    for film in films:
        assert all(film[k] and film[k] == film[k].strip() for k in list(film)[1:]), film
        assert film["genero"] == film["genero"].lower()
        assert 2 <= len(film["atores"].split(", ")) <= 4, film
    fields = {"usuario_id", "filme_id", "avaliacao"} | ({"momento"} if path == MOCK else set())
    assert all(set(row) == fields for row in ratings)
    assert all(type(row["avaliacao"]) is int and 0 <= row["avaliacao"] <= 5 for row in ratings)
    pairs = {(row["usuario_id"], row["filme_id"]) for row in ratings}
    assert len(pairs) == len(ratings)
    assert {user for user, _ in pairs} <= set(range(1, len(people) + 1))
    assert {film for _, film in pairs} <= set(range(1, len(films) + 1))


def test_the_files_are_readable() -> None:
    """Plain UTF-8 without escapes, one record on each line."""
    text = (ROOT / MOCK).read_text(encoding="utf-8")
    assert "\\u" not in text
    assert "ação" in text
    assert len(text.splitlines()) == sum(map(len, load(MOCK).values())) + 2 + 2 * 3 + 1


def test_the_catalogue_is_wide() -> None:
    """There are enough films, people and ratings; titles, names and addresses are unique."""
    people, films, ratings = load(MOCK).values()
    assert len(films) >= 220
    assert len(people) >= 130
    assert len(ratings) >= 5000
    assert tuple(film["titulo"] for film in films[:20]) == FIRST_TWENTY
    assert len({film["titulo"] for film in films}) == len(films)
    assert len({user["nome"] for user in people}) == len(people)
    assert len({user["email"] for user in people}) == len(people)
    assert all(user["email"].endswith(("@example.com", "@example.org")) for user in people)
    assert len({film["genero"] for film in films}) >= 10
    catalogue = (ROOT / "tests/data/catalogue.csv").read_text(encoding="utf-8")
    assert catalogue.count(";brasileiro") >= 40


def test_who_rates_what() -> None:
    """Some films and the last user have no ratings; a long tail; users 1 to 5 rate 20 films."""
    people, films, ratings = load(MOCK).values()
    per_film = Counter(row["filme_id"] for row in ratings)
    cold = [film["id"] for film in films if not per_film[film["id"]]]
    assert 3 <= len(cold) <= 4
    assert min(cold) > 20
    assert min(per_film.values()) >= 3
    assert max(per_film.values()) > 3 * float(np.median(list(per_film.values())))
    per_user = Counter(row["usuario_id"] for row in ratings)
    assert [user["id"] for user in people if not per_user[user["id"]]] == [len(people)]
    others = [per_user[user["id"]] for user in people[5:-1]]
    assert min(others) >= 8
    assert 100 <= max(others) <= 125
    assert sorted(others)[len(others) // 2] < max(others) / 3
    for user in range(1, 6):
        rated = [row["filme_id"] for row in ratings if row["usuario_id"] == user]
        assert rated == list(range(1, 21))


def test_the_original_case_is_the_first_part_of_the_data() -> None:
    """Both files share five people, twenty films and a hundred ratings."""
    whole, case = load(MOCK), load(CASE)
    assert [len(records) for records in case.values()] == [5, 20, 100]
    assert case["usuarios"] == whole["usuarios"][:5]
    assert case["filmes"] == whole["filmes"][:20]
    without_time = [{**row} for row in whole["avaliacoes"] if row["usuario_id"] <= 5]
    for row in without_time:
        del row["momento"]
    assert case["avaliacoes"] == without_time


def test_the_original_algorithm_gives_the_five_sets() -> None:
    """Any seed and n_init give five clusters, and the fifth place is well ahead of the sixth."""
    scaled = StandardScaler().fit_transform(matrix(load(CASE), missing=0.0))
    assert scaled.var(axis=0).min() > 0.5  # no film has equal ratings only
    for seed in range(40):
        for restarts in (1, 10):
            model = KMeans(n_clusters=5, random_state=seed, n_init=restarts).fit(scaled)
            assert len(set(model.labels_)) == 5
            for user, titles in enumerate(TOP_FIVE):
                centre = model.cluster_centers_[model.labels_[user]]
                order = np.argsort(-centre)
                assert {FIRST_TWENTY[film] for film in order[:5]} == set(titles.split("|"))
                assert centre[order[4]] - centre[order[5]] >= 0.2


def test_what_people_rate_next_resembles_what_they_rated_last() -> None:
    """Moments are whole seconds, none twice; neighbours in time share their genre more often."""
    _, films, ratings = load(MOCK).values()
    genre = {film["id"]: film["genero"] for film in films}
    near, far = [], []
    for user in {row["usuario_id"] for row in ratings}:
        rated = [row for row in ratings if row["usuario_id"] == user]
        moments = [row["momento"] for row in rated]
        assert all(type(moment) is int and moment > 1_500_000_000 for moment in moments)
        assert len(set(moments)) == len(moments)
        genres = [genre[row["filme_id"]] for row in sorted(rated, key=lambda row: row["momento"])]
        near += [a == b for a, b in pairwise(genres)]
        far += [a == b for a, b in zip(genres, genres[len(genres) // 2 :], strict=False)]
    assert np.mean(near) > 1.3 * np.mean(far)


def test_people_rate_what_does_not_suit_them_low() -> None:
    """Among those who mostly like one genre, its films are liked far more often than the others."""
    _, films, ratings = load(MOCK).values()
    genre = {film["id"]: film["genero"] for film in films}
    own, other = [], []
    for user in {row["usuario_id"] for row in ratings}:
        rated = [(genre[r["filme_id"]], r["avaliacao"]) for r in ratings if r["usuario_id"] == user]
        liked = Counter(name for name, value in rated if value >= 4)
        (favourite, count), *_ = [*liked.most_common(1), ("", 0)]
        if count >= 5 and count >= 0.6 * liked.total():
            own += [value >= 4 for name, value in rated if name == favourite]
            other += [value >= 4 for name, value in rated if name != favourite]
    assert len(own) > 300
    assert np.mean(own) > 1.5 * np.mean(other)


def ndcg(scores: Matrix, known: NDArray[np.bool_], hidden: NDArray[np.bool_]) -> float:
    """Mean nDCG@10 over films without a known rating; every hidden film is relevant."""
    discount = 1 / np.log2(np.arange(2, 12))
    found = []
    for user in np.flatnonzero(hidden.any(axis=1)):
        ranked = np.argsort(-np.where(known[user], -np.inf, scores[user]), kind="stable")[:10]
        ideal = discount[: min(10, int(hidden[user].sum()))].sum()
        found.append(float((discount * hidden[user, ranked]).sum() / ideal))
    return float(np.mean(found))


def held_out() -> tuple[Matrix, NDArray[np.bool_], NDArray[np.bool_]]:
    """The ratings (missing = NaN), a mask of the known ones, and a mask of the hidden quarter."""
    table = matrix(load(MOCK), missing=np.nan)
    rated = ~np.isnan(table)
    hidden = rated & (np.random.default_rng(0).random(table.shape) < 0.25)
    return table, rated & ~hidden, hidden


def test_tastes_can_be_learnt_from_who_watched_what() -> None:
    """A truncated SVD has twice the nDCG of the most popular films on a hidden quarter."""
    table, known, hidden = held_out()
    seen = np.where(known, 0.2 + 0.16 * table, 0.0)
    _, _, axes = np.linalg.svd(seen, full_matrices=False)
    personal = ndcg(seen @ axes[:12].T @ axes[:12], known, hidden)
    popular = ndcg(np.tile(known.sum(axis=0).astype(float), (len(table), 1)), known, hidden)
    assert personal > 2 * popular
    assert popular > 0.05


def test_tastes_can_be_learnt_from_the_ratings() -> None:
    """Similar films predict a hidden rating better than the means of film and person."""
    table, known, hidden = held_out()
    values = np.where(known, table, 0.0)
    middle = values.sum() / known.sum()
    film = (values.sum(axis=0) + 5 * middle) / (known.sum(axis=0) + 5)
    rest = np.where(known, values - film, 0.0)
    mildness = rest.sum(axis=1, keepdims=True) / (known.sum(axis=1, keepdims=True) + 5)
    plain = film + mildness
    rest = np.where(known, values - plain, 0.0)
    alike = rest.T @ rest
    norm = np.sqrt(np.diag(alike)) + 1.0
    alike = alike / norm / norm[:, None]
    np.fill_diagonal(alike, 0.0)
    weight = np.abs(alike)
    guess = plain + (rest @ alike) / (known.astype(float) @ weight + 0.5)
    plain_error, guess_error = (float(((m - table)[hidden] ** 2).mean()) for m in (plain, guess))
    assert guess_error < 0.92 * plain_error


def test_user_1_is_offered_eccentric_films() -> None:
    """With ratings minus 2.5 and twelve axes, at least seven of ten unrated films fit."""
    table = matrix(load(MOCK), missing=2.5) - 2.5
    _, _, axes = np.linalg.svd(table, full_matrices=False)
    scores = table[0] @ axes[:12].T @ axes[:12]
    scores[:20] = -np.inf
    with (ROOT / "tests/data/catalogue.csv").open(encoding="utf-8", newline="") as source:
        style = [film["estilo"].split() for film in csv.DictReader(source, delimiter=";")]
    assert sum("excêntrico" in style[film] for film in np.argsort(-scores)[:10]) >= 7
