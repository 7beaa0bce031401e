"""What requests may say, in their query or their body."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from recommender.api.schemas.fields import (
    LEFT_OUT,
    Cursor,
    Diversity,
    Excluded,
    Genres,
    IncludeRated,
    JsonId,
    Limit,
    Name,
    Spelled,
    Whole,
)
from recommender.model.ranking import Strategy


class Strict(BaseModel):
    """Refuses what it does not name."""

    model_config = ConfigDict(extra="forbid")


async def _no_parameters(_: Annotated[Strict, Query()]) -> None: ...


NO_PARAMETERS = Depends(_no_parameters)
"""For a route that takes no parameters in its query, and refuses any."""


class RatingQuery(Strict):
    """Parameters of ``GET /usuarios/{usuario_id}/avaliacoes``."""

    limite: Annotated[int, Field(ge=1, le=1000), Spelled] = 100
    cursor: Cursor = None


class FilmQuery(RatingQuery):
    """Parameters of ``GET /filmes``."""

    genero: Genres = []
    excluir: Excluded = []
    diretor: Name | None = Field(None, description="Palavras seguidas do nome.")
    ator: Name | None = Field(None, description="Palavras seguidas do nome.")
    q: Name | None = Field(
        None, description="Palavras, ou seus começos, de título, direção ou elenco."
    )


class ListQuery(Strict):
    """Parameters of every list of films that has an order of its own."""

    limite: Limit = 5
    cursor: Cursor = None
    genero: Genres = []
    excluir: Excluded = []
    diversidade: Diversity = 0


class RecommendationQuery(ListQuery):
    """Parameters of a list made for a user."""

    incluir_avaliados: IncludeRated = None
    estrategia: Strategy = Strategy.MODEL


class GroupQuery(Strict):
    """Parameters of ``GET /grupos``."""

    limite: Annotated[int, Field(ge=1, le=50), Spelled] = 20
    cursor: Cursor = None
    filmes: Annotated[int, Field(ge=0, le=1000), Spelled] = Field(
        1000, description="Quantos filmes de cada grupo, no máximo."
    )


class NewRating(Strict):
    """What a user thinks of a film."""

    avaliacao: float = Field(
        strict=True,
        allow_inf_nan=False,
        description="Na escala dos dados do modelo, que `GET /modelo` diz: `escala` e `passo`.",
        examples=[4],
    )


class GivenRating(NewRating):
    """A rating that a request brings along."""

    filme_id: Annotated[JsonId, Field(strict=True, examples=[15])]


class Hypothesis(BaseModel):
    """Ratings that somebody might have, and the list to make of them."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        # Else Swagger UI fills in every field, `usuario_id` with the least of all ids.
        json_schema_extra={"examples": [{"avaliacoes": [{"filme_id": 15, "avaliacao": 4}]}]},
    )

    avaliacoes: list[GivenRating] = Field(
        max_length=1000, description="Cada filme uma só vez. Sem nenhuma: os filmes populares."
    )
    entre: Annotated[list[JsonId] | None, Field(min_length=1, max_length=1000)] = Field(
        None,
        description="Ids dos únicos filmes a pôr em ordem, cada um uma só vez: os de uma busca, "
        "por exemplo. A lista não é completada com outros.",
        examples=[[14, 127, 20]],
    )
    limite: Annotated[Limit, Whole] = 5
    genero: Genres = []
    excluir: list[JsonId] = Field([], max_length=500, description=LEFT_OUT)
    incluir_avaliados: IncludeRated = None
    diversidade: Diversity = 0
    estrategia: Annotated[Strategy, Field(strict=False)] = Strategy.MODEL


class RecommendationRequest(Hypothesis):
    """Body of ``POST /recomendacoes``."""

    usuario_id: JsonId | None = Field(
        None, description="Junta as avaliações às deste usuário e compara a lista com a de hoje."
    )
