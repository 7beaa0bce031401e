"""Training time and memory by the number of ratings, up to the shape of MovieLens 25M.

Each size is a folder in MovieLens's layout. ``python -m training build`` trains on it in a separate
process, with the full search. It has one thread, so its processor time is told, which other work
on the machine hardly changes. Users see films by popularity and choose by a taste with twelve
dimensions. The number of ratings of a user is log-normal and at least 20. Arguments select sizes.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import machine
from benchmarks.machine import ROOT
from benchmarks.retrieval import print_row
from training.evaluation.look import ACCENT, GREY, panels, save, styled

SHAPES = {  # users, films, ratings: of MovieLens 100K, 1M, 10M and 25M
    "100k": (943, 1_682, 100_000),
    "1m": (6_040, 3_706, 1_000_000),
    "10m": (72_000, 10_700, 10_000_000),
    "25m": (162_000, 59_000, 25_000_000),
}
TASTES = 12
CHANCE = 0.7  # in the choice of films, beside a liking with a standard deviation of 1
LEAST = 20  # ratings of each user
GENRES = ("Drama", "Comedy", "Action", "Thriller", "Romance", "Horror", "Sci-Fi", "Documentary")
SECONDS, GIGABYTES = 900, 10  # limits of a Lambda function
CHART = ROOT / "docs/training.svg"

Array = NDArray[np.float64]


def make_data(folder: Path, users: int, films: int, ratings: int) -> int:
    """Write ``ratings.csv`` and ``movies.csv``, and return the number of ratings made."""
    random = np.random.default_rng(0)
    activity = random.lognormal(0, 1.3, users)
    sizes = np.maximum(activity / activity.sum() * ratings, LEAST).astype(int)
    reached = reach(films)
    of_users = random.normal(size=(users, TASTES)) / TASTES**0.5
    of_films = random.normal(size=(films, TASTES))
    parts = []
    for user, size in enumerate(sizes.tolist()):
        rated, values = rate(random, size, reached, of_users[user], of_films, CHANCE)
        parts.append((np.full(len(rated), user + 1), rated + 1, values))
    user_ids, film_ids, values = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    pd.DataFrame(
        {
            "userId": user_ids,
            "movieId": film_ids,
            "rating": values,
            "timestamp": 1_000_000_000 + np.arange(len(values)),
        }
    ).to_csv(folder / "ratings.csv", index=False)
    name_films(of_films).to_csv(folder / "movies.csv", index=False)
    return len(values)


def reach(films: int) -> Array:
    """Return the shares (n,) of all views that films reach, each with those more popular."""
    popularity = (np.arange(films) + 31.0) ** -1.4
    return np.asarray(np.cumsum(popularity / popularity.sum()))


def rate(
    random: np.random.Generator,
    size: int,
    reached: Array,
    taste: Array,
    of_films: Array,
    chance: float,
) -> tuple[NDArray[np.intp], Array]:
    """Return the films that a user rates, about ``size`` of them, and the ratings in half stars.

    ``taste`` (t,) is the user's, ``of_films`` (n, t) are what is tasted, ``reached`` (n,) is as
    ``reach`` returns it. What is liked has a standard deviation of 1, to which ``chance`` adds.
    """
    films = len(reached)
    met = np.searchsorted(reached, random.random(min(2 * films, 4 * size + 100)))
    met = np.unique(np.minimum(met, films - 1))
    liking = of_films[met] @ taste
    chosen = np.argsort(-(liking + chance * random.gumbel(size=len(met))))[:size]
    values = 3.5 + 0.6 * liking[chosen] + 0.7 * random.normal(size=len(chosen))
    return met[chosen], np.clip(np.round(2 * values) / 2, 0.5, 5)


def name_films(of_films: Array) -> pd.DataFrame:
    """Return films as in ``movies.csv``, of the genre that is their leading taste."""
    films = len(of_films)
    leading = of_films[:, : len(GENRES)].argmax(axis=1)
    return pd.DataFrame(
        {
            "movieId": np.arange(films) + 1,
            "title": [f"Film {film + 1} ({1950 + film % 70})" for film in range(films)],
            "genres": [GENRES[genre] for genre in leading],
        }
    )


def measure(name: str) -> dict[str, float | str]:
    """Train on data of a shape; return processor time, memory, and figures from the manifest."""
    users, films, ratings = SHAPES[name]
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        data, out = Path(scratch, "data"), Path(scratch, "artifact")
        data.mkdir()
        made = make_data(data, users, films, ratings)
        command = [
            sys.executable,
            "-m",
            "training",
            "build",
            "--data",
            str(data),
            "--out",
            str(out),
        ]
        process = subprocess.Popen(  # noqa: S603 fixed but for a temporary folder
            command,
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"training on {name} failed with status {status}")
        manifest = json.loads((out / "manifest.json").read_text())
        megabytes = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    return {
        "shape": name,
        "users": users,
        "films": films,
        "ratings": made,
        "seconds": round(used.ru_utime + used.ru_stime, 1),
        "gigabytes": round(used.ru_maxrss * 1024 / 1e9, 2),
        "artifact_megabytes": round(megabytes, 1),
        "tried": manifest["hyperparameters"]["tried"],
        "ndcg": manifest["metrics"]["padrao"]["ndcg"]["mean"],
    }


def exponent(rows: list[dict[str, float | str]]) -> float:
    """Return the slope of time over ratings on logarithmic axes."""
    ratings, seconds = (
        np.log([float(row[name]) for row in rows]) for name in ("ratings", "seconds")
    )
    return float(np.polyfit(ratings, seconds, 1)[0])


@styled
def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the chart of time and memory by number of ratings, with the limits of Lambda."""
    figure, both = panels(2, 10, 3.2)
    ratings = [row["ratings"] / 1e6 for row in rows]
    for axes, column, most, title in zip(
        both,
        ("seconds", "gigabytes"),
        (SECONDS, GIGABYTES),
        ("processor time of a training, s", "most memory, GB"),
        strict=True,
    ):
        axes.plot(ratings, [row[column] for row in rows], "o-", color=ACCENT)
        axes.axhline(most, color=GREY, linestyle="--")
        axes.annotate("limit of a Lambda", (0, most), (5, -13), textcoords="offset points")
        axes.set(xlabel="million ratings", title=title, xlim=(0, None), ylim=(0, 1.05 * most))
    save(figure, path)


def main() -> None:
    """Print the table, write it as JSON, draw the chart."""
    rows: list[dict[str, float | str]] = []
    (ROOT / ".local").mkdir(exist_ok=True)
    for name in sys.argv[1:] or SHAPES:
        rows.append(measure(name))
        print_row(rows[-1], first=len(rows) == 1)
    if len(rows) < 2:
        return
    found = round(exponent(rows), 2)
    print(f"time grows with the number of ratings to the power of {found}")
    machine.write("training", {"rows": rows, "exponent": found})
    draw(rows, CHART)


if __name__ == "__main__":
    main()
