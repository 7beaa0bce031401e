"""Reading a joblib file of plain arrays and scalars, whose arrays stay in the file.

joblib itself takes longer to import than such a file to read. And this reader takes nothing else: a
pickle that names a class or a function is refused before that is even looked up.
"""

import mmap
import pickle
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

# What joblib's pickler writes for an array: the class that reads it, and two that describe it.
NAMES: dict[tuple[str, str], type] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _Array:
    """What stands in the pickle for an array that follows it in the file (NumpyArrayWrapper)."""

    shape: tuple[int, ...]
    order: str
    dtype: np.dtype[Any]

    def read(self, place: int, content: mmap.mmap) -> tuple[NDArray[Any], int]:
        """Return the array after a place, aligned as a byte there tells, and where it ends."""
        if self.dtype.hasobject:
            raise pickle.UnpicklingError("an array of objects")
        start = place + 1 + content[place]
        count = int(np.prod(self.shape, dtype=np.int64))
        flat = np.frombuffer(content, self.dtype, count, start)
        return flat.reshape(
            self.shape, order="F" if self.order == "F" else "C"
        ), start + flat.nbytes


_Unpickler: Any = pickle._Unpickler  # that in C reads ahead of where it stands


class _Reader(_Unpickler):  # type: ignore[misc]
    dispatch = _Unpickler.dispatch.copy()

    def __init__(self, content: mmap.mmap) -> None:
        super().__init__(content)
        self.content = content

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
            return _Array
        return NAMES.get((module, name)) or self._refuse(f"{module}.{name}")

    def _refuse(self, what: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{what} is neither an array nor a scalar")

    def load_build(self) -> None:
        super().load_build()
        if isinstance(self.stack[-1], _Array):
            self.stack[-1], end = self.stack[-1].read(self.content.tell(), self.content)
            self.content.seek(end)

    dispatch[pickle.BUILD[0]] = load_build


def read(path: Path) -> Any:
    """Return what a joblib file holds, its arrays read-only and mapped into memory.

    Raises:
        pickle.UnpicklingError: it holds something besides arrays and scalars.
    """
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return _Reader(content).load()
