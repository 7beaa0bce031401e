"""Ratings that a request brings along: whether they can be, and what they would change."""

from collections.abc import Mapping, Sequence
from typing import Any

from recommender.artifact import Artifact
from recommender.problems import invalid_fields
from recommender.ranking import find_rows
from recommender.schemas import GivenRating


def checked_ratings(artifact: Artifact, ratings: Sequence[GivenRating]) -> dict[int, float]:
    """Return ratings by film id.

    Raises:
        ProblemError: 422 that names each unknown film, each film rated twice, and each rating
            outside the scale of the data.
    """
    lowest, highest = artifact.scale
    rows = find_rows(artifact.model, [rating.filme_id for rating in ratings])
    given: dict[int, float] = {}
    faults: list[tuple[str, object, str]] = []
    for place, (rating, row) in enumerate(zip(ratings, rows.tolist(), strict=True)):
        film = f"avaliacoes.{place}.filme_id"
        if row < 0:
            faults.append((film, rating.filme_id, "o id de um filme do catálogo"))
        elif rating.filme_id in given:
            faults.append((film, rating.filme_id, "cada filme uma só vez"))
        if not lowest <= rating.avaliacao <= highest:
            allowed = f"de {lowest:g} a {highest:g}"
            faults.append((f"avaliacoes.{place}.avaliacao", rating.avaliacao, allowed))
        given[rating.filme_id] = rating.avaliacao
    if faults:
        raise invalid_fields(faults)
    return given


def difference(
    today: Sequence[int], then: Sequence[int], titles: Mapping[int, str]
) -> dict[str, list[dict[str, Any]]]:
    """Return which films (ids) entered a list, left it, or moved in it; places count from 1."""
    old, new = ({film: place for place, film in enumerate(ids, 1)} for ids in (today, then))

    def film(film_id: int, **places: int) -> dict[str, Any]:
        return {"id": film_id, "titulo": titles[film_id], **places}

    return {
        "entraram": [film(f, posicao=place) for f, place in new.items() if f not in old],
        "sairam": [film(f, posicao=place) for f, place in old.items() if f not in new],
        "mudaram": [
            film(f, de=old[f], para=place) for f, place in new.items() if old.get(f, place) != place
        ],
    }
