"""A refusal has a kind that says what to do, and a text without answers or keys."""

import pytest

import nightjar
from nightjar import Evaluator, Failure, Tablet


@pytest.fixture(params=[Tablet, Evaluator])
def kind(request):
    return request.param


def test_a_wrong_key_is_told_apart_and_leaves_the_vault_alone(kind, key, tmp_path):
    vault = tmp_path / "a.vault"
    kind.create(vault, key, "A device").close()
    before = vault.read_bytes()
    wrong = nightjar.new_vault_key()
    with pytest.raises(Failure.WrongKey) as refused:
        kind.open(vault, wrong)
    assert wrong.hex() not in str(refused.value)
    with pytest.raises(Failure.WrongKey):
        kind.open(vault, b"too short")
    assert vault.read_bytes() == before
    kind.open(vault, key).close()


def test_after_close_every_call_says_closed(kind, key, tmp_path):
    with kind.create(tmp_path / "a.vault", key, "A device") as device:
        assert device.enrolment_request()
    with pytest.raises(Failure.Closed):
        device.enrolment_request()
    with pytest.raises(Failure.Closed):
        device.sync()
    device.close()


def test_what_observes_a_closed_tablet_ends(key, tmp_path):
    with Tablet.create(tmp_path / "a.vault", key, "A device") as tablet, tablet.observe() as changes:
        assert next(changes).is_reset()
    assert list(changes) == []


def test_a_vault_that_is_there_is_not_made_again(kind, key, tmp_path):
    kind.create(tmp_path / "a.vault", key, "A device").close()
    with pytest.raises(Failure.Invalid):
        kind.create(tmp_path / "a.vault", key, "A device")


def test_a_vault_of_the_other_kind_is_refused(key, tmp_path):
    Tablet.create(tmp_path / "a.vault", key, "A device").close()
    with pytest.raises(Failure.Invalid):
        Evaluator.open(tmp_path / "a.vault", key)


def test_a_failure_reads_as_its_sentence(key, tmp_path):
    with pytest.raises(Failure) as refused, Tablet.create(tmp_path / "a.vault", key, "A device") as tablet:
        tablet.forms()
    assert str(refused.value) == refused.value.reason == "this device has not joined a study yet"


def test_no_refusal_and_no_printed_failure_holds_an_answer(key, pack, hub, tmp_path):
    canary = "a marmalade kestrel"
    steward = Evaluator.create(tmp_path / "steward.vault", key, "Steward")
    second = Evaluator.create(tmp_path / "second.vault", key, "Second")
    tablet = Tablet.create(tmp_path / "tablet.vault", key, "Tablet")
    steward.found(pack, *hub)
    steward.add_recovery()
    steward.admit_evaluator(second.enrolment_request())
    invitation = steward.admit_tablet(tablet.enrolment_request())
    steward.sync()
    tablet.join(invitation, pack)
    sitting = tablet.begin("patient-core", role="patient", ward="acute-male")
    refused = []
    for path in ("slept", "no_such_question"):
        for value in (nightjar.Value.TEXT(canary), nightjar.Value.ONE(canary), nightjar.Value.DATE(canary)):
            with pytest.raises(Failure.Invalid) as one:
                sitting.answer(path, value)
            refused.append(one.value)
    sitting.answer("better", nightjar.Value.TEXT(canary))
    tablet.close()
    with pytest.raises(Failure.Closed) as one:
        sitting.answer("better", nightjar.Value.TEXT(canary + " again"))
    refused.append(one.value)
    assert not [failure for failure in refused if canary in str(failure) or canary in repr(failure)]
