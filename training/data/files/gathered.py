"""Texts gathered row by row, each distinct one kept once: there may be millions of rows."""

from array import array
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd


class Gathered:
    """Columns of texts, and the line of each row."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._lines = array("q")
        self._codes = {column: array("i") for column in columns}
        self._texts: dict[str, dict[str, int]] = {column: {} for column in self._codes}

    def add(self, line: int, texts: Mapping[str, str]) -> None:
        """Add a row: a text for each column."""
        self._lines.append(line)
        for column, codes in self._codes.items():
            known = self._texts[column]
            codes.append(known.setdefault(texts[column], len(known)))

    def frame(self) -> pd.DataFrame:
        """Return the columns as categories; the index is the line, counted from 0."""
        columns = {}
        for column, codes in self._codes.items():
            texts = pd.Index(list(self._texts[column]), dtype=object)
            columns[column] = pd.Categorical.from_codes(codes, texts)
        return pd.DataFrame(columns, index=np.array(self._lines, np.int64) - 1)
