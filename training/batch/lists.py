"""The lists of all users of an artifact, block by block, as the API would give them.

They go by the ratings that came with the model, packaged or in parts of profiles. What a store
holds, ratings written since and hidden films, is not asked for.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from functools import cache
from itertools import chain, islice, repeat
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from recommender.data.catalog import Catalog
from recommender.data.packing import unpack
from recommender.model.artifact import CATALOG_FILE, Artifact, load
from recommender.model.profile import make_profile
from recommender.model.ranking import rank, shown_score
from training.data.progress import progress
from training.profiles.parts import read_part, verified_parts

ROWS = 50_000  # of a block at most: only a few blocks are in memory at a time
COLUMNS = ("usuario_id", "posicao", "filme_id", "pontuacao")

User = tuple[int, bytes | None]
"""Id of a user, and the ratings as a part of profiles packs them; None if they are packaged."""

Blocks = Iterator[list[User]]

Lists = Generator[pd.DataFrame, None, None]


def recommend_all(
    folder: Path, limit: int, processes: int | None = None, rows: int = ROWS
) -> Lists:
    """Yield the lists of all users in order of their ids, in blocks of at most ``rows`` films.

    Users of parts come in the order of the parts, which is that of their ids after an export. A
    block has ``COLUMNS``; places count from 1. A list has ``limit`` films, fewer only if the
    catalogue has no more. By default there is a process for each processor.

    Raises:
        ArtifactError: the folder is incomplete, altered, or of another format.
        BrokenExecutor: a process was killed.
    """
    artifact, catalog = _open(folder)
    users: int = artifact.manifest["data"]["usuarios"]
    size = max(1, rows // limit)
    count = min(processes or os.cpu_count() or 1, -(-users // size))
    blocks = _in_blocks(_users(artifact, catalog), size)
    rank_all = _in_processes if count > 1 else _in_this_process
    with (
        progress("recommending", " users", users) as bar,
        closing(rank_all(count, folder, limit, blocks)) as ranked,
    ):
        for lists in ranked:
            bar.update(min(size, users - bar.n))
            yield lists


def rank_users(folder: Path, limit: int, users: list[User]) -> pd.DataFrame:
    """Return the lists of some users, one after the other."""
    artifact, catalog = _open(folder)
    model = artifact.model
    rows, scores = [], []
    for user_id, packed in users:
        rated = catalog.ratings(user_id) if packed is None else unpack(packed)
        profile = make_profile(model, rated or ())
        found = rank(model, profile, limit=limit)
        rows.append(found.rows)  # the rest of a ranking is large
        scores.append(found.scores)
    sizes = [len(of_user) for of_user in rows]
    columns = (
        np.repeat(np.array([user_id for user_id, _ in users], np.int64), sizes),
        np.concatenate([np.arange(1, size + 1) for size in sizes]),
        model.film_ids.take(np.concatenate(rows)),
        np.array([shown_score(score) for score in np.concatenate(scores).tolist()], np.float64),
    )
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


@cache
def _open(folder: Path) -> tuple[Artifact, Catalog]:
    """Return an artifact and its catalogue, verified once a process."""
    return load(folder), Catalog(folder / CATALOG_FILE)


def _users(artifact: Artifact, catalog: Catalog) -> Iterator[User]:
    """Return all users, with their ratings if these are in parts, which are verified first."""
    if parts := verified_parts(artifact):
        return chain.from_iterable(map(read_part, parts))
    return zip(catalog.user_ids(), repeat(None), strict=False)


def _in_blocks(users: Iterator[User], size: int) -> Blocks:
    while block := list(islice(users, size)):
        yield block


def _in_this_process(_: int, folder: Path, limit: int, blocks: Blocks) -> Lists:
    for block in blocks:
        yield rank_users(folder, limit, block)


def _in_processes(count: int, folder: Path, limit: int, blocks: Blocks) -> Lists:
    """Yield the lists of blocks in their order; at most one block more than processes waits."""
    pool = ProcessPoolExecutor(count, get_context("spawn"), _start)
    waiting: deque[Future[pd.DataFrame]] = deque()
    try:
        for block in blocks:
            waiting.append(pool.submit(rank_users, folder, limit, block))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _start() -> None:
    """Make a process leave Ctrl+C to its parent, end with it, and use one processor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threadpool_limits(1)


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)  # nobody takes the lists any more
