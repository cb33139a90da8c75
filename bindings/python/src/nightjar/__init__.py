"""Nightjar for evaluators and scripts: an offline survey core.

The names here are the hand-written layer; ``nightjar._native`` is generated and its foundation.

    with nightjar.Tablet.open("ward.vault", key) as tablet:
        sitting = tablet.begin("patient-core", role="patient", ward="acute-male")
        sitting.answer("slept", nightjar.Value.ONE("well"))

Calls wait for the disk, and ``sync``, ``join`` and ``found`` for the hub.
"""

from nightjar._native import (
    CellView,
    ChoiceView,
    ConflictView,
    DissensusView,
    DraftView,
    ExportView,
    FinishedView,
    FormView,
    HeldView,
    InformationView,
    InternalError,
    Observed,
    OutcomeView,
    PageView,
    ProblemView,
    QuestionView,
    ReceivedView,
    RecordView,
    Sitting,
    StatusView,
    StudyPack,
    SyncView,
    Value,
    core_version,
    new_vault_key,
)
from nightjar.evaluator import Evaluator
from nightjar.failure import Failure
from nightjar.observing import Changes
from nightjar.tablet import Tablet

__all__ = [
    "CellView",
    "Changes",
    "ChoiceView",
    "ConflictView",
    "DissensusView",
    "DraftView",
    "Evaluator",
    "ExportView",
    "Failure",
    "FinishedView",
    "FormView",
    "HeldView",
    "InformationView",
    "InternalError",
    "Observed",
    "OutcomeView",
    "PageView",
    "ProblemView",
    "QuestionView",
    "ReceivedView",
    "RecordView",
    "Sitting",
    "StatusView",
    "StudyPack",
    "SyncView",
    "Tablet",
    "Value",
    "core_version",
    "new_vault_key",
]
