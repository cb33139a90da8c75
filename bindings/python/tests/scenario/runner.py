"""Reads a scenario and does its steps."""

from dataclasses import dataclass
from pathlib import Path

import nightjar
from nightjar import Evaluator, Failure, Tablet

from . import canonical
from .expectation import differences
from .fields import Fields, Senseless

from .names import Names

MAX_PAGES = 100
PATIENCE = 30.0


@dataclass
class Device:
    """A device and what opens it again."""

    path: Path
    key: bytes
    handle: Tablet | Evaluator


class Step:
    """One step while it is done."""

    def __init__(self, on, made, arguments):
        self._on, self._made, self.arguments = on, made, arguments

    def on(self):
        on, self._on = self._on, None
        if on is None:
            raise Senseless('the step has no "on"')
        return on

    def made(self):
        made, self._made = self._made, None
        if made is None:
            raise Senseless('the step has no "as"')
        return made

    def read(self, key, *otherwise):
        return self.arguments.read(key, *otherwise)

    def end(self):
        if self._on is not None or self._made is not None:
            raise Senseless('it has an "on" or "as" that it does not use')
        self.arguments.end()


class Runner:
    def __init__(self, pack, hub, folder):
        self.pack, self.hub, self.folder = pack, hub, folder
        self.devices, self.sittings, self.watches, self.invitations = {}, {}, {}, {}
        self.names = Names()

    def run(self, scenario):
        """Does every step and gives the transcript; raises at the first that does not go as expected."""
        fields = Fields("the scenario", scenario)
        name, _, self.canary = fields.read("scenario"), fields.read("about"), fields.read("canary")
        steps = fields.read("steps")
        fields.end()
        transcript = []
        for number, step in enumerate(steps, 1):
            try:
                transcript.append(self.step(step))
            except (Senseless, Failure) as problem:
                raise AssertionError(f"{name}, step {number} ({step.get('do')}): {problem}") from problem
        return transcript

    def step(self, json):
        fields = Fields("the step", json)
        what, on, made = fields.read("do"), fields.read("on", None), fields.read("as", None)
        fields.read("note", None)
        step = Step(on, made, Fields('"with"', fields.read("with", {})))
        expected = fields.read("expect", {})
        fields.end()
        act = getattr(self, f"do_{what}", None)
        if act is None:
            raise Senseless("there is no such thing to do")
        try:
            result = act(step)
        except Failure as failure:
            self.check_text(failure)
            if "failed" not in expected:
                raise
            result = {"failed": type(failure).__name__}
        else:
            step.end()
        if found := differences(expected, result):
            raise Senseless("\n  ".join(["", *found]))
        return {"do": what, "on": on, "as": made, "result": result}

    def check_text(self, failure):
        """No text of a failure is empty or holds an answer."""
        for text in (str(failure), repr(failure), str(failure.args)):
            if not text.strip() or self.canary in text:
                raise Senseless("the text of a failure is empty or holds an answer")

    def device(self, name, kind=object):
        device = self.devices.get(name)
        if device is None or not isinstance(device.handle, kind):
            raise Senseless(f'there is no such device "{name}"')
        return device.handle

    def any(self, step):
        return self.device(step.on())

    def tablet(self, step):
        return self.device(step.on(), Tablet)

    def evaluator(self, step):
        return self.device(step.on(), Evaluator)

    def sitting(self, step):
        return _named(self.sittings, step.on())

    def do_create_tablet(self, step):
        return self.create(step, Tablet)

    def do_create_evaluator(self, step):
        return self.create(step, Evaluator)

    def create(self, step, kind):
        name, key = step.made(), nightjar.new_vault_key()
        path = self.folder / f"{name}.vault"
        self.devices[name] = Device(path, key, kind.create(path, key, step.read("label")))
        return {}

    def do_reopen(self, step):
        device = _named(self.devices, step.on())
        device.handle.close()
        device.handle = type(device.handle).open(device.path, device.key)
        return {}

    def do_open_with_wrong_key(self, step):
        device = _named(self.devices, step.on())
        type(device.handle).open(device.path, nightjar.new_vault_key()).close()
        return {}

    def do_found(self, step):
        self.evaluator(step).found(self.pack, *self.hub)
        return {}

    def do_add_recovery(self, step):
        return {"given": bool(self.evaluator(step).add_recovery())}

    def do_admit_tablet(self, step):
        steward, made = self.evaluator(step), step.made()
        request = self.device(step.read("device")).enrolment_request()
        self.invitations[made] = steward.admit_tablet(request, step.read("wards"))
        return {}

    def do_admit_evaluator(self, step):
        steward, made = self.evaluator(step), step.made()
        request = self.device(step.read("device")).enrolment_request()
        self.invitations[made] = steward.admit_evaluator(request)
        return {}

    def do_join(self, step):
        self.any(step).join(_named(self.invitations, step.read("invitation")), self.pack)
        return {}

    def do_status(self, step):
        return canonical.plain(self.tablet(step).status())

    def do_form(self, step):
        tablet, form_id = self.tablet(step), step.read("form_id")
        return canonical.plain(_named({form.form_id: form for form in tablet.forms()}, form_id))

    def do_information(self, step):
        return canonical.plain(self.tablet(step).information(step.read("language")))

    def do_talk_to_someone(self, step):
        return {"count": self.tablet(step).talk_to_someone(step.read("ward"))}

    def do_sync(self, step):
        return canonical.plain(self.any(step).sync(), without=("bytes_sent", "bytes_received"))

    def do_begin(self, step):
        tablet, made, form_id = self.tablet(step), step.made(), step.read("form_id")
        role, ward, language = step.read("role"), step.read("ward"), step.read("language", None)
        return self.sit(made, tablet.begin(form_id, role=role, ward=ward, language=language))

    def do_resume(self, step):
        tablet, made = self.tablet(step), step.made()
        return self.sit(made, tablet.resume(self.names.id(step.read("draft"))))

    def sit(self, name, sitting):
        self.names.give(name, sitting.id())
        self.sittings[name] = sitting
        return canonical.page(sitting.page())

    def do_drafts(self, step):
        return canonical.drafts(self.tablet(step).drafts(), self.names)

    def do_page(self, step):
        return canonical.page(self.sitting(step).page())

    def do_back(self, step):
        return canonical.page(self.sitting(step).back())

    def do_next(self, step):
        sitting, until = self.sitting(step), step.read("until", None)
        if until is None:
            return canonical.page(sitting.next())
        for _ in range(MAX_PAGES):
            page = canonical.page(sitting.next())
            if page["check"] if until == "check" else until in page["paths"]:
                return page
        raise Senseless(f'no page shows "{until}"')

    def do_language(self, step):
        return canonical.page(self.sitting(step).language(step.read("language")))

    def do_answer(self, step):
        sitting, path = self.sitting(step), step.read("path")
        return canonical.plain(sitting.answer(path, canonical.value_of(step.read("value"))))

    def do_finish(self, step):
        return self.finish(step, self.sitting(step).finish)

    def do_stop_keeping(self, step):
        return self.finish(step, self.sitting(step).stop_keeping)

    def finish(self, step, end):
        made, view = step.made(), end()
        self.names.give(made, view.record)
        return canonical.finished(view, self.names)

    def do_throw_away(self, step):
        self.sitting(step).throw_away()
        return {}

    def do_records(self, step):
        device, form_id, ward = self.any(step), step.read("form_id", None), step.read("ward", None)
        records = device.records(form_id, ward=ward, in_conflict=step.read("in_conflict", False))
        return canonical.records(records, self.names)

    def do_amend(self, step):
        tablet, record, role = self.tablet(step), self.names.id(step.read("record")), step.read("role")
        changes = {name: canonical.value_of(value) for name, value in step.read("changes").items()}
        tablet.amend(record, changes, role=role)
        return {}

    def do_conflicts(self, step):
        return canonical.conflicts(self.any(step).conflicts(), self.names)

    def do_settle(self, step):
        tablet, record, name = self.tablet(step), self.names.id(step.read("record")), step.read("name")
        tablet.settle(record, name, canonical.value_of(step.read("value")), role=step.read("role"))
        return {}

    def do_dissensus(self, step):
        return canonical.dissensus(self.any(step).dissensus(), self.names)

    def do_received(self, step):
        return canonical.received(self.evaluator(step).received())

    def do_export(self, step):
        folder = self.folder / "export"
        folder.mkdir(exist_ok=True)
        view = self.evaluator(step).export(folder)
        for file in view.files:
            if not (folder / file).is_file() or (folder / file).stat().st_size == 0:
                raise Senseless(f"{file} was not written")
        return canonical.export(view)

    def do_observe(self, step):
        tablet, made = self.tablet(step), step.made()
        self.watches[made] = tablet.observe()
        return {}

    def do_told(self, step):
        return canonical.told(_named(self.watches, step.on()).next(timeout=PATIENCE), self.names)

    def do_stop_observing(self, step):
        self.watches.pop(step.on()).close()
        return {}


def _named(things, name):
    if name not in things:
        raise Senseless(f'there is no "{name}"')
    return things[name]
