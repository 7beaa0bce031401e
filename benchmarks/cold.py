"""Cold starts: from the start of a process to its first answer."""

import sys
import statistics
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.functions import *
from benchmarks.container import *
n = int(sys.argv[1]); which = sys.argv[2] if len(sys.argv) > 2 else "oab"
mem = int(sys.argv[3]) if len(sys.argv) > 3 else 512
fs=[f for f in FUNCTIONS if f.name[0] in which]
prepare()
(PLAIN.folder/"answer.json").write_text("[]"); (COMPILED.folder/"answer.json").write_text("[]")
with ExitStack() as stack:
    cs = {f.name: stack.enter_context(running(f, "starter.py", mem)) for f in fs}
    rows = {name: [] for name in cs}
    for i in range(n):
        for name, c in cs.items():
            m = c.measure()
            if i: rows[name].append(m)
    for name, r in rows.items():
        print(name, {k: (round(statistics.median(x[k] for x in r),1), round(min(x[k] for x in r),1)) for k in r[0]})
