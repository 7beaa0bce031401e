"""Why a model is not released now, though it may be later."""


class OvertakenError(Exception):
    """Another release came first: the gate has to compare with what it made live."""


class WaitingError(Exception):
    """The last release waits for an import or a deployment."""


class NotLiveError(WaitingError):
    """What was deployed last is not live, so no version with it may be made."""
