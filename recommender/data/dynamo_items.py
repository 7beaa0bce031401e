"""Items of the ratings table: how they are found, what they hold, and how they are set."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recommender.data.catalog import MAX_ID
from recommender.data.origin import Item, Origin
from recommender.data.store import (
    ERASED_KEY,
    HIDDEN_KEY,
    MARK,
    Entry,
    StoreError,
    is_film,
    is_id,
    lies_under,
    next_version,
    read_moment,
    read_or_last,
    spell,
)

Raw = dict[str, Any]
"""Attributes as DynamoDB sends them: ``{"versao": {"N": "1"}}``."""

_log = logging.getLogger(__name__)


def entries_query(table: str, user_id: int, film_id: int | None = None) -> dict[str, Any]:
    """Return the parameters of the query for a user's items, of all films or of one."""
    condition = "usuario_id = :usuario"
    values = {":usuario": {"N": str(user_id)}}
    if film_id is not None:
        condition += " AND filme_id = :filme"
        values[":filme"] = {"N": str(film_id)}
    return {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
    }


def entry_batch(table: str, user_id: int, film_id: int) -> dict[str, Any]:
    """Return the parameters of a ``BatchGetItem`` of a user's item of a film, and of the mark."""
    keys = [key_of(user_id, film) for film in (film_id, MARK)]
    return {"RequestItems": {table: {"Keys": keys, "ConsistentRead": True}}}


def batch_in(answer: Mapping[str, Any], table: str) -> list[Raw]:
    """Return the items that an answer to a ``BatchGetItem`` of one table holds.

    Raises:
        StoreError: it is none, or does not hold all, as if the table is asked too often.
    """
    given = answer.get("Responses")
    if answer.get("UnprocessedKeys") or not isinstance(given, dict):
        raise StoreError("a malformed answer, or not all items")
    return items_in({"Items": given.get(table)})


def items_in(page: Mapping[str, Any]) -> list[Raw]:
    """Return the items that an answer to a query holds, or raise ``StoreError`` if it is none."""
    found = page.get("Items")
    if not isinstance(found, list) or not all(map(_is_item, found)):
        raise StoreError("a malformed answer")
    return found


def item_in(answer: Mapping[str, Any], name: str) -> Raw | None:
    """Return the item that an answer holds by a name, None if it holds none.

    Raises:
        StoreError: what it holds is no item.
    """
    found: Raw | None = answer.get(name)
    if found in (None, {}):
        return None
    if not _is_item(found):
        raise StoreError("a malformed answer")
    return found


def _is_item(raw: object) -> bool:
    """Return whether DynamoDB may send this as an item of the table."""
    return isinstance(raw, dict) and "filme_id" in raw and all(map(_is_value, raw.values()))


def _is_value(value: object) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    if kind not in ("N", "S"):
        return True
    try:
        return isinstance(content, str) and (kind == "S" or math.isfinite(float(content)))
    except ValueError:
        return False


def entries_in(found: Sequence[Raw], origin: Origin) -> dict[int, Entry]:
    """Return the entries of a user's items that count, by film id."""
    items = {film_id: read_item(raw) for film_id, raw in by_film(found).items()}
    return origin.entries(items, len(found) - len(items))


def by_film(found: Iterable[Raw]) -> dict[int, Raw]:
    """Return the items whose films have an id, by it; ``MARK`` is one."""
    ids = ((read_film(raw), raw) for raw in found)
    return {film_id: raw for film_id, raw in ids if film_id is not None}


def hidden_query(table: str) -> dict[str, Any]:
    """Return the parameters of the query for the hidden films of a table."""
    return {
        "TableName": table,
        "KeyConditionExpression": "usuario_id = :ocultos",
        "ExpressionAttributeValues": {":ocultos": {"N": str(HIDDEN_KEY)}},
        "ProjectionExpression": "filme_id, linhagem, momento, titulo",
        "ConsistentRead": True,
    }


