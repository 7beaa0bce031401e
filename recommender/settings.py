"""Every setting that comes from the environment, read and checked in one place."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LAYER = Path("/opt/artifact")  # where Lambda unpacks a layer that holds a model
UNMADE = "RatingsTable"  # what SAM's emulator calls the template's table, which it does not make
BUNDLED = Path(__file__).parents[1] / "artifact"  # what `make build` packages beside the code


class Mode(StrEnum):
    """What callers may do."""

    OPEN = "open"  # read everything
    JWT = "jwt"  # read and write what is theirs
    LOCAL = "local"  # everything, on one's own machine


@dataclass(frozen=True)
class Access:
    """Who may do what: a mode, the claim that holds a user's id, the scope that opens all users."""

    mode: Mode = Mode.OPEN
    user_claim: str = "sub"
    service_scope: str = "filmes/usuarios"


OPEN = Access()


@dataclass(frozen=True)
class Settings:
    """What an environment says: the model, who may do what, where ratings are written."""

    artifact: Path  # the folder in use: ARTIFACT_DIR, else the layer's, else the bundled one
    access: Access = OPEN
    origins: tuple[str, ...] = ()  # whose pages may call the API
    base_path: str = ""  # such as /v1, before all paths where a custom domain or a stage adds one
    ratings_table: str = ""
    ratings_dir: str = ""  # with a file for each lineage of catalogues
    traced: bool = False  # by X-Ray
    snapshots: bool = False  # Lambda takes one (SnapStart)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an environment; an empty variable counts as absent.

    Raises:
        ValueError: ``ACCESS`` is unknown, or ``local`` inside Lambda; ``BASE_PATH`` is not a path;
            ``RATINGS_FILE`` is set, which is read no more.
    """
    mode = environment.get("ACCESS") or Mode.OPEN
    if mode not in [*Mode]:
        raise ValueError(f"ACCESS is {mode!r}, allowed are {', '.join(Mode)}")
    if mode == Mode.LOCAL and "AWS_LAMBDA_FUNCTION_NAME" in environment:
        raise ValueError("ACCESS is 'local', which would open a Lambda function to everybody")
    base_path = environment.get("BASE_PATH", "").strip("/")
    if not re.fullmatch(r"([\w.~-]+(/[\w.~-]+)*)?", base_path, re.ASCII):
        raise ValueError(f"BASE_PATH is {base_path!r}, allowed is a path such as /v1")
    if file := environment.get("RATINGS_FILE"):
        raise ValueError(f"RATINGS_FILE is {file!r}, but each lineage has a file: set RATINGS_DIR")
    table = environment.get("RATINGS_TABLE", "")
    return Settings(
        artifact=Path(environment.get("ARTIFACT_DIR") or (LAYER if LAYER.is_dir() else BUNDLED)),
        access=Access(
            Mode(mode),
            environment.get("USER_CLAIM") or Access.user_claim,
            environment.get("SERVICE_SCOPE") or Access.service_scope,
        ),
        origins=tuple(environment.get("CORS_ORIGINS", "").replace(",", " ").split()),
        base_path=base_path and f"/{base_path}",
        ratings_table="" if table == UNMADE and "AWS_SAM_LOCAL" in environment else table,
        ratings_dir=environment.get("RATINGS_DIR", ""),
        traced=environment.get("TRACING") == "Active",
        snapshots=environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start",
    )
