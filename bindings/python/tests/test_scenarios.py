"""Every scenario over the installed wheel. ``tests/vectors/README.md`` defines their format."""

import json
import os
from pathlib import Path

import pytest
from scenario.expectation import differences
from scenario.runner import Runner

SCENARIOS = sorted(Path(os.environ.get("NIGHTJAR_SCENARIOS", "no folder was given")).glob("*.json"))


def test_there_are_scenarios():
    if "NIGHTJAR_SCENARIOS" not in os.environ:
        pytest.skip("NIGHTJAR_SCENARIOS is not set; `cargo xtask test --only python` sets it")
    assert SCENARIOS


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_scenario_gives_what_it_says(file, pack, hub, tmp_path):
    transcript = Runner(pack, hub, tmp_path).run(json.loads(file.read_text("utf-8")))
    if folder := os.environ.get("NIGHTJAR_TRANSCRIPTS"):
        (Path(folder) / f"{file.stem}.python.json").write_text(json.dumps(transcript), "utf-8")


def test_what_nobody_understands_is_refused(pack, tmp_path):
    senseless = json.loads((SCENARIOS[0].parent.parent / "senseless.json").read_text("utf-8"))
    before = senseless["before"]

    def run(number, steps):
        folder = tmp_path / str(number)
        folder.mkdir()
        scenario = {"scenario": "senseless", "about": "", "canary": "?", "steps": steps}
        Runner(pack, ("", ""), folder).run(scenario)

    run(0, before)
    for number, step in enumerate(senseless["each_must_fail"], 1):
        with pytest.raises(AssertionError, match=f"step {len(before) + 1} "):
            run(number, [*before, step])


def test_an_expected_key_that_is_not_there_is_a_difference():
    assert len(differences({"a": None}, {})) == 1
    assert differences({"a": {}}, {"a": {"b": 1}}) == []
    assert len(differences({"a": True}, {"a": 1})) == 1


def test_lists_are_compared_whole_and_in_order():
    assert differences([1, 2], [1, 2]) == []
    assert len(differences([1, 2], [2, 1])) == 2
    assert len(differences([1], [1, 2])) == 1