def films_in(items: Iterable[Raw], origin: Origin) -> list[int]:
    """Return the ids of films of a lineage among the items that the query finds."""
    found, passed = [], 0
    for item in items:
        film_id = read_id(item, "filme_id")
        try:
            lineage, title = (_read_text(item, name) for name in ("linhagem", "titulo"))
        except KeyError:
            film_id = None
        if film_id is None:
            passed += 1
        elif origin.shares(lineage):
            written = read_or_last(item.get("momento", {}).get("S"))
            if origin.has_title(film_id, title, written):
                found.append(film_id)
    if passed:
        _log.warning("hidden films passed over: malformed: %d", passed)
    return found


def erased_query(table: str, users: Sequence[int]) -> dict[str, Any]:
    """Return the parameters of the query for when users between the first and last were erased."""
    values = {":apagados": ERASED_KEY, ":de": users[0], ":ate": users[-1]}
    return {
        "TableName": table,
        "KeyConditionExpression": "usuario_id = :apagados AND filme_id BETWEEN :de AND :ate",
        "ExpressionAttributeValues": {name: {"N": str(id_)} for name, id_ in values.items()},
        "ProjectionExpression": "filme_id, momento",
        "ConsistentRead": True,
    }


def erased_in(page: Mapping[str, Any], last: int) -> tuple[dict[int, float], int]:
    """Return when users were erased, by id, and up to which id that is all, by a page of that.

    Raises:
        StoreError: it is no such page.
    """
    items = by_film(items_in(page)).items()
    found = {user_id: read_or_last(raw.get("momento", {}).get("S")) for user_id, raw in items}
    end = read_id(item_in(page, "LastEvaluatedKey") or key_of(ERASED_KEY, last), "filme_id")
    if end is None:
        raise StoreError("a malformed answer")
    return found, end


def erasure(table: str, user_id: int, mark: Entry, before: Raw | None) -> list[dict[str, Any]]:
    """Return the parts of the transaction that leaves a user's mark, and its place in the index.

    It fails if ``before``, the item that was there, has changed.
    """
    assert mark.moment is not None
    at = {":momento": {"S": spell(mark.moment)}}
    condition, values = unchanged(before)
    index = {
        "TableName": table,
        "Key": key_of(ERASED_KEY, user_id),
        "UpdateExpression": "SET momento = :momento",
        "ExpressionAttributeValues": at,
    }
    own = {
        "TableName": table,
        "Key": key_of(user_id, MARK),
        "UpdateExpression": "SET momento = :momento, versao = :versao",
        "ConditionExpression": condition,
        "ExpressionAttributeValues": at | values | {":versao": {"N": str(mark.version)}},
    }
    return [{"Update": own}, {"Update": index}]


def lying_under(mark: Entry, found: Iterable[Raw]) -> list[Raw]:
    """Return which of a user's items lie under the mark, also those that nobody can read."""
    items = [(raw, read_item(raw).entry) for raw in found if read_film(raw) != MARK]
    return [raw for raw, entry in items if entry is None or lies_under(mark, entry)]


def removal(table: str, user_id: int, raw: Raw) -> dict[str, Any]:
    """Return the part of a transaction that removes a user's item; it fails if that has changed."""
    condition, values = unchanged(raw)
    key = {"usuario_id": {"N": str(user_id)}, "filme_id": raw["filme_id"]}
    part = {"TableName": table, "Key": key, "ConditionExpression": condition}
    return {"Delete": part | ({"ExpressionAttributeValues": values} if values else {})}


def unchanged(raw: Raw | None) -> tuple[str, Raw]:
    """Return the condition that an item (None: none) was not written over, and its values."""
    if raw and "versao" in raw:  # compared as it is, which may be no number
        return "versao = :anterior", {":anterior": raw["versao"]}
    return "attribute_not_exists(versao)", {}


def key_of(user_id: int, film_id: int) -> Raw:
    """Return the key of an item."""
    return {"usuario_id": {"N": str(user_id)}, "filme_id": {"N": str(film_id)}}


