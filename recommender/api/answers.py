"""What answers hold."""

from typing import Any

from pydantic import BaseModel, Field


class FilmTitle(BaseModel):
    """A film by name."""

    id: int = Field(examples=[309])
    titulo: str = Field(examples=["Auto da Compadecida, O"])
    titulo_exibido: str = Field(
        description="O título com o artigo em seu lugar.", examples=["O Auto da Compadecida"]
    )


class Film(FilmTitle):
    """A film of the catalogue."""

    genero: str = Field(description="Um ou mais, separados por vírgula.", examples=["comédia"])
    diretor: str = Field(examples=["Guel Arraes"])
    atores: str = Field(
        description="Nomes separados por vírgula.",
        examples=["Matheus Nachtergaele, Selton Mello, Fernanda Montenegro"],
    )


class Group(BaseModel):
    """A cluster of films that the same people like."""

    id: int
    rotulo: str = Field(
        description="O que distingue o grupo (gêneros, direção, década, elenco) e os mais "
        "conhecidos de seus filmes típicos."
    )


class FilmDetails(Film):
    """A film with what its ratings say of it."""

    avaliacao_media: float | None = Field(description="`null` sem avaliações.")
    total_avaliacoes: int
    grupo: Group
    oculto: bool = Field(
        False,
        description="`true` se nenhuma lista o mostra; se não, o campo não vem.",
        exclude_if=lambda hidden: not hidden,
    )


class GroupDetails(Group):
    """A cluster of films in words, and the films themselves."""

    generos: list[str] = Field(description="Os que mais o distinguem dos demais.")
    diretores: list[str] = Field(description="Os que mais o distinguem, a partir de dois filmes.")
    total: int = Field(description="Quantos filmes o grupo tem.")
    filmes: list[FilmTitle] = Field(description="Os mais avaliados primeiro.")


class Reason(BaseModel):
    """A film that raised or lowered a recommendation, and by how much."""

    filme_id: int
    titulo: str
    titulo_exibido: str
    avaliacao: float | None = Field(description="`null` em filmes similares, que ninguém avalia.")
    parcela: float = Field(description="Parcela da pontuação que vem deste filme.")


class Recommendation(Film):
    """A film, why it is recommended, and how strongly."""

    pontuacao: float
    ja_avaliado: bool
    motivos: list[Reason] = Field(description="Filmes de que o usuário gostou.")
    contra: list[Reason] = Field(description="Filmes de que não gostou; parcelas negativas.")
    grupo: Group
    resto: float = Field(description="O que falta às parcelas para a pontuação.")


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


class Rating(BaseModel):
    """What a user thinks of a film."""

    filme_id: int
    titulo: str
    titulo_exibido: str
    avaliacao: float
    versao: int = Field(description="0: veio com o modelo. Cresce de um em um a cada mudança.")
    momento: str | None = Field(description="Da escrita (ISO 8601); `null` na versão 0.")


class Health(BaseModel):
    """Whether the API can serve, and what."""

    status: str
    versao: str
    formato: int


class ModelCard(BaseModel):
    """The artifact in use: where it comes from and how good it is."""

    versao: str
    formato: int
    dados: dict[str, Any] = Field(description="Digest, linhagem e quantidades.")
    treino: dict[str, Any] = Field(description="Data, duração, semente e objetivo.")
    hiperparametros: dict[str, Any]
    metricas: dict[str, Any] = Field(description="Com o protocolo pelo qual foram medidas.")
