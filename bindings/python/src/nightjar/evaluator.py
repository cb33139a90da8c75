"""The evaluator: founds the study, lets devices in, receives, exports."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike

from nightjar import _native
from nightjar._native import ExportView, FormChangeView, ReceivedView, StudyPack
from nightjar.device import Device, text_of, wait

__all__ = ["Evaluator"]


class Evaluator(Device[_native.Evaluator]):
    """A device that reads: opens what was sealed to it, and exports."""

    @classmethod
    def create(cls, path: str | PathLike[str], key: bytes, label: str) -> Evaluator:
        """Makes a vault, with a key of 32 bytes, and the device's keys."""
        return cls(_native.Evaluator.create(text_of(path), key, label))

    @classmethod
    def open(cls, path: str | PathLike[str], key: bytes) -> Evaluator:
        """Opens a vault. Raises ``Failure.WrongKey``, ``Corrupt`` or ``Incompatible``; none changes the file."""
        return cls(_native.Evaluator.open(text_of(path), key))

    def found(self, pack: StudyPack, hub: str, setup_code: str) -> None:
        """Founds a study at a hub; this device becomes its steward. Waits for the hub."""
        wait(self.found_async(pack, hub, setup_code))

    async def found_async(self, pack: StudyPack, hub: str, setup_code: str) -> None:
        """``found``, awaited."""
        await self._native.found(pack, hub, setup_code)

    def add_recovery(self) -> str:
        """Makes the offline recovery key. Its words are given once, for paper."""
        return self._native.add_recovery()

    def admit_tablet(self, request: str, wards: Iterable[str] = ()) -> str:
        """Lets a tablet in, for these wards (all if none). Gives the invitation for it."""
        return self._native.admit_tablet(request, list(wards))

    def admit_evaluator(self, request: str) -> str:
        """Lets another evaluator in. Gives the invitation for it."""
        return self._native.admit_evaluator(request)

    def new_version(self, pack: StudyPack) -> list[FormChangeView]:
        """Names another version of the study and takes its files. Gives what differs, form by form."""
        return self._native.new_version(pack)

    def received(self) -> list[ReceivedView]:
        """How much of what each tablet has sent is here."""
        return self._native.received()

    def export(self, folder: str | PathLike[str]) -> ExportView:
        """Writes CSV with a codebook, and the report, into a folder."""
        return self._native.export(text_of(folder))
