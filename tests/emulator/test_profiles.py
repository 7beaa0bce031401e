"""The API function as built, but for an artifact whose ratings are in a profile table."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from recommender.model.artifact import MANIFEST_FILE
from tests.conftest import ROOT
from tests.emulator.conftest import Invoke, make_emulator
from tests.emulator.plain import Plain
from tests.emulator.sam import SamLocal
from tests.expectations import EVENTS
from tests.stores import create_profile_table, delete_table

PREFIX = "filmes-"
OF_USERS = (
    *("recomendacoes", "recomendacoes-usuario", "recomendacoes-grupo", "recomendacoes-e-se"),
    *("recomendacoes-sem-avaliacoes", "inicio", "inicio-sem-avaliacoes", "avaliacoes"),
    *("avaliacao", "usuarios", "erro-usuario-desconhecido", "erro-avaliacao-ausente"),
)


@pytest.fixture(scope="module")
def package(built: Path, profiled_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make build` leaves for the API function; the artifact is packaged by its own rule."""
    folder = tmp_path_factory.mktemp("built") / "build"
    others = shutil.ignore_patterns("artifact", "TrainingFunction", "ReleaseFunction")
    shutil.copytree(built, folder, ignore=others)
    subprocess.run(
        ["make", "build-artifact", f"ARTIFACT={profiled_dir}"],
        cwd=ROOT,
        env=os.environ | {"ARTIFACTS_DIR": str(folder / "ApiFunction")},
        capture_output=True,
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def with_table(
    package: Path, profiled_dir: Path, runtime_image: str | None, aws_url: str
) -> Iterator[SamLocal | Plain]:
    """The emulator of this package, with the table in moto."""
    manifest = json.loads((package / "ApiFunction/artifact" / MANIFEST_FILE).read_text())
    table = PREFIX + manifest["perfis"]["tabela"]
    create_profile_table(aws_url, table, profiled_dir)
    with closing(make_emulator(package, runtime_image, aws_url)) as emulator:
        yield emulator
    delete_table(aws_url, table)


def test_a_package_holds_no_parts_of_profiles(
    package: Path, profiled_dir: Path, built: Path
) -> None:
    held, whole = (
        {path.name for path in folder.iterdir()}
        for folder in (package / "ApiFunction/artifact", built / "ApiFunction/artifact")
    )
    assert held == whole
    assert {path.name for path in profiled_dir.iterdir()} == whole | {"perfis"}


def test_the_function_answers_as_with_packaged_ratings(
    invoke_warm: Invoke, with_table: SamLocal | Plain
) -> None:
    environment = {"PROFILE_TABLES": PREFIX}
    for name in OF_USERS:
        event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
        packaged = invoke_warm("ApiFunction", event)
        in_table = with_table.invoke_warm("ApiFunction", event, environment)
        assert in_table["statusCode"] == packaged["statusCode"], name
        assert in_table["body"] == packaged["body"], name
