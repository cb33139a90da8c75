"""The pieces that all tests share: a folder for vaults, keys, the study pack, the hub."""

import os

import pytest

import nightjar


@pytest.fixture
def key() -> bytes:
    return nightjar.new_vault_key()


@pytest.fixture(scope="session")
def pack() -> nightjar.StudyPack:
    return nightjar.StudyPack.from_folder(_variable("NIGHTJAR_STUDY"))


@pytest.fixture(scope="session")
def hub() -> tuple[str, str]:
    return _variable("NIGHTJAR_HUB"), _variable("NIGHTJAR_SETUP_CODE")


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set; `cargo xtask test --only python` sets it")
    return value
