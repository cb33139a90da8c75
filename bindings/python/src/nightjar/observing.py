"""Observing: an iterator over what changed, a Reset first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from types import TracebackType

from nightjar import _native
from nightjar._native import Observed, Subscription

__all__ = ["Changes"]


class _Queues(_native.Observer):
    def __init__(self, told: SimpleQueue[Observed | None]) -> None:
        self._told = told

    def observed(self, batch: Observed) -> None:
        self._told.put(batch)


class Changes(Iterator[Observed]):
    """Batches of changes: ``Observed.RESET`` (read everything again) or ``CHANGED`` with the ids of ``records``.

    Iterating waits for the next batch and ends when another thread, or the end of ``with``, closes it.
    """

    def __init__(self, observe: Callable[[_native.Observer], Subscription]) -> None:
        self._told: SimpleQueue[Observed | None] = SimpleQueue()
        self._subscription = observe(_Queues(self._told))

    def __next__(self) -> Observed:
        batch = self._told.get()
        if batch is None:
            self._told.put(None)
            raise StopIteration
        return batch

    def next(self, timeout: float) -> Observed:
        """The next batch, if there is one within so many seconds; else raises ``TimeoutError``."""
        try:
            batch = self._told.get(timeout=timeout)
        except Empty:
            raise TimeoutError("nothing changed meanwhile") from None
        if batch is None:
            self._told.put(None)
            raise StopIteration
        return batch

    def __enter__(self) -> Changes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends observing."""
        self._subscription.cancel()
        self._told.put(None)
