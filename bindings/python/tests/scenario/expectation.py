"""What a step must give: every key of the expectation is looked for in the result, so none is passed over."""

import json


def differences(expected, result, place="result"):
    """Every way in which the result is not as expected, each with its place."""
    if isinstance(expected, dict) and isinstance(result, dict):
        found = []
        for key, wanted in expected.items():
            if key in result:
                found += differences(wanted, result[key], f"{place}.{key}")
            else:
                found.append(f"{place}.{key}: is not there; expected {_text(wanted)}")
        return found
    if isinstance(expected, list) and isinstance(result, list) and len(expected) == len(result):
        pairs = enumerate(zip(expected, result, strict=True))
        return [one for at, pair in pairs for one in differences(*pair, f"{place}[{at}]")]
    # For Python True equals 1; for a scenario it does not.
    if type(expected) is type(result) and expected == result:
        return []
    return [f"{place}: is {_text(result)}; expected {_text(expected)}"]


def _text(json_value):
    return json.dumps(json_value, ensure_ascii=False)
