"""How long an answer took and whether it was the first of its process, told in Server-Timing."""

import time
from dataclasses import dataclass

from recommender.aws import cold_start as lean

STATE = "filmes.timing"  # where in the scope an answer's timing is left for logs and metrics


@dataclass(slots=True)
class Start:
    """The start of this process: how long it took, and whether no request was answered since."""

    milliseconds: float = 0.0
    cold: bool = True

    def done(self) -> None:
        """Say that all is imported and loaded."""
        self.milliseconds = 1000 * (time.perf_counter() - lean.BEGAN)
        lean.end()

    def restored(self) -> None:
        """Say that this is a restored process: its start was not its own."""
        self.milliseconds, self.cold = 0.0, True


start = Start()


@dataclass(slots=True)
class Timing:
    """What is known of an answer: whether its process was cold, its status and milliseconds."""

    cold: bool
    status: int = 500
    milliseconds: float = 0.0

    @property
    def header(self) -> str:
        """The value of Server-Timing: the flag, the start of a cold process, the answer's time."""
        init = f", init;dur={start.milliseconds:.1f}" if self.cold else ""
        return f"cold;desc={str(self.cold).lower()}{init}, total;dur={self.milliseconds:.3f}"
