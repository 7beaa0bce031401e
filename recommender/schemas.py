"""What goes in and out over HTTP, for checking requests and for the OpenAPI document."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from recommender.ranking import Strategy

MAX_ID = 2**63 - 1

FilmId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
UserId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Cursor = Annotated[str | None, Field(max_length=100, description="De um `Link` com `rel=next`.")]
Genres = Annotated[list[Name], Field(max_length=50, description="Qualquer um destes gêneros.")]


class FilmQuery(BaseModel):
    """Parameters of ``GET /filmes``."""

    model_config = ConfigDict(extra="forbid")

    limite: int = Field(100, ge=1, le=1000)
    cursor: Cursor = None
    genero: Genres = []
    diretor: Name | None = Field(None, description="Palavras seguidas do nome.")
    ator: Name | None = Field(None, description="Palavras seguidas do nome.")
    q: Name | None = Field(
        None, description="Palavras, ou seus começos, de título, direção ou elenco."
    )


class RecommendationQuery(BaseModel):
    """Parameters of every recommendation list."""

    model_config = ConfigDict(extra="forbid")

    limite: int = Field(5, ge=1, le=100)
    cursor: Cursor = None
    genero: Genres = []
    excluir: list[FilmId] = Field([], max_length=500, description="Ids de filmes a deixar fora.")
    incluir_avaliados: bool | None = Field(
        None,
        description="Se os filmes já avaliados concorrem com os demais. "
        "Sem isto: não em `padrao`, sim em `grupo` e `populares`.",
    )
    diversidade: float = Field(
        0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Quanto a variedade pesa contra a pontuação na ordem dos cem primeiros.",
    )
    estrategia: Strategy = Strategy.MODEL


class RatingQuery(BaseModel):
    """Parameters of ``GET /usuarios/{usuario_id}/avaliacoes``."""

    model_config = ConfigDict(extra="forbid")

    limite: int = Field(100, ge=1, le=1000)
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


class Film(BaseModel):
    """A film of the catalogue."""

    id: int
    titulo: str
    genero: str = Field(description="Um ou mais, separados por vírgula.")
    diretor: str
    atores: str = Field(description="Nomes separados por vírgula.")


class Reason(BaseModel):
    """A rated film that raised a recommendation, and by how much."""

    filme_id: int
    titulo: str
    avaliacao: float
    parcela: float = Field(description="Parcela da pontuação que vem desta avaliação.")


class Group(BaseModel):
    """A cluster of films that the same people like."""

    id: int
    rotulo: str = Field(description="Seus gêneros principais e filmes mais conhecidos.")


class Recommendation(Film):
    """A film, why it is recommended, and how strongly."""

    pontuacao: float
    ja_avaliado: bool
    motivos: list[Reason]
    grupo: Group
    resto: float = Field(description="O que falta às parcelas dos motivos para a pontuação.")


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
