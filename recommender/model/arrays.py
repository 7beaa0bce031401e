"""Reads a joblib file of plain arrays and scalars without joblib, which takes long to import.

The arrays are mapped from the file. Anything else in the pickle, such as a class or a function, is
refused before it is looked up, and what the pickle calls is never NumPy itself: a pickle may be
written to harm, and NumPy trusts what it is given.
"""

import math
import mmap
import pickle
import re
import reprlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

FRAME = (pickle.FRAME, 8)  # an instruction, and the bytes of its argument
LONG_BINPUT = (pickle.LONG_BINPUT, 4)
TYPES = re.compile(r"b1|[iu][1248]|f[48]|U[1-9]\d{0,5}", re.ASCII)
DIMENSIONS = 8  # at most


class Dtype:
    """Stands in for ``numpy.dtype``: one of the plain types, and its byte order."""

    def __init__(self, code: str, *options: bool) -> None:
        if not TYPES.fullmatch(code) or options != (False, True):
            raise pickle.UnpicklingError("an array of another type")
        self.numpy = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.numpy = self.numpy.newbyteorder(state[1])
        if self.numpy.__reduce__()[2] != state:
            raise pickle.UnpicklingError("a type that NumPy never writes")


NAMES = {("numpy", "ndarray"): "ndarray", ("numpy", "dtype"): Dtype}  # a text cannot be called


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
            shape, dtype = state["shape"], state["dtype"].numpy
            start = content.tell()
            start += 1 + content[start]
            left = len(content) - start
            if len(shape) > DIMENSIONS or not all(0 <= length <= left for length in shape):
                raise pickle.UnpicklingError("an array of no such shape")
            count = math.prod(shape)
            if count * dtype.itemsize > left:
                raise pickle.UnpicklingError("an array longer than the file")
            flat = np.frombuffer(content, dtype, count, start)
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
        for name, value in found.items():
            if isinstance(value, Wrapper):
                found[name] = value.array
            elif not isinstance(value, int | float):
                told = type(value).__name__
                raise pickle.UnpicklingError(f"{told}, neither an array nor a scalar")
        return found
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle may ask for anything
        raise pickle.UnpicklingError(f"no arrays: {type(error).__name__}") from None
