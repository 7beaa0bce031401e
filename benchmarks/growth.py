"""Growth of request time, start time and artifact size, from 1,700 to 1,000,000 films.

The real code writes an artifact folder for each catalogue: model, SQLite database and pictures. One
process for each folder loads it and serves recommendations through the app. The processes take
turns, so that other load on the machine affects all of them. ``work_ms`` is processor time.
Exponents are slopes on logarithmic axes.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import machine
from benchmarks.catalogues import DIMENSIONS, GENRES, Floats, make_catalogue, make_model
from benchmarks.machine import ROOT
from benchmarks.retrieval import print_row
from recommender.model import artifact
from recommender.model.artifact import Model
from training.bake import database, picture
from training.data.dataset import Dataset
from training.evaluation.look import ACCENT, GREY, panels, save, styled
from training.model.plane import place_films
from training.renewal.lineage import begin

SIZES = (1_700, 17_000, 170_000, 1_000_000)
FILMS_A_USER = 10  # films in a catalogue for each user
RATINGS = 50  # of each user
MET = 200  # films that a user has seen
BLOCK = 1000  # users at a time
CANDIDATES = 1000  # enough for recall 0.98 at any of these sizes, see ``benchmarks/index.py``
STARTS = 3  # of each server
WARM_TURNS, TURNS = 10, 15
REQUESTS = 20  # in a turn; the first ones also map pages of the model into memory
ROUTES = {
    "request": "limite=5",
    "genre": "genero=documentario",
    "rare_genre": "genero=terror",
    "group": "estrategia=grupo",
    "popular": "estrategia=populares",
}
SERVER = Path(__file__).parent / "growth_server.py"
PICTURE = ROOT / "docs/growth.svg"
CURVES = {
    "time, ms (logarithmic)": {
        "request_work_ms": "a recommendation",
        "load_ms": "load and verify the artifact",
    },
    "size, MB (logarithmic)": {"artifact_mb": "artifact on disk", "memory_mb": "memory (RSS)"},
}


def make_data(model: Model, tastes: Floats, users: int) -> Dataset:
    """Return users who see random films and rate those that fit their taste best."""
    random = np.random.default_rng(3)
    films = len(model.film_ids)
    chosen = []
    for start in range(0, users, BLOCK):
        size = min(BLOCK, users - start)
        met = random.integers(0, films, (size, MET))
        own = tastes[random.integers(0, len(tastes), size)]
        liking = np.einsum("umd,ud->um", model.vectors[met], own)
        best = np.argpartition(-liking, RATINGS)[:, :RATINGS]
        chosen.append(model.film_ids[np.take_along_axis(met, best, axis=1)] - 1)
    rated = np.concatenate(chosen).ravel()
    ratings = pd.DataFrame(
        {
            "user": np.repeat(np.arange(users), RATINGS),
            "film": rated,
            "avaliacao": random.integers(1, 6, len(rated)).astype(float),
        }
    ).drop_duplicates(["user", "film"])
    return Dataset(_users(users), _films(model), ratings, 1, 5)


def _users(count: int) -> pd.DataFrame:
    ids = range(1, count + 1)
    return pd.DataFrame({"id": ids, "nome": [f"Pessoa {i}" for i in ids], "email": ""})


def _films(model: Model) -> pd.DataFrame:
    genres = [""] * len(model.film_ids)
    for number, name in enumerate(GENRES):
        start, end = model.genre_starts[number : number + 2]
        for film in (model.film_ids[model.genre_rows[start:end]] - 1).tolist():
            genres[film] += f", {name}" if genres[film] else name
    ids = range(1, len(genres) + 1)
    return pd.DataFrame(
        {
            "id": ids,
            "titulo": [f"Filme {i}" for i in ids],
            "genero": genres,
            "diretor": [f"Diretora {i % 5003}" for i in ids],
            "atores": [f"Ator {i % 9001}, Atriz {i % 8009}, Atriz {i % 6007}" for i in ids],
        }
    )


def write_artifact(
    folder: Path, films: int, dimensions: int = DIMENSIONS, users: int | None = None
) -> dict[str, float]:
    """Write a catalogue to an artifact folder; return its counts and sizes."""
    catalogue = make_catalogue("themes", films, dimensions)
    model = replace(make_model(catalogue.vectors), candidates=CANDIDATES)
    model = replace(model, map_places=place_films(model))
    data = make_data(model, catalogue.tastes, users or films // FILMS_A_USER)

    def bake(new: Path) -> None:
        database.bake(data, [], new / artifact.CATALOG_FILE)
        titles = {i: f"Filme {i}" for i in range(1, films + 1)}
        picture.draw(model, titles, new)

    facts = {
        "data": {
            "digest": f"{films} films",
            "usuarios": len(data.users),
            "filmes": films,
            "avaliacoes": len(data.ratings),
            "demonstracao": True,
            "escala": [data.lowest, data.highest],
            "passo": data.step,
            **begin("growth").facts(),
        },
        "training": {"date": "2026-01-01T00:00:00+00:00", "seed": 0, "objetivo": "gostar"},
        "hyperparameters": {},
        "metrics": {},
    }
    artifact.write(folder, model, bake, facts)
    served = [(folder / name).stat().st_size for name in artifact.SERVED_FILES]
    return {
        "films": films,
        "users": len(data.users),
        "ratings": len(data.ratings),
        "model_mb": round(served[0] / 1e6, 2),
        "artifact_mb": round(sum(served) / 1e6, 2),
        "model_bytes_a_film": round(served[0] / films, 1),
        "artifact_bytes_a_film": round(sum(served) / films, 1),
    }


class Server:
    """A separate process with one thread that serves an artifact folder, see ``growth_server``."""

    def __init__(self, folder: Path) -> None:
        settings = {"ACCESS": "local", "ARTIFACT_DIR": str(folder)}
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **settings}
        command = [sys.executable, str(SERVER)]
        pipes: dict[str, Any] = {"text": True, "stdin": PIPE, "stdout": PIPE}
        self.process = subprocess.Popen(command, env=environment, **pipes)  # noqa: S603 our own file
        self.loading = self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def ask(self, query: str, users: list[int]) -> dict[str, Any]:
        """Return the times of one request for each user."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"query": query, "users": users}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def serve(folders: list[Path], users: list[int]) -> list[dict[str, float]]:
    """Return time and memory of serving each artifact folder, measured in turns."""
    starts = [[Server(folder) for folder in folders] for _ in range(STARTS)]
    for servers in starts[1:]:
        for server in servers:
            server.close()
    found: list[dict[str, float]] = [
        {
            name: statistics.median(servers[place].loading[name] for servers in starts)
            for name in starts[0][place].loading
        }
        for place in range(len(folders))
    ]
    random = np.random.default_rng(0)
    for route, query in ROUTES.items():
        clock: list[list[float]] = [[] for _ in folders]
        work: list[list[float]] = [[] for _ in folders]
        for turn in range(WARM_TURNS + TURNS):
            for place, server in enumerate(starts[0]):
                asked = random.integers(1, users[place] + 1, REQUESTS).tolist()
                answer = server.ask(query, asked)
                found[place]["memory_mb"] = answer["memory_mb"]
                if turn >= WARM_TURNS:
                    clock[place] += answer["clock"]
                    work[place] += answer["work"]
        for row, times, worked in zip(found, clock, work, strict=True):
            row[f"{route}_ms"] = statistics.median(times)
            row[f"{route}_work_ms"] = statistics.median(worked)
    for server in starts[0]:
        server.close()
    return [{name: round(value, 3) for name, value in row.items()} for row in found]


