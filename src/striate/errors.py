"""The errors that Striate raises for what a user can mend. All are ValueErrors, so Keras programs catch them too."""


class StriateError(ValueError):
    """Something in the user's program, data or files does not fit; the message says what came and what to do."""


class ShapeError(StriateError):
    """Arrays, layers or weights whose shapes do not fit each other."""


class DataError(StriateError):
    """Data that cannot be trained on: empty, not numeric, NaN, labels outside the classes."""


class ModelFileError(StriateError):
    """A model file that is truncated, foreign, hostile or written by something newer."""


class NotCompiledError(StriateError):
    """`fit` or `evaluate` before `compile`."""


class DatasetError(StriateError):
    """A data set that is neither on this machine nor to be had from the network."""


class TrainingError(StriateError):
    """Training that cannot go on, such as a loss that became NaN."""


class UnavailableError(StriateError):
    """Something of Keras's that Striate does not have, although there is a name for it.

    Attributes:
        name: what Keras calls it.
        reason: what came, and why it cannot be.
        instead: what to use.
    """

    def __init__(self, name: str, message: str, instead: str) -> None:
        super().__init__(f"{message}; {instead}")
        self.name, self.reason, self.instead = name, message, instead

    def __reduce__(self) -> tuple[type[StriateError], tuple[str]]:  # between processes it is the message alone
        return StriateError, (str(self),)
