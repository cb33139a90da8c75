"""The tablet: collects, keeps ward records, syncs."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

from nightjar import _native
from nightjar._native import (
    AmendRequest,
    BeginRequest,
    DraftView,
    FormView,
    HandedOverView,
    InformationView,
    MoveView,
    NewValue,
    SettleRequest,
    Sitting,
    StatusView,
    StepView,
    TallyView,
    Value,
)
from nightjar.device import Device, text_of
from nightjar.observing import Changes

__all__ = ["Tablet"]


class Tablet(Device[_native.Tablet]):
    """A device that collects: its encrypted vault, its keys and its study."""

    @classmethod
    def create(cls, path: str | PathLike[str], key: bytes, label: str) -> Tablet:
        """Makes a vault, with a key of 32 bytes, and the device's keys."""
        return cls(_native.Tablet.create(text_of(path), key, label))

    @classmethod
    def open(cls, path: str | PathLike[str], key: bytes) -> Tablet:
        """Opens a vault. Raises ``Failure.WrongKey``, ``Corrupt`` or ``Incompatible``; none changes the file."""
        return cls(_native.Tablet.open(text_of(path), key))

    def close(self) -> None:
        """Closes the vault's file, whoever still holds a sitting of it. Harmless when it is closed already."""
        if self._handle is not None:
            self._handle.pause()
        super().close()

    def status(self) -> StatusView:
        """What this device holds and still has to do."""
        return self._native.status()

    def forms(self) -> list[FormView]:
        """The forms of the study."""
        return self._native.forms()

    def information(self, language: str = "") -> InformationView:
        """The information page in a language, else in the study's default one."""
        return self._native.information(language)

    def begin(self, form_id: str, *, role: str, ward: str, language: str | None = None) -> Sitting:
        """Opens a form for one person."""
        return self._native.begin(BeginRequest(form_id=form_id, role=role, ward=ward, language=language))

    def drafts(self) -> list[DraftView]:
        """Unfinished answers; never their content."""
        return self._native.drafts()

    def resume(self, draft: str) -> Sitting:
        """Opens a draft again, with every acknowledged answer, on the page it was left on."""
        return self._native.resume(draft)

    def hand_over(self) -> HandedOverView:
        """The tablet goes to somebody else: unfinished forms are gone, unless their respondents took words."""
        return self._native.hand_over()

    def resume_with_words(self, words: str) -> Sitting:
        """Opens the form whose respondent took these words."""
        return self._native.resume_with_words(words)

    def tallies(self) -> list[TallyView]:
        """What was finished (confidential forms only) and stopped on this tablet, counted."""
        return self._native.tallies()

    def check_move(self, draft: str) -> MoveView:
        """What moving an unfinished answer to the form's newest version does. Nothing is changed."""
        return self._native.check_move(draft)

    def move_draft(self, draft: str, agreed: MoveView) -> Sitting:
        """Moves an unfinished answer as ``check_move`` has said; what does not come along stays sealed beside it."""
        return self._native.move_draft(draft, agreed)

    def history(self, record: str) -> list[StepView]:
        """Everything that was ever written to a record, each step with how far its chain proves it."""
        return self._native.history(record)

    def amend(self, record: str, changes: Mapping[str, Value], *, role: str) -> None:
        """Corrects items of a fact by name. What another device writes meanwhile is kept beside it."""
        values = [NewValue(name=name, value=value) for name, value in changes.items()]
        self._native.amend(AmendRequest(record=record, role=role, changes=values))

    def settle(self, record: str, name: str, value: Value, *, role: str) -> None:
        """Settles a conflict."""
        self._native.settle(SettleRequest(record=record, name=name, value=value, role=role))

    def talk_to_someone(self, ward: str) -> int:
        """Counts that somebody asked to talk to someone on this ward now. Gives the week's count."""
        return self._native.talk_to_someone(ward)

    def observe(self) -> Changes:
        """What changes from now on, beginning with a Reset."""
        return Changes(self._native.observe)