@styled
def draw(rows: list[dict[str, float]], exponents: dict[str, float]) -> None:
    """Draw the curves with their exponents, a panel for each unit."""
    figure, both = panels(2, 10, 3.6)
    films = [row["films"] for row in rows]
    for axes, (title, curves) in zip(both, CURVES.items(), strict=True):
        for (name, label), line in zip(curves.items(), (("-", ACCENT), ("--", GREY)), strict=True):
            values = [row[name] for row in rows]
            label = f"{label}: n^{exponents[name]:.2f}"
            axes.loglog(films, values, line[0], marker="o", color=line[1], label=label)
        axes.set(xlabel="films (n)", title=title)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.legend(frameon=False)
    save(figure, PICTURE)


def main() -> None:
    """Print the table, draw it, and write it as JSON."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        rows = []
        for films in SIZES:
            started = time.perf_counter()
            rows.append(write_artifact(Path(scratch, str(films)), films))
            print(f"{films} films written in {time.perf_counter() - started:.0f} s", flush=True)
        served = serve(
            [Path(scratch, str(films)) for films in SIZES], [int(row["users"]) for row in rows]
        )
    for row, found in zip(rows, served, strict=True):
        row |= found
        print_row(row, first=row is rows[0])
    logs = np.log([row["films"] for row in rows])
    exponents = {
        name: round(float(np.polyfit(logs, np.log([row[name] for row in rows]), 1)[0]), 3)
        for name in rows[0]
        if name != "films"
    }
    ratios = {
        name: round(rows[-1][name] / rows[0][name], 2) for name in ("request_ms", "request_work_ms")
    }
    print(f"exponents: {exponents}\na million films to {SIZES[0]}: {ratios}")
    draw(rows, exponents)
    machine.write("growth", {"rows": rows, "exponents": exponents, "ratios": ratios})


if __name__ == "__main__":
    main()
