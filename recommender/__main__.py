"""``python -m recommender``: the API on one's own machine, on http://127.0.0.1:PORT.

With ``check`` it only checks the settings and that the port is free, which takes no model.
"""

import socket
import sys

from recommender.settings import SettingError, missing, read_settings

HOST = "127.0.0.1"


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
    if objection := _objection(port):
        print(f"error: PORT is {port}: {objection}; set another", file=sys.stderr)
        return 2
    if sys.argv[1:]:
        return 0
    from recommender.api import app

    if app.state.serving is None:  # the log says why
        return 2
    uvicorn.run(app, host=HOST, port=port)
    return 0


def _objection(port: int) -> str | None:
    """Return why nobody could serve at a port, None if one can."""
    with socket.socket() as tried:
        # As servers do: what an earlier one left in TIME_WAIT is in nobody's way.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
