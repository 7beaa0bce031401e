"""MLlib's ALS on the ratings that ``spark_worker.py`` kept: ``spark.py`` starts this.

ALS takes implicit feedback. Its settings are tuned one after the other on a sample of the users, on
ratings held out of the train part. With the best of them it is fitted to the whole train part, for
several numbers of iterations. Prints as JSON what each fit takes, and its accuracy and ours.
"""

import json
import pickle
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.parity import profiles_of
from benchmarks.processes import Watch
from benchmarks.spark_worker import SEED, TRAINED
from recommender.model.artifact import Model
from training.choice.metrics import CUTOFF, rank_all, sample_users, score_lists, score_some
from training.data.dataset import Dataset
from training.data.splits import split_by_film
from training.engines import session

TUNED_ON = 500_000  # ratings
START = {"rank": 32, "alpha": 1.0, "regParam": 0.1, "liked_only": False}
TRIED: dict[str, tuple[Any, ...]] = {
    "rank": (16, 64),
    "alpha": (0.3, 10.0),
    "regParam": (0.02,),
    "liked_only": (True,),
}
TUNING = 10  # iterations
ITERATIONS = (5, 10)
BLOCK = 1000  # users whose films are scored at a time

Settings = dict[str, Any]
Ids = NDArray[np.int64]


class Factors:
    """Factors of users and films from a fit of ALS to the ratings of a data set."""

    def __init__(
        self, spark: SparkSession, data: Dataset, settings: Settings, iterations: int
    ) -> None:
        ratings = data.ratings
        if settings["liked_only"]:
            ratings = ratings[ratings["avaliacao"] >= data.liked_from].assign(avaliacao=1.0)
        with TemporaryDirectory() as scratch:
            ratings[["user", "film", "avaliacao"]].to_parquet(f"{scratch}/ratings.parquet")
            table = spark.read.parquet(f"{scratch}/ratings.parquet")
            als = ALS(
                rank=settings["rank"],
                maxIter=iterations,
                regParam=settings["regParam"],
                alpha=settings["alpha"],
                implicitPrefs=True,
                seed=SEED,
                userCol="user",
                itemCol="film",
                ratingCol="avaliacao",
            )
            model = als.fit(table)
            self.users = _as_rows(model.userFactors.collect(), len(data.users))
            self.films = _as_rows(model.itemFactors.collect(), len(data.films))
            model.userFactors.unpersist()
            model.itemFactors.unpersist()

    def lists(self, users: Ids, known: Dataset) -> list[Ids]:
        """Return the ten best films (positions) of each user, without those they have rated."""
        matrix = known.matrix[users]
        found: list[Ids] = []
        for start in range(0, len(users), BLOCK):
            scores = self.users[users[start : start + BLOCK]] @ self.films.T
            rated = matrix[start : start + BLOCK].nonzero()
            scores[rated] = -np.inf
            found.extend(np.argsort(-scores, axis=1)[:, :CUTOFF])
        return found


def _as_rows(factors: list[Any], count: int) -> NDArray[np.float32]:
    """Return factors as rows; zeros for users and films without ratings."""
    rows = np.zeros((count, len(factors[0]["features"])), np.float32)
    for factor in factors:
        rows[factor["id"]] = factor["features"]
    return rows


def accuracy(lists: list[Any], relevant: list[Any], liked: list[Any]) -> dict[str, float]:
    """Return recall and nDCG at 10 where every held-out film counts, and where liked ones do."""
    both = {"any": score_lists(lists, relevant), "liked": score_some(lists, liked)}
    return {
        f"{name}_{metric}": round(float(scores[metric].mean()), 6)
        for name, scores in both.items()
        for metric in ("recall", "ndcg")
    }


def judge(factors: Factors, train: Dataset, test: Dataset) -> dict[str, float]:
    """Return the accuracy of ALS for the users of a test part."""
    users = np.unique(test.ratings["user"].to_numpy(np.int64))
    liked = test.ratings[test.ratings["avaliacao"] >= test.liked_from]
    found = (_films(users, ratings) for ratings in (test.ratings, liked))
    return accuracy(factors.lists(users, train), *found)


def _films(users: Ids, ratings: pd.DataFrame) -> list[Ids]:
    rated = {user: films.to_numpy() for user, films in ratings.groupby("user")["film"]}
    return [rated.get(user, np.empty(0, np.int64)) for user in users]


def judge_ours(model: Model, train: Dataset, test: Dataset) -> dict[str, float]:
    """Return the accuracy of our model for the same users."""
    profiles = profiles_of(model, train, test)
    liked = test.ratings[test.ratings["avaliacao"] >= test.liked_from]
    places = np.argsort(model.rows_by_id)  # of films by row
    lists = [places[rows] for rows in rank_all(model, profiles, recency=0.0)]
    return accuracy(
        lists, [places[rows] for rows in profiles.relevant], _films(profiles.users, liked)
    )


def tune(spark: SparkSession, train: Dataset) -> tuple[Settings, list[Settings]]:
    """Return the settings with the best recall of liked films, and what was tried."""
    some = train.sample(TUNED_ON, SEED)
    known, held_out = map(train.with_ratings, split_by_film(some.ratings, SEED))
    table: list[Settings] = []

    def measure(settings: Settings) -> float:
        found = judge(Factors(spark, known, settings, TUNING), known, sample_users(held_out, SEED))
        table.append({**settings, **found})
        print(table[-1], file=sys.stderr, flush=True)
        return found["liked_recall"]

    best, most = START, measure(START)
    for name, values in TRIED.items():
        for value in values:
            recall = measure({**best, name: value})
            if recall > most:
                best, most = {**best, name: value}, recall
    return best, table


def main() -> None:
    """Tune, fit, compare and print."""
    folder, cores = sys.argv[1:]
    train, test, ours = pickle.loads(Path(folder, TRAINED).read_bytes())  # noqa: S301 our own
    test = sample_users(test, SEED)
    # Java's vectors, which MLlib computes with where there is no native BLAS.
    options = {"spark.driver.extraJavaOptions": "--add-modules=jdk.incubator.vector"}
    session.SETTINGS |= {"spark.master": f"local[{cores}]", **options}
    spark = session.open_session()
    best, table = tune(spark, train)
    rows = []
    for iterations in ITERATIONS:
        watch = Watch("fit")
        factors = Factors(spark, train, best, iterations)
        (stage,) = watch.close().values()
        rows.append({"iterations": iterations, **asdict(stage), **judge(factors, train, test)})
        print(rows[-1], file=sys.stderr, flush=True)
    spark.stop()
    told = {"chosen": best, "tried": table, "ours": judge_ours(ours, train, test), "rows": rows}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
