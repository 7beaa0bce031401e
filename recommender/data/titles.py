"""Titles as people say them: catalogues put an article last, so that it does not sort them."""

import re

PARENTHESES = re.compile("([()])")
ALIAS = re.compile(r"(?i)a\.?k\.?a\.? ")  # before another name of the same film
# Of the languages in which catalogues mostly have titles.
ARTICLES = frozenset(
    (
        *("the", "a", "an", "o", "os", "as", "um", "uma", "uns", "umas"),
        *("el", "la", "los", "las", "lo", "un", "una", "unos", "unas"),
        *("le", "les", "l'", "une", "des", "il", "i", "gli", "gl'", "uno", "un'"),
        *("der", "die", "das", "den", "dem", "ein", "eine"),
        *("de", "het", "een", "det", "en", "et", "ett"),
    )
)


def shown_title(title: str) -> str:
    """Return a title with its article in front, such as "The Godfather (1972)".

    It may be stored as "Godfather, The (1972)". Names in parentheses are put right alike.
    """
    return "".join(map(_turned, PARENTHESES.split(title)))


def _turned(part: str) -> str:
    text = part.strip()
    name, _, article = text.rpartition(", ")
    # In lower case it may be any word: "It Is Me, a".
    if not name or article.lower().replace("’", "'") not in ARTICLES or article[0].islower():
        return part
    alias = ALIAS.match(name)
    start = alias.end() if alias else 0
    gap = "" if article[-1] in "'’" else " "
    return part.replace(text, f"{name[:start]}{article}{gap}{name[start:]}")
