"""swagger.py FOLDER: fetches Swagger UI from the npm registry into FOLDER, each file compressed.

The digest of the package's tarball is checked. Only the files that /docs serves are taken from it.
The package is not installed with npm, because that would run a script that sends usage data.
"""

import base64
import gzip
import hashlib
import http.client
import io
import os
import shutil
import ssl
import sys
import tarfile
import time
import urllib.request
from pathlib import Path

VERSION = "5.35.0"
SHA512 = "U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ=="
FILES = [
    *("swagger-ui.css", "swagger-ui-bundle.js"),
    *("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"),
]
STAMP = ".done"
WAITS = [1, 4, None]  # seconds after each attempt that fails; None: give up
SETTINGS = {name.lower(): value for name, value in os.environ.items()}  # npm reads either case


def main(folder: Path) -> None:
    """Fill the folder, unless this version of the script has already done so."""
    stamp = folder / STAMP
    made_by = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == made_by:
        stamp.touch()  # make goes by its time
        return
    url = f"{registry()}/swagger-ui-dist/-/swagger-ui-dist-{VERSION}.tgz"
    package = download_checked(url, SHA512)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for name in FILES:
            member = archive.extractfile(f"package/{name}")
            assert member
            # Without a time stamp, equal content gives equal files.
            (folder / f"{name}.gz").write_bytes(gzip.compress(member.read(), mtime=0))
    stamp.write_text(made_by)


def registry() -> str:
    """Return the address of the registry that npm would use."""
    return (SETTINGS.get("npm_config_registry") or "https://registry.npmjs.org").rstrip("/")


def download_checked(url: str, sha512: str) -> bytes:
    """Return what is at a URL if it has a digest (base64, as npm writes it), else exit."""
    content = download(url)
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != sha512:
        sys.exit(f"{url} has SHA-512 {found}, not {sha512}")
    return content


def download(url: str) -> bytes:
    """Return what is at a URL. If it cannot be had, exit and say why."""
    for wait in WAITS:
        try:
            with urllib.request.urlopen(url, timeout=60, context=trust()) as answer:  # noqa: S310 its digest is checked
                content: bytes = answer.read()
                return content
        except (OSError, http.client.HTTPException) as error:
            if wait is None:
                sys.exit(f"{url} cannot be fetched: {error}")
            time.sleep(wait)
    raise AssertionError


def trust() -> ssl.SSLContext:
    """Trust the system's certificates, and those that package clients are told to trust."""
    context = ssl.create_default_context()  # heeds SSL_CERT_FILE and SSL_CERT_DIR
    for name in ("npm_config_cafile", "pip_cert", "requests_ca_bundle"):
        if Path(file := SETTINGS.get(name, "")).is_file():
            context.load_verify_locations(file)
    return context


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit("stopped")
