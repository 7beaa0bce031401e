"""``python -m recommender``: the API and the page on one's own machine, on http://127.0.0.1:PORT.

With ``check`` it only checks the settings and that the port is free, which takes no model.
"""

import socket
import sys

from recommender.settings import SettingError, missing, read_settings

HOST = "127.0.0.1"
UNPRIVILEGED, LAST = 1024, 65535  # ports that anybody may take


def main() -> int:
    """Serve until somebody stops it; return 2, with one line on stderr, where that cannot begin."""
    if sys.argv[1:] not in ([], ["check"]):
        print("usage: python -m recommender [check]", file=sys.stderr)
        return 2
    try:
        port = read_settings().port
        if objection := _objection(port):
            print(f"error: port {port} is not free ({objection}): {_advice(port)}", file=sys.stderr)
            return 2
        return 0 if sys.argv[1:] else _serve(port)
    except SettingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"error: {missing(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Filmes has stopped")
        return 0


def _serve(port: int) -> int:
    import uvicorn
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from recommender.api import app

    if app.state.serving is None:  # the log says why
        return 2

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(f"Filmes is at http://{HOST}:{port} (Ctrl-C stops it)", flush=True)

    # Other names of this machine may be those of a page elsewhere that wants to read ratings here.
    named = TrustedHostMiddleware(app, allowed_hosts=[HOST, "localhost"])
    # Its log of requests would push the address out of sight.
    server = Server(uvicorn.Config(named, host=HOST, port=port, log_level="warning"))
    server.run()
    return 0 if server.started else 2


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


def _advice(port: int) -> str:
    """Return the command for the next free port."""
    for other in range(max(port + 1, UNPRIVILEGED), LAST + 1):
        if not _objection(other):
            return f"use PORT={other} make run"
    return "set PORT to a lower one"


if __name__ == "__main__":
    sys.exit(main())
