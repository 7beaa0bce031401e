"""Where `make run` keeps models, and when it trains."""

import shutil
from pathlib import Path

from tests.training.small_data import CASE
from training.data.read import read
from training.serve import prepare, run_folder


def test_a_data_set_has_one_folder_whether_packed_or_not(tmp_path: Path) -> None:
    unpacked = tmp_path / "ml"
    unpacked.mkdir()
    same = [unpacked, unpacked / "ratings.csv", tmp_path / "ml.zip", tmp_path / "ml.json.gz"]
    assert len({run_folder(path) for path in same}) == 1
    others = [tmp_path / "other/ml.zip", tmp_path / "ml-2.zip", unpacked / "ml.csv"]
    assert len({run_folder(path) for path in (unpacked, *others)}) == 4


def test_it_trains_what_is_not_there_and_keeps_the_newest(
    original_dir: Path, tmp_path: Path
) -> None:
    data, trained = read(CASE), []

    def train(place: Path) -> None:
        shutil.copytree(original_dir, place, dirs_exist_ok=True)
        place.touch()
        trained.append(place)

    def ask(seed: int) -> Path:
        return prepare(tmp_path, data, {"seed": seed}, train)

    one, two, three = (ask(seed) for seed in (1, 2, 3))
    assert trained == [one, two, three]
    assert ask(1) == one
    assert len(trained) == 3
    four = ask(4)
    assert set(tmp_path.iterdir()) == {one, three, four}  # asked for least lately: two
    (four / "kmeans.joblib").write_bytes(b"")
    assert ask(4) == four
    assert trained == [one, two, three, four, four]
