"""Reads a joblib file of plain arrays and scalars without joblib, which takes long to import.

The arrays are mapped from the file. Anything else in the pickle, such as a class or a function, is
refused before it is looked up.
"""

import mmap
import pickle
import reprlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

FRAME = (pickle.FRAME, 8)  # an instruction, and the bytes of its argument
LONG_BINPUT = (pickle.LONG_BINPUT, 4)
NAMES = {("numpy", "ndarray"): np.ndarray, ("numpy", "dtype"): np.dtype}


def read(path: Path) -> dict[str, Any]:
    """Return the arrays (read-only) and scalars of a joblib file, by name.

    joblib writes each array behind the pickled description of it (a ``NumpyArrayWrapper``), after
    one byte that says how many more bytes align it.

    Raises:
        pickle.UnpicklingError: the file holds something else.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise pickle.UnpicklingError("nothing")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    class Wrapper:
        """Stands in for the description: it takes the array as soon as it is described."""

        def __setstate__(self, state: dict[str, Any]) -> None:
            shape, dtype = state["shape"], state["dtype"]
            if dtype.hasobject:
                raise pickle.UnpicklingError("an array of objects")
            start = content.tell()
            start += 1 + content[start]
            flat = np.frombuffer(content, dtype, int(np.prod(shape, dtype=np.int64)), start)
            self.array = flat.reshape(shape, order=state["order"])
            content.seek(start + flat.nbytes)

    class Reader(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
                return Wrapper
            if (module, name) not in NAMES:
                told = reprlib.repr(f"{module}.{name}")
                raise pickle.UnpicklingError(f"{told}, neither an array nor a scalar")
            return NAMES[module, name]

    last = b""

    def read_exactly(size: int) -> bytes:
        """Read on, refusing what asks for gigabytes: a place in the memo that may be any number."""
        nonlocal last
        if (last, size) == LONG_BINPUT:
            raise pickle.UnpicklingError("an instruction that joblib never writes")
        is_frame = (last, size) == FRAME
        last = content.read(size)
        return bytes(size) if is_frame else last  # in a frame of no length nothing goes unseen

    def read_line() -> bytes:
        raise pickle.UnpicklingError("an instruction of an old protocol")

    # A file without `peek`: the unpickler then reads no further than the description.
    try:
        found = Reader(SimpleNamespace(read=read_exactly, readline=read_line)).load()
        if not isinstance(found, dict):
            raise pickle.UnpicklingError("no dictionary of arrays")
        return {
            name: value.array if isinstance(value, Wrapper) else value
            for name, value in found.items()
        }
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle may ask for anything
        raise pickle.UnpicklingError(f"no arrays: {type(error).__name__}") from None
