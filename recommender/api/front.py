"""The page for people as HTML: its files by digest, and what its modules need to begin."""

import hashlib
import html
import json
from collections import Counter
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from recommender.api.serving import Context
from recommender.model.profile import make_profile
from recommender.model.ranking import Strategy, find_cells
from recommender.settings import Access, Mode

PAGE = Path(__file__).parents[1] / "page"
PARTS = PAGE / "parts"
START = "start.js"  # what loads the others, and says so if it cannot
KNOWN, SHOWN = 60, 12  # films to begin with, and those that are listed without JavaScript
GENRES = 100  # to choose from: the most common ones


@cache
def find_parts() -> dict[str, Path]:
    """Return the page's files by their names within its folder, such as ``map/map.js``."""
    files = [file for file in sorted(PARTS.rglob("*")) if file.is_file()]
    return {file.relative_to(PARTS).as_posix(): file for file in files}


@cache
def digest() -> str:
    """Return what the addresses of the page's files change with: 12 digits of a SHA-256."""
    found = hashlib.sha256()
    for name, file in find_parts().items():
        found.update(name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:12]


def write_page(ctx: Context, access: Access) -> str:
    """Return the page, with the best known films for readers without JavaScript."""
    template = Template((PAGE / "index.html").read_text(encoding="utf-8"))
    facts = _facts(ctx, access)
    modules = [name for name in find_parts() if name.endswith(".js") and name != START]
    return template.substitute(
        digest=digest(),
        preloads="\n".join(
            f'<link rel="modulepreload" href="pagina/{digest()}/{name}">'
            for name in modules
            if not name.startswith("map/")  # read when the map comes into view
        ),
        films="\n".join(f"      <li>{_describe(film)}</li>" for film in facts["filmes"][:SHOWN]),
        facts=json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c"),
    )


def _describe(film: dict[str, Any]) -> str:
    names = [film["genero"], film["diretor"], film["atores"]]
    more = " · ".join(name for name in names if name)
    return html.escape(film["titulo_exibido"] + (f" ({more})" if more else ""))


def _facts(ctx: Context, access: Access) -> dict[str, Any]:
    """Return what the page has to know of the model before it asks anything."""
    data, model = ctx.artifact.manifest["data"], ctx.model
    low, high = ctx.artifact.scale
    listed = access.mode is Mode.LOCAL or (access.mode is Mode.OPEN and data.get("demonstracao"))
    users = "lista" if listed else "token" if access.mode is Mode.JWT else "nenhum"
    common = (-(model.genre_starts[1:] - model.genre_starts[:-1])).argsort(kind="stable")[:GENRES]
    return {
        "linhagem": data["linhagem"],
        "escala": [low, high],
        "passo": ctx.artifact.step,
        "momentos": bool(len(model.next_film)),
        "em_alta": bool(len(model.trend)),
        "usuarios": users,
        "generos": ctx.catalog.genres(model.genre_names[common].tolist()),
        "grupos": _groups(ctx),
        "filmes": _films_to_begin_with(ctx),
    }


def _groups(ctx: Context) -> list[int]:
    """Return the groups' ids, those first whose films most people have seen."""
    cells = find_cells(ctx.model, np.arange(len(ctx.model.film_ids)))
    seen = np.bincount(cells, ctx.model.popularity, len(ctx.model.cell_labels))
    found: list[int] = (-seen).argsort(kind="stable").tolist()
    return found


def _films_to_begin_with(ctx: Context) -> list[dict[str, Any]]:
    """Return well known films, spread over the groups: the best known of each, then the second."""
    nobody = make_profile(ctx.model, [])
    found = ctx.rank(nobody, limit=KNOWN, strategy=Strategy.POPULAR)
    cells = find_cells(ctx.model, found.rows).tolist()
    ids = ctx.model.film_ids[found.rows].tolist()
    films = ctx.catalog.films(ids)
    before, seen, spread = Counter[int](), set[str](), []
    for place, (film_id, cell) in enumerate(zip(ids, cells, strict=True)):
        film = films[film_id]
        if film["titulo"] in seen:  # some data has two entries for one film
            continue
        seen.add(film["titulo"])
        names = {
            name: film[name] for name in ("id", "titulo_exibido", "genero", "diretor", "atores")
        }
        spread.append((before[cell], place, {**names, "grupo": {"id": cell}}))
        before[cell] += 1
    return [film for _, _, film in sorted(spread, key=lambda entry: entry[:2])]
