"""A new process of a function: imports the handler, answers one event, and prints when."""

import json
import sys
import time
from types import SimpleNamespace

with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 importing pathlib would be measured
    event = json.load(file)
context = SimpleNamespace(
    function_name="funcao",
    function_version="1",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:funcao",
    aws_request_id="11111111-2222-3333-4444-555555555555",
)

from handler import handler  # noqa: E402 this import is measured

imported = time.monotonic()
answer = handler(event, context)
answered = time.monotonic()

with open("/proc/self/status") as status:  # noqa: PTH123
    peak = next(line for line in status if line.startswith("VmHWM")).split()[1]
facts = {"imported": imported, "answered": answered, "peak_kb": int(peak)}
facts |= {"cpu": time.process_time(), "status": answer["statusCode"]}
print(json.dumps(facts))
