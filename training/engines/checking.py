"""Checks of ratings in Spark: the rules, the order and the messages of one machine."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from training.data.columns import A_TIME, AN_ID, FINER, FIRST_SECOND, LAST_SECOND, REMEDY, UNITS
from training.data.columns import refuse as refuse_first
from training.data.dataset import check_film_table, name_films, only_seen
from training.data.readers.parquet import take
from training.data.scale import GIVE_ONE, between, beyond, weigh_up
from training.data.tables import TIME_COLUMN, DataError, Faults, Scale, Table
from training.engines.reading import PLACE, as_frame, read_lines
from training.engines.sources import Source

_log = logging.getLogger(__name__)


def outside(value: Column, lowest: float, highest: float) -> Column:
    """Return where a number is not between two others, or where there is none."""
    return ~F.coalesce(value.between(lowest, highest), F.lit(False))


@dataclass(frozen=True)
class Checked:
    """Ratings that may be trained on.

    ``records`` have the columns of ``PLACE``, ``user`` and ``film`` (ids), ``rating`` and
    ``moment``, whole seconds since 1970 and null if nothing is said of times. ``films`` are as in
    ``Dataset``.
    """

    records: DataFrame
    films: pd.DataFrame
    scale: Scale
    total: int


class Checker:
    """Looks for what ``training.data.dataset.check`` refuses, and says the same of it.

    Args:
        source: what was read.
        raw: for each file its records as they are, among those of others perhaps.
        read: the records of all files, as ``reading.SCHEMA`` says.
    """

    def __init__(self, source: Source, raw: list[DataFrame], read: DataFrame) -> None:
        self.source, self.raw, self.read = source, raw, read
        self.records = read.filter(F.col("fault").isNull())

    def check(self, given: Scale | None) -> Checked:
        """Return the ratings; ``given`` is the scale that a person says they have.

        Raises:
            DataError: a record is wrong; the first such record is named.
        """
        self._refuse_faults()
        found = self._count()
        self.odd: list[bool] = found["odd"].tolist()
        total = int(found["total"].sum())
        if not total:
            raise DataError(f"{self._name()} has no records: nothing to train on")
        ratings = self.source.ratings[0]
        rated = ratings[2] is None or "avaliacao" in ratings[2].places
        if ratings[2] is None:
            rated = "avaliacao" in take(as_frame(self.raw[0].drop(*PLACE).limit(0)), "").frame
        self._refuse_some(found, "user", "usuario_id", AN_ID, f"; {REMEDY}")
        if self.source.films is None:
            self._refuse_some(found, "film", "filme_id", AN_ID, f"; {REMEDY}")
        films = self._films()
        scale = given if rated else only_seen(self._name(), given)
        scale = scale or self.source.scale
        self._refuse_some(found, "film", "filme_id", AN_ID, f"; {REMEDY}")
        self._refuse_unknown(films)
        bounds, remedy = (scale, "") if scale else (self._widest(), f"; {GIVE_ONE}")
        told = f"a number from {bounds[0]:g} to {bounds[1]:g}"
        self._refuse(outside(F.col("rating"), *bounds), "avaliacao", told, remedy)
        seconds = self._seconds(found, total)
        scale = scale or self._infer()
        records = self.records.select(*PLACE, "user", "film", "rating", seconds.alias("moment"))
        return Checked(records, films, scale, total)

    def _name(self) -> str:
        return self.source.ratings[0][1]

    def _count(self) -> pd.DataFrame:
        """Return what is odd about each file, as numbers of records."""
        sums = {
            "total": F.lit(True),
            "user": F.col("user") < 0,
            "film": F.col("film") < 0,
            "untimed": F.col("untimed"),
            "no_time": F.col("moment").isNull(),
        }
        for unit in range(UNITS + 1):
            moment = F.col("moment") / FINER**unit
            sums[f"late_{unit}"] = moment > LAST_SECOND
            sums[f"wrong_{unit}"] = outside(moment, FIRST_SECOND, LAST_SECOND)
        counts = [F.sum(sums[name].cast("long")).alias(name) for name in sums]
        by_file = self.records.groupBy("file").agg(*counts, F.max("odd").alias("odd"))
        found = pd.DataFrame(
            [row.asDict() for row in by_file.collect()], columns=["file", *sums, "odd"]
        )
        files = pd.RangeIndex(len(self.source.ratings))
        return found.set_index("file").reindex(files).fillna(0).astype({"odd": bool})

    def _refuse_faults(self) -> None:
        """Refuse lines that are no records, those of the first file that has any."""
        found = self.read.filter(F.col("fault").isNotNull()).collect()
        rows = sorted(found, key=lambda row: [row[name] for name in PLACE])
        of_file = [row for row in rows if row["file"] == rows[0]["file"]]
        for row in [*(row for row in of_file if not row["faults"]), *of_file][:1]:
            name, before = self.source.ratings[row["file"]][1], self._before(row)
            count = sum(row["faults"] for row in of_file) if row["faults"] else 1
            Faults(name, before + 1, row["fault"], count).refuse()

    def _before(self, row: Any) -> int:
        """Return how many lines or rows stand before a record in its file."""
        earlier = (F.col("block") < row["block"]) | (
            (F.col("block") == row["block"]) & (F.col("line") < row["line"])
        )
        return int(self._of_file(row).filter(earlier).count())

    def _of_file(self, row: Any) -> DataFrame:
        """Return the records, as they are, of the file in which a record is."""
        return self.raw[row["file"]].filter(F.col("file") == row["file"])

    def _first(self, wrong: DataFrame) -> Table | None:
        """Return the first of some records as a table of its own, as it would have been read."""
        for row in wrong.orderBy(*PLACE).limit(1).collect():
            _, name, layout = self.source.ratings[row["file"]]
            at = (F.col("block") == row["block"]) & (F.col("line") == row["line"])
            here = as_frame(self._of_file(row).filter(at).drop(*PLACE))
            if layout is None:
                table = take(here, name)
            else:
                as_text = self.odd[row["file"]]
                table, _ = read_lines(here["value"], name, layout, Faults(name), as_text=as_text)
            table.frame.index = pd.Index([self._before(row)])
            return table
        return None

    def _refuse(self, wrong: Column, column: str, expected: str, remedy: str = "") -> None:
        records = self.records.filter(wrong)
        table = self._first(records)
        if table is not None:
            refuse_first(table, np.array([True]), column, expected, remedy, records.count())

    def _refuse_some(
        self, found: pd.DataFrame, kind: str, column: str, expected: str, remedy: str
    ) -> None:
        if found[kind].sum():
            self._refuse(F.col(kind) < 0, column, expected, remedy)

    def _films(self) -> pd.DataFrame:
        self.rated = np.array(
            sorted(row["film"] for row in self.records.select("film").distinct().collect()),
            np.int64,
        )
        if self.source.films is None:
            return name_films(self.rated)
        return check_film_table(self.source.films)

    def _refuse_unknown(self, films: pd.DataFrame) -> None:
        unknown = np.setdiff1d(self.rated, films["id"].to_numpy())
        if len(unknown):
            wrong = F.col("film").isin(unknown.tolist())
            self._refuse(wrong, "filme_id", "the id of a film in the data")

    def _widest(self) -> Scale:
        values = self.records.select("rating").filter(
            ~F.isnan("rating") & (F.abs("rating") < float("inf"))
        )
        found = values.agg(F.min("rating"), F.max("rating"), F.expr("percentile(rating, 0.5)"))
        (row,) = found.collect()
        return between(*row) if row[0] is not None else between(0, 0, 0)

    def _seconds(self, found: pd.DataFrame, total: int) -> Column:
        """Return times as whole seconds, null without any; refuse what is no time."""
        if found["untimed"].sum() == total:
            return F.lit(None).cast("long")
        unit, times = 0, total - found["no_time"].sum()
        while unit < UNITS and 2 * found[f"late_{unit}"].sum() > times:
            unit += 1
        moment = F.col("moment") / FINER**unit
        if found[f"wrong_{unit}"].sum():
            self._refuse(outside(moment, FIRST_SECOND, LAST_SECOND), TIME_COLUMN, A_TIME)
        return F.floor(moment).cast("long")

    def _infer(self) -> Scale:
        rows = self.records.groupBy("rating").count().collect()
        counts = pd.Series({row["rating"]: row["count"] for row in rows}).sort_index()
        scale, stray = weigh_up(counts)
        if len(stray):
            table = self._first(self.records.filter(F.col("rating") == float(stray.index[0])))
            assert table is not None, "the value is that of a record"
            raise DataError(f"{table.record(0)}: {beyond(table, counts, stray, scale)}")
        _log.info("scale, as the ratings tell: %g to %g; --scale LOW:HIGH sets another", *scale)
        return scale
