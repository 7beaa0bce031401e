"""What requests may say, in their path, their query or their body."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from recommender.data.catalog import MAX_ID, fold, split_words, telling_words
from recommender.data.store import MOST
from recommender.model.ranking import Strategy
from recommender.model.screen import FILMS, LEAST, LINES

MOST_WORDS = 8  # of a search, and of a name
WHOLE = re.compile("0|-?[1-9][0-9]*")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")  # as in JSON


def _whole(value: object) -> object:
    """Refuse texts that JSON spells otherwise, such as +10; take 10.0 for the 10 that it is."""
    if isinstance(value, str) and not WHOLE.fullmatch(value):
        raise PydanticCustomError("int_parsing", "not a whole number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _decimal(value: object) -> object:
    if isinstance(value, str) and not DECIMAL.fullmatch(value):
        raise PydanticCustomError("float_parsing", "not a number")
    return value


WholeNumber = BeforeValidator(_whole)
"""A whole number has one spelling in a path or a query, and is a number in JSON."""


def _moment(value: object) -> object:
    """Take what ISO 8601 and answers spell a moment, with its offset from UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = value
    if found is not None and (not isinstance(found, datetime) or found.tzinfo is None):
        raise PydanticCustomError("datetime", "not a moment")
    return found


Id = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID), WholeNumber]
Name = Annotated[str, Field(min_length=1, max_length=100)]


def _few_words(words: int) -> None:
    if words > MOST_WORDS:
        raise PydanticCustomError("too_many_words", "too many", {"most": MOST_WORDS})


def _search(value: str) -> str:
    """Refuse more words than a search may look up."""
    _few_words(len(telling_words(value)))
    return value


def _person(value: str) -> str:
    _few_words(len(split_words(value)))
    return value


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


Recency = Annotated[
    float | None,
    Field(
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="De 0 (do que mais o usuário gostaria) a 1 (o que viria a seguir ao que "
        "avaliou por último). Por omissão, o que a validação escolheu: `GET /modelo`, `recency`. "
        "Só tem efeito em `padrao` e se os dados do modelo dizem quando se avaliou.",
    ),
    BeforeValidator(_decimal),
]


