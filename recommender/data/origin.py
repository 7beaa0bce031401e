"""Of which catalogue and scale written ratings are, and which of them count for an artifact."""

import logging
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from recommender.data.store import MARK, Entry, lies_under, moment, read_moment, spell

MALFORMED, LINEAGE, SCALE, TITLE = "malformed", "other_lineage", "other_scale", "retitled"
ERASED = "erased"

ORIGINAL = "original"  # see ``Origin.title``

_log = logging.getLogger(__name__)


class Item(NamedTuple):
    """What a store keeps for a user and a film: an entry (None: malformed), and of what it is.

    ``lineage``, ``scale`` and ``title`` (as ``Origin.title`` says it) are None in items that were
    written before items bore them.
    """

    entry: Entry | None
    version: int  # which grows with every write, whether or not the entry counts; 0: none
    lineage: str | None = None
    scale: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What an artifact's manifest says of its catalogue, by which written ratings are told apart.

    A lineage is a series of catalogues in which a film keeps its id. An item of another lineage or
    another scale, and one of a film that had another title then, are as good as absent.
    """

    lineage: str = ""  # "": of an artifact that knows none
    first: str = ""  # the lineage of items that bear none
    scale: str = ""  # see ``spell_scale``; that of items of the same lineage that bear none
    retitled: Mapping[int, float] = field(default_factory=dict)  # film's id: when it was retitled

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
        if not self.has_title(film_id, item.title, item.entry.moment or 0.0):
            return TITLE
        return None

    def title(self, film_id: int) -> str:
        """Return which of its titles a film has: that from a moment on, or the first one."""
        since = self.retitled.get(film_id)
        return ORIGINAL if since is None else spell(since)

    def has_title(self, film_id: int, title: str | None, written: float) -> bool:
        """Return whether an item is of the title that a film has; ``written`` tells without one."""
        if title is None:
            return written >= self.retitled.get(film_id, -math.inf)
        return title == self.title(film_id)

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


def make_mark(items: Iterable[Item]) -> Entry:
    """Return a mark that lies over all of a user's items, among which may be an older one."""
    kept = list(items)
    moments = [item.entry.moment or 0.0 for item in kept if item.entry]
    version = max((item.version for item in kept), default=0) + 1
    return Entry(None, version, max([moment(), *moments]))


def origin_of(facts: Mapping[str, Any]) -> Origin:
    """Return what the part ``data`` of an artifact's manifest says of its origin."""
    lineage = facts.get("linhagem", "")
    retitled = facts.get("retitulados", {})
    return Origin(
        lineage,
        facts.get("primeira_linhagem", lineage) if lineage else "",
        spell_scale(*facts["escala"]),
        {int(film_id): read_moment(text) for film_id, text in retitled.items()},
    )


def spell_scale(lowest: float, highest: float) -> str:
    """Return a scale as items bear it, such as 0.5:5."""
    return f"{lowest:.12g}:{highest:.12g}"
