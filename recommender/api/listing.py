"""Lists of films as JSON, each film with its score, its reasons and its group.

They are put together from texts, most of which are remembered: making dictionaries of them and
JSON of these took longer than ranking.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from pydantic_core import to_json

from recommender.data.catalog import Catalog
from recommender.model.artifact import Model
from recommender.model.ranking import Ranking, Reason

KEPT = 4000  # films whose texts are remembered: what is recommended to one is recommended to many
RATED, NOT_RATED = (b',"ja_avaliado":%b,"motivos":[' % rated for rated in (b"true", b"false"))
UNITS = 1_000_000  # scores and shares are told in whole millionths, so that they add up


class FilmText(NamedTuple):
    """A film as JSON: the beginning of its entry in a list, and of its entry among reasons."""

    entry: bytes
    reason: bytes


class Lister:
    """Writes lists of the films of a model and its catalogue."""

    def __init__(self, model: Model, catalog: Catalog) -> None:
        self.model, self.catalog = model, catalog
        self.groups = [
            to_json({"id": cell, "rotulo": label})
            for cell, label in enumerate(model.cell_labels.tolist())
        ]
        self._texts: dict[int, FilmText] = {}

    def write(self, found: Ranking, reasons: Sequence[Sequence[Reason]]) -> bytes:
        """Return a ranking as a JSON array; ``reasons`` are those of each of its films."""
        rows = found.rows.tolist()
        sources = {row for of_film in reasons for row, _, _ in of_film}
        # Items of these views are Python's own numbers, which are quicker to make than numpy's.
        film_ids, cell_starts = self.model.film_ids.data, self.model.cell_starts.data
        id_of = {row: film_ids[row] for row in sources.union(rows)}
        texts = self._film_texts(id_of.values())
        numbers = iter(_amounts(found.scores.tolist(), reasons))
        pieces: list[bytes] = []
        for row, rated, of_film in zip(rows, found.rated.tolist(), reasons, strict=True):
            pieces += (texts[id_of[row]].entry, next(numbers), RATED if rated else NOT_RATED)
            comma = b""
            for source, rating, _ in of_film:
                reason = texts[id_of[source]].reason
                pieces += (comma, reason, _number(rating), b',"parcela":', next(numbers), b"}")
                comma = b","
            group = self.groups[bisect_right(cell_starts, row) - 1]
            pieces += (b'],"grupo":', group, b',"resto":', next(numbers), b"},")
        return b"[%b]" % b"".join(pieces)[:-1]

    def _film_texts(self, film_ids: Collection[int]) -> Mapping[int, FilmText]:
        """Return the texts of these films, and maybe of others, by film id."""
        texts = self._texts
        missing = [film_id for film_id in film_ids if film_id not in texts]
        if missing:
            if len(texts) + len(missing) > KEPT:
                texts = self._texts = {}  # other threads go on with the old
                missing = list(film_ids)
            for film_id, film in self.catalog.films(missing).items():
                texts[film_id] = FilmText(
                    b'%b,"pontuacao":' % to_json(film)[:-1],
                    b'{"filme_id":%d,"titulo":%b,"avaliacao":' % (film_id, to_json(film["titulo"])),
                )
        return texts


def _amounts(scores: Sequence[float], reasons: Sequence[Sequence[Reason]]) -> list[bytes]:
    """Return score, shares and rest of each film, one after the other, as JSON."""
    amounts = []
    for score, of_film in zip(scores, reasons, strict=True):
        points = round(score * UNITS)
        shares = [round(share * UNITS) for _, _, share in of_film]
        amounts += [points, *shares, points - sum(shares)]
    # All in one, for Python takes much longer than pydantic to write a float.
    return to_json([amount / UNITS for amount in amounts])[1:-1].split(b",")


@lru_cache(1000)
def _number(rating: float | None) -> bytes:
    return to_json(rating)
