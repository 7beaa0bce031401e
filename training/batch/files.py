"""Files of lists: Parquet or CSV, written block by block under another name, and then renamed."""

import gzip
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pandas as pd

Blocks = Iterator[pd.DataFrame]


class ListsError(Exception):
    """Lists cannot be written; the message says where and why."""


def write_lists(path: Path, blocks: Iterable[pd.DataFrame]) -> int:
    """Write blocks of lists to a file, and return how many rows there are.

    What was there before is replaced once all is written, else it stays. One block is in memory at
    a time. Folders on the way are made.

    Raises:
        ListsError: the file cannot be written, or the process that makes a block was killed.
    """
    rows = 0

    def counted() -> Blocks:
        nonlocal rows
        for block in blocks:
            rows += len(block)
            yield block

    write = find_writer(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as scratch:
            new = Path(scratch, path.name)
            write(new, counted())
            new.replace(path)
    except OSError as error:
        raise ListsError(f"{path} was not written: {error}") from None
    except BrokenExecutor:
        told = f"{path} was not written: a process was killed, perhaps for want of memory"
        raise ListsError(told) from None
    return rows


def find_writer(path: Path) -> Callable[[Path, Blocks], None]:
    """Return what writes a file of this name, or raise ``ListsError`` if nothing can."""
    if path.is_dir():
        raise ListsError(f"{path} is a folder: name a file")
    for ending, write in WRITERS.items():
        if path.name.endswith(ending) and path.name != ending:
            return write
    raise ListsError(f"{path} has no known ending, expected one of {', '.join(WRITERS)}")


def _write_parquet(path: Path, blocks: Blocks) -> None:
    """Write each block as a row group."""
    import fastparquet

    fastparquet.write(path, next(blocks), compression="SNAPPY", write_index=False)
    fastparquet.ParquetFile(path).write_row_groups(blocks, compression="SNAPPY")


def _write_csv(path: Path, blocks: Blocks) -> None:
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "wt", encoding="utf-8", newline="") as file:
        for place, block in enumerate(blocks):
            block.to_csv(file, index=False, header=place == 0, lineterminator="\n")


WRITERS = {".parquet": _write_parquet, ".csv": _write_csv, ".csv.gz": _write_csv}
"""What writes a file, by the end of its name."""
