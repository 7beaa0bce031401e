"""``python -m recommender``: the API on one's own machine, on http://127.0.0.1:PORT.

With ``check`` it only checks the settings, which takes no model.
"""

import sys

from recommender.settings import SettingError, missing, read_settings


def main() -> int:
    """Serve until somebody stops it; return 2, with one line on stderr, where that cannot begin."""
    if sys.argv[1:] not in ([], ["check"]):
        print("usage: python -m recommender [check]", file=sys.stderr)
        return 2
    try:
        port = read_settings().port
        import uvicorn
    except SettingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"error: {missing(error)}", file=sys.stderr)
        return 2
    if sys.argv[1:]:
        return 0
    from recommender.api import app

    if app.state.serving is None:  # the log says why
        return 2
    uvicorn.run(app, port=port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
