"""What the processes of a Spark on this machine use: the driver's Python, the JVM, the workers.

Another process looks at Linux's ``/proc`` twice a second. What workers did after the last look
before they ended is missed, and so is a peak of memory between two looks. Memory is the
proportional share (PSS), so that what workers share with each other counts once.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

KINDS = ("driver", "jvm", "workers")
EVERY = 0.5  # seconds
TICKS = os.sysconf("SC_CLK_TCK")  # a second
SHARE = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)

Values = dict[str, float]


@dataclass
class Stage:
    """What a stage used: seconds of the clock, processor seconds and peak of memory by kind."""

    seconds: float = 0.0
    work: Values = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    peak: Values = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    calls: int = 0

    def add(self, seconds: float, work: Values, peak: Values) -> None:
        """Add another span of the same stage."""
        self.seconds += seconds
        self.calls += 1
        for kind in KINDS:
            self.work[kind] += work[kind]
            self.peak[kind] = max(self.peak[kind], peak[kind])


class Watch:
    """Tells the stages of this process apart; what is in no other belongs to ``rest``.

    Nothing counts that was before.
    """

    def __init__(self, rest: str) -> None:
        self.stages: dict[str, Stage] = {}
        self.rest = self.now = rest
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_look, args=(os.getpid(), other), daemon=True)
        self.process.start()
        self.before, _ = self._ask()
        self.began = time.perf_counter()

    def _ask(self) -> tuple[Values, Values]:
        """Return processor seconds of each kind so far, and their peaks since the last time."""
        self.pipe.send(True)
        work, peak = self.pipe.recv()
        return work, peak

    def turn(self, name: str) -> str:
        """End the stage that is on and begin another; return the name of the one that ended."""
        work, peak = self._ask()
        now = time.perf_counter()
        spent = {kind: work[kind] - self.before[kind] for kind in KINDS}
        self.stages.setdefault(self.now, Stage()).add(now - self.began, spent, peak)
        ended, self.now, self.began, self.before = self.now, name, now, work
        return ended

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is done within as a stage."""
        before = self.turn(name)
        try:
            yield
        finally:
            self.turn(before)

    def close(self) -> dict[str, Stage]:
        """Return all stages."""
        self.turn(self.rest)
        self.pipe.send(False)
        self.process.join()
        return self.stages


def _look(driver: int, pipe: Connection) -> None:
    peak = dict.fromkeys(KINDS, 0.0)
    spent: dict[int, tuple[str, float]] = {}
    while True:
        asked = pipe.poll(EVERY)
        work, memory = _sum_up(driver, spent)
        peak = {kind: max(peak[kind], memory[kind]) for kind in KINDS}
        if asked:
            if not pipe.recv():
                return
            pipe.send((work, peak))
            peak = dict.fromkeys(KINDS, 0.0)


def _sum_up(driver: int, spent: dict[int, tuple[str, float]]) -> tuple[Values, Values]:
    """Return processor seconds and bytes of memory by kind.

    ``spent`` are kind and seconds of each process that was ever seen, which are brought up to date.
    """
    work, memory = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0.0)
    processes = _processes()
    kinds, found = {driver: "driver"}, [driver]
    while found:
        parent = found.pop()
        for pid in [pid for pid, (_, above, *_) in processes.items() if above == parent]:
            if parent != driver:
                kinds[pid] = "workers"
            elif processes[pid][0] == "java":
                kinds[pid] = "jvm"
            if pid in kinds:
                found.append(pid)
    for pid in kinds.keys() & processes.keys():
        spent[pid] = (kinds[pid], processes[pid][2])
        memory[kinds[pid]] += _memory(pid)
    for kind, seconds in spent.values():
        work[kind] += seconds
    return work, memory


def _processes() -> dict[int, tuple[str, int, float]]:
    """Return name, parent and processor seconds of each process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        seconds = (int(fields[11]) + int(fields[12])) / TICKS
        found[int(path.parent.name)] = (name, int(fields[1]), seconds)
    return found


def _memory(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    share = SHARE.search(text)
    return 1024 * int(share[1]) if share else 0
