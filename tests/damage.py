"""What may become of JSON and of bytes on their way: any part missing, of another type, or altered.

Whoever asks gives a generator of random numbers, so a seed says what becomes of a value.
"""

import copy
import json
from random import Random
from typing import Any

DEEP: Any = None
for _ in range(200):
    DEEP = [DEEP]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**64, 10**400, 0.5, -0.0, 1e308),
    *(float("nan"), float("inf"), "", " ", "1", "١", "\0", "\n", "\ud800", "é", "a" * 5000),
    *("s3://b/", "../x", "%zz", "null", "[", "[" * 5000, "{}", '{"Records": []}', [], {}, DEEP),
    *([None], ["a"], {"": None}, {"a": {}}),
]
BYTES = [b"", b"\0" * 8, b"\xff" * 8, b"\x7f", b"\x80", b".", b"[", b'"', b"9" * 30, b"\x8a\xff"]


def alter(value: Any, random: Random) -> Any:
    """Return a copy of a value of JSON with one to three of its parts altered."""
    value = copy.deepcopy(value)
    for _ in range(random.randint(1, 3)):
        value = _alter_one(value, random)
    return value


def _alter_one(value: Any, random: Random) -> Any:
    keys = list(value) if isinstance(value, dict) else []
    keys = list(range(len(value))) if isinstance(value, list) else keys
    if not keys or random.random() < 0.15:
        return _other(value, random)
    key = random.choice(keys)
    way = random.random()
    if way < 0.1:
        del value[key]
    elif way < 0.2 and isinstance(value, dict):
        value[random.choice(["", "x", "Records", "source", "action", "\ud800"])] = value.pop(key)
    elif way < 0.25 and isinstance(value, list):
        value.append(value[key])
    else:
        value[key] = _alter_one(value[key], random)
    return value


def _other(value: Any, random: Random) -> Any:
    way = random.random()
    if way < 0.1:
        return [value]
    if way < 0.2:
        return {"x": value}
    if way < 0.3:
        return json.dumps(value)
    if isinstance(value, str) and way < 0.7:
        inner = value.encode("utf-8", "replace")
        return damage(inner, random).decode("utf-8", random.choice(["replace", "surrogateescape"]))
    return copy.deepcopy(random.choice(ODD))


def damage(content: bytes, random: Random) -> bytes:
    """Return bytes with a bit turned, a part cut off, left out, put in, replaced or repeated."""
    start = random.randint(0, len(content))
    end = min(len(content), start + random.choice([0, 1, 1, 2, 4, 8, 40]))
    way = random.randrange(6)
    if way == 0 and end > start:
        bit = bytes([content[start] ^ 1 << random.randrange(8)])
        return content[:start] + bit + content[start + 1 :]
    if way == 1:
        return content[:start]
    if way == 2:
        return content[:start] + content[end:]
    if way == 3:
        return content[:start] + content[start:end] * random.randint(2, 5) + content[end:]
    if way == 4:
        return content[:start] + random.choice(BYTES) + content[end:]
    return content[:start] + random.randbytes(end - start) + content[end:]
