"""Finding films: details, similar and popular films, groups, the map, the pages for people."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from recommender.api.answers import FilmDetails, GroupDetails, Recommendation
from recommender.api.application import create_app
from recommender.data.catalog import MAX_ID
from recommender.model.artifact import Model, load
from recommender.model.ranking import make_directions
from recommender.model.similarity import explain_similar, rank_similar
from tests.conftest import ROOT
from training.model.labels import LEAST_GENRE

MOCK = json.loads((ROOT / "mock_data.json").read_text(encoding="utf-8"))
FILMS = {film["id"]: film | {"titulo_exibido": film["titulo"]} for film in MOCK["filmes"]}
GENRES = sorted({film["genero"] for film in MOCK["filmes"]})


def get(client: TestClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def follow(client: TestClient, path: str) -> list[Any]:
    """The pages from a path on, as far as Link headers lead."""
    pages = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        path = answer.links.get("next", {}).get("url", "")
    return pages


# One film


def test_a_film_has_its_mean_its_count_its_histogram_and_its_group(client: TestClient) -> None:
    groups = {group["id"]: group for group in follow(client, "/grupos?limite=50")[0]}
    for film_id in list(FILMS)[::20]:
        film = get(client, f"/filmes/{film_id}")
        TypeAdapter(FilmDetails).validate_python(film, strict=True, extra="forbid")
        given = [r["avaliacao"] for r in MOCK["avaliacoes"] if r["filme_id"] == film_id]
        assert film["total_avaliacoes"] == len(given)
        assert [part["total"] for part in film["histograma"]] == [given.count(n) for n in range(6)]
        assert film["avaliacao_media"] == pytest.approx(sum(given) / len(given), abs=0.006)
        assert {name: film[name] for name in FILMS[film_id]} == FILMS[film_id]
        group = groups[film["grupo"]["id"]]
        assert group["rotulo"] == film["grupo"]["rotulo"]
        assert film_id in {member["id"] for member in group["filmes"]}


@pytest.mark.parametrize("route", ["/filmes/{}", "/filmes/{}/similares"])
@pytest.mark.parametrize("film", [0, -1, 9999, MAX_ID])
def test_an_unknown_film(client: TestClient, route: str, film: int) -> None:
    answer = client.get(route.format(film))
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"Filme com ID {film} não encontrado."


@pytest.mark.parametrize("path", ["/filmes/x", "/filmes/x/similares", f"/filmes/{MAX_ID + 1}"])
def test_what_is_no_film_id(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.json()["erros"][0]["campo"] == "filme_id"


# Similar films


def test_similar_films_are_those_of_training_and_then_those_of_near_directions(
    model: Model,
) -> None:
    directions = make_directions(model.vectors)
    nearest = model.near_rows.shape[1]
    for row in range(0, len(directions), 40):
        found = rank_similar(model, row, limit=len(directions))
        assert sorted([*found.rows.tolist(), row]) == list(range(len(directions)))
        assert found.rows[:nearest].tolist() == model.near_rows[row].tolist()
        assert found.scores[:nearest].tolist() == model.near_scores[row].tolist()
        cosines = (directions @ directions[row])[found.rows[nearest:]]
        assert (np.diff(cosines) <= 1e-6).all()
        assert (np.diff(found.scores) <= 1e-6).all()
        assert not found.rated.any()


def test_similar_films_have_much_in_common(model: Model) -> None:
    """Of the same genre far more often than films at random; each kept list is in order."""
    same = [
        np.mean(model.film_genres[rows[:10]] & model.film_genres[row] != 0)
        for row, rows in enumerate(model.near_rows)
    ]
    everywhere = [
        np.mean(model.film_genres & model.film_genres[row] != 0)
        for row in range(len(model.near_rows))
    ]
    assert np.mean(same) > 2 * np.mean(everywhere)
    assert (np.diff(model.near_scores, axis=1) <= 0).all()
    assert not (model.near_rows == np.arange(len(model.near_rows))[:, None]).any()


def test_the_reason_for_a_similar_film_is_all_of_its_score(model: Model) -> None:
    found = rank_similar(model, 7, limit=300)
    for score, told in zip(found.scores, explain_similar(7, found), strict=True):
        assert told == ([(7, None, score)] if score > 0 else [])


def test_similar_films_over_http(client: TestClient) -> None:
    answer = client.get("/filmes/19/similares?limite=10")
    films = answer.json()
    TypeAdapter(list[Recommendation]).validate_python(films, strict=True, extra="forbid")
    assert len(films) == 10
    assert 19 not in {film["id"] for film in films}
    for film in films:
        (reason,) = film["motivos"]
        assert reason["filme_id"] == 19
        assert reason["avaliacao"] is None
        assert reason["parcela"] + film["resto"] == film["pontuacao"] <= 1
    two = f"excluir={films[0]['id']}&excluir={films[2]['id']}"
    others = get(client, f"/filmes/19/similares?limite=8&{two}")
    assert [f["id"] for f in others] == [films[i]["id"] for i in (1, 3, 4, 5, 6, 7, 8, 9)]


def test_similar_films_share_a_taste(client: TestClient) -> None:
    """Guel Arraes's best known film: others of his, and Brazilian comedies."""
    films = get(client, "/filmes/309/similares?limite=10")
    assert sum(film["genero"] == "comédia" for film in films) >= 4