class Strict(BaseModel):
    """Base of request models: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Strict):
    """Parameters of ``GET /usuarios`` and of ``GET /usuarios/{usuario_id}/avaliacoes``."""

    limite: Annotated[int, Field(ge=1, le=1000), WholeNumber] = 100
    cursor: Cursor = None


Person = Annotated[Name, AfterValidator(_person)]
_PERSON = f"Palavras seguidas do nome, até {MOST_WORDS}."


class FilmQuery(PageQuery):
    """Parameters of ``GET /filmes``."""

    genero: Genres = []
    excluir: Excluded = []
    diretor: Person | None = Field(None, description=_PERSON)
    ator: Person | None = Field(None, description=_PERSON)
    q: Annotated[Name, AfterValidator(_search)] | None = Field(
        None,
        description="Palavras, ou seus começos, de título, direção ou elenco, até "
        f"{MOST_WORDS} diferentes.",
    )


class Ranked(Strict):
    """Parameters of every ranked list."""

    limite: Annotated[int, Field(ge=1, le=100), WholeNumber] = 5
    genero: Genres = []
    excluir: Excluded = []
    diversidade: Annotated[float, BeforeValidator(_decimal)] = Field(
        0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Quanto a variedade pesa contra a pontuação na ordem dos cem primeiros.",
    )

    def options(self) -> dict[str, Any]:
        """Return the arguments of the function that ranks."""
        return {
            "limit": self.limite,
            "genres": [fold(genre) for genre in self.genero],
            "excluded": self.excluir,
            "diversity": self.diversidade,
        }


class Personal(Ranked):
    """Parameters of a list that is ranked for given ratings."""

    incluir_avaliados: bool | None = Field(
        None,
        description="Se os filmes já avaliados concorrem com os demais. "
        "Por omissão: não em `padrao`, sim nas outras estratégias.",
    )
    estrategia: Annotated[Strategy, Field(strict=False)] = Field(
        Strategy.MODEL,
        description="`padrao`: o modelo. `grupo`: o algoritmo original. `populares`: os que mais "
        "gente avaliou. `em_alta`: os mesmos, com avaliações que pesam menos quanto mais antigas; "
        "se os dados do modelo não dizem quando se avaliou, `populares`, o que `X-Estrategia` diz.",
    )
    recencia: Recency = None

    def options(self) -> dict[str, Any]:
        """See ``Ranked``."""
        return super().options() | {
            "strategy": self.estrategia,
            "include_rated": self.incluir_avaliados,
            "recency": self.recencia,
        }


class ListQuery(Ranked):
    """Parameters of a list for nobody in particular."""

    cursor: Cursor = None


class RecommendationQuery(Personal, ListQuery):
    """Parameters of a list made for a user."""


class HomeQuery(Ranked):
    """Parameters of ``GET /usuarios/{usuario_id}/inicio``."""

    linhas: Annotated[int, Field(ge=1, le=LINES), WholeNumber] = Field(
        LINES, description="Quantas linhas, no máximo."
    )
    limite: Annotated[int, Field(ge=LEAST, le=FILMS), WholeNumber] = Field(
        FILMS, description="Quantos filmes em cada linha, no máximo."
    )
    recencia: Recency = None

    def wishes(self) -> dict[str, Any]:
        """Return what is wished of the films of all lines; see ``screen.Wishes``."""
        options = self.options() | {"recency": self.recencia}
        del options["limit"]
        return options


class GroupQuery(Strict):
    """Parameters of ``GET /grupos``."""

    limite: Annotated[int, Field(ge=1, le=50), WholeNumber] = 20
    cursor: Cursor = None
    filmes: Annotated[int, Field(ge=0, le=1000), WholeNumber] = Field(
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


class RatedFilm(NewRating):
    """What a user thinks of a film that the body names."""

    filme_id: Annotated[Id, Field(strict=True, examples=[15])]


class NewRatings(Strict):
    """Body of ``PUT /usuarios/{usuario_id}/avaliacoes``."""

    model_config = ConfigDict(strict=True)

    avaliacoes: list[RatedFilm] = Field(
        min_length=1,
        max_length=MOST,
        description="Cada filme uma só vez, na ordem em que foram dadas: a última é a mais nova.",
    )


class GivenRating(RatedFilm):
    """A rating that a request brings along."""

    momento: Annotated[datetime | None, BeforeValidator(_moment)] = Field(
        None,
        description="Quando foi dada (ISO 8601, com fuso). Sem momento, agora: na ordem da lista, "
        "a última é a mais nova.",
        examples=["2026-01-31T20:15:00Z"],
    )


class Hypothesis(Personal):
    """Hypothetical ratings, and the options of the list that is ranked from them."""

    model_config = ConfigDict(
        strict=True,
        # Without it Swagger UI fills in every field, `usuario_id` with the least of all ids.
        json_schema_extra={"examples": [{"avaliacoes": [{"filme_id": 15, "avaliacao": 4}]}]},
    )

    avaliacoes: list[GivenRating] = Field(
        max_length=1000, description="Cada filme uma só vez. Sem nenhuma: os filmes populares."
    )
    entre: Annotated[list[Id] | None, Field(min_length=1, max_length=1000)] = Field(
        None,
        description="Ids dos únicos filmes a pôr em ordem, cada um uma só vez: os de uma busca, "
        "por exemplo. A lista não é completada com outros.",
        examples=[[14, 127, 20]],
    )

    def options(self) -> dict[str, Any]:
        """See ``Ranked``."""
        return super().options() | {"among": self.entre}


class HomeRequest(HomeQuery):
    """Body of ``POST /inicio``."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={"examples": [{"avaliacoes": [{"filme_id": 15, "avaliacao": 4}]}]},
    )

    avaliacoes: list[GivenRating] = Field(
        max_length=1000, description="Cada filme uma só vez. Sem nenhuma: linhas para qualquer um."
    )


class RecommendationRequest(Hypothesis):
    """Body of ``POST /recomendacoes``."""

    usuario_id: Id | None = Field(
        None, description="Junta as avaliações às deste usuário e compara a lista com a de hoje."
    )
