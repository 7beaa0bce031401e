"""The HTTP API: one file for each group of routes, and the app that is made of them."""

import sys
from typing import TYPE_CHECKING, Any

from recommender.settings import SettingError, missing

if TYPE_CHECKING:
    from fastapi import FastAPI

    app: FastAPI


def __getattr__(name: str) -> Any:
    """Make ``app`` when it is first asked for: importing a module of this folder builds nothing.

    Where it cannot be made, because of a setting or of a package that is missing, the process ends
    with one line: whoever asks is a server that starts.
    """
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from recommender.api.application import make_app

        globals()["app"] = made = make_app()
    except SettingError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except ModuleNotFoundError as error:
        print(f"error: {missing(error)}", file=sys.stderr)
        raise SystemExit(2) from None
    return made
