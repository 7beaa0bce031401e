"""Prints the body of a function's answer to an event, without the function's logs."""

import io
import json
import sys
from types import SimpleNamespace

told, sys.stdout = sys.stdout, io.StringIO()

from handler import handler  # noqa: E402

context = SimpleNamespace(
    function_name="funcao",
    function_version="1",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:funcao",
    aws_request_id="11111111-2222-3333-4444-555555555555",
)
with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
    told.write(handler(json.load(file), context)["body"])
