"""What answers hold."""

from typing import Any

from pydantic import BaseModel, Field

from recommender.model.screen import Kind


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


class HistogramPart(BaseModel):
    """How many ratings of a film lie in a part of the scale."""

    de: float = Field(examples=[4.0])
    ate: float = Field(description="Igual a `de` se a parte é uma só nota.", examples=[4.0])
    total: int


class FilmDetails(Film):
    """A film with what its ratings say of it."""

    avaliacao_media: float | None = Field(description="`null` sem avaliações.")
    total_avaliacoes: int
    histograma: list[HistogramPart] = Field(
        description="Quantas vezes o filme recebeu cada nota da escala, da menor à maior, nos "
        "dados com que o modelo foi treinado. Se a escala tem mais de 20 notas, ou qualquer número "
        "é uma nota, são dez partes iguais dela, e só a última inclui `ate`."
    )
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


class MappedFilms(BaseModel):
    """Films on the map, column by column: the first of each list are of the first film."""

    id: list[int]
    titulo_exibido: list[str]
    x: list[float] = Field(description="O primeiro componente principal dos vetores dos filmes.")
    y: list[float] = Field(description="O segundo.")
    grupo: list[int] = Field(description="O `id` do grupo do filme.")
    popularidade: list[float] = Field(description="A parte dos usuários que o avaliou.")


class FilmMap(BaseModel):
    """Where films lie: near others that the same people like."""

    filmes: MappedFilms = Field(description="Os que mais gente avaliou primeiro.")
    grupos: list[Group] = Field(description="Os grupos desses filmes.")


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


class HomeLine(BaseModel):
    """Films that have something in common, and what."""

    tipo: Kind
    titulo: str = Field(examples=["Porque você gostou de Blade Runner"])
    motivo: str = Field(
        description="Por que a linha está aqui.",
        examples=[
            "Você deu 5 a Blade Runner: quem gosta dele gosta destes, que se parecem com ele."
        ],
    )
    alvo: str | None = Field(
        description="O filme, a direção ou o gênero que o título diz, para outros títulos.",
        examples=["Blade Runner"],
    )
    filme_id: int | None = Field(description="O filme avaliado pelo qual a linha está aqui.")
    filmes: list[Recommendation]


class Home(BaseModel):
    """A first screen: no film is in two lines."""

    linhas: list[HomeLine]


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


class User(BaseModel):
    """A user of the data that the model was trained on."""

    id: int
    nome: str | None = Field(description="`null`, a não ser que os dados sejam de demonstração.")
    gosto: str = Field(
        description="Do que gosta mais do que os outros, em palavras.",
        examples=["gosta de terror e suspense"],
    )
    generos: list[str] = Field(
        description="Os gêneros de `gosto`, o que mais o distingue primeiro.",
        examples=[["terror", "suspense"]],
    )
    total_avaliacoes: int


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
