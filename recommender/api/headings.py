"""The lines of a first screen in words: a title for each, and why it is there."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from recommender.data.catalog import Film, spell
from recommender.model.artifact import Model
from recommender.model.profile import Profile
from recommender.model.screen import Kind, Line, co_directors

FIXED = {
    Kind.FOR_YOU: ("Para você", "A partir de tudo o que você avaliou."),
    Kind.TASTE: (
        "Quem tem o seu gosto",
        "O que mais agrada a quem dá notas parecidas com as suas.",
    ),
    Kind.TRENDING: ("Em alta", "Os mais avaliados no fim do período dos dados."),
    Kind.POPULAR: ("Os mais vistos", "Os que mais gente avaliou."),
    Kind.RARE: (
        "Pouco vistos, para você",
        "Filmes menos conhecidos que devem agradar a você.",
    ),
}


class Heading(NamedTuple):
    """A title, why the line is there, and the name in the title, if any."""

    title: str
    reason: str
    name: str | None = None


def head(model: Model, profile: Profile, line: Line, films: Mapping[int, Film]) -> Heading:
    """Return the heading of a line; ``films`` are its films and the one that speaks for it."""
    if line.kind in FIXED:
        return Heading(*FIXED[line.kind])
    if line.kind is Kind.GENRE:
        genre = spell(
            str(model.genre_names[line.about]), (film["genero"] for film in films.values())
        )
        title = genre[:1].upper() + genre[1:]
        if len(profile.rows):
            return Heading(
                f"{title}, para você", f"Você gosta de {genre} mais do que outros.", genre
            )
        return Heading(title, f"De {genre}, os que mais gente avaliou.", genre)
    liked = films[int(model.film_ids[line.source])]["titulo_exibido"]
    if line.kind is Kind.DIRECTOR:
        name = _join(co_directors(model, line.about))
        return Heading(f"Mais de {name}", f"Você gostou de {liked}.", name)
    rating = f"{profile.ratings[profile.rows.searchsorted(line.source)]:g}".replace(".", ",")
    reason = f"Você deu {rating} a {liked}: quem gosta dele gosta destes, que se parecem com ele."
    return Heading(f"Porque você gostou de {liked}", reason, liked)


def _join(names: Sequence[str]) -> str:
    return " e ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
