"""Ratings that a request brings along: whether they are valid, and what they would change."""

import math
from collections.abc import Mapping, Sequence

from recommender.api.answers import Difference, ListedFilm, MovedFilm
from recommender.api.requests import Hypothesis
from recommender.data.catalog import Film
from recommender.http.problems import invalid_fields
from recommender.model.artifact import Artifact
from recommender.model.ranking import find_rows


def checked_ratings(artifact: Artifact, asked: Hypothesis) -> dict[int, float]:
    """Return the ratings of a request by film id.

    Raises:
        ProblemError: 422 that names each unknown film and each film named twice, rated or to be
            ranked, and each rating that is not of the scale of the data.
    """
    rated = [rating.filme_id for rating in asked.avaliacoes]
    ratings: dict[int, float] = {}
    checked: list[tuple[str, object, str | None]] = []
    for place, allowed in enumerate(_films_allowed(artifact, rated)):
        name, given = f"avaliacoes.{place}", asked.avaliacoes[place].avaliacao
        checked.append((f"{name}.filme_id", rated[place], allowed))
        if (rating := on_scale(artifact, given)) is None:
            checked.append((f"{name}.avaliacao", f"{given:.15g}", scale_allowed(artifact)))
        else:
            ratings[rated[place]] = rating
    for place, allowed in enumerate(_films_allowed(artifact, asked.entre or [])):
        checked.append((f"entre.{place}", (asked.entre or [])[place], allowed))
    faults = [(name, value, allowed) for name, value, allowed in checked if allowed]
    if faults:
        raise invalid_fields(faults)
    return ratings


def on_scale(artifact: Artifact, rating: float) -> float | None:
    """Return the rating of the data's scale that a number is, but for rounding; None for none."""
    (lowest, highest), step = artifact.scale, artifact.step
    if not lowest <= rating <= highest:
        return None
    if not step:
        return rating
    steps = (rating - lowest) / step
    whole = round(steps)
    if not math.isclose(steps, whole, abs_tol=1e-9):
        return None
    return float(f"{lowest + whole * step:.12g}")


def scale_allowed(artifact: Artifact) -> str:
    """Return what is allowed where a rating is not of the data's scale."""
    (lowest, highest), step = artifact.scale, artifact.step
    return f"um número de {lowest:g} a {highest:g}" + (f", de {step:g} em {step:g}" if step else "")


def _films_allowed(artifact: Artifact, films: Sequence[int]) -> list[str | None]:
    """Return of each film, by id, what is allowed if it is not: unknown, or named before."""
    seen: set[int] = set()
    allowed: list[str | None] = []
    for film, row in zip(films, find_rows(artifact.model, films).tolist(), strict=True):
        repeated = "cada filme uma só vez" if film in seen else None
        allowed.append("o id de um filme do catálogo" if row < 0 else repeated)
        seen.add(film)
    return allowed


def difference(today: Sequence[int], then: Sequence[int], films: Mapping[int, Film]) -> Difference:
    """Return which films (ids) entered a list, left it, or moved in it; places count from 1."""
    old, new = ({film: place for place, film in enumerate(ids, 1)} for ids in (today, then))
    return Difference(
        entraram=[ListedFilm(**films[f], posicao=new[f]) for f in then if f not in old],
        sairam=[ListedFilm(**films[f], posicao=old[f]) for f in today if f not in new],
        mudaram=[
            MovedFilm(**films[f], de=old[f], para=new[f])
            for f in then
            if old.get(f, new[f]) != new[f]
        ],
    )
