"""How long an answer took, and whether it was the first of its process."""

import time
from dataclasses import dataclass

STATE = "filmes.timing"  # where in the scope the timing of an answer is left for the logs


@dataclass(slots=True)
class Start:
    """The start of this process: how long it took, and whether no request has come since."""

    began: float
    milliseconds: float = 0.0
    cold: bool = True

    def done(self) -> None:
        """Note that everything is imported and loaded."""
        self.milliseconds = 1000 * (time.perf_counter() - self.began)

    def restored(self) -> None:
        """Begin anew after a restore: the start of the process was not its own."""
        self.milliseconds, self.cold = 0.0, True


start = Start(time.perf_counter())


@dataclass(slots=True)
class Timing:
    """What is known of an answer: whether its process was cold, its status and milliseconds."""

    cold: bool
    status: int = 500
    milliseconds: float = 0.0

    @property
    def header(self) -> str:
        """The value of Server-Timing."""
        init = f", init;dur={start.milliseconds:.1f}" if self.cold else ""
        return f"cold;desc={str(self.cold).lower()}{init}, total;dur={self.milliseconds:.3f}"
