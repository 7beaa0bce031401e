"""The one door between training and serving: the artifact folder, defined for both sides."""

import hashlib
import json
import pickle
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.model import arrays
from recommender.model.facts import FactError, check_facts, identity, is_count
from recommender.model.replacing import Place, place_of, replace, scratch_beside
from recommender.model.shapes import ShapeError, check_shapes

FORMAT = 11
TITLELESS = 10  # the format whose models do not know their titles
READABLE = range(FORMAT - 1, FORMAT + 1)  # code may be newer than a stack's model
SHELF = 8  # films on a cell's first shelf; each of the others holds twice as many as the one before
MODEL_FILE = "kmeans.joblib"
CATALOG_FILE = "catalogo.sqlite3"
MANIFEST_FILE = "manifest.json"
SERVED_FILES = (MODEL_FILE, CATALOG_FILE)
MAP_FILE = "mapa.svg"
ARTIFACT_FILES = (*SERVED_FILES, MAP_FILE, "mapa.png")
PROFILES = "perfis"  # the folder of the profiles' parts, and the manifest's word on them
DIGEST = re.compile("[0-9a-f]{64}")
PART = re.compile(rf"{PROFILES}/parte-[0-9]{{5}}\.json\.gz")
ATTEMPTS = 10  # to read a folder that is replaced while it is read
COUNTED = ("usuarios", "avaliacoes", "mais_novas", "listados")  # what is told of profiles
TABLE_DIGITS = 32  # of a version in the name of its profile table

Floats = NDArray[np.float32]
Rows = NDArray[np.integer]  # int32 where there are many

Bake = Callable[[Path], Mapping[str, Any] | None]
"""Writes files into a folder; what it returns joins the manifest."""


class ArtifactError(Exception):
    """The artifact folder is missing, incomplete, altered or of another format."""


