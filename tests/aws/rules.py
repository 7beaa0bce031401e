"""Lambda's rules that moto does not keep, laid over moto's answers.

moto 5.2.5 ignores `RevisionId` and `CodeSha256`, gives the numbers of deleted versions again, lets
a version be deleted that an alias needs, and forgets the bytes of layers.
"""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tests.aws.layers import Layers
from tests.aws.wsgi import Answer, Environ, Moto, error, read, without

FUNCTION = re.compile(
    r"/2015-03-31/functions/(?P<name>[^/]+)"
    r"(?:/(?P<part>configuration|code|versions|aliases)(?:/(?P<alias>[^/]+))?)?/?$"
)
LAYER = re.compile(r"/2018-10-31/layers/[^/]+/versions/?$")
LATEST = "$LATEST"
# What may differ between a version and the code and configuration that it was published from.
OWN = ("Version", "FunctionArn", "LastModified", "Description", "RevisionId")

Rule = Callable[[Environ, str, str | None, bytes], Answer]


def split(name: str) -> tuple[str, str | None]:
    """A function's name and qualifier, from a name or ARN with or without one."""
    parts = name.split(":function:")[-1].split(":")
    return parts[0], parts[1] if len(parts) > 1 else None


def stale() -> Answer:
    return error(
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the "
        "GetFunction/GetAlias API to retrieve the latest Revision Id",
    )


def unknown(function: str) -> Answer:
    return error(404, "ResourceNotFoundException", f"Function not found: {function}")


class Rules:
    """The requests to Lambda that need more than moto; `answer` gives None for all others."""

    def __init__(self, moto: Moto, layers: Layers) -> None:
        self.moto = moto
        self.layers = layers
        self.gone: set[tuple[str, str]] = set()  # deleted versions
        self.described: dict[str, str] = {}  # $LATEST when it was published last
        self.revisions: dict[tuple[str, str], str] = {}  # of $LATEST and of aliases
        self.rules: dict[tuple[str, str | None, bool], Rule] = {
            ("POST", "versions", False): self.publish,
            ("PUT", "configuration", False): self.update,
            ("PUT", "code", False): self.update,
            ("POST", "aliases", False): self.point,
            ("PUT", "aliases", True): self.point,
            ("DELETE", None, False): self.delete,
            ("GET", None, False): self.get,
            ("GET", "configuration", False): self.get,
            ("GET", "versions", False): self.get,
            ("GET", "aliases", False): self.get,
            ("GET", "aliases", True): self.get,
        }

    def answer(self, environ: Environ) -> Answer | None:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if method == "POST" and LAYER.match(path):
            return self.layers.publish(environ)
        if not (found := FUNCTION.match(path)):
            return None
        rule = self.rules.get((method, found["part"], bool(found["alias"])))
        if rule is None:
            return None
        name, qualifier = split(found["name"])
        query = parse_qs(environ["QUERY_STRING"]).get("Qualifier", [qualifier])
        body = read(environ)
        with self.moto.lock:
            return rule(environ, name, found["alias"] or query[0], body)

    def get(self, environ: Environ, name: str, qualifier: str | None, body: bytes) -> Answer:
        if qualifier and (name, qualifier) in self.gone:
            return unknown(f"{name}:{qualifier}")
        return self.told(name, self.moto.pass_on(environ, body))

    def publish(self, environ: Environ, name: str, _: str | None, body: bytes) -> Answer:
        given = json.loads(body or b"{}")
        versions = self.versions(environ, name)
        latest = versions[0] if versions else {}
        sha = latest.get("CodeSha256")
        if given.get("CodeSha256") and latest and given["CodeSha256"] != sha:
            message = (
                f"CodeSHA256 ({given['CodeSha256']}) is different from current CodeSHA256 in "
                f"$LATEST ({sha}). Please try again with the CodeSHA256 in $LATEST."
            )
            return error(400, "InvalidParameterValueException", message)
        if given.get("RevisionId") and given["RevisionId"] != self.revision(name, LATEST):
            return stale()
        # A version may have a description of its own: what counts is that of $LATEST then and now.
        described = latest.get("Description", "")
        is_described_alike = self.described.get(name, described) == described
        self.described[name] = described
        is_alike = len(versions) > 1 and without(versions[-1], *OWN) == without(latest, *OWN)
        if is_alike and is_described_alike:
            return self.told(name, Answer(201, json.dumps(versions[-1]).encode()))
        # moto publishes only after a change, of which it may not know: it counts deleted versions.
        same = json.dumps({"Description": described}).encode()
        self.moto.ask(environ, f"/2015-03-31/functions/{name}/configuration", "PUT", same)
        return self.told(name, self.moto.pass_on(environ, body))

    def update(self, environ: Environ, name: str, _: str | None, body: bytes) -> Answer:
        revision = json.loads(body).get("RevisionId")
        if revision and revision != self.revision(name, LATEST):
            return stale()
        answer = self.moto.pass_on(environ, body)
        return self.told(name, answer, changed=LATEST)

    def point(self, environ: Environ, name: str, alias: str | None, body: bytes) -> Answer:
        given = json.loads(body)
        alias = alias or given["Name"]
        if given.get("RevisionId") and given["RevisionId"] != self.revision(name, alias):
            return stale()
        weights = (given.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        there = {version["Version"] for version in self.versions(environ, name)}
        for version in [given.get("FunctionVersion"), *weights]:
            if version and there and version not in there:
                return unknown(f"{name}:{version}")
        return self.told(name, self.moto.pass_on(environ, body), changed=alias)

    def delete(self, environ: Environ, name: str, version: str | None, body: bytes) -> Answer:
        if not version:
            self.gone = {pair for pair in self.gone if pair[0] != name}
            return self.moto.pass_on(environ, body)
        path = f"/2015-03-31/functions/{name}/aliases"
        for alias in self.moto.ask(environ, path).data.get("Aliases", []):
            weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
            if version in (alias["FunctionVersion"], *weights):
                message = f"Function is referenced by alias {alias['Name']}"
                return error(409, "ResourceConflictException", message)
        self.gone.add((name, version))
        return Answer(204)

    def versions(self, environ: Environ, name: str) -> list[dict[str, Any]]:
        """$LATEST and all versions that are there, from the oldest to the newest."""
        found = self.moto.ask(environ, f"/2015-03-31/functions/{name}/versions").data["Versions"]
        return [one for one in found if (name, one["Version"]) not in self.gone]

    def revision(self, name: str, version: str) -> str:
        """The revision of $LATEST or of an alias; that of a version never changes."""
        first = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}:{version}"))
        return self.revisions.get((name, version), first)

    def told(self, name: str, answer: Answer, changed: str = "") -> Answer:
        """An answer of moto with revisions, and without what is gone."""
        if answer.status >= 300:
            return answer
        if changed:
            self.revisions[name, changed] = str(uuid.uuid4())
        data = answer.data
        if "Versions" in data:
            there = [one for one in data["Versions"] if (name, one["Version"]) not in self.gone]
            data["Versions"] = there
        lists = (data.get("Versions", []), data.get("Aliases", []), [data.get("Configuration", {})])
        for one in [data, *(item for items in lists for item in items)]:
            if "AliasArn" in one or "FunctionArn" in one:
                one["RevisionId"] = self.revision(name, one.get("Name") or one["Version"])
        return Answer(answer.status, json.dumps(data).encode(), answer.headers)
