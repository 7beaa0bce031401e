"""What a manifest states: what of it names the version, and the form of each fact."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from recommender.data.store import read_moment

APART = {
    "data": ("linhagem", "primeira_linhagem", "retitulados"),  # the last is of format 10
    "training": ("date", "seconds"),
    "perfis": ("tabela",),  # which is named by the version
}
"""Facts by section in which trainings on equal data with equal settings may differ."""

LARGEST = 1e15  # number of a scale: far above what anybody rates by


class FactError(ValueError):
    """A fact has another form than it must; the message says which, and what is allowed."""


def identity(manifest: Mapping[str, Any]) -> bytes:
    """Return all of a manifest that names its version: everything but ``APART``."""
    told = json.loads(json.dumps(manifest))
    told.pop("version", None)
    for section, names in APART.items():
        for name in names:
            if isinstance(told.get(section), dict):
                told[section].pop(name, None)
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def check_facts(manifest: Mapping[str, Any]) -> None:
    """Pass if every fact of which the API makes use has the form that it must have.

    Raises:
        FactError: one is missing or has another form.
    """
    for section in ("data", "training", "hyperparameters", "metrics"):
        if not isinstance(manifest.get(section), dict):
            raise FactError(f"{section} is {_short(manifest.get(section))}, expected an object")
    for (section, name), (is_right, allowed) in FORMS.items():
        fact = manifest[section].get(name)
        if not is_right(fact):
            raise FactError(f"{section}.{name} is {_short(fact)}, expected {allowed}")


def _is_number(fact: Any) -> bool:
    if not isinstance(fact, int | float) or isinstance(fact, bool):
        return False
    return abs(fact) <= LARGEST  # not so NaN and infinity


def is_count(fact: Any) -> bool:
    """Return whether a fact is a whole number from 0 on."""
    return isinstance(fact, int) and not isinstance(fact, bool) and fact >= 0


def _is_text(fact: Any) -> bool:
    return isinstance(fact, str) and fact == fact.encode(errors="ignore").decode()  # is UTF-8


def _is_scale(fact: Any) -> bool:
    is_pair = isinstance(fact, list) and len(fact) == 2 and all(map(_is_number, fact))
    return is_pair and fact[0] <= fact[1]


def _is_step(fact: Any) -> bool:
    return fact is None or (_is_number(fact) and fact > 0)


def _is_moment(fact: Any) -> bool:
    try:
        read_moment(fact)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


Form = tuple[Callable[[Any], bool], str]
COUNT: Form = (is_count, "a whole number from 0 on")
TEXT: Form = (_is_text, "a text")
FORMS: dict[tuple[str, str], Form] = {
    ("data", "digest"): TEXT,
    ("data", "usuarios"): COUNT,
    ("data", "filmes"): COUNT,
    ("data", "avaliacoes"): COUNT,
    ("data", "demonstracao"): (lambda fact: isinstance(fact, bool), "true or false"),
    ("data", "escala"): (_is_scale, "two numbers, the lower first"),
    ("data", "passo"): (_is_step, "a number above 0, or null"),
    ("data", "linhagem"): TEXT,
    ("data", "primeira_linhagem"): TEXT,
    ("training", "date"): (_is_moment, "a moment as ISO 8601 spells it"),
    ("training", "seed"): COUNT,
    ("training", "objetivo"): TEXT,
}
"""By section and name: whether a fact is right, and what is allowed in words."""


def _short(fact: Any) -> str:
    text = json.dumps(fact, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 60 else f"{text[:60]}…"