@dataclass(frozen=True, slots=True)
class Model:
    """What the API needs to rank: plain arrays and scalars, n films in *rows*, cell after cell.

    A row is a film's position in every array below; within a cell the longest vectors come first.
    The score of film i for ratings r_j of m films, for a ``recency`` a and weights e_j of newness
    (mean 1, falling with the number of later ratings), where M is ``next_film``:
    ``m ** -user_exponent * (prior + sum_j fold_in[j] * s_j) @ vectors[i]`` with
    ``s_j = (1 - a) * w(r_j) * vectors[j] + a * e_j * w(r_j) * vectors[j, :q] @ M``, but
    ``s_j = w(r_j) * vectors[j]`` where w(r_j) is below 0.
    """

    film_ids: NDArray[np.int64]  # (n,) id of each row
    rows_by_id: NDArray[np.int64]  # (n,) rows in ascending order of film id
    title_digests: NDArray[np.uint32]  # (n,) of each film's title; (0,) if unknown

    vectors: Floats  # (n, d) the embedding
    fold_in: Floats  # (n,) what a film's vector is scaled by when it enters a user's vector
    prior: (
        Floats  # (d,) what all users like: enters every user's vector, weighing most in short ones
    )
    user_exponent: float
    rating_slope: float  # w(r) = 1 + rating_slope * (r - user's mean) / rating_half_range
    rating_half_range: float
    rating_liked: float  # the lowest rating of a film that was liked
    rating_disliked: float  # the highest rating of a film that was disliked
    rating_aversion: float  # such a film has w(r) <= -rating_aversion / m; 0: as it is
    rating_mean: float  # over all ratings; a user's mean is shrunk towards it
    rating_mean_strength: float  # ... as if the user had rated so many films with it

    next_film: Floats  # (q, q) from leading parts of rated films' vectors to that of the next one
    rating_decay: float  # later ratings after which a rating weighs e times less for the next film
    recency: float  # what the next film counts against all ratings alike, from 0 to 1

    near_rows: Rows  # (n, m) similar films of each, nearest first
    near_scores: Floats  # (n, m) their similarities

    cell_centers: Floats  # (k, d) KMeans over the directions of the film vectors
    cell_starts: Rows  # (k + 1,) rows of cell c: cell_starts[c] to cell_starts[c + 1]
    cell_labels: NDArray[np.str_]  # (k,) what sets each cell apart, and typical films
    cell_shelves: Rows  # (k + 1,) shelves of cell c: cell_shelves[c] to cell_shelves[c + 1]
    shelf_cells: Rows  # (s,) cell of each shelf
    shelf_starts: Rows  # (s + 1,) rows of shelf b: shelf_starts[b] to shelf_starts[b + 1]
    shelf_lengths: Floats  # (s,) greatest length of a vector on each shelf
    candidates: int  # films that a request scores at least

    popularity: Floats  # (n,) score of each film for nobody in particular
    popular_rows: Rows  # (n,) rows, most popular first
    trend: Floats  # (n,) the same with old ratings weighing less; (0,) where nothing has times
    trend_rows: Rows  # (n,) rows, highest trend first; (0,) likewise

    group_centers: Floats  # (g, n) KMeans over users: standardised ratings
    group_rows: Rows  # (g, n) rows, highest centre first
    group_scale: Floats  # (n,) standard deviation of each film's ratings, 1 where it is 0
    group_shift: Floats  # (n,) mean of each film's ratings in units of group_scale

    group_norms: NDArray[np.float64]  # (g,) squared length of each centre plus group_shift

    genre_names: NDArray[np.str_]  # (t,)
    genre_starts: Rows  # (t + 1,) genre_rows of genre t: genre_starts[t] to genre_starts[t + 1]
    genre_rows: Rows  # ascending within a genre
    film_genres: NDArray[np.uint8]  # (n, -(-t // 8)) bit t of row i: whether it is of genre t

    director_names: NDArray[np.str_]  # (p,) directors of several films
    director_starts: Rows  # (p + 1,) as genre_starts
    director_rows: Rows  # ascending within a director

    map_places: Floats  # (m, 2) where the m best known films, popular_rows[:m], lie on the map


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified artifact folder: its path, manifest and model, and what stood there."""

    path: Path
    manifest: Mapping[str, Any]
    model: Model
    place: Place

    @property
    def version(self) -> str:
        """Digest of the content, 64 hexadecimal digits."""
        return str(self.manifest["version"])

    @property
    def scale(self) -> tuple[float, float]:
        """Lowest and highest rating of the data."""
        lowest, highest = self.manifest["data"]["escala"]
        return lowest, highest

    @property
    def step(self) -> float | None:
        """Distance between neighbouring ratings of the scale; None if any number is a rating."""
        step: float | None = self.manifest["data"]["passo"]
        return step

    @property
    def profile_table(self) -> str | None:
        """Name of the table that holds the ratings, without a prefix; None if they are packaged."""
        told = self.manifest.get(PROFILES)
        return told and str(told["tabela"])

    def is_in_place(self) -> bool:
        """Return whether the folder is still the one that was verified."""
        return place_of(self.path) == self.place

    def read_map(self) -> bytes:
        """Return the picture of the films, as SVG, or raise ``ArtifactError`` if it was altered."""
        verify_file(self.path / MAP_FILE, self.manifest["files"][MAP_FILE])
        return (self.path / MAP_FILE).read_bytes()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_file(path: Path, digest: str) -> None:
    """Raise ``ArtifactError`` unless a file has this SHA-256."""
    try:
        found = file_digest(path)
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from None
    if found != digest:
        told = f"SHA-256 {found[:12]}… instead of {digest[:12]}…"
        raise ArtifactError(f"{path} was altered or truncated: {told}")


def part_name(number: int) -> str:
    """Return the name of a part of the profiles within an artifact folder; parts count from 0."""
    return f"{PROFILES}/parte-{number:05}.json.gz"


def part_names(names: Iterable[str]) -> list[str]:
    """Return those of some files' names that are parts of profiles, in order."""
    return sorted(name for name in names if PART.fullmatch(name))


def profile_table(version: str) -> str:
    """Return the name of the profile table of a version, without a stack's prefix."""
    return f"{PROFILES}-{version[:TABLE_DIGITS]}"


def content_version(manifest: Mapping[str, Any]) -> str:
    """Return the version of an artifact: the digest of what its manifest states.

    The digests of its files are among it; see ``facts.identity``.
    """
    return hashlib.sha256(identity(manifest)).hexdigest()


