"""The bytecode of a function in one file: hundreds of files take a tenth of a cold start to find.

``python -m recommender.aws.bundle FOLDER`` makes it of the compiled files of a function's folder,
which it takes the place of. Sources stay, for what is read besides them and for tracebacks.
"""

import marshal
import mmap
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, spec_from_file_location
from types import CodeType, ModuleType
from typing import Any

FILE = "bytecode.bin"
HEADER = 16  # bytes before the code in a compiled file, the first four of them Python's own number
# What is imported before the bundle.
UNBUNDLED = {
    "handler",
    "recommender",
    "recommender.aws",
    "recommender.aws.bundle",
    "recommender.aws.cold_start",
}

# The number, the length of the index, the index, the code of all modules.
Index = dict[str, tuple[int, int, bool]]  # by name: where its code begins and ends, if a package


class Bundle:
    """A finder of the modules in a bundle; it leaves all others to Python's own."""

    def __init__(self, root: str) -> None:
        """Map the bundle of a folder.

        Raises:
            FileNotFoundError: it has none.
            ValueError: it is of another version of Python.
        """
        with open(f"{root}/{FILE}", "rb") as file:  # noqa: PTH123 pathlib takes longer to import
            self.content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self.content[:4] != MAGIC_NUMBER:
            raise ValueError(f"{FILE} is of another version of Python")
        start = 8 + int.from_bytes(self.content[4:8])
        self.root, self.view = root, memoryview(self.content)[start:]
        self.index: Index = marshal.loads(self.content[8:start])  # noqa: S302 as trusted as the code beside it

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See ``importlib.abc.MetaPathFinder``."""
        found = self.index.get(name)
        if found is None:
            return None
        folder = f"{self.root}/{name.replace('.', '/')}"
        path = f"{folder}/__init__.py" if found[2] else f"{folder}.py"
        loader = _Loader(name, path)
        loader.bundle = self
        places = [folder] if found[2] else None
        return spec_from_file_location(name, path, loader=loader, submodule_search_locations=places)

    def code(self, name: str) -> CodeType:
        """Return the code of a module."""
        start, end, _ = self.index[name]
        code: CodeType = marshal.loads(self.view[start:end])  # noqa: S302 as trusted as the code beside it
        return code


class _Loader(SourceFileLoader):
    bundle: Bundle

    def get_code(self, fullname: str) -> CodeType:
        return self.bundle.code(fullname)


def install(root: str) -> None:
    """Have modules come from the bundle of a folder, if there is one that this Python can read."""
    try:
        finder: Any = Bundle(root)
    except FileNotFoundError:
        return
    except ValueError as error:  # all is compiled anew, at each start
        print(f"recommender.aws.bundle: {error}", file=sys.stderr)
        return
    sys.meta_path.insert(0, finder)


def pack(root: str) -> None:
    """Move the compiled files of a folder into a bundle."""
    from pathlib import Path

    index: Index = {}
    codes, end, magic = [], 0, b""
    for compiled in sorted(Path(root).rglob("__pycache__/*.pyc")):
        source = compiled.parent.parent / f"{compiled.name.partition('.')[0]}.py"
        parts = source.relative_to(root).with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        if name in UNBUNDLED or not source.exists():
            continue
        content = compiled.read_bytes()
        magic = content[:4]
        codes.append(content[HEADER:])
        index[name] = end, end + len(codes[-1]), package
        end += len(codes[-1])
        compiled.unlink()
    listed = marshal.dumps(index)
    Path(root, FILE).write_bytes(magic + len(listed).to_bytes(4) + listed + b"".join(codes))


if __name__ == "__main__":
    pack(sys.argv[1])
