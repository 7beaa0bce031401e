"""Profiles in a table, for data of the shape of MovieLens 25M: sizes, read units, time, and films.

Writes docs/profiles.md. The data is that of ``training.py``; the hyperparameters are fixed, so that
a training takes minutes. Its artifact is exported, packaged as ``make build`` does it, and answers
in Lambda's emulator, its ratings in moto's server. What stands in .local/profiles is not made
again. An argument names another shape, of which nothing is written.
"""

import gzip
import json
import logging
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import numpy as np
from moto.dynamodb.models import dynamodb_backends
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.functions import OURS, Function
from benchmarks.growth import Server
from benchmarks.machine import ROOT
from benchmarks.training import SHAPES, make_data
from recommender.data.signed_calls import INTRICATE
from recommender.model.artifact import CATALOG_FILE, PROFILES, SERVED_FILES, Artifact, load
from tests.emulator import plain, sam
from training.profiles.export import leave_out_ratings
from training.profiles.parts import read_part

FIXED = {
    "bandwidth": 128,  # 256 dimensions, about as many as vectors of 64 MB allow
    "strength": 5,
    "output_exponent": 0.2,
    "correction": 0,
    "user_exponent": 0.3,
    "film_exponent": 0.4,
    "slope": 0.8,
    "content": 0.1,
    "aversion": 1,
    "prior_strength": 5,
    "decay": 10,
    "recency": 0.2,
    "half_life": 90,
    "cells": 243,
    "candidates": 5000,
    "groups": 5,
}
PLACE = ROOT / ".local" / "profiles"
SHAPE = "25m"
TEMPLATE = Path(__file__).parent / "pages" / "profiles.md"
PREFIX = "filmes-"
ACCOUNT, REGION = "123456789012", "us-east-1"  # moto's
READ_UNIT = 4096  # bytes of an item; half a unit each if the read need not see the latest write
KEY_BYTES = len("usuario_id") + len("avaliacoes") + 5  # of an item besides the ratings
LIMIT = 250_000_000  # bytes of a function with its layers, unpacked
TURNS, REQUESTS = 6, 50  # the first turn is not counted
EVENT = ROOT / "events" / "recomendacoes-token.json"


def train(place: Path, shape: str) -> Path:
    """Return the artifact with packaged ratings."""
    data, whole = place / "data", place / "whole"
    if not (data / "movies.csv").exists():
        data.mkdir(parents=True, exist_ok=True)
        make_data(data, *SHAPES[shape])
    if not whole.exists():
        fixed = [f"--fix={name}={value}" for name, value in FIXED.items()]
        _run("build", "--data", data, "--out", whole, "--quiet", *fixed)
    return whole


def export(whole: Path) -> Path:
    """Return the artifact with its ratings in parts."""
    slim = whole.with_name("slim")
    if not slim.exists():
        _run("export", "--profiles", whole, "--out", slim, "--quiet")
    return slim


def package(slim: Path) -> Path:
    """Return a folder as `make build` leaves it, for the API function with this artifact."""
    folder = slim.with_name("build")
    shutil.rmtree(folder, ignore_errors=True)
    others = shutil.ignore_patterns("artifact")
    shutil.copytree(OURS.folder, folder / OURS.folder.name, ignore=others)
    shutil.copy(OURS.folder.parent / "template.yaml", folder)
    place = os.environ | {"ARTIFACTS_DIR": str(folder / OURS.folder.name)}
    subprocess.run(["make", "build-artifact", f"ARTIFACT={slim}"], check=True, cwd=ROOT, env=place)  # noqa: S603, S607
    return folder


def _run(*arguments: object) -> None:
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603


def table_facts(slim: Path) -> dict[str, Any]:
    """Return the size of the table and what a read of it costs, from the items themselves."""
    sizes = np.array([len(packed) + KEY_BYTES for _, packed in _items(slim)])
    told = load(slim).manifest[PROFILES]
    units = np.ceil(sizes / READ_UNIT) / 2
    plain_bytes = 0
    for part in (slim / PROFILES).iterdir():
        with gzip.open(part) as lines:
            while block := lines.read(1 << 20):
                plain_bytes += len(block)
    return {
        "items": len(sizes),
        "ratings": told["avaliacoes"],
        "megabytes": round(sizes.sum() / 1e6, 1),
        "bytes_a_rating": round(float(sizes.sum() / told["avaliacoes"]), 2),
        "mean_bytes": round(float(sizes.mean())),
        "largest_bytes": int(sizes.max()),
        "read_units": round(float(units.mean()), 3),
        "most_read_units": float(units.max()),
        "parts": len(list((slim / PROFILES).iterdir())),
        "parts_megabytes": round(_megabytes(slim / PROFILES), 1),
        "import_gigabytes": round(plain_bytes / 1e9, 3),
    }


def _items(slim: Path) -> Iterator[tuple[int, bytes]]:
    for part in sorted((slim / PROFILES).iterdir()):
        yield from read_part(part)