def read_id(raw: Raw, name: str) -> int | None:
    """Return a whole number that an item holds, None if it holds none: fractions can be keys."""
    number = _read_whole(raw, name)
    return number if is_id(number) else None


def read_film(raw: Raw) -> int | None:
    """Return the id of an item's film, or ``MARK``; None if it has neither."""
    number = _read_whole(raw, "filme_id")
    return number if is_film(number) else None


def _read_whole(raw: Raw, name: str) -> int | None:
    try:
        return int(raw[name]["N"])
    except (KeyError, ValueError):
        return None


def read_item(raw: Raw) -> Item:
    """Return what an item holds; its entry is None if an attribute is missing or malformed."""
    version = max(read_id(raw, "versao") or 0, 0)
    try:
        rating = float(raw["avaliacao"]["N"]) if "avaliacao" in raw else None
        lineage, scale, title = (_read_text(raw, name) for name in ("linhagem", "escala", "titulo"))
        entry = Entry(rating, version, read_moment(raw["momento"]["S"])) if version else None
    except (KeyError, ValueError, OverflowError):
        return Item(None, version)
    return Item(entry, version, lineage, scale, title)


def _read_text(raw: Raw, name: str) -> str | None:
    """Return a text that an item holds, None if it does not bear it; ``KeyError``: it is none."""
    return raw[name]["S"] if name in raw else None


def setting(
    origin: Origin,
    film_id: int,
    rating: float | None,
    moment: float,
    more: Mapping[str, Any] | None = None,
) -> tuple[str, Raw]:
    """Return the expression that sets a film's item, and its values.

    The version is not among them, unless it is in ``more``.
    """
    attributes = {
        "momento": {"S": spell(moment)},
        "avaliacao": None if rating is None else {"N": repr(rating)},
        "linhagem": {"S": origin.lineage} if origin.lineage else None,
        "escala": {"S": origin.scale} if origin.scale else None,
        "titulo": {"S": origin.title(film_id)},
        **(more or {}),
    }
    set_to = {name: value for name, value in attributes.items() if value}
    change = "SET " + ", ".join(f"{name} = :{name}" for name in set_to)
    if removed := [name for name in attributes if name not in set_to]:
        change += f" REMOVE {', '.join(removed)}"
    return change, {f":{name}": value for name, value in set_to.items()}


def counting(origin: Origin, film_id: int, mark: Entry | None = None) -> tuple[str, Raw]:
    """Return the condition that an item counts, and the values that ``setting`` does not name.

    ``mark`` is that of the item's user.

    It is never met where ``Origin.objection`` has one, unless the moment is a text but no moment,
    or the version a fraction.
    """
    parts = [
        "attribute_type(versao, :numero)",
        "versao BETWEEN :primeira AND :ultima",
        "attribute_type(momento, :texto)",
        "(attribute_not_exists(avaliacao) OR attribute_type(avaliacao, :numero))",
    ]
    values = {":numero": {"S": "N"}, ":texto": {"S": "S"}}
    values |= {":primeira": {"N": str(next_version(0, mark))}, ":ultima": {"N": str(MAX_ID)}}
    for name, own, missing in (
        ("linhagem", origin.lineage, origin.first == origin.lineage),
        ("escala", origin.scale, True),
    ):
        allowed = [f"{name} = :{name}"] if own else []
        allowed += [f"attribute_not_exists({name})"] if missing else []
        parts.append(f"({' OR '.join(allowed)})")
    untold = "attribute_not_exists(titulo)"
    if film_id in origin.retitled:
        untold += " AND momento >= :desde"
        values[":desde"] = {"S": spell(origin.retitled[film_id])}
    parts.append(f"(titulo = :titulo OR {untold})")
    if mark and mark.moment is not None:
        parts.append("momento > :apagado")
        values[":apagado"] = {"S": spell(mark.moment)}
    return " AND ".join(parts), values
