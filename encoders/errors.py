"""Errors of the encoders, as branches of the tree in `schemas.errors`.

BundleRefused       (StateRefused)   a model bundle is missing, damaged or of another version: rebuild it
BundleBuildFailed   (FreshetError)   the bundle could not be built or does not compute what its weights say
EngineUnavailable   (SettingsError)  the engine asked for cannot run here: choose another one
UnsupportedModality (FreshetError)   this encoder has no model for that kind of input
EncodingFailed      (FreshetError)   one text has no usable vector: set that text aside, the others are fine
EncoderBusy         (Overloaded)     the queue of queries is full: answer without the vector stage, or 429
EncoderClosed       (Unavailable)    the process is shutting down
DeadlineExpired     (FreshetError)   the query's time was up before its turn came: nobody waits for the vector
"""

from schemas.errors import FreshetError, Overloaded, SettingsError, StateRefused, Unavailable

REBUILD_HINT = "Rebuild it with `freshet model build`."


class BundleRefused(StateRefused):
    """A model bundle is missing, damaged or of another version."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=REBUILD_HINT)


class BundleBuildFailed(FreshetError):
    """The bundle could not be built, or does not compute what its weights say."""


class EngineUnavailable(SettingsError):
    """The engine asked for cannot run here; another one is never taken silently."""


class UnsupportedModality(FreshetError):
    """This encoder has no model for that kind of input."""


class EncodingFailed(FreshetError):
    """The text at `index` of the call has no usable vector; no other text of the call is at fault."""

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(f"text {index} of the batch {problem}", hint="Set this text aside and encode the others.")
        self.index = index


class EncoderBusy(Overloaded):
    """The queue of waiting queries is full."""


class EncoderClosed(Unavailable):
    """The micro-batcher is closed and takes no more queries."""


class DeadlineExpired(FreshetError):
    """The query's time was up before its turn came."""