# Popular films


def test_popular_films_are_those_that_most_people_rated(client: TestClient) -> None:
    times = Counter(rating["filme_id"] for rating in MOCK["avaliacoes"])
    order = sorted(FILMS, key=lambda film: (-times[film], film))
    answer = client.get("/filmes/populares?limite=30")
    films = answer.json()
    assert [film["id"] for film in films] == order[:30]
    assert answer.headers["x-estrategia"] == "populares"
    for film in films:
        assert film["motivos"] == film["contra"] == []
        assert not film["ja_avaliado"]
        assert film["resto"] == film["pontuacao"]
    comedies = get(client, "/filmes/populares?genero=COMEDIA&genero=terror&limite=9&excluir=14")
    wanted = [f for f in order if FILMS[f]["genero"] in ("comédia", "terror") and f != 14]
    assert [film["id"] for film in comedies] == wanted[:9]


# Groups


def test_groups_hold_every_film_once(client: TestClient) -> None:
    """The largest comes first; each is told apart by its label, which names films that it holds."""
    groups = get(client, "/grupos?limite=50")
    sizes = [group["total"] for group in groups]
    assert sizes == sorted(sizes, reverse=True)
    kinds = {group["rotulo"].partition(":")[0] for group in groups}
    assert len(kinds) == len(groups)
    TypeAdapter(list[GroupDetails]).validate_python(groups, strict=True, extra="forbid")
    members = [film["id"] for group in groups for film in group["filmes"]]
    assert sorted(members) == sorted(FILMS)
    times = Counter(rating["filme_id"] for rating in MOCK["avaliacoes"])
    for group in groups:
        assert group["total"] == len(group["filmes"])
        counts = [times[film["id"]] for film in group["filmes"]]
        assert counts == sorted(counts, reverse=True)
        titles = [film["titulo"] for film in group["filmes"]]
        assert sum(title in group["rotulo"] for title in titles) >= min(3, len(titles))
        for genre in group["generos"]:
            of_genre = [f for f in group["filmes"] if FILMS[f["id"]]["genero"] == genre]
            assert len(of_genre) >= LEAST_GENRE * group["total"]
        for director in group["diretores"]:
            made = [f for f in group["filmes"] if director in FILMS[f["id"]]["diretor"]]
            assert len(made) >= 2
            assert director in group["rotulo"]


def test_groups_with_few_films(client: TestClient) -> None:
    groups = get(client, "/grupos?filmes=2&limite=3")
    whole = get(client, "/grupos?limite=3")
    for group, full in zip(groups, whole, strict=True):
        assert group == full | {"filmes": full["filmes"][:2]}


# Pages

LISTS = ["/filmes", "/filmes/populares", "/filmes/14/similares", "/usuarios/7/recomendacoes"]
LONGEST = 100


