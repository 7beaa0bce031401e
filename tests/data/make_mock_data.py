"""Writes mock_data.json and tests/data/caso_original.json, always the same bytes.

The films are real (catalogue.csv beside this file). The people are invented, and so are their
ratings: each person is a mixture of one to three taste profiles, which take turns over the years.
The next film is chosen by the taste of the moment, by fame, and by what it shares with the film
before. Fame also leads people to films that do not suit them, which they then rate low. Ratings go
by taste, the film's quality, personal mildness and chance. Users 1 to 5 rate the first twenty
films, with the ratings written below. Only `Random.random()`, plain arithmetic and
`fsum` are used (`sum` of floats rounds otherwise since Python 3.12), so that the files do not
depend on the Python or the machine.

    python tests/data/make_mock_data.py [OUTPUT_FOLDER]      (default: the repository)
"""

import csv
import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from math import fsum
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve().parent
USERS = 205  # the last one has no ratings
FEWEST, MOST = 8, 120  # films rated by one person
BY_FAME = 0.06  # pull of a film that suits no taste of the person, against at most 1
BEGINNING, END = 1_546_300_800, 1_735_689_600  # the years 2019 to 2024, in seconds since 1970
DAY = 86_400
# How many times as strongly a film pulls after one that shares this with it.
SAME_DIRECTOR, SAME_TRAIT = 4.0, 0.8
ENOUGH = 3  # ratings that every film has at least, unless its fame is 0

# Users 1 to 5 (rows) on films 1 to 20 (columns), in the order of the catalogue:
# three science fiction, three romances, three of action, three comedies, five dramas,
# then The Big Lebowski, Guardians of the Galaxy and The Grand Budapest Hotel.
ORIGINAL = (
    (3, 2, 2, 1, 1, 2, 1, 1, 1, 3, 4, 3, 3, 4, 2, 0, 2, 5, 4, 5),  # eccentric comedies
    (1, 2, 1, 5, 3, 5, 1, 0, 1, 4, 2, 4, 3, 3, 5, 1, 2, 1, 2, 3),  # romance, parties, one classic
    (4, 5, 4, 0, 2, 1, 4, 3, 4, 1, 1, 2, 5, 3, 4, 5, 3, 2, 3, 1),  # tense, dark, brainy; no romance
    (5, 3, 3, 1, 0, 2, 3, 5, 4, 1, 4, 2, 3, 5, 4, 3, 3, 4, 3, 5),  # cult and strong visual style
    (2, 3, 4, 3, 5, 4, 2, 1, 4, 5, 2, 3, 5, 3, 2, 2, 5, 2, 3, 2),  # young heroes, love, friendship
)
ORIGINAL_USERS = (
    "Ana Lúcia Ferreira",
    "Beatriz Gonçalves",
    "Caio Magalhães",
    "Débora Assunção",
    "Érico Tavares",
)

# How common a profile is, and what it likes: a genre, a trait of style, a decade or a director.
PROFILES: tuple[tuple[float, Mapping[str, float]], ...] = (
    (3.2, {"excêntrico": 0.9, "comédia": 0.15, "Wes Anderson": 0.2, "Joel Coen, Ethan Coen": 0.15,
           "Taika Waititi": 0.1, "denso": -0.5, "tiro": -0.3, "medo": -0.3, "brasileiro": 0.05}),
    (2.0, {"escrachado": 0.9, "comédia": 0.2, "juvenil": 0.3, "autoral": -0.5, "denso": -0.3}),
    (3.0, {"terno": 0.6, "romance": 0.4, "musical": 0.4, "época": 0.2, "tiro": -0.5, "medo": -0.5,
           "excêntrico": -0.1, "Joe Wright": 0.2}),
    (3.0, {"cerebral": 0.7, "sci-fi": 0.4, "suspense": 0.2, "Christopher Nolan": 0.2,
           "Denis Villeneuve": 0.2, "terno": -0.3, "escrachado": -0.4, "romance": -0.3}),
    (2.6, {"tiro": 0.6, "ação": 0.5, "pipoca": 0.3, "aventura": 0.3, "autoral": -0.5,
           "terno": -0.5, "excêntrico": -0.2}),
    (2.4, {"denso": 0.7, "drama": 0.3, "suspense": 0.2, "guerra": 0.2, "escrachado": -0.5,
           "família": -0.4, "excêntrico": -0.2}),
    (2.0, {"máfia": 0.8, "cult": 0.6, "crime": 0.2, "Quentin Tarantino": 0.3,
           "Martin Scorsese": 0.3, "família": -0.5, "terno": -0.3}),
    (1.8, {"autoral": 0.9, "época": 0.2, "real": 0.4, "anos 1950": 0.3, "anos 1960": 0.3,
           "pipoca": -0.6, "escrachado": -0.5, "tiro": -0.2}),
    (2.6, {"brasileiro": 0.9, "real": 0.1, "Walter Salles": 0.2, "Kleber Mendonça Filho": 0.2,
           "pipoca": -0.1}),
    (2.4, {"família": 0.8, "animação": 0.3, "anime": 0.3, "fantasia": 0.4, "música": 0.2,
           "medo": -0.6, "denso": -0.5, "tiro": -0.3}),
    (1.6, {"medo": 0.9, "terror": 0.3, "suspense": 0.3, "cult": 0.1, "terno": -0.4,
           "música": -0.4}),
    (1.2, {"juvenil": 0.6, "anos 1980": 0.5, "anos 1990": 0.3, "pipoca": 0.3, "autoral": -0.4,
           "anos 2010": -0.2}),
    (0.9, {"real": 1.0, "música": 0.4, "cerebral": 0.1, "brasileiro": 0.2, "medo": -0.4}),
)  # fmt: skip

