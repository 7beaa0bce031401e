"""Mixed requests to the function in a process of its own, and what is left of them afterwards.

``python -m tests.soak ARTIFACT RATINGS COUNT`` prints, as JSON: answers by status, the bytes of
resident memory after the first tenth and at the end, and as many open files.
"""

import base64
import contextlib
import gc
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
EVENT = json.loads((ROOT / "events/avaliar.json").read_text(encoding="utf-8"))
DATA = json.loads((ROOT / "mock_data.json").read_text(encoding="utf-8"))
FILMS: list[int] = [film["id"] for film in DATA["filmes"]]
USERS: list[int] = [user["id"] for user in DATA["usuarios"]]
NEW = range(10**6, 10**9)  # ids of users who have written only
GENRES = sorted({name for film in DATA["filmes"] for name in film["genero"].split(",")})
WORDS = [word for film in DATA["filmes"] for word in film["titulo"].split()]
SERVICE = "filmes/usuarios"
CONTEXT = SimpleNamespace(
    function_name="ApiFunction",
    memory_limit_in_mb=2048,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:ApiFunction",
    aws_request_id="6f2a1b0c-0d1e-4f3a-9b8c-7d6e5f4a3b2c",
)

Asked = tuple[str, str, dict[str, Any], Any]
"""Method, path, query and body of a request."""


@dataclass
class Left:
    """What a soak found."""

    statuses: dict[int, int]
    memory: tuple[int, int]  # resident bytes after the first tenth, and at the end
    files: tuple[int, int]
    largest: int  # bytes of an answer


def make_requests(random: Random) -> Iterator[Asked]:
    """Yield requests as users, services, the page and those who make mistakes send them."""

    def user() -> int:
        return random.choice(USERS) if random.random() < 0.6 else random.choice(NEW)

    def film() -> int:
        return random.choice(FILMS)

    def rated(most: int) -> list[dict[str, int]]:
        films = random.sample(FILMS, random.randint(1, most))
        return [{"filme_id": each, "avaliacao": random.randint(1, 5)} for each in films]

    def options() -> dict[str, Any]:
        found = {
            "limite": random.choice([1, 5, 20, 100]),
            "genero": random.sample(GENRES, random.randint(0, 2)),
            "excluir": random.sample(FILMS, random.choice([0, 0, 3])),
            "diversidade": random.choice([0, 0.5]),
        }
        return {name: found[name] for name in random.sample([*found], random.randint(0, 4))}

    def personal() -> dict[str, Any]:
        return {**options(), "estrategia": random.choice(["padrao", "grupo", "populares"])}

    def search() -> dict[str, Any]:
        return {"q": random.choice(WORDS)[:20], "limite": random.choice([5, 1000])}

    def wrong() -> Asked:
        return random.choice(
            [
                ("GET", "/filmes/0", {}, None),
                ("GET", "/nada", {}, None),
                ("GET", "/filmes", {"limite": "x" * random.randint(1, 99)}, None),
                ("GET", "/usuarios/1/recomendacoes", {"cursor": str(random.random())}, None),
                ("POST", "/filmes", {}, None),
                ("POST", "/recomendacoes", {}, "{"),
                ("PUT", f"/usuarios/{user()}/avaliacoes/{film()}", {}, {"avaliacao": 99}),
                ("POST", "/recomendacoes", {}, {"avaliacoes": [{"x": i} for i in range(500)]}),
            ]
        )

    kinds: list[tuple[int, Callable[[], Asked]]] = [
        (25, lambda: ("GET", f"/usuarios/{user()}/recomendacoes", personal(), None)),
        (8, lambda: ("GET", f"/filmes/{film()}/similares", options(), None)),
        (5, lambda: ("GET", "/filmes/populares", options(), None)),
        (5, lambda: ("GET", f"/filmes/{film()}", {}, None)),
        (6, lambda: ("GET", "/filmes", search(), None)),
        (4, wrong),
        (6, lambda: ("POST", "/recomendacoes", {}, {"avaliacoes": rated(50)})),
        (3, lambda: ("POST", "/inicio", {}, {"avaliacoes": rated(20)})),
        (5, lambda: ("GET", f"/usuarios/{user()}/inicio", {}, None)),
        (5, lambda: ("GET", f"/usuarios/{user()}/avaliacoes", {}, None)),
        (9, lambda: ("PUT", f"/usuarios/{user()}/avaliacoes/{film()}", {}, {"avaliacao": 4})),
        (3, lambda: ("DELETE", f"/usuarios/{user()}/avaliacoes/{film()}", {}, None)),
        (2, lambda: ("PUT", f"/usuarios/{user()}/avaliacoes", {}, {"avaliacoes": rated(30)})),
        (1, lambda: (random.choice(["PUT", "DELETE"]), f"/filmes/{film()}/oculto", {}, None)),
        (1, lambda: ("GET", "/usuarios", {"limite": 50}, None)),
        (1, lambda: ("DELETE", f"/usuarios/{user()}", {}, None)),
        (4, lambda: ("GET", random.choice(["/grupos", "/mapa.svg", "/mapa.json"]), {}, None)),
        (4, lambda: ("GET", random.choice(["/", "/modelo", "/saude", "/openapi.json"]), {}, None)),
    ]
    weights = [weight for weight, _ in kinds]
    while True:
        yield random.choices(kinds, weights)[0][1]()


