"""The kinds of values that requests are made of."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

LARGEST_BODY = 150_000  # bytes: the longest body that a route can use, and room for blanks
MAX_ID = 2**63 - 1
SPELLING = re.compile("0|-?[1-9][0-9]*")
LEFT_OUT = "Ids de filmes a deixar fora."


def _one_spelling(value: object) -> object:
    """Refuse whole numbers in a path or query that are not spelled as in JSON, such as +10."""
    if isinstance(value, str) and not SPELLING.fullmatch(value):
        raise PydanticCustomError("int_parsing", "not a whole number")
    return value


def _whole(value: object) -> object:
    """Return 10 for the 10.0 that some clients write in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Spelled = BeforeValidator(_one_spelling)
Whole = BeforeValidator(_whole)

FilmId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), Spelled]
UserId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), Spelled]
JsonId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), Whole]
Limit = Annotated[int, Field(ge=1, le=100), Spelled]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Cursor = Annotated[str | None, Field(max_length=100, description="De um `Link` com `rel=next`.")]
Genres = Annotated[
    list[Name],
    Field(
        max_length=50,
        description="Qualquer um destes gêneros; acentos e maiúsculas não importam.",
        examples=[["comédia", "drama"]],
    ),
]
Excluded = Annotated[list[FilmId], Field(max_length=500, description=LEFT_OUT, examples=[[309]])]
Diversity = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Quanto a variedade pesa contra a pontuação na ordem dos cem primeiros.",
    ),
]
IncludeRated = Annotated[
    bool | None,
    Field(
        description="Se os filmes já avaliados concorrem com os demais. "
        "Por omissão: não em `padrao`, sim em `grupo` e `populares`."
    ),
]