FIRST_NAMES = (
    "Adriana", "Águeda", "Aline", "André", "Antônia", "Antônio", "Armênio", "Bárbara", "Benício",
    "Breno", "Bruna", "Camila", "Carlos", "Cássia", "Cauã", "Cecília", "Célia", "César", "Clara",
    "Cláudia", "Conceição", "Daniel", "Davi", "Edson", "Eduarda", "Elisângela", "Emília", "Enzo",
    "Estêvão", "Fábio", "Fabrício", "Fátima", "Felipe", "Fernanda", "Flávia", "Francisca",
    "Gabriel", "Giovana", "Glória", "Guilherme", "Helena", "Heloísa", "Henrique", "Hugo", "Iara",
    "Ícaro", "Inês", "Irene", "Isaías", "Ítalo", "Jandira", "Jéssica", "João", "Joaquim", "Jônatas",
    "José", "Júlia", "Juliana", "Júlio", "Karina", "Laís", "Larissa", "Leandro", "Letícia", "Lívia",
    "Lorena", "Luã", "Lúcia", "Luís", "Luzia", "Maíra", "Marcelo", "Márcia", "Marcos", "Mariana",
    "Mário", "Matheus", "Moacir", "Mônica", "Murilo", "Nádia", "Natália", "Nélio", "Olívia",
    "Osvaldo", "Otávio", "Patrícia", "Paulo", "Pedro", "Priscila", "Rafael", "Raíssa", "Raquel",
    "Renata", "Ricardo", "Rita", "Rogério", "Rosângela", "Sandra", "Sebastião", "Sérgio", "Sílvia",
    "Sofia", "Sônia", "Taís", "Tânia", "Tarcísio", "Thiago", "Úrsula", "Valéria", "Verônica",
    "Vinícius", "Vítor", "Wesley", "Yasmin", "Zélia",
)  # fmt: skip
SURNAMES = (
    "Abreu", "Aguiar", "Albuquerque", "Almeida", "Alves", "Amaral", "Andrade", "Antunes", "Araújo",
    "Azevedo", "Barbosa", "Barros", "Batista", "Bezerra", "Brandão", "Brito", "Cabral", "Caldeira",
    "Câmara", "Cardoso", "Carvalho", "Cavalcânti", "Coelho", "Corrêa", "Costa", "Coutinho", "Cunha",
    "Dantas", "Dias", "Domingues", "Duarte", "Esteves", "Falcão", "Farias", "Fernandes",
    "Figueirêdo", "Fonseca", "Fontes", "Freitas", "Furtado", "Galvão", "Gomes", "Guimarães", "Leão",
    "Leite", "Lima", "Lourenço", "Macêdo", "Machado", "Maciel", "Marinho", "Martins", "Medeiros",
    "Meireles", "Melo", "Mendonça", "Menezes", "Miranda", "Monteiro", "Moraes", "Moreira", "Mourão",
    "Nascimento", "Nogueira", "Nóbrega", "Oliveira", "Pacheco", "Paixão", "Peçanha", "Peixoto",
    "Pereira", "Pimentel", "Prado", "Queiroz", "Ramos", "Rêgo", "Resende", "Ribeiro", "Rocha", "Sá",
    "Salgado", "Sampaio", "Santana", "Seixas", "Silveira", "Siqueira", "Souza", "Teixeira",
    "Valença", "Vasconcelos", "Viana", "Vidal", "Xavier",
)  # fmt: skip

