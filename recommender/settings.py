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
PORT = 8000
ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
USUAL_PORTS = {"http": ":80", "https": ":443"}  # which browsers leave out
TABLE = r"(arn:[^:]+:dynamodb:[^:]+:[0-9]+:table/)?[\w.-]{3,255}"
SCOPE = r"[!#-+\--\[\]-~]+"  # as OAuth has it (RFC 6749 3.3), without the comma
PREFIX = r"[\w.-]{1,200}"
PATH = r"/?([\w.~-]+(/[\w.~-]+)*)?/?"


class SettingError(ValueError):
    """A setting is not as it must be; the message names variable, value and what is allowed."""


class Mode(StrEnum):
    """What callers may do."""

    OPEN = "open"  # read everything, but users' data only if they are for demonstration
    JWT = "jwt"  # read and write what is theirs
    LOCAL = "local"  # everything, on one's own machine


@dataclass(frozen=True)
class Access:
    """Who may do what: a mode, the claim that holds a user's id, the scope that opens all users."""

    mode: Mode = Mode.OPEN
    user_claim: str = "sub"
    service_scope: str = "filmes/usuarios"


OPEN = Access()


def missing(error: ModuleNotFoundError) -> str:
    """Return in a line what a start that fails for want of a package has to say."""
    return f"the package {str(error.name).partition('.')[0]} is missing: run make setup"


@dataclass(frozen=True)
class Settings:
    """What an environment says: the model, who may do what, where ratings are written."""

    artifact: Path  # the folder in use: ARTIFACT_DIR, else the layer's, else the bundled one
    access: Access = OPEN
    origins: tuple[str, ...] = ()  # whose pages may call the API
    base_path: str = ""  # such as /v1, before all paths where a custom domain or a stage adds one
    ratings_table: str = ""
    profile_tables: str = ""  # before the name that an artifact without ratings gives its table
    ratings_dir: str = ""  # with a file for each lineage of catalogues
    port: int = PORT  # of a server on one's own machine
    traced: bool = False  # by X-Ray
    snapshots: bool = False  # Lambda takes one (SnapStart)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of an environment; an empty variable counts as absent.

    Raises:
        SettingError: a variable has a value that is not allowed.
    """
    mode = environment.get("ACCESS") or Mode.OPEN
    if mode not in [*Mode]:
        raise SettingError(f"ACCESS is {mode!r}, allowed are {', '.join(Mode)}")
    if mode == Mode.LOCAL and "AWS_LAMBDA_FUNCTION_NAME" in environment:
        raise SettingError("ACCESS is 'local', which would open a Lambda function to everybody")
    if file := environment.get("RATINGS_FILE"):
        raise SettingError(
            f"RATINGS_FILE is {file!r}, but each lineage has a file: set RATINGS_DIR"
        )

    def text(name: str, pattern: str, allowed: str, default: str = "") -> str:
        value = environment.get(name) or default
        if value and not re.fullmatch(pattern, value, re.ASCII):
            raise SettingError(f"{name} is {value!r}, allowed is {allowed}")
        return value

    base_path = text("BASE_PATH", PATH, "a path such as /v1").strip("/")
    table = text("RATINGS_TABLE", TABLE, "the name or the ARN of a DynamoDB table")
    prefix = text("PROFILE_TABLES", PREFIX, "the beginning of names of DynamoDB tables")
    tracing = text("TRACING", "Active|PassThrough", "Active or PassThrough")
    return Settings(
        artifact=Path(environment.get("ARTIFACT_DIR") or (LAYER if LAYER.is_dir() else BUNDLED)),
        access=Access(
            Mode(mode),
            text("USER_CLAIM", r"\S+", "the name of a claim", Access.user_claim),
            text("SERVICE_SCOPE", SCOPE, "one scope", Access.service_scope),
        ),
        origins=tuple(map(_origin, environment.get("CORS_ORIGINS", "").replace(",", " ").split())),
        base_path=base_path and f"/{base_path}",
        ratings_table="" if table == UNMADE and "AWS_SAM_LOCAL" in environment else table,
        profile_tables=prefix,
        ratings_dir=environment.get("RATINGS_DIR", ""),
        port=_port(environment.get("PORT") or str(PORT)),
        traced=tracing == "Active",
        snapshots=environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start",
    )


def _origin(text: str) -> str:
    """Return an origin as browsers send it: in lower case, without a final slash or usual port."""
    if text == "*":  # all of them
        return text
    plain = text.lower().removesuffix("/")
    found = ORIGIN.fullmatch(plain)
    if found is None:
        allowed = "origins such as https://app.example.com, separated by commas, or *"
        raise SettingError(f"CORS_ORIGINS has {text!r}, allowed are {allowed}")
    return plain.removesuffix(USUAL_PORTS.get(found[1], " "))


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise SettingError(f"PORT is {text!r}, allowed is a whole number from 1 to 65535")
    return int(text)