def as_event(asked: Asked, tag: str | None) -> dict[str, Any]:
    """Return a request as an HTTP API hands it on, from a service that has a token."""
    method, path, query, body = asked
    content = body if body is None or isinstance(body, str) else json.dumps(body)
    context = EVENT["requestContext"]
    claims = {**context["authorizer"]["jwt"]["claims"], "scope": SERVICE}
    return {
        **EVENT,
        "rawPath": path,
        "rawQueryString": urlencode(query, doseq=True),
        "headers": {
            **EVENT["headers"],
            "accept-encoding": "gzip",
            "content-length": str(len(content or "")),
            **({"if-none-match": tag} if tag else {}),
        },
        "requestContext": {
            **context,
            "http": {**context["http"], "method": method, "path": path},
            "authorizer": {"jwt": {"claims": claims}},
        },
        "body": content,
    }


def next_page(asked: Asked, answer: dict[str, Any]) -> Asked | None:
    """Return the request of the page after an answer, if there is one."""
    found = re.search("cursor=([^&>]+)", answer["headers"].get("link", ""))
    return (asked[0], asked[1], {**asked[2], "cursor": found[1]}, None) if found else None


def measure() -> tuple[int, int]:
    """Return the bytes of resident memory and the number of open files of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len([*Path("/proc/self/fd").iterdir()])


def soak(artifact: Path, ratings: Path, count: int) -> Left:
    """Send requests one after the other; some ask again, with a tag or for the next page."""
    os.environ |= {"ARTIFACT_DIR": str(artifact), "RATINGS_DIR": str(ratings), "ACCESS": "jwt"}
    import handler

    random = Random(1)
    requests = make_requests(random)
    statuses: Counter[int] = Counter()
    largest, begun = 0, (0, 0)
    asked = next(requests)
    tag: str | None = None
    for number in tqdm(range(count), unit=" requests", file=sys.stderr, mininterval=5):
        if number == count // 10:
            begun = measure()
        answer = handler.handler(as_event(asked, tag), CONTEXT)
        statuses[answer["statusCode"]] += 1
        body = answer.get("body", "")
        size = len(base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode())
        largest = max(largest, size)
        page = next_page(asked, answer) if random.random() < 0.3 else None
        again = answer["headers"].get("etag") if random.random() < 0.1 else None
        asked, tag = (asked, again) if again else (page or next(requests), None)
    ended = measure()
    return Left(dict(statuses), (begun[0], ended[0]), (begun[1], ended[1]), largest)


def main() -> None:
    """Print what a soak found. What the function logs goes nowhere."""
    artifact, ratings, count = sys.argv[1:]
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        found = soak(Path(artifact), Path(ratings), int(count))
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
