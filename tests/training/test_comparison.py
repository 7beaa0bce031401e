import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.model.artifact import Model
from tests.training.small_data import from_json
from training.choice.aim import Aim
from training.choice.folds import make_folds
from training.choice.metrics import METRICS, make_profiles
from training.data.dataset import Dataset
from training.data.splits import BY_FILM, PROTOCOLS
from training.evaluation import cold_user_accuracy, comparison, index_share, sequences, tuning
from training.evaluation.baselines import Ease, Groups
from training.evaluation.chart import draw_cold_users
from training.evaluation.comparison import Trial, compare
from training.evaluation.judge import LIKED
from training.evaluation.report import render
from training.evaluation.variety import CATALOGUE, VARIETY
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

ROOT = Path(__file__).resolve().parents[2]
SEED = 3
USERS, FILMS = 60, 24


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Two tastes: even users rate even films, odd users odd films, and each some others."""
    random = np.random.default_rng(0)
    alike = (np.arange(USERS)[:, None] + np.arange(FILMS)) % 2 == 0
    pairs = np.argwhere(random.random((USERS, FILMS)) < np.where(alike, 0.9, 0.1))
    return from_json(json.dumps(document(pairs, random)).encode(), "data.json")


def document(pairs: np.ndarray[Any, Any], random: np.random.Generator) -> dict[str, Any]:
    return {
        "usuarios": [{"id": u + 1, "nome": "x", "email": ""} for u in range(USERS)],
        "filmes": [
            {"id": f + 1, "titulo": "x", "genero": "ab"[f % 2], "diretor": "", "atores": ""}
            for f in range(FILMS)
        ],
        "avaliacoes": [
            {
                "usuario_id": int(user) + 1,
                "filme_id": int(film) + 1,
                "avaliacao": int(random.integers(1, 6)),
                "momento": int(random.integers(0, 100)),
            }
            for user, film in pairs
        ],
    }


@pytest.fixture(autouse=True)
def _few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    def candidates(*_: object) -> Any:
        few = {"EASE": [Ease(1.0), Ease(10.0)], "user groups": [Groups(2, SEED)]}
        return few, {"ALS": "not today"}

    monkeypatch.setattr(comparison, "candidates", candidates)
    monkeypatch.setattr(sequences, "PYTHON", Path("/none"))


@pytest.fixture(scope="module")
def trained(data: Dataset) -> tuple[Dataset, Dataset]:
    return BY_FILM.parts(data, SEED)


def test_every_protocol_has_every_metric(data: Dataset) -> None:
    found = compare(data, SEED)
    assert [part["name"] for part in found["protocols"]] == [p.name for p in PROTOCOLS]
    for part in found["protocols"]:
        names = [row["name"] for row in part["rows"]]
        others = [name for name in names if not name.startswith("padrao, recencia ")]
        assert others == ["padrao", "grupo", "populares", "em_alta", "EASE", "user groups"]
        assert len(names) <= len(others) + 1
        for row in part["rows"]:
            assert row["metrics"].keys() == {*METRICS, LIKED, *VARIETY}
            assert 0 <= row["disliked"] <= 1
            assert all(0 <= row[name] <= 1 for name in CATALOGUE)
        assert part["index"]["share_scored"] > 0
        assert part["train"] + part["test"] == len(data.ratings)
    assert found["left_out"].pop("SASRec").endswith("run make sequences")
    assert found["left_out"].pop("GRU4Rec").endswith("run make sequences")
    assert found["left_out"] == {"ALS": "not today"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    text = render(found)
    assert text.count("| **padrao** |") == 2 * len(PROTOCOLS)
    assert "- ALS: not today" in text


def test_sequence_models_are_measured_where_the_last_rating_is_held_out(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def best_lists(kind: str, train: Dataset, users: Any, seed: int) -> sequences.Found:
        assert len(train.ratings) == len(data.ratings) - len(users)
        lists = [np.arange(10) for _ in users]
        return sequences.Found(lists, {"tried": len(kind) + seed, "seconds": 1.0})

    monkeypatch.setattr(sequences, "why_left_out", lambda _: None)
    monkeypatch.setattr(sequences, "best_lists", best_lists)
    found = compare(data, SEED)
    for part in found["protocols"]:
        rows = [row for row in part["rows"] if row["name"] in sequences.KINDS]
        assert len(rows) == (2 if part["name"] == "last" else 0)
        for row in rows:
            assert (row["ours"], row["tried"]) == (False, len(row["name"]) + SEED)
    assert found["left_out"] == {"ALS": "not today"}
    assert "| GRU4Rec | 0." in render(found)


def test_a_protocol_that_needs_times_is_left_out_without_them(data: Dataset) -> None:
    found = compare(data.with_ratings(data.ratings.drop(columns="momento")), SEED)
    assert [part["name"] for part in found["protocols"]] == ["A", "80/20"]
    assert found["left_out"]["protocol last"] == "the data does not say when ratings were given"


def test_data_too_small_to_hold_ratings_out_is_reported(data: Dataset) -> None:
    found = compare(data.with_ratings(data.ratings[:1]), SEED)
    assert found["protocols"] == []
    assert {"protocol A", "protocol last", "protocol 80/20"} <= found["left_out"].keys()


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_choice_and_fit_never_see_the_test_part(
    data: Dataset, monkeypatch: pytest.MonkeyPatch, protocol: Any
) -> None:
    """Every choice, fit and fold gets ratings of the train part only."""
    train, test = protocol.parts(data, SEED)
    hidden = set(map(tuple, test.ratings[["user", "film"]].to_numpy().tolist()))
    seen: list[Dataset] = []

    def watched(function: Any) -> Any:
        def call(data: Dataset, *args: Any, **named: Any) -> Any:
            seen.append(data)
            return function(data, *args, **named)

        return call

    for name in ("choose", "fit", "make_folds"):
        monkeypatch.setattr(comparison, name, watched(getattr(comparison, name)))
    fitted: list[Any] = []
    learn = Ease.fit

    def fit_baseline(self: Ease, ratings: Any) -> Ease:
        fitted.append(ratings)
        return learn(self, ratings)

    monkeypatch.setattr(Ease, "fit", fit_baseline)
    Trial(train, test, SEED, Aim.SEEN, math.inf).run(protocol)
    assert len(seen) == 3
    for part in seen:
        assert not hidden & set(map(tuple, part.ratings[["user", "film"]].to_numpy().tolist()))
    assert fitted
    for matrix in fitted:
        assert not hidden & set(zip(*(axis.tolist() for axis in matrix.nonzero()), strict=True))


def test_new_users_get_popular_films_then_personal_ones(
    trained: tuple[Dataset, Dataset],
) -> None:
    found = cold_user_accuracy.measure(*trained, Hyperparameters(seed=SEED), Ease(5.0))
    ndcg = {name: [point["mean"] for point in points] for name, points in found["ndcg"].items()}
    assert found["known"] == [0, 1, 2, 3, 5, 10, "all"]
    assert ndcg["padrao"][0] == ndcg["populares"][0] == ndcg["EASE"][0]
    assert len(set(ndcg["populares"])) == 1  # it ignores what is known of a user
    assert ndcg["padrao"][1] > ndcg["populares"][1]
    assert ndcg["padrao"][-1] > ndcg["padrao"][1]
    liked = {name: points[-1]["mean"] for name, points in found["liked"].items()}
    assert liked.keys() == ndcg.keys()
    assert 0 < liked["populares"] < liked["padrao"]


def test_models_for_new_users_are_fitted_without_them(
    trained: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    fits: list[Dataset] = []

    def watched(data: Dataset, chosen: Hyperparameters) -> Model:
        fits.append(data)
        return fit(data, chosen)

    monkeypatch.setattr(cold_user_accuracy, "fit", watched)
    cold_user_accuracy.measure(*trained, Hyperparameters(seed=SEED), None)
    absent = [set(range(USERS)) - set(part.ratings["user"]) for part in fits]
    assert len(absent) == cold_user_accuracy.PARTS
    assert sum(map(len, absent)) == len(set.union(*absent)) > 20


def test_equal_curves_give_equal_bytes(trained: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    found = cold_user_accuracy.measure(*trained, Hyperparameters(seed=SEED), Ease(5.0))
    for name in ("a.svg", "b.svg"):
        draw_cold_users(found, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "EASE" in (tmp_path / "a.svg").read_text()


def test_baselines_are_tuned_by_the_metric_of_the_evaluation(data: Dataset) -> None:
    """The nDCG of a fold equals the reported one."""
    folds = make_folds(data, Aim.SEEN, SEED)
    tuned = tuning.tune([Ease(1.0), Ease(10.0)], folds)
    trials = [Trial(fold.train, fold.test, SEED, Aim.SEEN, math.inf) for fold in folds]
    best = [
        trial.measure(trial.lists(tuned.best.fit(trial.train.matrix)))["metrics"]["ndcg"]["mean"]
        for trial in trials
    ]
    sizes = [len(trial.users) for trial in trials]
    assert tuned.ndcg == pytest.approx(np.average(best, weights=sizes), abs=1e-5)


@pytest.mark.parametrize("scanned", [False, True])
def test_the_reported_share_of_scored_films_is_right(
    scanned: bool, trained: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least the candidates, at most their whole shelves; of a scan, all but the rated films."""
    monkeypatch.setattr("recommender.model.index.FIRST_BATCH", 1)
    if not scanned:
        monkeypatch.setattr("recommender.model.index.FLAT", 0)
    train, test = trained
    shares = {}
    for candidates in (10, FILMS):
        model = fit(train, Hyperparameters(seed=SEED, cells=4, candidates=candidates))
        # Nothing is scored again for a genre that leads.
        model = replace(model, film_genres=np.zeros_like(model.film_genres))
        profiles = make_profiles(model, train.ratings, test.ratings)
        found = index_share.measure_index(model, profiles, 0.0)
        shares[candidates] = found["share_scored"]
    rated = np.mean([len(known.rows) for known in profiles.known]) / FILMS
    assert shares[FILMS] == pytest.approx(1 - rated, abs=1e-6)
    assert found["loss"] == 0
    if scanned:
        assert shares[10] == shares[FILMS]
    else:
        assert 10 / FILMS <= shares[10] < shares[FILMS]


def test_evaluation_runs_without_development_packages(tmp_path: Path) -> None:
    """Without ``implicit``, LensKit and RecTools, the table says what is missing."""
    films = np.arange(FILMS)
    pairs = np.concatenate([np.stack([films + step, films], axis=1) for step in range(3)])
    path = tmp_path / "data.json"
    path.write_text(json.dumps(document(pairs, np.random.default_rng(1))))
    code = (
        "import sys, importlib.util as util; found = util.find_spec;"
        "util.find_spec = lambda name, *a: None if name == 'implicit' else found(name, *a);"
        "from pathlib import Path; from training.evaluation import lenskit, sequences;"
        "lenskit.PYTHON = sequences.PYTHON = Path('/none');"
        "from training.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "evaluate", "--data", path, "--plot", tmp_path],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "- ALS: the package implicit is not installed" in done.stdout
    assert "- SASRec: its environment is missing: run make sequences" in done.stdout
    assert "Protocol last" in done.stdout
