"""Lists what the built functions ship of others, as CycloneDX: one file for each function.

    .venv/bin/python .ci/sbom.py BUILT OUT [FUNCTION ...]

The packages of Python are those whose metadata lie in the function, whatever the lock says. Swagger
UI is the one thing that comes from elsewhere.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import swagger

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ("ApiFunction", "ReleaseFunction", "TrainingFunction")
SWAGGER_UI = Path("recommender", "page", "swagger-ui")


def main() -> None:
    """Write the lists of the functions that the command line names, by default of all."""
    parser = argparse.ArgumentParser(description="lists what the functions ship, as CycloneDX")
    parser.add_argument("built", type=Path, help="what `sam build` left")
    parser.add_argument("out", type=Path, help="folder for the lists")
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", default=FUNCTIONS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.functions:
        if not (arguments.built / name).is_dir():
            parser.error(f"{arguments.built / name} does not exist: see `make build`")
        bom = describe(arguments.built / name)
        file = arguments.out / f"{name}.cdx.json"
        file.write_text(json.dumps(bom, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def describe(function: Path) -> dict[str, Any]:
    """Return the CycloneDX document of a built function."""
    bom = list_packages(function.resolve())
    if (function / SWAGGER_UI).is_dir():
        bom["components"].append(swagger_ui())
        bom["dependencies"].append({"ref": swagger_ui()["bom-ref"]})
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    root = f"{function.name}@{version}"
    bom["metadata"]["component"] = {
        "type": "application",
        "bom-ref": root,
        "name": function.name,
        "version": version,
    }
    parts = sorted(component["bom-ref"] for component in bom["components"])
    bom["dependencies"].append({"ref": root, "dependsOn": parts})
    return bom


def list_packages(function: Path) -> dict[str, Any]:
    """Return a CycloneDX document of the packages of Python that a folder has.

    cyclonedx-py asks an interpreter where it looks for packages. This one looks only there.
    """
    with tempfile.TemporaryDirectory() as scratch:
        python = Path(scratch, "python")
        command = shlex.join(["env", f"PYTHONPATH={function}", sys.executable])
        python.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        tool = Path(sys.executable).with_name("cyclonedx-py")
        done = subprocess.run(  # noqa: S603 our own arguments
            [tool, "environment", "-S", "--output-reproducible", python],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdout=subprocess.PIPE,
            check=True,
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def swagger_ui() -> dict[str, Any]:
    """Return the component that .ci/swagger.py fetches."""
    purl = f"pkg:npm/swagger-ui-dist@{swagger.VERSION}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": "swagger-ui-dist",
        "version": swagger.VERSION,
        "purl": purl,
        "licenses": [{"license": {"id": "Apache-2.0", "acknowledgement": "declared"}}],
    }


if __name__ == "__main__":
    main()
