"""A training on Spark: many ratings there, what is as small as films here."""

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from pyspark.sql import SparkSession
from threadpoolctl import threadpool_limits

from training.choice.aim import Aim, resolve
from training.choice.choose import choose
from training.choice.folds import RATINGS
from training.choice.learned import Evaluation, Learned
from training.choice.metrics import MEASURED, measure, sample_users
from training.data.tables import Scale
from training.engines.checking import Checker
from training.engines.learning import fit
from training.engines.parts import Parts
from training.engines.reading import read
from training.engines.session import open_session
from training.engines.sharing import share_out
from training.engines.sources import find
from training.model.embedding import LEADING
from training.model.fit import complete
from training.model.hyperparameters import Values
from training.model.labels import find_leads_of

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

    Raises:
        DataError: a record is wrong, or the data does not allow the aim.
        SearchTimeoutError: a search was not done in time.
    """
    with load(open_session(), place, columns, scale, seed, count) as (parts, duplicates):
        films = len(parts.facts.films)
        _log.info("%d users, %d films, %d ratings", parts.users, films, parts.ratings)
        learned = _learn(parts, seed, aim, fixed, end)
    return replace(learned, data=replace(learned.data, duplicates=duplicates))


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


def _learn(parts: Parts, seed: int, aim: Aim | None, fixed: Values | None, end: float) -> Learned:
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
    evaluation = _evaluate(parts, share, seed, aim, fixed, end)
    return Learned(parts.gather(1, seed), model, leads, choice, evaluation)


def _evaluate(
    parts: Parts, share: float, seed: int, aim: Aim, fixed: Values | None, end: float
) -> Evaluation:
    train, test = parts.view(held_out=False), parts.view(held_out=True)
    if not train.ratings or not test.ratings:
        return Evaluation(0, {})
    sample = train.gather(share, seed)
    with threadpool_limits(1):
        model, _ = fit(train, sample, choose(sample, seed, aim, fixed, end, LEADING).chosen)
    drawn = 2 * MEASURED / parts.users  # of some of whom nothing is held out
    held_out = sample_users(test.gather(drawn, seed), seed)
    metrics = measure(model, train.gather(drawn, seed), held_out)
    return Evaluation(held_out.ratings["user"].nunique(), metrics)
