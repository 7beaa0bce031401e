"""Lists of films as answers show them: each film with its score, its reasons and its group."""

from collections.abc import Mapping, Sequence
from typing import Any

from recommender.api.answers import LARGEST, Group, Recommendation, fitting
from recommender.api.paging import set_next_link
from recommender.api.serving import Context
from recommender.data.catalog import Film
from recommender.model.artifact import Model
from recommender.model.ranking import DIGITS, Ranking, Reason, find_cells, shown_score

REASONS, AGAINST = 3, 2  # films at most that are told of one score


def describe(
    ctx: Context, found: Ranking, reasons: Sequence[Sequence[Reason]], room: int = LARGEST
) -> list[Recommendation]:
    """Return a ranking as an answer shows it, each film with the reasons for and against it.

    The last films are left out if texts are so long that they would not fit into ``room`` bytes.
    """
    films = ctx.catalog.films(named_films(ctx.model, found, reasons))
    return fitting(show(ctx.model, films, found, reasons), room)


def describe_page(
    ctx: Context,
    found: Ranking,
    reasons: Sequence[Sequence[Reason]],
    offset: int,
    basis: bytes = b"",
) -> list[Recommendation]:
    """Return what ``describe`` does, and set the Link to what follows; see ``set_next_link``."""
    listed = describe(ctx, found, reasons)
    more = found.more or len(listed) < len(found.rows)
    set_next_link(ctx, offset + len(listed), basis, more=more)
    return listed


def named_films(
    model: Model, found: Ranking, reasons: Sequence[Sequence[Reason]]
) -> dict[int, None]:
    """Return the ids of the films that an answer names, each once."""
    rows = [*found.rows.tolist(), *(row for of_film in reasons for row, _, _ in of_film)]
    return dict.fromkeys(model.film_ids.take(rows).tolist())


def show(
    model: Model,
    films: Mapping[int, Film],
    found: Ranking,
    reasons: Sequence[Sequence[Reason]],
) -> list[Recommendation]:
    """Return what ``describe`` does; ``films`` are those that it names, by id.

    Scores and shares are rounded so that they still add up: the rest takes the difference.
    """
    rows = found.rows.tolist()
    everywhere = [*rows, *(row for of_film in reasons for row, _, _ in of_film)]
    ids = dict(zip(everywhere, model.film_ids.take(everywhere).tolist(), strict=True))
    cells, labels = find_cells(model, found.rows).tolist(), model.cell_labels
    listed = []
    for place, row in enumerate(rows):
        film, score = films[ids[row]], shown_score(float(found.scores[place]))
        raised: list[dict[str, Any]] = []
        lowered: list[dict[str, Any]] = []
        titles = {film["titulo"]}  # some data has two entries for one film
        for source, rating, share in reasons[place]:
            named, parcela = films[ids[source]], round(share, DIGITS)
            title = named["titulo"]
            told, most = (raised, REASONS) if parcela > 0 else (lowered, AGAINST)
            if parcela and title not in titles and len(told) < most:
                titles.add(title)
                told.append(
                    {
                        "filme_id": ids[source],
                        "titulo": title,
                        "titulo_exibido": named["titulo_exibido"],
                        "avaliacao": rating,
                        "parcela": parcela,
                    }
                )
        rest = score - sum(reason["parcela"] for reason in raised + lowered)
        shown = {
            **film,
            "pontuacao": score,
            "ja_avaliado": bool(found.rated[place]),
            "motivos": raised,
            "contra": lowered,
            "grupo": {"id": cells[place], "rotulo": labels[cells[place]]},
            "resto": shown_score(rest),
        }
        listed.append(Recommendation.model_validate(shown))
    return listed


def describe_group(model: Model, cell: int) -> Group:
    """Return a cell of the index as the group that people see."""
    return Group(id=cell, rotulo=str(model.cell_labels[cell]))
