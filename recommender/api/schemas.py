"""What goes in and out over HTTP, for checking requests and for the OpenAPI document."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from recommender.model.ranking import Strategy

MAX_ID = 2**63 - 1

WHOLE_NUMBER = re.compile("0|-?[1-9][0-9]*")


def _spelled(value: object) -> object:
    """Refuse a number in a path or a query that has another spelling than JSON gives it."""
    if isinstance(value, str) and not WHOLE_NUMBER.fullmatch(value):
        raise PydanticCustomError("int_parsing", "a whole number")
    return value


OneSpelling = BeforeValidator(_spelled)
FilmId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), OneSpelling]
UserId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), OneSpelling]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Cursor = Annotated[str | None, Field(max_length=100, description="De um `Link` com `rel=next`.")]
LEFT_OUT = "Ids de filmes a deixar fora."
Genres = Annotated[
    list[Name],
    Field(
        max_length=50,
        description="Qualquer um destes gêneros, sem olhar acentos e maiúsculas.",
        examples=[["comédia", "drama"]],
    ),
]
Excluded = Annotated[
    list[FilmId],
    Field(max_length=500, description=LEFT_OUT, examples=[[309]]),
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
Limit = Annotated[int, Field(ge=1, le=100), OneSpelling]
IncludeRated = Annotated[
    bool | None,
    Field(
        description="Se os filmes já avaliados concorrem com os demais. "
        "Sem isto: não em `padrao`, sim em `grupo` e `populares`."
    ),
]


class FilmQuery(BaseModel):
    """Parameters of ``GET /filmes``."""

    model_config = ConfigDict(extra="forbid")

    limite: Annotated[int, OneSpelling] = Field(100, ge=1, le=1000)
    cursor: Cursor = None
    genero: Genres = []
    excluir: Excluded = []
    diretor: Name | None = Field(None, description="Palavras seguidas do nome.")
    ator: Name | None = Field(None, description="Palavras seguidas do nome.")
    q: Name | None = Field(
        None, description="Palavras, ou seus começos, de título, direção ou elenco."
    )


class ListQuery(BaseModel):
    """Parameters of every list of films in an order of its own."""

    model_config = ConfigDict(extra="forbid")

    limite: Limit = 5
    cursor: Cursor = None
    genero: Genres = []
    excluir: Excluded = []
    diversidade: Diversity = 0


class RecommendationQuery(ListQuery):
    """Parameters of a list made for a user."""

    incluir_avaliados: IncludeRated = None
    estrategia: Strategy = Strategy.MODEL


class RatingQuery(BaseModel):
    """Parameters of ``GET /usuarios/{usuario_id}/avaliacoes``."""

    model_config = ConfigDict(extra="forbid")

    limite: Annotated[int, OneSpelling] = Field(100, ge=1, le=1000)
    cursor: Cursor = None


class NewRating(BaseModel):
    """What a user thinks of a film, as it is written."""

    model_config = ConfigDict(extra="forbid")

    avaliacao: float = Field(
        strict=True,
        allow_inf_nan=False,
        description="Na escala dos dados do modelo, que `GET /modelo` diz: `escala` e `passo`.",
        examples=[4],
    )


class Rating(BaseModel):
    """What a user thinks of a film."""

    filme_id: int
    titulo: str
    avaliacao: float
    versao: int = Field(description="0: veio com o modelo. Cresce de um em um a cada mudança.")
    momento: str | None = Field(description="Da escrita (ISO 8601); `null` na versão 0.")


class GroupQuery(BaseModel):
    """Parameters of ``GET /grupos``."""

    model_config = ConfigDict(extra="forbid")

    limite: Annotated[int, OneSpelling] = Field(20, ge=1, le=50)
    cursor: Cursor = None
    filmes: Annotated[int, OneSpelling] = Field(
        1000, ge=0, le=1000, description="Quantos filmes de cada grupo, no máximo."
    )


def _whole(value: object) -> object:
    """Return a number that JSON writes with a fraction of 0 as the integer that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)


class GivenRating(BaseModel):
    """A rating that a request brings along."""

    model_config = ConfigDict(extra="forbid", strict=True)

    filme_id: Annotated[FilmId, Whole] = Field(examples=[15])
    avaliacao: float = Field(
        allow_inf_nan=False, description="Na escala dos dados, ver `GET /modelo`.", examples=[5]
    )


