"""What a call gave, in the form that all languages share: ids by name, no times, lists in an order of their own."""

from nightjar import Observed, Value

_VALUES = {
    "text": (Value.TEXT, "text"),
    "integer": (Value.INTEGER, "number"),
    "decimal": (Value.DECIMAL, "number"),
    "date": (Value.DATE, "date"),
    "time": (Value.TIME, "time"),
    "date_time": (Value.DATE_TIME, "moment"),
    "one": (Value.ONE, "code"),
    "many": (Value.MANY, "codes"),
    "missing": (Value.MISSING, "reason"),
}


def value_of(json):
    """An answer from its form in a scenario; ``None`` stays."""
    if json is None:
        return None
    [(kind, content)] = json.items()
    variant, field = _VALUES[kind]
    return variant(**{field: content})


def value(answer):
    if answer is None:
        return None
    for kind, (variant, field) in _VALUES.items():
        if isinstance(answer, variant):
            return {kind: getattr(answer, field)}
    raise TypeError("an answer of an unknown kind")


def plain(view, without=()):
    """A view whose fields are the same in every language."""
    if isinstance(view, list):
        return [plain(one) for one in view]
    if hasattr(view, "__dict__"):
        return {name: plain(field) for name, field in vars(view).items() if name not in without}
    return view


def received(views):
    return {"tablets": [{**plain(view), "whole": view.received == view.expected} for view in views]}


def export(view):
    return {"files": sorted(view.files), "responses": view.responses}


def page(view):
    return {
        "number": view.number,
        "of": view.of,
        "heading": view.heading,
        "check": view.check,
        "paths": [question.path for question in view.questions],
        "questions": {question.path: _question(question) for question in view.questions},
    }


def _question(view):
    return {**plain(view, without=("path", "value")), "value": value(view.value)}


def finished(view, names):
    return {"record": names.of(view.record), "readable": view.readable}


def drafts(views, names):
    return {"drafts": _by(("id",), [{**plain(view), "id": names.of(view.id)} for view in views])}


def records(views, names):
    return {"records": _records(views, names)}


def _records(views, names):
    return _by(("id",), [_record(view, names) for view in views])


def _record(view, names):
    cells = {
        cell.name: {"label": cell.label, "values": _held(cell.values), "in_conflict": cell.in_conflict}
        for cell in view.cells
    }
    return {**plain(view, without=("phase", "cells")), "id": names.of(view.id), "cells": cells}


def _held(views):
    values = [{**plain(view, without=("time", "value")), "value": value(view.value)} for view in views]
    return _by(("tablet", "role", "text"), values)


def conflicts(views, names):
    found = [
        {**plain(view, without=("values",)), "record": names.of(view.record), "values": _held(view.values)}
        for view in views
    ]
    return {"conflicts": _by(("record", "name"), found)}


def dissensus(views, names):
    cases = [
        {
            "case": view.case,
            "ward": view.ward,
            "outcome": None if view.outcome is None else _record(view.outcome, names),
            "positions": _records(view.positions, names),
            "differs": view.differs,
        }
        for view in views
    ]
    return {"cases": _by(("ward", "case"), cases)}


def told(batch, names):
    if isinstance(batch, Observed.RESET):
        return {"told": "reset"}
    return {"told": "changed", "records": sorted(names.of(id) for id in batch.records)}


def _by(fields, items):
    return sorted(items, key=lambda item: [item[field] for field in fields])