Record = dict[str, Any]
Taste = list[tuple[float, Sequence[float]]]  # profiles of one person: share, liking of each film


def draw(weights: Sequence[float], random: Random) -> int:
    """An index, drawn in proportion to its weight."""
    left = random.random() * fsum(weights)
    last = 0
    for index, weight in enumerate(weights):
        if weight > 0:
            last = index
            left -= weight
            if left < 0:
                return index
    return last


def noise(random: Random) -> float:
    """Nearly normal, mean 0 and variance 1, from additions only."""
    return fsum(random.random() for _ in range(12)) - 6


def traits(film: Record) -> list[str]:
    """All words of a film that a profile may like."""
    decade = f"anos {int(film['ano']) // 10 * 10}"
    return [film["genero"], film["diretor"], decade, *film["estilo"].split()]


def likings(catalogue: Sequence[Record]) -> list[list[float]]:
    """How much each profile likes each film, from -1 (cannot stand it) to 1."""
    return [
        [min(1.0, max(-1.0, 0.1 + fsum(likes.get(t, 0.0) for t in traits(f)))) for f in catalogue]
        for _, likes in PROFILES
    ]


def kinships(catalogue: Sequence[Record]) -> list[list[float]]:
    """How many times as strongly each film pulls after each other film."""
    found = []
    for before in catalogue:
        style = set(before["estilo"].split()) | {before["genero"]}
        found.append(
            [
                1.0
                + SAME_TRAIT * len(style.intersection([film["genero"], *film["estilo"].split()]))
                + SAME_DIRECTOR * (film["diretor"] == before["diretor"])
                for film in catalogue
            ]
        )
    return found


def person(profiles: Sequence[Sequence[float]], random: Random) -> Taste:
    """One to three different profiles; the first weighs most."""
    frequency = [share for share, _ in PROFILES]
    taste: Taste = []
    for rank in range(1 + draw((0.35, 0.45, 0.2), random)):
        chosen = draw(frequency, random)
        frequency[chosen] = 0.0
        taste.append(((1.0, 0.6, 0.35)[rank], profiles[chosen]))
    return taste


def wish(taste: Taste, film: int, phase: int) -> float:
    """The pull of a film on a person, fame apart, while one of the profiles has its turn."""
    shares = [share + (place == phase) for place, (share, _) in enumerate(taste)]
    pulls = [max(0.0, like[film]) for _, like in taste]
    return BY_FAME + fsum(s * p * p for s, p in zip(shares, pulls, strict=True)) / fsum(shares)


def pleasure(taste: Taste, film: int) -> float:
    """How much the person enjoys the film, -1 to 1: by the profile that it suits best.

    Where it suits none, the first profile decides how bad it is.
    """
    best = max((0.7 + 0.3 * share) * like[film] for share, like in taste)
    return best if best > 0.15 else min(best, taste[0][1][film])


def rating(taste: Taste, film: int, quality: float, mildness: float, random: Random) -> int:
    """A whole number, 0 to 5."""
    enjoyed = pleasure(taste, film)
    value = 1.9 + (2.3 if enjoyed > 0 else 1.5) * enjoyed + 0.7 * (quality - 4.0) + mildness
    return min(5, max(0, int(value + 0.5 * noise(random) + 0.5)))


def evenings(count: int, random: Random) -> list[int]:
    """Moments at which a person rated films, in order: often two or three on one evening."""
    gaps = [
        int(5400 + 5400 * random.random())
        if random.random() < 0.4
        else int(DAY * draw_days(random))
        for _ in range(count)
    ]
    room = max(DAY, END - BEGINNING - sum(gaps))
    moment = BEGINNING + int(room * random.random())
    moments = []
    for gap in gaps:
        moment += gap
        moments.append(moment)
    return moments


def draw_days(random: Random) -> float:
    """Days between two evenings, a few as a rule, now and then many."""
    return 1.0 + 5.0 * random.random() + 40.0 * random.random() * (random.random() < 0.1)


