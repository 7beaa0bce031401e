"""Answers an event in the API function's handler for many users: processor time and sizes.

Arguments are a file of an event for user 1, and a file to which the handler logs.
"""

import base64
import json
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

USERS = range(1, 101)
TURNS = 20  # of an answer to each user

told = sys.stdout
with Path(sys.argv[2]).open("w", encoding="utf-8") as log:
    sys.stdout = log  # before the handler's logger takes it
    from handler import handler

    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    events = [
        json.loads(text.replace("/1/", f"/{user}/").replace('"sub": "1"', f'"sub": "{user}"'))
        for user in USERS
    ]
    for event in events:
        event["headers"].pop("accept-encoding", None)
    context = SimpleNamespace(
        function_name="funcao",
        memory_limit_in_mb=1769,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:funcao",
        aws_request_id="11111111-2222-3333-4444-555555555555",
    )
    answers = [handler(event, context) for event in 2 * events][len(events) :]
    log.flush()
    before, work = log.tell(), []
    for _ in range(TURNS):
        began = time.process_time()  # of all threads, for boto3 is called in one
        for event in events:
            handler(event, context)
        work.append(1000 * (time.process_time() - began) / len(events))
    log.flush()
    written = log.tell() - before
    packed = []
    for event in events:
        event["headers"]["accept-encoding"] = "gzip"
        packed.append(len(base64.b64decode(handler(event, context)["body"])))
found = {
    "status": max(answer["statusCode"] for answer in answers),
    "work_ms": round(statistics.median(work), 3),
    "answer_bytes": round(statistics.mean(len(answer["body"].encode()) for answer in answers)),
    "packed_bytes": round(statistics.mean(packed)),
    "log_bytes": round(written / TURNS / len(events)),
}
print(json.dumps(found), file=told)