@given(
    st.sampled_from(LISTS),
    st.lists(st.integers(1, LONGEST), min_size=1, max_size=5),
    st.lists(st.sampled_from(GENRES), max_size=3),
    st.lists(st.sampled_from(sorted(FILMS)), max_size=4),
)
def test_pages_of_any_sizes_meet(
    client: TestClient, path: str, sizes: list[int], genres: list[str], excluded: list[int]
) -> None:
    filters = [("genero", genre) for genre in genres] + [("excluir", str(f)) for f in excluded]
    found: list[int] = []
    params: list[tuple[str, str]] | None = filters
    for size in [*sizes, *[LONGEST] * 4]:
        answer = client.get(path, params=[*(params or []), ("limite", str(size))])
        assert answer.status_code == 200, answer.text
        found += [film["id"] for film in answer.json()]
        if "next" not in answer.links:
            break
        assert len(answer.json()) == size
        cursor = answer.links["next"]["url"].split("cursor=")[1]
        params = [*filters, ("cursor", cursor)]
    else:
        pytest.fail("the list has no end")
    left_out = {*excluded, *([14] if "similares" in path else [])}
    wanted = {f["id"] for f in MOCK["filmes"] if not genres or f["genero"] in genres} - left_out
    assert len(found) == len(set(found))
    assert set(found) == wanted


@pytest.mark.parametrize("size", [1, 3, 50])
def test_pages_of_groups_meet(client: TestClient, size: int) -> None:
    pages = follow(client, f"/grupos?limite={size}&filmes=1")
    groups = [group["id"] for page in pages for group in page]
    assert groups == list(range(len(groups)))
    assert client.get("/grupos").headers["x-total-count"] == str(len(groups))


@pytest.mark.parametrize("path", [*LISTS, "/grupos"])
def test_a_cursor_is_of_one_list(client: TestClient, path: str) -> None:
    link = client.get(f"{path}?limite=2").links["next"]["url"]
    cursor = link.split("cursor=")[1]
    others = [f"{other}?cursor={cursor}" for other in [*LISTS, "/grupos"] if other != path]
    if path != "/grupos":
        others += [f"{path}?genero=drama&cursor={cursor}", f"{path}?excluir=1&cursor={cursor}"]
    for other in others:
        answer = client.get(other)
        assert answer.status_code == 422, other
        (error,) = answer.json()["erros"]
        assert error["campo"] == "cursor"
        assert error["permitido"].endswith("com os parâmetros da mesma lista")
    assert client.get(f"{path}?cursor={cursor}&limite=9").status_code == 200


@pytest.mark.parametrize("params", ["limite=2", "q=a&limite=2"])
def test_a_cursor_tells_no_more_films_than_there_are(client: TestClient, params: str) -> None:
    first = client.get(f"/filmes?{params}")
    counted = first.headers["x-total-count"]
    link = first.links["next"]["url"]
    assert client.get(link).headers["x-total-count"] == counted
    start = link.removesuffix(f"-{counted}")
    assert client.get(f"{start}-{len(FILMS)}").status_code == 200
    for total in (len(FILMS) + 1, 10**20 - 1):
        answer = client.get(f"{start}-{total}")
        assert answer.status_code == 422
        assert [error["campo"] for error in answer.json()["erros"]] == ["cursor"]


# The map


def test_the_map_is_the_one_that_training_drew(client: TestClient, artifact_dir: Path) -> None:
    answer = client.get("/mapa.svg")
    assert answer.content == (artifact_dir / "mapa.svg").read_bytes()
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("altered", [True, False])
def test_a_map_that_is_not_the_manifests(artifact_dir: Path, tmp_path: Path, altered: bool) -> None:
    folder = tmp_path / "artifact"
    shutil.copytree(artifact_dir, folder)
    (folder / "mapa.svg").unlink()
    if altered:
        (folder / "mapa.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with TestClient(create_app(folder)) as client:
        answer = client.get("/mapa.svg")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.get("/filmes/1/recomendacoes").status_code == 200


def test_the_map_in_use_is_readable(artifact_dir: Path) -> None:
    assert load(artifact_dir).read_map().rstrip().endswith(b"</svg>")


# The page for people


def test_the_page_needs_nothing_of_the_internet(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="pt-BR">' in answer.text
    text = re.sub(r"http://www\.w3\.org/2000/svg", "", answer.text)
    assert "http://" not in text
    assert "https://" not in text
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script>", text)
    assert set(re.findall(r"<script (?:src|type)=[^>]*>(.)", text)) <= {
        "<",
        "{",
    }  # nothing, or data
    for name in re.findall(r'(?:src|href)="(pagina/[^"]+)"', text):
        assert client.get(f"/{name}").status_code == 200
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
