"""Names that columns have in the data of many: user, film, rating, time, title and so on.

Case, accents and whatever is neither letter nor digit make no difference: ``userId``, ``user_id``
and ``USER ID`` are one name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from training.data.tables import TIME_COLUMN, DataError, counted, did_you_mean, listed, quote

Names = Mapping[str, tuple[str, ...]]
"""Our name of a column: the names under which it is found, the first of these first."""

FILM_ID = (
    *("movieid", "filmid", "itemid", "filmeid", "idfilme", "movieno", "movieindex"),
    *("movie", "film", "item", "filme", "iid"),
)
RATINGS: Names = {
    "usuario_id": (
        *("userid", "usuarioid", "idusuario", "usuarioid", "customerid", "reviewerid", "clienteid"),
        *("user", "usuario", "customer", "uid"),
    ),
    "filme_id": FILM_ID,
    "avaliacao": ("rating", "avaliacao", "nota", "score", "stars", "ratings", "estrelas", "value"),
    TIME_COLUMN: ("timestamp", "momento", "datetime", "datahora", "time", "date", "data"),
}
FILMS: Names = {
    "id": (*FILM_ID, "id"),
    "titulo": ("title", "titulo", "movietitle", "filmtitle", "itemtitle", "name", "nome"),
    "genero": ("genres", "genre", "genero", "generos", "class", "categories"),
    "ano": ("year", "releaseyear", "ano", "movieyear"),
    "diretor": ("director", "directors", "diretor", "diretores", "directorname"),
    "atores": ("actors", "cast", "atores", "elenco", "actor", "actorname"),
}
OPTIONAL_IN_RATINGS = ("avaliacao", TIME_COLUMN)
MEANT = {
    "usuario_id": "the user",
    "filme_id": "the film",
    "avaliacao": "the rating",
    TIME_COLUMN: "the time",
    "id": "the film",
    "titulo": "the title",
    "genero": "the genres",
}
ROLES = {"user": "usuario_id", "item": "filme_id", "rating": "avaliacao", "time": TIME_COLUMN}
UNNAMED = re.compile("[^a-z0-9]+")


def normal(name: str) -> str:
    """Return a name in small letters and digits, without accents."""
    plain = unicodedata.normalize("NFKD", name.lower())
    return UNNAMED.sub("", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def find(header: Sequence[str], names: Names) -> dict[str, int]:
    """Return the position of each column that a header has, by our name."""
    by_name: dict[str, int] = {}
    for place, name in enumerate(header):
        by_name.setdefault(normal(name), place)
    found = {
        ours: [by_name[name] for name in known if name in by_name] for ours, known in names.items()
    }
    return {ours: places[0] for ours, places in found.items() if places}


def require(
    header: Sequence[str], names: Names, needed: Sequence[str], where: str
) -> dict[str, int]:
    """Return what ``find`` does, of a header that has the needed columns, each once.

    Raises:
        DataError: it lacks one, or has a name that is nearly that of one which it lacks.
    """
    found = find(header, names)
    for ours, place in found.items():
        same = [name for name in header if normal(name) == normal(header[place])]
        if len(same) > 1:
            told = " and ".join(quote(name) for name in same)
            raise DataError(f"{where}: {len(same)} columns for {MEANT.get(ours, ours)}, {told}")
    others = {
        normal(name): name for place, name in enumerate(header) if place not in found.values()
    }
    for ours, known in names.items():
        if ours in found or ours not in MEANT:
            continue
        slip = did_you_mean(known[:2], others)
        if ours in needed or slip:
            # It may be no header but a record, of which nothing is quoted, though it has a name.
            is_header = len(found) > 1 or len(found) == len(header) or (found and slip)
            among = listed(header) if is_header else counted(len(header), "field")
            told = f"no column for {MEANT[ours]} among {among}"
            raise DataError(f"{where}: {told}{slip if is_header else ''}")
    return found


def parse_columns(text: str) -> dict[str, str]:
    """Return columns such as ``user=0,item=1,rating=2`` or ``user=who,item=what``, by our names.

    Raises:
        DataError: a role is unknown, named twice or without a column, or user or item is missing.
    """
    found: dict[str, str] = {}
    expected = "user=…,item=… and, where there are, rating=…,time=… with names or positions from 0"
    for part in text.split(","):
        role, _, column = (piece.strip() for piece in part.partition("="))
        if role not in ROLES or not column or ROLES[role] in found:
            raise DataError(f"columns is {quote(text)}, expected {expected}")
        found[ROLES[role]] = column
    if not {"usuario_id", "filme_id"} <= found.keys():
        raise DataError(f"columns is {quote(text)}, expected {expected}")
    return found
