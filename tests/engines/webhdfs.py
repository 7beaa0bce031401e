"""A folder of this machine behind WebHDFS, HDFS's interface over HTTP, for Hadoop's own client."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = "/webhdfs/v1"
MISSING = {"exception": "FileNotFoundException", "javaClassName": "java.io.FileNotFoundException"}


class Handler(BaseHTTPRequestHandler):
    """Answers what reading takes: the status of a path, a list of a folder, a file's content."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, *arguments: Any) -> None:
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name.lower(): values[0] for name, values in parse_qs(address.query).items()}
        path = self.folder / unquote(address.path.removeprefix(ROOT)).strip("/")
        if not path.exists():
            self._tell({"RemoteException": {**MISSING, "message": "no such path"}}, 404)
        elif query["op"] == "GETFILESTATUS":
            self._tell({"FileStatus": status(path, "")})
        elif query["op"] == "LISTSTATUS":
            listed = [status(each, each.name) for each in sorted(path.iterdir())]
            self._tell({"FileStatuses": {"FileStatus": listed}})
        elif query["op"] == "OPEN" and "here" not in query:  # a data node would have it
            self.send_response(307)
            self.send_header("Location", f"http://{self.headers['Host']}{self.path}&here=1")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif query["op"] == "OPEN":
            start = int(query.get("offset", 0))
            end = start + int(query["length"]) if "length" in query else None
            self._send(path.read_bytes()[start:end], "application/octet-stream", 200)
        elif re.match("GET_?(FILE)?_?BLOCK_?LOCATIONS", query["op"]):
            self._tell({"BlockLocations": {"BlockLocation": []}})
        else:
            self._tell({"RemoteException": {**MISSING, "message": query["op"]}}, 400)

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def _tell(self, answer: object, code: int = 200) -> None:
        self._send(json.dumps(answer).encode(), "application/json", code)

    def _send(self, content: bytes, kind: str, code: int) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def status(path: Path, name: str) -> dict[str, object]:
    """A FileStatus of HDFS."""
    is_folder = path.is_dir()
    return {
        "accessTime": 0,
        "blockSize": 1 << 27,
        "group": "x",
        "owner": "x",
        "pathSuffix": name,
        "modificationTime": int(1000 * path.stat().st_mtime),
        "permission": "755",
        "replication": 1,
        "length": 0 if is_folder else path.stat().st_size,
        "type": "DIRECTORY" if is_folder else "FILE",
    }


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Give the address of a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"webhdfs://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
