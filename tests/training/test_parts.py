"""Tables in parts, as Spark writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines.files import films_of, write_csv, write_csv_parts, write_parts
from tests.training.small_data import as_data, random_ratings
from training.data.dataset import Dataset
from training.data.read import read
from training.data.tables import DataError

DATA = as_data(random_ratings(6, 5, 0.8))
DATA = DATA.with_ratings(DATA.ratings.assign(momento=10**9))


@pytest.mark.parametrize("write", [write_csv_parts, write_parts])
def test_parts_are_read_as_one_file(write: Callable[[Dataset, Path], Path], tmp_path: Path) -> None:
    expected = read(write_csv(DATA, tmp_path / "whole")).digest
    assert read(write(DATA, tmp_path / "parts")).digest == expected


def test_parts_alone_are_read_from_their_own_folder(tmp_path: Path) -> None:
    folder = write_csv_parts(DATA, tmp_path)
    assert len(read(folder / "ratings").ratings) == len(DATA.ratings)


def test_another_header_is_refused(tmp_path: Path) -> None:
    folder = write_csv_parts(DATA, tmp_path)
    part = folder / "ratings/part-00002-b8d0-c000.csv"
    part.write_text(part.read_text().replace("userId,movieId", "movieId,userId"))
    with pytest.raises(DataError, match=r"part-00002.*line 1: 4 fields, which are not the columns"):
        read(folder)


def test_films_in_parts_are_refused(tmp_path: Path) -> None:
    """Reading the first of them only would lose the others."""
    folder = write_csv(DATA, tmp_path)
    (folder / "movies.csv").unlink()
    (folder / "movies").mkdir()
    for number in range(2):
        path = folder / f"movies/part-{number:05}.csv"
        films_of(DATA)[number::2].to_csv(path, index=False)
    with pytest.raises(DataError, match="holds films in 2 parts, expected one file"):
        read(folder)
