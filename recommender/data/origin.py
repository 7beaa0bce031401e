"""Of which catalogue and scale written ratings are, and which of them count for an artifact."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recommender.data.catalog import fold
from recommender.data.store import MARK, Entry, lies_under, moment

MALFORMED, LINEAGE, SCALE, TITLE = "malformed", "other_lineage", "other_scale", "retitled"
ERASED = "erased"

TITLE_BYTES = 4  # of a digest of a title

# Of one rating between two erasures, at most. DynamoDB would take a day for as many.
WRITES = 10**8

_log = logging.getLogger(__name__)


class Item(NamedTuple):
    """What a store keeps for a user and a film: an entry (None: malformed), and of what it is.

    ``lineage``, ``scale`` and ``title`` (see ``Origin.title``) are None in items that were written
    before items bore them, or for a model that does not know its titles.
    """

    entry: Entry | None
    version: int  # which grows with every write, whether or not the entry counts; 0: none
    lineage: str | None = None
    scale: str | None = None
    title: str | None = None


DigestOf = Callable[[int], int | None]
"""Returns the digest of the title that a film with an id has, None if nobody knows."""


def nobody_knows(_film_id: int) -> int | None:
    """See ``DigestOf``."""
    return None


def digest_title(title: str) -> int:
    """Return the digest of a title, whatever its case and accents: 32 bits."""
    digest = hashlib.blake2b(fold(title).encode(), digest_size=TITLE_BYTES).digest()
    return int.from_bytes(digest)


@dataclass(frozen=True, slots=True)
class Origin:
    """What an artifact's manifest says of its catalogue, by which written ratings are told apart.

    A lineage is a series of catalogues in which a film keeps its id. An item of another lineage or
    another scale is as good as absent. So is a rating of a film that had another title then: it may
    be another film. A deletion counts whatever the title, for nobody wants it undone.
    """

    lineage: str = ""  # "": of an artifact that knows none
    first: str = ""  # the lineage of items that bear none
    scale: str = ""  # see ``spell_scale``; that of items of the same lineage that bear none
    digest_of: DigestOf = field(default=nobody_knows, compare=False)

    def objection(self, film_id: int, item: Item, mark: Entry | None = None) -> str | None:
        """Return why an item does not count, or None if it does; ``mark`` is its user's."""
        if item.entry is None:
            return MALFORMED
        if film_id == MARK:
            return None
        if lies_under(mark, item.entry):
            return ERASED
        if not self.shares(item.lineage):
            return LINEAGE
        if item.scale not in (None, self.scale):
            return SCALE
        if item.entry.rating is not None and item.title is not None:
            title = self.title(film_id)
            return TITLE if title not in (None, item.title) else None
        return None

    def title(self, film_id: int) -> str | None:
        """Return the digest of a film's title as items bear it, None if nobody knows."""
        digest = self.digest_of(film_id)
        return None if digest is None else f"{digest:0{2 * TITLE_BYTES}x}"

    def shares(self, lineage: str | None) -> bool:
        """Return whether an item of a lineage (None: it bears none) is of this one."""
        return (self.first if lineage is None else lineage) == self.lineage

    def entry(self, film_id: int, item: Item | None, mark: Entry | None = None) -> Entry | None:
        """Return the entry of an item if it counts."""
        return item.entry if item and self.objection(film_id, item, mark) is None else None

    def entries(self, items: Mapping[int, Item], unreadable: int = 0) -> dict[int, Entry]:
        """Return the entries of a user that count, by film id; a log line counts the others.

        ``unreadable`` is the number of items besides these, whose films have no id.
        """
        found, passed = {}, Counter({MALFORMED: unreadable} if unreadable else {})
        mark = self.entry(MARK, items.get(MARK))
        for film_id, item in items.items():
            objection = self.objection(film_id, item, mark)
            if objection is not None:
                passed[objection] += 1
            elif item.entry is not None:
                found[film_id] = item.entry
        if passed:
            told = ", ".join(f"{reason}: {count}" for reason, count in sorted(passed.items()))
            level = logging.WARNING if MALFORMED in passed else logging.INFO
            _log.log(level, "a user's written ratings passed over: %s", told)
        return found


UNKNOWN = Origin()


def make_mark(before: Item | None, trained: float) -> Entry:
    """Return a mark that lies over all that a user has written since ``before``, an older mark.

    And over all that came with a model whose training began at ``trained``, even if the clock is
    behind: no packaged rating is taken to be later than that.

    What they have written is not read for it: the version is one that none of it can have reached,
    so the mark lies over moments that are yet to come, too. ``MAX_ID`` leaves room for 90 million
    erasures.
    """
    version, entry = (before.version, before.entry) if before else (0, None)
    return Entry(None, version + WRITES, max(moment(entry), trained))


def origin_of(facts: Mapping[str, Any], digest_of: DigestOf = nobody_knows) -> Origin:
    """Return the origin that a manifest tells under ``data``, with the titles of its films."""
    lineage = facts.get("linhagem", "")
    return Origin(
        lineage,
        facts.get("primeira_linhagem", lineage) if lineage else "",
        spell_scale(*facts["escala"]),
        digest_of,
    )


def spell_scale(lowest: float, highest: float) -> str:
    """Return a scale as items bear it, such as 0.5:5."""
    return f"{lowest:.12g}:{highest:.12g}"