class Hypothesis(BaseModel):
    """Ratings that somebody might have, and the list to make of them."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"avaliacoes": [{"filme_id": 15, "avaliacao": 5}, {"filme_id": 3, "avaliacao": 2}]},
                {"avaliacoes": [{"filme_id": 309, "avaliacao": 5}], "entre": [14, 127, 20]},
            ]
        },
    )

    avaliacoes: list[GivenRating] = Field(
        max_length=1000, description="Cada filme uma só vez. Sem nenhuma: os filmes populares."
    )
    entre: Annotated[
        list[Annotated[FilmId, Whole]] | None, Field(min_length=1, max_length=1000)
    ] = Field(
        None,
        description="Ids dos únicos filmes a pôr em ordem, cada um uma só vez: os de uma busca, "
        "por exemplo. A lista não é completada com outros.",
    )
    limite: Annotated[Limit, Whole] = 5
    genero: Genres = []
    excluir: list[Annotated[FilmId, Whole]] = Field([], max_length=500, description=LEFT_OUT)
    incluir_avaliados: IncludeRated = None
    diversidade: Diversity = 0
    estrategia: Annotated[Strategy, Field(strict=False)] = Strategy.MODEL


class RecommendationRequest(Hypothesis):
    """Body of ``POST /recomendacoes``."""

    usuario_id: Annotated[UserId | None, Whole] = Field(
        None, description="Junta as avaliações às deste usuário e compara a lista com a de hoje."
    )


class Film(BaseModel):
    """A film of the catalogue."""

    id: int
    titulo: str
    genero: str = Field(description="Um ou mais, separados por vírgula.")
    diretor: str
    atores: str = Field(description="Nomes separados por vírgula.")


class Reason(BaseModel):
    """A film that raised a recommendation, and by how much."""

    filme_id: int
    titulo: str
    avaliacao: float | None = Field(description="`null` em filmes similares, que ninguém avalia.")
    parcela: float = Field(description="Parcela da pontuação que vem deste filme.")


class Group(BaseModel):
    """A cluster of films that the same people like."""

    id: int
    rotulo: str = Field(description="Seus gêneros principais e filmes mais conhecidos.")


class FilmDetails(Film):
    """A film with what its ratings say of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 309,
                    "titulo": "O Auto da Compadecida",
                    "genero": "comédia",
                    "diretor": "Guel Arraes",
                    "atores": "Matheus Nachtergaele, Selton Mello, Fernanda Montenegro",
                    "avaliacao_media": 4.21,
                    "total_avaliacoes": 43,
                    "grupo": {"id": 13, "rotulo": "comédia: Forrest Gump"},
                }
            ]
        }
    )

    avaliacao_media: float | None = Field(description="`null` sem avaliações.")
    total_avaliacoes: int
    grupo: Group


class FilmTitle(BaseModel):
    """A film by name."""

    id: int
    titulo: str


class GroupDetails(Group):
    """A cluster of films in words, and the films themselves."""

    generos: list[str] = Field(description="Os que mais filmes do grupo têm.")
    diretores: list[str] = Field(description="Os de mais filmes do grupo, a partir de dois.")
    total: int = Field(description="Quantos filmes o grupo tem.")
    filmes: list[FilmTitle] = Field(description="Os mais avaliados primeiro.")


class Recommendation(Film):
    """A film, why it is recommended, and how strongly."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 309,
                    "titulo": "O Auto da Compadecida",
                    "genero": "comédia",
                    "diretor": "Guel Arraes",
                    "atores": "Matheus Nachtergaele, Selton Mello, Fernanda Montenegro",
                    "pontuacao": 0.187412,
                    "ja_avaliado": False,
                    "motivos": [
                        {
                            "filme_id": 14,
                            "titulo": "Forrest Gump",
                            "avaliacao": 4.0,
                            "parcela": 0.119376,
                        }
                    ],
                    "grupo": {"id": 13, "rotulo": "comédia: Forrest Gump"},
                    "resto": 0.068036,
                }
            ]
        }
    )

    pontuacao: float
    ja_avaliado: bool
    motivos: list[Reason]
    grupo: Group
    resto: float = Field(description="O que falta às parcelas dos motivos para a pontuação.")


class ListedFilm(FilmTitle):
    """A film and its place in a list, 1 for the first."""

    posicao: int


class MovedFilm(FilmTitle):
    """A film and its places in two lists, 1 for the first."""

    de: int
    para: int


class Difference(BaseModel):
    """How a list differs from that of today."""

    entraram: list[ListedFilm]
    sairam: list[ListedFilm] = Field(description="Com a posição de hoje.")
    mudaram: list[MovedFilm]


class WhatIf(BaseModel):
    """What a user would be recommended with some more ratings."""

    recomendacoes: list[Recommendation]
    diferenca: Difference


class FieldProblem(BaseModel):
    """A field at fault."""

    campo: str
    valor: str | None
    permitido: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    error: str = Field(description="O mesmo que `detail`.")
    erros: list[FieldProblem] | None = None


class Health(BaseModel):
    """Whether the API can serve, and what."""

    status: str
    versao: str
    formato: int


class ModelCard(BaseModel):
    """The artifact in use: where it comes from and how good it is."""

    versao: str
    formato: int
    dados: dict[str, Any] = Field(description="Digest dos dados e quantidades.")
    treino: dict[str, Any] = Field(description="Data, duração e semente.")
    hiperparametros: dict[str, Any]
    metricas: dict[str, Any] = Field(description="Com o protocolo pelo qual foram medidas.")
