"""Small data sets as files."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

from training.data.dataset import Dataset


def write_csv(data: Dataset, folder: Path) -> Path:
    """Write a data set as ratings.csv and movies.csv, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ratings_of(data).to_csv(folder / "ratings.csv", index=False)
    films_of(data).to_csv(folder / "movies.csv", index=False)
    return folder


def write_parquet(data: Dataset, folder: Path) -> Path:
    """Write the same as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    ratings_of(data).to_parquet(folder / "ratings.parquet", index=False)
    films_of(data).to_parquet(folder / "movies.parquet", index=False)
    return folder


def write_100k(data: Dataset, folder: Path) -> Path:
    """Write the same, without its genres, as u.data and u.item."""
    folder.mkdir(parents=True, exist_ok=True)
    ratings_of(data).to_csv(folder / "u.data", index=False, header=False, sep="\t")
    flags = "|".join("0" * 19)
    lines = [f"{film}|{title}||||{flags}\n" for film, title, *_ in data.films.to_numpy().tolist()]
    (folder / "u.item").write_text("".join(lines), encoding="utf-8")
    return folder


def write_parts(data: Dataset, folder: Path) -> Path:
    """Write the ratings as Spark writes a table in Parquet, and the films beside them."""
    write_parquet(data, folder).joinpath("ratings.parquet").unlink()
    inside = _make_table(folder / "ratings.parquet")
    for number, part in enumerate(split(ratings_of(data), 3)):
        part.to_parquet(inside / f"part-{number:05} é+%41.snappy.parquet", index=False)
    return folder


def write_csv_parts(data: Dataset, folder: Path) -> Path:
    """Write the ratings as Spark writes a table in CSV, the second of its parts empty."""
    write_csv(data, folder).joinpath("ratings.csv").unlink()
    inside = _make_table(folder / "ratings")
    first, last = split(ratings_of(data), 2)
    for number, part in enumerate([first, first[:0], last]):
        part.to_csv(inside / f"part-{number:05}-b8d0-c000.csv", index=False)
    return folder


def write_packed(data: Dataset, folder: Path) -> Path:
    """Write ratings.csv.gz, and the films beside it."""
    path = write_csv(data, folder) / "ratings.csv"
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return folder


def split(frame: pd.DataFrame, count: int) -> list[pd.DataFrame]:
    """The rows in parts of about equal size."""
    return [frame.iloc[rows] for rows in np.array_split(np.arange(len(frame)), count)]


def _make_table(folder: Path) -> Path:
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    (folder / "._SUCCESS.crc").touch()
    return folder


def ratings_of(data: Dataset) -> pd.DataFrame:
    """The ratings with the ids of users and films, in an order that tells nothing."""
    frame = data.ratings
    table = pd.DataFrame(
        {
            "userId": data.users["id"].to_numpy()[frame["user"]],
            "movieId": data.films["id"].to_numpy()[frame["film"]],
            "rating": frame["avaliacao"],
            "timestamp": frame["momento"],
        }
    )
    return table.iloc[np.random.RandomState(7).permutation(len(table))]


def films_of(data: Dataset) -> pd.DataFrame:
    """The films, with genres between bars."""
    genres = data.films["genero"].str.replace(", ", "|")
    return pd.DataFrame(
        {"movieId": data.films["id"], "title": data.films["titulo"], "genres": genres}
    )
