"""A warm function: for each line of input, a hundred answers to different users, in sequence."""

import json
import os
import sys
import time
from types import SimpleNamespace

USERS = range(1, 101)

with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
    text = file.read()
events = [json.loads(text.replace("/1/", f"/{user}/")) for user in USERS]
context = SimpleNamespace(
    function_name="funcao",
    function_version="1",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:funcao",
    aws_request_id="11111111-2222-3333-4444-555555555555",
)
told = sys.stdout
sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 discard logs, but let them be written

from handler import handler  # noqa: E402

for event in 2 * events:
    answer = handler(event, context)
for _line in sys.stdin:
    times, statuses = [], []
    for event in events:
        began = time.perf_counter()
        answer = handler(event, context)
        times.append(1000 * (time.perf_counter() - began))
        statuses.append(answer["statusCode"])
    print(json.dumps({"status": max(statuses), "times": times}), file=told, flush=True)
