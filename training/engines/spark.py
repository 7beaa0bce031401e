"""A training on Spark: many ratings there, what is as small as films here."""

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from pyspark.sql import SparkSession
from threadpoolctl import threadpool_limits

from training.choice.aim import Aim, resolve
from training.choice.choose import choose
from training.choice.folds import RATINGS
from training.choice.learned import Evaluation, Learned, Outside, Sampled
from training.choice.metrics import MEASURED, measure, sample_users
from training.data.dataset import name_users
from training.data.tables import DataError, Scale
from training.engines.checking import Checker
from training.engines.learning import fit
from training.engines.lists import IN_A_BLOCK, write_lists
from training.engines.packing import write_profiles
from training.engines.parts import Parts
from training.engines.reading import read
from training.engines.session import open_session
from training.engines.sharing import share_out
from training.engines.sources import find
from training.engines.telling import digest, tell
from training.model.embedding import LEADING
from training.model.fit import complete
from training.model.hyperparameters import Values
from training.model.labels import find_leads_of
from training.profiles.export import LISTED

_log = logging.getLogger(__name__)


def learn(
    place: str,
    columns: Mapping[str, str],
    scale: Scale | None,
    seed: int,
    aim: Aim | None = None,
    fixed: Values | None = None,
    end: float = math.inf,
    count: int | None = None,
    profiles: Path | None = None,
) -> Learned:
    """Train on the ratings at a path or an address, as ``training.build.learn`` does without Spark.

    Settings are chosen on a sample of users that fits one machine. Equal data, seed, aim, fixed
    values and number of parts give an equal model.

    Args:
        place: a path of this machine, or an address such as ``s3://bucket/folder``.
        columns: as in ``training.data.read.read``.
        scale: likewise.
        seed: of every random draw.
        aim: what recommendations are to hit, None: the usual one.
        fixed: hyperparameters to keep instead of choosing them.
        end: moment of the monotonic clock at which a search that is not done fails.
        count: of parts; None: by the number of ratings.
        profiles: a folder for parts of profiles, so that ratings are in these only; None: all
            ratings are brought to this machine.

    Raises:
        DataError: a record is wrong, or the data does not allow the aim.
        SearchTimeoutError: a search was not done in time.
    """
    with load(open_session(), place, columns, scale, seed, count) as (parts, duplicates):
        films = len(parts.facts.films)
        _log.info("%d users, %d films, %d ratings", parts.users, films, parts.ratings)
        learned = _learn(parts, seed, aim, fixed, end, profiles)
    return replace(learned, data=replace(learned.data, duplicates=duplicates))


def sample(
    place: str,
    columns: Mapping[str, str],
    scale: Scale | None,
    seed: int,
    aim: Aim | None = None,
    end: float = math.inf,
    count: int | None = None,
) -> Sampled:
    """Train on the train part of ratings, and draw users by whom to measure; see ``learn``."""
    with load(open_session(), place, columns, scale, seed, count) as (parts, _):
        return draw(parts, seed, aim, None, end)


def recommend(folder: Path, limit: int, place: str) -> int:
    """Write the lists of all users of an artifact, see ``training.engines.lists``."""
    return write_lists(open_session(), folder, limit, place, IN_A_BLOCK)


@contextmanager
def load(
    spark: SparkSession,
    place: str,
    columns: Mapping[str, str],
    scale: Scale | None,
    seed: int,
    count: int | None,
) -> Iterator[tuple[Parts, int]]:
    """Give the checked ratings of a path in parts, and how many a later one had replaced."""
    with find(spark, place, columns) as source:
        raw, records = read(spark, source)
        records.persist()
        checked = Checker(source, raw, records).check(scale)
        parts = share_out(checked, seed, count)
        records.unpersist()
        duplicates = checked.total - parts.ratings
        if duplicates:
            told = "ratings replaced by a later one of the same user and film: %d"
            _log.warning(told, duplicates)
        yield parts, duplicates
        parts.packed.unpersist()


def _learn(
    parts: Parts,
    seed: int,
    aim: Aim | None,
    fixed: Values | None,
    end: float,
    profiles: Path | None,
) -> Learned:
    share = RATINGS / parts.ratings
    sample = parts.gather(share, seed)
    aim = resolve(aim, sample)
    with threadpool_limits(1):  # a fixed order of sums: equal data gives equal bits
        choice = choose(sample, seed, aim, fixed, end, LEADING)
        _log.info("fitting to all ratings")
        model, totals = fit(parts, sample, choice.chosen)
        leads = find_leads_of(sample, model, totals.counts)
        model = complete(sample, model, leads, seed)
    _log.info("measuring: the same once more, on three quarters of the ratings")
    evaluation = _evaluate(parts, seed, aim, fixed, end)
    if profiles is None:
        return Learned(parts.gather(1, seed), model, leads, choice, evaluation)
    _log.info("packing profiles")
    kept = write_profiles(parts, profiles)
    told = tell(parts, LISTED)
    outside = Outside(told, digest(parts), parts.users, parts.ratings, kept.ratings, profiles)
    users = name_users(np.array([user_id for user_id, *_ in told.tastes], np.int64))
    data = replace(sample, users=users).with_ratings(sample.ratings[:0])
    return Learned(data, model, leads, choice, evaluation, outside)


def _evaluate(parts: Parts, seed: int, aim: Aim, fixed: Values | None, end: float) -> Evaluation:
    if parts.ratings in (0, parts.view(held_out=False).ratings):
        return Evaluation(0, {})
    found = draw(parts, seed, aim, fixed, end)
    metrics = measure(found.model, found.train, found.test)
    return Evaluation(found.test.ratings["user"].nunique(), metrics)


def draw(
    parts: Parts, seed: int, aim: Aim | None, fixed: Values | None, end: float = math.inf
) -> Sampled:
    """Fit a model to the train part, whose settings go by a sample of it, and draw users.

    Raises:
        DataError: there are too few ratings to hold any out.
    """
    train, test = parts.view(held_out=False), parts.view(held_out=True)
    if not train.ratings or not test.ratings:
        raise DataError("too few ratings to hold any out")
    some = train.gather(RATINGS / parts.ratings, seed)
    aim = resolve(aim, some)
    with threadpool_limits(1):
        choice = choose(some, seed, aim, fixed, end, LEADING)
        model, totals = fit(train, some, choice.chosen)
    drawn = 2 * MEASURED / parts.users  # of some of whom nothing is held out
    held_out = sample_users(test.gather(drawn, seed), seed)
    known = train.gather(drawn, seed)
    sizes = (train.ratings, test.ratings)
    return Sampled(model, choice, known, held_out, parts.users, totals.counts, sizes, aim)