@contextmanager
def table_of(slim: Path) -> Iterator[str]:
    """Have moto's server hold the profile table of an artifact; yield its URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request else
    server = ThreadedMotoServer("0.0.0.0", port=0)  # noqa: S104 containers ask it, too
    server.start()
    try:
        url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
        os.environ |= {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "PROFILE_TABLES": PREFIX,
        }
        for name in INTRICATE:
            os.environ.pop(name, None)
        name = PREFIX + str(load(slim).profile_table)
        boto3.client("dynamodb").create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "usuario_id", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "usuario_id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        # As moto's own import does it, which would read each letter of the parts in Python.
        table = dynamodb_backends[ACCOUNT][REGION].get_table(name)
        for part in (slim / PROFILES).iterdir():
            with gzip.open(part, "rb") as lines:
                for line in lines:
                    table.put_item(item_attrs=json.loads(line)["Item"])
        yield url
    finally:
        server.stop()


def compare(whole: Path, slim: Path) -> dict[str, Any]:
    """Return times of answers with packaged ratings and with those in the table, in turns."""
    users = load(slim).manifest[PROFILES]["usuarios"]
    random = np.random.default_rng(0)
    servers = {"packaged": Server(whole), "table": Server(slim)}
    times: dict[str, dict[str, list[float]]] = {name: {"clock": [], "work": []} for name in servers}
    for turn in range(TURNS):
        asked = random.integers(1, users + 1, REQUESTS).tolist()
        for name, server in servers.items():
            answer = server.ask("", asked)
            for kind, kept in times[name].items():
                kept += answer[kind] if turn else []
    found: dict[str, Any] = {
        name: {
            "load_ms": round(server.loading["load_ms"], 1),
            "p50_ms": round(statistics.median(times[name]["clock"]), 2),
            "work_ms": round(statistics.median(times[name]["work"]), 2),
        }
        for name, server in servers.items()
    }
    for server in servers.values():
        server.close()
    return found | {
        "ratio": round(found["table"]["p50_ms"] / found["packaged"]["p50_ms"], 2),
        "work_ratio": round(found["table"]["work_ms"] / found["packaged"]["work_ms"], 2),
    }


def answer_in_emulator(folder: Path, url: str, whole: Path) -> dict[str, Any]:
    """Answer an event in Lambda's emulator, and check that packaged ratings give the same."""
    image = sam.runtime_image()
    emulator: sam.SamLocal | plain.Plain
    emulator = sam.SamLocal(folder, image, url) if image else plain.Plain(folder, url)
    event = json.loads(EVENT.read_text(encoding="utf-8"))
    event["headers"].pop("accept-encoding", None)
    # Of data that is no demonstration, only users themselves get lists.
    variables = {"PROFILE_TABLES": PREFIX, "ACCESS": "jwt", "RATINGS_TABLE": ""}
    with closing(emulator):
        answer = emulator.invoke_once("ApiFunction", event, variables)
    films = [film["id"] for film in json.loads(answer["body"])]
    expected = _expected(whole, event["rawPath"])
    if answer["statusCode"] != 200 or films != expected:
        raise SystemExit(f"benchmarks: {answer['statusCode']}, {films} instead of {expected}")
    return {"emulator": emulator.name, "status": answer["statusCode"], "films": films}


def _expected(whole: Path, path: str) -> list[int]:
    from fastapi.testclient import TestClient

    from recommender.api.application import create_app
    from recommender.settings import Access, Mode

    with TestClient(create_app(whole, Access(Mode.LOCAL))) as client:
        return [film["id"] for film in client.get(path).json()]


def most_films(slim: Artifact, folder: Path) -> dict[str, Any]:
    """Return how many films a package holds, from what a film takes in this one.

    ``films`` goes by vectors of as many dimensions as here, ``films_at_64_mb`` by vectors that take
    no more room in all than here, as the trainer makes them.
    """
    served = sum((slim.path / name).stat().st_size for name in SERVED_FILES)
    users = _bytes_of_users(slim.path / CATALOG_FILE)
    code = Function("slim", "", folder / OURS.folder.name).unzipped - served
    count, vectors = len(slim.model.film_ids), slim.model.vectors.nbytes
    a_film = (served - users) / count
    others = (served - users - vectors) / count
    return {
        "code_megabytes": round(code / 1e6, 1),
        "users_megabytes": round(users / 1e6, 1),
        "bytes_a_film": round(a_film),
        "bytes_a_film_but_vectors": round(others),
        "vectors_megabytes": round(vectors / 1e6, 1),
        "films": math.floor((LIMIT - code - users) / a_film),
        "films_at_64_mb": math.floor((LIMIT - code - users - vectors) / others),
    }


def _bytes_of_users(database: Path) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        without = Path(shutil.copy(database, scratch))
        leave_out_ratings(without, 0)
        return database.stat().st_size - without.stat().st_size


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def page(found: dict[str, Any]) -> str:
    """Return the page."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        **found,
        measured=found["machine"]["measured"][:10],
        commit=machine.short(found["machine"]["commit"]),
    )


def main() -> None:
    """Make what is missing, measure, write the results and the page, and print it."""
    shape = sys.argv[1] if len(sys.argv) > 1 else SHAPE
    whole = train(PLACE / shape, shape)
    slim = export(whole)
    folder = package(slim)
    built, artifact = Function("slim", "", folder / OURS.folder.name), load(slim)
    data = artifact.manifest["data"]
    found: dict[str, Any] = {
        "data": {"films": data["filmes"], "users": data["usuarios"], "ratings": data["avaliacoes"]},
        "artifact": {
            "whole_megabytes": round(_megabytes(whole), 1),
            "slim_megabytes": round(_megabytes(slim) - _megabytes(slim / PROFILES), 1),
            "model_megabytes": round((slim / SERVED_FILES[0]).stat().st_size / 1e6, 1),
            "database_megabytes": round((slim / CATALOG_FILE).stat().st_size / 1e6, 1),
        },
        "package": {
            "zipped_megabytes": round(built.zipped / 1e6, 1),
            "unzipped_megabytes": round(built.unzipped / 1e6, 1),
        },
        "table": table_facts(slim),
        "largest": most_films(artifact, folder),
    }
    with table_of(slim) as url:
        found["emulator"] = answer_in_emulator(folder, url, whole)
        found["answers"] = compare(whole, slim)
    if shape != SHAPE:
        print(json.dumps(found, indent=2))
        return
    machine.write("profiles", found)
    text = page(machine.read("profiles"))
    (ROOT / "docs" / "profiles.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
