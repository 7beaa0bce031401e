"""Ratings that a request brings along: whether they are valid, and what they would change."""

import math
import time
from collections.abc import Mapping, Sequence

from recommender.api.answers import Difference, ListedFilm, MovedFilm, fitting
from recommender.api.requests import GivenRating, RatedFilm
from recommender.data.catalog import Film
from recommender.http.problems import Fault, invalid_fields
from recommender.model.artifact import Artifact
from recommender.model.profile import find_rows


def timed_ratings(
    artifact: Artifact, given: Sequence[GivenRating], among: Sequence[int] = ()
) -> dict[int, tuple[float, float]]:
    """Return the ratings of a request, and when they were given, by film id.

    Those without a moment were given just now, in the order of the request. Raises as
    ``checked_ratings`` does.
    """
    ratings = checked_ratings(artifact, given, among)
    now = time.time()
    moments = (
        each.momento.timestamp() if each.momento else now + place
        for place, each in enumerate(given)
    )
    return dict(zip(ratings, zip(ratings.values(), moments, strict=True), strict=True))


def checked_ratings(
    artifact: Artifact, given: Sequence[RatedFilm], among: Sequence[int] = ()
) -> dict[int, float]:
    """Return the ratings of a request by film id, in its order; ``among`` are other films in it.

    Raises:
        ProblemError: 422 that names each unknown film, each film named twice, and each rating that
            is not on the scale of the data.
    """
    faults = _film_faults(artifact, "avaliacoes.{}.filme_id", [each.filme_id for each in given])
    faults += _film_faults(artifact, "entre.{}", among)
    ratings: dict[int, float] = {}
    for place, each in enumerate(given):
        if (rating := on_scale(artifact, each.avaliacao)) is None:
            name, value = f"avaliacoes.{place}.avaliacao", f"{each.avaliacao:.15g}"
            faults.append((name, value, scale_allowed(artifact)))
        else:
            ratings[each.filme_id] = rating
    if faults:  # in the order of the body
        faults.sort(key=lambda fault: (fault[0][0], int(fault[0].split(".")[1])))
        raise invalid_fields(faults)
    return ratings


def on_scale(artifact: Artifact, rating: float) -> float | None:
    """Return the rating on the data's scale that a number stands for, or None."""
    (lowest, highest), step = artifact.scale, artifact.step
    if not lowest <= rating <= highest:
        return None
    if not step:
        return rating
    whole = round(steps := (rating - lowest) / step)
    if not math.isclose(steps, whole, abs_tol=1e-9):
        return None
    return float(f"{lowest + whole * step:.12g}")


def scale_allowed(artifact: Artifact) -> str:
    """Return in words which ratings are on the data's scale."""
    (lowest, highest), step = artifact.scale, artifact.step
    if lowest == highest:  # the data only says who saw what
        return f"só {lowest:g}"
    return f"um número de {lowest:g} a {highest:g}" + (f", de {step:g} em {step:g}" if step else "")


def _film_faults(artifact: Artifact, name: str, films: Sequence[int]) -> list[Fault]:
    """Return the faults of films by id: unknown, or named before; ``name`` takes the place."""
    faults: list[Fault] = []
    seen: set[int] = set()
    for place, row in enumerate(find_rows(artifact.model, films).tolist()):
        if row < 0 or films[place] in seen:
            allowed = "o id de um filme do catálogo" if row < 0 else "cada filme uma só vez"
            faults.append((name.format(place), films[place], allowed))
        seen.add(films[place])
    return faults


def difference(
    today: Sequence[int], then: Sequence[int], films: Mapping[int, Film], room: int
) -> Difference:
    """Return which films (ids) entered a list, left it, or moved in it; places count from 1.

    The last films of each part are left out if all would not fit into ``room`` bytes.
    """
    old, new = ({film: place for place, film in enumerate(ids, 1)} for ids in (today, then))
    entered = [ListedFilm(**films[f], posicao=new[f]) for f in then if f not in old]
    left = [ListedFilm(**films[f], posicao=old[f]) for f in today if f not in new]
    moved = [
        MovedFilm(**films[f], de=old[f], para=new[f]) for f in then if old.get(f, new[f]) != new[f]
    ]
    part = room // 3
    return Difference(
        entraram=fitting(entered, part), sairam=fitting(left, part), mudaram=fitting(moved, part)
    )
