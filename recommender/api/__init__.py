"""The HTTP API: one file for each group of routes, and the app that is made of them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

    app: FastAPI


def __getattr__(name: str) -> Any:
    """Make ``app`` when it is first asked for: importing a module of this folder builds nothing."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from recommender.api.application import make_app

    globals()["app"] = made = make_app()
    return made
