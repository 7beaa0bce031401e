"""Artifacts that are not what training wrote, with digests that are right: refused, never a crash.

What has other digests than the manifest states is refused before it is looked at; see
``test_artifact.py``. Here whoever altered a file knew how to spell its digest, too.
"""

import contextlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import strategies as st

from recommender.api.application import create_app
from recommender.model import arrays, artifact
from recommender.model.artifact import (
    CATALOG_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    ArtifactError,
    Model,
    content_version,
    file_digest,
    load,
    read_manifest,
)
from tests.conftest import ROOT
from tests.damage import alter, damage
from tests.fuzzing import fuzzed
from tests.recommender.conftest import LOCAL

FOLDERS = [ROOT / "tests/data" / f"formato-{form}" for form in artifact.READABLE]
SEEDS = st.integers(0, 2**32 - 1)
LONGEST = 1000  # characters of a message
SERVED = 300  # manifests that are taken, of which one is also served
PAGE = 4096  # bytes of a database
LARGER = 100  # megabytes that a process may grow by


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Copies of an artifact of each format; a test puts back what it altered."""
    scratch = tmp_path_factory.mktemp("damaged")
    return [Path(shutil.copytree(folder, scratch / folder.name)) for folder in FOLDERS]


def taken(folder: Path) -> Model | None:
    """Return the model of a folder, or None if it is refused in a line."""
    try:
        return load(folder).model
    except ArtifactError as error:
        text = str(error)
        assert "\n" not in text
        assert 0 < len(text) < LONGEST
        text.encode()
        return None


def put(folder: Path, name: str, content: bytes) -> None:
    """Write a file, and the manifest of the folder of the same name with its digest."""
    (folder / name).write_bytes(content)
    manifest = json.loads((ROOT / "tests/data" / folder.name / MANIFEST_FILE).read_text())
    manifest["files"][name] = file_digest(folder / name)
    manifest["version"] = content_version(manifest)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))


def put_back(folder: Path) -> None:
    for name in (MODEL_FILE, CATALOG_FILE, MANIFEST_FILE):
        shutil.copyfile(ROOT / "tests/data" / folder.name / name, folder / name)


def ask(folder: Path) -> list[int]:
    """Return the statuses of some answers from a folder."""
    with TestClient(create_app(folder, LOCAL), raise_server_exceptions=False) as api:
        paths = ["/saude", "/modelo", "/filmes", "/filmes?q=a", "/filmes/1", "/grupos", "/usuarios"]
        paths += ["/usuarios/1/recomendacoes", "/usuarios/1/avaliacoes", "/usuarios/1/inicio", "/"]
        found = [api.get(path).status_code for path in paths]
    assert {status for status in found if status >= 500} <= {503}, found
    return found


@fuzzed("manifests", 300, seed=SEEDS)
def test_any_manifest(places: list[Path], seed: int) -> None:
    random = Random(seed)
    folder = random.choice(places)
    path = folder / MANIFEST_FILE
    before = path.read_bytes()
    if seed % 2:
        path.write_bytes(damage(before, random))
    else:
        manifest = alter(json.loads(before), random)
        with contextlib.suppress(AttributeError, IndexError, KeyError, TypeError, ValueError):
            manifest["version"] = content_version(manifest)  # some can have none
        path.write_text(json.dumps(manifest), encoding="utf-8")
    try:
        is_taken = taken(folder) is not None
        if is_taken and random.randrange(SERVED) == 0:
            ask(folder)
    finally:
        path.write_bytes(before)


@fuzzed("arrays of models", 300, seed=SEEDS)
def test_any_arrays(places: list[Path], seed: int) -> None:
    """The model is whole, or refused; what its arrays say of films is not looked at."""
    random = Random(seed)
    folder = random.choice(places)
    content = (ROOT / "tests/data" / folder.name / MODEL_FILE).read_bytes()
    for _ in range(random.randint(1, 3)):
        content = damage(content, random)
    try:
        put(folder, MODEL_FILE, content)
        taken(folder)
    finally:
        put_back(folder)


def spoil(content: bytes, random: Random) -> bytes:
    """Return a database that was cut off, overwritten in places, or that is none."""
    way = random.randrange(5)
    page = random.randrange(max(1, len(content) // PAGE)) * PAGE
    if way == 0:
        return content[: random.randint(0, len(content))]
    if way == 1:
        return content[:page] + b"\0" * PAGE + content[page + PAGE :]
    if way == 2:
        return content[:page] + random.randbytes(PAGE) + content[page + PAGE :]
    if way == 3:
        head = damage(content[:100], random)
        return head + content[len(head) :]
    return random.choice([b"", b"x" * 5000, b"PK\3\4" + content, content[:16] * 300])


@fuzzed("databases of models", 40, seed=SEEDS)
def test_any_database(places: list[Path], seed: int) -> None:
    """A database that cannot be read is a 503, at the start or when it is asked."""
    random = Random(seed)
    folder = random.choice(places)
    content = (ROOT / "tests/data" / folder.name / CATALOG_FILE).read_bytes()
    try:
        put(folder, CATALOG_FILE, spoil(content, random))
        ask(folder)
    finally:
        put_back(folder)


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"x",
            b"\x80\x05K\x01.",
            pickle.dumps({"vectors": 1})[:-3],
            b"cposix\nsystem\n.",
        ),
        b"P0\n.",  # names an object outside of the pickle, of which the error has two lines
        b"\x8a\xff",
        b"\x80\x05}r\xff\xff\xff\x7f.",  # gigabytes for two billion places in the memo
        b"\x80\x05\x95\x07\0\0\0\0\0\0\0}r\xff\xff\xff\x7f.",  # the same in a frame
        b"\x80\x05}p2147483647\n.",
    ],
)
def test_found_arrays(places: list[Path], content: bytes) -> None:
    try:
        put(places[0], MODEL_FILE, content)
        assert taken(places[0]) is None
    finally:
        put_back(places[0])


def name_of(module: str, name: str) -> bytes:
    """Return the instructions of a pickle that name something of a module."""
    texts = (
        pickle.SHORT_BINUNICODE + bytes([len(text)]) + text.encode() for text in (module, name)
    )
    return b"".join(texts) + pickle.STACK_GLOBAL


def plain(value: object) -> bytes:
    """Return the instructions of a pickle that make a value."""
    return pickle.dumps(value, 2)[2:-1]


NDARRAY = name_of("numpy", "ndarray")
DTYPE = name_of("numpy", "dtype")
WRAPPER = name_of("joblib.numpy_pickle", "NumpyArrayWrapper")
OBJECTS = DTYPE + plain(("O8", False, True)) + pickle.REDUCE
OBJECTS += plain((3, "|", None, None, None, -1, -1, 0)) + pickle.BUILD  # flags that deny objects
FLOATS = DTYPE + plain(("f4", False, True)) + pickle.REDUCE
POINTER = pickle.BYTEARRAY8 + (8).to_bytes(8, "little") + b"A" * 8


def array_of(shape: bytes, dtype: bytes) -> bytes:
    """Return the instructions of joblib for an array, which holds eight bytes."""
    state = pickle.EMPTY_DICT + plain("shape") + shape + pickle.SETITEM
    state += plain("dtype") + dtype + pickle.SETITEM + plain("order") + plain("C") + pickle.SETITEM
    new = WRAPPER + pickle.EMPTY_TUPLE + pickle.NEWOBJ
    return new + state + pickle.BUILD + b"\0" + b"A" * 8


READ = """
import pickle, resource, sys
from pathlib import Path
from recommender.model import arrays

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print("read", arrays.read(Path(sys.argv[1])))
except pickle.UnpicklingError:
    print("refused", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(
    "made",
    [
        OBJECTS,
        array_of(plain((1,)), OBJECTS),
        NDARRAY + pickle.MARK + plain((1,)) + OBJECTS + POINTER + pickle.TUPLE + pickle.REDUCE
        + plain(0) + plain(1) + pickle.SETITEM,  # frees what the bytes point to
        NDARRAY + plain(((100_000_000,), "O")) + pickle.REDUCE,
        NDARRAY + plain(((1000,), "f4")) + pickle.REDUCE,
        NDARRAY + plain(((1000,), "f4")) + pickle.NEWOBJ,
        NDARRAY + plain({"a": 1}) + pickle.BUILD,
        DTYPE + plain({"a": 1}) + pickle.BUILD,
        FLOATS,
        DTYPE + pickle.EMPTY_TUPLE + pickle.NEWOBJ,
        WRAPPER + pickle.EMPTY_TUPLE + pickle.NEWOBJ,
        array_of(plain((2,)), FLOATS + plain((3, "=", None, None, None, -1, -1, 0)) + pickle.BUILD),
        array_of(plain((2,)), FLOATS + plain((3, "<", None, None, None, -1, -1, 1)) + pickle.BUILD),
        array_of(plain((2,)), DTYPE + plain(("U1000000", False, True)) + pickle.REDUCE),
        array_of(plain((100_000_000,)), FLOATS),
        array_of(plain((0, 2**40)), FLOATS),
        array_of(plain((-1, -2)), FLOATS),
        array_of(plain((2**32, 2**32)), FLOATS),
        array_of(plain((1,) * 9), FLOATS),
    ],
    ids=lambda _: "",
)  # fmt: skip
def test_a_pickle_written_to_harm_is_refused(tmp_path: Path, made: bytes) -> None:
    """In a process of its own, which it may not end, and which it may not make larger."""
    path = tmp_path / "arrays.joblib"
    whole = pickle.PROTO + b"\x05" + pickle.EMPTY_DICT + plain("x") + made + pickle.SETITEM
    path.write_bytes(whole + pickle.STOP)
    command = [sys.executable, "-c", READ, str(path)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    word, grown = found.stdout.split(maxsplit=1)
    assert word == "refused", found.stdout
    assert int(grown) < LARGER


def test_the_pickles_written_to_harm_are_made_of_what_can_be_read(tmp_path: Path) -> None:
    """So that the test above refuses what it means to."""
    path = tmp_path / "arrays.joblib"
    order = FLOATS + plain((3, ">", None, None, None, -1, -1, 0)) + pickle.BUILD
    made = array_of(plain((2,)), order)
    whole = pickle.PROTO + b"\x05" + pickle.EMPTY_DICT + plain("x") + made + pickle.SETITEM
    path.write_bytes(whole + pickle.STOP)
    found = arrays.read(path)["x"]
    assert (found.dtype.str, found.tobytes()) == (">f4", b"A" * 8)


@pytest.mark.parametrize("digest", [5, None, ["a"], "\ud800", "A" * 64])
def test_a_digest_that_is_none_is_refused(places: list[Path], digest: Any) -> None:
    for folder in places:
        path = folder / MANIFEST_FILE
        before = path.read_bytes()
        manifest = json.loads(before)
        manifest["files"][MODEL_FILE] = digest
        path.write_text(json.dumps(manifest))
        try:
            with pytest.raises(ArtifactError, match=r"no SHA-256 for \['kmeans.joblib'\]"):
                load(folder)
        finally:
            path.write_bytes(before)


@pytest.mark.parametrize(
    "content", [b"", b"x" * 5000, b"PK\3\4" + b"\0" * 5000], ids=["empty", "text", "archive"]
)
def test_what_is_no_database_is_a_503_at_the_start(places: list[Path], content: bytes) -> None:
    try:
        put(places[-1], CATALOG_FILE, content)
        assert set(ask(places[-1])) == {503}
    finally:
        put_back(places[-1])


def test_some_of_any_manifests_are_taken(places: list[Path]) -> None:
    """So that the tests above had something to look at."""
    folder = places[-1]
    path = folder / MANIFEST_FILE
    before = path.read_bytes()
    found: list[Any] = []
    for seed in range(60):
        manifest = alter(json.loads(before), Random(seed))
        try:
            manifest["version"] = content_version(manifest)
            path.write_text(json.dumps(manifest))
            found.append(read_manifest(folder))
        except (ArtifactError, AttributeError, IndexError, KeyError, TypeError, ValueError):
            found.append(None)
        finally:
            path.write_bytes(before)
    assert 5 < sum(manifest is None for manifest in found) < 55