def write(folder: Path, model: Model, bake: Bake, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write an artifact folder, whole or not at all, and return its manifest.

    ``bake`` writes the database, the pictures and the profiles if there are any into the folder
    that it is given. For the others see ``assemble``.
    """
    import joblib  # the API function has none

    def fill(new: Path) -> Mapping[str, Any] | None:
        parts = {field.name: getattr(model, field.name) for field in fields(Model)}
        joblib.dump(parts, new / MODEL_FILE, compress=0, protocol=5)
        return bake(new)

    return assemble(folder, fill, facts)


def assemble(folder: Path, fill: Bake, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write an artifact folder of files, whole or not at all, and return its manifest.

    ``fill`` writes all files into the folder that it is given. ``facts`` and what it returns join
    the manifest: with profiles under the name ``PROFILES``, to which the name of their table is
    added. An artifact at ``folder`` is replaced at once, and only when the new one is complete.

    Raises:
        ArtifactError: ``folder`` was written by somebody else meanwhile, or holds something else.
        FactError: a fact has another form than it must.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    before = place_of(folder)
    with scratch_beside(folder) as scratch:
        new = scratch / "new"
        new.mkdir()
        facts = {**facts, **(fill(new) or {})}
        parts = [f"{PROFILES}/{path.name}" for path in (new / PROFILES).glob("*")]
        digests = {name: file_digest(new / name) for name in (*ARTIFACT_FILES, *sorted(parts))}
        manifest: dict[str, Any] = {"version": "", "format": FORMAT, "files": digests, **facts}
        check_facts(manifest)
        manifest["version"] = version = content_version(manifest)
        if PROFILES in facts:
            manifest[PROFILES] = {"tabela": profile_table(version), **facts[PROFILES]}
        text = json.dumps(manifest, ensure_ascii=False, indent=2)
        (new / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
        check_place(folder)
        if not replace(folder, new, before):
            raise ArtifactError(f"{folder} was changed by somebody else meanwhile: it stays so")
    return manifest


def check_place(folder: Path) -> None:
    """Raise ``ArtifactError`` if what stands at a path is no artifact that may be replaced."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ArtifactError(f"{folder} is a file: name a folder")
    known = {*ARTIFACT_FILES, MANIFEST_FILE, PROFILES}
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    foreign = sorted(name for name in found if name not in known and not PART.fullmatch(name))
    if foreign:
        held = f"{folder} holds files that no artifact has ({', '.join(foreign[:3])})"
        raise ArtifactError(f"{held}: name another folder, or empty it")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of an artifact folder, checked for form but not against the files."""
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is not JSON: {error}") from None
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or form not in READABLE:
        readable = " and ".join(map(str, READABLE))
        raise ArtifactError(
            f"{path} is of format {reprlib.repr(form)}, this code reads {readable}: train again"
        )
    digests = manifest.get("files")
    if not isinstance(digests, dict) or not digests.keys() >= set(ARTIFACT_FILES):
        raise ArtifactError(f"{path} does not name the digest of every file")
    if wrong := [name for name in digests if not _is_digest(digests[name])]:
        raise ArtifactError(f"{path} has no SHA-256 for {reprlib.repr(wrong)}")
    try:
        if manifest.get("version") != content_version(manifest):
            raise ArtifactError(f"{path} was altered: its version is not that of what it states")
        check_facts(manifest)
    except (FactError, RecursionError) as error:
        raise ArtifactError(f"{path}: {error}") from None
    _check_profiles(path, manifest)
    return manifest


def _is_digest(digest: Any) -> bool:
    return isinstance(digest, str) and DIGEST.fullmatch(digest) is not None


def _check_profiles(path: Path, manifest: Mapping[str, Any]) -> None:
    """Raise ``ArtifactError`` unless a manifest tells of profiles if and only if it has parts."""
    told = manifest.get(PROFILES)
    if bool(part_names(manifest["files"])) != (told is not None):
        raise ArtifactError(f"{path} was altered: {PROFILES} and the parts in files do not agree")
    table = profile_table(manifest["version"])
    if told is not None and (not isinstance(told, dict) or told.get("tabela") != table):
        raise ArtifactError(f"{path} was altered: {PROFILES} does not name the table {table}")
    for name, fact in ((name, (told or {}).get(name)) for name in COUNTED if told):
        if not is_count(fact):
            raise ArtifactError(f"{path}: {PROFILES}.{name} is {fact!r}, not a count from 0 on")


def load(folder: Path) -> Artifact:
    """Verify what is served from an artifact folder, and only then map the model into memory.

    Raises:
        ArtifactError: the folder is incomplete, altered, or of another format.
    """
    for _ in range(ATTEMPTS):
        place = place_of(folder)
        try:
            artifact = _load(folder, place)
        except ArtifactError:
            if place_of(folder) == place:
                raise
        else:
            if artifact.is_in_place():
                return artifact
    raise ArtifactError(f"{folder} was replaced again and again while it was read")


def _load(folder: Path, place: Place) -> Artifact:
    manifest = read_manifest(folder)
    for name in SERVED_FILES:
        verify_file(folder / name, manifest["files"][name])
    try:
        parts = arrays.read(folder / MODEL_FILE)
    except pickle.UnpicklingError as error:
        told = " ".join(str(error).split())  # in one line
        raise ArtifactError(f"{folder / MODEL_FILE} holds {told}") from None
    if manifest["format"] == TITLELESS:
        parts.setdefault("title_digests", np.empty(0, np.uint32))
    if parts.keys() != {field.name for field in fields(Model)}:
        raise ArtifactError(f"{folder / MODEL_FILE} holds other arrays than this code reads")
    try:
        check_shapes(parts)
    except ShapeError as error:
        raise ArtifactError(f"{folder / MODEL_FILE}: {error}") from None
    return Artifact(folder, manifest, Model(**parts), place)