def invented_ratings(
    catalogue: Sequence[Record], random: Random
) -> dict[tuple[int, int], tuple[int, int]]:
    """Ratings of users 6 and on and their moments, by (user, film); the last user gives none."""
    profiles, kinship = likings(catalogue), kinships(catalogue)
    fame = [float(film["fama"]) for film in catalogue]
    quality = [float(film["nota"]) for film in catalogue]
    people: dict[int, tuple[Taste, float]] = {}
    given: dict[tuple[int, int], tuple[int, int]] = {}
    last: dict[int, int] = {}
    count = [0] * len(catalogue)
    for user in range(len(ORIGINAL) + 1, USERS):
        taste, mildness = person(profiles, random), 0.35 * noise(random)
        people[user] = taste, mildness
        much = random.random()
        moments = evenings(FEWEST + int((MOST - FEWEST + 1) * much * much * much), random)
        last[user] = moments[-1]
        pulls = [
            [f * f * wish(taste, film, phase) for film, f in enumerate(fame)]
            for phase in range(len(taste))
        ]
        film = -1
        for place, moment in enumerate(moments):
            pull = pulls[place * len(taste) // len(moments)]
            near = kinship[film] if film >= 0 else [1.0] * len(pull)
            film = draw([p * k for p, k in zip(pull, near, strict=True)], random)
            for phase in pulls:
                phase[film] = 0.0
            count[film] += 1
            given[user, film + 1] = rating(taste, film, quality[film], mildness, random), moment
    for film in range(len(catalogue)):  # the keenest complete what chance left out
        keen = sorted((-wish(taste, film, 0), user) for user, (taste, _) in people.items())
        for _, user in keen:
            if fame[film] == 0 or count[film] >= ENOUGH:
                break
            if (user, film + 1) not in given:
                count[film] += 1
                taste, mildness = people[user]
                last[user] += int(DAY * draw_days(random))
                value = rating(taste, film, quality[film], mildness, random)
                given[user, film + 1] = value, last[user]
    return dict(sorted(given.items()))


def original_ratings(random: Random) -> dict[tuple[int, int], tuple[int, int]]:
    """The ratings of users 1 to 5 by (user, film), with moments in an order drawn for each."""
    given = {}
    for user, row in enumerate(ORIGINAL, 1):
        left = [1.0] * len(row)
        for moment in evenings(len(row), random):
            film = draw(left, random)
            left[film] = 0.0
            given[user, film + 1] = row[film], moment
    return dict(sorted(given.items()))


def users(random: Random) -> list[Record]:
    """Names that occur once, with e-mail addresses from domains reserved for examples."""
    names = list(ORIGINAL_USERS)
    while len(names) < USERS:
        first = FIRST_NAMES[int(random.random() * len(FIRST_NAMES))]
        surname = SURNAMES[int(random.random() * len(SURNAMES))]
        if f"{first} {surname}" not in names:
            names.append(f"{first} {surname}")
    found: list[Record] = []
    for number, name in enumerate(names, start=1):
        plain = unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode().lower()
        domain = "example.org" if number % 3 == 0 else "example.com"
        address = f"{plain.replace(' ', '.')}@{domain}"
        found.append({"id": number, "nome": name, "email": address})
    return found


def text(tables: Mapping[str, Sequence[Record]], head: str = "") -> str:
    """JSON with one record on each line."""
    parts = [head] if head else []
    for name, records in tables.items():
        lines = ",\n".join("  " + json.dumps(record, ensure_ascii=False) for record in records)
        parts.append(f' "{name}": [\n{lines}\n ]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(folder: Path) -> None:
    """Writes both files under a folder."""
    with (HERE / "catalogue.csv").open(encoding="utf-8", newline="") as source:
        catalogue: list[Record] = list(csv.DictReader(source, delimiter=";"))
    random = Random(1994)
    people = users(random)
    films = [
        {"id": number} | {key: film[key] for key in ("titulo", "genero", "diretor", "atores")}
        for number, film in enumerate(catalogue, start=1)
    ]
    given = original_ratings(random) | invented_ratings(catalogue, random)
    timed = [
        {"usuario_id": user, "filme_id": film, "avaliacao": value, "momento": moment}
        for (user, film), (value, moment) in given.items()
    ]
    whole = {"usuarios": people, "filmes": films, "avaliacoes": timed}
    beginning = {
        "usuarios": people[: len(ORIGINAL)],
        "filmes": films[: len(ORIGINAL[0])],
        "avaliacoes": [
            {name: row[name] for name in ("usuario_id", "filme_id", "avaliacao")}
            for row in timed[: len(ORIGINAL) * len(ORIGINAL[0])]
        ],
    }
    files = {
        "mock_data.json": text(whole, ' "demonstracao": true'),
        "tests/data/caso_original.json": text(beginning),
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent)
