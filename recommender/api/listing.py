"""Lists of films as answers show them: each film with its score, its reasons and its group."""

from collections.abc import Sequence

from recommender.api.schemas.answers import Group, Reason, Recommendation
from recommender.api.serving import Serving
from recommender.model.artifact import Model
from recommender.model.ranking import Ranking, find_cells
from recommender.model.ranking import Reason as Cause

DIGITS = 6  # of scores and shares


def describe(
    use: Serving, found: Ranking, causes: Sequence[Sequence[Cause]]
) -> list[Recommendation]:
    """Return a ranking as an answer; ``causes`` are the reasons for each of its films.

    Scores and shares are rounded so that they still add up: the rest takes the difference.
    """
    model = use.artifact.model
    films = use.catalog.films(model.film_ids.take(found.rows).tolist())
    sources = sorted({row for of_film in causes for row, _, _ in of_film})
    source_ids = dict(zip(sources, model.film_ids.take(sources).tolist(), strict=True))
    titles = use.catalog.titles(source_ids.values())
    listed = []
    for row, cell, score, rated, of_film in zip(
        found.rows.tolist(),
        find_cells(model, found.rows).tolist(),
        found.scores.tolist(),
        found.rated.tolist(),
        causes,
        strict=True,
    ):
        reasons = [
            Reason(
                filme_id=source_ids[source],
                titulo=titles[source_ids[source]],
                avaliacao=rating,
                parcela=round(share, DIGITS),
            )
            for source, rating, share in of_film
        ]
        rest = round(score, DIGITS) - sum(reason.parcela for reason in reasons)
        listed.append(
            Recommendation(
                **films[int(model.film_ids[row])],
                pontuacao=round(score, DIGITS),
                ja_avaliado=rated,
                motivos=reasons,
                grupo=describe_group(model, cell),
                resto=round(rest, DIGITS),
            )
        )
    return listed


def describe_group(model: Model, cell: int) -> Group:
    """Return a cell of the index as the group that people see."""
    return Group(id=cell, rotulo=str(model.cell_labels[cell]))
