"""The lists of what is shipped (.ci/sbom.py), and the licences that are shipped with it."""

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tests.project.test_licences import shipped

GROUPS = {"ApiFunction": "api", "TrainingFunction": "training", "ReleaseFunction": "release"}
LISTED = ("ApiFunction", "TrainingFunction")


@pytest.fixture(scope="module")
def lists(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("sbom")
    subprocess.run([sys.executable, ROOT / ".ci/sbom.py", built, out, *LISTED], check=True)
    return {name: (out / f"{name}.cdx.json").read_text(encoding="utf-8") for name in LISTED}


@pytest.mark.parametrize("function", LISTED)
def test_a_list_names_what_is_shipped(lists: dict[str, str], function: str) -> None:
    bom: dict[str, Any] = json.loads(lists[function])
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(lists[function]) is None
    found = {component["purl"].split("@")[0] for component in bom["components"]}
    expected = {f"pkg:pypi/{name}" for name in shipped(GROUPS[function])}
    if function == "ApiFunction":
        expected |= {"pkg:npm/swagger-ui-dist"}
    assert found == expected
    assert all(component["version"] for component in bom["components"])
    assert all(component["licenses"] for component in bom["components"])
    assert bom["metadata"]["component"]["name"] == function


@pytest.mark.parametrize("function", GROUPS)
def test_packages_come_with_metadata_and_licence(built: Path, function: str) -> None:
    found = list(distributions(path=[str(built / function)]))
    assert {canonicalize_name(one.name) for one in found} == shipped(GROUPS[function])
    for one in found:
        (folder,) = (built / function).glob(f"{one.name.replace('-', '_')}-{one.version}.dist-info")
        assert [file for file in folder.rglob("*") if "LICEN" in file.name.upper()], one.name
