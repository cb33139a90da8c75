"""What a tablet and an evaluator have in common: a handle that ends with its ``with`` block, and waiting for hubs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from os import PathLike, fspath
from types import TracebackType
from typing import Any, Generic, TypeVar

from nightjar._native import ConflictView, DissensusView, RecordsRequest, RecordView, StudyPack, SyncView
from nightjar.failure import Failure

__all__ = ["Device", "text_of", "wait"]

Native = TypeVar("Native")
Result = TypeVar("Result")
Self = TypeVar("Self", bound="Device[Any]")


class Device(Generic[Native]):
    """An open vault. Closed by ``close`` or at the end of ``with``; then every call raises ``Failure.Closed``."""

    def __init__(self, native: Native) -> None:
        self._handle: Native | None = native

    @property
    def _native(self) -> Any:
        if self._handle is None:
            raise Failure.Closed("this vault was closed; open it again")
        return self._handle

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the vault. Harmless when it is closed already."""
        self._handle = None

    def enrolment_request(self) -> str:
        """The text a steward needs to let this device in."""
        return self._native.enrolment_request()

    def join(self, invitation: str, pack: StudyPack) -> None:
        """Joins the study the invitation names. Waits for the hub."""
        wait(self.join_async(invitation, pack))

    async def join_async(self, invitation: str, pack: StudyPack) -> None:
        """``join``, awaited."""
        await self._native.join(invitation, pack)

    def update(self, pack: StudyPack) -> None:
        """Takes the files of a version of the study that the steward has named."""
        self._native.update(pack)

    def sync(self) -> SyncView:
        """Sends what is new and receives what is new. Waits for the hub.

        Raises ``Failure.Offline`` (everything stays here, try again later) or ``Failure.Rejected``.
        """
        return wait(self.sync_async())

    async def sync_async(self) -> SyncView:
        """``sync``, awaited."""
        return await self._native.sync()

    def records(
        self,
        form_id: str | None = None,
        *,
        ward: str | None = None,
        in_conflict: bool = False,
        limit: int = 100,
        after: str | None = None,
        text: str | None = None,
    ) -> list[RecordView]:
        """Records this device can read, in the order of their ids, at most ``limit`` (1 to 1,000) after ``after``.

        ``text``: only records whose texts hold all these words, each at least as the beginning of a word.
        """
        request = RecordsRequest(
            form_id=form_id, ward=ward, in_conflict=in_conflict, limit=limit, after=after, text=text
        )
        return self._native.records(request)

    def conflicts(self) -> list[ConflictView]:
        """Concurrent values of facts that wait for a person."""
        return self._native.conflicts()

    def dissensus(self) -> list[DissensusView]:
        """Positions beside their outcome. Never settled away."""
        return self._native.dissensus()


def wait(work: Coroutine[Any, Any, Result]) -> Result:
    """Waits on this thread, which must not run an event loop: there, await the ``_async`` form."""
    return asyncio.run(work)


def text_of(path: str | PathLike[str]) -> str:
    """A path as the core takes it."""
    return fspath(path)
