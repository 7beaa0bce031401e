"""The kinds of values that requests are made of."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

LARGEST_BODY = 150_000  # bytes: the longest body that a route can use, and room for blanks
MAX_ID = 2**63 - 1
SPELLING = re.compile("0|-?[1-9][0-9]*")


def _whole_number(value: object) -> object:
    """Refuse texts that JSON spells otherwise, such as +10; take 10.0 for the 10 that it is."""
    if isinstance(value, str) and not SPELLING.fullmatch(value):
        raise PydanticCustomError("int_parsing", "not a whole number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


WholeNumber = BeforeValidator(_whole_number)
"""A whole number has one spelling in a path or a query, and is a number in JSON."""

Id = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), WholeNumber]
Limit = Annotated[int, Field(ge=1, le=100), WholeNumber]
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
Excluded = Annotated[
    list[Id], Field(max_length=500, description="Ids de filmes a deixar fora.", examples=[[309]])
]
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
