"""What can go wrong, named by what a program can do about it: ``Failure.WrongKey``, ``Failure.Offline`` and so on."""

from nightjar._native import Failure

__all__ = ["Failure"]


def _text(failure: Failure) -> str:
    return failure.reason  # type: ignore[attr-defined]


# The generated text is "reason='…'"; what a traceback shows should be the sentence itself.
Failure.__str__ = _text  # type: ignore[method-assign]
