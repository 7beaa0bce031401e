"""Writes the measured part of docs/spark.md from the results, with a bill for a billion ratings."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine, price
from benchmarks.growth_page import table
from benchmarks.parity import NDCG, PRODUCTS, SAME
from training.model.embedding import most_vectors

Row = dict[str, Any]

HEADING = "## Measured"
PAGE = machine.ROOT / "docs" / "spark.md"
TEMPLATE = Path(__file__).parent / "pages" / "spark.md"
KINDS = ("driver", "jvm", "workers")
READING, VECTORS, DRIVER = "reading and sharing out", "singular vectors", "driver, between passes"
PASSES = ("counts", VECTORS, "next-film matrix", "taste groups", "trend")
TRAINING = ("sample for the driver", *PASSES, DRIVER)

# The cluster on paper: EMR Serverless in us-east-1, list prices in dollars an hour.
EMR_PRICES = "https://aws.amazon.com/emr/pricing/"
VCPU_HOUR, GB_HOUR, DISK_GB_HOUR = 0.052624, 0.0057785, 0.000111
FREE_DISK = 20  # GB of each worker
EXECUTORS, VCPUS, MEMORY, DISK = 16, 4, 16, 100  # of each, memory and disk in GB
BUSY = 0.7  # share of the executors' time in which they compute; assumed
MILLIONS, FILMS = 1000, 59_000  # ratings and films
FITS = 1.75  # of all ratings: one of all of them, one of three quarters
PACKED = 4 + 8 + 8 + 1  # bytes of a rating in parts: film, rating, moment, held out
BESIDES = 8  # vectors that are iterated besides those that are kept, see engines/spectrum.py

ARRAYS = 10  # of all films and vectors, that the driver holds

GROWTH = {
    "million ratings": "{millions}",
    "films": "{films:,}",
    "cores": "{cores} ({processor})",
    "minutes": "{minutes}",
    "processor s": "{work:,}",
    "reading": "{reading:,}",
    "singular vectors (passes)": "{vectors:,} ({passes})",
    "other passes": "{other:,}",
    "driver between passes": "{between}",
    "driver, MB": "{driver:,}",
    "JVM, MB": "{jvm:,}",
    "workers, MB": "{workers:,}",
    "shuffled, GB": "{shuffled}",
    "nDCG@10": "{ndcg:.4f}",
}
PARITY = {
    "products differ by": "{products:.2g}",
    "nDCG@10, Spark": "{ndcg:.4f}",
    "one machine": "{ndcg_here:.4f}",
    "same first five": "{same_first:.2%}",
}
ALS = {
    "": "{name}",
    "processor s": "{work:,}",
    "recall@10, liked": "{liked_recall:.4f}",
    "nDCG@10, liked": "{liked_ndcg:.4f}",
    "recall@10, any": "{any_recall:.4f}",
    "nDCG@10, any": "{any_ndcg:.4f}",
}


def work(row: Row, *names: str) -> float:
    """Return the processor seconds of some stages, of all kinds of processes."""
    return sum(sum(row["stages"].get(name, {"work": {}})["work"].values()) for name in names)


def growth(rows: list[Row]) -> list[Row]:
    """Return the rows of the table: reading and one training each, in processor seconds."""
    found = []
    for row in rows:
        stages = {name: row["stages"][name] for name in (READING, *TRAINING)}
        peak = {kind: max(each["peak"][kind] for each in stages.values()) for kind in KINDS}
        found.append(
            {
                **{name: row[name] for name in ("millions", "films", "cores", "ndcg")},
                "processor": row["processor"].replace("(R)", "").removesuffix(" Processor"),
                "minutes": round(sum(each["seconds"] for each in stages.values()) / 60, 1),
                "work": round(work(row, READING, *TRAINING)),
                "reading": round(work(row, READING)),
                "vectors": round(work(row, VECTORS)),
                "passes": stages[VECTORS]["calls"] - 1,  # one takes the lengths of columns
                "other": round(work(row, *PASSES) - work(row, VECTORS)),
                "between": round(work(row, DRIVER)),
                **{kind: round(peak[kind] / 1e6) for kind in KINDS},
                "shuffled": round(row["shuffled"] / 1e9, 1),
            }
        )
    return found


def driver_bytes(films: int, dimensions: int) -> int:
    """Return what the driver holds for singular vectors, of which many films have fewer."""
    return ARRAYS * 8 * films * (min(dimensions, most_vectors(films)) + BESIDES)


class Bill(NamedTuple):
    """A training on the cluster: hours, what is computed, and what it costs."""

    core_hours: float
    serial_minutes: float
    hours: float
    dollars: float


def bill(row: Row, search_seconds: float, executors: int = EXECUTORS) -> Bill:
    """Return the bill for ``MILLIONS`` million ratings, by the figures of a smaller training.

    Passes take time in proportion to ratings, and so does reading. What the driver does by itself
    takes as long as it did, and executors wait meanwhile; so they do for ``search_seconds``.
    """
    own = sum(row["stages"][name]["work"]["driver"] for name in (*PASSES, DRIVER))
    trained = 0.75 * row["ratings"] / 1e6
    passing = (
        work(row, *PASSES) - sum(row["stages"][n]["work"]["driver"] for n in PASSES)
    ) / trained
    reading = work(row, READING) / (row["ratings"] / 1e6)
    seconds = MILLIONS * (reading + FITS * passing)
    serial = 2 * own + search_seconds
    hours = (seconds / (executors * VCPUS * BUSY) + serial) / 3600
    worker = VCPUS * VCPU_HOUR + MEMORY * GB_HOUR + (DISK - FREE_DISK) * DISK_GB_HOUR
    return Bill(seconds / 3600, serial / 60, hours, hours * (executors + 1) * worker)


def agree(parity: Row) -> bool:
    """Return whether two engines agree as closely as was asked."""
    accuracy = abs(parity["ndcg"] - parity["ndcg_here"])
    return bool(parity["products"] < PRODUCTS and accuracy < NDCG and parity["same_first"] >= SAME)


def section() -> str:
    """Return the measured part of the page."""
    found, searched = machine.read("spark"), machine.read("training")["rows"][-1]
    rows = found["rows"]
    largest = max(rows, key=lambda row: (row["millions"], row["cores"]))
    parity, als = found["parity"], found["als"]
    fits = {  # processor seconds of a training with two cores
        row["millions"]: round(work(row, *TRAINING)) for row in rows if row["cores"] == 2
    }
    training, beside = fits[parity["millions"]], fits[als["millions"]]
    paper = bill(largest, searched["seconds"])
    held = driver_bytes(FILMS, largest["dimensions"])
    block = held // ARRAYS
    passed = largest["stages"][VECTORS]["calls"] * 0.75 * largest["ratings"] / 1e6
    where = found["machine"]
    return TEMPLATE.read_text(encoding="utf-8").format(
        **{name: value for name, value in globals().items() if name.isupper()},
        PRICED=price.PRICED,
        where=where,
        measured=where["measured"][:10],
        commit=machine.short(where["commit"]),
        growth=table(GROWTH, growth(rows)),
        parity=table(PARITY, [parity]),
        parity_millions=parity["millions"],
        als_millions=als["millions"],
        parity_users=parity["users"],
        here=parity["work_seconds"],
        here_gb=f"{parity['peak_bytes'] / 1e9:.1f}",
        training=training,
        times_here=f"{training / parity['work_seconds']:.1f}",
        als=table(
            ALS,
            [
                {"name": "this engine", "work": beside, **als["ours"]},
                *(
                    {
                        **row,
                        "name": f"ALS, {row['iterations']} iterations",
                        "work": round(sum(row["work"].values())),
                    }
                    for row in als["rows"]
                ),
            ],
        ),
        als_verdict=verdict(beside, als),
        chosen="rank {rank}, alpha {alpha:g}, regularisation {regParam:g}, ".format(**als["chosen"])
        + ("liked ratings only" if als["chosen"]["liked_only"] else "all ratings"),
        tried=len(als["tried"]),
        largest=largest,
        core_hours=f"{paper.core_hours:,.0f}",
        serial=f"{paper.serial_minutes:,.0f}",
        hours=f"{paper.hours:.1f}",
        dollars=f"{paper.dollars:,.0f}",
        twice=bill(largest, searched["seconds"], 2 * EXECUTORS),
        search=f"{searched['seconds']:,.0f}",
        a_pass=f"{work(largest, VECTORS) / passed:.2f}",
        a_reading=f"{work(largest, READING) / largest['ratings'] * 1e6:.1f}",
        block_mb=f"{block / 1e6:.0f}",
        pass_gb=f"{block * MILLIONS / 1e9:.0f}",
        driver_gb=f"{held / 1e9:.1f}",
        million_times=f"{driver_bytes(10**6, largest['dimensions']) / held:.1f}",
        packed_gb=f"{PACKED * MILLIONS / 1000:.0f}",
    )


def verdict(training: float, als: Row) -> str:
    """Return in words what ALS takes for our recall of liked films, or for its best."""
    ours = als["ours"]["liked_recall"]
    reached = [row for row in als["rows"] if row["liked_recall"] >= ours]
    row = reached[0] if reached else max(als["rows"], key=lambda row: row["liked_recall"])
    told = f"in {sum(row['work'].values()) / training:.2f} times our processor time"
    if reached:
        return f"ALS reaches this recall with {row['iterations']} iterations, {told}."
    share = row["liked_recall"] / ours
    return f"ALS does not reach this recall: its best is {share:.0%} of it, {told}."


def write() -> None:
    """Put the measured part at the end of the page, if all of it has been measured."""
    if {"parity", "als"} <= machine.read("spark").keys():
        before = PAGE.read_text(encoding="utf-8").partition(HEADING)[0].rstrip()
        PAGE.write_text(f"{before}\n\n{section()}", encoding="utf-8")


if __name__ == "__main__":
    write()
