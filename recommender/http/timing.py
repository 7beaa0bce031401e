"""How long an answer took, and whether it was the first of its process."""

import time
from dataclasses import dataclass

STATE = "filmes.timing"  # where in the scope the timing of an answer is left for the logs


@dataclass(slots=True)
class Timing:
    """The milliseconds of a start or an answer, whether its process was cold, and its status."""

    cold: bool
    began: float
    milliseconds: float = 0.0
    status: int = 500

    def done(self) -> None:
        """Record how long it took."""
        self.milliseconds = 1000 * (time.perf_counter() - self.began)


start = Timing(True, time.perf_counter())  # of this process: cold until its first request comes


def server_timing(timing: Timing) -> str:
    """Return the Server-Timing header of an answer."""
    init = f", init;dur={start.milliseconds:.1f}" if timing.cold else ""
    return f"cold;desc={str(timing.cold).lower()}{init}, total;dur={timing.milliseconds:.3f}"
