import re

import nightjar


def test_the_library_loads_and_tells_its_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", nightjar.core_version())


def test_the_installed_wheel_is_tested_and_not_the_sources():
    assert "site-packages" in nightjar.__file__
